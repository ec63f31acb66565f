"""Response times of the app in a notebook: JupyterLab in a headless Chromium.

    python benchmarks/notebook.py --model MODEL --json data/notebook.json

MODEL is a folder that `mediarec build` wrote. Measured are the time from a key press to suggestions
on screen (with the debounce), from a choice to cards drawn, and from the start of a cell with
`app()` in a fresh kernel to the status line and to the cards. "On screen" is the first animation
frame after the elements exist, by the browser's own clock.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from app import measure_search, sample_titles

from mediarec import __version__

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from driving import chromium, notebook_server, open_notebook  # noqa: E402

TARGETS = {
    "key_to_suggestions": 120,
    "choice_to_cards": 200,
    "cell_to_status": 200,
    "cell_to_cards": 3000,
}
RECORD_START = """() => {
    // Record when the cell was started, and when the status line and the cards were drawn.
    const times = { start: 0, status: 0, cards: 0 };
    window.mediarecStart = times;
    const afterFrame = (name) => requestAnimationFrame(() => setTimeout(() => {
        times[name] ||= performance.now() - times.start;
    }));
    document.addEventListener("keydown", (event) => {
        // JupyterLab may lose a key while it lays out the notebook, so the last press counts.
        const isRun = event.key === "Enter" && event.ctrlKey;
        if (isRun && !times.status) times.start = performance.now();
    }, true);
    new MutationObserver(() => {
        if (!times.start) return;
        if (!times.status && document.querySelector(".mediarec-step")) afterFrame("status");
        if (!times.cards && document.querySelector(".mediarec-card")) afterFrame("cards");
    }).observe(document.body, { childList: true, subtree: true });
}"""


def measure_start(browser, code, folder):
    """Return the milliseconds from the start of the cell to the status line and to the cards."""
    with tempfile.TemporaryDirectory(dir=folder) as work, tempfile.TemporaryDirectory() as home:
        with notebook_server("lab", code, Path(work), Path(home)) as url:
            page, _ = open_notebook(browser, "lab", url, "tablist", "Views", script=RECORD_START)
            page.wait_for_function("window.mediarecStart.cards && window.mediarecStart.status")
            times = page.evaluate("window.mediarecStart")
            page.context.close()
    return times["status"], times["cards"]


def measure_answers(browser, code, titles, folder):
    """Return the milliseconds of each key press and of each choice."""
    with tempfile.TemporaryDirectory(dir=folder) as work, tempfile.TemporaryDirectory() as home:
        with notebook_server("lab", code, Path(work), Path(home)) as url:
            page, _ = open_notebook(browser, "lab", url, "tablist", "Views")
            times = measure_search(page, titles)
            page.context.close()
    return times["suggest"], times["choose"]


def summarize(times, target):
    """Return the number of times, their median and 95th percentile, and the target."""
    p50, p95 = np.percentile(times, (50, 95))
    return {"n": len(times), "p50": round(p50), "p95": round(p95), "target": target}


def main():
    """Measure, print and write all times."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--model", required=True, help="a folder that mediarec build wrote")
    parser.add_argument("--json", type=Path, help="the file to write")
    parser.add_argument("--titles", type=int, default=20, help="titles to type and to choose")
    parser.add_argument("--starts", type=int, default=5, help="fresh kernels to start")
    options = parser.parse_args()
    model = str(Path(options.model).resolve())
    code = f"from mediarec.app import app\napp({json.dumps(model)})"
    titles, n_catalog = sample_titles(model, options.titles)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        starts = [measure_start(browser, code, folder) for _ in range(options.starts)]
        suggest, choose = measure_answers(browser, code, titles, folder)
    status, cards = zip(*starts, strict=True)
    measured = dict(zip(TARGETS, (suggest, choose, status, cards), strict=True))
    table = {name: summarize(times, TARGETS[name]) for name, times in measured.items()}
    print(f"{n_catalog:,} titles, {os.cpu_count()} cores, milliseconds\n")
    print(f"{'':<22}{'n':>6}{'p50':>8}{'p95':>8}{'target p95':>12}")
    for name, row in table.items():
        label = name.replace("_", " ")
        print(f"{label:<22}{row['n']:>6}{row['p50']:>8}{row['p95']:>8}{row['target']:>12}")
    if options.json:
        about = {"mediarec": __version__, "titles": n_catalog, "cores": os.cpu_count()}
        text = json.dumps(about | {"milliseconds": table}, indent=1)
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
