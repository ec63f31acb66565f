"""Fixtures of the web tests: a small model with groups, the application on it, and a server of its own."""

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
def model():
    from mediarec import Recommender, load_catalog

    return Recommender().fit(load_catalog(ROOT / "data" / "starter.csv"), clusters="kmeans")


@pytest.fixture(scope="session")
def folder(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("web") / "model"
    model.save(folder)
    return folder


@pytest.fixture(scope="session")
def site(model, tmp_path_factory):
    """Makes an application on the small model; settings by name, `source` and `say` as for `create_app`."""
    from mediarec.apps.web_app import ModelReloader, ServerConfig, create_app
    from mediarec.apps.web_queries import make_model_view

    served = make_model_view(model, "small")

    def make(source=None, say=None, **settings):
        settings.setdefault("posters", str(tmp_path_factory.mktemp("posters")))
        return create_app(
            ModelReloader(lambda: served),
            ServerConfig(**settings),
            source,
            **({"say": say} if say else {}),
        )

    return make


@pytest.fixture(scope="session")
def client(site):
    return site().test_client()


@pytest.fixture(scope="module")
def server(folder):
    from load import Server

    with Server(folder) as server:
        yield server
