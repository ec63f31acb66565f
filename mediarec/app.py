"""The recommender in a notebook: `from mediarec.app import app`, then `app()`."""

from mediarec.apps.widget import app

__all__ = ["app"]
