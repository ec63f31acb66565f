"""CONTRIBUTING, CHANGELOG, CITATION and SECURITY: commands and files exist, versions agree."""

import json
import re
import sys
import textwrap
import types
from configparser import ConfigParser

import pytest
import yaml

PAGES = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.M | re.S)


@pytest.fixture
def contributing(root):
    return (root / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture
def settings(root):
    read = ConfigParser(delimiters=["="])
    read.read(root / "settings.ini", encoding="utf-8")
    return read["DEFAULT"]


def blocks(text, language):
    """What is in the fences of a language, without the indent of a list."""
    return [textwrap.dedent(body) for kind, body in FENCE.findall(text) if kind == language]


def shell(text):
    """Lines of shell, as words without comments."""
    lines = [line.split("#")[0] for body in blocks(text, "sh") for line in body.splitlines()]
    return [line.split() for line in lines if line.strip()]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(root, page):
    text = FENCE.sub("", (root / page).read_text(encoding="utf-8"))
    local = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    assert not [link for link in local if not (root / link).exists()]
    named = {
        n
        for n in re.findall(r"`((?:nbs|tests|mediarec|data)/[\w./-]+)`", text)
        if "decades" not in n
    }
    assert not [n for n in named if not (root / n).exists()]


def test_targets_exist(root, contributing):
    makefile = (root / "Makefile").read_text()
    named = set(re.findall(r"(?:^|`)make (\w+)", contributing, re.M))
    assert {"demo", "test", "lab"} <= named and not [
        t for t in named if not re.search(rf"^{t}:", makefile, re.M)
    ]


def test_tools_exist(contributing, settings):
    """What is called in .venv/bin comes with the package or with the tools of development."""
    from importlib.metadata import entry_points

    scripts = {e.name for e in entry_points(group="console_scripts")} | {"python"}
    called = {w for line in shell(contributing) for w in line[:1] if w.startswith(".venv/bin/")}
    assert len(called) >= 5 and not [
        w for w in called if w.removeprefix(".venv/bin/") not in scripts
    ]
    assert "nbdev" in settings["dev_requirements"] and "pytest" in settings["test_requirements"]
    assert {"test", "lint"} <= set(settings["dev_includes"].split())


def test_flags_and_options_exist(contributing, settings):
    flags = {
        w
        for line in shell(contributing)
        if "--flags" in line
        for w in line[line.index("--flags") + 1 :]
    } | set(re.findall(r"`#\| (\w+)`", contributing))
    assert flags and not flags - {"export", "exporti", *settings["tst_flags"].split()}
    from typer.main import get_command

    from mediarec.cli.options import app

    commands = get_command(app).commands
    for line in shell(contributing):
        if line[0].endswith("/mediarec"):
            known = {o for p in commands[line[1]].params for o in p.opts}
            assert not [w for w in line if w.startswith("-") and w not in known], line


def test_files_named_in_commands_exist(root, contributing):
    named = {
        w
        for line in shell(contributing)
        for w in line
        if w.startswith(("nbs/", "tests/")) and "decades" not in w
    }
    assert named and not [n for n in named if not (root / n).exists()]


def test_names_of_a_method_are_where_the_recipe_says(root, contributing):
    """The recipe names the notebook of each registration, and that notebook exports the name."""
    table = re.findall(r"\| `(nbs/[\w.]+\.ipynb)` \| `(\w+)` \|", contributing)
    prose = re.findall(
        r"`(METHOD_REQUIREMENTS|PREFERRED_METHODS)` in `(nbs/[\w.]+\.ipynb)`", contributing
    )
    notebooks = {name: notebook for notebook, name in table} | dict(prose)
    assert set(notebooks) == {
        "METHODS",
        "METHOD_LABELS",
        "METHOD_CLASSES",
        "METHOD_REQUIREMENTS",
        "PREFERRED_METHODS",
    }
    for name, notebook in notebooks.items():
        cells = json.loads((root / notebook).read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells]
        exported = [source for source in sources if source.startswith("#| export")]
        assert any(re.search(rf"^{name} = ", source, re.M) for source in exported), (
            notebook,
            name,
        )


def test_the_recipe_works(contributing, monkeypatch):
    """The cells of the recipe make a method that passes the check and can be compared."""
    from mediarec import cluster, core
    from mediarec.cluster import compare
    from mediarec.evaluation.clusterings import compare_clusterings

    recipe = contributing[contributing.index("## Add a clustering method") :]
    cells = blocks(recipe, "python")
    decades = types.ModuleType("mediarec.cluster.decades")
    monkeypatch.setenv("MEDIAREC_CATALOG", str(core.package_path("starter.csv")))
    monkeypatch.setitem(sys.modules, decades.__name__, decades)
    monkeypatch.setattr(cluster, "decades", decades, raising=False)
    assert "check_clustering(" in cells[-1]
    for cell in cells:
        exec(compile(cell, "<recipe>", "exec"), decades.__dict__)
    monkeypatch.setattr(compare, "METHODS", (*compare.METHODS, "decades"))
    monkeypatch.setitem(core.METHOD_LABELS, "decades", "Decades")
    monkeypatch.setitem(compare.METHOD_CLASSES, "decades", ("decades", "Decades"))
    fitted = compare.fit_clusterings(decades.titles, ["decades", "kmeans"])
    table = compare_clusterings(decades.titles, fitted)
    assert list(table.index) == ["kmeans", "decades"]
    assert table.loc["decades", "n_clusters"] > 5


def test_citation_is_valid(root, settings):
    """The keys that version 1.2.0 of the format requires, and none that it does not know."""
    cited = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    known = {
        "abstract",
        "authors",
        "cff-version",
        "commit",
        "contact",
        "date-released",
        "doi",
        "identifiers",
        "keywords",
        "license",
        "license-url",
        "message",
        "preferred-citation",
        "references",
        "repository",
        "repository-artifact",
        "repository-code",
        "title",
        "type",
        "url",
        "version",
    }
    assert {"cff-version", "message", "title", "authors"} <= set(cited) <= known
    assert (
        cited["cff-version"] == "1.2.0"
        and cited["type"] == "software"
        and cited["license"] == settings["license"].upper()
    )
    assert cited["title"] == settings["lib_name"] and [a["name"] for a in cited["authors"]] == [
        settings["author"]
    ]
    assert cited["repository-code"] == settings["git_url"] and all(
        isinstance(k, str) for k in cited["keywords"]
    )


def test_changelog_keeps_its_form(root):
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[([^\]]+)\]", text, re.M)
    assert versions[0] == "Unreleased" and not [
        v for v in versions if f"\n[{v}]: https://" not in text
    ]
    assert set(re.findall(r"^### (.+)", text, re.M)) <= {
        "Added",
        "Changed",
        "Deprecated",
        "Removed",
        "Fixed",
        "Security",
    }
