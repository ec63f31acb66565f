"""Response times of the app in JupyterLab and in Voila, with a headless Chromium.

    python benchmarks/app.py [MODEL]

MODEL is a folder that `mediarec build` wrote. By default, one is built on the catalog that
`load_catalog` finds. Measured are the time from a key press to suggestions on screen (with the
debounce), from a choice to ten cards, and from `mediarec app` to a usable page. "On screen" is the
first animation frame after the elements exist, by the browser's own clock.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from driving import (  # noqa: E402
    chromium,
    free_port,
    next_frame,
    notebook_server,
    open_notebook,
)

SEARCH_BOX = "A title, or what you want to see"
KEY_INTERVAL_MS = 160  # of somebody who types
PREFIX_LENGTH = 6
RECORD_TIMES = """() => {
    // Record when a key went down, and when its effect was drawn.
    const app = document.querySelector(".mediarec-app");
    const times = { suggest: [], choose: [] };
    window.mediarecTimes = times;
    let start = 0;
    let awaited = "";
    const recordFrame = (name) => requestAnimationFrame(() => setTimeout(() => {
        if (start) times[name].push(performance.now() - start);
        start = 0;
    }, 0));
    app.addEventListener("keydown", (event) => {
        start = performance.now();
        awaited = event.key === "Enter" ? "choose" : "suggest";
    }, true);
    app.addEventListener("pointerdown", (event) => {
        if (!event.target.closest(".mediarec-card-title")) return;
        start = performance.now();
        awaited = "choose";
    }, true);
    const classes = { suggest: "mediarec-combobox-list", choose: "mediarec-results" };
    new MutationObserver((mutations) => {
        for (const { target, addedNodes } of mutations) {
            if (!awaited || !addedNodes.length) continue;
            if (!target.classList?.contains(classes[awaited])) continue;
            recordFrame(awaited);
            awaited = "";
        }
    }).observe(app, { childList: true, subtree: true });
}"""
COUNT_ACTIONS = "document.querySelector('.mediarec-app').dataset.nActions"


def build_model(folder):
    """Build a model on the catalog that `load_catalog` finds, and return its folder."""
    command = [sys.executable, "-m", "mediarec", "build", "--clusters", "all", "--out", folder]
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return folder


def sample_titles(model, n, seed=42):
    """Return random titles that are easy to type, and the number of titles in the catalog."""
    from mediarec import Recommender

    catalog = Recommender.load(model).catalog
    shuffled = catalog.title[np.random.default_rng(seed).permutation(len(catalog))]
    typeable = [
        title
        for title in shuffled
        if title.isascii() and len(title) >= PREFIX_LENGTH and title[0].isalpha()
    ]
    return typeable[:n], len(catalog)


def wait_for_action(page, act):
    """Act, then wait until the new page is drawn and its time is recorded."""
    n_actions = page.evaluate(COUNT_ACTIONS)
    act()
    page.wait_for_function(f"n => {COUNT_ACTIONS} !== n", arg=n_actions)
    next_frame(page)


def measure_search(page, titles):
    """Type each title, choose the first suggestion, click the second card; return the times."""
    page.evaluate(RECORD_TIMES)
    box = page.get_by_role("combobox", name=SEARCH_BOX)
    second_card = page.locator(".mediarec-results .mediarec-card-title").nth(1)

    def choose_suggestion():
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

    for title in titles:
        box.click()
        for letter in title[:PREFIX_LENGTH].replace(" ", ""):
            box.press(letter)
            page.wait_for_timeout(KEY_INTERVAL_MS)
        wait_for_action(page, choose_suggestion)
        wait_for_action(page, second_card.click)
    return page.evaluate("window.mediarecTimes")


def measure_kind(kind, model, titles, folder):
    """Return the times in JupyterLab ("lab") or Voila ("voila")."""
    home = Path(folder, f"{kind}-home")
    work = Path(folder, kind)
    home.mkdir()
    work.mkdir()
    code = f"from mediarec.app import app\napp({json.dumps(model)})"
    with notebook_server(kind, code, work, home) as url, chromium() as browser:
        page, _ = open_notebook(browser, kind, url, "tablist", "Views")
        return measure_search(page, titles)


def abort_foreign(route):
    """Abort requests to other hosts."""
    url = route.request.url
    if "127.0.0.1" in url or url.startswith(("data:", "blob:")):
        route.continue_()
    else:
        route.abort()


def is_listening(port):
    """Return whether a server listens on a port."""
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def start_once(model, browser):
    """Return the seconds from the command to ten cards and a search box."""
    port = free_port()
    start = time.perf_counter()
    command = [sys.executable, "-m", "mediarec", "app", "--model", model]
    command += ["--port", str(port), "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        while not is_listening(port):
            if process.poll() is not None:
                sys.exit(f"mediarec app ended with {process.returncode}")
            time.sleep(0.02)
        page = browser.new_page()
        page.route("**/*", abort_foreign)
        page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
        page.locator(".mediarec-card").nth(9).wait_for(timeout=60_000)
        page.get_by_role("combobox", name=SEARCH_BOX).wait_for()
        seconds = time.perf_counter() - start
        page.close()
    finally:
        process.terminate()
        process.wait()
    return seconds


def print_row(name, times, target):
    """Print the median and the 95th percentile of times in milliseconds."""
    p50, p95 = np.percentile(times, (50, 95))
    print(f"{name:<52}{len(times):>8,}{p50:>10.0f}{p95:>10.0f}{target:>12}")


def main(model=None, n_titles=40, n_starts=5):
    """Measure and print all times."""
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(model).resolve()) if model else build_model(f"{folder}/model")
        titles, n_catalog = sample_titles(model, n_titles)
        print(f"{n_catalog:,} titles, {os.cpu_count()} cores\n")
        print(f"{'ms':<52}{'times':>8}{'p50':>10}{'p95':>10}{'target p95':>12}")
        for kind, label in (("lab", "JupyterLab"), ("voila", "Voila")):
            times = measure_kind(kind, model, titles, folder)
            print_row(f"{label}: key press to suggestions on screen", times["suggest"], "≤ 150")
            print_row(f"{label}: choice to ten cards", times["choose"], "≤ 250")
        with chromium() as browser:
            seconds = [start_once(model, browser) for _ in range(n_starts)]
        print(
            f"\nmediarec app, from the command to a usable page: median {np.median(seconds):.1f} s "
            f"of {n_starts} starts, slowest {max(seconds):.1f} s, target ≤ 8 s"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
