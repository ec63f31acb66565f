"""Collect the measured figures of the project in one file, data/figures.json.

  python benchmarks/figures.py             writes data/figures.json from the other files of data/

A figure has a name, for example "bench / recommend: p99, ms / mediarec", and a number. The home
page, the guides and the texts of the notebooks take their figures from this file: a comment behind
a number names its figure, as in 2.2 ms<!-- figure: bench / recommend: p99, ms / mediarec -->.
`tests/test_figures.py` compares them, and finds numbers that look measured and have no comment.
"""

import json
from pathlib import Path

import pandas as pd

from mediarec.files import atomic_write_text

DATA = Path(__file__).parents[1] / "data"
ASSETS = Path(__file__).parents[1] / "mediarec" / "assets"
INTERVAL = ("mean", "lower", "upper")
PERCENTILES = ("p50", "p99")
CHANGE = ("word vectors", "encoder", "difference, lower", "difference, upper")


def flatten(tree, names, start):
    """Yield the name and the value of each number in a tree of dicts and lists.

    `names` are the names of the members of a list.
    """
    if isinstance(tree, dict):
        for key, branch in tree.items():
            yield from flatten(branch, names, f"{start} / {key}")
    elif isinstance(tree, list):
        for name, branch in zip(names, tree, strict=True):
            yield from flatten(branch, names, f"{start} / {name}")
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield start, tree


def read(name):
    """Return the content of a JSON file of data/."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def bench_figures():
    """Yield the figures of speed and memory."""
    for row in read("bench")["figures"]:
        unit = f", {row['unit']}" if row["unit"] else ""
        systems = {name: value for name, value in row.items() if name not in ("what", "unit")}
        yield from flatten(systems, (), f"bench / {row['what']}{unit}")


def stability_figures():
    """Yield the mean, the smallest and the largest stability of each clustering."""
    for method, values in read("stability")["methods"].items():
        summary = {
            "mean": round(sum(values) / len(values), 4),
            "smallest": min(values),
            "largest": max(values),
        }
        yield from flatten(summary, (), f"stability / {method}")


def naming_figures():
    """Yield the shares of titles that a reader found by the names of the clusters."""
    answers = pd.read_csv(DATA / "naming_test.csv", keep_default_na=False)
    is_first = answers.first_choice == answers.cluster
    is_second = answers.second_choice == answers.cluster
    yield "naming / titles", len(answers)
    yield "naming / first choice", round(float(is_first.mean()), 4)
    yield "naming / first or second choice", round(float((is_first | is_second).mean()), 4)


def scale_figures():
    """Yield the figures of growth, and the size of the largest catalog."""
    scale = read("scale")
    yield from flatten(scale, PERCENTILES, "scale")
    yield "scale / largest catalog", max(map(int, scale["sizes"]))


def shipped_figures():
    """Yield the numbers of rows of tables that ship with the package."""
    tables = {
        "themes": "themes.csv",
        "titles with themes": "title_themes.csv",
        "titles of the starter catalog": "starter.csv",
    }
    for name, file_name in tables.items():
        yield f"shipped / {name}", len(pd.read_csv(ASSETS / file_name, dtype=str))


def collect():
    """Return all figures by name, sorted."""
    figures = dict(bench_figures())
    figures |= dict(stability_figures())
    figures |= dict(naming_figures())
    figures |= dict(scale_figures())
    figures |= dict(shipped_figures())
    figures |= dict(flatten(read("quality"), INTERVAL, "quality"))
    figures |= dict(flatten(read("encoder"), CHANGE, "encoder"))
    for name in ("load", "notebook", "page"):
        figures |= dict(flatten(read(name), (), name))
    return dict(sorted(figures.items()))


def as_text(figures):
    """Return the content of the file."""
    return json.dumps(figures, indent=1) + "\n"


if __name__ == "__main__":
    atomic_write_text(DATA / "figures.json", as_text(collect()))
    print("data/figures.json written")
