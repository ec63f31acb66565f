"""Build the site with Quarto, or check it without Quarto.

`python tests/docs.py build` writes _docs/. It needs Quarto 1.7 or newer on the PATH, and ends with
2 without it. `python tests/docs.py check` writes every page as plain HTML into build/site.

Both prepare the same sources (docs_stage, docs_reference) and then check the pages (docs_checks,
docs_browser): links, leaks, the reference, requests to other hosts, alternative texts, width on a
phone, and axe. Notebooks are not run: nbdev runs their imports and exported cells to document them.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from docs_browser import check_in_browser, check_static_page
from docs_checks import check_pages
from docs_plain import PLAIN, write_site
from docs_stage import PROJECT, ROOT, STATIC_PAGE, write_project

SITE = ROOT / "_docs"
QUARTO = (1, 7)
# The pages that axe reads: each kind of page at least once.
READ_WITH_AXE = [
    "index.html",
    "404.html",
    "chapters.html",
    "results.html",
    "data.eda.html",
    "evaluation.metrics.html",
    "cluster.compare.html",
    "apps.drawn_posters.html",
    "recommend.recommender.html",
    "guides/quick-start.html",
    "guides/deploy-the-page.html",
    "reference/index.html",
    "reference/recommender.html",
    "reference/command-line.html",
]


def look_over(folder: Path) -> list[str]:
    """Return what is wrong with the pages of a folder."""
    wrong = check_pages(folder)
    wrong += check_in_browser(folder, READ_WITH_AXE)
    return wrong + check_static_page(folder / STATIC_PAGE)


def check(n_workers: int = 2) -> list[str]:
    """Write the pages as plain HTML; return what is wrong with them."""
    wrong = write_project(n_workers=n_workers)
    wrong += write_site()
    wrong += look_over(PLAIN)
    print(f"{len(list(PLAIN.rglob('*.html')))} pages in {PLAIN.relative_to(ROOT)}")
    return wrong


def quarto_version() -> tuple[int, ...] | None:
    """Return the version of the Quarto on the PATH; None where there is none."""
    if shutil.which("quarto") is None:
        return None
    said = subprocess.run(["quarto", "--version"], capture_output=True, text=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:3]))


def quarto_error() -> str | None:
    """Return why the site cannot be built here, or None."""
    found, least = quarto_version(), ".".join(map(str, QUARTO))
    advice = (
        f"get {least} or newer from https://quarto.org/docs/get-started/; "
        "make docs-check checks the pages without it"
    )
    if found is None:
        return f"the site is built by Quarto, and there is no quarto on the PATH: {advice}"
    if found < QUARTO:
        version = ".".join(map(str, found)) or "of no known version"
        return f"this is Quarto {version}: {advice}"
    return None


def build() -> list[str]:
    """Build the site in _docs; return what is wrong with it."""
    from readme import render

    if (ROOT / "README.md").read_text(encoding="utf-8") != render():
        return ["README.md is not what nbs/index.ipynb says: make readme"]
    wrong = write_project()
    command = ["quarto", "render", str(PROJECT), "--no-execute"]
    environment = os.environ | {"QUARTO_PYTHON": sys.executable}
    if subprocess.run(command, cwd=ROOT, env=environment).returncode:
        return [*wrong, "quarto render failed: see above"]
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.move(PROJECT / "_docs", SITE)
    return wrong + look_over(SITE)


def main(what: str = "check") -> int:
    """Build or check the site; return the exit code."""
    if what not in ("build", "check"):
        print(__doc__)
        return 2
    error = quarto_error() if what == "build" else None
    if error:
        print(error, file=sys.stderr)
        return 2
    start = time.perf_counter()
    wrong = {"build": build, "check": check}[what]()
    for text in wrong:
        print(f"  {text}")
    seconds = f"in {time.perf_counter() - start:.0f} s"
    print(f"{len(wrong)} wrong, {seconds}" if wrong else f"nothing wrong, {seconds}")
    return 1 if wrong else 0


if __name__ == "__main__":
    import docs  # by its name: nbdev puts a module of its own in the place of __main__

    sys.exit(docs.main(*sys.argv[1:2]))
