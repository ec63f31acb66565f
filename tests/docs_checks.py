"""Check the pages of the site, whoever wrote them: Quarto, or docs_plain."""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from docs_plain import sidebar_items
from docs_stage import (
    NBS,
    ROOT,
    STATIC_PAGE,
    UNLISTED,
    page_names,
    reference_pages,
    settings,
    site_config,
)

PICTURE_DATA = re.compile(r"(?:data:[\w/+.-]+;base64,|\"image/\w+\": \")[\w+/=\\]+")
# A folder of a person, or a temporary folder. /home/mediarec is the user of a container or a
# service, and /tmp/x-*.whl is a pattern: neither is the path of a machine.
MACHINE_PATH = re.compile(
    r"(?<![\w.~/-])(?:/(?!home/mediarec\b)(?:home|root|tmp|Users|var/folders)/[\w.-]+(?![\w.*-])"
    r"|[A-Z]:\\+Users\\+\w+)"
)
# Internal names that nbdev leaves in a page, and an option whose two dashes became one.
LEFTOVERS = re.compile(r"Call self as a function|__main__\.|<factory>|(?<!\w)–[a-z][\w-]*")
LOADED = {"img": "src", "script": "src", "source": "srcset", "iframe": "src", "link": "href"}
LOADED_LINKS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "shortcut icon"}
STYLE_ADDRESS = re.compile(r"(?:@import\s+(?:url\()?|url\()\s*[\"']?(https?:)?//")


class PageReader(HTMLParser):
    """Read a page: its text, its anchors, its links, and what a browser would load for it."""

    def __init__(self, text: str):
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[tuple[str, str]] = []
        self.loaded: list[str] = []
        self.attributes: list[str] = []
        self.without_alt: list[str] = []
        self.meta: dict[str, str] = {}
        self._words: list[str] = []
        self._hidden = 0
        self.feed(PICTURE_DATA.sub("data:,", text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the attributes of an element."""
        values = {name: value or "" for name, value in attrs}
        self.attributes += [value for value in values.values() if value]
        if "id" in values:
            self.ids.add(values["id"])
        if tag == "a" and "name" in values:
            self.ids.add(values["name"])
        for name in ("href", "src"):
            if tag in ("a", "img", "link", "script", "source", "iframe") and values.get(name):
                self.links.append((tag, values[name]))
        is_loaded = tag != "link" or values.get("rel", "").lower() in LOADED_LINKS
        if tag in LOADED and is_loaded and values.get(LOADED[tag]):
            self.loaded.append(values[LOADED[tag]])
        if tag == "img" and not values.get("alt") and values.get("role") != "presentation":
            self.without_alt.append(values.get("src", "")[:60])
        if tag == "meta":
            self.meta[values.get("name") or values.get("property", "")] = values.get("content", "")
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an element whose content is not shown."""
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        """Note a piece of text."""
        if not self._hidden:
            self._words.append(data)

    @cached_property
    def text(self) -> str:
        """The text of the page, without tags: a highlighted path is one path again."""
        return "".join(self._words)


def read_pages(folder: Path) -> dict[str, PageReader]:
    """Read all pages of a folder, by their paths inside it."""
    pages = {}
    for path in sorted(folder.rglob("*.html")):
        if "site_libs" not in path.parts and path.name != STATIC_PAGE:
            name = path.relative_to(folder).as_posix()
            pages[name] = PageReader(path.read_text(encoding="utf-8", errors="replace"))
    return pages


# --- paths of a machine


def machine_paths(text: str) -> list[str]:
    """Return the paths of a machine in a text: homes, temporary folders, and this checkout."""
    own = [path for path in {str(ROOT), str(Path.home())} if len(path) > 5 and path in text]
    found = {match[0] for match in MACHINE_PATH.finditer(text)}
    return sorted({path for path in found if not any(p.startswith(path) for p in own)} | {*own})


def leaks(pages: dict[str, PageReader], sources: Iterable[Path] = ()) -> Iterator[str]:
    """Yield the pages and the sources that name a path of a machine."""
    for name, page in pages.items():
        found = machine_paths("\n".join([page.text, *page.attributes]))
        if found:
            yield f"{name}: names {found}"
    for path in sources:
        found = machine_paths(PICTURE_DATA.sub("", path.read_text(encoding="utf-8")))
        if found:
            yield f"{path.name}: names {found}"


# --- what a page loads, says and lacks


def foreign_requests(name: str, page: PageReader) -> Iterator[str]:
    """Yield what a page would load from another host."""
    for address in page.loaded:
        if urlsplit(address).netloc:
            yield f"{name}: loads {address[:90]}"


def foreign_styles(folder: Path) -> Iterator[str]:
    """Yield the style sheets, and the styles inside pages, that load from another host."""
    for path in [*sorted(folder.rglob("*.css")), *sorted(folder.rglob("*.html"))]:
        if path.name == STATIC_PAGE:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".html":
            text = "\n".join(re.findall(r"<style[^>]*>(.*?)</style>", text, re.S))
        if STYLE_ADDRESS.search(text):
            yield f"{path.relative_to(folder).as_posix()}: its style loads from another host"


def page_errors(name: str, page: PageReader) -> Iterator[str]:
    """Yield what is wrong with one page."""
    yield from foreign_requests(name, page)
    for left in sorted({*LEFTOVERS.findall(page.text)}):
        yield f"{name}: says {left!r}"
    for source in page.without_alt:
        yield f"{name}: a picture has no alternative text: {source}"
    preview = page.meta.get("og:image")
    if preview is not None and preview != site_config()["image"]:
        yield f"{name}: a link preview would show {preview}"
    if len(page.meta.get("description", "")) < 20:
        yield f"{name}: no description"


# --- links


def is_missing_file(link: str) -> bool:
    """Return whether an address in the repository names a file that this checkout has not."""
    own = settings()
    start = f"{re.escape(own['git_url'])}/(?:blob|tree|raw)/{re.escape(own['branch'])}"
    found = re.match(rf"{start}/([^#?]+)", link)
    return bool(found) and not (ROOT / unquote(found[1])).exists()


def link_error(folder: Path, pages: dict[str, PageReader], at: str, tag: str, link: str) -> str:
    """Return what is wrong with a link of a page, or an empty text."""
    own = settings()
    base = f"{own['doc_host']}{own['doc_baseurl']}/"
    is_own = link.startswith(base)
    if is_missing_file(link):
        return f"{at}: {link[:80]} is no file of the repository"
    target = urlsplit(link[len(base) :] if is_own else link)
    if target.scheme:
        is_local = target.hostname in ("localhost", "127.0.0.1")
        is_known = target.scheme in ("https", "mailto", "data") or is_local
        return "" if is_known else f"{at}: {link[:80]}"
    path = at
    if target.path and (is_own or target.path.startswith("/")):
        inside = unquote(target.path).removeprefix(own["doc_baseurl"]).lstrip("/")
        path = normpath(inside or ".")
    elif target.path:
        path = normpath(f"{Path(at).parent.as_posix()}/{unquote(target.path)}")
    if (folder / path).is_dir():
        path = normpath(path + "/index.html")
    if not (folder / path).is_file():
        return f"{at}: {tag} {link[:80]} is missing"
    anchor = unquote(target.fragment)
    if anchor and tag == "a" and path in pages and anchor not in pages[path].ids:
        return f"{at}: {link[:80]} names no anchor of {path}"
    return ""


def broken_links(folder: Path, pages: dict[str, PageReader]) -> list[str]:
    """Return the broken links of all pages: missing files and anchors, unknown schemes."""
    wrong = set()
    for name, page in pages.items():
        for tag, link in page.links:
            wrong.add(link_error(folder, pages, name, tag, link))
    return sorted(wrong - {""})


# --- navigation


def navigation_errors(website: dict | None = None, there: dict | None = None) -> list[str]:
    """Return pages without a place in a sidebar, and entries without a page."""
    website = site_config()["website"] if website is None else website
    if there is None:
        pages = [page["path"] for page, _ in reference_pages()]
        made = [f"reference/{name}.qmd" for name in ("index", "command-line", *pages)]
        there = page_names() | dict.fromkeys(made, "")
    listed = []
    for sidebar in website["sidebar"]:
        listed += [item["href"] for item in sidebar_items(sidebar["contents"])]
    bar = [*website["navbar"]["left"], *website["navbar"].get("right", [])]
    inner = [item["href"] for item in bar if "://" not in item["href"]]
    foot = [item["href"] for item in website.get("page-footer", {}).get("right", [])]
    wrong = [
        f"_quarto.yml: {name} is in no sidebar"
        for name in there
        if name not in listed and name not in UNLISTED
    ]
    wrong += [
        f"_quarto.yml: the bar or a sidebar names {name}, which is not there"
        for name in dict.fromkeys([*inner, *listed])
        if name not in there and name != STATIC_PAGE
    ]
    wrong += [
        f"_quarto.yml: the footer names {link}, which is no file of the repository"
        for link in foot
        if is_missing_file(link)
    ]
    for sidebar in website["sidebar"]:
        names = [item["href"] for item in sidebar_items(sidebar["contents"])]
        wrong += [
            f"_quarto.yml: {name} is in the sidebar {sidebar['id']} twice"
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
        if not {*names} & {*inner}:
            wrong.append(f"_quarto.yml: no entry of the sidebar {sidebar['id']} is in the bar")
    return wrong


def social_errors(website: dict | None = None) -> list[str]:
    """Return what link previews of the site lack."""
    website = site_config()["website"] if website is None else website
    wrong = [
        f"_quarto.yml: website has no {key}"
        for key in ("site-url", "description", "favicon", "image", "open-graph", "twitter-card")
        if not website.get(key)
    ]
    for key in ("favicon", "image"):
        if website.get(key) and not (NBS / website[key]).is_file():
            wrong.append(f"_quarto.yml: {website[key]} is not there")
    if site_config()["image"] != f"{website.get('site-url')}/{website.get('image')}":
        wrong.append("_quarto.yml: image is not the picture of the website, with its address")
    return wrong


def check_pages(folder: Path) -> list[str]:
    """Return what is wrong with the pages of a folder."""
    pages = read_pages(folder)
    sources = [*NBS.glob("*.ipynb"), *NBS.rglob("*.qmd")]
    wrong = navigation_errors() + social_errors() + broken_links(folder, pages)
    wrong += leaks(pages, sources)
    wrong += foreign_styles(folder)
    for name, page in pages.items():
        wrong += page_errors(name, page)
    return wrong
