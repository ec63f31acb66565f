"""Run what CI tests: the notebooks, pytest and the pages of the site.

Cells and tests on the full catalog run only if MEDIAREC_CATALOG is set.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
# A step takes at most a quarter of an hour on two cores; one that hangs is stopped.
TIME_LIMIT = 40 * 60  # seconds
PYTEST = (sys.executable, "-m", "pytest", "-q", "-rs")
LOAD_TESTS = "tests/web/test_serving.py"


def run(name: str, *command: str | Path, **variables: str) -> int:
    """Run a command in the root folder and return its exit code."""
    print(f"== {name}", flush=True)
    words = [str(word) for word in command]
    start = time.monotonic()
    environment = os.environ | variables
    process = subprocess.Popen(words, cwd=ROOT, env=environment, start_new_session=True)
    try:
        code = process.wait(TIME_LIMIT)
    except BaseException as e:  # Ctrl+C, too, stops the processes that the step has started
        os.killpg(process.pid, signal.SIGKILL)
        if not isinstance(e, subprocess.TimeoutExpired):
            raise
        print(f"== {name}: stopped, because it did not end in {TIME_LIMIT // 60} minutes")
        code = 1
    print(f"== {name}: {time.monotonic() - start:.0f} s", flush=True)
    return code


def main() -> int:
    """Run every step, even after one has failed."""
    flags: list[str] = []
    if os.environ.get("MEDIAREC_CATALOG"):
        flags = ["--flags", "slow"]
    else:
        print("MEDIAREC_CATALOG is not set: cells and tests on the full catalog are skipped")
    codes = [
        # two notebooks at a time, each on one core
        run(
            "notebooks (nbdev_test)",
            BIN / "nbdev_test",
            "--n_workers",
            "2",
            "--timing",
            *flags,
            OMP_NUM_THREADS="1",
        ),
        # two files at a time, and the tests of the server under load alone
        run(
            "tests (pytest)",
            *PYTEST,
            "--numprocesses=2",
            "--dist=loadfile",
            "tests",
            f"--ignore={LOAD_TESTS}",
        ),
        run("tests of the server under load (pytest)", *PYTEST, LOAD_TESTS),
        run(
            "pages of the site (make docs-check)",
            sys.executable,
            ROOT / "tests" / "docs.py",
            "check",
            OMP_NUM_THREADS="1",
        ),
    ]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
