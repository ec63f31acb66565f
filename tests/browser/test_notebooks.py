"""The app in JupyterLab, Voila and marimo: its start, two of it, and the last answer."""

import json
import re
import urllib.request

import pytest
from driving import (
    STARTER,
    brightness,
    chromium,
    notebook_server,
    open_notebook,
    picture,
    run_first_cell,
    until,
)

# A browser on a busy machine may be too slow once. A second failure is an error.
pytestmark = pytest.mark.flaky(reruns=1)
CELL = "from mediarec.app import app\napp('model')"
SILENCE = "Python does not answer. Run the cell again."
ANSWER = "More like Inception"
SEARCH_BOX = "A title, or what you want to see"
STEP_TIMES = """() => {
    // Record each text of the status line, and when the line is removed.
    window.mediarecSteps = [];
    const record = () => {
        const line = document.querySelector(".mediarec-step");
        const text = line?.textContent ?? "";
        if (window.mediarecSteps.at(-1) !== text) window.mediarecSteps.push(text);
    };
    new MutationObserver(record).observe(document.body, { childList: true, subtree: true });
}"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A saved model of the starter catalog."""
    from mediarec import Recommender, load_catalog

    folder = tmp_path_factory.mktemp("saved") / "model"
    Recommender().fit(load_catalog(STARTER)).save(folder)
    return folder


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def folders(tmp_path, model):
    """A folder with a model for the notebook, and a home."""
    folder = tmp_path / "work"
    home = tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    (folder / "model").symlink_to(model)
    return folder, home


def choose_inception(page, app):
    """Search for Inception by keyboard."""
    box = app.get_by_role("combobox", name=SEARCH_BOX)
    box.click()
    box.press_sequentially("incep", delay=20)
    app.locator(".mediarec-combobox[data-for='incep']").wait_for()
    app.get_by_role("option", name="Inception").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    app.get_by_role("heading", name=ANSWER).wait_for()


def card_titles(app):
    shown = app.locator(".mediarec-results .mediarec-card-title:not([hidden] *)")
    return shown.all_text_contents()


def save(page, path):
    """Save the notebook, and return its outputs."""
    with page.expect_response(lambda r: r.request.method == "PUT" and "it.ipynb" in r.url):
        page.locator("[data-command='docmanager:save']").first.click()
    return json.loads(path.read_text())["cells"][0]["outputs"]


def call(url, path, method="GET"):
    """Call the REST API of the server of a page, and return the answer."""
    server = url.split("/lab")[0]
    request = urllib.request.Request(server + path, method=method)
    with urllib.request.urlopen(request, timeout=20) as response:
        return json.loads(response.read() or "null")


def test_lab_start(browser, folders):
    """The cell says what happens, first for a fit, then for a model that was fitted before."""
    folder, home = folders
    (folder / "model").unlink()
    rows = STARTER.read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "films.csv").write_text("".join(rows[:300]), encoding="utf-8")
    catalog = {"MEDIAREC_CATALOG": str(folder / "films.csv")}
    code = "from mediarec.app import app\napp()"
    steps = []
    with notebook_server("lab", code, folder, home, **catalog) as url:
        for _ in range(2):
            page, foreign_urls = open_notebook(
                browser, "lab", url, "tablist", "Views", script=STEP_TIMES
            )
            page.locator(".mediarec-card").first.wait_for()
            steps.append(page.evaluate("window.mediarecSteps"))
            assert page.locator(".mediarec-step").count() == 0
            assert not foreign_urls
            texts = [str(output) for output in save(page, folder / "it.ipynb")]
            assert not [text for text in texts if "progress" in text or "Warning" in text]
            page.context.close()
            for session in call(url, "/api/sessions"):
                call(url, f"/api/sessions/{session['id']}", "DELETE")
    fit = "Fitting a model on films.csv (this is done once) … "
    assert [step for step in steps[0] if step] == ["Looking for a catalog … ", fit]
    assert steps[0][-1] == ""
    assert "Loading the model of films.csv … " in steps[1]
    assert fit not in steps[1]
    assert len(list((home / "cache" / "mediarec" / "fitted").iterdir())) == 1


def test_lab_finds_the_model_above(browser, folders):
    """A notebook in a subfolder opens the model at the top of the project."""
    folder, home = folders
    (folder / "nbs").mkdir()
    code = "from mediarec.app import app\napp()"
    with notebook_server("lab", code, folder / "nbs", home) as url:
        page, _ = open_notebook(browser, "lab", url, "tablist", "Views", script=STEP_TIMES)
        steps = page.evaluate("window.mediarecSteps")
        assert "Loading the model in ../model … " in steps, steps
        page.context.close()


def test_lab_two_widgets(browser, folders):
    """Two widgets of one notebook have states of their own."""
    folder, home = folders
    cell = CELL.replace("app('model')", "first, second = app('model'), app('model')\nfirst")
    with notebook_server("lab", f"{cell}\ndisplay(second)\nfirst", folder, home) as url:
        page, _ = open_notebook(browser, "lab", url, "tablist", "Views")
        apps = page.locator(".mediarec-app")
        until(lambda: apps.count() == 2, "there are not two widgets")
        start = card_titles(apps.nth(0))
        choose_inception(page, apps.nth(1))
        assert card_titles(apps.nth(0)) == start
        choose_inception(page, apps.nth(0))
        for number in (0, 1):
            apps.nth(number).get_by_role("button", name="Filters").click()
            assert apps.nth(number).get_by_label("Type", exact=True).is_visible()
        until(lambda: card_titles(apps.nth(0)) == card_titles(apps.nth(1)), "the answers differ")
        apps.nth(0).get_by_role("button", name="Back").click()
        until(lambda: card_titles(apps.nth(0)) == start, "the first widget did not go back")
        assert apps.nth(1).get_by_role("heading", name=ANSWER).is_visible()
        outputs = save(page, folder / "it.ipynb")
        pictures = [o for o in outputs if "mediarec-snapshot" in str(o.get("data"))]
        assert len(pictures) == 2
        page.context.close()


def test_lab_reload_and_silence(browser, folders):
    """The widget is back after a reload of the page; without a kernel it says what to do."""
    folder, home = folders
    with notebook_server("lab", CELL, folder, home) as url:
        page, _ = open_notebook(browser, "lab", url, "tablist", "Views")
        app = page.locator(".mediarec-app")
        choose_inception(page, app)
        shown = card_titles(app)
        save(page, folder / "it.ipynb")
        page.reload()
        app.get_by_role("heading", name=ANSWER).wait_for(timeout=60_000)
        assert card_titles(app) == shown
        assert not page.locator(".mediarec-snapshot").first.is_visible()
        app.get_by_role("button", name="Back").click()
        app.get_by_role("heading", name=ANSWER).wait_for(state="hidden")
        page.get_by_role("menuitem", name="Kernel", exact=True).click()
        page.get_by_role("menuitem", name="Reconnect to Kernel").click()
        choose_inception(page, app)
        (session,) = call(url, "/api/sessions")
        call(url, f"/api/sessions/{session['id']}", "DELETE")
        alert = app.get_by_role("alert")
        assert alert.inner_text() == ""
        app.get_by_role("button", name="Back").click()
        alert.get_by_text(SILENCE).wait_for(timeout=20_000)
        picture(app, "app-lab-silence")
        page.context.close()


def test_lab_last_answer_without_kernel(browser, folders, tmp_path):
    """A saved notebook shows the last answer where no kernel runs and nothing is trusted."""
    folder, home = folders
    with notebook_server("lab", CELL, folder, home) as url:
        page, _ = open_notebook(browser, "lab", url, "tablist", "Views")
        app = page.locator(".mediarec-app")
        choose_inception(page, app)
        titles = card_titles(app)
        reasons = app.locator(".mediarec-results .mediarec-why").all_text_contents()
        snapshot = page.locator(".mediarec-snapshot")
        assert snapshot.count() == 1
        assert not snapshot.is_visible()
        assert page.locator(".jp-OutputArea-child:visible").last.bounding_box()["height"] > 300
        outputs = save(page, folder / "it.ipynb")
        page.context.close()
    texts = ["".join(o.get("data", {}).get("text/plain", "")) for o in outputs]
    assert "The recommender of mediarec. Run this cell to use it." in texts
    # Another person opens the file: the notebook is not trusted, and the kernel is not known.
    other = tmp_path / "other"
    other_home = tmp_path / "other-home"
    other.mkdir()
    other_home.mkdir()
    notebook = json.loads((folder / "it.ipynb").read_text())
    notebook["metadata"] = {}
    (other / "it.ipynb").write_text(json.dumps(notebook))
    with notebook_server("lab", None, other, other_home) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(url)
        page.locator(".jp-Dialog select").select_option(label="No Kernel")
        page.locator(".jp-Dialog .jp-mod-accept").click()
        assert snapshot_texts(page) == [ANSWER, *titles]
        items = page.locator(".mediarec-snapshot li").all_inner_texts()
        assert all(reason in item for reason, item in zip(reasons, items, strict=True))
        assert re.search(r"\(\d{4}, film\)", items[0])
        assert call(url, "/api/kernels") == []
        picture(page.locator(".jp-Notebook"), "notebook-without-kernel")
        page.close()


def snapshot_texts(page):
    """Return the heading and the titles of the picture of the last answer."""
    snapshot = page.locator(".mediarec-snapshot")
    snapshot.get_by_role("heading").wait_for()
    return [snapshot.get_by_role("heading").inner_text(), *snapshot.locator("b").all_inner_texts()]


def test_lab_run_again(browser, folders):
    """After a run of the cell on a new kernel, the answer is a new one and the old one is gone."""
    folder, home = folders
    with notebook_server("lab", CELL, folder, home) as url:
        page, _ = open_notebook(browser, "lab", url, "tablist", "Views")
        app = page.locator(".mediarec-app")
        choose_inception(page, app)
        save(page, folder / "it.ipynb")
        page.context.close()
        (session,) = call(url, "/api/sessions")
        call(url, f"/api/sessions/{session['id']}", "DELETE")
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(url)
        assert snapshot_texts(page)[0] == ANSWER
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=60_000)
        run_first_cell(page)
        app = page.locator(".mediarec-app")
        app.locator(".mediarec-card").first.wait_for(timeout=60_000)
        until(lambda: not page.locator(".mediarec-snapshot").is_visible(), "the picture is shown")
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_voila_theme(browser, folders, scheme):
    """The page of Voila follows the browser, and the last answer is not shown twice."""
    folder, home = folders
    with notebook_server("voila", CELL, folder, home) as url:
        page, _ = open_notebook(browser, "voila", url, "tablist", "Views", color_scheme=scheme)
        app = page.locator(".mediarec-app")
        colors = [
            brightness(element.evaluate("e => getComputedStyle(e).backgroundColor"))
            for element in (page.locator("body"), app, app.get_by_role("combobox").first)
        ]
        text = brightness(app.evaluate("e => getComputedStyle(e).color"))
        if scheme == "dark":
            assert max(colors) < 60, colors
            assert text > 180
        else:
            assert min(colors) > 200, colors
            assert text < 80
        assert not page.locator(".mediarec-snapshot").is_visible()
        picture(page, f"page-voila-{scheme}")
        page.context.close()


@pytest.mark.parametrize("kind", ["marimo", "marimo-edit"])
def test_marimo(browser, folders, kind):
    """The same widget works in marimo, also in its editor, without any other host."""
    pytest.importorskip("marimo", reason="marimo is not installed: it is in the extra [test]")
    folder, home = folders
    with notebook_server(kind, CELL, folder, home) as url:
        page, _ = open_notebook(browser, kind, url, "tablist", "Views")
        app = page.locator(".mediarec-app")
        choose_inception(page, app)
        box = app.get_by_role("combobox", name=SEARCH_BOX)
        assert box.evaluate("e => e.getRootNode().activeElement === e"), "the focus was moved"
        assert len(card_titles(app)) == 10
        start = card_titles(app)
        app.get_by_role("button", name="Filters").click()
        app.locator(".mediarec-multiselect-summary").first.click()
        app.locator("input[value=Thrillers]").check()
        until(lambda: card_titles(app) != start, "the filter changed nothing")
        app.get_by_role("button", name="Back").click()
        until(lambda: card_titles(app) == start, "the filter is still set")
        app.get_by_role("tab", name="For me").click()
        app.get_by_label("Your history").wait_for()
        app.get_by_role("button", name="Back").click()
        app.get_by_role("heading", name=ANSWER).wait_for()
        picture(page, f"page-{kind}")
        page.context.close()


def test_marimo_two_widgets(browser, folders):
    """Two widgets of one marimo notebook have states of their own."""
    pytest.importorskip("marimo", reason="marimo is not installed: it is in the extra [test]")
    folder, home = folders
    code = (
        "import marimo as mo\nfrom mediarec.app import app\n"
        "first, second = app('model'), app('model')\nmo.vstack([first, second])"
    )
    with notebook_server("marimo", code, folder, home) as url:
        page, _ = open_notebook(browser, "marimo", url, "tablist", "Views")
        apps = page.locator(".mediarec-app")
        until(lambda: apps.count() == 2, "there are not two widgets")
        start = card_titles(apps.nth(0))
        choose_inception(page, apps.nth(1))
        assert card_titles(apps.nth(0)) == start
        page.context.close()
