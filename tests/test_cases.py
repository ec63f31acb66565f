"""Small catalogs of the kinds that are met in public: each is read without options."""

import gzip
import json
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from mediarec import Recommender, load_catalog
from mediarec.core import CatalogError, CatalogWarning
from mediarec.data.clean import clean

CASES = Path(__file__).parent / "cases"
FOUR_TITLES = ["Harbour Lights", "Harbour Nights", "Iron Orchard", "Winter Bread"]


def load(source, **options):
    """Return the cleaned catalog of a file, and the text of all warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CatalogWarning)
        cleaned = clean(load_catalog(source, **options))
    messages = [str(w.message) for w in caught if issubclass(w.category, CatalogWarning)]
    return cleaned, "\n".join(messages)


def load_text(folder, text, name="mine.csv", **options):
    """Return the cleaned catalog of a text, and the text of all warnings."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path, **options)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "plain.csv",
            "plain.csv.gz",
            "pipe.csv",
            "list.json",
            "utf16.csv",
            "trailing_columns.csv",
        ),
        *("blank_rows.csv", "blank_first.csv", "year_float.csv", "year_date.csv", "year_paren.csv"),
        *("date.csv", "rating.csv", "type.csv", "duration.csv"),
    ],
)
def test_forms_of_the_same_four_titles(name):
    catalog, _ = load(CASES / name)
    assert catalog.title.tolist() == FOUR_TITLES
    assert catalog.release_year.tolist() == [2001, 2003, 2018, 2010]
    assert catalog.genres.iloc[1] == ["Dramas", "Thrillers"]
    assert catalog.countries.iloc[2] == ["South Korea"]


def test_old_encoding_and_semicolons():
    catalog, _ = load(CASES / "semicolon_cp1252.csv")
    assert catalog.title.iloc[3] == "Förår"


@pytest.mark.parametrize("name", ["date_added_zulu.csv", "date_added_mixed.csv", "date.csv"])
def test_dates(name):
    assert load(CASES / name)[0].date_added.iloc[0] == "2021-11-26"


def test_tmdb_names_and_json():
    catalog, messages = load(CASES / "tmdb_json.csv")
    row = catalog[catalog.title == "Harbour Nights"].iloc[0]
    assert (row.release_year, row.minutes, row.genres) == (2003, 99, ["Thriller"])
    assert (row.type, row.show_id) == ("Movie", "12")
    model = Recommender().fit(catalog)
    found = model.recommend("Harbour Lights", genre="Thriller", year=(2000, 2005))
    assert found.title.tolist() == ["Harbour Nights"]


def test_year_in_the_title():
    catalog, _ = load(CASES / "movielens_titles.csv")
    assert catalog.title.tolist()[:3] == ["Harbour Lights", "Harbour Lights 2", "The Orchard"]
    assert catalog.release_year.tolist()[:3] == [1999, 2003, 1999]
    assert catalog.genres[catalog.title == "Cold Ferry"].tolist() == [[]]
    model = Recommender().fit(catalog)
    assert not model.recommend("The Orchard").empty
    assert not model.recommend("Harbour Lights").why.str.contains("1999").any()


def test_unread_durations_are_counted():
    catalog, messages = load(CASES / "duration.csv")
    assert "duration: 4 rows could not be read, such as '10 Episodes' (4)" in messages
    assert catalog.duration.iloc[0] == "10 Episodes"


def test_certificates_and_types():
    assert set(load(CASES / "rating.csv")[0].age_group) == {"Teens"}
    assert set(load(CASES / "type.csv")[0].type) == {"TV Show"}


def test_dropped_rows_are_counted():
    assert "dropped 3 blank rows" in load(CASES / "blank_rows.csv")[1]
    assert "dropped 1 blank row" in load(CASES / "blank_first.csv")[1]
    catalog, messages = load(CASES / "dup_rows.csv")
    assert catalog.show_id.tolist() == ["1", "2", "3"]
    assert "dropped 1 row that is equal to an earlier one" in messages


@pytest.mark.parametrize("path", sorted(CASES.glob("c*.csv")), ids=lambda path: path.stem)
def test_few_titles(path):
    catalog, _ = load(path)
    assert len(catalog) == sum(1 for line in path.open(encoding="utf-8") if line.strip()) - 1
    model = Recommender().fit(catalog)
    model.recommend(show_id_of(catalog))


def show_id_of(catalog):
    """Return the id of the first title."""
    return catalog.show_id.iloc[0]


LANGUAGES = {
    "de": {
        "date_added": "2021-11-26",
        "age_group": "Teens",
        "minutes": 90,
        "genres": ["Krimi", "Drama"],
        "score": 7.1,
        "votes": 1234,
    },
    "fr": {
        "date_added": "2021-11-26",
        "age_group": "Kids",
        "minutes": 102,
        "score": 3.8,
        "votes": 1234,
    },
    "tr": {"date_added": "2021-11-26", "minutes": 196, "score": 8.1, "votes": 1234},
    "zh": {
        "release_year": 1994,
        "minutes": 142,
        "directors": ["王一", "李二"],
        "genres": ["剧情", "犯罪"],
        "votes": 2195436,
    },
    "ja": {"type": "Movie", "release_year": 2001, "minutes": 125, "actors": ["柊る", "入野自"]},
    "ar": {"release_year": 2010, "minutes": 120, "actors": ["منى سعيد", "عادل حسن"], "score": 7.5},
    "ru": {"date_added": "2021-11-26", "minutes": 114, "age_group": "Teens", "score": 6.5},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_languages(language):
    row = load(CASES / f"language_{language}.csv")[0].iloc[0]
    expected = LANGUAGES[language]
    assert {field: row[field] for field in expected} == expected


def test_quotes_nested_answers_and_lists():
    assert load(CASES / "imdb_quotes.tsv")[0].title.tolist()[:2] == ['Carmen "x', 'Dark "Town"']
    answer = load(CASES / "nested_answer.json")[0]
    assert answer.title.tolist() == ["Cow Boy", "Mononoke"]
    assert answer.release_year.tolist() == [1998, 1997]
    assert load(CASES / "anime_list.xml")[0].title.tolist() == ["Kauboi"]
    listed = load(CASES / "index_and_lists.csv")[0]
    assert listed.actors.tolist() == [["Marlo Brand", "Al Pace"], ["Tim Rob"], []]
    assert listed.description.iloc[0] == "The patriarch of a house."


def test_missing_words_and_rows_without_a_title():
    catalog, messages = load(CASES / "missing_words.csv")
    assert "dropped 1 row without a title" in messages
    assert catalog.title.tolist() == ["Alpha", "Beta", "Gamma", "N/A", "None"]
    assert catalog.genres.iloc[1] == catalog.genres.iloc[2] == []
    assert "<p>" not in catalog.description.iloc[0]


HOSTILE = {
    "columns.csv": "title," + ",".join(f"c{i}" for i in range(100_000)) + "\nHeat\n",
    "deep.json": "[" * 100_000 + "]" * 100_000,
    "deep_value.json": '[{"title": "Heat", "genre": ' + "[" * 5_000 + "]" * 5_000 + "}]",
    "deep_object.json": '[{"title": "Heat", "genre": ' + '{"a":' * 900 + "1" + "}" * 900 + "}]",
    "half.json": '[{"title": "Heat"}, {"title": ',
    "entities.xml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a><t>&b;</t></a>',
    "many_keys.json": json.dumps([{f"c{i}": i for i in range(3_000)} | {"title": "Heat"}]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_in_one_sentence(name, tmp_path):
    with pytest.raises(CatalogError, match=name) as error:
        load_text(tmp_path, HOSTILE[name], name)
    assert len(str(error.value)) < 300


def test_half_a_character_is_replaced(tmp_path):
    catalog, _ = load_text(tmp_path, '[{"title": "\\ud800 Heat"}]', "x.json")
    assert catalog.title.tolist() == ["? Heat"]


COLUMNS_OF_PUBLIC_FILES = {
    "IMDb top 1000": (
        "Poster_Link,Series_Title,Released_Year,Certificate,Runtime,Genre,IMDB_Rating,Overview,"
        "Meta_score,Director,Star1,Star2,Star3,Star4,No_of_Votes,Gross\n"
        'x,Heat,1995,A,170 min,"Crime, Drama",8.3,Thieves.,76,Michael Mann,Al Pacino,'
        'Robert De Niro,Val Kilmer,Jon Voight,577113,"67,436,818"\n',
        {
            "release_year": 1995,
            "age_group": "Adults",
            "minutes": 170,
            "actors": ["Al Pacino", "Robert De Niro", "Val Kilmer", "Jon Voight"],
            "score": 8.3,
            "votes": 577113,
        },
    ),
    "IMDb title.basics": (
        "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\t"
        "runtimeMinutes\tgenres\n"
        "tt0113277\tmovie\tHeat\tHeat\t0\t1995\t\\N\t170\tAction,Crime\n",
        {"show_id": "tt0113277", "type": "Movie", "minutes": 170, "genres": ["Action", "Crime"]},
    ),
    "JustWatch": (
        "id,title,type,description,release_year,age_certification,runtime,genres,"
        "production_countries,seasons,imdb_id,imdb_score,imdb_votes,tmdb_popularity,tmdb_score\n"
        "tm1,Heat,MOVIE,Thieves.,1995,R,170,\"['crime', 'drama']\",['US'],,"
        "tt0113277,8.3,577113,40,8\n"
        "ts1,Dark,SHOW,A cave.,2017,TV-MA,53,['drama'],['DE'],3.0,tt5753856,8.7,400000,90,8\n",
        {"type": "Movie", "minutes": 170, "age_group": "Adults", "score": 8.3}
        | {"countries": ["United States"]},
    ),
    "TMDb with credits": (
        "id,original_title,title,overview,genres,release_date,runtime,vote_average,vote_count,"
        "cast,crew\n"
        '949,Heat,Heat,Thieves.,"[{""id"": 80, ""name"": ""Crime""}]",1995-12-15,170.0,7.7,1886,'
        '"[{""cast_id"": 1, ""character"": ""Hanna"", ""name"": ""Al Pacino""}]",'
        '"[{""job"": ""Director"", ""name"": ""Michael Mann""}]"\n',
        {"actors": ["Al Pacino"], "directors": ["Michael Mann"], "genres": ["Crime"]},
    ),
    "MyAnimeList": (
        "anime_id,title,title_english,type,source,episodes,aired,duration,rating,score,scored_by,"
        "synopsis,genre\n"
        '1,Cowboy Bebop,Cowboy Bebop,TV,Original,26,"Apr 3, 1998 to Apr 24, 1999",'
        '24 min per ep,R - 17+ (violence & profanity),8.8,900000,Hunters.,"Action, Sci-Fi"\n',
        {"type": "TV Show", "release_year": 1998, "age_group": "Adults", "score": 8.8},
    ),
    "Netflix originals": (
        "Title,Genre,Premiere,Seasons,Length\nDark,Mystery,1-Dec-17,3 seasons,44–73 min.\n",
        {"type": "TV Show", "release_year": 2017, "seasons": 3, "genres": ["Mystery"]},
    ),
    "German": (
        "Titel;Jahr;Laufzeit;Regie;Darsteller;FSK;Handlung\n"
        "Heat;1995;170 Minuten;Michael Mann;Al Pacino, Val Kilmer;16;Diebe in Los Angeles.\n",
        {"minutes": 170, "age_group": "Teens", "directors": ["Michael Mann"]},
    ),
    "TVmaze": (
        json.dumps(
            [
                {
                    "id": 1,
                    "name": "Dark",
                    "type": "Scripted",
                    "genres": ["Drama", "Science-Fiction"],
                    "premiered": "2017-12-01",
                    "rating": {"average": 8.7},
                    "summary": "A cave.",
                }
            ]
        ),
        {"type": "TV Show", "release_year": 2017, "score": 8.7},
    ),
}


@pytest.mark.parametrize("kind", COLUMNS_OF_PUBLIC_FILES)
def test_columns_of_public_files(kind, tmp_path):
    text, expected = COLUMNS_OF_PUBLIC_FILES[kind]
    row = load_text(tmp_path, text)[0].iloc[0]
    assert {field: row[field] for field in expected} == expected


def test_header_of_movielens_is_missing(tmp_path):
    text = "1::Heat (1995)::Crime|Drama\n2::Misérables, Les (1995)::Drama|War\n"
    catalog, _ = load_text(tmp_path, text.encode("latin-1"), "movies.dat")
    assert catalog.title.tolist() == ["Heat", "Les Misérables"]
    assert catalog.genres.tolist() == [["Crime", "Drama"], ["Drama", "War"]]


def test_two_columns_that_fit_are_named(tmp_path):
    text = "name,movie_title\nHeat,Heat 2\n"
    with pytest.raises(CatalogError, match="name and movie_title.*--column"):
        load_text(tmp_path, text)
    assert load_text(tmp_path, text, columns={"name": "title"})[0].title.tolist() == ["Heat"]


def test_type_of_all_titles(tmp_path):
    assert "--type-all Movie" in load_text(tmp_path, "title\nHeat\n")[1]
    assert load_text(tmp_path, "title\nHeat\n", type_all="film")[0].type.tolist() == ["Movie"]
    with pytest.raises(CatalogError, match="unknown type 'podcast'"):
        load_text(tmp_path, "title\nHeat\n", type_all="podcast")


def test_spreadsheet(tmp_path):
    pytest.importorskip("python_calamine")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["Title", "Year"], ["Heat", 1995], [None, None]):
        book.active.append(row)
    book.save(tmp_path / "films.xlsx")
    assert load(tmp_path / "films.xlsx")[0].release_year.tolist() == [1995]


def test_spreadsheet_without_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    path = tmp_path / "films.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
    with pytest.raises(CatalogError, match=r"pip install \"mediarec\[excel\]\""):
        load(path)


def test_large_build_reads_the_same(tmp_path):
    from mediarec import load_model
    from mediarec.scale.ondisk_build import build_model

    sources = [CASES / "tmdb_json.csv", CASES / "semicolon_cp1252.csv", CASES / "list.json"]
    packed = tmp_path / "films.csv.gz"
    packed.write_bytes(gzip.compress(b"name,Year\nHeat,(1995)\n\n,\nRan,1985\n"))
    for source, title in zip(
        [*sources, packed], ["Harbour Nights", "Förår", "Iron Orchard", "Ran"]
    ):
        folder = tmp_path / f"{source.name}-model"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            build_model(source, folder=folder, clusters=(), shard_size=2)
            expected = load_catalog(source)
        model = load_model(folder)
        assert len(model) == len(expected)
        row = model.catalog[model.catalog.title == title].iloc[0]
        assert row.release_year == expected[expected.title == title].release_year.iloc[0]


def test_command_line_tells_what_it_recognized(tmp_path):
    out = tmp_path / "cleaned.csv"
    command = [sys.executable, "-m", "mediarec", "clean", "-c", CASES / "tmdb_json.csv", "-o", out]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "note: tmdb_json.csv: id read as show_id; release_date as release_year" in result.stderr
    command[-3] = CASES / "movielens_titles.csv"
    result = subprocess.run([*command, "--type-all", "Movie"], capture_output=True, text=True)
    assert set(pd.read_csv(out).type) == {"Movie"}
    result = subprocess.run([*command, "--encoding", "klingon"], capture_output=True, text=True)
    assert result.returncode == 1
    assert "unknown encoding 'klingon'" in result.stderr
