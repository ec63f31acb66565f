"""Checks of the site: pages, links, navigation, reference, themes and workflows on small sites."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import docs
import docs_checks
import docs_plain
import docs_reference
import docs_stage
import pytest
import yaml
from docs_checks import PageReader

HOST = docs_stage.settings()["doc_host"] + docs_stage.settings()["doc_baseurl"]
REPOSITORY = f"{docs_stage.settings()['git_url']}/blob/main"


def write_pages(folder: Path, **bodies: str) -> Path:
    """Write pages with a body each; return their folder."""
    for name, body in bodies.items():
        page = f'<!doctype html><title>{name}</title><h1 id="{name}">{name}</h1>{body}'
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


def broken_links(folder: Path) -> list[str]:
    """Return the broken links of the pages of a folder."""
    return docs_checks.broken_links(folder, docs_checks.read_pages(folder))


# --- links


def test_whole_links_are_fine(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    first = (
        '<a href="other.html#other">x</a><a href="#first">x</a><img src="a.png">'
        f'<a href="https://example.org/y">x</a><a href="{HOST}/other.html#other">x</a>'
        '<a href="/mediarec/other.html">x</a>'
    )
    other = '<a href="first.html">back</a>'
    assert broken_links(write_pages(tmp_path, first=first, other=other)) == []


@pytest.mark.parametrize(
    "link, said",
    [
        ('<a href="gone.html">x</a>', "gone.html is missing"),
        ('<img src="images/gone.png">', "img images/gone.png is missing"),
        ('<a href="other.html#gone">x</a>', "names no anchor of other.html"),
        ('<a href="#gone">x</a>', "names no anchor of first.html"),
        ('<a href="file:///etc/hosts">x</a>', "file:///etc/hosts"),
        ('<a href="http://example.org">x</a>', "http://example.org"),
        (f'<a href="{HOST}/gone.html">x</a>', "gone.html is missing"),
        (f'<a href="{REPOSITORY}/gone.md#x">x</a>', "is no file of the repository"),
    ],
)
def test_broken_links_are_found(tmp_path, link, said):
    found = broken_links(write_pages(tmp_path, first=link, other=""))
    assert len(found) == 1
    assert found[0].startswith("first.html: ")
    assert said in found[0]


def test_links_are_seen_from_their_folder(tmp_path):
    (tmp_path / "guides").mkdir()
    write_pages(tmp_path, home='<a href="guides/one.html">x</a>')
    links = '<a href="../home.html">x</a><a href="home.html">x</a>'
    write_pages(tmp_path / "guides", one=links)
    assert broken_links(tmp_path) == ["guides/one.html: a home.html is missing"]


def test_sources_lead_to_pages_and_files_to_the_repository():
    names = {
        "14_data.catalog.ipynb": "data.catalog.html",
        "guides/quick-start.qmd": "guides/quick-start.html",
    }
    link = '<a href="14_data.catalog.ipynb#x">'
    assert docs_plain.link_pages(link, names) == '<a href="data.catalog.html#x">'
    links = '<a href="../14_data.catalog.ipynb"><a href="quick-start.qmd">'
    expected = '<a href="../data.catalog.html"><a href="quick-start.html">'
    assert docs_plain.link_pages(links, names, "guides") == expected
    text = "[a](../data/README.md#b), [c](14_data.catalog.ipynb), [d](https://example.org)"
    expected = f"[a]({REPOSITORY}/data/README.md#b), [c](14_data.catalog.ipynb)"
    assert docs_stage.link_to_repository(text) == f"{expected}, [d](https://example.org)"
    inside = docs_stage.NBS / "guides"
    assert docs_stage.link_to_repository("[t](../try-it.html)", inside) == "[t](../try-it.html)"


def test_names_of_the_reference_are_linked_and_columns_are_not():
    page = f"{HOST}/recommend.recommender.html"
    text = f"[`Recommender.fit`]({page}#recommender.fit), [`duration`]({HOST}/nfo.html#duration)"
    target = "reference/recommender.qmd#mediarec.recommend.recommender.Recommender.fit"
    assert docs_stage.link_to_reference(text) == f"[`Recommender.fit`]({target}), `duration`"
    call = docs_stage.link_to_reference(f"[`clean()`]({HOST}/data.clean.html#clean)")
    assert call == "[`clean()`](reference/catalogs.qmd#mediarec.data.clean.clean)"
    assert docs_stage.link_to_reference(f"[`clean`]({HOST}/data.clean.html#clean)") == "`clean`"


# --- paths of a machine


def leaks(markup: str) -> list[str]:
    """Return the leaks of a page."""
    return list(docs_checks.leaks({"a.html": PageReader(markup)}))


@pytest.mark.parametrize(
    "text",
    [
        "/home/ann/x.csv",
        "in /tmp/tmpab12/model",
        "/root/.cache",
        "/Users/ann/Desktop",
        r"C:\Users\ann",
        r"C:\\Users\\ann",
        str(docs_stage.ROOT),
        '<span class="ex">/home/</span><span class="va">ann</span>/x.csv',
        '<a href="/tmp/tmpab12/model">x</a>',
    ],
)
def test_paths_of_a_machine_are_found(text):
    assert len(leaks(f"<p>read from {text}</p>")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/home/ann",
        "WORKDIR /home/mediarec",
        "pip install /tmp/mediarec-*.whl",
        '<span class="ex">pip</span> install /tmp/mediarec-<span class="pp">*</span>.whl',
        "/home/",
        "model/tmp/x",
        '<img src="data:image/png;base64,AA/tmp/abc/home/me">',
    ],
)
def test_other_paths_are_no_leak(text):
    assert leaks(f"<pre>{text}</pre>") == []


# --- what a page loads, says and lacks


def page_errors(body: str) -> list[str]:
    """Return what is wrong with a page that has a description."""
    head = '<meta name="description" content="A page that is only here to be tested.">'
    return list(docs_checks.page_errors("a.html", PageReader(head + body)))


@pytest.mark.parametrize(
    "body, said",
    [
        ('<script src="https://cdn.example.org/x.js"></script>', "loads https://cdn.example.org"),
        ('<link rel="stylesheet" href="//fonts.example.org/x">', "loads //fonts.example.org"),
        ('<img src="https://example.org/a.png" alt="A picture">', "loads https://example.org"),
        ('<img src="a.png">', "no alternative text"),
        ('<img src="a.png" alt="">', "no alternative text"),
        ("<p>Call self as a function.</p>", "Call self as a function"),
        ("<code>__main__.Filters</code>", "__main__."),
        ("<code>form=&lt;factory&gt;</code>", "<factory>"),
        ("<p>mediarec build –catalog x</p>", "–catalog"),
        ('<meta property="og:image" content="guides/card.png">', "a link preview would show"),
    ],
)
def test_faults_of_a_page_are_found(body, said):
    found = page_errors(body)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://example.org">a link is not loaded</a>',
        '<link rel="canonical" href="https://example.org/a.html">',
        '<img src="a.png" alt="A map of all titles">',
        "<p>from 2005 – 2015, the 1990s–2000s</p>",
        "<script>const main = '__main__.x'</script>",
    ],
)
def test_what_is_fine_on_a_page(body):
    assert page_errors(body) == []


def test_pages_need_a_description():
    assert list(docs_checks.page_errors("a.html", PageReader("<p>x"))) == ["a.html: no description"]


def test_styles_load_from_no_other_host(tmp_path):
    (tmp_path / "a.css").write_text("@import url('https://fonts.example.org/x');")
    (tmp_path / "b.css").write_text("a { background: url(data:image/png;base64,AA) }")
    write_pages(tmp_path, c="<style>a { background: url(//example.org/x.png) }</style>")
    found = list(docs_checks.foreign_styles(tmp_path))
    assert [text.partition(":")[0] for text in found] == ["a.css", "c.html"]


# --- navigation and link previews

SITE = {
    "sidebar": [{"id": "data", "contents": [{"section": "Data", "contents": [{"href": "a.qmd"}]}]}],
    "navbar": {"left": [{"text": "A", "href": "a.qmd"}]},
}


def test_every_page_is_in_a_sidebar():
    assert docs_checks.navigation_errors(SITE, {"a.qmd": "", "404.qmd": ""}) == []
    assert docs_checks.navigation_errors(SITE, {"a.qmd": "", "b.qmd": ""}) == [
        "_quarto.yml: b.qmd is in no sidebar"
    ]
    assert docs_checks.navigation_errors(SITE, {}) == [
        "_quarto.yml: the bar or a sidebar names a.qmd, which is not there"
    ]


def test_every_sidebar_has_an_entry_of_the_bar():
    other = {"id": "other", "contents": [{"href": "b.qmd"}, {"href": "b.qmd"}]}
    site = {**SITE, "sidebar": [*SITE["sidebar"], other]}
    assert docs_checks.navigation_errors(site, {"a.qmd": "", "b.qmd": ""}) == [
        "_quarto.yml: b.qmd is in the sidebar other twice",
        "_quarto.yml: no entry of the sidebar other is in the bar",
    ]


def test_files_of_the_footer_are_there():
    links = [{"href": f"{REPOSITORY}/{name}"} for name in ("LICENSE", "gone.md")]
    found = docs_checks.navigation_errors({**SITE, "page-footer": {"right": links}}, {"a.qmd": ""})
    assert found == [
        f"_quarto.yml: the footer names {REPOSITORY}/gone.md, which is no file of the repository"
    ]


def test_link_previews_have_what_they_show():
    assert docs_checks.social_errors() == []
    website = docs_stage.site_config()["website"]
    (missing, _) = docs_checks.social_errors({**website, "image": ""})
    assert missing == "_quarto.yml: website has no image"
    (gone, other) = docs_checks.social_errors({**website, "image": "images/gone.png"})
    assert gone == "_quarto.yml: images/gone.png is not there"
    assert "image is not the picture of the website" in other
    picture = (docs_stage.NBS / website["image"]).read_bytes()
    size = [int.from_bytes(picture[at : at + 4], "big") for at in (16, 20)]
    assert size == [1200, 630]


def test_titles_and_descriptions_of_notebooks():
    """A heading, and a quoted line that says in a sentence what the notebook is for."""
    for path in sorted(docs_stage.NBS.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        first = next(cell for cell in cells if cell["cell_type"] == "markdown")
        assert re.match(r"# \S.*\n+> \S", "".join(first["source"])), path.name


# --- plain pages


def test_pages_say_what_they_are(tmp_path):
    project, site = tmp_path / "project", tmp_path / "site"
    project.mkdir()
    (project / "one.qmd").write_text("---\ntitle: One\n---\nText\n")
    wrong = docs_plain.write_page("one.qmd", {"one.qmd": "one.html"}, project, site)
    assert wrong == ["one.qmd: no description in its front matter"]
    text = "---\ntitle: One\ndescription: The first\n---\n## Two words\n`--catalog` -- x\n"
    (project / "one.qmd").write_text(text)
    assert docs_plain.write_page("one.qmd", {"one.qmd": "one.html"}, project, site) == []
    page = (site / "one.html").read_text(encoding="utf-8")
    assert '<h2 id="two-words">' in page
    assert "–" not in page


def test_cells_have_the_options_of_quarto():
    cell = {
        "cell_type": "code",
        "source": '#| fig-alt: "Two bars"\n#| code-fold: true\n#| code-summary: "Plot"\nplot()',
        "outputs": [{"output_type": "display_data", "data": {"image/png": "AAAA"}}],
    }
    block = docs_plain.cell_block(cell)
    assert '<img src="data:image/png;base64,AAAA" alt="Two bars">' in block
    assert "<summary>Plot</summary>" in block
    assert "plot()" in block
    assert "fig-alt" not in block
    hidden = {"cell_type": "code", "source": "#| echo: false\nplot()", "outputs": []}
    assert "plot()" not in docs_plain.cell_block(hidden)


def test_pictures_have_alternative_texts_where_quarto_looks():
    text = '![A map](map.png)\n\nInside ![a](b.png) a line\n\n![Has one](c.png){fig-alt="x"}\n'
    changed = docs_stage.alt_for_pictures(text)
    assert changed == text.replace("(map.png)", '(map.png){fig-alt="A map"}')
    picture, table = {"data": {"image/png": ""}}, {"data": {"text/markdown": ""}}
    source = '#| fig-alt: ["First", "Second"]\nplot()'
    spread = docs_stage.spread_alternatives(source, [picture, table, picture])
    assert spread == '#| fig-alt: ["First", "", "Second"]\nplot()'
    assert docs_stage.spread_alternatives("plot()", [picture]) == "plot()"


def test_html_outputs_load_nothing():
    """Quarto adds require.js and jQuery of another host for each output of the kind text/html."""
    table = (
        '<div><style scoped>x</style><table border="1" class="dataframe"><th></th></table></div>'
    )
    output = {"data": {"text/html": [table], "text/plain": "x", "application/javascript": "y"}}
    docs_stage.finish_output(output)
    shown = output["data"].pop("text/markdown")
    assert list(output["data"]) == ["text/plain"]
    assert shown.startswith("```{=html}") and "<td></td>" in shown and "scoped" not in shown


# --- cells for nbdev


def test_imports_stand_alone():
    split = docs_stage.split_imports
    assert split("import os\nfrom a import b") == ["import os\nfrom a import b"]
    assert split("x = 1") == ["x = 1"]
    assert split("#| export\nimport os\nx = os.name") == ["#| export\nimport os\nx = os.name"]
    assert split("#| slow\nimport os\nx = os.name") == [
        "#| slow\nimport os",
        "#| slow\nx = os.name",
    ]


def test_imports_are_shown_in_their_cell():
    source = "#| code-fold: true\nimport os\nx = os.name"
    book = [{"cell_type": "code", "id": "a", "source": source, "outputs": ["out"]}]
    staged = list(docs_stage.staged_cells(book))
    assert len(staged) == 2
    (cell,) = docs_stage.join_imports(staged)
    assert cell["source"] == "#| code-fold: true\nimport os\n\nx = os.name"
    assert cell["outputs"] == ["out"]


def test_nothing_is_lost_with_the_head_of_a_notebook():
    head, cell = "# One\n\n> What it does.", {"cell_type": "markdown", "id": "a"}
    code = {"cell_type": "code", "source": "x"}
    long = {**cell, "source": [head, "\n\n", "More of it.\n"]}
    found = [c["source"] for c in docs_stage.split_title([long, code])]
    assert found == [head, "More of it.", "x"]
    short = {**cell, "source": head}
    assert list(docs_stage.split_title([short, code])) == [short, code]
    assert list(docs_stage.split_title([code])) == [code]


def test_readers_do_not_see_which_commands_are_tested():
    text = (
        "mediarec web    # not run here: serves until stopped\nmediarec fetch    # not run here\n"
    )
    shown = docs_stage.NOT_RUN.sub(lambda m: f"    # {m[1]}" if m[1] else "", text)
    assert shown == "mediarec web    # serves until stopped\nmediarec fetch\n"


def test_signatures_have_no_internal_names():
    text = "def Profile(form:__main__.Form=<factory>)\n\n*Call self as a function.*"
    assert docs_stage.plain_signature(text) == "class Profile(form:Form=…)\n\n"
    assert docs_stage.plain_signature("def clean(x)") == "def clean(x)"


def test_folded_code_that_shows_nothing_is_joined():
    def cell(source, outputs):
        return {"cell_type": "code", "source": f"#| code-fold: true\n{source}", "outputs": outputs}

    cells = [cell("a = 1", []), cell("b = 2", ["2"]), cell("c = 3", [])]
    first, second = docs_stage.join_folds(cells)
    assert first["source"].count("#| code-fold") == 1
    assert first["source"].index("a = 1") < first["source"].index("b = 2")
    assert first["outputs"] == ["2"]
    assert "c = 3" in second["source"]


# --- the reference


def test_every_public_name_is_in_the_reference():
    assert docs_reference.unlisted_objects() == []


def docstring_errors(source: str) -> list[str]:
    """Return what is missing in the docstring of the function `f` of a module."""
    import griffe

    module = griffe.visit("m", filepath=Path("m.py"), code=source, docstring_parser="numpy")
    return docs_reference.docstring_errors(module["f"], "f")


DOCUMENTED = '''
def f(a) -> int:
    """Do.

    Parameters
    ----------
    a : int
        A.

    Returns
    -------
    int
        B.

    Examples
    --------
    >>> f(1)
    1
    """
'''


def test_gaps_of_a_docstring_are_found():
    assert docstring_errors("def f(a): pass") == ["f: no docstring"]
    assert docstring_errors('def f(a) -> int:\n    """Do."""') == [
        "f: parameter a is not documented",
        "f: what it returns is not documented",
        "f: no example",
    ]
    assert docstring_errors(DOCUMENTED) == []
    assert docstring_errors(DOCUMENTED.replace("a : int", "b : int")) == [
        "f: parameter a is not documented",
        "f: b is no parameter",
    ]


def test_page_of_the_command_line(tmp_path):
    from typer.main import get_command

    from mediarec.cli.options import app

    docs_reference.write_command_line(tmp_path)
    text = (tmp_path / "reference" / "command-line.qmd").read_text(encoding="utf-8")
    for name, command in get_command(app).commands.items():
        assert f"## mediarec {name} {{#{name}}}" in text
        section = text.partition(f"## mediarec {name} {{")[2].partition("\n## ")[0]
        for parameter in command.params:
            assert parameter.opts[-1] in section or parameter.metavar in section
        assert re.search(r"```sh\nmediarec ", section), name
    assert "Example:" not in text


# --- the themes


def luminance(color):
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
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
    ("pre-color", "body-bg"),
    ("pre-color", "code-block-bg"),
    ("link-color", "code-block-bg"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colors_can_be_read(theme):
    assert contrast("#000000", "#ffffff") == 21
    colors = docs_plain.theme_colors(theme)
    weak = [
        f"{front} on {ground}"
        for front, ground in PAIRS
        if contrast(colors[front], colors[ground]) < 4.5
    ]
    assert weak == []


# --- Quarto


def built(path):
    return subprocess.run(
        [sys.executable, docs_stage.ROOT / "tests" / "docs.py", "build"],
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
        assert docs.quarto_error() is None, version


def test_theme_files_are_there():
    for files in docs_stage.site_config()["format"]["html"]["theme"].values():
        assert (docs_stage.NBS / files[1]).is_file()
    assert (docs_stage.NBS / docs_stage.site_config()["website"]["favicon"]).is_file()
    assert (docs_stage.NBS / "_quarto.yml").read_text(encoding="utf-8") == (
        docs_stage.ROOT / "_quarto.yml"
    ).read_text(encoding="utf-8")


# --- workflows

WORKFLOWS = sorted((docs_stage.ROOT / ".github" / "workflows").glob("*.yml"))
# An action by the commit of a version, with the version behind it.
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v[\d.]+$")


def workflow(name: str) -> dict:
    """Return a workflow."""
    path = docs_stage.ROOT / ".github" / "workflows" / name
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def make_targets() -> set[str]:
    """Return the targets of the Makefile."""
    makefile = (docs_stage.ROOT / "Makefile").read_text(encoding="utf-8")
    settings = (docs_stage.ROOT / "settings.ini").read_text(encoding="utf-8")
    extras = re.findall(r"^(\w+)_requirements", settings, re.M)
    return {*re.findall(r"^([\w-]+):", makefile, re.M), *(f".venv/.{name}" for name in extras)}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_workflows_call_what_is_there(path):
    text = path.read_text(encoding="utf-8")
    flow = yaml.safe_load(text)
    steps = [step for job in flow["jobs"].values() for step in job["steps"]]
    commands = "\n".join(step.get("run", "") for step in steps)
    targets = re.findall(r"\bmake ([\w./-]+)", commands)
    scripts = re.findall(r"\bpython3? (tests/[\w./-]+)", commands)
    assert targets or scripts
    assert not set(targets) - make_targets()
    assert not [name for name in scripts if not (docs_stage.ROOT / name).is_file()]
    assert flow["permissions"] == {"contents": "read"}
    assert "concurrency" in flow
    assert "secrets" not in text
    assert all(job["timeout-minutes"] <= 60 for job in flow["jobs"].values())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_actions_are_pinned_by_commit(path):
    used = [
        line.strip().removeprefix("- ")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_tests_run_on_every_python():
    jobs = workflow("test.yml")["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]


def test_the_site_is_built_for_pull_requests_and_deployed_from_main():
    text = (docs_stage.ROOT / ".github" / "workflows" / "docs.yml").read_text(encoding="utf-8")
    flow = yaml.safe_load(text)
    assert "pull_request" in flow[True]  # YAML reads the key "on" as true
    quarto = next(
        s for s in flow["jobs"]["build"]["steps"] if "quarto-actions" in s.get("uses", "")
    )
    assert tuple(map(int, quarto["with"]["version"].split("."))) >= docs.QUARTO
    deploy = flow["jobs"]["deploy"]
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert "github.event_name != 'pull_request'" in deploy["if"]


def test_a_tag_is_published_without_a_secret():
    flow = workflow("release.yml")
    assert flow[True]["push"] == {"tags": ["v*"]}
    publish = flow["jobs"]["publish"]
    assert publish["permissions"] == {"id-token": "write"}
    assert publish["environment"]["name"] == "pypi"
    assert set(publish["needs"]) == {"build", "install"}
