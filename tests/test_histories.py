"""Histories of each form: recognized, told, matched, and nothing watched is recommended."""

import gzip
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HISTORIES = Path(__file__).parent / "cases" / "histories"

# File: the form and its counts as told, titles that are watched, titles that are only wanted.
FORMS = {
    "netflix_activity.csv": ("Netflix viewing activity: 3 titles, 3 matched", "Arrival Dark", ""),
    "netflix_german.csv": ("Netflix viewing history: 4 titles, 3 matched", "Inception Dark", ""),
    "netflix_list.csv": ("Netflix list: 2 titles, 2 matched", "", "Inception Dark"),
    "netflix_ratings.csv": ("Netflix ratings: 2 titles, 2 matched", "Inception Dark", ""),
    "letterboxd_diary.csv": ("Letterboxd diary: 3 films, 3 matched", "Inception Heat Arrival", ""),
    "letterboxd_ratings.csv": ("Letterboxd ratings: 3 films, 2 matched", "Inception Heat", ""),
    "letterboxd_watched.csv": ("Letterboxd films: 3 films, 2 matched", "Inception Heat", ""),
    "letterboxd_likes.csv": ("Letterboxd likes: 2 films, 2 matched", "Inception Arrival", ""),
    "letterboxd_watchlist.csv": ("Letterboxd watchlist: 3 films, 3 matched", "", "Inception"),
    "imdb_ratings.csv": ("IMDb ratings: 4 titles, 4 matched", "Inception Heat", ""),
    "imdb_list.csv": ("IMDb list: 2 titles, 2 matched", "Heat", "Inception"),
    "trakt_history.csv": ("Trakt history: 2 titles, 2 matched", "Inception Dark", ""),
    "trakt_history.json": ("Trakt history: 2 titles, 2 matched", "Inception Dark", ""),
    "trakt_ratings.csv": ("Trakt ratings: 3 titles, 3 matched", "Inception Dark Heat", ""),
    "trakt_watchlist.json": ("Trakt watchlist: 2 titles, 2 matched", "", "Inception Dark"),
    "prime_history.csv": ("Prime Video history: 3 titles, 3 matched", "Inception Heat", ""),
    "prime_german.csv": ("Prime Video history: 2 titles, 2 matched", "Inception Dark", ""),
    "prime_playback.csv": ("Prime Video history: 2 titles, 2 matched", "Inception Dark", ""),
    "prime_watch_events.csv": ("Prime Video history: 2 titles, 2 matched", "Inception Dark", ""),
    "list.txt": ("list: 4 titles, 3 matched", "Inception Heat Dark", ""),
    "netflix_utf16.csv": ("Netflix viewing history: 2 titles, 2 matched", "Inception Dark", ""),
    "netflix_cp1252.csv": ("Netflix viewing history: 3 titles, 2 matched", "Inception Dark", ""),
    "letterboxd_reviews.csv": ("Letterboxd reviews: 3 films, 2 matched", "Inception Heat", ""),
    "letterboxd_list.csv": ("Letterboxd list: 2 films, 2 matched", "Inception Heat", ""),
    "letterboxd_export": (
        "Letterboxd export: 5 films, 4 matched; from diary.csv, likes/films.csv, ratings.csv, "
        "watched.csv, watchlist.csv",
        "Inception Heat Arrival",
        "",
    ),
    "netflix_export": (
        "Netflix export: 4 titles, 4 matched; from CONTENT_INTERACTION/MyList.csv, "
        "CONTENT_INTERACTION/Ratings.csv, CONTENT_INTERACTION/ViewingActivity.csv",
        "Dark Heat Arrival",
        "Inception",
    ),
    "trakt_export": (
        "Trakt export: 3 titles, 3 matched; from lists-watchlist.json, ratings-movies.json, "
        "ratings-shows.json, watched-history-1.json, watched-movies.json, watched-shows.json",
        "Inception Dark",
        "Heat",
    ),
    "status_column.csv": ("viewing history: 3 titles, 3 matched", "Inception Dark", "Heat"),
    "own_table.csv": ("viewing history: 3 titles, 3 matched", "Inception Heat", ""),
    "episodes_by_show.csv": ("viewing history: 1 title, 1 matched", "Dark", ""),
    "plays.json": ("viewing history: 2 titles, 2 matched", "Inception Dark", ""),
    "anime_list.xml": ("list of ratings: 2 titles, 2 matched", "Dark", "Heat"),
    "numbered_list.txt": ("list: 3 titles, 3 matched", "Inception Heat Dark", ""),
    "list_of_ratings.csv": ("list of ratings: 3 titles, 3 matched", "Inception Heat Arrival", ""),
}


@pytest.fixture(scope="module")
def model():
    """A model of the starter catalog."""
    from mediarec import Recommender, load_catalog
    from mediarec.core import package_path

    return Recommender().fit(load_catalog(package_path("starter.csv")))


@pytest.fixture
def read(model):
    """A function that reads a history of the test folder for the model."""
    from mediarec.recommend.profiles import read_profile

    def read_history(name, **options):
        return read_profile(model, HISTORIES / name, **options)

    return read_history


@pytest.mark.parametrize("name", FORMS)
def test_form_is_recognized_and_nothing_watched_is_recommended(model, read, name):
    from mediarec.recommend.profiles import recommend_for_profile

    told, watched, wanted = FORMS[name]
    profile = read(name)
    assert profile.source.startswith(told)
    titles = model.catalog.set_index("show_id").title
    assert set(watched.split()) <= set(titles[profile.watched])
    assert set(wanted.split()) <= set(titles[profile.wanted])
    assert set(profile.wanted).isdisjoint(profile.watched)
    found = recommend_for_profile(model, profile)
    assert len(found) == 10
    assert set(found.show_id).isdisjoint(profile.watched)
    assert found.because.map(len).between(1, 2).all()
    assert set(found.because.explode()) <= set(profile.matched.title)
    for title, because, why in zip(found.title, found.because, found.why):
        assert title not in because
        assert why.startswith("Because you ") and all(name in why for name in because)


def test_every_file_is_tested():
    others = {"catalog_for_history.csv", "history_two_parts.csv", "lacks_name.csv"}
    assert {path.name for path in HISTORIES.iterdir()} == set(FORMS) | others


def test_films_and_series_are_both_recommended(model, read):
    from mediarec.recommend.profiles import recommend_for_profile

    for name in ("imdb_ratings.csv", "netflix_german.csv", "list.txt", "prime_history.csv"):
        types = recommend_for_profile(model, read(name)).type.value_counts()
        assert types.get("Movie", 0) >= 2 and types.get("TV Show", 0) >= 2
    assert set(recommend_for_profile(model, read("list.txt"), type="Movie").type) == {"Movie"}


def test_ratings_are_weights(model, read):
    row = model.find("Heat")
    heat = model.catalog.show_id[row]
    assert read("imdb_ratings.csv").disliked == [heat]
    assert heat in read("letterboxd_ratings.csv").liked
    diary = read("letterboxd_diary.csv")
    assert diary.liked[heat] < diary.liked[model.catalog.show_id[model.find("Inception")]] == 1
    assert len(diary.disliked) == 1
    netflix = read("netflix_ratings.csv")
    assert sorted(netflix.liked.values()) == [0.7, 1.0]


def test_profile_is_chosen(read):
    from mediarec.core import TableError

    assert read("netflix_activity.csv", profile="Ben").matched.title.tolist() == ["Arrival"]
    with pytest.raises(TableError, match="has no profile 'Cy'; it has Ann, Ben"):
        read("netflix_activity.csv", profile="Cy")


def test_missing_column_is_named(read):
    from mediarec.core import TableError

    with pytest.raises(TableError, match="the columns Date, Year, .* which also has name"):
        read("lacks_name.csv")


def test_exports_as_archives_are_equal_to_folders(model, read, tmp_path):
    from mediarec.recommend.profiles import read_profile

    for name in ("letterboxd_export", "netflix_export", "trakt_export"):
        shutil.make_archive(tmp_path / name, "zip", HISTORIES, name)
        packed = read_profile(model, tmp_path / f"{name}.zip")
        folder = read(name)
        assert packed.source.replace(f"{name}/", "") == folder.source
        assert packed.liked == folder.liked and packed.watched == folder.watched


def test_letterboxd_export_is_one_row_a_film(model, read):
    from mediarec.recommend.histories import read_viewing_history

    rows = read_viewing_history(HISTORIES / "letterboxd_export").rows.set_index("title")
    assert sorted(rows.index) == ["Arrival", "Batman Begins", "Heat", "Inception", "The Net"]
    assert rows.weight["Inception"] == 1 and rows.weight["The Net"] == -1
    assert rows.weight["Heat"] == 0.75  # four stars are 0.5, and the like is halfway to 1
    assert str(rows.date["Heat"])[:10] == "2024-04-10"
    assert rows.index[rows.is_wanted].tolist() == ["Batman Begins"]
    for name in ("letterboxd_export", "letterboxd_reviews.csv"):
        profile = read(name)
        said = f"{profile.source} {profile.matched.to_csv()} {profile.unmatched.to_csv()}"
        assert "coffee" not in said and "plan" not in said


def test_netflix_export_has_profiles_and_ratings(model, read):
    ann = read("netflix_export", profile="Ann")
    assert sorted(ann.matched.title) == ["Dark", "Heat", "Inception"]
    titles = model.catalog.set_index("show_id").title
    assert titles[ann.disliked].tolist() == ["Heat"]
    assert ann.matched.set_index("title").type["Dark"] == "TV Show"
    assert read("netflix_export", profile="Ben").matched.title.tolist() == ["Arrival"]


def test_trakt_export_uses_the_ratings_of_shows(model, read):
    profile = read("trakt_export")
    titles = model.catalog.set_index("show_id").title
    assert titles[profile.disliked].tolist() == ["Dark"]
    assert titles[profile.wanted].tolist() == ["Heat"]


def test_packed_files(model, tmp_path):
    from mediarec.core import TableError
    from mediarec.recommend.profiles import read_profile

    raw = (HISTORIES / "netflix_german.csv").read_bytes()
    (tmp_path / "netflix.csv.gz").write_bytes(gzip.compress(raw))
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("a.csv", raw)
        archive.writestr("README.txt", "Read me\n")
        archive.writestr("__MACOSX/a.csv", raw)
    for name in ("netflix.csv.gz", "one.zip"):
        assert len(read_profile(model, tmp_path / name).matched) == 3
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("ann.csv", raw)
        archive.writestr("ben.csv", raw)
    with pytest.raises(TableError, match=r"several files .*: ann.csv \(Netflix .* name one of"):
        read_profile(model, tmp_path / "two.zip")
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"a" * 200_000_001, 1))
    with pytest.raises(TableError, match="too large: at most 200 MB"):
        read_profile(model, tmp_path / "bomb.csv.gz")


def test_encoding_can_be_named(read):
    from mediarec.core import TableError

    assert len(read("netflix_cp1252.csv", encoding="cp1252").matched) == 2
    with pytest.raises(TableError, match='encoding="cp1252" in Python, --encoding cp1252'):
        read("netflix_cp1252.csv", encoding="utf-8")


def test_most_titles_unknown_gives_a_hint(model, tmp_path):
    from mediarec.recommend.profiles import read_profile

    path = tmp_path / "list.txt"
    path.write_text("Inception\nQqq Zzz\nXxx Yyy Zzz\n")
    assert "Most titles were not found" in read_profile(model, path).source


def test_episodes_without_a_season_on_the_command_line(tmp_path):
    def run(*arguments):
        command = [sys.executable, "-m", "mediarec", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=True)

    folder = tmp_path / "model"
    run("build", "-c", HISTORIES / "catalog_for_history.csv", "-o", folder)
    history = HISTORIES / "history_two_parts.csv"
    result = run("for-me", history, "-m", folder, "-n", 3, "--date-order", "M/D/Y", "--json")
    answer = json.loads(result.stdout)
    assert answer["read"].startswith("Netflix viewing history: 3 titles, 3 matched")
    assert set(answer["matched"]) == {"Lantern Row", "Harbour Lights", "Iron Orchard"}
    assert [row["title"] for row in answer["results"]] == ["Cold Ferry", "Winter Bread"]
    assert all(1 <= len(row["because"]) <= 2 for row in answer["results"])
    table = run("for-me", history, "-m", folder, "--encoding", "utf-8")
    assert "Because you watched" in table.stdout
