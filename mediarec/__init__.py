"""Recommend films and series like a title, with reasons, and cluster a catalog."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mediarec.data.catalog import load_catalog
    from mediarec.recommend.recommender import Recommender
    from mediarec.scale.ondisk import load_model

__version__ = "0.2.0"

_MODULES = {
    "Recommender": "mediarec.recommend.recommender",
    "load_catalog": "mediarec.data.catalog",
    "load_model": "mediarec.scale.ondisk",
}

__all__ = ["Recommender", "__version__", "load_catalog", "load_model"]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used, because pandas takes half a second."""
    if name not in _MODULES:
        raise AttributeError(f"module 'mediarec' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
