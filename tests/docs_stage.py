"""Prepare the sources of the site: a Quarto project in build/docs.

Notebooks are processed as nbdev processes them, so that their public names are documented. The
pages of the reference and of the command line are generated. Then the folder holds everything that
Quarto reads, and nothing that only nbdev understands.
"""

import ast
import configparser
import copy
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from posixpath import normpath

import yaml
from readme import wrap_lines

ROOT = Path(__file__).parent.parent
NBS = ROOT / "nbs"
SOURCES = ROOT / "build" / "nbs"
PROJECT = ROOT / "build" / "docs"
STATIC_PAGE = "try-it.html"
HOME_WIDTH = 84  # characters of a line of an output on the home page
# Pages without a place in a sidebar.
UNLISTED = {"404.qmd", "index.ipynb"}

IMPORTS = (ast.Import, ast.ImportFrom)
EXPORTED = re.compile(r"^\s*#\s*\|\s*(export|exports|exporti|exec_doc)\b", re.M)
PUBLIC = re.compile(r"^\s*#\s*\|\s*exports?\b", re.M)
# The mark in a guide of a command that its test does not run, with a reason or without.
NOT_RUN = re.compile(r"[ ]*# not run here(?:: (.*))?$", re.M)
TITLE_CELL = re.compile(r"# \S.*\n+(?:> .*\n?)+")


@cache
def settings() -> configparser.SectionProxy:
    """Return the section of settings.ini."""
    parser = configparser.ConfigParser(delimiters=["="])
    parser.read(ROOT / "settings.ini", encoding="utf-8")
    return parser["DEFAULT"]


@cache
def site_config() -> dict:
    """Return _quarto.yml."""
    return yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))


def page_names(folder: Path = NBS) -> dict[str, str]:
    """Return the name of the page of each notebook and guide, by its path inside nbs/."""
    names = {}
    for path in sorted(folder.glob("*.ipynb")):
        names[path.name] = re.sub(r"^\d+[a-zA-Z0-9]*_", "", path.stem) + ".html"
    for path in sorted(folder.rglob("*.qmd")):
        inside = path.relative_to(folder)
        names[inside.as_posix()] = inside.with_suffix(".html").as_posix()
    return names


# --- cells that nbdev can process


def split_imports(source: str) -> list[str]:
    """Split a cell into its imports and the rest, if it has both.

    To document a notebook, nbdev runs every cell that imports something, and no other cell. A cell
    that also uses variables of earlier cells would fail.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return [source]
    imports = [node for node in ast.walk(tree) if isinstance(node, IMPORTS)]
    only_imports = all(isinstance(node, IMPORTS) for node in tree.body)
    if EXPORTED.search(source) or not imports or only_imports:
        return [source]
    lines: list[str | None] = list(source.split("\n"))
    for node in imports:
        lines[node.lineno - 1 : node.end_lineno] = [None] * (node.end_lineno - node.lineno + 1)
    rest = "\n".join(line for line in lines if line is not None)
    try:
        ast.parse(rest)
    except SyntaxError:
        return [source]
    options = [line for line in source.split("\n") if re.match(r"\s*#\s*\|", line)]
    return ["\n".join(options + [ast.unparse(node) for node in imports]), rest]


def split_title(cells: Iterable[dict]) -> Iterator[dict]:
    """Yield the cells with title and description alone in the first cell.

    nbdev turns that cell into front matter and drops everything else in it.
    """
    cells = list(cells)
    first = next((cell for cell in cells if cell["cell_type"] == "markdown"), None)
    text = "".join(first["source"]) if first else ""
    found = TITLE_CELL.match(text)
    for cell in cells:
        if cell is first and found and text[found.end() :].strip():
            yield {**cell, "source": found[0].strip()}
            yield {**cell, "id": "introduction", "source": text[found.end() :].strip()}
        else:
            yield cell


def staged_cells(cells: Iterable[dict]) -> Iterator[dict]:
    """Yield the cells with the title and the imports in cells of their own."""
    for number, cell in enumerate(split_title(cells)):
        if cell["cell_type"] != "code":
            yield cell
            continue
        parts = split_imports("".join(cell["source"]))
        if len(parts) == 1:
            yield cell
            continue
        imports = copy.deepcopy(cell)
        imports |= {"id": f"imports-{number}", "source": parts[0], "outputs": []}
        imports["execution_count"] = None
        yield imports
        yield {**cell, "source": parts[1]}


def link_to_repository(text: str, folder: Path = NBS) -> str:
    """Return Markdown whose links to files that are no pages lead to the repository."""

    def replace(found: re.Match) -> str:
        path = normpath((folder / found[1]).relative_to(ROOT).as_posix())
        if path.startswith(("nbs/", "..")) or found[1].endswith(STATIC_PAGE):
            return found[0]
        own = settings()
        return f"]({own['git_url']}/blob/{own['branch']}/{path}{found[2] or ''})"

    return re.sub(r"\]\((\.\./[^)#\s]+)(#[^)\s]*)?\)", replace, text)


def write_sources(folder: Path = SOURCES) -> Path:
    """Copy nbs/ into a folder, with notebooks that nbdev can process."""
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns(".*", "_quarto.yml", "nbdev.yml", "sidebar.yml")
    shutil.copytree(NBS, folder, ignore=ignored)
    for path in folder.glob("*.ipynb"):
        book = json.loads(path.read_text(encoding="utf-8"))
        book["cells"] = list(staged_cells(book["cells"]))
        for cell in book["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = link_to_repository("".join(cell["source"]))
        path.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8")
    for path in folder.rglob("*.qmd"):
        text = path.read_text(encoding="utf-8")
        own_folder = NBS / path.parent.relative_to(folder)
        text = NOT_RUN.sub(lambda found: f"    # {found[1]}" if found[1] else "", text)
        text = alt_for_pictures(link_to_repository(text, own_folder))
        path.write_text(text, encoding="utf-8")
    return folder


# --- nbdev's processing


def public_names(book: dict) -> set[str]:
    """Return the public functions and classes that a notebook exports."""
    names = set()
    for cell in book["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and PUBLIC.search(source):
            for node in ast.parse(source).body:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    names.add(node.name)
    return {name for name in names if not name.startswith("_")}


def output_markdown(cell: dict) -> str:
    """Return the Markdown that a cell of show_doc printed."""
    outputs = cell.get("outputs", [])
    return "".join("".join(output.get("data", {}).get("text/markdown", "")) for output in outputs)


def is_documented(cell: dict, name: str) -> bool:
    """Return whether show_doc said something about a name."""
    said = output_markdown(cell)
    return bool(re.search(rf"^### {name}\b", said, re.M)) and f"{name}(" in said


def plain_signature(text: str) -> str:
    """Return the Markdown of show_doc without the internal names that nbdev leaves in it."""
    text = re.sub(r"\b__main__\.", "", text)
    text = re.sub(r"=\s*<factory>", "=…", text)
    text = re.sub(r"^def (?=[A-Z])", "class ", text, flags=re.M)
    return text.replace("*Call self as a function.*", "")


def reference_pages() -> Iterator[tuple[dict, list[dict]]]:
    """Yield each page of the reference in _quarto.yml, with its objects: name and members."""
    for section in site_config()["quartodoc"]["sections"]:
        for page in section["contents"]:
            items = [{"name": i} if isinstance(i, str) else i for i in page["contents"]]
            yield page, items


@cache
def reference_anchors() -> dict[str, str]:
    """Return the page and anchor of each name of the reference, such as `Recommender.fit`."""
    config = site_config()["quartodoc"]
    anchors = {}
    for page, items in reference_pages():
        for item in items:
            short = item["name"].rpartition(".")[2]
            target = f"{config['dir']}/{page['path']}.qmd#{config['package']}.{item['name']}"
            anchors[short] = target
            for member in item.get("members", []):
                anchors[f"{short}.{member}"] = f"{target}.{member}"
    return anchors


def link_to_reference(text: str) -> str:
    """Return Markdown whose links by nbdev lead to the reference.

    nbdev links every name in code to a notebook, also words such as `duration` that are meant as
    columns, and names without an anchor. A name of the reference keeps its link; a simple word
    must be written as a call, such as `clean()`.
    """
    base = settings()["doc_host"] + settings()["doc_baseurl"]

    def replace(found: re.Match) -> str:
        name = found[1].removesuffix("()")
        is_word = name == found[1] and re.fullmatch(r"[a-z]+", name)
        target = None if is_word else reference_anchors().get(name)
        return f"[`{found[1]}`]({target})" if target else f"`{found[1]}`"

    pattern = rf"\[`([^`\]]+)`\]\({re.escape(base)}/[^)\s#]*\.html#[^)\s]*\)"
    return re.sub(pattern, replace, text)


def raw_html(text: str) -> str:
    """Return an HTML output as raw HTML inside Markdown, without the styles that pandas adds.

    For a notebook with an HTML output Quarto loads require.js and jQuery from another host.
    """
    text = re.sub(r"<style scoped>.*?</style>\s*", "", text, flags=re.S)
    text = re.sub(r' border="1"| style="text-align: right;"', "", text)
    text = text.replace("<th></th>", "<td></td>")
    if "<table" in text:
        text = f'<div class="table-scroll">{text}</div>'
    return f"```{{=html}}\n{text.strip()}\n```"


def alt_for_pictures(text: str) -> str:
    """Return Markdown whose pictures have their caption as alternative text too.

    Quarto makes a figure of a picture that stands alone, and leaves its alternative text empty.
    """

    def replace(found: re.Match) -> str:
        alt = found[1].replace('"', "'")
        return f'{found[0]}{{fig-alt="{alt}"}}'

    return re.sub(r"^!\[([^\]]+)\]\([^)\s]+\)(?=\s*$)", replace, text, flags=re.M)


def code_below_options(source: str) -> str:
    """Return the source of a cell without its Quarto options."""
    return "\n".join(line for line in source.splitlines() if not line.startswith("#|"))


def put_code_first(code: str, cell: dict) -> None:
    """Put code into a cell, below its Quarto options and before its own code."""
    lines = "".join(cell["source"]).splitlines()
    n_options = sum(line.startswith("#|") for line in lines)
    cell["source"] = "\n".join([*lines[:n_options], code, "", *lines[n_options:]])


def join_imports(cells: list[dict]) -> list[dict]:
    """Return processed cells with the imports of a cell in the cell again."""
    joined: list[dict] = []
    imports = ""
    for cell in cells:
        if cell["cell_type"] == "code" and str(cell.get("id", "")).startswith("imports-"):
            imports = code_below_options("".join(cell["source"]))
            continue
        if imports and cell["cell_type"] == "code":
            put_code_first(imports, cell)
        imports = ""
        joined.append(cell)
    return joined


def is_folded(cell: dict) -> bool:
    """Return whether the code of a cell is folded."""
    return cell["cell_type"] == "code" and "#| code-fold: true" in "".join(cell["source"])


def join_folds(cells: list[dict]) -> list[dict]:
    """Return cells with folded code that follows folded code in one cell, if it shows nothing."""
    joined: list[dict] = []
    for cell in cells:
        before = joined[-1] if joined else None
        if before and is_folded(before) and is_folded(cell) and not before.get("outputs"):
            put_code_first(code_below_options("".join(before["source"])) + "\n", cell)
            joined.pop()
        joined.append(cell)
    return joined


def spread_alternatives(source: str, outputs: list[dict]) -> str:
    """Return the source of a cell with one alternative text for each output.

    The notebooks have one for each picture. Quarto counts all outputs.
    """
    found = re.search(r"^#\| fig-alt: (\[.*\])$", source, re.M)
    if not found:
        return source
    texts = json.loads(found[1])
    spread = []
    for output in outputs:
        has_picture = "image/png" in output.get("data", {})
        spread.append(texts.pop(0) if has_picture and texts else "")
    return source.replace(found[1], json.dumps(spread, ensure_ascii=False))


def finish_output(output: dict) -> None:
    """Change an output so that its page loads nothing, and shows no internal names of nbdev."""
    data = output.get("data", {})
    if "text/markdown" in data:
        said = plain_signature("".join(data["text/markdown"]))
        data["text/markdown"] = link_to_reference(said)
    elif "text/html" in data:
        data["text/markdown"] = raw_html("".join(data["text/html"]))
    for kind in list(data):
        if kind not in ("text/markdown", "image/png", "image/svg+xml", "text/plain"):
            del data[kind]


def process_notebook(path: Path, to: Path) -> list[str]:
    """Write a notebook as nbdev passes it to Quarto; return what is wrong with it."""
    os.environ["IN_TEST"] = "1"
    os.chdir(ROOT)
    from execnb.nbio import read_nb, write_nb
    from nbdev.processors import FilterDefaults

    wanted = public_names(json.loads(path.read_text(encoding="utf-8")))
    book = read_nb(path)
    try:
        FilterDefaults()(book)
    except Exception as error:
        return [f"{path.name}: nbdev cannot process it: {error}: {error.__cause__!r}"]
    shown = {}
    for cell in book.cells:
        found = re.search(r"^show_doc\((\w+)\)", cell.source, re.M)
        if cell.cell_type == "code" and found:
            shown[found[1]] = cell
        if cell.cell_type == "markdown":
            cell.source = alt_for_pictures(link_to_reference(cell.source))
        for output in cell.get("outputs", []):
            finish_output(output)
            if path.name == "index.ipynb" and "text" in output:
                output["text"] = wrap_lines("".join(output["text"]), HOME_WIDTH) + "\n"
        cell.source = spread_alternatives(cell.source, cell.get("outputs", []))
    wrong = [f"{path.name}: {name} is exported and has no show_doc" for name in wanted - set(shown)]
    for name in wanted & set(shown):
        if not is_documented(shown[name], name):
            wrong.append(f"{path.name}: show_doc({name}) shows nothing")
    front_matter = dict(book.frontmatter_)
    for key in ("title", "description"):
        if not str(front_matter.get(key, "")).strip():
            wrong.append(f"{path.name}: no {key} in its first cell")
    book.cells = join_folds(join_imports(book.cells))
    to.parent.mkdir(parents=True, exist_ok=True)
    write_nb(book, to)
    return sorted(wrong)


def write_static_page(folder: Path) -> list[str]:
    """Write the page without a server into a folder; return what is wrong with it."""
    from mediarec.apps.static_page import write_page

    size = write_page(folder / STATIC_PAGE, home_url="index.html")
    if size > 2_000_000:
        return [f"{STATIC_PAGE} has {size:,} bytes, more than 2 MB"]
    return []


def process_notebooks(sources: Path, project: Path, n_workers: int = 2) -> list[str]:
    """Process all notebooks into a project, and write the static page; return what is wrong.

    Without workers everything is done in this process.
    """
    jobs = sorted(sources.glob("*.ipynb"), key=lambda path: -path.stat().st_size)
    targets = [project / path.name for path in jobs]
    if n_workers == 0:
        wrong = write_static_page(project)
        found = list(map(process_notebook, jobs, targets))
    else:
        with ProcessPoolExecutor(n_workers, mp_context=get_context("spawn")) as pool:
            static_page = pool.submit(write_static_page, project)  # takes longer than a notebook
            found = list(pool.map(process_notebook, jobs, targets))
            wrong = static_page.result()
    return wrong + [text for errors in found for text in errors]


def write_project(project: Path = PROJECT, n_workers: int = 2) -> list[str]:
    """Write the Quarto project of the site; return what is wrong with its sources."""
    from docs_reference import write_command_line, write_reference

    sources = write_sources()
    names = list(page_names(sources).values())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return [f"two pages have the name {name}" for name in twice]
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(sources, project, ignore=shutil.ignore_patterns("*.ipynb"))
    shutil.copyfile(ROOT / "_quarto.yml", project / "_quarto.yml")
    wrong = process_notebooks(sources, project, n_workers)
    wrong += write_reference(project)
    write_command_line(project)
    return wrong
