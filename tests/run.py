"""Everything that CI tests: the notebooks, pytest, the pages of the site. Full-catalogue cells run where MEDIAREC_CATALOG is set."""

import os
import subprocess
import sys
from pathlib import Path

here = Path(__file__).parent.parent
bin_ = Path(sys.executable).parent


def step(name, *command, **more):
    print(f"== {name}", flush=True)
    return subprocess.run([*map(str, command)], cwd=here, env=os.environ | more).returncode


full = os.environ.get("MEDIAREC_CATALOG")
if not full:
    print("MEDIAREC_CATALOG is not set: cells and tests that need the full catalogue are skipped")
flags = ["--flags", "slow"] if full else []
failed = step(
    "notebooks (nbdev_test)", bin_ / "nbdev_test", "--n_workers", "2", *flags, OMP_NUM_THREADS="1"
)  # two notebooks at a time, each on one core
failed += step("tests (pytest)", sys.executable, "-m", "pytest", "-q", "-rs", "tests")
failed += step(
    "pages of the site (make docs-check)",
    sys.executable,
    here / "tests" / "docs.py",
    "check",
    OMP_NUM_THREADS="1",
)
sys.exit(1 if failed else 0)
