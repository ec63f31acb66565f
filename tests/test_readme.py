"""README.md is what nbs/index.ipynb says, what it links to is there, and what it shows is true."""

import contextlib
import json
import os
import re

import pytest
from readme import HERE, read_cells, render

MAX_LINES = 120
MAX_ANIMATION = 1_500_000  # bytes
MAX_ANIMATION_WIDTH = 900  # pixels
COLAB = HERE / "examples" / "colab.ipynb"
STARTER = HERE / "mediarec" / "assets" / "starter.csv"


@pytest.fixture(scope="module")
def starter():
    """A model of the starter catalog."""
    from mediarec import Recommender, load_catalog

    return Recommender().fit(load_catalog(STARTER))


def pictures():
    """The files that the page shows."""
    found = re.findall(r'(?:src|srcset)="([^"]+)"|!\[[^\]]*\]\(([^)]+)\)', render())
    return [HERE / (source or link) for source, link in found]


def outputs(start):
    """The text that the first cell prints whose source contains `start`."""
    cell = next(cell for cell in read_cells() if start in "".join(cell["source"]))
    return "".join("".join(output.get("text", "")) for output in cell["outputs"])


def test_readme_is_the_index():
    assert (HERE / "README.md").read_text(encoding="utf-8") == render(), "run: make readme"


def test_readme_is_short():
    assert len(render().splitlines()) < MAX_LINES


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", render())
    local = [link for link in links if "://" not in link]
    assert local and not [link for link in local if not (HERE / link).exists()]


def test_commands_are_targets():
    makefile = (HERE / "Makefile").read_text()
    named = set(re.findall(r"`?make (\w+)", render()))
    assert {"demo", "app", "test"} <= named and not [
        t for t in named if not re.search(rf"^{t}:", makefile, re.M)
    ]


def test_pictures_have_a_text_and_a_twin():
    assert not [path for path in pictures() if not path.is_file()]
    for element in re.findall(r"<picture>.*?</picture>", render(), re.S):
        assert re.search(r'<img [^>]*alt="[^"]{40,}"', element), element
        assert re.search(r"prefers-(color-scheme: dark|reduced-motion: reduce)", element), element


def test_no_picture_comes_from_another_host():
    assert not re.findall(r'(?:src|srcset)="https?:|!\[[^\]]*\]\(https?:', render())


def test_the_animation_is_small():
    image = pytest.importorskip("PIL.Image")
    path = HERE / "nbs" / "images" / "app-use.gif"
    with image.open(path) as animation:
        assert animation.width <= MAX_ANIMATION_WIDTH
        assert animation.n_frames > 5
    assert path.stat().st_size < MAX_ANIMATION
    with image.open(HERE / "nbs" / "images" / "card.png") as card:
        assert card.size == (1200, 630)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_and_the_code_give_the_same_reasons(scheme):
    image = pytest.importorskip("PIL.Image")
    with image.open(HERE / "nbs" / "images" / f"app-{scheme}.png") as picture:
        shown = picture.text["results"].splitlines()
    printed = outputs("recommender.recommend(").splitlines()[:3]
    assert shown[:3] == printed, "run: python benchmarks/pictures.py still"


def test_what_the_code_prints_is_what_it_does(starter):
    found = starter.recommend("Knives Out", n=3)
    series = starter.recommend(text="slow-burn Nordic noir", type="TV Show", year=(2005, 2020))
    lines = [f"{title}: {why}" for title, why in zip(found.title, found.why)]
    lines.append("Nordic noir: " + ", ".join(series.title[:4]))
    assert outputs("recommender.recommend(").splitlines() == lines


def test_the_colab_notebook_works(starter, monkeypatch):
    """Its cells run, except the one that clones and installs."""
    pytest.importorskip("anywidget")
    monkeypatch.setenv("MEDIAREC_CATALOG", str(STARTER))
    cells = json.loads(COLAB.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    python = [source for source in sources if not source.startswith(("!", "%"))]
    assert len(python) == len(sources) - 1
    clone, install = next(s for s in sources if s not in python).splitlines()
    assert clone.split()[-1] == "https://github.com/mediarec/mediarec"
    assert '"./mediarec[lab]"' in install
    namespace = {}
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for source in python:
            exec(compile(source, COLAB.name, "exec"), namespace)
    assert len(namespace["recommender"].recommend("Knives Out", n=5)) == 5
    assert not [cell for cell in cells if cell.get("outputs")]
