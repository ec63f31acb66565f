"""The grading widget in a real browser: keys are pressed in JupyterLab and in Voila, and the file that is written is read.

Needs chromium (apt-get install chromium); without one it is skipped. MEDIAREC_SCREENSHOTS names a folder to keep pictures in.
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
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None: pytest.skip("there is no chromium: apt-get install chromium", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: it is in the extra [dev]")

ROOT, TITLES = Path(__file__).parents[2], ["Inception", "Breaking Bad"]
CELL = f"from mediarec.grade import grade\nwidget = grade({TITLES}, 'judgments.csv')\nwidget"


def notebook(code):
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": code, "outputs": [], "execution_count": None}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def command(kind, folder, port):
    bin_ = Path(sys.executable).parent
    if kind == "voila": return [bin_ / "voila", "grading.ipynb", "--no-browser", f"--port={port}", "--VoilaConfiguration.file_allowlist=.*"]
    return [bin_ / "jupyter", "lab", "--no-browser", "--allow-root", f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=",
            "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True", "--ServerApp.ip=127.0.0.1"]


@pytest.fixture(scope="module", params=["lab", "voila"])
def server(request, tmp_path_factory):
    "A server with one notebook in it, by itself: no settings, kernels or catalogue of the user's."
    folder, own = tmp_path_factory.mktemp(request.param), tmp_path_factory.mktemp("own")
    (folder / "grading.ipynb").write_text(json.dumps(notebook(CELL)))
    port, settings = free_port(), own / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "themes.jupyterlab-settings").write_text(json.dumps({"adaptive-theme": True}))                    # as light or dark as the browser
    (settings / "notification.jupyterlab-settings").write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MEDIAREC_", "JUPYTER"))}
    env |= {"PYTHONPATH": str(ROOT), "HOME": str(own), "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"), "IPYTHONDIR": str(own / "ipython"), "MEDIAREC_CATALOG": str(ROOT / "data" / "starter.csv"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with open(own / "log.txt", "w") as log:
        process = subprocess.Popen([*map(str, command(request.param, folder, port))], cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}/" + ("lab/tree/grading.ipynb" if request.param == "lab" else "")
    try:
        answering(f"http://127.0.0.1:{port}/" + ("api" if request.param == "lab" else "voila/static/"), process, own / "log.txt")
        yield request.param, url, folder
    finally:
        process.terminate()
        try: process.wait(20)
        except subprocess.TimeoutExpired: process.kill()


def answering(url, process, log, seconds=90):
    "Wait until a server answers, whatever it says."
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None: raise AssertionError(f"the server stopped:\n{log.read_text()[-3000:]}")
        try: urllib.request.urlopen(url, timeout=2); return
        except urllib.error.HTTPError: return
        except OSError: time.sleep(0.3)
    raise AssertionError(f"the server does not answer:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def opened(browser, kind, url, title, **how):
    "A page with the widget at a title, and the addresses elsewhere that it asked for."
    context = browser.new_context(viewport={"width": 1200, "height": 1150}, **how)
    page, elsewhere = context.new_page(), []
    def only_here(route):
        if "127.0.0.1" in route.request.url or route.request.url.startswith(("data:", "blob:")): return route.continue_()
        elsewhere.append(route.request.url)
        route.abort()
    page.route("**/*", only_here)
    page.goto(url, timeout=120_000)
    if kind == "lab":
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=120_000)      # the kernel is there
        until(lambda: started(page), "the cell was not run", 60)
    try: page.get_by_role("listbox", name=title).wait_for(timeout=120_000)
    except sync_api.TimeoutError as e: raise AssertionError(f"no widget came; the page says:\n{page.locator('body').inner_text()[-1500:]}") from e
    return page, elsewhere


def started(page):
    "Run the first cell; whether it does, since a notebook that is still being laid out may lose the key."
    page.locator(".jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(1500)
    return re.search(r"\[(\*|\d+)\]", page.locator(".jp-InputPrompt").first.inner_text())


def rows(folder):
    file = folder / "judgments.csv"
    return [line.split(",") for line in file.read_text().split()[1:]] if file.exists() else []


def until(check, what, seconds=20):
    "Wait for something that the kernel does."
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check(): return
        time.sleep(0.05)
    raise AssertionError(what)


def picture(page, name):
    if folder := os.environ.get("MEDIAREC_SCREENSHOTS"): page.locator(".mediarec-grade-root").first.screenshot(path=str(Path(folder) / f"{name}.png"))


def brightness(colour):
    "The mean of red, green and blue of a computed colour."
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_keys_become_a_file(server, browser):
    kind, url, folder = server
    page, elsewhere = opened(browser, kind, url, TITLES[0])
    box, marked = page.get_by_role("listbox"), page.locator("[role=option][aria-selected=true]")
    assert page.locator("[role=option]").count() == 10 and marked.count() == 1
    names = page.locator(".mediarec-grade-name").all_text_contents()
    box.focus()
    assert box.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"                 # the focus is seen
    page.keyboard.press("3")
    until(lambda: [r[2] for r in rows(folder)] == ["3"], "the first grade is not in the file")
    page.get_by_role("option", name="3 very good").wait_for()
    assert names[1] in marked.text_content()
    page.keyboard.press("ArrowDown")
    until(lambda: names[2] in marked.text_content(), "the mark did not move")
    page.keyboard.press("ArrowUp")
    for key in "0120": page.keyboard.press(key)
    until(lambda: [r[2] for r in rows(folder)] == list("30120"), "five grades are not in the file")
    page.keyboard.press("Backspace")
    until(lambda: [r[2] for r in rows(folder)] == list("3012"), "the last grade was not taken back")
    page.get_by_text("4 of 20 graded").first.wait_for()
    page.keyboard.press("Control+1")                                                        # not a grade
    picture(page, f"grade-{kind}")
    page.keyboard.press("ArrowRight")
    page.get_by_role("listbox", name=TITLES[1]).wait_for()
    page.get_by_role("button", name="2 good").click()                                       # the mouse does as well
    until(lambda: len(rows(folder)) == 5 and rows(folder)[4][0] != rows(folder)[0][0], "the grade of the second title is not in the file")
    page.locator(".mediarec-grade-status", has_text="5 of 20 graded").wait_for(state="attached")
    if kind == "lab":                                                                       # 1 and 0 0 are shortcuts of the notebook
        assert page.locator(".jp-MarkdownCell").count() == 0 and page.locator(".jp-Dialog").count() == 0
    assert not [u for u in elsewhere if "anywidget" in u or "mediarec" in u]
    page.context.close()


def test_it_goes_on_where_it_stopped(server, browser):
    kind, url, folder = server
    assert len(rows(folder)) == 5
    page, _ = opened(browser, kind, url, TITLES[1], color_scheme="dark")
    marked = page.locator("[role=option][aria-selected=true]")
    page.locator(".mediarec-grade-foot", has_text="5 of 20 graded").first.wait_for()
    assert page.locator(".mediarec-grade-title").text_content() == TITLES[1] and "not graded" in marked.text_content()
    page.get_by_role("listbox").focus()
    page.keyboard.press("1")
    until(lambda: len(rows(folder)) == 6, "the sixth grade is not in the file")
    if kind == "lab":                                                                       # the theme follows the browser, the widget the theme
        back, ink = (page.locator(".mediarec-grade-root").evaluate(f"e => getComputedStyle(e).{c}") for c in ("backgroundColor", "color"))
        assert brightness(back) < 60 and brightness(ink) > 180, (back, ink)
    picture(page, f"grade-{kind}-dark")
    page.context.close()


def test_data_stays_text(browser):
    "Markup in a catalogue is shown as it is, and runs nothing."
    page = browser.new_page()
    hostile = "<img src=x onerror='window.hurt=1'><script>window.hurt=1</script>"
    shown = {"title": hostile, "about": hostile, "description": hostile}
    state = shown | {"candidates": [shown | {"grade": None}] * 2, "at": 0, "question": 0, "questions": 1, "graded": 0, "pairs": 2, "undo": False, "file": hostile, "status": hostile, "error": hostile}
    code = (ROOT / "mediarec" / "static" / "grade.js").read_text(encoding="utf-8")
    page.set_content("<main></main>")
    page.evaluate("""async ([code, state]) => {
        const { default: view } = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
        view.render({ el: document.querySelector("main"), model: { get: () => state, on() {}, off() {}, send() {} } });
    }""", [code, state])
    page.wait_for_timeout(200)
    assert page.locator(".mediarec-grade-title").text_content() == hostile
    assert page.locator("main img, main script").count() == 0 and page.evaluate("window.hurt") is None
    page.close()
