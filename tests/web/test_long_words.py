"""Words of 3,000 letters on a narrow screen, ids with odd characters, and odd addresses."""

import json
from urllib.parse import quote

import pandas as pd
import pytest
from driving import chromium, next_frame

pytestmark = pytest.mark.flaky(reruns=1)  # a browser on a busy machine may be too slow once
LONG = "w" * 3000
N_FILMS = 60
IDS = [
    *(" lead", "trail ", "dou  ble", "tab\tin", "no\u00a0break", "new\nline", "zero\u200bwidth"),
    *("sl/ash", "per%41cent", "%", "hash#mark?a&b", "pl+us", 'quo"te', "com,ma", "a=b"),
]


@pytest.fixture(scope="module")
def model():
    """A model whose long words are in every field, and whose ids are odd."""
    from mediarec import Recommender

    rows = []
    for i in range(N_FILMS):
        is_long = i % 3 == 0
        word = f"{LONG}{i}" if is_long else f"word{i}"
        row = {
            "show_id": IDS[i] if i < len(IDS) else f"s{i}",
            "type": "TV Show" if i % 5 == 0 else "Movie",
            "title": f"Film {word}",
            "director": f"Ann {LONG}" if is_long else f"Ann {i % 7}",
            "cast": f"Ben {LONG}, Cid {word}",
            "country": "Spain",
            "release_year": 1990 + i % 20,
            "rating": "PG-13",
            "listed_in": f"Crime, {LONG}" if is_long else "Crime",
            "description": f"A detective of {word} looks for {LONG} in town {i % 4}.",
        }
        rows.append(row)
    return Recommender().fit(pd.DataFrame(rows), clusters="kmeans")


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def narrow(browser):
    """A page of a narrow screen; an error of a script fails the test."""
    errors = []
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert not errors, errors


@pytest.fixture(scope="module")
def long_server(model, tmp_path_factory):
    from load import Server

    folder = tmp_path_factory.mktemp("long") / "model"
    model.save(folder)
    with Server(folder, workers=1) as server:
        yield server


@pytest.fixture(scope="module")
def static_url(model, tmp_path_factory):
    from mediarec.apps.static_page import write_page

    path = tmp_path_factory.mktemp("static") / "try-it.html"
    write_page(path, model)
    return path.as_uri()


def check_width(page, name):
    """Fail if a page is wider than the screen; name the element that sticks out most."""
    next_frame(page)
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if width > 0:
        widest = page.evaluate(
            """() => [...document.querySelectorAll("body *")]
            .map((e) => [e.getBoundingClientRect().right, e.tagName, e.className])
            .sort((a, b) => b[0] - a[0]).slice(0, 3)"""
        )
        raise AssertionError(f"{name} is {width} pixels too wide: {widest}")


def open_details(page):
    """Open everything that is folded, and show the details of a card."""
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    cards = page.locator(".mediarec-card:visible")
    if cards.count():
        cards.first.hover(force=True)
        cards.first.locator("a, button").first.focus()


def test_the_web_page_stays_narrow(narrow, long_server, model):
    long_id = model.catalog.show_id[0]
    paths = [
        "/",
        f"/?id={quote(long_id)}",
        f"/?title={LONG[:190]}",
        f"/?title=Film+{LONG[:150]}&genre={LONG[:80]}",
        f"/?text={LONG[:400]}",
        f"/?id={LONG[:190]}",
        "/clusters",
        "/clusters/kmeans",
        *(f"/clusters/kmeans/{number}" for number in range(model.clusters.kmeans.max() + 1)),
        f"/clusters/{LONG}",
    ]
    for path in paths:
        narrow.goto(long_server.url + path)
        open_details(narrow)
        check_width(narrow, path[:40])
    narrow.goto(long_server.url)
    narrow.get_by_role("combobox").first.press_sequentially("film w", delay=10)
    narrow.get_by_role("option").first.wait_for()
    check_width(narrow, "suggestions")


def test_the_static_page_stays_narrow(narrow, static_url, model):
    narrow.goto(static_url)
    check_width(narrow, "start")
    show_id = quote(model.catalog.show_id[0])
    for part in (
        *(f"title={show_id}", f"title={show_id}&with={LONG[:300]}&not={show_id}"),
        *("clusters", "clusters=0", "cluster=0", f"browse=genre={LONG}", f"find={LONG[:300]}"),
        *("browse=genre=Crime", f"for-me={show_id}", f"list={show_id},{LONG[:300]}", "list"),
    ):
        narrow.goto(f"{static_url}#{part}")
        next_frame(narrow)
        open_details(narrow)
        check_width(narrow, part)
    narrow.get_by_role("combobox").first.press_sequentially("film w", delay=10)
    narrow.get_by_role("option").first.wait_for()
    check_width(narrow, "suggestions")


def test_the_cluster_report_stays_narrow(narrow, model, tmp_path):
    from mediarec.apps.cluster_map import render_cluster_report

    path = tmp_path / "clusters.html"
    path.write_text(render_cluster_report(model), encoding="utf-8")
    narrow.goto(path.as_uri())
    check_width(narrow, "report")
    open_details(narrow)
    check_width(narrow, "report with everything open")


DRAW = """async ([code, page, options]) => {
    const module = new Blob([code], { type: "text/javascript" });
    const { default: widget } = await import(URL.createObjectURL(module));
    const values = { page, options, posters: {} };
    const model = { get: (name) => values[name], on() {}, off() {}, send() {} };
    document.querySelector("main").replaceChildren();
    widget.render({ el: document.querySelector("main"), model });
}"""


def test_the_widget_stays_narrow(narrow, model):
    from mediarec.apps.start_page import start_content
    from mediarec.apps.viewmodel import bundle_js
    from mediarec.apps.widget import Session, widget_styles

    session = Session(model)
    ids = list(model.catalog.show_id)
    options = session.view_model.filter_options | {"start": start_content(session.view_model)}
    narrow.set_content(f"<style>{widget_styles()}</style><main></main>")
    for action, value in (
        (None, None),
        ("set_title", ids[0]),
        ("set_tab", "clusters"),
        ("open_cluster", 0),
        ("set_tab", "profile"),
        ("add_profile_like", ids[3]),
        ("set_title_by_name", LONG),
        ("set_text", LONG[:400]),
    ):
        content = session.page() if action is None else session.dispatch(action, value)
        content = json.loads(json.dumps(content))
        narrow.evaluate(DRAW, [bundle_js("widget.js"), content, options])
        open_details(narrow)
        check_width(narrow, f"widget after {action}")


def test_odd_fragments_of_the_static_page(narrow, static_url):
    """A fragment that encodes no text shows the start or no title, and the page goes on."""
    from mediarec.apps.start_page import WELCOME

    narrow.goto(static_url)
    heading = narrow.get_by_role("heading", level=1)
    heading.wait_for()
    parts = ("title=%E0%A4%A", "title=%zz", "cluster=%", "%", "title=unknown", "title")
    for part in (
        *parts,
        "browse",
        "browse=%",
        "clusters=%",
        "find",
        "cluster=1e0",
        "title=&with=%",
    ):
        narrow.goto(f"{static_url}#{part}")
        narrow.reload()
        heading.wait_for()
        assert heading.inner_text() in (WELCOME, "Groups"), part
        assert (heading.inner_text() == "Groups") == part.startswith("clusters"), part
    for part in ("list=%zz,,", "for-me=%,unknown"):
        narrow.goto(f"{static_url}#{part}")
        narrow.reload()
        heading.wait_for()
        assert heading.inner_text() in ("My list is empty", "For me"), part
    narrow.evaluate("location.hash = '#cluster=0'")
    assert "could not be read" not in narrow.locator("body").inner_text()
    narrow.locator(".mediarec-card").first.wait_for()


def test_odd_ids_in_the_static_page(narrow, static_url, model):
    """Each id is found as it was in the file, and as a card of the page links to it."""
    narrow.goto(static_url)
    for given, cleaned, title in zip(IDS, model.catalog.show_id, model.catalog.title):
        addresses = [quote(given, safe=""), quote(cleaned, safe="")]
        if "%" not in given:
            addresses.append(cleaned)
        for address in addresses:
            narrow.goto(f"{static_url}#title={address}")
            heading = narrow.locator(".mediarec-results-heading")
            assert heading.inner_text().replace("\n", " ") == f"More like {title}", address
    narrow.goto(f"{static_url}#title={quote(IDS[7], safe='')}")
    for _ in range(4):  # from card to card
        link = narrow.locator("a.mediarec-card-title").first
        name = link.inner_text()
        link.click()
        next_frame(narrow)
        found = narrow.locator(".mediarec-results-heading")
        assert found.inner_text() == f"More like {name}"


def test_odd_ids_in_every_address(model, make_client):
    client = make_client(model)
    for given, cleaned, title in zip(IDS, model.catalog.show_id, model.catalog.title):
        for show_id in (given, cleaned):
            path = quote(show_id.replace("\n", " "), safe="")  # no path has a line break
            assert client.get(f"/api/titles/{path}").json.get("title") == title, show_id
            assert client.get(f"/poster/{path}").status_code == 200
            page = client.get("/", query_string={"id": show_id})
            assert page.status_code == 200 and f"More like {title}" in page.text
            found = client.get("/api/recommend", query_string={"id": show_id}).json
            assert found["results"]
        assert model.find(given) == model.find(cleaned)
        for row in client.get("/api/recommend", query_string={"id": cleaned}).json["results"]:
            assert client.get(row["href"]).status_code == 200


@pytest.fixture
def make_client(tmp_path):
    from mediarec.apps.web_app import ModelReloader, ServerConfig, create_app
    from mediarec.apps.web_queries import WebView

    def make(model):
        view = WebView(model, "odd")
        config = ServerConfig(poster_dir=str(tmp_path))
        return create_app(ModelReloader(lambda: view), config).test_client()

    return make
