"""What the web page costs a visitor: bytes, the largest contentful paint, and the first result.

    python benchmarks/page.py --model MODEL --json data/page.json

MODEL is a folder that `mediarec build` wrote. Server and browser run on one machine.
The processor of the browser is slowed down four times, as in Lighthouse. Each page is opened in a
new context, so that nothing is cached. The bytes are those on the wire, without pictures.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
from load import Server, find_chromium
from playwright.sync_api import sync_playwright

from mediarec import __version__

PAGES = {"home": "/", "title": "/?title=Inception", "text": "/?text=slow-burn+Nordic+noir"}
TARGETS = {"largest_paint_ms": 1000, "kilobytes": 250, "first_result_px": 422}
N_LOADS = 5
SLOWDOWN = 4  # of the processor of the browser
PHONE = {"width": 390, "height": 844}
SETTLE_MS = 700
RECORD_PAINT = """() => {
    window.largestPaint = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.largestPaint = entry.startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
}"""
FIRST_RESULT = "document.querySelector('.mediarec-card').getBoundingClientRect().top"


def open_page(browser, url):
    """Return the largest contentful paint in milliseconds, the kilobytes, and the first result."""
    context = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    session.send("Network.enable")
    sizes = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.add_init_script(f"({RECORD_PAINT})()")
    page.goto(url)
    page.wait_for_selector("html[data-ready]", state="attached")
    page.wait_for_timeout(SETTLE_MS)
    result = (page.evaluate("window.largestPaint"), sum(sizes) / 1000, page.evaluate(FIRST_RESULT))
    context.close()
    return result


def measure_page(browser, url):
    """Return the medians over some loads, and the slowest paint."""
    open_page(browser, url)  # the server fills its caches
    rows = np.array([open_page(browser, url) for _ in range(N_LOADS)])
    paint, kilobytes, first = np.median(rows, axis=0)
    return {
        "largest_paint_ms": round(float(paint)),
        "slowest_paint_ms": round(float(rows[:, 0].max())),
        "kilobytes": round(float(kilobytes), 1),
        "first_result_px": round(float(first)),
    }


def main():
    """Measure each page, print the results and write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="the folder of a saved model")
    parser.add_argument("--json", type=Path, help="the file to write")
    options = parser.parse_args()
    results = {"mediarec": __version__, "cores": os.cpu_count(), "targets": TARGETS, "pages": {}}
    with Server(options.model) as server, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        results["titles"] = server.get("/healthz")["titles"]
        for name, path in PAGES.items():
            results["pages"][name] = measure_page(browser, server.url + path)
            print(name, results["pages"][name])
        browser.close()
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
