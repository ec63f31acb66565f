"""The static page in headless Chromium: every view, without a server and without a request.

The tests need chromium and are skipped without it. MEDIAREC_SCREENSHOTS names a folder for
screenshots.
"""

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from driving import brightness, check_map, chromium, next_frame, picture, sync_api

# a browser on a busy machine may miss an event; two failures in a row are an error
pytestmark = pytest.mark.flaky(reruns=1)
expect = sync_api.expect
NETFLIX = """Title,Date
"Breaking Bad: Season 1: Pilot","3/1/24"
"Breaking Bad: Season 1: Gray Matter","3/2/24"
"Inception","2/1/24"
"A film that nobody made","1/4/23"
"""


@pytest.fixture(scope="module")
def page_url(model, tmp_path_factory):
    from mediarec.apps.static_page import write_page

    path = tmp_path_factory.mktemp("static") / "try-it.html"
    write_page(path, model, n_neighbors=40)
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    yield from chromium.__wrapped__()


@pytest.fixture
def open_page(browser, page_url):
    """A function that opens a fragment; requests and messages of the console fail the test."""
    contexts = []
    problems = []

    def check_request(request):
        if not request.url.startswith((page_url, "data:", "blob:")):
            problems.append(request.url)

    def open_(fragment="", width=1280, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", check_request)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text))
        page.goto(page_url + fragment)
        page.locator("html[data-ready]").wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture(scope="module")
def show_id(model):
    """A function from a title to its id."""
    return lambda title: str(model.catalog.show_id[model.find(title)])


@pytest.fixture
def history(tmp_path):
    path = tmp_path / "NetflixViewingHistory.csv"
    path.write_text(NETFLIX, encoding="utf-8")
    return path


def search_box(page):
    return page.get_by_role("combobox", name="A title, a theme or a mood")


def results(page):
    return page.locator(".mediarec-result .mediarec-card-title").all_text_contents()


def posters(page):
    return page.locator(".mediarec-poster-card .mediarec-card-title").all_text_contents()


def fragment(page):
    return urlsplit(page.url).fragment


def expect_heading(page, text):
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def search(page, text):
    """Type a text and press Enter."""
    search_box(page).fill(text)
    search_box(page).press("Enter")


def test_home_invites(open_page):
    """The start has a sentence, the focus in the search box, rows of titles and ways to browse."""
    from mediarec.apps.start_page import WELCOME

    page = open_page()
    expect_heading(page, WELCOME)
    expect(search_box(page)).to_be_focused()
    assert page.locator(".mediarec-shelf").count() == 8
    assert page.locator(".mediarec-example").count() == 6
    page.get_by_role("link", name="See all: Heists").click()
    expect_heading(page, "Heists")
    assert fragment(page) == "browse=theme=heist"
    assert len(posters(page)) > 10
    page.go_back()
    expect(page.locator(".mediarec-shelf")).to_have_count(8)
    page.get_by_role("link", name="True crime").first.click()
    expect_heading(page, "True crime")
    page.go_back()
    page.get_by_role("link", name="slow-burn").click()
    expect_heading(page, "Slow-burn")
    page.get_by_role("link", name="mediarec", exact=True).click()
    expect_heading(page, WELCOME)


def test_home_scrolls_back(open_page):
    """A step back shows the place on the home page that the reader came from."""
    page = open_page()
    link = page.locator(".mediarec-shelf").nth(4).locator(".mediarec-card-title").first
    link.scroll_into_view_if_needed()
    next_frame(page)
    place = page.evaluate("scrollY")
    assert place > 500
    link.click()
    page.locator(".mediarec-title-panel").wait_for()
    assert page.evaluate("scrollY") == 0
    page.go_back()
    page.locator(".mediarec-shelf").first.wait_for()
    assert page.evaluate("scrollY") == place


def test_see_all_as_the_web_page(open_page, client):
    """The titles of a collection come in the order of the web page."""
    import re

    page = open_page("#browse=theme=heist")
    html = client.get("/?theme=heist").text
    web = re.findall(r'<li class="mediarec-card[^>]*data-id="([^"]*)"', html)
    static = page.locator(".mediarec-card").evaluate_all("all => all.map((c) => c.dataset.id)")
    assert static[: len(web)] == web


def test_search_box(open_page, show_id):
    """One box finds titles, and opens themes, moods and collections by their name."""
    page = open_page()
    search_box(page).press_sequentially("incep")
    page.get_by_role("option", name="Inception").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect_heading(page, "Inception")
    assert fragment(page) == f"title={show_id('Inception')}"
    assert search_box(page).input_value() == "Inception"
    search(page, "heist")
    expect_heading(page, "Heists")
    search(page, "twisty")
    expect_heading(page, "Twisty")
    search(page, "the matrx")
    expect_heading(page, "The Matrix")
    search(page, "xqzwk")
    expect_heading(page, "Nothing is called that")
    search_box(page).fill("cozy ba")
    page.get_by_role("option", name="Cozy baking").click()
    expect_heading(page, "Cozy baking")
    search_box(page).fill("inception")
    page.get_by_role("button", name="Search", exact=True).click()
    expect_heading(page, "Inception")


def test_results_of_a_title(open_page, show_id, model):
    """A title has its facts and ways to browse, and the results are those of `recommend`."""
    from mediarec.apps.web_pages import _watch_url

    page = open_page(f"#title={show_id('Inception')}")
    recommendations = model.recommend("Inception")
    assert results(page) == recommendations.title.tolist()
    assert page.locator(".mediarec-why").all_text_contents() == recommendations.why.tolist()
    panel = page.locator(".mediarec-title-panel")
    expect(panel.locator(".mediarec-art .mediarec-motif-back")).to_have_count(1)
    assert "Christopher Nolan" in panel.inner_text()
    watch = panel.get_by_role("link", name="Where to watch")
    assert watch.get_attribute("href") == _watch_url("Inception")
    assert watch.get_attribute("rel") == "noopener noreferrer"
    assert watch.get_attribute("target") == "_blank"
    page.get_by_role("button", name="Show more").click()
    assert len(results(page)) == 20
    focused = page.evaluate("document.activeElement.textContent")
    assert focused == results(page)[10]
    panel.get_by_role("link", name="dream worlds").click()
    expect_heading(page, "Dream worlds")
    page.go_back()
    panel.locator(".mediarec-title-cluster a").click()
    page.get_by_role("link", name="All groups").wait_for()
    assert len(posters(page)) > 10


def test_refine_results(open_page, show_id, model):
    """A theme is asked for or left out, and a title is hidden; each is in the address."""
    page = open_page(f"#title={show_id('Inception')}")
    first = results(page)
    page.get_by_role("button", name="More with action-packed").first.click()
    chips = page.get_by_role("list", name="Your search").locator(".mediarec-chip-name")
    expect(chips).to_have_text(["with action-packed"])
    catalog = model.catalog.set_index("title")

    def moods(title):
        return set().union(*catalog.loc[[title]].moods, *catalog.loc[[title]].themes)

    assert all("action-packed" in moods(title) for title in results(page))
    page.get_by_role("button", name="Without action-packed").first.click()
    expect(chips).to_have_text(["without action-packed"])
    assert results(page)
    assert not any("action-packed" in moods(title) for title in results(page))
    page.get_by_role("link", name="Remove without action-packed").click()
    expect(chips).to_have_count(0)
    assert results(page) == first
    page.get_by_role("button", name=f"Not this: {first[1]}").click()
    expect(chips).to_have_text([first[1]])
    assert first[1] not in results(page)
    assert parse_qs(fragment(page))["not"] == [show_id(first[1])]
    page.reload()
    expect(chips).to_have_text([first[1]])
    page.go_back()
    expect(chips).to_have_count(0)
    page.get_by_role("button", name=f"More like this too: {first[0]}").click()
    expect_heading(page, "For me")
    assert page.get_by_role("list", name="Titles that you like").locator("li").count() == 2


def test_filters(open_page, show_id):
    """The filters are behind one button with a count, and they are in the address."""
    page = open_page(f"#title={show_id('Inception')}")
    count = page.locator(".mediarec-filter-count")
    expect(count).to_be_hidden()
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Type").select_option("Movie")
    expect(count).to_contain_text("1")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Type")).to_be_hidden()
    subtitles = page.locator(".mediarec-result .mediarec-card-body > .mediarec-secondary")
    assert all("Film" in text for text in subtitles.all_text_contents())
    assert fragment(page).endswith("&type=Movie")
    page.locator(".mediarec-result .mediarec-card-title").first.click()  # the filter stays
    expect(count).to_contain_text("1")
    page.go_back()
    expect_heading(page, "Inception")
    page.go_back()
    expect(count).to_be_hidden()
    page.goto(page.url.split("#")[0] + "#")
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Type").select_option("TV Show")
    expect_heading(page, "Series")


def test_series_like_a_film(open_page, show_id, model):
    """A film whose nearest titles are films has series too, those of `recommend`."""
    page = open_page(f"#title={show_id('Inception')}&type=TV+Show")
    recommendations = model.recommend("Inception", type="TV Show", n=6)
    assert results(page)[:6] == recommendations.title.tolist()
    assert page.locator(".mediarec-why").all_text_contents()[:6] == recommendations.why.tolist()


def test_for_me_with_a_file(open_page, history):
    """A viewing history is read in the browser; each result says why it is there."""
    page = open_page("#for-me")
    assert "read in this browser and sent nowhere" in page.locator("main").inner_text()
    page.get_by_label("Or your history, ratings or watchlist").set_input_files(history)
    page.get_by_role("heading", name="Recommended for you").wait_for()
    notes = page.locator(".mediarec-file-notes")
    assert "2 titles found" in notes.inner_text()
    assert "1 title not found" in notes.inner_text()
    found = results(page)
    assert len(found) == 12
    assert not {"Breaking Bad", "Inception"} & set(found)
    whys = page.locator(".mediarec-why").all_text_contents()
    assert all(why.startswith("Because you watched ") for why in whys)
    text = page.locator(".mediarec-result-cards").inner_text()
    assert text.count("· Film") >= 3 and text.count("· Series") >= 3
    page.locator(".mediarec-result .mediarec-card-title").first.click()
    page.go_back()
    assert results(page) == found  # the file is kept until the page is closed
    page.get_by_role("button", name="Forget the file").click()
    expect(page.locator(".mediarec-result")).to_have_count(0)


def test_for_me_with_a_dropped_file(open_page):
    page = open_page("#for-me")
    page.locator(".mediarec-drop").evaluate(
        """(zone, text) => {
            const data = new DataTransfer();
            data.items.add(new File([text], "likes.txt"));
            zone.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
        }""",
        "Inception\nBreaking Bad\n",
    )
    page.get_by_role("heading", name="Recommended for you").wait_for()
    assert "likes.txt: 2 titles found" in page.locator(".mediarec-file-notes").inner_text()


def test_for_me_with_a_file_that_cannot_be_read(open_page, tmp_path):
    page = open_page("#for-me")
    (tmp_path / "odd.csv").write_text("a,b,c,d\n1,2,3,4\n5,6,7,8\n")
    page.get_by_label("Or your history, ratings or watchlist").set_input_files(tmp_path / "odd.csv")
    expect(page.get_by_role("alert")).to_have_text(
        "No column of this file is called Title or Name."
    )
    (tmp_path / "unknown.txt").write_text("A film that nobody made\n")
    page.get_by_label("Or your history, ratings or watchlist").set_input_files(
        tmp_path / "unknown.txt"
    )
    expect(page.get_by_text("No title of this file is in this catalog")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_for_me_with_typed_titles(open_page, show_id):
    """Typed titles are chips, the focus stays in the box, and the address has them."""
    page = open_page("#for-me")
    picker = page.get_by_role("combobox", name="Titles that you like")
    for text in ("inception", "spirited aw"):
        picker.fill(text)
        page.locator(".mediarec-combobox-option:visible").first.wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(picker).to_be_focused()
        assert not picker.input_value()
    ids = [show_id("Inception"), show_id("Spirited Away")]
    assert fragment(page) == f"for-me={','.join(ids)}"
    whys = page.locator(".mediarec-why").all_text_contents()
    assert any("you like Spirited Away" in why for why in whys)
    assert any("you like Inception" in why for why in whys)
    assert "read in this browser and sent nowhere" in page.locator("main").inner_text()
    found = results(page)
    page.reload()
    page.locator(".mediarec-result").first.wait_for()
    assert results(page) == found
    page.get_by_role("link", name="Remove Inception").click()
    expect(page.locator(".mediarec-chip-name")).to_have_text(["Spirited Away"])


def test_list(open_page, show_id):
    """Saved titles are kept in the browser; the address of the list can be shared."""
    page = open_page(
        f"#title={show_id('Inception')}", permissions=["clipboard-read", "clipboard-write"]
    )
    page.get_by_role("button", name="Save: Inception").click()
    page.locator(".mediarec-result").first.get_by_role("button", name="Save").click()
    second = results(page)[0]
    page.get_by_role("link", name="My list (2)").click()
    expect_heading(page, "My list")
    assert results(page) == ["Inception", second]
    ids = f"{show_id('Inception')},{show_id(second)}"
    assert fragment(page) == f"list={ids}"
    page.get_by_role("button", name="Copy the titles").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Inception (2010)\n")
    page.reload()
    page.get_by_role("link", name="My list (2)").wait_for()
    page.get_by_role("link", name="More like these").click()
    expect_heading(page, "For me")
    assert fragment(page) == f"for-me={ids}"
    page.go_back()
    page.get_by_role("button", name="Saved: Inception").click()
    page.get_by_role("link", name="My list (1)").wait_for()
    page.goto(page.url.split("#")[0] + "#list")
    expect(page.locator(".mediarec-result")).to_have_count(1)


def test_shared_list(open_page, show_id):
    """A list of somebody else is shown; ids that the catalog lacks are counted."""
    page = open_page(f"#list={show_id('Inception')},{quote('no,thing', safe='')}")
    expect_heading(page, "Shared list")
    assert results(page) == ["Inception"]
    assert "1 title of this list is not in this catalog." in page.locator("main").inner_text()
    page = open_page("#list")
    expect_heading(page, "My list is empty")


def test_list_without_storage(open_page, show_id):
    """Where the browser stores nothing, the list lasts until the page is closed."""
    page = open_page(f"#title={show_id('Inception')}")
    page.evaluate(
        """Object.defineProperty(window, "localStorage", {
            get() { throw new DOMException("denied", "SecurityError"); },
        })"""
    )
    page.get_by_role("button", name="Save: Inception").click()
    page.get_by_role("link", name="My list (1)").click()
    assert results(page) == ["Inception"]


def test_groups_and_map(open_page, model):
    """The map shows the groups; a group on the start opens, and a point opens its title."""
    page = open_page("#clusters", height=1200)
    check_map(page, model.clusterings.groups["kmeans"].name.tolist())
    stage = page.locator(".mediarec-map-stage")
    border = stage.bounding_box()
    tip = page.locator(".mediarec-map-tip")
    for i in range(160):
        x = border["x"] + border["width"] * (0.2 + 0.015 * (i % 40))
        y = border["y"] + border["height"] * (0.3 + 0.12 * (i // 40))
        page.mouse.move(x, y)
        covered = page.evaluate("([x, y]) => document.elementFromPoint(x, y).tagName", [x, y])
        if tip.is_visible() and covered == "CANVAS":
            break
    name = tip.locator("b").inner_text()
    page.mouse.click(x, y)
    title = page.get_by_role("heading", level=1).inner_text()
    assert name.startswith(title)
    assert page.locator(".mediarec-title-panel").count() == 1
    page.go_back()
    page.locator(".mediarec-group").first.wait_for()
    opened = page.locator("details.mediarec-group-details[open]")  # it was pressed on the map
    expect(opened).to_have_count(1)
    opened.locator(".mediarec-cluster-name").first.click()
    page.locator(".mediarec-cluster-map summary").click()
    page.locator(".mediarec-map-canvas").wait_for()


def test_keys(open_page, show_id):
    """ "/" goes to the search box, arrows go from card to card, and Escape goes back."""
    page = open_page(f"#title={show_id('Inception')}")
    page.keyboard.press("/")
    expect(search_box(page)).to_be_focused()
    cards = page.locator(".mediarec-result .mediarec-card-title")
    cards.first.focus()
    page.keyboard.press("ArrowRight")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(cards.nth(4)).to_be_focused()
    page.keyboard.press("Escape")
    if not search_box(page).evaluate("(box) => box === document.activeElement"):
        page.keyboard.press("Escape")  # the first one closed the details of the card
    expect(search_box(page)).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    skip = page.get_by_role("link", name="Skip to the titles")
    skip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect_heading(page, "Inception")


@pytest.mark.parametrize("view", ["title={0}", "browse=theme=heist", "cluster=0", "for-me={0},{1}"])
def test_phone(open_page, show_id, view):
    """The first result is in the first half of a phone, and buttons are as large as a thumb."""
    address = view.format(show_id("Inception"), show_id("Spirited Away"))
    page = open_page(f"#{address}", 390, 844, has_touch=True, is_mobile=True)
    card = page.locator(".mediarec-card").first.bounding_box()
    assert card["y"] < 422, card
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    targets = ".mediarec-filter-button, .mediarec-card .mediarec-action, .mediarec-nav a"
    for box in page.locator(targets).evaluate_all(
        "all => all.map((e) => [e.textContent, e.getBoundingClientRect().height])"
    ):
        assert box[1] >= 40, box


def test_without_javascript(open_page, browser, page_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_url)
    assert "This page needs JavaScript." in page.locator("body").inner_text()
    context.close()


def test_dark_scheme(open_page):
    page = open_page("", color_scheme="dark")
    style = "getComputedStyle(document.body)"
    assert brightness(page.evaluate(f"{style}.backgroundColor")) < 60
    assert brightness(page.evaluate(f"{style}.color")) > 180


VIEWS = {
    "home": "",
    "title": "#title={0}&with=mind-bending&not={1}",
    "browse": "#browse=theme=heist&type=Movie",
    "nothing": "#browse=theme=heist&year_to=1880",
    "find": "#find=xqzwk",
    "for-me": "#for-me",
    "liked": "#for-me={0},{1}",
    "list": "#list={0},{1}",
    "groups": "#clusters=0",
    "cluster": "#cluster=0",
}


@pytest.mark.parametrize("system, chosen", [("light", "alternate"), ("dark", "default")])
def test_the_theme_of_the_site_is_followed(open_page, system, chosen):
    """A reader of the site who has chosen a theme there sees this page in it."""
    ground = "getComputedStyle(document.body).backgroundColor"
    page = open_page(color_scheme=system)
    as_system = brightness(page.evaluate(ground))
    page.evaluate("choice => localStorage.setItem('quarto-color-scheme', choice)", chosen)
    page.reload()
    page.locator("html[data-ready]").wait_for()
    as_chosen = brightness(page.evaluate(ground))
    assert abs(as_chosen - as_system) > 150
    assert (as_chosen < as_system) == (chosen == "alternate")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_accessibility(open_page, show_id, history, width, scheme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed: it is in the extra [dev]",
    ).Axe()
    for name, address in VIEWS.items():
        address = address.format(show_id("Inception"), show_id("The Prestige"))
        page = open_page(address, width, color_scheme=scheme)
        if name == "home":
            search_box(page).fill("the")
            page.locator(".mediarec-combobox-option:visible").first.wait_for()
        elif name == "browse":
            page.get_by_role("button", name="Filters").click()
        elif name == "for-me":
            page.locator("input[type=file]").set_input_files(history)
            page.locator(".mediarec-result").first.wait_for()
        fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert fits, (name, width)
        picture(page, f"static-{name}-{width}-{scheme}")
        violations = axe.run(page).response["violations"]
        found = [(v["id"], [node["html"][:150] for node in v["nodes"][:3]]) for v in violations]
        assert not found, (name, found)
        page.close()
