"""The starter catalog: its values are valid and its facts are right."""

import os

import pytest
import starter


@pytest.fixture(scope="module")
def rows():
    return starter.read()


def test_columns_and_ids(rows):
    from mediarec.core import COLUMNS

    assert tuple(rows.columns) == COLUMNS
    assert rows.show_id.tolist() == [f"m{i:04d}" for i in range(1, len(rows) + 1)]


def test_large_and_wide(rows):
    films = (rows.type == "Movie").mean()
    assert len(rows) >= 1000 and 0.60 <= films <= 0.72
    decades = set(rows.release_year.astype(int) // 10)
    assert set(range(192, 203)) <= decades
    assert starter.items(rows.country).nunique() >= 25
    many = starter.items(rows.director).value_counts()
    assert (many >= 3).sum() >= 80 and len(starter.franchises(rows)) >= 60


def test_values_are_valid(rows):
    for kind, part in rows.groupby("type"):
        assert set(part.rating) <= starter.RATINGS[kind]
        assert part.duration.str.fullmatch(starter.DURATION[kind]).all()
    genres = rows.listed_in.str.split(", ")
    assert genres.map(lambda g: 1 <= len(g) <= 3 and g == sorted(set(g))).all()
    assert rows.loc[rows.type == "Movie", "director"].ne("").all()
    assert not [
        c
        for c in rows
        if (rows[c] != rows[c].str.strip()).any() or rows[c].str.contains("  |\u00a0").any()
    ]


def test_descriptions_are_of_the_length_promised(rows):
    length = rows.description.str.split().str.len()
    assert length.between(15, 35).all()
    assert rows.description.is_unique


def test_no_title_twice(rows):
    from mediarec.core import normalize_text

    assert (
        not rows.assign(key=rows.title.map(normalize_text))
        .duplicated(["key", "type", "release_year"])
        .any()
    )


def test_data_card_counts(rows):
    text = (starter.ASSETS / "README.md").read_text(encoding="utf-8")
    assert f"{len(rows):,} titles" in text and text == starter.card(rows), (
        "run: python tests/starter.py --write"
    )


@pytest.fixture(scope="module")
def netflix(full_catalog):
    frame = starter.read(full_catalog)
    if len(frame) < 5000:
        pytest.skip("MEDIAREC_CATALOG is not the Netflix data set")
    return frame


def test_genres_are_the_data_sets_words(rows, netflix):
    for kind in ("Movie", "TV Show"):
        known = set(starter.items(netflix[netflix.type == kind].listed_in))
        assert set(starter.items(rows[rows.type == kind].listed_in)) <= known


def test_facts_agree_with_the_netflix_data_set(rows, netflix):
    found = starter.against_netflix(rows, netflix)
    both = found[found["same work"]]
    directors = both["directors agree"].dropna().astype(bool)
    assert len(both) > 300
    assert ((both.year - both["their year"]).abs() <= 1).mean() >= 0.99
    assert directors.mean() >= 0.97


def test_years_agree_with_movielens(rows):
    folder = os.environ.get("MEDIAREC_MOVIELENS")
    if not folder:
        pytest.skip("MEDIAREC_MOVIELENS is not set: no film titles to compare with")
    from_there = starter.against_movielens(rows[rows.type == "Movie"], folder)
    same = from_there[~from_there.title.isin(starter.NAMESAKES) | (from_there.off <= 1)]
    assert len(same) > 1000 and (same.off <= 1).mean() >= 0.99, same[same.off > 1]


def test_descriptions_are_our_own(rows, netflix):
    assert starter.shared_runs(rows.description, netflix.description) == []
