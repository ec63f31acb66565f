"""Build the site with Quarto, or check it without Quarto.

`python tests/docs.py build` writes _docs/ by nbdev_docs. It needs Quarto 1.7 or newer on the PATH
and ends with 2 without it. `python tests/docs.py check` writes every page as plain HTML into
build/site, by nbdev's processing and nbconvert.

Both then check links, images, front matter and paths of a machine, and drive the try-it page in
Chromium. Notebooks are not run: nbdev runs their imports and exported cells to document them.
"""

import ast
import copy
import html
import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from html.parser import HTMLParser
from multiprocessing import get_context
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote, urlsplit

import yaml

HERE = Path(__file__).parent.parent
NBS, STAGE, PLAIN, SITE = (
    HERE / "nbs",
    HERE / "build" / "nbs",
    HERE / "build" / "site",
    HERE / "_docs",
)
TRY = "try-it.html"
QUARTO = (1, 7)


class Trouble(Exception):
    """What is wrong with the site, in a sentence."""


# --- notebooks as nbdev can process them

IMPORTS = (ast.Import, ast.ImportFrom)
EXPORTED = re.compile(r"^\s*#\s*\|\s*(export|exports|exporti|exec_doc)\b", re.M)


def alone(source):
    """Split a cell into its imports and the rest, if it has both.

    To document a notebook, nbdev runs every cell that imports something, and no other cell. A cell
    that also uses variables of earlier cells would fail.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return [source]
    found = [n for n in ast.walk(tree) if isinstance(n, IMPORTS)]
    if EXPORTED.search(source) or not found or all(isinstance(n, IMPORTS) for n in tree.body):
        return [source]
    lines = source.split("\n")
    for n in found:
        lines[n.lineno - 1 : n.end_lineno] = [None] * (n.end_lineno - n.lineno + 1)
    rest = "\n".join(line for line in lines if line is not None)
    try:
        ast.parse(rest)
    except SyntaxError:
        return [source]
    options = [line for line in source.split("\n") if re.match(r"\s*#\s*\|", line)]
    return ["\n".join(options + [ast.unparse(n) for n in found]), rest]


HEAD = re.compile(r"# \S.*\n+(?:> .*\n?)+")


def headed(cells):
    """Yield the cells with title and description alone in the first cell.

    nbdev turns that cell into front matter and drops everything else in it.
    """
    first = next((c for c in cells if c["cell_type"] == "markdown"), None)
    text = "".join(first["source"]) if first else ""
    for cell in cells:
        found = HEAD.match(text) if cell is first else None
        if not found or not text[found.end() :].strip():
            yield cell
        else:
            yield from (
                {**cell, "source": found[0].strip()},
                {**cell, "id": "introduction", "source": text[found.end() :].strip()},
            )


def staged_cells(cells):
    """Yield the cells with the title and the imports in cells of their own."""
    for i, cell in enumerate(headed(cells)):
        parts = alone("".join(cell["source"])) if cell["cell_type"] == "code" else [None]
        if len(parts) == 2:
            yield {
                **copy.deepcopy(cell),
                "id": f"imports-{i}",
                "source": parts[0],
                "outputs": [],
                "execution_count": None,
            }
        yield {**cell, "source": parts[1]} if len(parts) == 2 else cell


def settings():
    import configparser

    cfg = configparser.ConfigParser(delimiters=["="])
    cfg.read(HERE / "settings.ini", encoding="utf-8")
    return cfg["DEFAULT"]


def outward(text, folder=NBS):
    """Markdown whose links to files of the repository that are no pages lead to the repository."""

    def lead(found):
        path = (
            normpath((folder / found[1]).relative_to(HERE).as_posix()) if ".." in found[1] else ""
        )
        return (
            found[0]
            if not path or path.startswith(("nbs/", ".."))
            else f"]({settings()['git_url']}/blob/{settings()['branch']}/{path}{found[2]})"
        )

    return re.sub(
        r"\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)", lambda m: lead({0: m[0], 1: m[1], 2: m[2] or ""}), text
    )


def stage(to=STAGE):
    """Copy nbs/ with imports in cells of their own; links out of nbs/ lead to the repository."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(NBS, to, ignore=shutil.ignore_patterns(".*", "nbdev.yml", "sidebar.yml"))
    for path in to.glob("*.ipynb"):
        book = json.loads(path.read_text(encoding="utf-8"))
        book["cells"] = list(staged_cells(book["cells"]))
        for cell in book["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = outward("".join(cell["source"]))
        path.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8")
    for path in to.glob("guides/*.qmd"):
        path.write_text(outward(path.read_text(encoding="utf-8"), NBS / "guides"), encoding="utf-8")
    return to


# --- nbdev's processing


def names_of(book):
    """Public functions and classes that a notebook exports."""
    cells = ["".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code"]
    trees = [ast.parse(s) for s in cells if re.search(r"^\s*#\s*\|\s*exports?\b", s, re.M)]
    return {
        n.name
        for t in trees
        for n in t.body
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and not n.name.startswith("_")
    }


def processed(path, to):
    """Write a notebook as nbdev passes it to Quarto; return (front matter, errors)."""
    os.environ["IN_TEST"] = "1"
    os.chdir(HERE)
    from execnb.nbio import read_nb, write_nb
    from nbdev.processors import FilterDefaults

    wanted, book = names_of(json.loads(path.read_text(encoding="utf-8"))), read_nb(path)
    try:
        FilterDefaults()(book)
    except Exception as e:
        return {}, [f"{path.name}: nbdev cannot process it: {e}: {e.__cause__!r}"]
    shown = {
        m[1]: c
        for c in book.cells
        if c.cell_type == "code" and (m := re.search(r"^show_doc\((\w+)\)", c.source, re.M))
    }
    wrong = [
        f"{path.name}: {n} is exported and has no show_doc" for n in sorted(wanted - set(shown))
    ]
    wrong += [
        f"{path.name}: show_doc({n}) shows nothing"
        for n, c in shown.items()
        if n in wanted and not documented(c, n)
    ]
    to.parent.mkdir(parents=True, exist_ok=True)
    write_nb(book, to)
    return dict(book.frontmatter_), wrong


def documented(cell, name):
    """Whether show_doc said something about a name."""
    said = "".join(
        "".join(o.get("data", {}).get("text/markdown", "")) for o in cell.get("outputs", [])
    )
    return re.search(rf"^### {name}\b", said, re.M) and f"{name}(" in said


# --- plain pages


def front_matter(text):
    """(the YAML at the head of a page, what follows it)"""
    found = re.match(r"---\n(.*?)\n---\n?", text.lstrip(), re.S)
    return (yaml.safe_load(found[1]) or {}, text.lstrip()[found.end() :]) if found else ({}, text)


def as_id(heading):
    """The anchor that Pandoc gives a heading."""
    kept = re.sub(r"[^\w\s.-]", "", heading.strip().lower())
    return re.sub(r"^[^a-z]+", "", re.sub(r"\s+", "-", kept), flags=re.I) or "section"


@cache
def exporter():
    """The exporter of nbconvert, once in a process, because it compiles its templates."""
    from nbconvert import HTMLExporter
    from traitlets.config import Config

    quiet = Config({"TagRemovePreprocessor": {"enabled": True, "remove_input_tags": ["quiet"]}})
    return HTMLExporter(
        template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True, config=quiet
    )


def body_of(book):
    """A notebook's HTML by nbconvert, its headings with Pandoc's anchors."""
    import nbformat

    book = nbformat.from_dict(book)
    book.cells = [
        c
        for c in book.cells
        if c.cell_type in ("code", "markdown")
        and c.get("source")
        and "AUTOGENERATED" not in c.source
    ]
    for c in book.cells:
        tidied(c)
    body, _ = exporter().from_notebook_node(book)
    used = {}

    def anchored(found):
        text = re.sub(r'<a class="anchor-link".*?</a>', "", found[2], flags=re.S)
        name = as_id(html.unescape(re.sub(r"<[^>]+>", "", text)))
        n = used[name] = used.get(name, -1) + 1
        return f'<{found[1]} id="{name}{f"-{n}" if n else ""}">{text}</{found[1]}>'

    return re.sub(r"<(h[1-6])\b[^>]*>(.*?)</\1>", anchored, body, flags=re.S)


def tidied(cell):
    """Quarto's options out of a code cell, and a tag on one whose source is not to be shown."""
    if cell.cell_type != "code":
        return
    if re.search(r"^#\| echo: false", cell.source, re.M):
        cell.metadata["tags"] = ["quiet"]
    cell.source = re.sub(r"^#\|.*\n?", "", cell.source, flags=re.M)


def relinked(body, names, inside=""):
    """HTML whose links to notebooks and guides lead to their pages."""

    def lead(found):
        target = normpath(f"{inside}/{unquote(found[1])}".lstrip("/"))
        return (
            f'href="{os.path.relpath(names[target], inside or ".")}{found[2] or ""}"'
            if target in names
            else found[0]
        )

    return re.sub(r'href="([^":#]+)(#[^"]*)?"', lead, body)


def colours(theme):
    """The variables of a theme: name to value."""
    return dict(
        re.findall(
            r"^\$([\w-]+):\s*(.+?);",
            (NBS / f"theme-{theme}.scss").read_text(encoding="utf-8"),
            re.M,
        )
    )


def style():
    """The plain pages' own style, in the site's colours."""

    def tokens(theme):
        return "".join(f"--{k}:{v};" for k, v in colours(theme).items() if v.startswith("#"))

    rules = (HERE / "tests" / "plain_page.css").read_text(encoding="utf-8")
    return (
        f":root{{color-scheme:light dark;{tokens('light')}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{tokens('dark')}}}}}{rules}"
    )


@cache
def config():
    return yaml.safe_load((HERE / "_quarto.yml").read_text(encoding="utf-8"))


def entries(contents, section=None):
    """(section, text, href) of everything in a sidebar."""
    for item in contents:
        if "contents" in item:
            yield from entries(item["contents"], item["section"])
        else:
            yield section, item["text"], item["href"]


def page(body, about, at, names):
    """A whole page: the bar, the sidebar, the text."""
    depth, site = "../" * at.count("/"), config()["website"]

    def link(text, href):
        """Return a link, or only its text if the page does not exist."""
        if ":" not in href and href != TRY and href not in names:
            return html.escape(text)
        target = href if ":" in href else depth + names.get(href, href)
        current = " aria-current=page" if names.get(href) == at else ""
        return f'<a href="{target}"{current}>{html.escape(text)}</a>'

    sections = {}
    for section, text, href in entries(site["sidebar"]["contents"]):
        sections.setdefault(section, []).append(f"<li>{link(text, href)}")
    side = "".join(f"<b>{s}</b><ul>{''.join(items)}</ul>" for s, items in sections.items())
    bar = "".join(
        link(i.get("text") or i["aria-label"], i["href"])
        for i in [*site["navbar"]["left"], *site["navbar"]["right"]]
    )
    title, lead = html.escape(about["title"]), html.escape(about["description"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f'<meta name="description" content="{lead}">'
        f'<link rel="icon" href="{depth}{site["favicon"]}"><style>{style()}</style>'
        f'<header>{bar}</header><div class="all"><aside>{side}</aside>'
        f'<main><h1>{title}</h1><p class="lead">{lead}</p>{body}</main></div></html>'
    )


def plain_page(job, names):
    """One page written as plain HTML; (its name, front matter, what is wrong with it)."""
    import nbformat

    source, to = job
    at = to.relative_to(PLAIN).as_posix()
    if source.suffix == ".qmd":
        about, text = front_matter(source.read_text(encoding="utf-8"))
        book, wrong = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)]), []
    else:
        made = source.with_suffix(".proc.json")
        about, wrong = processed(source, made)
        book = json.loads(made.read_text(encoding="utf-8")) if made.exists() else None
        for c in (book or {"cells": []})["cells"]:
            joined(c)
    wrong += [
        f"{source.name}: no {k} in its front matter"
        for k in ("title", "description")
        if not str(about.get(k, "")).strip()
    ]
    if book is None or len(wrong) and not about.get("title"):
        return at, about, wrong
    to.write_text(
        page(
            relinked(body_of(book), names, at.rpartition("/")[0]),
            {"description": "", **about},
            at,
            names,
        ),
        encoding="utf-8",
    )
    return at, about, wrong


def joined(cell):
    """Lists of lines, as nbdev writes them, made one text."""
    if isinstance(cell["source"], list):
        cell["source"] = "".join(cell["source"])
    for o in cell.get("outputs", []):
        if isinstance(o.get("text"), list):
            o["text"] = "".join(o["text"])
        for kind, value in o.get("data", {}).items():
            if isinstance(value, list) and not kind.endswith("json"):
                o["data"][kind] = "".join(value)


def sources(folder=NBS):
    """Every notebook and guide: its path inside nbs/ to the name of its page."""
    books = {
        p.name: re.sub(r"^\d+[a-zA-Z0-9]*_", "", p.stem) + ".html"
        for p in sorted(folder.glob("*.ipynb"))
    }
    return books | {
        f"guides/{p.name}": f"guides/{p.stem}.html" for p in sorted(folder.glob("guides/*.qmd"))
    }


def plain(workers=2):
    """Every page as plain HTML in build/site, and the try-it page; what is wrong.

    Without workers the pages are written in this process.
    """
    names = sources(stage())
    twice = [n for n in names.values() if list(names.values()).count(n) > 1]
    if twice:
        return [f"two pages want to be {twice[0]}"]
    shutil.rmtree(PLAIN, ignore_errors=True)
    (PLAIN / "guides").mkdir(parents=True)
    shutil.copytree(NBS / "images", PLAIN / "images")
    jobs = sorted(
        ((STAGE / s, PLAIN / p) for s, p in names.items()), key=lambda job: -job[0].stat().st_size
    )  # the longest first
    if workers:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            tried = pool.submit(write_try, PLAIN)  # takes longer than any page
            done = list(pool.map(partial(plain_page, names=names), jobs))
        has_try = tried.result()
    else:
        has_try = write_try(PLAIN)
        done = [plain_page(job, names) for job in jobs]
    if not has_try:
        missing_try(PLAIN)
    return [w for _, _, wrong in done for w in wrong]


# --- what may be wrong with pages

# /home/mediarec is the user of a container or a service, and /tmp/x-*.whl a pattern: no machine's
LEAK = re.compile(
    r"""(?<![\w.~/-])(?:/(?!home/mediarec\b)(?:home|root|tmp|Users|var/folders)/[\w.-]+(?![\w.*-])|[A-Z]:\\+Users\\+\w+)"""
)


def leaks(text):
    """Paths of a machine in a text: homes, temporary folders, and the place of this checkout."""
    here = [p for p in {str(HERE), str(Path.home())} if len(p) > 5 and p in text]
    return sorted(
        {m[0] for m in LEAK.finditer(text) if not any(p.startswith(m[0]) for p in here)} | set(here)
    )


def shown(path):
    """What a reader gets to see of a file: of a page or a notebook all but pictures."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return re.sub(r"(?:data:[\w/+.-]+;base64,|\"image/\w+\": \")[\w+/=\\]+", "", text)


def leaking(paths):
    return [
        f"{p.relative_to(HERE) if p.is_relative_to(HERE) else p.name}: names {found}"
        for p in paths
        for found in leaks(shown(p))
    ]


class Read(HTMLParser):
    """The anchors of a page, and what it links to as (element, address)."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        of = dict(attrs)
        self.ids.add(of.get("id") or of.get("name") if tag == "a" else of.get("id"))
        if tag in ("a", "img", "link", "script", "source", "iframe"):
            self.links += [(tag, of[k]) for k in ("href", "src") if of.get(k)]


def read_page(path):
    return Read(
        re.sub(r"(src=\"data:[\w/+.-]+;base64,)[^\"]+", r"\1", path.read_text(encoding="utf-8"))
    )


def unkept(link):
    """Whether an address in the repository names a file that this checkout has not."""
    own = settings()
    found = re.match(
        rf"{re.escape(own['git_url'])}/(?:blob|tree|raw)/{re.escape(own['branch'])}/([^#?]+)", link
    )
    return bool(found) and not (HERE / unquote(found[1])).exists()


def broken(folder):
    """List broken links of all pages: missing files, missing anchors, unknown schemes."""
    pages = {
        p.relative_to(folder).as_posix(): read_page(p)
        for p in sorted(folder.rglob("*.html"))
        if "site_libs" not in p.parts and p.name != TRY
    }
    own, wrong = settings(), []
    base = f"{own['doc_host']}{own['doc_baseurl']}/"
    for at, read in pages.items():
        for tag, link in read.links:
            if unkept(link):
                wrong.append(f"{at}: {link[:80]} is no file of the repository")
                continue
            target = urlsplit(link[len(base) :] if link.startswith(base) else link)
            if target.scheme:
                wrong += (
                    []
                    if target.scheme in ("https", "mailto", "data")
                    or target.hostname in ("localhost", "127.0.0.1")
                    else [f"{at}: {link[:80]}"]
                )
                continue
            path = (
                normpath(
                    unquote(target.path)
                    if link.startswith(base)
                    else f"{Path(at).parent.as_posix()}/{unquote(target.path)}"
                )
                if target.path
                else at
            )
            if (folder / path).is_dir():
                path = normpath(path + "/index.html")
            if not (folder / path).is_file():
                wrong.append(f"{at}: {tag} {link[:80]} is missing")
            elif (
                target.fragment
                and tag == "a"
                and path in pages
                and unquote(target.fragment) not in pages[path].ids
            ):
                wrong.append(f"{at}: {link[:80]} names no anchor of {path}")
    return sorted(set(wrong))


def unlisted(site=None, there=None):
    """Check that the sidebar contains every notebook and guide once, and nothing else."""
    site, there = site or config()["website"], sources() if there is None else there
    listed = [href for _, _, href in entries(site["sidebar"]["contents"])]
    ends = [i["href"] for i in site.get("page-footer", {}).get("right", [])]
    top = [
        i["href"]
        for side in ("left", "right")
        for i in site.get("navbar", {}).get(side, [])
        if "://" not in i["href"] and i["href"] != TRY
    ]
    return (
        [
            f"_quarto.yml: the footer names {link}, which is no file of the repository"
            for link in ends
            if unkept(link)
        ]
        + [f"_quarto.yml: the bar names {n}, which is not there" for n in top if n not in there]
        + [f"_quarto.yml: {n} is not in the sidebar" for n in there if n not in listed]
        + [
            f"_quarto.yml: {n} is in the sidebar {listed.count(n)} times"
            for n in sorted(set(listed))
            if listed.count(n) > 1
        ]
        + [
            f"_quarto.yml: the sidebar names {n}, which is not there"
            for n in listed
            if n not in there
        ]
    )


# --- the try-it page


def write_try(folder):
    """The try-it page in its place; whether there is one."""
    try:
        from mediarec.apps.static_page import write_page
    except ImportError:
        print("mediarec.tryit is not there: the site has no try-it page")
        return False
    size = write_page(folder / TRY)
    if size > 2_000_000:
        raise Trouble(f"{TRY} has {size:,} bytes, more than 2 MB")
    return True


def drive_try(path):
    """Search and choose by keyboard on the try-it page; return errors.

    MEDIAREC_SCREENSHOTS names a folder for a screenshot.
    """
    program = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        program = None
    if program is None:
        print("no chromium, or no playwright: the try-it page was not driven")
        return []
    wrong = []
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1200, "height": 1000})
        tab.on("pageerror", lambda e: wrong.append(f"{TRY}: JavaScript: {e}"))
        tab.on(
            "console",
            lambda m: wrong.append(f"{TRY}: console: {m.text}") if m.type == "error" else None,
        )
        tab.on(
            "request",
            lambda r: (
                None
                if r.url.startswith(("file:", "data:", "blob:"))
                else wrong.append(f"{TRY}: it asks for {r.url}")
            ),
        )
        try:
            driven(tab, path)
        except (Error, AssertionError) as e:
            wrong.append(f"{TRY}: {str(e).splitlines()[0]}")
        finally:
            browser.close()
    return wrong


def driven(tab, path):
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


# --- the two ways


def looked_over(folder, pages):
    """What is wrong with the pages of a folder."""
    books = [*NBS.glob("*.ipynb"), *NBS.glob("guides/*.qmd")]
    wrong = unlisted() + broken(folder) + leaking([*books, *pages])
    return wrong + (drive_try(folder / TRY) if (folder / TRY).exists() else [])


def check(workers=2):
    """Everything that can be seen without Quarto; what is wrong."""
    wrong = plain(workers)
    wrong += looked_over(PLAIN, sorted(PLAIN.rglob("*.html")))
    print(f"{len(sources())} pages in {PLAIN.relative_to(HERE)}")
    return wrong


def missing_try(folder):
    (folder / TRY).write_text(
        "<!doctype html><title>mediarec</title><p>This site was built without the try-it page.",
        encoding="utf-8",
    )


def quarto_version():
    """Of the Quarto on the PATH; None where there is none."""
    if shutil.which("quarto") is None:
        return None
    said = subprocess.run(["quarto", "--version"], capture_output=True, text=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:3]))


def needs_quarto():
    """Why the site cannot be built here, or None."""
    found, least = quarto_version(), ".".join(map(str, QUARTO))
    how = (
        f"get {least} or newer from https://quarto.org/docs/get-started/; "
        "make docs-check checks the pages without it"
    )
    if found is None:
        return f"the site is built by Quarto, and there is no quarto on the PATH: {how}"
    return (
        None
        if found >= QUARTO
        else f"this is Quarto {'.'.join(map(str, found)) or 'of no known version'}: {how}"
    )


def build():
    """The site in _docs, by nbdev_docs; what is wrong with it."""
    from readme import render

    readme = HERE / "README.md"
    if readme.read_text(encoding="utf-8") != render():
        return ["README.md is not what nbs/index.ipynb says: make readme"]
    stage()
    shutil.rmtree(HERE / "_proc", ignore_errors=True)
    os.utime(readme)  # newer than the notebook, or nbdev would write its own
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    }
    if subprocess.run(
        [Path(sys.executable).parent / "nbdev_docs", "--path", STAGE, "--n_workers", "2"],
        cwd=HERE,
        env=env,
    ).returncode:
        return ["nbdev_docs failed: see above"]
    if not write_try(SITE):
        missing_try(SITE)
    return looked_over(SITE, [p for p in SITE.rglob("*.html") if "site_libs" not in p.parts])


def main(what="check"):
    if what not in ("build", "check"):
        print(__doc__)
        return 2
    if what == "build" and (why := needs_quarto()):
        print(why, file=sys.stderr)
        return 2
    start = time.perf_counter()
    try:
        wrong = {"build": build, "check": check}[what]()
    except Trouble as e:
        wrong = [str(e)]
    for w in wrong:
        print(f"  {w}")
    print(
        f"{len(wrong)} wrong, in {time.perf_counter() - start:.0f} s"
        if wrong
        else f"nothing wrong, in {time.perf_counter() - start:.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    import docs  # by its name: nbdev puts a module of its own in the place of __main__

    sys.exit(docs.main(*sys.argv[1:2]))
