"""Run the command line with `python -m mediarec`."""

from mediarec.cli import main

main()
