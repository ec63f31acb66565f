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
    return page.get_by_role("combobox", name="A film or a series")


def titles(page):
    return page.locator(".mediarec-card-title").all_text_contents()


def expect_heading(page, text):
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


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
    expect_heading(page, "More like Inception")
    assert query_params(page)["title"] == "Inception"
    assert search_box(page).input_value() == "Inception"
    assert page.title().startswith("More like Inception")
    first = titles(page)
    assert len(first) == 10
    assert "Inception" not in first

    page.get_by_label("Type").select_option("Movie")
    page.wait_for_url("**type=Movie*")
    params = query_params(page)
    assert (params["title"], params["type"]) == ("Inception", "Movie")
    filtered = titles(page)
    page.locator(".mediarec-card-title").first.click()
    expect_heading(page, f"More like {filtered[0]}")
    assert query_params(page)["type"] == "Movie"
    assert page.get_by_label("Type").input_value() == "Movie"

    page.go_back()
    expect_heading(page, "More like Inception")
    assert titles(page) == filtered
    assert search_box(page).input_value() == "Inception"
    page.go_back()
    page.wait_for_url(lambda url: "type=" not in url)
    until(lambda: titles(page) == first, "the page before the filter did not come back")
    expect(page.get_by_label("Type")).to_have_value("")
    page.go_back()
    until(lambda: titles(page) == start, "the first page did not come back")
    page.go_forward()
    until(lambda: titles(page) == first, "the next page did not come back")
    page.reload()
    assert titles(page) == first  # the URL holds the whole state


def test_filters_by_keyboard_and_more(open_page):
    page = open_page("/?title=Inception")
    page.locator("summary", has_text="Genre").focus()
    page.keyboard.press("Enter")
    genres = page.get_by_role("group", name="Genre")
    genres.get_by_role("checkbox", name="Thrillers").first.check()
    page.wait_for_url("**genre=*")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert not page.locator("details[open]").count()
    page.get_by_label("year, from").fill("2000")
    page.keyboard.press("Tab")
    page.wait_for_url("**year_from=2000*")
    expect(page.locator("#results")).to_contain_text("titles pass the filters")
    before = titles(page)
    page.get_by_role("link", name="Ten more").click()
    until(lambda: len(titles(page)) > len(before), "no more titles came")
    assert titles(page)[: len(before)] == before
    page.mouse.move(1, 1)
    page.get_by_role("link", name="No filters").click()
    page.wait_for_url(lambda url: "genre" not in url and "year" not in url)
    assert query_params(page) == {"title": "Inception"}
    until(lambda: genre_summary(page) == "any", "the genre filter stays")


def genre_summary(page):
    """Return the last word of the genre filter."""
    return page.locator("summary", has_text="Genre").inner_text().split()[-1]


def test_empty_and_unknown(open_page):
    page = open_page("/?title=Inception&year_to=1880")
    expect_heading(page, "Nothing like Inception passes these filters")
    picture(page, "web-empty")
    page.get_by_role("link", name="Any years").click()
    expect_heading(page, "More like Inception")
    search_box(page).fill("zzzzqqqq")
    search_box(page).press("Enter")
    expect_heading(page, "Nothing is called that")
    page.get_by_label("or in words").fill("heist")
    search_box(page).fill("")
    page.get_by_label("or in words").press("Enter")
    expect_heading(page, "More like “heist”")


def abort_fetch(route):
    """Let requests of scripts fail."""
    if route.request.resource_type == "fetch":
        route.abort()
    else:
        route.continue_()


def test_server_unreachable_message(open_page):
    page = open_page("/?title=Inception")
    page.route("**/*", abort_fetch)
    before = titles(page)
    page.get_by_label("Variety").select_option("0.3")
    expect(page.get_by_role("alert")).to_contain_text("try again")
    assert titles(page) == before
    page.unroute("**/*")
    page.get_by_label("Variety").select_option("0.6")
    page.wait_for_url("**diversity=0.6")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_without_javascript(open_page):
    page = open_page("/", java_script_enabled=False)
    page.get_by_label("A film or a series").fill("inception")
    page.get_by_label("Type").select_option("Movie")
    page.get_by_role("button", name="Search").click()
    expect_heading(page, "More like Inception")
    assert query_params(page)["type"] == "Movie"
    assert len(titles(page)) == 10
    first = titles(page)[0]
    page.locator(".mediarec-card-title").first.click()
    expect_heading(page, f"More like {first}")
    page.locator("summary", has_text="Genre").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**genre=*")
    assert page.locator(".mediarec-card, .mediarec-relaxations").count()
    page.get_by_role("link", name="Groups").click()
    group = page.locator("details").first
    assert not group.locator(".mediarec-cluster").first.is_visible()
    group.locator("summary").click()
    group.locator(".mediarec-cluster-name").first.click()
    expect(page.locator(".mediarec-card-title")).to_have_count(24)
    page.get_by_role("link", name="More of them").click()
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
        if (node.nodeType !== 1 || node.matches('.mediarec-actions')) return '';
        if (node.matches('.mediarec-poster')) return 'poster';
        const children = [...node.childNodes].map(describe).filter(Boolean).join(' ');
        return `${node.tagName}.${node.className}(${children})`;
    };
    return describe(element);
}"""
CARDS_OF_WIDGET = f"""async () => {{
    const {{ createCard }} = await import("/static/cards.js");
    const answer = await fetch("/api/recommend?title=Inception&n=3");
    const {{ results }} = await answer.json();
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
    "lost": "/nothing",
}


@pytest.mark.parametrize(
    "width, scheme, names",
    [(1200, "light", "home title empty groups lost"), (360, "dark", "home title group wrong")],
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
    assert page.locator(".mediarec-art .mediarec-motif-back").count() == 11  # and the query title
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
