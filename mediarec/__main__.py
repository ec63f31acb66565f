"`python -m mediarec` is the command line."
from mediarec.cli import main

main()
