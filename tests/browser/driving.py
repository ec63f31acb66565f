"""What browser tests share: a JupyterLab or a Voila of their own, and a page in headless Chromium.

Needs chromium (apt-get install chromium); without one the tests are skipped. MEDIAREC_SCREENSHOTS names a folder to keep pictures in.
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

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
if CHROMIUM is None:
    pytest.skip("there is no chromium: apt-get install chromium", allow_module_level=True)
sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: it is in the extra [dev]"
)

ROOT = Path(__file__).parents[2]


def notebook(code):
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {},
        "source": code,
        "outputs": [],
        "execution_count": None,
    }
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def command(kind, folder, port):
    bin_ = Path(sys.executable).parent
    if kind == "voila":
        return [
            bin_ / "voila",
            "it.ipynb",
            "--no-browser",
            f"--port={port}",
            "--VoilaConfiguration.file_allowlist=.*",
        ]
    return [
        bin_ / "jupyter",
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


@contextmanager
def serving(kind, code, folder, own, **more):
    """A JupyterLab or Voila with one notebook in it, by itself: no settings, kernels or catalogue of the user's."""
    (folder / "it.ipynb").write_text(json.dumps(notebook(code)))
    port, settings = free_port(), own / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "themes.jupyterlab-settings").write_text(
        json.dumps({"adaptive-theme": True})
    )  # as light or dark as the browser
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    env = {
        k: v for k, v in os.environ.items() if not k.startswith(("MEDIAREC_", "JUPYTER", "TMDB_"))
    }
    env |= {
        "PYTHONPATH": str(ROOT),
        "HOME": str(own),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
        "IPYTHONDIR": str(own / "ipython"),
        "MEDIAREC_CATALOG": str(ROOT / "data" / "starter.csv"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    } | more
    with open(own / "log.txt", "w") as log:
        process = subprocess.Popen(
            [*map(str, command(kind, folder, port))],
            cwd=folder,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        answering(
            f"http://127.0.0.1:{port}/" + ("api" if kind == "lab" else "voila/static/"),
            process,
            own / "log.txt",
        )
        yield f"http://127.0.0.1:{port}/" + ("lab/tree/it.ipynb" if kind == "lab" else "")
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def answering(url, process, log, seconds=90):
    """Wait until a server answers, whatever it says."""
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
            time.sleep(0.3)
    raise AssertionError(f"the server does not answer:\n{log.read_text()[-3000:]}")


@contextmanager
def chromium():
    with sync_api.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser, kind, url, role, title, viewport=(1200, 1150), **how):
    """A page with the widget, told by an element of its, and the addresses elsewhere that it asked for."""
    context = browser.new_context(viewport=dict(zip(("width", "height"), viewport)), **how)
    page, elsewhere = context.new_page(), []

    def only_here(route):
        if "127.0.0.1" in route.request.url or route.request.url.startswith(("data:", "blob:")):
            return route.continue_()
        elsewhere.append(route.request.url)
        route.abort()

    page.route("**/*", only_here)
    page.goto(url, timeout=120_000)
    if kind == "lab":
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(
            timeout=120_000
        )  # the kernel is there
        until(lambda: started(page), "the cell was not run", 90)
    try:
        page.get_by_role(role, name=title).wait_for(timeout=120_000)
    except sync_api.TimeoutError as e:
        raise AssertionError(
            f"no widget came; the page says:\n{page.locator('body').inner_text()[-1500:]}"
        ) from e
    return page, elsewhere


def started(page):
    """Run the first cell; whether it does, since a notebook that is still being laid out may lose the key."""
    try:
        page.locator(".jp-CodeCell .cm-content").first.click(timeout=5000)
    except sync_api.TimeoutError:
        return False
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(1500)
    return re.search(r"\[(\*|\d+)\]", page.locator(".jp-InputPrompt").first.inner_text())


def until(check, what, seconds=20):
    """Wait for something that the kernel does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return
        time.sleep(0.05)
    raise AssertionError(what)


def picture(locator, name):
    """Keep a picture, where somebody wants pictures."""
    if folder := os.environ.get("MEDIAREC_SCREENSHOTS"):
        locator.screenshot(path=str(Path(folder) / f"{name}.png"))


def brightness(colour):
    """The mean of red, green and blue of a computed colour."""
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3
