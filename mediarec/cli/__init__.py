"""The command line. The order of the imports is the order of the commands in `--help`."""

# ruff: noqa: F401, I001
from mediarec.cli.options import app, main
from mediarec.cli import build, recommend, clusters, serve, evaluate, data, demo

__all__ = ["app", "main"]
