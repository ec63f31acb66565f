"""Imported by the server process of tests/run.py: libraries that all jobs share."""

import warnings
from importlib.metadata import entry_points

import IPython.core.interactiveshell  # noqa: F401
import matplotlib.pyplot  # noqa: F401
import nbconvert  # noqa: F401
import nbdev.test  # noqa: F401
import pytest  # noqa: F401
import seaborn  # noqa: F401

import mediarec.cluster.compare  # noqa: F401

for plugin in entry_points(group="pytest11"):
    try:
        with warnings.catch_warnings(action="ignore"):
            plugin.load()
    except ImportError:  # the plugin of a package that is not complete
        continue
