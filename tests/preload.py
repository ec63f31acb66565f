"""Imported by the server process of tests/run.py: libraries and fits that all jobs share."""

import time
import warnings
from importlib.metadata import entry_points

import IPython.core.interactiveshell  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import nbconvert  # noqa: F401
import nbdev.test  # noqa: F401
import pytest  # noqa: F401
import seaborn  # noqa: F401
import shared_fits

for plugin in entry_points(group="pytest11"):
    try:
        with warnings.catch_warnings(action="ignore"):
            plugin.load()
    except ImportError:  # the plugin of a package that is not complete
        continue

start = time.monotonic()
shared_fits.fit_shared()
print(
    f"{len(shared_fits.results)} fits that jobs share: {time.monotonic() - start:.0f} s", flush=True
)
