"""The page in headless Chromium: with and without JavaScript, keyboard, history, accessibility.

The tests need chromium and are skipped without it. MEDIAREC_SCREENSHOTS names a folder for
screenshots.
"""

from urllib.parse import parse_qs, urlsplit

import pytest
from driving import brightness, check_map, chromium, picture, sync_api, until

# a browser on a busy machine may miss an event; two failures in a row are an error
pytestmark = pytest.mark.flaky(reruns=1)
expect = sync_api.expect


@pytest.fixture(scope="module")
def browser():
    yield from chromium.__wrapped__()


def is_expected_message(text):
    """Return whether a console message belongs to a test: an error page, or a refused request."""
    return "status of 40" in text or "ERR_FAILED" in text


@pytest.fixture
def open_page(browser, server):
    """A function that opens a path; requests to other hosts and console errors fail the test."""
    contexts = []
    problems = []

    def check_request(request):
        if not request.url.startswith((server.url, "data:")):
            problems.append(request.url)

    def check_message(message):
        if message.type in ("error", "warning") and not is_expected_message(message.text):
            problems.append(message.text)

    def check_error(error):
        problems.append(str(error))

    def open_(path, width=1200, height=900, **options):
        viewport = {"width": width, "height": height}
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", check_request)
        page.on("pageerror", check_error)
        page.on("console", check_message)
        page.goto(server.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not problems, problems


def query_params(page):
    """Return the query parameters of the page's URL."""
    values = parse_qs(urlsplit(page.url).query)
    return {name: value if len(value) > 1 else value[0] for name, value in values.items()}


def search_box(page):
    return page.get_by_role("combobox", name="A title, or what you want to see")


def titles(page):
    return page.locator(".mediarec-card-title").all_text_contents()


def results(page):
    return page.locator(".mediarec-result .mediarec-card-title").all_text_contents()


def expect_heading(page, text):
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def open_filters(page):
    page.locator("summary", has_text="Filters").click()


def test_home_invites(open_page):
    """The start page has the focus in the search box, rows of titles and ways to browse."""
    page = open_page("/")
    expect(search_box(page)).to_be_focused()
    assert page.locator(".mediarec-shelf").count() == 8
    assert page.locator(".mediarec-example").count() == 6
    page.get_by_role("link", name="See all: Heists").click()
    expect_heading(page, "Heists")
    assert query_params(page) == {"theme": "heist"}
    assert len(titles(page)) == 10
    page.go_back()
    expect(page.locator(".mediarec-shelf")).to_have_count(8)
    page.get_by_role("link", name="slow-burn Nordic noir").click()
    expect_heading(page, "Results for “slow-burn Nordic noir”")
    assert search_box(page).input_value() == "slow-burn Nordic noir"
    page.goto(page.url.split("?")[0])
    page.get_by_role("link", name="Zombies").click()
    expect_heading(page, "Zombies")


def test_first_suggestions(open_page):
    """Typing right after the page is shown gives suggestions; benchmarks/load.py measures it."""
    page = open_page("/")
    search_box(page).press_sequentially("incep")
    page.get_by_role("option", name="Inception").first.wait_for()


def test_search_and_history_navigation(open_page):
    page = open_page("/")
    start = titles(page)
    search_box(page).fill("incep")
    page.get_by_role("option", name="Inception").first.wait_for()
    assert page.locator("[role=option] img").count() == 0  # no key, so no posters
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect_heading(page, "Inception")
    page.get_by_role("heading", name="More like Inception").wait_for()
    assert query_params(page)["title"] == "Inception"
    assert search_box(page).input_value() == "Inception"
    assert page.title().startswith("More like Inception")
    assert not page.locator("#hero").inner_text()
    first = results(page)
    assert len(first) == 10
    assert "Inception" not in first

    open_filters(page)
    page.get_by_label("Type").select_option("Movie")
    page.wait_for_url("**type=Movie*")
    params = query_params(page)
    assert (params["title"], params["type"]) == ("Inception", "Movie")
    expect(page.locator("[data-filter-count]")).to_contain_text("1")
    page.keyboard.press("Escape")
    filtered = results(page)
    page.locator(".mediarec-card-title").first.click()
    expect_heading(page, filtered[0])
    assert query_params(page)["type"] == "Movie"
    assert page.get_by_label("Type").input_value() == "Movie"

    page.go_back()
    expect_heading(page, "Inception")
    assert results(page) == filtered
    assert search_box(page).input_value() == "Inception"
    page.go_back()
    page.wait_for_url(lambda url: "type=" not in url)
    until(lambda: results(page) == first, "the page before the filter did not come back")
    expect(page.get_by_label("Type")).to_have_value("")
    page.go_back()
    until(lambda: titles(page) == start, "the first page did not come back")
    page.go_forward()
    until(lambda: results(page) == first, "the next page did not come back")
    page.reload()
    assert results(page) == first  # the URL holds the whole state


def test_filters_by_keyboard_and_more(open_page):
    page = open_page("/?title=Inception")
    page.locator("summary", has_text="Filters").focus()
    page.keyboard.press("Enter")
    page.locator("summary", has_text="Genre").focus()
    page.keyboard.press("Enter")
    genres = page.get_by_role("group", name="Genre")
    genres.get_by_role("checkbox", name="Thrillers").first.check()
    page.wait_for_url("**genre=*")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert page.locator("details[open]").count() == 1  # the panel of the filters
    page.get_by_label("First year").fill("2000")
    page.keyboard.press("Tab")
    page.wait_for_url("**year_from=2000*")
    expect(page.locator("[data-filter-count]")).to_contain_text("2")
    page.keyboard.press("Escape")
    assert not page.locator("details[open]").count()
    expect(page.locator("#results")).to_contain_text("titles pass the filters")
    before = results(page)
    page.get_by_role("link", name="Show more").click()
    until(lambda: len(results(page)) > len(before), "no more titles came")
    assert results(page)[: len(before)] == before
    page.mouse.move(1, 1)
    page.get_by_role("link", name="Remove the filter 2000–").click()
    page.wait_for_url(lambda url: "year" not in url)
    page.get_by_role("link", name="Clear the filters").click()
    page.wait_for_url(lambda url: "genre" not in url)
    assert query_params(page) == {"title": "Inception"}
    until(lambda: genre_summary(page) == "Any", "the genre filter stays")


def genre_summary(page):
    """Return the shown value of the genre filter."""
    return page.locator("summary", has_text="Genre").text_content().removeprefix("Genre")


def test_refine_results(open_page):
    """A shared theme asks for more or less, a title for more like it or nothing like it."""
    page = open_page("/?title=Inception")
    page.get_by_role("link", name="More with dream worlds").first.click()
    page.wait_for_url("**text=dream+worlds*")
    chips = page.get_by_role("list", name="Your search")
    expect(chips).to_contain_text("dream worlds")
    page.get_by_role("link", name="Without mind-bending").first.click()
    page.wait_for_url("**without*")
    expect(chips).to_contain_text("without mind-bending")
    page.get_by_role("link", name="Remove without mind-bending").click()
    page.wait_for_url(lambda url: "without" not in url)
    first = results(page)[0]
    page.get_by_role("link", name=f"More like this too: {first}").click()
    expect_heading(page, f"More like Inception and {first}")
    assert first not in results(page)
    second = results(page)[0]
    page.get_by_role("link", name=f"Not this: {second}").click()
    page.wait_for_url("**dislike=*")
    until(lambda: second not in results(page), "the title is still there")
    expect(chips).to_contain_text("not like")
    page.reload()
    assert second not in results(page)
    page.get_by_role("link", name=f"Remove {second}").click()
    page.wait_for_url(lambda url: "dislike" not in url)


def test_search_in_words_keeps_filters(open_page):
    page = open_page("/?type=Movie")
    search_box(page).fill("heist in Spain")
    search_box(page).press("Enter")
    expect_heading(page, "Results for “heist in Spain”")
    assert query_params(page) == {"text": "heist in Spain", "type": "Movie"}
    open_filters(page)
    page.get_by_label("Type").select_option("TV Show")
    page.wait_for_url("**type=TV*")
    assert query_params(page)["text"] == "heist in Spain"


def test_saved_list(open_page):
    """The list is kept in the browser, has an address to share, and is text to copy."""
    page = open_page("/?title=Inception")
    page.get_by_role("button", name="Save: Inception").click()
    name = results(page)[0]
    page.get_by_role("button", name=f"Save: {name}").click()
    link = page.get_by_role("link", name="My list (2)")
    link.click()
    expect_heading(page, "My list")
    assert results(page) == ["Inception", name]
    assert len(query_params(page)["id"]) == 2
    assert page.locator("#list-text").input_value().startswith("Inception (2010)")
    page.get_by_role("button", name="Saved: Inception").click()
    page.get_by_role("link", name="My list (1)").click()
    until(lambda: results(page) == [name], "the title is still in the list")
    page.get_by_role("link", name="More like these").click()
    page.get_by_role("heading", name=f"More like {name}").wait_for()
    assert page.evaluate("localStorage.length") == 1


def test_for_me(open_page, tmp_path):
    """A file that is dropped or chosen gives reasons that name titles; typed titles too."""
    page = open_page("/for-me")
    assert "never stored" in page.locator("main").inner_text()
    finder = page.get_by_role("combobox", name="Find a title to add")
    finder.fill("incep")
    page.get_by_role("option", name="Inception").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Titles that you like")).to_have_value("Inception (2010)")
    page.get_by_role("button", name="Recommend for me").click()
    page.get_by_role("heading", name="Recommended for you").wait_for()
    assert all(
        "Because you liked" in why for why in page.locator(".mediarec-why").all_inner_texts()
    )
    page.get_by_role("link", name="Link to this page").click()
    page.wait_for_url("**like=*")
    assert results(page)
    history = tmp_path / "NetflixViewingHistory.csv"
    history.write_text("Title,Date\nInception,1/2/24\nBreaking Bad: Season 1: Pilot,2/2/24\n")
    page.locator("#file").set_input_files(history)
    page.locator(".mediarec-why", has_text="Because you watched").first.wait_for()
    kinds = page.locator(".mediarec-result .mediarec-secondary").all_text_contents()
    assert {"Film", "Series"} <= {kind.split(" · ")[1] for kind in kinds}
    assert page.evaluate("localStorage.length") == 0


def test_keys(open_page):
    """A slash goes to the search box, arrows from card to card, and Escape back."""
    page = open_page("/?title=Inception")
    page.keyboard.press("Tab")
    page.keyboard.press("/")
    expect(search_box(page)).to_be_focused()
    names = results(page)
    page.locator(".mediarec-card-title").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == names[1]
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.textContent")
    assert below in names[2:]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == names[0]
    page.keyboard.press("Escape")  # closes the details
    page.keyboard.press("Escape")
    expect(search_box(page)).to_be_focused()


PHONE = {"has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("path", ["/?title=Inception", "/?text=heist", "/?theme=heist"])
def test_phone(open_page, path):
    """The first result begins in the first half of the screen, and targets fit a thumb."""
    page = open_page(path, 390, 844, **PHONE)
    page.locator("html[data-ready]").wait_for(state="attached")
    assert page.locator(".mediarec-card").first.bounding_box()["y"] < 422
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    small = ".mediarec-card .mediarec-action, .mediarec-nav a, .mediarec-filter-button"
    for target in page.locator(small).all():
        assert target.bounding_box()["height"] >= 40, target.inner_text()
    open_filters(page)
    panel = page.locator(".mediarec-filter-panel > .mediarec-filters").bounding_box()
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 390


def test_empty_and_unknown(open_page):
    page = open_page("/?title=Inception&year_to=1880")
    page.get_by_role("heading", name="Nothing like Inception passes these filters").wait_for()
    picture(page, "web-empty")
    page.get_by_role("link", name="Any years").click()
    page.get_by_role("heading", name="More like Inception").wait_for()
    search_box(page).fill("zzzzqqqq")
    search_box(page).press("Enter")
    expect_heading(page, "Nothing is called that")
    search_box(page).fill("heist")
    search_box(page).press("Enter")
    expect_heading(page, "Results for “heist”")


def abort_fetch(route):
    """Let requests of scripts fail."""
    if route.request.resource_type == "fetch":
        route.abort()
    else:
        route.continue_()


def test_server_unreachable_message(open_page):
    page = open_page("/?title=Inception")
    page.route("**/*", abort_fetch)
    before = results(page)
    open_filters(page)
    page.get_by_label("Results").select_option("0.3")
    expect(page.get_by_role("alert")).to_contain_text("Try again")
    assert results(page) == before
    page.unroute("**/*")
    page.get_by_label("Results").select_option("0.6")
    page.wait_for_url("**diversity=0.6")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_without_javascript(open_page):
    page = open_page("/", java_script_enabled=False)
    open_filters(page)
    page.get_by_label("Type").select_option("Movie")
    page.get_by_label("A title, or what you want to see").fill("inception")
    page.get_by_role("button", name="Search").click()
    expect_heading(page, "Inception")
    assert query_params(page)["type"] == "Movie"
    assert len(results(page)) == 10
    first = results(page)[0]
    page.get_by_role("link", name=f"Not this: {first}").click()
    assert first not in results(page)
    first = results(page)[0]
    page.locator(".mediarec-card-title").first.click()
    expect_heading(page, first)
    open_filters(page)
    page.locator("summary", has_text="Genre").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**genre=*")
    assert page.locator(".mediarec-card, .mediarec-relaxations").count()
    page.get_by_role("link", name="For me").click()
    page.get_by_label("Titles that you like").fill("Inception\nBreaking Bad")
    page.get_by_role("button", name="Recommend for me").click()
    assert len(results(page)) == 12
    page.get_by_role("link", name="Groups").click()
    group = page.locator(".mediarec-group details").first
    assert not group.locator(".mediarec-cluster").first.is_visible()
    group.locator("summary").click()
    group.locator(".mediarec-cluster-name").first.click()
    expect(page.locator(".mediarec-card-title")).to_have_count(24)
    page.get_by_role("link", name="Show more").click()
    page.wait_for_url("**n=48*")
    expect(page.locator(".mediarec-card-title").nth(24)).to_be_attached()
    page.get_by_role("navigation", name="Levels").get_by_role("link").last.click()
    page.wait_for_url("**group=*")
    assert page.locator("details[open]").count() == 1
    picture(page, "groups-without-javascript")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_map(open_page, model, width, scheme):
    page = open_page("/clusters/kmeans", width, color_scheme=scheme, reduced_motion="reduce")
    check_map(page, model.clusterings.groups["kmeans"].name.tolist())
    tip = page.locator(".mediarec-map-tip")
    if tip.is_visible():  # check_map has found a point
        title = tip.locator("b").inner_text().rsplit(" (", 1)[0]
        page.mouse.down()
        page.mouse.up()
        expect_heading(page, title)
        page.go_back()
        page.locator(".mediarec-map-labels-groups button").first.wait_for()
    picture(page.locator(".mediarec-map"), f"page-map-{width}")
    page.locator(".mediarec-map-labels-groups button").first.click()
    label = page.locator(".mediarec-map-labels-clusters button:visible").first
    name = label.get_attribute("title").rsplit(": ", 1)[0]
    label.click()
    page.get_by_role("heading", name=name, exact=True).wait_for()


def test_no_map_without_javascript(open_page):
    page = open_page("/clusters/kmeans", java_script_enabled=False)
    assert page.locator(".mediarec-map").count() == 0
    assert page.locator(".mediarec-cluster-name").count() > 0


def test_details_on_hover_and_focus(open_page):
    page = open_page("/?title=Inception")
    card = page.locator(".mediarec-card").nth(1)
    assert not card.locator(".mediarec-details").is_visible()
    card.hover()
    card.locator(".mediarec-details").wait_for(state="visible")
    page.mouse.move(5, 5)
    card.locator(".mediarec-details").wait_for(state="hidden")
    page.locator(".mediarec-card-title").nth(0).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.locator(".mediarec-card").nth(0).locator(".mediarec-details").wait_for(state="visible")


DESCRIBE_ELEMENT = """element => {
    const describe = (node) => {
        if (node.nodeType === 3) return node.textContent.trim();
        if (node.nodeType !== 1 || node.matches('.mediarec-actions, .mediarec-terms')) return '';
        if (node.matches('.mediarec-art')) return 'drawing';
        const children = [...node.childNodes].map(describe).filter(Boolean).join(' ');
        const names = node.className.replace(/ mediarec-(palette|composition|lettering)-\\S+/g, '');
        return `${node.tagName}.${names}(${children})`;
    };
    return describe(element);
}"""
CARDS_OF_WIDGET = f"""async () => {{
    const {{ createCard }} = await import("/static/cards.js");
    const art = {{ palette: "x", composition: 0, lettering: "y", size: "short" }};
    const answer = await fetch("/api/recommend?title=Inception&n=3");
    const results = (await answer.json()).results.map((item) => ({{ ...item, art }}));
    return results.map((item) => createCard(item)).map({DESCRIBE_ELEMENT});
}}"""


def test_cards_match_widget(open_page):
    """The cards of Jinja and of cards.js have the same elements, classes and texts."""
    page = open_page("/?title=Inception&n=3")
    cards = page.locator(".mediarec-card").evaluate_all(f"all => all.map({DESCRIBE_ELEMENT})")
    assert len(cards) == 3
    assert cards == page.evaluate(CARDS_OF_WIDGET)


PAGES = {
    "home": "/",
    "title": "/?title=Inception&type=Movie",
    "empty": "/?title=Inception&year_to=1880",
    "wrong": "/?title=Inception&n=99",
    "groups": "/clusters/kmeans?group=0",
    "group": "/clusters/kmeans/0",
    "browse": "/?theme=heist",
    "text": "/?text=heist+without+horror",
    "for-me": "/for-me",
    "list": "/list",
    "lost": "/nothing",
}


@pytest.mark.parametrize(
    "width, scheme, names",
    [
        (1280, "light", "home title browse for-me empty groups lost list"),
        (390, "dark", "home title text for-me group wrong groups"),
        (1280, "dark", "home title text for-me"),
        (390, "light", "home title browse for-me"),
    ],
)
def test_accessibility(open_page, width, scheme, names):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed: it is in the extra [dev]",
    ).Axe()
    for name in names.split():
        page = open_page(PAGES[name], width, color_scheme=scheme)
        fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert fits, (name, width)
        if name == "home":
            search_box(page).fill("the")
            page.get_by_role("option").first.wait_for()
        picture(page, f"web-{name}-{width}-{scheme}")
        violations = axe.run(page).response["violations"]
        assert not violations, [describe_violation(name, v) for v in violations]
        page.close()


def describe_violation(name, violation):
    """Return the page, the rule and up to three elements of a violation."""
    return name, violation["id"], [node["html"][:150] for node in violation["nodes"][:3]]


def test_dark_scheme(open_page):
    page = open_page("/", color_scheme="dark")
    style = "getComputedStyle(document.body)"
    assert brightness(page.evaluate(f"{style}.backgroundColor")) < 60
    assert brightness(page.evaluate(f"{style}.color")) > 180


def test_drawn_posters(open_page):
    """Each card has a drawing; without a key no image is requested, on hover and typing too."""
    requested = []
    page = open_page("/?title=Inception")
    page.on("request", lambda request: requested.append(request.url))
    page.reload()
    drawings = page.locator(".mediarec-card .mediarec-art")
    expect(drawings).to_have_count(10)
    assert (
        page.locator("#results .mediarec-art .mediarec-motif-back").count() == 11
    )  # and the title
    looks = drawings.evaluate_all("(all) => all.map((drawing) => drawing.outerHTML)")
    assert len(set(looks)) == 10
    assert not drawings.all_text_contents()[0]  # the title is in the card, once
    search_box(page).fill("incep")
    option = page.get_by_role("option", name="Inception").first
    expect(option.locator(".mediarec-art .mediarec-motif-back")).to_have_count(1)
    assert not [url for url in requested if "/poster/" in url]


DRAWINGS = """async (id) => {
    const { createArt } = await import("/static/posters.js");
    const answer = await fetch("/suggest?n=20&q=the");
    const items = (await answer.json()).results;
    const shown = document.querySelector(`[data-id="${id}"] .mediarec-art`).outerHTML;
    const item = items.find((item) => item.id === id);
    return [shown, createArt(item.art).outerHTML];
}"""


def test_drawn_posters_match_widget(open_page, server):
    """The template and posters.js draw the same elements, a pattern too."""
    found = server.get("/suggest?n=20&q=the")["results"]
    compositions = {item["art"]["composition"]: item["id"] for item in found}
    for composition in {4, min(set(compositions) - {4})} & set(compositions):
        page = open_page(f"/?id={compositions[composition]}")
        shown, created = page.evaluate(DRAWINGS, compositions[composition])
        assert shown == created


MISSING_POSTERS = """async () => {
    const { createPoster } = await import("/static/cards.js");
    const { results } = await (await fetch("/suggest?n=1&q=incep")).json();
    const urls = ["/nothing.png", "/poster/" + results[0].id];
    const posters = urls.map((url) => createPoster({ ...results[0], poster: url }));
    document.querySelector("#results").prepend(...posters);
}"""


def test_missing_posters_show_the_drawing(open_page):
    """An image that fails, and the empty image of the server, are removed."""
    page = open_page("/")
    page.evaluate(MISSING_POSTERS)
    until(lambda: not page.locator(".mediarec-poster-image").count(), "an image is still there")
    assert page.locator("#results > .mediarec-poster .mediarec-art").count() == 2
