"""An encoder by name or folder, with an imitation of sentence-transformers."""

import json
import os
import subprocess
import sys

import pytest

FAKE_LIBRARY = '''
"""Imitates sentence-transformers: a folder is a model if it has the file modules.json."""

from pathlib import Path

import numpy as np


class SentenceTransformer:
    def __init__(self, name, local_files_only=False):
        if name != "tiny" and not (Path(name) / "modules.json").is_file():
            raise OSError("no such model")

    def encode(self, texts, show_progress_bar=False):
        counts = [[text.lower().count(letter) for letter in "aeiounst"] for text in texts]
        return np.array(counts, dtype=np.float32)
'''


@pytest.fixture
def run(tmp_path):
    """Run mediarec in a folder, with or without the imitation of sentence-transformers."""
    library = tmp_path / "library"
    (library / "sentence_transformers").mkdir(parents=True)
    (library / "sentence_transformers" / "__init__.py").write_text(FAKE_LIBRARY)
    missing = tmp_path / "missing"  # as if the library were not installed
    missing.mkdir()
    (missing / "sentence_transformers.py").write_text("raise ImportError('not installed')\n")
    (tmp_path / "tiny_folder").mkdir()
    (tmp_path / "tiny_folder" / "modules.json").write_text("[]")

    def run_command(*words, installed=True):
        paths = [str(library if installed else missing), os.environ.get("PYTHONPATH", "")]
        env = {k: v for k, v in os.environ.items() if not k.startswith("MEDIAREC_")}
        env["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        return subprocess.run(
            [sys.executable, "-m", "mediarec", *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
        )

    (tmp_path / "titles.csv").write_text(
        "title,description\n"
        "Heat,A crew of thieves robs a bank\n"
        "Ronin,Former agents steal a case\n"
        "Alien,A creature hunts the crew of a spaceship\n"
        "Thief,A safe-cracker plans one last robbery\n"
    )
    return run_command


@pytest.mark.parametrize(
    ("encoder", "options"), [("tiny", ()), ("./tiny_folder", ("--large",))], ids=["name", "large"]
)
def test_saved_model_names_its_encoder(run, tmp_path, encoder, options):
    build = ("build", "--catalog", "titles.csv", "--encoder", encoder, *options)
    done = run(*build)
    assert done.returncode == 0, done.stderr
    expected = encoder if encoder == "tiny" else str(tmp_path.resolve() / "tiny_folder")
    about = json.loads(run("info", "--json").stdout)
    assert about["encoder"] == expected

    text_query = ("recommend", "--text", "a robbery", "-n", "2", "--json")
    done = run(*text_query)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["results"]) == 2

    # a query by title needs no encoder, a text query says what to install
    assert run("recommend", "Heat", installed=False).returncode == 0
    done = run(*text_query, installed=False)
    assert done.returncode == 1
    assert 'pip install "mediarec[encoder]"' in done.stderr


def test_missing_folder(run, tmp_path):
    """A text query says which folder is missing; a query by title does not need it."""
    assert run("build", "--catalog", "titles.csv", "--encoder", "./tiny_folder").returncode == 0
    (tmp_path / "tiny_folder").rename(tmp_path / "moved")
    assert run("recommend", "Heat").returncode == 0
    done = run("recommend", "--text", "a robbery")
    assert done.returncode == 1
    assert f"folder of the encoder is missing: {tmp_path.resolve() / 'tiny_folder'}" in done.stderr


@pytest.mark.parametrize(
    ("encoder", "installed", "message"),
    [
        ("tiny", False, 'pip install "mediarec[encoder]"'),
        ("./nowhere", True, "folder of the encoder is missing"),
        ("unknown", True, "neither a folder nor a model of sentence-transformers"),
        (".", True, "holds no model of sentence-transformers"),
    ],
)
def test_build_errors(run, tmp_path, encoder, installed, message):
    """The encoder is checked before the catalog is read."""
    words = ("build", "--catalog", "nowhere.csv", "--encoder", encoder)
    done = run(*words, installed=installed)
    assert done.returncode == 1
    assert message in done.stderr
    assert not (tmp_path / "model").exists()
