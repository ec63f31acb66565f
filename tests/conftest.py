"""Fixtures: the repository, and the full catalog where MEDIAREC_CATALOG names it."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def root():
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def full_catalog():
    path = os.environ.get("MEDIAREC_CATALOG")
    if not path:
        pytest.skip("MEDIAREC_CATALOG is not set: no full catalog")
    return Path(path)
