"""What browser tests share: a JupyterLab, Voila or marimo server and a page in headless Chromium.

The tests need chromium (apt-get install chromium) and are skipped without it.
MEDIAREC_SCREENSHOTS names a folder that keeps pictures.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, PROGRAMS)), None)
if CHROMIUM is None:
    pytest.skip("chromium is not installed: apt-get install chromium", allow_module_level=True)
sync_api = pytest.importorskip(
    "playwright.sync_api",
    reason="playwright is not installed: it is in the extra [dev]",
)

ROOT = Path(__file__).parents[2]
STARTER = ROOT / "mediarec" / "assets" / "starter.csv"
LOCAL_SCHEMES = ("data:", "blob:")
PAGE_TIMEOUT = 120_000  # milliseconds until a notebook has opened and run


def make_notebook(code):
    """Return a notebook with one code cell."""
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": code,
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "cells": [cell],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def make_marimo_notebook(code):
    """Return the text of a marimo notebook with one cell."""
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    return (
        "import marimo\n\napp = marimo.App()\n\n\n@app.cell\n"
        f"def _():\n{lines}\n    return\n\n\nif __name__ == '__main__':\n    app.run()\n"
    )


def free_port():
    """Return a free local port."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def server_command(kind, folder, port):
    """Return the command that starts JupyterLab, Voila, marimo or the editor of marimo."""
    programs = Path(sys.executable).parent
    if kind in ("marimo", "marimo-edit"):
        mode = "edit" if kind == "marimo-edit" else "run"
        options = ["--headless", "--no-token", "--port", port, "--host", "127.0.0.1"]
        return [sys.executable, "-m", "marimo", "-y", mode, "it.py", *options]
    if kind == "voila":
        return [
            programs / "voila",
            "it.ipynb",
            "--no-browser",
            f"--port={port}",
            "--VoilaConfiguration.file_allowlist=.*",
        ]
    return [
        programs / "jupyter",
        "lab",
        "--no-browser",
        "--allow-root",
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={folder}",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--ServerApp.disable_check_xsrf=True",
        "--ServerApp.ip=127.0.0.1",
    ]


def write_lab_settings(home):
    """Write settings of JupyterLab: the theme follows the browser, and nothing is announced."""
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    theme = {"adaptive-theme": True}
    notification = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "themes.jupyterlab-settings").write_text(json.dumps(theme))
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(notification))


def server_environment(home, extra):
    """Return the environment of a server, without settings and keys of the user."""
    private = ("MEDIAREC_", "JUPYTER", "TMDB_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(private)}
    programs = Path(sys.executable).parent
    own = {
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "IPYTHONDIR": str(home / "ipython"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "MEDIAREC_CATALOG": str(STARTER),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    return kept | own | extra


@contextmanager
def notebook_server(kind, code, folder, home, **environment):
    """Serve a notebook with one cell, and yield its address.

    `kind` is "lab", "voila", "marimo" or "marimo-edit". `folder` gets the notebook it.ipynb, or
    it.py for marimo; without `code` it is there. `home` takes the place of the user's home.
    """
    if code and kind.startswith("marimo"):
        (folder / "it.py").write_text(make_marimo_notebook(code))
    elif code:
        (folder / "it.ipynb").write_text(json.dumps(make_notebook(code)))
    write_lab_settings(home)
    port = free_port()
    log = home / "log.txt"
    with open(log, "w") as output:
        process = subprocess.Popen(
            [str(part) for part in server_command(kind, folder, port)],
            cwd=folder,
            env=server_environment(home, environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}/"
    try:
        ready_path = {"lab": "api", "voila": "voila/static/"}.get(kind, "health")
        wait_for_server(url + ready_path, process, log)
        yield url + ("lab/tree/it.ipynb" if kind == "lab" else "")
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for_server(url, process, log, seconds=90):
    """Wait until a server answers, with any status."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"the server stopped:\n{log.read_text()[-3000:]}")
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server does not answer:\n{log.read_text()[-3000:]}")


@contextmanager
def chromium():
    """Yield a headless Chromium."""
    with sync_api.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def open_notebook(
    browser, kind, url, role, name, viewport=(1200, 1150), script=None, **context_options
):
    """Return a page with the widget and a list of the foreign addresses that it requested.

    The page is ready when the first element with this role and name is there. Requests to other
    hosts are recorded and aborted. `script` is a function in JavaScript that runs before the cell.
    """
    width, height = viewport
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, **context_options)
    page = context.new_page()
    foreign_urls = []

    def allow_local(route):
        target = route.request.url
        if "127.0.0.1" in target or target.startswith(LOCAL_SCHEMES):
            route.continue_()
        else:
            foreign_urls.append(target)
            route.abort()

    page.route("**/*", allow_local)
    page.goto(url, timeout=PAGE_TIMEOUT)
    if kind == "lab":
        idle_kernel = page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")
        idle_kernel.wait_for(timeout=PAGE_TIMEOUT)
        if script:
            page.evaluate(script)
        run_first_cell(page)
    elif kind == "marimo-edit":  # it opens a notebook without a run
        page.locator(".cm-content").first.click(timeout=PAGE_TIMEOUT)
        page.keyboard.press("Control+Enter")
    try:
        page.get_by_role(role, name=name).first.wait_for(timeout=PAGE_TIMEOUT)
    except sync_api.TimeoutError as error:
        raise AssertionError(f"the widget did not appear; {page_text(page)}") from error
    return page, foreign_urls


def page_text(page):
    """Return the end of the text of a page, for error messages."""
    return f"the page says:\n{page.locator('body').inner_text()[-1500:]}"


def run_first_cell(page, seconds=90):
    """Run the first cell, and try again until it has started.

    JupyterLab may lose the key while it still lays out the notebook. If the kernel starts slowly,
    it asks for the kernel; the first choice is the right one.
    """
    prompt = page.locator(".jp-InputPrompt").first
    accept = page.locator(".jp-Dialog .jp-mod-accept")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if accept.is_visible():
                accept.click(timeout=5000)
            page.locator(".jp-CodeCell .cm-content").first.click(timeout=5000)
            page.keyboard.press("Control+Enter")
            sync_api.expect(prompt).to_have_text(re.compile(r"\[(\*|\d+)\]"), timeout=5000)
            return
        except (sync_api.TimeoutError, AssertionError) as error:
            last_error = error
    raise AssertionError(f"the cell was not run: {last_error}; {page_text(page)}")


def until(check, message, seconds=20):
    """Wait until `check()` is true, for changes that the kernel makes.

    Requests of the page are served only while Playwright is called. So if the page must make
    requests meanwhile, `check` must call Playwright.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return
        time.sleep(0.05)
    raise AssertionError(message)


def next_frame(page):
    """Wait until the browser has drawn the page and run the events of that time."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def picture(locator, name):
    """Save a screenshot if MEDIAREC_SCREENSHOTS names a folder."""
    folder = os.environ.get("MEDIAREC_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        locator.screenshot(path=str(Path(folder) / f"{name}.png"))


def brightness(color):
    """Return the mean of red, green and blue of a computed color."""
    return sum(map(float, re.findall(r"[\d.]+", color)[:3])) / 3


# Rectangles of the labels of a level that are shown: text, left, top, right and bottom
LABEL_BOXES = """(map, level) => {
    const labels = [...map.querySelectorAll(`.mediarec-map-labels-${level} button`)];
    const shown = labels.filter((label) => label.getClientRects().length);
    return shown.map((label) => {
        const box = label.getBoundingClientRect();
        return [label.textContent, box.left, box.top, box.right, box.bottom];
    });
}"""


def overlapping_labels(boxes):
    """Return the pairs of texts whose rectangles overlap."""
    pairs = []
    for i, (text, left, top, right, bottom) in enumerate(boxes):
        for other, x0, y0, x1, y1 in boxes[:i]:
            if left < x1 and x0 < right and top < y1 and y0 < bottom:
                pairs.append((text, other))
    return pairs


def check_map(page, names):
    """Check the labels of the map of a page, zoom to a group and back, and point at a title.

    `names` are the names of all groups.
    """
    map_element = page.locator(".mediarec-map")
    stage = map_element.locator(".mediarec-map-stage")
    stage.scroll_into_view_if_needed()

    def boxes(level):
        return map_element.evaluate(LABEL_BOXES, level)

    until(lambda: len(boxes("groups")) == len(names), "not every group has a label")
    found = boxes("groups")
    titles = map_element.locator(".mediarec-map-labels-groups button")
    tips = titles.evaluate_all("labels => labels.map((label) => label.title)")
    assert {tip.rsplit(": ", 1)[0] for tip in tips} == set(names)
    assert overlapping_labels(found) == []
    border = stage.bounding_box()
    for text, left, top, right, bottom in found:
        assert left >= border["x"] - 2, text
        assert top >= border["y"] - 2, text
        assert right <= border["x"] + border["width"] + 2, text
        assert bottom <= border["y"] + border["height"] + 2, text
    titles.first.click()
    until(lambda: boxes("clusters"), "no labels of clusters after a press on a group")
    until(lambda: not boxes("groups"), "the labels of groups are still shown")
    assert overlapping_labels(boxes("clusters")) == []
    map_element.get_by_role("button", name="Whole map").click()
    until(lambda: len(boxes("groups")) == len(names), "the whole map is not shown")
    tip = map_element.locator(".mediarec-map-tip")
    for i in range(160):  # row by row, until the pointer meets a point
        x = border["x"] + border["width"] * (0.2 + 0.015 * (i % 40))
        page.mouse.move(x, border["y"] + border["height"] * (0.3 + 0.12 * (i // 40)))
        if tip.is_visible():
            break
    assert tip.locator("b").inner_text()
