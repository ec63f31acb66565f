"""The catalogues that growth is measured on: like the one they are made after, and the same for the same seed."""

import subprocess
import sys
import warnings
from pathlib import Path

import pandas as pd
import pytest

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE / "benchmarks"))
import generate

from mediarec.core import COLUMNS, package_path
from mediarec.data.catalog import load_catalog


@pytest.fixture(scope="module")
def starter():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_catalog(package_path("starter.csv"))


@pytest.fixture(scope="module")
def like(starter):
    return generate.Like(starter)


def test_the_same_seed_gives_the_same_rows_whatever_the_size(like):
    one, two = generate.chunk(like, 0, 300, seed=3), generate.chunk(like, 0, 300, seed=3)
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(generate.chunk(like, 0, 300, seed=4)) and not one.title.equals(
        generate.chunk(like, 1, 300, seed=3).title
    )
    assert list(one) == list(COLUMNS) and one.show_id.is_unique


def test_no_title_is_a_real_one(like, starter):
    made = generate.chunk(like, 0, 1000, seed=1)
    real = set(starter.description.dropna())
    assert not real & set(made.description)
    assert (
        len(
            set(made["cast"].str.split(", ").explode())
            & set(starter["cast"].dropna().str.split(", ").explode())
        )
        == 0
    )


def test_it_is_like_the_catalogue(starter):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = generate.check(starter)
    near = lambda figure, times: 1 / times < table.generated[figure] / table.real[figure] < times
    for figure in ("words in a description", "names in a cast", "genres of a title"):
        assert near(figure, 1.05), figure
    for figure in (
        "distinct words",
        "distinct names",
        "distinct directors",
        "share of the 100 commonest",
        "share of series",
    ):
        assert near(figure, 1.25), figure
    assert near("names in two casts or more", 1.6)


@pytest.mark.parametrize(
    "draws, distinct, tail", [(1000, 600, 0.5), (60_000, 36_000, 0.5), (5_000, 200, 3.0)]
)
def test_power_laws_give_as_many_values_as_are_asked_for(draws, distinct, tail):
    import numpy as np

    scale = generate.scale_for(draws, distinct, tail)
    found = len(np.unique(generate.ranks(np.random.default_rng(0), draws, scale, tail)))
    assert abs(found - distinct) < 0.08 * distinct


def test_the_command_streams_to_parquet(tmp_path):
    out = tmp_path / "made.parquet"
    done = subprocess.run(
        [
            sys.executable,
            HERE / "benchmarks" / "generate.py",
            out,
            "--titles",
            "1200",
            "--like",
            package_path("starter.csv"),
        ],
        capture_output=True,
        text=True,
        cwd=HERE,
    )
    assert done.returncode == 0, done.stderr
    frame = pd.read_parquet(out)
    assert len(frame) == 1200 and "1,200 titles" in done.stdout
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(load_catalog(out)) == 1200
