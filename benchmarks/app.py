"""How fast the app answers where people use it: in JupyterLab and in Voila, in a headless Chromium.

    python benchmarks/app.py [MODEL]     MODEL: a folder that `mediarec build` wrote; by default one is built on the best catalogue at hand

From a key press to suggestions on screen, with the debounce; from a choice to ten cards; and from `mediarec app` to a page that can be used. "On screen" is the first
animation frame after the elements are there, by the browser's own clock.
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
from driving import chromium, free_port, opened, serving  # noqa: E402

WATCH = """() => {
    // When a key went down, and when what it asked for was painted.
    const app = document.querySelector(".mediarec-app"), times = (window.mediarecTimes = { suggest: [], choose: [] });
    let pressed = 0, wanted = "";
    const painted = (name) => requestAnimationFrame(() => setTimeout(() => { if (pressed) times[name].push(performance.now() - pressed); pressed = 0; }, 0));
    app.addEventListener("keydown", (e) => { pressed = performance.now(); wanted = e.key === "Enter" ? "choose" : "suggest"; }, true);
    app.addEventListener("pointerdown", (e) => { if (e.target.closest(".mediarec-card-title")) { pressed = performance.now(); wanted = "choose"; } }, true);
    new MutationObserver((all) => {
        for (const m of all) {
            if (wanted === "suggest" && m.target.classList?.contains("mediarec-box-list") && m.addedNodes.length) { wanted = ""; painted("suggest"); }
            if (wanted === "choose" && m.target.classList?.contains("mediarec-results") && m.addedNodes.length) { wanted = ""; painted("choose"); }
        }
    }).observe(app, { childList: true, subtree: true });
}"""


def built(folder):
    """A model on the best catalogue at hand."""
    subprocess.run(
        [sys.executable, "-m", "mediarec", "build", "--clusters", "all", "--out", folder],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    return folder


def questions(model, n, seed=42):
    """Titles to type, whose first six letters lead to something, drawn at random."""
    from mediarec import Recommender

    r, rng = Recommender.load(model), np.random.default_rng(seed)
    names = [
        t
        for t in r.catalog.title[rng.permutation(len(r.catalog))]
        if t.isascii() and len(t) >= 6 and t[0].isalpha()
    ]
    return names[:n], len(r.catalog)


def typed_and_chosen(page, names):
    """Type each, letter by letter, choose the first, then click the second card."""
    page.evaluate(WATCH)
    box = page.get_by_role("combobox", name="A film or a series")
    shown = lambda: page.evaluate("document.querySelector('.mediarec-app').dataset.step")
    for name in names:
        box.click()
        for letter in name[:6]:
            if letter == " ":
                continue
            box.press(letter)
            page.wait_for_timeout(160)
        before = shown()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_function(
            "b => document.querySelector('.mediarec-app').dataset.step !== b", arg=before
        )
        page.wait_for_timeout(60)
        before = shown()
        page.locator(".mediarec-panel:not([hidden]) .mediarec-card-title").nth(1).click()
        page.wait_for_function(
            "b => document.querySelector('.mediarec-app').dataset.step !== b", arg=before
        )
        page.wait_for_timeout(60)
    return page.evaluate("window.mediarecTimes")


def row(name, times, aim):
    p50, p95 = np.percentile(times, (50, 95))
    print(f"{name:<52}{len(times):>8,}{p50:>10.0f}{p95:>10.0f}{aim:>10}")


def start_up(model, runs=5):
    """Seconds from the command to ten cards and a search box."""
    out = []
    with chromium() as browser:
        for _ in range(runs):
            port, begun = free_port(), time.perf_counter()
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "mediarec",
                    "app",
                    "--model",
                    model,
                    "--port",
                    str(port),
                    "--no-browser",
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
            )
            try:
                while not listening(port):
                    if process.poll() is not None:
                        sys.exit(f"mediarec app ended with {process.returncode}")
                    time.sleep(0.02)
                page = browser.new_page()
                page.route(
                    "**/*",
                    lambda route: (
                        route.continue_()
                        if "127.0.0.1" in route.request.url
                        or route.request.url.startswith(("data:", "blob:"))
                        else route.abort()
                    ),
                )
                page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
                page.locator(".mediarec-card").nth(9).wait_for(timeout=60_000)
                page.get_by_role("combobox", name="A film or a series").wait_for()
                out.append(time.perf_counter() - begun)
                page.close()
            finally:
                process.terminate()
                process.wait()
    return out


def listening(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def main(model=None, n=40):
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(model).resolve()) if model else built(f"{folder}/model")
        names, size = questions(model, n)
        print(
            f"{size:,} titles, {os.cpu_count()} cores\n\n{'ms':<52}{'times':>8}{'p50':>10}{'p95':>10}{'aim, p95':>10}"
        )
        for kind in ("lab", "voila"):
            own, home = Path(folder, f"{kind}-own"), Path(folder, kind)
            own.mkdir(), home.mkdir()
            with (
                serving(
                    kind, f"from mediarec.app import app\napp({json.dumps(model)})", home, own
                ) as url,
                chromium() as browser,
            ):
                page, _ = opened(browser, kind, url, "tablist", "Ways to look")
                times = typed_and_chosen(page, names)
            where = {"lab": "JupyterLab", "voila": "Voila"}[kind]
            row(f"{where}: key press to suggestions on screen", times["suggest"], "≤ 150")
            row(f"{where}: choice to ten cards", times["choose"], "≤ 250")
        seconds = start_up(model)
        print(
            f"\nmediarec app: from the command to a usable page, s: {np.median(seconds):.1f} (median of {len(seconds)}; slowest {max(seconds):.1f}; aim ≤ 8)"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
