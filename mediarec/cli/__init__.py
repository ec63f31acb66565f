"""The command line. The order of the imports is the order of the commands in `--help`."""

from mediarec.cli.options import app, main  # isort: skip
from mediarec.cli import build, recommend, clusters, serve, evaluate, data, demo  # isort: skip  # noqa: F401

__all__ = ["app", "main"]
