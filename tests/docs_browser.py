"""Look at the pages of the site in Chromium: what they load, how wide they are, who can read them.

Without Chromium nothing is checked, and a message says so.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from docs_stage import STATIC_PAGE, settings

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 900}
# Too wide, measured in the page: elements that begin or end outside the window.
WIDE_PARTS = """() => [...document.querySelectorAll("main *")]
  .filter(part => part.getBoundingClientRect().right > innerWidth + 1
    && !part.parentElement.closest("pre, .table-scroll, .cell-output-display, details, svg, math"))
  .slice(0, 3).map(part => part.outerHTML.slice(0, 80))"""


def find_chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextmanager
def open_browser() -> Iterator:
    """Yield a Chromium driven by playwright, or None where one of them is missing."""
    program = find_chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        print("no chromium, or no playwright: the pages were not opened in a browser")
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serve files without a log."""

    def log_message(self, *args) -> None:
        """Log nothing."""


class QuietServer(ThreadingHTTPServer):
    """Say nothing about a browser that left before the end of an answer."""

    def handle_error(self, request, client_address) -> None:
        """Log nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as GitHub Pages does, below the name of the site; yield its address."""
    name = settings()["doc_baseurl"].strip("/")
    with tempfile.TemporaryDirectory() as root:
        Path(root, name).symlink_to(folder.resolve())
        server = QuietServer(("127.0.0.1", 0), partial(QuietHandler, directory=root))
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{name}/"
        server.shutdown()
        server.server_close()


def note_errors(tab, wrong: list[str]) -> None:
    """Collect the requests to other hosts and the errors of JavaScript of a tab."""

    def page_name() -> str:
        return tab.url.rpartition("/")[2]

    def note_request(request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:", "http://127.0.0.1:")):
            wrong.append(f"{page_name()}: it asks for {request.url[:90]}")

    tab.on("request", note_request)
    tab.on("pageerror", lambda error: wrong.append(f"{page_name()}: JavaScript: {error}"))


def accessibility_errors(tab, label: str) -> list[str]:
    """Return what axe finds on the page that a tab shows."""
    from axe_playwright_python.sync_playwright import Axe

    wrong = []
    for violation in Axe().run(tab).response["violations"]:
        places = [node["html"][:70] for node in violation["nodes"][:2]]
        wrong.append(f"{label}: axe {violation['id']}: {places}")
    return wrong


def check_width(tab, name: str) -> list[str]:
    """Return the parts of a page that are wider than a phone."""
    width = tab.evaluate("document.documentElement.scrollWidth")
    if width <= PHONE["width"]:
        return []
    return [f"{name}: {width} pixels wide on a phone: {tab.evaluate(WIDE_PARTS)}"]


def check_in_browser(folder: Path, read_with_axe: list[str]) -> list[str]:
    """Open all pages at the width of a phone, and some with axe in both themes.

    MEDIAREC_SCREENSHOTS names a folder for pictures of the pages that axe reads.
    """
    wrong: list[str] = []
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.html"))
    names = [name for name in names if "site_libs" not in name and name != STATIC_PAGE]
    pictures = os.environ.get("MEDIAREC_SCREENSHOTS")
    with open_browser() as browser, served(folder) as address:
        if browser is None:
            return wrong
        for scheme in ("light", "dark"):
            for size in (PHONE, LAPTOP):
                is_all = scheme == "light" and size is PHONE
                tab = browser.new_page(viewport=size, color_scheme=scheme)
                note_errors(tab, wrong)
                for name in names if is_all else read_with_axe:
                    tab.goto(address + name)
                    if size is PHONE:
                        wrong += check_width(tab, name)
                    if name in read_with_axe:
                        wrong += accessibility_errors(tab, f"{name}, {scheme}, {size['width']}")
                    if pictures and name in read_with_axe:
                        file = f"site-{name.replace('/', '-')}-{scheme}-{size['width']}.png"
                        tab.screenshot(path=str(Path(pictures) / file), full_page=True)
                tab.close()
    return list(dict.fromkeys(wrong))


# --- the static page


def check_static_page(path: Path) -> list[str]:
    """Search and choose by keyboard on the static page; return what is wrong."""
    wrong: list[str] = []
    with open_browser() as browser:
        if browser is None:
            return wrong
        from playwright.sync_api import Error

        tab = browser.new_page(viewport={"width": 1200, "height": 1000})
        note_errors(tab, wrong)
        try:
            use_static_page(tab, path)
        except (Error, AssertionError) as error:
            wrong.append(f"{STATIC_PAGE}: {str(error).splitlines()[0]}")
    return wrong


def use_static_page(tab, path: Path) -> None:
    """Find a title, read its results, and open a cluster."""
    tab.goto(path.resolve().as_uri())
    box = tab.get_by_role("combobox").first
    box.press_sequentially("incep", delay=30)
    tab.get_by_role("option", name="Inception").first.wait_for(timeout=15_000)
    box.press("ArrowDown")
    box.press("Enter")
    tab.get_by_role("heading", name="More like Inception").wait_for(timeout=15_000)
    cards = tab.locator(".mediarec-card:visible")
    if folder := os.environ.get("MEDIAREC_SCREENSHOTS"):
        tab.screenshot(path=str(Path(folder) / "try-it.png"))
    assert cards.count() == 10, f"{cards.count()} cards came for Inception, not ten"
    tab.get_by_role("link", name="Groups", exact=True).first.click()
    group = tab.locator("details.mediarec-group-details").first
    group.locator("summary").click()
    cluster = group.locator(".mediarec-cluster-name").first
    name = cluster.inner_text()
    cluster.click()
    tab.get_by_role("heading", name=name, exact=True).wait_for(timeout=15_000)
    assert cards.count() > 10, f"{cards.count()} cards came for the cluster {name}"
    tab.go_back()
    tab.locator("details[open]").first.wait_for(timeout=15_000)
