"""The app in a real JupyterLab and a real Voila: typed, chosen, filtered, hovered, gone back, in the dark and on a narrow screen."""

import json

import pytest
from driving import ROOT, brightness, chromium, opened, picture, serving, sync_api, until

pytestmark = pytest.mark.flaky(
    reruns=1
)  # a browser on a machine that is busy may miss a moment; twice is an error
CELL = "from mediarec.app import app\nw = app('model')\nw"
HOSTILE = "<img src=x onerror='window.hurt=1'><script>window.hurt=1</script>"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A saved model of the starter catalogue, with two clusterings."""
    from mediarec import Recommender, load_catalog

    folder = tmp_path_factory.mktemp("saved") / "model"
    Recommender().fit(
        load_catalog(ROOT / "data" / "starter.csv"), clusters=["kmeans", "kprototypes"]
    ).save(folder)
    return folder


@pytest.fixture(scope="module", params=["lab", "voila"])
def server(request, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "model").symlink_to(model)
    with serving(request.param, CELL, folder, tmp_path_factory.mktemp("own")) as url:
        yield request.param, url


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def page_of(server, browser, **how):
    page, elsewhere = opened(browser, *server, "tablist", "Ways to look", **how)
    page.errors = []
    page.on("pageerror", lambda e: page.errors.append(str(e)))
    return page, page.locator(".mediarec-app").first, elsewhere


def typed(page, text, name="A film or a series"):
    box = page.get_by_role("combobox", name=name)
    box.click()
    box.press_sequentially(text, delay=20)
    return box


def cards(app):
    return app.locator(".mediarec-panel:not([hidden]) .mediarec-card")


def titles(app):
    return app.locator(".mediarec-panel:not([hidden]) .mediarec-card-title").all_text_contents()


def chosen(page, app, text, title):
    """Ask by typing and choosing with the keyboard."""
    typed(page, text)
    page.get_by_role("option", name=title).first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    app.get_by_role("heading", name=f"More like {title}").wait_for()
    return titles(app)


def violations(page):
    """What axe finds wrong inside the app."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".mediarec-app").response["violations"]
    return [(v["id"], [n["html"][:200] for n in v["nodes"]][:3]) for v in found]


def test_typed_chosen_and_gone_on(server, browser):
    page, app, elsewhere = page_of(server, browser)
    assert cards(app).count() == 10  # something to begin with
    box = typed(page, "incep")
    option = page.get_by_role("option", name="Inception")
    option.wait_for()
    assert option.locator("svg").count() == 1 and "2010 · film" in option.inner_text()
    shown = page.get_by_role("listbox", name="A film or a series: suggestions").bounding_box()
    assert shown["height"] > 30 and box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    app.get_by_role("heading", name="More like Inception").wait_for()
    first = titles(app)
    assert len(first) == 10 and "Inception" not in first and box.input_value() == ""
    assert all(w for w in app.locator(".mediarec-why").all_text_contents())
    assert violations(page) == []
    picture(app, f"app-{server[0]}")
    app.get_by_role(
        "button", name=first[1], exact=True
    ).click()  # a click makes that title the next question
    app.get_by_role("heading", name=f"More like {first[1]}").wait_for()
    assert first[1] not in titles(app)
    app.get_by_role("button", name="Back").click()
    app.get_by_role("heading", name="More like Inception").wait_for()
    assert titles(app) == first
    typed(page, "breakng bad")  # typos are forgiven
    page.get_by_role("option", name="Breaking Bad").wait_for()
    page.keyboard.press("Escape")
    assert box.get_attribute("aria-expanded") == "false"
    box.fill("")
    typed(page, "amelie")
    page.get_by_role("option", name="Amélie").click()  # and accents; the mouse does as well
    app.get_by_role("heading", name="More like Amélie").wait_for()
    if server[0] == "lab":
        assert page.locator(".jp-Cell").count() == 1 and page.locator(".jp-Dialog").count() == 0
    assert not page.errors and not [u for u in elsewhere if "mediarec" in u or "tmdb" in u]
    page.context.close()


def test_details_and_refining(server, browser):
    page, app, _ = page_of(server, browser)
    first = chosen(page, app, "incep", "Inception")
    card, about = cards(app).nth(2), cards(app).nth(2).locator(".mediarec-details")
    assert not about.is_visible()
    card.hover()
    until(about.is_visible, "no details on hover")
    assert "With" in about.inner_text() and "Length" in about.inner_text()
    picture(app, f"app-{server[0]}-hover")
    page.mouse.move(0, 0)
    app.get_by_role("button", name=first[0], exact=True).focus()
    until(cards(app).nth(0).locator(".mediarec-details").is_visible, "no details on focus")
    app.get_by_role("button", name=f"Not this: {first[0]}").click()
    app.locator(".mediarec-chip-unlike", has_text=first[0]).wait_for()
    assert first[0] not in titles(app)
    app.get_by_role("button", name=f"More like this too: {titles(app)[0]}").click()
    until(lambda: app.locator(".mediarec-chip-like").count() == 2, "no second seed")
    app.get_by_role("button", name="leave out Inception").click()
    until(lambda: app.locator(".mediarec-chip-like").count() == 1, "the first seed stays")
    page.get_by_label("or in words").fill("heist with a double cross")
    page.keyboard.press("Enter")
    app.locator(".mediarec-chip-text").wait_for()
    assert len(titles(app)) == 10
    page.context.close()


def test_filters(server, browser):
    page, app, _ = page_of(server, browser)
    before = chosen(page, app, "incep", "Inception")

    def changed():
        until(lambda: titles(app) != changed.last, "the filter changed nothing")
        changed.last = titles(app)
        return changed.last

    changed.last = before
    head = app.locator(".mediarec-several-head")
    head.nth(0).click()
    app.locator("input[value=Thrillers]").check()
    changed()
    assert all(
        "Thrillers" in g
        for g in app.locator(".mediarec-panel:not([hidden]) .mediarec-genres").all_text_contents()
    )
    page.keyboard.press("Escape")
    app.get_by_label("Type", exact=True).select_option("films")
    app.get_by_label("year, from").fill("2011")
    app.get_by_label("year, from").press("Enter")
    changed()
    assert all(
        int(a.split(" · ")[0]) >= 2011 and "film" in a
        for a in app.locator(
            ".mediarec-panel:not([hidden]) .mediarec-card-body > .mediarec-about"
        ).all_text_contents()
    )
    assert "pass the filters" in app.locator(".mediarec-remain").inner_text()
    head.nth(1).click()
    app.locator("input[value=Teens]").check()
    changed()
    assert all(
        a.endswith("Teens")
        for a in app.locator(
            ".mediarec-panel:not([hidden]) .mediarec-card-body > .mediarec-about"
        ).all_text_contents()
    )
    page.keyboard.press("Escape")
    app.get_by_label("year, from").fill("2095")
    app.get_by_label("year, from").press("Enter")
    app.get_by_role("heading", name="Nothing like Inception passes these filters").wait_for()
    assert cards(app).count() == 0 and violations(page) == []
    picture(app, f"app-{server[0]}-nothing")
    app.get_by_role("button", name="No filters").click()  # the way back
    until(lambda: titles(app) == before, "the filters are not gone")
    app.get_by_label("Groups by").select_option("K-Means")
    app.get_by_label("count", exact=True).select_option("only these")
    until(
        lambda: (
            len(
                set(
                    app.locator(
                        ".mediarec-panel:not([hidden]) .mediarec-act-group"
                    ).all_text_contents()
                )
            )
            == 1
        ),
        "titles of other groups",
    )
    app.get_by_role("button", name="Clear filters").click()
    until(lambda: titles(app) == before, "the group is not gone")
    app.get_by_label("Variety").press("End")
    until(lambda: titles(app) != before, "variety changes nothing")
    assert not page.errors
    page.context.close()


def test_groups(server, browser):
    page, app, _ = page_of(server, browser)
    chosen(page, app, "incep", "Inception")
    group = app.locator(".mediarec-act-group").first
    name = group.inner_text()
    group.click()  # from a card to its group
    app.get_by_role("heading", name=name).wait_for()
    assert len(titles(app)) >= 10
    until(lambda: drawn(app), "the map is empty")
    assert violations(page) == []
    picture(app, f"app-{server[0]}-group")
    app.get_by_role("button", name="All groups").click()
    app.locator(".mediarec-group").first.wait_for()
    app.get_by_role("button", name="K-Prototypes").click()
    until(
        lambda: (
            app.get_by_role("button", name="K-Prototypes").get_attribute("aria-pressed") == "true"
        ),
        "the method is not chosen",
    )
    page.wait_for_timeout(300)
    picture(app, f"app-{server[0]}-groups")
    assert violations(page) == []
    box = app.locator("canvas").bounding_box()
    for i in range(40):  # somewhere on the map there is a dot
        page.mouse.move(box["x"] + box["width"] * (0.3 + 0.01 * i), box["y"] + box["height"] / 2)
        if app.locator(".mediarec-map-tip").is_visible():
            break
    assert app.locator(".mediarec-map-tip b").inner_text()
    for _ in range(3):
        app.get_by_role(
            "button", name="Back", exact=True
        ).click()  # the method, the list, the group
    app.get_by_role("heading", name="More like Inception").wait_for()  # and back to the cards
    assert not page.errors
    page.context.close()


def drawn(app):
    """Whether anything is on the map."""
    return app.locator("canvas").evaluate(
        "c => c.width > 0 && new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer).some(Boolean)"
    )


def test_a_person(server, browser, tmp_path):
    page, app, _ = page_of(server, browser)
    page.get_by_role("tab", name="More like this").focus()
    page.keyboard.press("ArrowLeft")  # tabs by keyboard, round the end
    page.get_by_label("Your viewing history").wait_for()
    file = tmp_path / "NetflixViewingHistory.csv"
    file.write_text(
        'Title,Date\n"Breaking Bad: Season 1: Pilot","1/2/23"\n"Inception","5/6/23"\n"Nobody\'s Heard of <b>It</b>","5/7/23"\n'
    )
    page.get_by_label("Your viewing history").set_input_files(file)
    until(lambda: cards(app).count() == 10, "no cards for the history")
    assert not {"Inception", "Breaking Bad"} & set(titles(app))
    app.get_by_text("1 title not found in the catalogue").click()
    app.get_by_text("Nobody's Heard of <b>It</b>").wait_for()
    assert violations(page) == []
    picture(app, f"app-{server[0]}-person")
    app.get_by_role("button", name="Start again").click()
    until(lambda: cards(app).count() == 0, "the history is not forgotten")
    typed(page, "amelie", "or titles you like, one after the other")
    page.get_by_role("option", name="Amélie").click()
    until(lambda: cards(app).count() == 10, "no cards for a title that is liked")
    file.write_text("")
    page.get_by_label("Your viewing history").set_input_files(file)
    app.get_by_role("alert").get_by_text("empty").wait_for()
    page.context.close()


@pytest.mark.parametrize("width", [360, 1400])
def test_dark_and_narrow(server, browser, width):
    kind, _ = server
    page, app, _ = page_of(
        server, browser, color_scheme="dark", viewport=(1400 if kind == "lab" else width, 900)
    )
    if kind == "lab" and width == 360:
        app.evaluate(
            "e => { e.parentElement.style.width = '360px'; }"
        )  # JupyterLab itself needs more; its cells may be so narrow
        page.wait_for_timeout(300)
    chosen(page, app, "incep", "Inception")
    room = app.bounding_box()
    assert room["width"] <= width and app.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    assert all(
        c["x"] >= room["x"] - 1 and c["x"] + c["width"] <= room["x"] + room["width"] + 1
        for c in (cards(app).nth(i).bounding_box() for i in range(10))
    )
    if kind == "lab":  # the theme follows the browser, the app the theme
        back, ink = (
            app.evaluate(f"e => getComputedStyle(e).{c}") for c in ("backgroundColor", "color")
        )
        assert brightness(back) < 60 and brightness(ink) > 180, (back, ink)
    assert violations(page) == []
    picture(app, f"app-{kind}-dark-{width}")
    page.context.close()


def test_data_stays_text(browser, tmp_path):
    """A catalogue of markup, of letters that turn the line round, of 10,000 letters and of emoji is shown as text."""
    import pandas as pd

    from mediarec import Recommender, load_catalog
    from mediarec.apps.viewmodel import bundle_js, filter_options, read_static
    from mediarec.apps.widget import Session

    odd = [
        HOSTILE,
        "\u202etxet desrever\u202c",
        "W" * 10_000,
        "🎬🍿 the film 🎬",
        '<b>bold</b> & "quoted"',
        "ab\u0000c"[:2],
        "שלום עולם",
        "line\nbreak",
    ] * 3
    rows = pd.DataFrame(
        {
            "show_id": [f"s{i}" for i in range(len(odd))],
            "type": "Movie",
            "title": [f"{t} {i}" for i, t in enumerate(odd)],
            "director": HOSTILE,
            "cast": HOSTILE,
            "country": HOSTILE,
            "date_added": "",
            "release_year": 2000,
            "rating": "PG-13",
            "duration": "90 min",
            "listed_in": f"Dramas, {HOSTILE}",
            "description": [f"{t} {HOSTILE}" for t in odd],
        }
    )
    rows.to_csv(tmp_path / "odd.csv", index=False)
    session = Session(Recommender().fit(load_catalog(tmp_path / "odd.csv")))
    pages = [
        session.page(),
        session.dispatch("choose", session.model.titles.ids[0]),
        session.dispatch("tab", "you"),
        session.dispatch("like", session.model.titles.ids[1]),
        session.dispatch("name", HOSTILE * 3),
    ]
    page = browser.new_page()
    page.set_content(f"<style>{read_static('mediarec.css')}</style><main></main>")
    for state in pages:
        page.evaluate(
            """async ([code, page, facts]) => {
            const { default: view } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
            const held = { page, facts, posters: Object.fromEntries(page.cards.map((c) => [c.id, '"><script>window.hurt=1</scr' + 'ipt>'])) };
            document.querySelector("main").replaceChildren();
            view.render({ el: document.querySelector("main"), model: { get: (n) => held[n], on() {}, off() {}, send() {} } });
        }""",
            [bundle_js("app.js"), json.loads(json.dumps(state)), filter_options(session.model)],
        )
        page.wait_for_timeout(100)
        assert (
            page.locator("main script, main b:not(.mediarec-map-tip b), main [onerror]").count()
            == 0
            and page.evaluate("window.hurt") is None
        )
    page.evaluate("document.querySelector('main [role=tab]').click()")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    page.close()


TROUBLES = (
    "slow",
    "404",
    "429",
    "500",
    "half",
    "html",
    "bad path",
    "drop",
    "401",
)  # the last one ends the asking


@pytest.fixture
def tmdb():
    from fake_tmdb import FakeTmdb

    with FakeTmdb() as fake:
        yield fake


def test_posters_come_and_trouble_does_not_matter(browser, tmdb, model, tmp_path_factory):
    """Pictures fill in where TMDb answers well; however it fails, cards are there as fast, and the key is nowhere."""
    folder, own = tmp_path_factory.mktemp("posters"), tmp_path_factory.mktemp("own")
    (folder / "model").symlink_to(model)
    key = {
        "TMDB_API_KEY": tmdb.key,
        "TMDB_BASE_URL": tmdb.base_url,
        "TMDB_IMG_BASE": tmdb.img_base,
        "MEDIAREC_CACHE": str(own / "cache"),
    }
    with serving("lab", CELL, folder, own, **key) as url:
        page, app, _ = page_of(("lab", url), browser)
        asked, said = [], []
        page.on("request", lambda r: asked.append(r.url))
        page.on("websocket", lambda w: w.on("framereceived", lambda data: said.append(str(data))))
        chosen(page, app, "incep", "Inception")
        loaded = "imgs => imgs.filter(i => i.complete && i.naturalWidth > 0).length"
        until(lambda: app.locator(".mediarec-results img").count() == 10, "not all posters came")
        until(
            lambda: app.locator(".mediarec-results img").evaluate_all(loaded) >= 2,
            "the pictures are not shown",
        )  # those below are loaded when they are scrolled to
        assert (
            "endorsed or certified" in app.locator(".mediarec-credit").inner_text()
            and violations(page) == []
        )
        picture(app, "app-posters")
        for trouble, (text, title) in zip(
            TROUBLES,
            [
                ("breaking", "Breaking Bad"),
                ("amelie", "Amélie"),
                ("friends", "Friends"),
                ("shrek", "Shrek"),
                ("dark", "Dark"),
                ("planet e", "Planet Earth"),
                ("the godf", "The Godfather"),
                ("casabl", "Casablanca"),
                ("jaws", "Jaws"),
            ],
            strict=True,
        ):
            tmdb.default_fault = trouble
            assert len(chosen(page, app, text, title)) == 10, trouble
            card = cards(app).nth(0)
            assert (
                card.locator("svg").count() == 1 and card.locator(".mediarec-why").inner_text()
            ), trouble
        page.wait_for_timeout(1500)
        page.keyboard.press("Control+s")
        page.wait_for_timeout(1000)
        texts = [
            page.content(),
            *asked,
            *said,
            (folder / "it.ipynb").read_text(),
            (own / "log.txt").read_text(),
            page.evaluate("JSON.stringify(localStorage)"),
        ]
        assert tmdb.requests and not [t[:200] for t in texts if tmdb.key in t]
        assert not [
            f for f in own.rglob("*") if f.is_file() and tmdb.key.encode() in f.read_bytes()
        ]
        assert not page.errors and page.evaluate("window.hurt") is None
        page.context.close()
