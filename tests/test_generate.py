"""Generated catalogs resemble the catalog they are made from, and are reproducible."""

import importlib.util
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mediarec.core import COLUMNS, package_path
from mediarec.data.catalog import load_catalog

HERE = Path(__file__).parent.parent
SCRIPT = HERE / "benchmarks" / "generate.py"
spec = importlib.util.spec_from_file_location("generate", SCRIPT)
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


@pytest.fixture(scope="module")
def starter():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_catalog(package_path("starter.csv"))


@pytest.fixture(scope="module")
def profile(starter):
    return generate.CatalogProfile(starter)


def test_the_same_seed_gives_the_same_rows(profile):
    first = generate.generate_chunk(profile, 0, 300, random_state=3)
    again = generate.generate_chunk(profile, 0, 300, random_state=3)
    pd.testing.assert_frame_equal(first, again)
    other_seed = generate.generate_chunk(profile, 0, 300, random_state=4)
    next_chunk = generate.generate_chunk(profile, 1, 300, random_state=3)
    assert not first.equals(other_seed)
    assert not first.title.equals(next_chunk.title)
    assert list(first) == list(COLUMNS)
    assert first.show_id.is_unique
    assert set(first.show_id).isdisjoint(next_chunk.show_id)


def test_the_number_of_titles_does_not_change_the_rows(profile, monkeypatch):
    monkeypatch.setattr(generate, "CHUNK_SIZE", 100)
    few = pd.concat(generate.generate_chunks(profile, 200), ignore_index=True)
    many = pd.concat(generate.generate_chunks(profile, 350), ignore_index=True)
    assert len(many) == 350
    pd.testing.assert_frame_equal(many[:200], few)


def names(frame):
    return set(frame["cast"].dropna().str.split(", ").explode()) - {""}


def test_no_description_and_no_name_is_real(profile, starter):
    generated = generate.generate_chunk(profile, 0, 1000, random_state=1)
    assert set(starter.description.dropna()).isdisjoint(generated.description)
    assert names(starter).isdisjoint(names(generated))


TOLERANCES = {
    "words in a description": 1.05,
    "names in a cast": 1.05,
    "genres of a title": 1.05,
    "distinct words": 1.25,
    "distinct names": 1.25,
    "distinct directors": 1.25,
    "share of the 100 most frequent words": 1.25,
    "share of series": 1.25,
    "names in two casts or more": 1.6,
}


def test_the_metrics_are_those_of_the_catalog(starter):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = generate.compare_with_real(starter)
    ratio = table.generated / table.real
    for metric, tolerance in TOLERANCES.items():
        assert 1 / tolerance < ratio[metric] < tolerance, metric


@pytest.mark.parametrize(
    "n_draws, n_distinct, tail", [(1000, 600, 0.5), (60_000, 36_000, 0.5), (5_000, 200, 3.0)]
)
def test_the_fitted_scale_gives_as_many_distinct_ranks(n_draws, n_distinct, tail):
    scale = generate.fit_scale(n_draws, n_distinct, tail)
    ranks = generate.sample_ranks(np.random.default_rng(0), n_draws, scale, tail)
    assert abs(len(np.unique(ranks)) - n_distinct) < 0.08 * n_distinct


def test_the_command_writes_parquet(tmp_path):
    out = tmp_path / "generated.parquet"
    options = ["--titles", "1200", "--like", package_path("starter.csv")]
    done = subprocess.run(
        [sys.executable, SCRIPT, out, *options], capture_output=True, text=True, cwd=HERE
    )
    assert done.returncode == 0, done.stderr
    assert "1,200 titles" in done.stdout
    assert len(pd.read_parquet(out)) == 1200
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(load_catalog(out)) == 1200
