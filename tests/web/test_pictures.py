"""Pictures of the views of the web page, for the starter catalog and for MEDIAREC_CATALOG.

MEDIAREC_SCREENSHOTS names a folder that keeps them. Each view must fit the width of the screen, and
its posters must differ.
"""

import os
from itertools import product
from pathlib import Path

import pytest
from driving import STARTER, chromium, picture

# a browser on a busy machine may be too slow once; two failures in a row are an error
pytestmark = pytest.mark.flaky(reruns=1)
CATALOGS = {"starter": STARTER}
if os.environ.get("MEDIAREC_CATALOG"):
    CATALOGS["given"] = Path(os.environ["MEDIAREC_CATALOG"])
SCREENS = {"wide": (1280, 900), "phone": (390, 844)}
VIEWS = {
    "home": "/",
    "title": "/?q=inception",
    "text": "/?text=slow-burn+Nordic+noir",
    "browse": "/?theme=heist",
    "for-me": "/for-me",
}
COUNT_POSTERS = """() => {
    const drawings = [...document.querySelectorAll("#results .mediarec-result .mediarec-art")];
    return [drawings.length, new Set(drawings.map((drawing) => drawing.outerHTML)).size];
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=list(CATALOGS))
def named_server(request, tmp_path_factory):
    """The name of a catalog, and a server with a model of it."""
    from load import Server

    from mediarec import Recommender, load_catalog

    folder = tmp_path_factory.mktemp(request.param) / "model"
    Recommender().fit(load_catalog(CATALOGS[request.param])).save(folder)
    with Server(folder) as server:
        yield request.param, server


@pytest.mark.parametrize(("screen", "scheme"), list(product(SCREENS, ("light", "dark"))))
def test_views(browser, named_server, screen, scheme):
    name, server = named_server
    width, height = SCREENS[screen]
    viewport = {"width": width, "height": height}
    is_phone = screen == "phone"
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, has_touch=is_phone, is_mobile=is_phone
    )
    page = context.new_page()
    for view, path in VIEWS.items():
        page.goto(server.url + path)
        page.locator("html[data-ready]").wait_for(state="attached")
        assert page.evaluate("document.documentElement.scrollWidth") == width, view
        count, distinct = page.evaluate(COUNT_POSTERS)
        assert distinct >= 0.9 * count, view
        picture(page, f"{name}-{view}-{screen}-{scheme}")
    if not is_phone:
        page.goto(server.url)
        box = page.get_by_role("combobox", name="A title, or what you want to see")
        box.press_sequentially("star")
        page.get_by_role("option").first.wait_for()
        picture(page, f"{name}-suggestions-{scheme}")
        page.keyboard.press("Escape")
        page.locator(".mediarec-poster-card").nth(2).hover()
        page.locator(".mediarec-details:popover-open").wait_for()
        picture(page, f"{name}-hover-{scheme}")
    context.close()
