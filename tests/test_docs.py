"""Checks of the site: links, sidebar, plain pages and workflows are tested on small sites."""

import json
import os
import re
import subprocess
import sys

import docs
import pytest
import yaml


def site(folder, **pages):
    """A folder of pages, each with a body."""
    for name, body in pages.items():
        (folder / f"{name}.html").write_text(
            f'<!doctype html><title>{name}</title><h1 id="{name}">{name}</h1>{body}',
            encoding="utf-8",
        )
    return folder


# --- links


def test_whole_links_are_fine(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    here = f"{docs.settings()['doc_host']}{docs.settings()['doc_baseurl']}"
    whole = (
        '<a href="other.html#other">x</a><a href="#first">x</a><img src="a.png">'
        f'<a href="https://example.org/y">x</a><a href="{here}/other.html#other">x</a>'
    )
    assert docs.broken(site(tmp_path, first=whole, other='<a href="first.html">back</a>')) == []


@pytest.mark.parametrize(
    "link, said",
    [
        ('<a href="gone.html">x</a>', "gone.html is missing"),
        ('<img src="images/gone.png">', "img images/gone.png is missing"),
        ('<a href="other.html#gone">x</a>', "names no anchor of other.html"),
        ('<a href="#gone">x</a>', "names no anchor of first.html"),
        ('<a href="file:///etc/hosts">x</a>', "file:///etc/hosts"),
        ('<a href="http://example.org">x</a>', "http://example.org"),
        ('<a href="HERE/gone.html">x</a>', "gone.html is missing"),
        ('<a href="REPO/blob/main/gone.md#x">x</a>', "is no file of the repository"),
    ],
)
def test_broken_links_are_found(tmp_path, link, said):
    link = link.replace(
        "HERE", f"{docs.settings()['doc_host']}{docs.settings()['doc_baseurl']}"
    ).replace("REPO", docs.settings()["git_url"])
    found = docs.broken(site(tmp_path, first=link, other=""))
    assert len(found) == 1 and found[0].startswith("first.html: ") and said in found[0]


def test_links_are_seen_from_their_folder(tmp_path):
    (tmp_path / "guides").mkdir()
    site(tmp_path, home='<a href="guides/one.html">x</a>')
    site(tmp_path / "guides", one='<a href="../home.html">x</a><a href="home.html">x</a>')
    assert docs.broken(tmp_path) == ["guides/one.html: a home.html is missing"]


def test_sources_lead_to_pages_and_files_to_the_repository():
    names = {
        "14_data.catalog.ipynb": "catalog.html",
        "guides/quick-start.qmd": "guides/quick-start.html",
    }
    assert docs.relinked('<a href="14_data.catalog.ipynb#x">', names) == '<a href="catalog.html#x">'
    assert (
        docs.relinked(
            '<a href="../14_data.catalog.ipynb"><a href="quick-start.qmd">', names, "guides"
        )
        == '<a href="../catalog.html"><a href="quick-start.html">'
    )
    out = docs.outward(
        "[a](../data/README.md#b), [c](14_data.catalog.ipynb), [d](https://example.org)"
    )
    repository = f"{docs.settings()['git_url']}/blob/main"
    assert out == (
        f"[a]({repository}/data/README.md#b), [c](14_data.catalog.ipynb), [d](https://example.org)"
    )


# --- paths of a machine


@pytest.mark.parametrize(
    "text",
    [
        "/home/ann/x.csv",
        "in /tmp/tmpab12/model",
        "/root/.cache",
        "/Users/ann/Desktop",
        r"C:\Users\ann",
        r"C:\\Users\\ann",
        str(docs.HERE),
    ],
)
def test_paths_of_a_machine_are_found(tmp_path, text):
    (tmp_path / "a.html").write_text(f"<p>read from {text}")
    assert len(docs.leaking([tmp_path / "a.html"])) == 1


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/home/ann",
        "WORKDIR /home/mediarec",
        "pip install /tmp/mediarec-*.whl",
        "/home/",
        "model/tmp/x",
        '<img src="data:image/png;base64,AA/tmp/abc/home/me">',
    ],
)
def test_other_paths_are_no_leak(tmp_path, text):
    (tmp_path / "a.html").write_text(text)
    assert docs.leaking([tmp_path / "a.html"]) == []


# --- the sidebar, and the head of a page

BAR = {
    "sidebar": {"contents": [{"section": "Data", "contents": [{"text": "A", "href": "a.ipynb"}]}]},
    "navbar": {"left": [{"text": "A", "href": "a.ipynb"}]},
}


def test_every_page_is_in_the_sidebar_once():
    assert docs.unlisted(BAR, {"a.ipynb": "a.html"}) == []
    assert docs.unlisted(BAR, {"a.ipynb": "a.html", "b.ipynb": "b.html"}) == [
        "_quarto.yml: b.ipynb is not in the sidebar"
    ]
    assert docs.unlisted(BAR, {}) == [
        "_quarto.yml: the bar names a.ipynb, which is not there",
        "_quarto.yml: the sidebar names a.ipynb, which is not there",
    ]
    twice = {"sidebar": {"contents": BAR["sidebar"]["contents"] * 2}}
    foot = {
        **BAR,
        "page-footer": {
            "right": [
                {"href": f"{docs.settings()['git_url']}/blob/main/{name}"}
                for name in ("LICENSE", "gone.md")
            ]
        },
    }
    gone = f"{docs.settings()['git_url']}/blob/main/gone.md"
    assert list(docs.unlisted(foot, {"a.ipynb": "a.html"})) == [
        f"_quarto.yml: the footer names {gone}, which is no file of the repository"
    ]
    assert docs.unlisted(twice, {"a.ipynb": "a.html"}) == [
        "_quarto.yml: a.ipynb is in the sidebar 2 times"
    ]


def test_pages_say_what_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr(docs, "PLAIN", tmp_path)
    (tmp_path / "one.qmd").write_text("---\ntitle: One\n---\nText\n")
    _, about, wrong = docs.plain_page((tmp_path / "one.qmd", tmp_path / "one.html"), {})
    assert about == {"title": "One"} and wrong == ["one.qmd: no description in its front matter"]
    (tmp_path / "one.qmd").write_text(
        "---\ntitle: One\ndescription: The first\n---\n## Two words\n"
    )
    assert docs.plain_page((tmp_path / "one.qmd", tmp_path / "one.html"), {})[2] == []
    assert '<h2 id="two-words">' in (tmp_path / "one.html").read_text()


def test_titles_and_descriptions_of_notebooks():
    """A heading, and a quoted line that says in a sentence what the notebook is for."""
    for path in sorted(docs.NBS.glob("*.ipynb")):
        first = "".join(
            next(
                c
                for c in json.loads(path.read_text(encoding="utf-8"))["cells"]
                if c["cell_type"] == "markdown"
            )["source"]
        )
        assert re.match(r"# \S.*\n+> \S", first), path.name


# --- cells for nbdev


def test_imports_stand_alone():
    assert docs.alone("import os\nfrom a import b") == ["import os\nfrom a import b"]
    assert docs.alone("x = 1") == ["x = 1"]
    assert docs.alone("#| export\nimport os\nx = os.name") == ["#| export\nimport os\nx = os.name"]
    assert docs.alone("#| slow\nimport os\nx = os.name") == [
        "#| slow\nimport os",
        "#| slow\nx = os.name",
    ]


def test_nothing_is_lost_with_the_head_of_a_notebook():
    head, cell = "# One\n\n> What it does.", {"cell_type": "markdown", "id": "a"}
    code = {"cell_type": "code", "source": "x"}
    assert [
        c["source"]
        for c in docs.headed([{**cell, "source": [head, "\n\n", "More of it.\n"]}, code])
    ] == [head, "More of it.", "x"]
    assert list(docs.headed([{**cell, "source": head}, code])) == [{**cell, "source": head}, code]
    assert list(docs.headed([code])) == [code]


def test_anchors_are_pandocs():
    assert [docs.as_id(h) for h in ("Two words", "1. First, then `code_x`", "Of a–b: c", "42")] == [
        "two-words",
        "first-then-code_x",
        "of-ab-c",
        "section",
    ]


# --- the themes


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return sum(
        w * (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4)
        for w, p in zip((0.2126, 0.7152, 0.0722), parts)
    )


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    ("body-color", "body-bg"),
    ("link-color", "body-bg"),
    ("link-color", "footer-bg"),
    ("footer-fg", "footer-bg"),
    ("footer-fg", "body-bg"),
    ("navbar-fg", "navbar-bg"),
    ("navbar-hl", "navbar-bg"),
    ("sidebar-fg", "sidebar-bg"),
    ("sidebar-hl", "sidebar-bg"),
    ("code-color", "code-bg"),
    ("code-color", "body-bg"),
    ("body-color", "code-block-bg"),
    ("link-color", "code-block-bg"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_read(theme):
    assert contrast("#000000", "#ffffff") == 21
    of = docs.colours(theme)
    assert {
        f"{a} on {b}": round(contrast(of[a], of[b]), 2)
        for a, b in PAIRS
        if contrast(of[a], of[b]) < 4.5
    } == {}


# --- Quarto


def built(path):
    return subprocess.run(
        [sys.executable, docs.HERE / "tests" / "docs.py", "build"],
        env={**os.environ, "PATH": str(path)},
        capture_output=True,
        text=True,
    )


def test_without_quarto_it_says_so(tmp_path):
    done = built(tmp_path)
    assert (
        done.returncode == 2
        and "no quarto on the PATH" in done.stderr
        and "1.7" in done.stderr
        and "make docs-check" in done.stderr
        and done.stderr.count("\n") == 1
    )


@pytest.mark.parametrize("version", ["1.4.549", "1.6", "nonsense"])
def test_old_quarto_is_told_apart(tmp_path, version):
    (tmp_path / "quarto").write_text(f"#!/bin/sh\necho {version}\n")
    (tmp_path / "quarto").chmod(0o755)
    done = built(tmp_path)
    assert done.returncode == 2 and "1.7 or newer" in done.stderr and done.stderr.count("\n") == 1


def test_new_quarto_is_taken(tmp_path, monkeypatch):
    for version in ("1.7.0", "1.10.3", "2.0"):
        (tmp_path / "quarto").write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / "quarto").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert docs.needs_quarto() is None, version


def test_theme_files_are_there():
    for files in docs.config()["format"]["html"]["theme"].values():
        assert (docs.NBS / files[1]).is_file()
    assert (docs.NBS / docs.config()["website"]["favicon"]).is_file()
    assert (docs.NBS / "_quarto.yml").read_text(encoding="utf-8") == (
        docs.HERE / "_quarto.yml"
    ).read_text(encoding="utf-8")


# --- workflows

WORKFLOWS = sorted((docs.HERE / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflows_call_what_is_there(path):
    text, makefile = (
        path.read_text(encoding="utf-8"),
        (docs.HERE / "Makefile").read_text(encoding="utf-8"),
    )
    flow = yaml.safe_load(text)
    targets = set(re.findall(r"^([\w-]+):", makefile, re.M)) | {
        f".venv/.{extra}"
        for extra in re.findall(
            r"^(\w+)_requirements", (docs.HERE / "settings.ini").read_text(encoding="utf-8"), re.M
        )
    }
    steps = [s for job in flow["jobs"].values() for s in job["steps"]]
    called = [word for s in steps for word in re.findall(r"\bmake ([\w./-]+)", s.get("run", ""))]
    assert called and not set(called) - targets
    assert (
        flow["permissions"] == {"contents": "read"}
        and "concurrency" in flow
        and "secrets" not in text
    )
    assert all(re.fullmatch(r"[\w-]+/[\w/-]+@v\d+", s["uses"]) for s in steps if "uses" in s)
    assert all(job["timeout-minutes"] <= 60 for job in flow["jobs"].values())


def test_workflows_take_every_python():
    assert [p.name for p in WORKFLOWS] == ["docs.yml", "test.yml"]
    flow = yaml.safe_load(WORKFLOWS[1].read_text(encoding="utf-8"))
    assert flow["jobs"]["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    docs_flow = yaml.safe_load(WORKFLOWS[0].read_text(encoding="utf-8"))
    assert (
        tuple(map(int, docs_flow["jobs"]["build"]["steps"][2]["with"]["version"].split(".")))
        >= docs.QUARTO
    )
    assert docs_flow["jobs"]["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}
