"""What is installed: the wheel carries the starter catalogue and nothing of the user's, and works outside the checkout."""

import subprocess
import sys
import tarfile
import zipfile

import pytest


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    """A wheel and an sdist, built from a copy of what git tracks plus a catalogue of the user's own in data/."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("dist")
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    for name in filter(None, files):
        source, target = root / name, copy / name
        if not source.is_file():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    for own in ("netflix_titles.csv", "mine.csv"):
        (copy / "data" / own).write_text("title\nPrivate\n")
    for place in (".env", "mediarec/.env", "data/.env"):
        (copy / place).write_text("TMDB_API_KEY=0123\n")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", out, copy], check=True, capture_output=True
    )
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def test_only_what_ships_is_shipped(built):
    wheel, sdist = built
    in_wheel = [n for n in zipfile.ZipFile(wheel).namelist() if n.startswith("mediarec/data/")]
    assert sorted(in_wheel) == [
        "mediarec/data/README.md",
        "mediarec/data/judgments.csv",
        "mediarec/data/shelves.csv",
        "mediarec/data/starter.csv",
        "mediarec/data/weights.json",
    ]
    assert {
        f"mediarec/static/{n}"
        for n in ("grade.js", "grade.css", "app.js", "combobox.js", "mediarec.css")
    } <= set(zipfile.ZipFile(wheel).namelist())
    assert {
        "mediarec/static/web.js",
        "mediarec/static/web.css",
        "mediarec/static/icon.svg",
        "mediarec/templates/base.html",
        "mediarec/templates/home.html",
    } <= set(zipfile.ZipFile(wheel).namelist())
    names = tarfile.open(sdist).getnames()
    assert [n for n in names if n.endswith("mediarec/static/grade.js")]
    assert [n for n in names if n.endswith("data/starter.csv")] and [
        n for n in names if n.endswith("mediarec/templates/card.html")
    ]
    assert not [n for n in names if "netflix_titles" in n or "mine.csv" in n]
    assert not [
        n
        for n in [*names, *zipfile.ZipFile(wheel).namelist()]
        if n.rsplit("/", 1)[-1].startswith(".env")
    ]


def test_installed_wheel_recommends(built, tmp_path):
    """Unpacked where the checkout is not in sight, the package finds its catalogue and answers."""
    zipfile.ZipFile(built[0]).extractall(tmp_path / "site")
    code = (
        "import sys, mediarec; from mediarec import Recommender, load_catalog; import mediarec.catalog as c;"
        "assert 'site' in mediarec.__file__ and 'site' in str(c.find_catalog());"
        "print(len(Recommender().fit(load_catalog()).recommend('Inception')))"
    )
    env = {"PYTHONPATH": str(tmp_path / "site"), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.stdout.strip() == "10", done.stderr


def test_runtime_imports_no_tool_of_development():
    """Nothing in mediarec imports nbdev or fastcore, and the heavy packages wait until they are used."""
    code = (
        "import sys; from mediarec import Recommender, load_catalog; import mediarec.cli, mediarec.similarity, mediarec.grade, mediarec.app, mediarec.tmdb;"
        "print([m for m in ('nbdev', 'fastcore', 'execnb', 'torch', 'sklearn', 'pandera', 'matplotlib', 'rapidfuzz', 'anywidget', 'ipywidgets', 'requests_cache', 'pydantic', 'pydantic_settings') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
