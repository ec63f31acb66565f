__version__ = "0.1.0"

def __getattr__(name):
    "`from mediarec import Recommender, load_catalog`, imported when asked for: pandas takes half a second."
    if name == "Recommender": from mediarec.recommend import Recommender as found
    elif name == "load_catalog": from mediarec.catalog import load_catalog as found
    else: raise AttributeError(f"module 'mediarec' has no attribute {name!r}")
    return found

__all__ = ["Recommender", "load_catalog", "__version__"]

def __dir__(): return sorted(__all__)
