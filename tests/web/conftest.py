"""Fixtures of the web tests: a small model with clusters, its application, and a server process."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests"), str(ROOT / "tests" / "browser")]
pytest.importorskip("flask", reason="flask is not installed: it is in the extras [web] and [dev]")
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")


@pytest.fixture(scope="session")
def catalog():
    """The starter catalog."""
    from mediarec import load_catalog
    from mediarec.core import package_path

    return load_catalog(package_path("starter.csv"))


@pytest.fixture(scope="session")
def model(catalog):
    from mediarec import Recommender

    return Recommender().fit(catalog, clusters="kmeans")


@pytest.fixture(scope="session")
def folder(model, tmp_path_factory):
    """The folder of the saved model."""
    folder = tmp_path_factory.mktemp("web") / "model"
    model.save(folder)
    return folder


@pytest.fixture(scope="session")
def make_app(model, tmp_path_factory):
    """A function that makes an application on the small model; options as in ServerConfig."""
    from mediarec.apps.web_app import ModelReloader, ServerConfig, create_app
    from mediarec.apps.web_queries import WebView

    view = WebView(model, "small")

    def load():
        return view

    def make(poster_service=None, log=None, **options):
        options.setdefault("poster_dir", str(tmp_path_factory.mktemp("posters")))
        return create_app(ModelReloader(load), ServerConfig(**options), poster_service, log)

    return make


@pytest.fixture(scope="session")
def client(make_app):
    return make_app().test_client()


@pytest.fixture(scope="module")
def server(folder):
    from load import Server

    with Server(folder) as server:
        yield server
