"""Odd catalogs: every method and every interface gives an answer or one sentence."""

import warnings
from pathlib import Path

import pytest

ODD = Path(__file__).parent / "cases" / "odd"
METHODS = ("kprototypes", "kmeans", "hdbscan", "lda_dbscan", "deep")
TINY = ("c1_one", "c2_two", "c3_three", "c5_five", "c30", "c30_same", "c30_notext", "c30_arabic")


def fit(name, clusters="kmeans"):
    """Return a model of an odd catalog; a warning of a library is an error."""
    from mediarec import Recommender, load_catalog
    from mediarec.core import CatalogWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", CatalogWarning)
        return Recommender().fit(load_catalog(ODD / f"{name}.csv"), clusters=clusters)


def make_noise(model, methods=METHODS):
    """Replace the clusterings of a model by some in which all titles are noise."""
    import numpy as np
    import pandas as pd

    from mediarec.recommend.filters import Clusterings, tables_from_records

    labels = pd.DataFrame({method: np.full(model.n_rows, -1, np.int32) for method in methods})
    descriptions = tables_from_records({method: [] for method in methods})
    groups = tables_from_records({method: [] for method in methods})
    coordinates = np.zeros((model.n_rows, 2), np.float32)
    model.clusterings = Clusterings(
        labels, labels.copy(), descriptions, groups, map_coordinates=coordinates
    )
    return model


@pytest.fixture(scope="module")
def noise_model():
    return make_noise(fit("c30"))


def answer_or_sentence(function, *arguments, **options):
    """Call a function; a MediarecError of one line is an answer too."""
    from mediarec.core import MediarecError

    try:
        return function(*arguments, **options)
    except MediarecError as error:
        assert str(error) and "\n" not in str(error)
        return None


def use_model(model):
    """Ask a model everything that does not need an interface."""
    show_id = model.catalog.show_id.iloc[0]
    model.recommend(show_id)
    model.recommend(text="a baker in the snow")
    model.suggest(model.catalog.title.iloc[0][:3])
    answer_or_sentence(model.recommend, show_id, cluster_weight=0.1)
    for method in METHODS:
        answer_or_sentence(model.recommend, show_id, cluster=method)
        answer_or_sentence(model.recommend, show_id, cluster=method, cluster_weight=0.1)
        answer_or_sentence(model.recommend, show_id, cluster=(method, 0))


def use_web(model):
    """Ask the web page and the API; no answer is an error of the server."""
    pytest.importorskip("flask", reason="flask is not installed: it is in the extra [web]")
    from mediarec.apps.web_app import ModelReloader, ServerConfig, create_app
    from mediarec.apps.web_queries import WebView

    view = WebView(model, "odd")
    client = create_app(ModelReloader(lambda: view), ServerConfig(), None, None).test_client()
    show_id = model.catalog.show_id.iloc[0]
    title = model.catalog.title.iloc[0]
    pages = ["/", "/healthz", "/api/filters", "/api/clusters", "/clusters", "/api/suggest?q=a"]
    pages += [f"/?id={show_id}", "/?text=snow", f"/api/titles/{show_id}", "/api/openapi.json"]
    pages += [f"/api/recommend?id={show_id}", "/api/recommend?text=snow"]
    for method in METHODS:
        pages += [
            f"/?id={show_id}&cluster={method}",
            f"/api/recommend?id={show_id}&cluster={method}",
        ]
        pages += [f"/clusters/{method}", f"/clusters/{method}/0"]
        pages += [f"/api/clusters/{method}", f"/api/clusters/{method}/0"]
    for page in pages:
        assert client.get(page).status_code in (200, 302, 308, 400, 404), page
    assert client.get("/", query_string={"title": title}).status_code == 200


def use_widget(model):
    """Use all tabs of the app, and every clustering in them."""
    from mediarec.apps.widget import Session

    session = Session(model)
    show_id = model.catalog.show_id.iloc[0]
    actions = [("set_tab", tab) for tab in ("search", "clusters", "profile")]
    actions += [("set_title", show_id), ("set_text", "snow"), ("add_profile_like", show_id)]
    for method in METHODS:
        actions += [("set_browse_method", method), ("open_cluster", [method, 0])]
        actions += [("set_filter", ["cluster_method", method]), ("set_title", show_id)]
    actions += [("set_filter", ["cluster_strength", "only"]), ("set_title", show_id)]
    for action in actions:
        assert session.dispatch(*action)


def use_command_line(model, folder):
    """Run the commands on the saved model."""
    from typer.testing import CliRunner

    from mediarec.cli import app

    model.save(folder)
    show_id = model.catalog.show_id.iloc[0]
    likes = folder.parent / "likes.txt"
    likes.write_text(model.catalog.title.iloc[0], encoding="utf-8")
    commands = [["recommend", show_id], ["suggest", "a"], ["themes"], ["clusters"]]
    commands += [["for-me", str(likes)]]
    commands += [["clusters", "--html", str(folder.parent / "report.html")]]
    for method in METHODS:
        commands += [["recommend", show_id, "--cluster", method]]
        commands += [["clusters", method], ["clusters", method, "0"]]
    for command in commands:
        result = CliRunner().invoke(app, [*command, "-m", str(folder)])
        answer_or_sentence(_raise, result.exception)


def _raise(error):
    """Raise what a command raised, except its exit."""
    if error is not None and not isinstance(error, SystemExit):
        raise error


def use_everything(model, folder):
    """Use all interfaces; a warning of a library is an error."""
    from mediarec.apps.static_page import write_page
    from mediarec.core import CatalogWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("error", FutureWarning)
        warnings.simplefilter("ignore", CatalogWarning)
        use_model(model)
        use_web(model)
        use_widget(model)
        use_command_line(model, folder / "model")
        assert write_page(folder / "page.html", model)


@pytest.mark.parametrize("name", TINY)
def test_odd_catalog(name, tmp_path):
    use_everything(fit(name), tmp_path)


def test_only_noise_everywhere(noise_model, tmp_path):
    use_everything(noise_model, tmp_path)


@pytest.mark.parametrize("method", METHODS)
def test_only_noise_gives_a_list_and_a_note(noise_model, method):
    found = noise_model.recommend("Dance Teacher 0", cluster=method)
    assert len(found) == 10
    note = f"the query has no cluster of {method}; all titles are candidates"
    assert found.attrs["notes"] == [note]


def test_only_noise_is_saved_and_read(noise_model, tmp_path):
    from mediarec import Recommender

    noise_model.save(tmp_path / "model")
    again = Recommender.load(tmp_path / "model")
    expected = noise_model.recommend("Dance Teacher 0", cluster="hdbscan")
    assert again.recommend("Dance Teacher 0", cluster="hdbscan").equals(expected)


def test_titles_without_words_are_compared():
    """LDA finds no word in these titles: its scores are numbers or missing, not an error."""
    from mediarec.cluster.base import make_cluster_input
    from mediarec.cluster.compare import fit_clusterings
    from mediarec.evaluation.clusterings import compare_clusterings

    titles = make_cluster_input(fit("c1_one", None).catalog)
    table = compare_clusterings(titles, fit_clusterings(titles, "kmeans, lda_dbscan"))
    assert list(table.index) == ["kmeans", "lda_dbscan"]
