"""Run what CI tests: the notebooks, pytest and the pages of the site.

Cells and tests on the full catalog run only if MEDIAREC_CATALOG is set.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def run(name: str, *command: str | Path, **variables: str) -> int:
    """Run a command in the root folder and return its exit code."""
    print(f"== {name}", flush=True)
    words = [str(word) for word in command]
    start = time.monotonic()
    code = subprocess.run(words, cwd=ROOT, env=os.environ | variables).returncode
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
        run("tests (pytest)", sys.executable, "-m", "pytest", "-q", "-rs", "tests"),
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
