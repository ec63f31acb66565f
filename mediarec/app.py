"""The recommender in a notebook: `from mediarec.app import app`, then `app()`.

Nothing slow is imported here, so that `app()` says what it is doing before anything slow begins. The
widget is in `mediarec.apps.widget`.
"""

import logging
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from mediarec.files import default_model_folder

if TYPE_CHECKING:
    from mediarec.recommend.base import BaseRecommender

__all__ = ["app"]
_logger = logging.getLogger(__name__)


def app(model: "BaseRecommender | str | os.PathLike | None" = None, posters: bool = True) -> Any:
    """Open the recommender as a widget in a notebook.

    Parameters
    ----------
    model : BaseRecommender or path, optional
        A fitted model or the folder of a saved one. By default the folder that MEDIAREC_MODEL
        names, then the folder "model" here or above; without these, a model is fitted once on
        the catalog that `load_catalog` finds, and kept in the cache of the user.
    posters : bool, default True
        Load posters from TMDb, if the environment variable TMDB_API_KEY or a .env file has a key.

    Returns
    -------
    anywidget.AnyWidget
        The widget. Its attribute `state` holds the choices of the user, and `page` what is shown.

    Raises
    ------
    StoreError
        If the folder does not hold a saved model.
    MediarecError
        If anywidget is not installed (it is in the extra ``mediarec[lab]``).

    Examples
    --------
    In a notebook, as the last line of a cell:

    >>> from mediarec.app import app
    >>> app()  # doctest: +SKIP

    With a model of your own:

    >>> from mediarec import Recommender, load_catalog
    >>> model = Recommender().fit(load_catalog("my_catalog.csv"))  # doctest: +SKIP
    >>> app(model, posters=False)  # doctest: +SKIP
    """
    with _status_line() as show_status:
        show_status(_first_step(model))
        from mediarec.apps.widget import open_widget

        return open_widget(model, posters, not has_kernel(), show_status)


def has_kernel() -> bool:
    """Return whether Python runs in the kernel of a notebook, which can change its outputs."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def _first_step(model):
    """Return what `app` does first, in words."""
    if not (model is None or isinstance(model, str | os.PathLike)):
        return "Opening the app"
    folder = default_model_folder(model)
    return f"Loading the model in {folder}" if folder else "Looking for a catalog"


@contextmanager
def _status_line() -> Iterator[Callable[[str], object]]:
    """Yield a function that shows a text in the output of the cell; remove it at the end.

    Outside of notebooks the text goes to the log.
    """
    if not has_kernel():
        yield _logger.info
        return
    from IPython.display import HTML, display

    handle = display(HTML(""), display_id=f"mediarec-status-{secrets.token_hex(4)}")
    try:
        yield lambda text: handle.update(HTML(_status_html(text)))
    finally:
        handle.update(HTML(""))


def _status_html(text):
    """Return the status line with a bar that moves."""
    bar = '<progress aria-label="Working"></progress>'
    return f'<p class="mediarec-step" role="status">{escape(text)} … {bar}</p>'
