"""Write the pages of the site as plain HTML, by pandoc and without Quarto.

Quarto too converts a notebook to Markdown and gives it to pandoc. So these pages have the same
anchors, the same highlighted code and the same classes of cells as the site. They lack its search
and its menus.
"""

import html
import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote

import yaml
from docs_stage import NBS, PROJECT, ROOT, STATIC_PAGE, page_names, site_config

PLAIN = ROOT / "build" / "site"
THEMES = ("light", "dark")
OPTION = re.compile(r"^#\|[ \t]?(.*)\n?", re.M)
FRONT_MATTER = re.compile(r"---\n(.*?)\n---[ \t]*(?:\n|$)", re.S)


# --- notebooks as Markdown


def cell_options(source: str) -> tuple[dict, str]:
    """Return the Quarto options of a code cell, and its source without them."""
    lines = OPTION.findall(source)
    options = yaml.safe_load("\n".join(lines)) if lines else {}
    return options if isinstance(options, dict) else {}, OPTION.sub("", source)


def fenced(text: str, attributes: str) -> str:
    """Return a block of code with a fence that is longer than all fences in it."""
    longest = max([2, *(len(fence) for fence in re.findall(r"`{3,}", text))])
    fence = "`" * (longest + 1)
    return f"{fence} {attributes}\n{text.rstrip()}\n{fence}"


def joined(text: str | list[str]) -> str:
    """Return lines, as nbformat stores them, as one text."""
    return text if isinstance(text, str) else "".join(text)


def output_block(output: dict, alt: str) -> str:
    """Return an output of a cell as Markdown."""
    if output["output_type"] == "stream":
        shown = fenced(joined(output["text"]), "{.text}")
        return f"::: {{.cell-output .cell-output-stdout}}\n{shown}\n:::"
    data = output.get("data", {})
    if "text/markdown" in data:
        shown = joined(data["text/markdown"])
    elif "image/png" in data:
        source = "data:image/png;base64," + joined(data["image/png"]).replace("\n", "")
        picture = f'<img src="{source}" alt="{html.escape(alt)}">'
        shown = f"```{{=html}}\n<p>{picture}</p>\n```"
    elif "text/plain" in data:
        shown = fenced(joined(data["text/plain"]), "{.text}")
    else:
        return ""
    return f"::: {{.cell-output .cell-output-display}}\n{shown}\n:::"


def cell_block(cell: dict) -> str:
    """Return a cell as Markdown, with the options that Quarto knows."""
    source = joined(cell["source"])
    if cell["cell_type"] == "markdown":
        return source
    if cell["cell_type"] == "raw":
        return ""
    options, code = cell_options(source)
    parts = []
    if options.get("echo", True) and code.strip():
        block = fenced(code, "{.python .cell-code}")
        if options.get("code-fold"):
            summary = html.escape(options.get("code-summary", "Code"))
            opening = f"```{{=html}}\n<details class='code-fold'><summary>{summary}</summary>\n```"
            block = f"{opening}\n\n{block}\n\n```{{=html}}\n</details>\n```"
        parts.append(block)
    alt = options.get("fig-alt", "")
    if options.get("output", True) is not False:
        for number, output in enumerate(cell.get("outputs", [])):
            own_alt = alt if isinstance(alt, str) else alt[number]
            parts.append(output_block(output, own_alt))
    if options.get("output") == "asis":
        return "\n\n".join(re.sub(r"^:::.*$", "", part, flags=re.M) for part in parts)
    return "::: {.cell}\n\n" + "\n\n".join(filter(None, parts)) + "\n\n:::"


def split_front_matter(text: str) -> tuple[dict, str]:
    """Return the YAML at the head of a page, and what follows it."""
    found = FRONT_MATTER.match(text.lstrip())
    if not found:
        return {}, text
    return yaml.safe_load(found[1]) or {}, text.lstrip()[found.end() :]


def read_source(path: Path) -> tuple[dict, str]:
    """Return the front matter and the Markdown of a notebook or a guide of the project."""
    if path.suffix == ".qmd":
        return split_front_matter(path.read_text(encoding="utf-8"))
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    about = {}
    for cell in cells:
        if cell["cell_type"] == "raw" and not about:
            about, _ = split_front_matter(joined(cell["source"]))
    return about, "\n\n".join(map(cell_block, cells))


# --- pages


def to_html(markdown: str) -> str:
    """Return Markdown as HTML, with pandoc's anchors and highlighting."""
    import pypandoc

    options = ["--mathml", "--wrap=none", "--syntax-highlighting=pygments"]
    return pypandoc.convert_text(markdown, "html5", "markdown-smart", extra_args=options)


def link_pages(body: str, names: dict[str, str], folder: str = "") -> str:
    """Return HTML whose links to notebooks and guides lead to their pages."""

    def replace(found: re.Match) -> str:
        target = normpath(f"{folder}/{unquote(found[1])}".lstrip("/"))
        if target not in names:
            return found[0]
        return f'href="{os.path.relpath(names[target], folder or ".")}{found[2] or ""}"'

    return re.sub(r'href="([^":#]+)(#[^"]*)?"', replace, body)


def theme_colors(theme: str) -> dict[str, str]:
    """Return the variables of a theme by their names."""
    text = (NBS / f"theme-{theme}.scss").read_text(encoding="utf-8")
    colors = dict(re.findall(r"^\$([\w-]+):\s*(.+?);", text, re.M))
    return {
        name: colors[value[1:]] if value.startswith("$") else value
        for name, value in colors.items()
    }


def theme_rules(theme: str) -> str:
    """Return the rules of a theme as CSS, with the values of its variables."""
    texts = [
        (NBS / f"theme-{name}.scss").read_text(encoding="utf-8").partition("scss:rules --*/")[2]
        for name in ("rules", theme)
    ]
    colors = theme_colors(theme)
    return re.sub(r"\$([\w-]+)", lambda found: colors.get(found[1], found[0]), "\n".join(texts))


@cache
def page_style() -> str:
    """Return the style of the plain pages: the site's themes, and a simple layout."""
    layout = (ROOT / "tests" / "plain_page.css").read_text(encoding="utf-8")
    parts = [":root { color-scheme: light dark; }"]
    for theme in THEMES:
        colors = theme_colors(theme)
        variables = "".join(f"--{name}: {value}; " for name, value in colors.items())
        inside = f":root {{ {variables}}}\n{theme_rules(theme)}"
        parts.append(f"@media (prefers-color-scheme: {theme}) {{\n{inside}\n}}")
    return "\n".join([*parts, layout])


def sidebar_items(contents: list) -> list[dict]:
    """Return the entries of a sidebar, without its sections."""
    items = []
    for item in contents:
        items += sidebar_items(item["contents"]) if "contents" in item else [item]
    return items


def sidebar_of(source: str, about: dict) -> dict | None:
    """Return the sidebar of a page, as Quarto finds it."""
    sidebars = site_config()["website"]["sidebar"]
    for sidebar in sidebars:
        if sidebar["id"] == about.get("sidebar"):
            return sidebar
    for sidebar in sidebars:
        if source in [item["href"] for item in sidebar_items(sidebar["contents"])]:
            return sidebar
    return None


def render_page(source: str, about: dict, body: str, names: dict[str, str]) -> str:
    """Return a whole page: the bar, the sidebar, the text."""
    site = site_config()["website"]
    page = names[source]
    depth = "../" * page.count("/")
    sidebar = sidebar_of(source, about)
    beside = sidebar_items(sidebar["contents"]) if sidebar else []

    def link(item: dict, current: str | None) -> str:
        """Return a link to a page or to another site."""
        href = item["href"]
        target = href if ":" in href else depth + names.get(href, href)
        marked = f' aria-current="{current}"' if current else ""
        text = html.escape(item.get("text") or item["aria-label"])
        return f'<a href="{target}"{marked}>{text}</a>'

    hrefs = [item["href"] for item in beside]
    bar = [link({"text": site["title"], "href": "index.ipynb"}, None)]
    for item in [*site["navbar"]["left"], *site["navbar"]["right"]]:
        bar.append(link(item, "true" if item["href"] in hrefs else None))
    entries = []
    for item in beside:
        entries.append(f"<li>{link(item, 'page' if item['href'] == source else None)}</li>")
    aside = ""
    if sidebar:
        label = html.escape(sidebar["title"])
        aside = f'<nav class="side" aria-label="{label}"><ul>{"".join(entries)}</ul></nav>'
    title = html.escape(str(about.get("title", "")))
    lead = html.escape(str(about.get("description", "")))
    script = (NBS / "page-fixes.html").read_text(encoding="utf-8")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{title}</title>\n<meta name="description" content="{lead}">\n'
        f'<link rel="icon" href="{depth}{site["favicon"]}">\n<style>\n{page_style()}\n</style>\n'
        f'</head>\n<body>\n<header><nav aria-label="Sections">{"".join(bar)}</nav></header>\n'
        f'<div class="all">{aside}\n<main>\n<h1>{title}</h1>\n<p class="lead">{lead}</p>\n'
        f"{body}\n</main>\n</div>\n{script}\n</body>\n</html>\n"
    )


def write_page(source: str, names: dict[str, str], project: Path, site: Path) -> list[str]:
    """Write one page; return what is wrong with its source."""
    about, markdown = read_source(project / source)
    missing = [key for key in ("title", "description") if not str(about.get(key, "")).strip()]
    folder = names[source].rpartition("/")[0]
    body = link_pages(to_html(markdown), names, folder)
    target = site / names[source]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(render_page(source, about, body, names), encoding="utf-8")
    return [f"{source}: no {key} in its front matter" for key in missing]


def write_site(project: Path = PROJECT, site: Path = PLAIN, n_threads: int = 2) -> list[str]:
    """Write all pages of a project as plain HTML; return what is wrong with their sources."""
    names = page_names(project)
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    shutil.copytree(project / "images", site / "images")
    if (project / STATIC_PAGE).exists():
        shutil.copyfile(project / STATIC_PAGE, site / STATIC_PAGE)
    with ThreadPoolExecutor(n_threads) as pool:
        found = pool.map(lambda source: write_page(source, names, project, site), names)
        return [wrong for errors in found for wrong in errors]
