"""The wheel and the sdist: what they contain, and that the package works outside the checkout."""

import ast
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from configparser import ConfigParser
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ASSETS = {
    "README.md",
    "certificates.csv",
    "column_names.csv",
    "country_names.csv",
    "month_names.csv",
    "judgments.csv",
    "reference_groups.csv",
    "related_themes.csv",
    "collections.csv",
    "starter.csv",
    "theme_aliases.csv",
    "theme_motifs.csv",
    "theme_phrases.csv",
    "theme_predictor.npz",
    "themes.csv",
    "title_themes.csv",
    "weights.json",
}
HEAVY = (
    "nbdev fastcore execnb torch sklearn pandera matplotlib rapidfuzz anywidget ipywidgets "
    "requests_cache pydantic pydantic_settings gensim hdbscan sentence_transformers transformers"
).split()
MAX_PUBLIC_NAMES = 80


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    """A wheel and an sdist, built from a copy of the tracked files and some files of a user."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("dist")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        source, target = root / name, copy / name
        if not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    for name in ("netflix_titles.csv", "mine.csv"):
        (copy / "data" / name).write_text("title\nPrivate\n")
    for name in (".env", "mediarec/.env", "mediarec/assets/.env"):
        (copy / name).write_text("TMDB_API_KEY=0123\n")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", out, copy], check=True, capture_output=True
    )
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def test_wheel_and_sdist_contain_what_ships(root, built):
    wheel = set(zipfile.ZipFile(built[0]).namelist())
    sdist = {name.split("/", 1)[-1] for name in tarfile.open(built[1]).getnames()}
    assets = {name for name in wheel if name.startswith("mediarec/assets/")}
    assert assets == {f"mediarec/assets/{name}" for name in ASSETS}
    front_end = [*(root / "mediarec/static").iterdir(), *(root / "mediarec/templates").iterdir()]
    shipped = {str(path.relative_to(root)) for path in front_end} | {"mediarec/py.typed"}
    assert len(shipped) > 15
    assert shipped <= wheel and shipped <= sdist
    assert "mediarec/assets/starter.csv" in sdist
    tests = [path for path in (root / "tests").rglob("*") if path.suffix in (".py", ".csv", ".css")]
    assert len(tests) > 80
    assert {path.relative_to(root).as_posix() for path in tests} <= sdist
    top = {"CHANGELOG.md", "SECURITY.md", "LICENSE", "README.md", "constraints.txt", "settings.ini"}
    assert top <= sdist
    assert not [name for name in sdist if name.endswith(".pyc")]
    assert not [name for name in wheel if name.startswith("tests/")]


def test_nothing_of_the_user_is_shipped(built):
    names = [*zipfile.ZipFile(built[0]).namelist(), *tarfile.open(built[1]).getnames()]
    assert not [n for n in names if "netflix_titles" in n or "mine.csv" in n]
    assert not [n for n in names if n.rsplit("/", 1)[-1].startswith(".env")]


def test_installed_wheel_recommends(built, tmp_path):
    """Without the checkout the package finds its starter catalog and answers."""
    zipfile.ZipFile(built[0]).extractall(tmp_path / "site")
    code = (
        "import mediarec, mediarec.data.catalog as c;"
        "assert 'site' in mediarec.__file__ and 'site' in str(c.find_catalog());"
        "model = mediarec.Recommender().fit(mediarec.load_catalog());"
        "print(len(model.recommend('Inception')))"
    )
    env = {"PYTHONPATH": str(tmp_path / "site"), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.stdout.strip() == "10", done.stderr


def test_twine_accepts_both(built):
    command = [sys.executable, "-m", "twine", "check", "--strict", *built]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("PASSED") == 2


def test_links_of_the_description_are_absolute(built):
    """PyPI shows the README, and has no files beside it."""
    with zipfile.ZipFile(built[0]) as wheel:
        (name,) = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
        text = wheel.read(name).decode()
    links = re.findall(r"\]\(([^)]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    addresses = [first or second for first, second in links]
    assert len(addresses) > 30
    assert [address for address in addresses if not address.startswith("https://")] == []


@pytest.mark.parametrize("number", [0, 1], ids=["wheel", "sdist"])
def test_both_can_be_installed_in_a_new_environment(built, number, tmp_path):
    """The requirements are those of this environment; the workflows install them anew."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    packages = Path(sysconfig.get_paths()["purelib"])
    (own,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (own / "requirements.pth").write_text(f"{packages}\n")
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--force-reinstall", built[number]], check=True, capture_output=True)
    code = "import mediarec; print(mediarec.__file__)"
    where = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert where.stdout.startswith(str(own))
    program = tmp_path / "venv" / "bin" / "mediarec"
    command = [program, "themes", "heist", "-n", "2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "heist" in done.stdout


def test_imports_are_light():
    """No development tool is imported, and heavy packages load only when they are used."""
    code = (
        "import sys; from mediarec import Recommender, load_catalog;"
        "import mediarec.app, mediarec.cli, mediarec.features.blocks;"
        "import mediarec.apps.grading, mediarec.apps.tmdb_client;"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_app_starts_before_anything_slow():
    """`app()` can say what it is doing before numpy and pandas are imported."""
    code = (
        "import sys; from mediarec.app import app;"
        "print([m for m in ('numpy', 'pandas', 'scipy', 'traitlets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def public_names(root):
    """(module, name, docstring) of each function and class in an `__all__`."""
    for path in (root / "mediarec").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        listed = set()
        for node in tree.body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
                listed = {element.value for element in node.value.elts}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in listed:
                yield path.stem, node.name, ast.get_docstring(node) or ""


def test_public_names_are_few_and_documented(root):
    names = list(public_names(root))
    assert 50 <= len(names) <= MAX_PUBLIC_NAMES
    assert not [(module, name) for module, name, doc in names if len(doc.splitlines()) < 3]


def test_extras_repeat_no_list(root):
    """An extra includes another extra by name, so no requirement stands in two lists."""
    settings = ConfigParser(delimiters=["="], interpolation=None)
    settings.read(root / "settings.ini", encoding="utf-8")
    lists = {k: v.split() for k, v in settings["DEFAULT"].items() if k.endswith("requirements")}
    seen = [requirement for requirements in lists.values() for requirement in requirements]
    assert len(seen) == len(set(seen)) > 40


def test_constraints_have_every_requirement(root):
    """Each requirement has one version in constraints.txt, inside its range; `pip -c` reads it."""
    from constraints import own_requirements

    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {}
    for line in lines:
        if not line.startswith("#"):
            requirement = Requirement(line)
            (version,) = requirement.specifier
            assert version.operator == "==" and not requirement.url and "+" not in line, line
            assert canonicalize_name(requirement.name) not in pinned, line
            pinned[canonicalize_name(requirement.name)] = version.version
    assert "mediarec" not in pinned
    for requirement in own_requirements():
        version = pinned[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version, prereleases=True), (requirement, version)


def test_ci_tests_the_versions_of_the_constraints(root):
    """`.ci/run` and the workflow install by the file, so that its claim is true."""
    for name in (".ci/run", ".github/workflows/test.yml"):
        text = (root / name).read_text(encoding="utf-8")
        assert re.search(r"PIP_CONSTRAINT.*/constraints\.txt", text), name


def test_an_upper_bound_has_a_reason(root):
    """A comment above the line of settings.ini names each package that has an upper bound."""
    lines = (root / "settings.ini").read_text(encoding="utf-8").splitlines()
    bounded = []
    for before, line in pairwise(lines):
        name, _, requirements = line.partition(" = ")
        if not name.endswith("requirements"):
            continue
        for requirement in map(Requirement, requirements.split()):
            if {"<", "<=", "==", "~="} & {part.operator for part in requirement.specifier}:
                bounded.append(requirement.name)
                assert before.startswith("# ") and requirement.name in before, requirement
    pinned = "ruff mypy codespell nbdev fastcore execnb ghapi torch griffe"
    assert set(bounded) == set(pinned.split())


def test_every_extra_is_run_alone(root):
    """CI installs each extra in an environment of its own and runs a command of it."""
    from extras import COMMANDS, NONE, list_extras

    assert set(COMMANDS) == {NONE, *list_extras()}
    assert all(COMMANDS[extra] for extra in list_extras())
    workflow = (root / ".github/workflows/test.yml").read_text(encoding="utf-8")
    assert (
        "tests/extras.py --list" in workflow and "tests/extras.py ${{ matrix.extra }}" in workflow
    )
