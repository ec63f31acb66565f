"""The app in JupyterLab and in Voila: keyboard, mouse, filters, undo, dark theme, narrow screen."""

import json

import pytest
from driving import (
    STARTER,
    brightness,
    check_map,
    chromium,
    next_frame,
    notebook_server,
    open_notebook,
    picture,
    until,
)

# A browser on a busy machine may be too slow once. A second failure is an error.
pytestmark = pytest.mark.flaky(reruns=1)
CELL = "from mediarec.app import app\nw = app('model')\nw"
HOSTILE = "<img src=x onerror='window.hurt=1'><script>window.hurt=1</script>"
OPEN_PANEL = ".mediarec-panel:not([hidden])"
SHOWN = ":not([hidden] *)"  # the start page is hidden while results are shown
# Whether any pixel of a canvas is set
IS_DRAWN = """canvas => {
    if (!canvas.width) return false;
    const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Uint32Array(image.data.buffer).some(Boolean);
}"""
COUNT_LOADED = "images => images.filter(i => i.complete && i.naturalWidth > 0).length"
DRAW_WIDGET = """async ([code, page, options]) => {
    const module = new Blob([code], { type: "text/javascript" });
    const { default: widget } = await import(URL.createObjectURL(module));
    const hostile = '"><script>window.hurt=1</scr' + 'ipt>';
    const posters = Object.fromEntries(page.cards.map((card) => [card.id, { url: hostile }]));
    const values = { page, options, posters };
    const model = { get: (name) => values[name], on() {}, off() {}, send() {} };
    document.querySelector("main").replaceChildren();
    widget.render({ el: document.querySelector("main"), model });
}"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A saved model of the starter catalog, with two clusterings."""
    from mediarec import Recommender, load_catalog

    folder = tmp_path_factory.mktemp("saved") / "model"
    model = Recommender().fit(load_catalog(STARTER), clusters=["kmeans", "kprototypes"])
    model.save(folder)
    return folder


@pytest.fixture(scope="module", params=["lab", "voila"])
def server(request, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "model").symlink_to(model)
    with notebook_server(request.param, CELL, folder, tmp_path_factory.mktemp("home")) as url:
        yield request.param, url


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def open_app(server, browser, **context_options):
    """Return the page, the app in it, and the foreign addresses that were requested."""
    page, foreign_urls = open_notebook(browser, *server, "tablist", "Views", **context_options)
    page.script_errors = []
    page.on("pageerror", lambda error: page.script_errors.append(str(error)))
    return page, page.locator(".mediarec-app").first, foreign_urls


def type_text(page, text, name="A title, or what you want to see"):
    """Type into a combobox, wait for the suggestions, and return the combobox."""
    box = page.get_by_role("combobox", name=name)
    box.click()
    box.press_sequentially(text, delay=20)
    page.locator(f".mediarec-combobox[data-for='{text}']").wait_for()
    return box


def cards(app):
    return app.locator(f"{OPEN_PANEL} .mediarec-card{SHOWN}")


def titles(app):
    return app.locator(f"{OPEN_PANEL} .mediarec-card-title{SHOWN}").all_text_contents()


def subtitles(app):
    lines = app.locator(f"{OPEN_PANEL} .mediarec-card-body > .mediarec-secondary")
    return lines.all_text_contents()


def choose_title(page, app, text, title):
    """Search for a title by keyboard and return the titles of the cards."""
    type_text(page, text)
    page.get_by_role("option", name=title).first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    app.get_by_role("heading", name=f"More like {title}").wait_for()
    return titles(app)


def find_violations(page):
    """Return the accessibility problems that axe finds in the app."""
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page, context=".mediarec-app").response["violations"]
    return [(v["id"], [node["html"][:200] for node in v["nodes"]][:3]) for v in violations]


def is_map_drawn(app):
    return app.locator("canvas").evaluate(IS_DRAWN)


def test_search_by_keyboard_and_mouse(server, browser):
    page, app, foreign_urls = open_app(server, browser)
    assert app.locator(".mediarec-shelf").count() == 8
    assert app.locator(".mediarec-poster-card").count() >= 48
    picture(app, f"app-{server[0]}-home")
    assert find_violations(page) == []
    box = type_text(page, "incep")
    option = page.get_by_role("option", name="Inception")
    option.wait_for()
    assert option.locator("svg").count() == 1
    assert "2010 · Film" in option.inner_text()
    suggestions = page.get_by_role("listbox", name="A title, or what you want to see: suggestions")
    assert suggestions.bounding_box()["height"] > 30
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    app.get_by_role("heading", name="More like Inception").wait_for()
    first = titles(app)
    assert len(first) == 10
    assert "Inception" not in first
    assert box.input_value() == ""
    assert all(app.locator(".mediarec-why").all_text_contents())
    assert find_violations(page) == []
    picture(app, f"app-{server[0]}")
    # a click on a card searches for titles like it
    app.get_by_role("button", name=first[1], exact=True).click()
    app.get_by_role("heading", name=f"More like {first[1]}").wait_for()
    assert first[1] not in titles(app)
    app.get_by_role("button", name="Back").click()
    app.get_by_role("heading", name="More like Inception").wait_for()
    assert titles(app) == first
    type_text(page, "breakng bad")  # with a typing error
    page.get_by_role("option", name="Breaking Bad").wait_for()
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    box.fill("")
    type_text(page, "amelie")  # without the accent
    page.get_by_role("option", name="Amélie").click()
    app.get_by_role("heading", name="More like Amélie").wait_for()
    if server[0] == "lab":
        assert page.locator(".jp-Cell").count() == 1
        assert page.locator(".jp-Dialog").count() == 0
    assert not page.script_errors
    assert not [url for url in foreign_urls if "mediarec" in url or "tmdb" in url]
    page.context.close()


def test_details_and_refining(server, browser):
    page, app, _ = open_app(server, browser)
    first = choose_title(page, app, "incep", "Inception")
    details = cards(app).nth(2).locator(".mediarec-details")
    assert not details.is_visible()
    cards(app).nth(2).hover()
    until(details.is_visible, "no details on hover")
    assert "With" in details.inner_text()
    assert "Length" in details.inner_text()
    picture(app, f"app-{server[0]}-hover")
    page.mouse.move(0, 0)
    app.get_by_role("button", name=first[0], exact=True).focus()
    until(cards(app).nth(0).locator(".mediarec-details").is_visible, "no details on focus")
    app.get_by_role("button", name=f"Not this: {first[0]}").click()
    app.locator(".mediarec-chip-dislike", has_text=first[0]).wait_for()
    assert first[0] not in titles(app)
    app.get_by_role("button", name=f"More like this too: {titles(app)[0]}").click()
    likes = app.locator(".mediarec-chip-like")
    until(lambda: likes.count() == 2, "the second title is not in the query")
    app.get_by_role("button", name="remove Inception").click()
    until(lambda: likes.count() == 1, "the first title is still in the query")
    term = app.locator(".mediarec-term:has(.mediarec-term-less)").first
    name = term.locator(".mediarec-term-more").inner_text()
    term.get_by_role("button", name=f"Without {name}").click()
    app.locator(".mediarec-chip", has_text=f"without {name}").wait_for()
    page.context.close()


def test_search_in_words_and_browse(server, browser):
    """One box takes titles and descriptions; rows and themes lead to all their titles."""
    page, app, _ = open_app(server, browser)
    app.get_by_role("button", name="See all: Heists").click()
    app.get_by_role("heading", name="Heists").wait_for()
    assert len(titles(app)) == 10
    box = page.get_by_role("combobox", name="A title, or what you want to see")
    box.fill("heist with a double cross")
    box.press("Enter")
    app.get_by_role("heading", name="Results for “heist with a double cross”").wait_for()
    app.locator(".mediarec-chip", has_text="heist").first.wait_for()
    page.get_by_role("tab", name="Discover").click()
    app.locator(".mediarec-shelf").first.wait_for()
    app.get_by_role("button", name="slow-burn Nordic noir").click()
    app.get_by_role("heading", name="Results for “slow-burn Nordic noir”").wait_for()
    assert find_violations(page) == []
    page.context.close()


def test_saved_list_and_keys(server, browser):
    """The list is kept in the browser; a slash, arrows and Escape work inside the app."""
    page, app, _ = open_app(server, browser)
    first = choose_title(page, app, "incep", "Inception")
    app.get_by_role("button", name=f"Save: {first[0]}").click()
    app.get_by_role("button", name="Save: Inception").click()
    app.get_by_role("button", name=first[0], exact=True).focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == first[1]
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="A title, or what you want to see")
    assert box.evaluate("box => box === document.activeElement")
    page.get_by_role("tab", name="My list").click()
    until(lambda: titles(app) == [first[0], "Inception"], "the list is not shown")
    assert find_violations(page) == []
    picture(app, f"app-{server[0]}-list")
    app.get_by_role("button", name=f"Saved: {first[0]}").click()
    until(lambda: titles(app) == ["Inception"], "the title is still in the list")
    app.get_by_role("button", name="Saved: Inception").click()
    app.get_by_text("It is empty").wait_for()
    assert not page.script_errors
    page.context.close()


def test_filters(server, browser):
    page, app, _ = open_app(server, browser)
    unfiltered = choose_title(page, app, "incep", "Inception")
    shown = unfiltered

    def wait_for_change():
        nonlocal shown
        until(lambda: titles(app) != shown, "the filter changed nothing")
        shown = titles(app)

    app.get_by_role("button", name="Filters").click()
    summary = app.locator(".mediarec-multiselect-summary")
    summary.nth(0).click()
    app.locator("input[value=Thrillers]").check()
    wait_for_change()
    genres = app.locator(f"{OPEN_PANEL} .mediarec-result .mediarec-details").all_text_contents()
    assert all("Thrillers" in line for line in genres)
    page.keyboard.press("Escape")
    app.get_by_label("Type", exact=True).select_option("Films")
    app.get_by_label("First year").fill("2011")
    app.get_by_label("First year").press("Enter")
    wait_for_change()
    for line in subtitles(app):
        assert int(line.split(" · ")[0]) >= 2011
        assert "Film" in line
    assert "pass the filters" in app.locator(".mediarec-match-count").inner_text()
    summary.last.click()  # the age group
    app.locator("input[value=Teens]").check()
    wait_for_change()
    assert all(line.endswith("Teens") for line in subtitles(app))
    page.keyboard.press("Escape")
    app.get_by_label("First year").fill("2095")
    app.get_by_label("First year").press("Enter")
    app.get_by_role("heading", name="Nothing like Inception passes these filters").wait_for()
    assert cards(app).count() == 0
    assert find_violations(page) == []
    picture(app, f"app-{server[0]}-nothing")
    app.get_by_role("button", name="No filters").click()
    until(lambda: titles(app) == unfiltered, "the filters are still set")
    assert not page.script_errors
    page.context.close()


def test_cluster_filter_and_diversity(server, browser):
    page, app, _ = open_app(server, browser)
    unfiltered = choose_title(page, app, "incep", "Inception")
    app.get_by_role("button", name="Filters").click()
    app.get_by_label("In the same cluster").select_option("K-Means")
    app.get_by_label("The same cluster is").select_option("Required")
    until(lambda: titles(app) != unfiltered, "titles of other clusters are shown")
    reasons = app.locator(f"{OPEN_PANEL} .mediarec-why")
    assert reasons.count() == 10
    app.get_by_role("button", name="Clear the filters").click()
    until(lambda: titles(app) == unfiltered, "the cluster is still required")
    app.get_by_label("Results", exact=True).press("End")
    until(lambda: titles(app) != unfiltered, "the diversity changes nothing")
    assert not page.script_errors
    page.context.close()


def test_clusters(server, browser):
    page, app, _ = open_app(server, browser)
    choose_title(page, app, "incep", "Inception")
    cluster = app.locator(".mediarec-title-panel .mediarec-cluster-name")
    name = cluster.inner_text()
    cluster.click()
    app.get_by_role("heading", name=name, exact=True).wait_for()
    assert len(titles(app)) >= 10
    until(lambda: is_map_drawn(app), "the map is empty")
    assert find_violations(page) == []
    picture(app, f"app-{server[0]}-group")
    app.get_by_role("button", name="All groups").click()
    app.locator(".mediarec-group").first.wait_for()
    # The group of the cluster is open, and its other clusters are listed.
    app.locator(f"{OPEN_PANEL} .mediarec-cluster-name").get_by_text(name, exact=True).wait_for()
    group = app.locator(".mediarec-group-details:not([open])").first
    group.locator("summary").click()
    group = app.locator(".mediarec-group-details[open]").first
    assert group.locator(".mediarec-cluster").count() > 1
    assert "titles in" in group.locator("summary").inner_text()
    assert group.locator(".mediarec-cluster").first.is_visible()
    names = app.locator(f"{OPEN_PANEL} .mediarec-cluster-name")
    k_means_names = names.all_text_contents()
    method = app.get_by_role("button", name="K-Prototypes")
    method.click()
    until(lambda: method.get_attribute("aria-pressed") == "true", "the method is not chosen")
    assert names.all_text_contents() != k_means_names
    picture(app, f"app-{server[0]}-groups")
    assert find_violations(page) == []
    box = app.locator("canvas").bounding_box()
    tip = app.locator(".mediarec-map-tip")
    for i in range(40):  # from left to right, until the pointer meets a point
        page.mouse.move(box["x"] + box["width"] * (0.3 + 0.01 * i), box["y"] + box["height"] / 2)
        if tip.is_visible():
            break
    assert tip.locator("b").inner_text()
    for _ in range(3):  # undo the method, the list and the cluster
        app.get_by_role("button", name="Back", exact=True).click()
    app.get_by_role("heading", name="More like Inception").wait_for()
    assert not page.script_errors
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_map(server, browser, model, width, scheme):
    from mediarec import Recommender

    kind, _ = server
    viewport = (1400 if kind == "lab" else width, 1150)  # JupyterLab needs more room
    options = {"viewport": viewport, "color_scheme": scheme, "reduced_motion": "reduce"}
    page, app, foreign_urls = open_app(server, browser, **options)
    app.evaluate("(app, width) => { app.style.maxWidth = `${width - 30}px`; }", width)
    page.get_by_role("tab", name="Groups").click()
    groups = Recommender.load(model).clusterings.groups["kmeans"]
    check_map(page, groups.name.tolist())
    picture(app.locator(".mediarec-map"), f"map-{server[0]}-{width}")
    assert find_violations(page) == []
    assert not [url for url in foreign_urls if "mediarec" in url]  # Voila asks for its font
    assert not page.script_errors
    page.context.close()


def test_profile(server, browser, tmp_path):
    page, app, _ = open_app(server, browser)
    page.get_by_role("tab", name="Groups").focus()
    page.keyboard.press("ArrowRight")  # to the next tab
    upload = page.get_by_label("Your history")
    upload.wait_for()
    file = tmp_path / "NetflixViewingHistory.csv"
    file.write_text(
        "Title,Date\n"
        '"Breaking Bad: Season 1: Pilot","1/2/23"\n'
        '"Inception","5/6/23"\n'
        '"Nobody\'s Heard of <b>It</b>","5/7/23"\n'
    )
    upload.set_input_files(file)
    until(lambda: cards(app).count() == 10, "no cards for the history")
    assert not {"Inception", "Breaking Bad"} & set(titles(app))
    app.get_by_text("1 title not found in the catalog").click()
    app.get_by_text("Nobody's Heard of <b>It</b>").wait_for()
    assert find_violations(page) == []
    picture(app, f"app-{server[0]}-person")
    app.get_by_role("button", name="Start again").click()
    until(lambda: cards(app).count() == 0, "the history is still used")
    type_text(page, "amelie", "Titles that you like, one after the other")
    page.get_by_role("option", name="Amélie").click()
    until(lambda: cards(app).count() == 10, "no cards for a title that is liked")
    file.write_text("")
    upload.set_input_files(file)
    app.get_by_role("alert").get_by_text("empty").wait_for()
    assert not page.script_errors
    page.context.close()


@pytest.mark.parametrize("width", [360, 1400])
def test_dark_and_narrow(server, browser, width):
    kind, _ = server
    viewport = (1400 if kind == "lab" else width, 900)
    page, app, _ = open_app(server, browser, color_scheme="dark", viewport=viewport)
    if kind == "lab" and width == 360:  # JupyterLab needs more room, but its cells may be narrow
        app.evaluate("e => { e.parentElement.style.width = '360px'; }")
        until(lambda: app.bounding_box()["width"] <= width, "the app is still wide")
    choose_title(page, app, "incep", "Inception")
    room = app.bounding_box()
    assert room["width"] <= width
    assert app.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    for i in range(10):
        card = cards(app).nth(i).bounding_box()
        assert card["x"] >= room["x"] - 1
        assert card["x"] + card["width"] <= room["x"] + room["width"] + 1
    # in JupyterLab the app follows the theme, which follows the browser; in Voila, the browser
    background = app.evaluate("e => getComputedStyle(e).backgroundColor")
    text_color = app.evaluate("e => getComputedStyle(e).color")
    assert brightness(background) < 60, background
    assert brightness(text_color) > 180, text_color
    assert find_violations(page) == []
    picture(app, f"app-{kind}-dark-{width}")
    page.context.close()


@pytest.fixture
def hostile_catalog(tmp_path):
    """A catalog with markup, text that changes the direction, 10,000 letters and emoji."""
    import pandas as pd

    titles = [
        HOSTILE,
        "\u202etxet desrever\u202c",
        "W" * 10_000,
        "🎬🍿 the film 🎬",
        '<b>bold</b> & "quoted"',
        "ab",
        "שלום עולם",
        "line\nbreak",
    ] * 3
    catalog = pd.DataFrame(
        {
            "show_id": [f"s{i}" for i in range(len(titles))],
            "type": "Movie",
            "title": [f"{title} {i}" for i, title in enumerate(titles)],
            "director": HOSTILE,
            "cast": HOSTILE,
            "country": HOSTILE,
            "date_added": "",
            "release_year": 2000,
            "rating": "PG-13",
            "duration": "90 min",
            "listed_in": f"Dramas, {HOSTILE}",
            "description": [f"{title} {HOSTILE}" for title in titles],
        }
    )
    path = tmp_path / "odd.csv"
    catalog.to_csv(path, index=False)
    return path


def test_data_stays_text(browser, hostile_catalog):
    """Nothing in a catalog becomes markup or runs."""
    from mediarec import Recommender, load_catalog
    from mediarec.apps.start_page import start_content
    from mediarec.apps.viewmodel import bundle_js
    from mediarec.apps.widget import Session, widget_styles

    session = Session(Recommender().fit(load_catalog(hostile_catalog)))
    ids = session.model.title_index.ids
    pages = [session.page()]
    for action, value in (
        ("set_title", ids[0]),
        ("set_tab", "profile"),
        ("add_profile_like", ids[1]),
        ("set_title_by_name", HOSTILE * 3),
    ):
        pages.append(session.dispatch(action, value))
    options = session.view_model.filter_options | {"start": start_content(session.view_model)}
    page = browser.new_page()
    page.set_content(f"<style>{widget_styles()}</style><main></main>")
    for content in pages:
        content = json.loads(json.dumps(content))
        page.evaluate(DRAW_WIDGET, [bundle_js("widget.js"), content, options])
        next_frame(page)
        assert page.locator(f"main {OPEN_PANEL}").count() == 1
        markup = page.locator("main script, main b:not(.mediarec-map-tip b), main [onerror]")
        assert markup.count() == 0
        assert page.evaluate("window.hurt") is None
    page.evaluate("document.querySelector('main [role=tab]').click()")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    page.close()


# A fault of TMDb, and a title that is searched meanwhile. After 401 nothing more is requested.
FAULTS = (
    ("slow", "breaking", "Breaking Bad"),
    ("404", "amelie", "Amélie"),
    ("429", "friends", "Friends"),
    ("500", "shrek", "Shrek"),
    ("half", "dark", "Dark"),
    ("html", "planet e", "Planet Earth"),
    ("bad path", "the godf", "The Godfather"),
    ("drop", "casabl", "Casablanca"),
    ("401", "jaws", "Jaws"),
)


def is_saved_notebook(response):
    """Return whether a response says that JupyterLab has saved the notebook."""
    return response.request.method == "PUT" and "it.ipynb" in response.url


@pytest.fixture
def tmdb():
    from fake_tmdb import FakeTmdb

    with FakeTmdb() as fake:
        yield fake


def test_posters_arrive_and_faults_do_no_harm(browser, tmdb, model, tmp_path_factory):
    """Posters fill in. Whatever TMDb answers, the cards are there, and the key is in no file."""
    folder = tmp_path_factory.mktemp("posters")
    home = tmp_path_factory.mktemp("home")
    (folder / "model").symlink_to(model)
    environment = {
        "TMDB_API_KEY": tmdb.key,
        "TMDB_BASE_URL": tmdb.base_url,
        "TMDB_IMG_BASE": tmdb.img_base,
        "MEDIAREC_CACHE": str(home / "cache"),
    }
    with notebook_server("lab", CELL, folder, home, **environment) as url:
        page, app, _ = open_app(("lab", url), browser)
        requested = []
        received = []
        page.on("request", lambda request: requested.append(request.url))
        page.on(
            "websocket",
            lambda socket: socket.on("framereceived", lambda frame: received.append(str(frame))),
        )
        choose_title(page, app, "incep", "Inception")
        images = app.locator(".mediarec-results img")
        until(lambda: images.count() == 10, "a poster is missing")
        # images further down are loaded when the user scrolls to them
        until(lambda: images.evaluate_all(COUNT_LOADED) >= 2, "the posters are not shown")
        assert "endorsed or certified" in app.locator(".mediarec-attribution").inner_text()
        assert find_violations(page) == []
        picture(app, "app-posters")
        n_requests = len(tmdb.requests)
        for fault, text, title in FAULTS:
            tmdb.default_fault = fault
            assert len(choose_title(page, app, text, title)) == 10, fault
            card = cards(app).nth(0)
            assert card.locator("svg").count() == 1, fault  # the drawing
            assert card.locator(".mediarec-why").inner_text(), fault
        assert tmdb.wait_for_requests(n_requests + 1), "no request met a fault"
        with page.expect_response(is_saved_notebook):
            page.locator("[data-command='docmanager:save']").first.click()
        saved = (folder / "it.ipynb").read_text()
        assert "widget-view" in saved
        texts = [
            page.content(),
            *requested,
            *received,
            saved,
            (home / "log.txt").read_text(),
            page.evaluate("JSON.stringify(localStorage)"),
        ]
        assert tmdb.requests
        assert not [text[:200] for text in texts if tmdb.key in text]
        files = [path for path in home.rglob("*") if path.is_file()]
        assert not [path for path in files if tmdb.key.encode() in path.read_bytes()]
        assert not page.script_errors
        assert page.evaluate("window.hurt") is None
        page.context.close()
