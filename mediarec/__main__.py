"""The program `mediarec`, also as `python -m mediarec`."""

import signal
import sys


def main() -> None:
    """Run the command line. Ctrl-C while its modules load is one line too."""
    try:
        from mediarec.cli import main as run

        run()
    except KeyboardInterrupt:
        print("mediarec: stopped; nothing was changed", file=sys.stderr)
        raise SystemExit(130) from None
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the work is done


if __name__ == "__main__":
    main()
