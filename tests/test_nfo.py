"""A library at home of NFO files, with all that is met on disks: what is read, what is counted."""

import os
import random
import subprocess
import sys
import warnings
from html import escape
from pathlib import Path

import pytest

from mediarec import Recommender, load_catalog
from mediarec.core import CatalogError, CatalogWarning, TableError, package_path
from mediarec.library import read_library
from mediarec.recommend.histories import read_viewing_history

N_FILMS = 300
N_SERIES = 30
N_SEASONS = 3
EPISODES_PER_SEASON = 4
BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<movie><title>&d;</title></movie>"""
OUTSIDE = (
    """<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/hostname">]><movie><title>&x;</title></movie>"""
)
GENRES = ["Crime", "Drama", "Comedy", "Thriller", "Family", "Science Fiction"]
CERTIFICATES = ["Rated PG-13", "FSK 12", "de:12", "DE-16", "R", "12", "Rated", ""]


def film_nfo(i, **fields):
    """Return the text of the NFO file of a film."""
    rng = random.Random(i)
    values = {
        "title": f"Quiet Harbour {i}",
        "originaltitle": f"Stiller Hafen {i}",
        "year": 1950 + i % 70,
        "plot": f"Sailor {i} looks for {rng.choice(GENRES)} & luck in town {rng.randint(0, 40)}.",
        "mpaa": CERTIFICATES[i % len(CERTIFICATES)],
        "runtime": 80 + i % 60,
        "playcount": int(i % 5 == 0),
        "lastplayed": f"2024-03-{1 + i % 28:02d} 21:00:00" if i % 5 == 0 else "1601-01-01",
        "userrating": 1 + i // 10 % 10 if i % 10 == 0 else 0,
    } | fields
    parts = [f"<{name}>{escape(str(value))}</{name}>" for name, value in values.items()]
    genres = " / ".join(rng.sample(GENRES, 2))
    parts.append(f"<genre>{genres}</genre><studio>Studio {i % 7}</studio><tag>sea</tag>")
    parts.append(f'<uniqueid type="imdb" default="true">tt{i:07d}</uniqueid>')
    parts.append(f"<director>Director {i % 40}</director>")
    for order in (1, 0):
        actor = f"<name>Actor {(i + order) % 90}</name><order>{order}</order>"
        parts.append(f"<actor>{actor}</actor>")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<movie>{"".join(parts)}</movie>\n'


def series_nfo(i):
    """Return the text of the NFO file of a series."""
    return (
        f"<tvshow><title>Long Winter {i}</title><premiered>20{i % 20:02d}-01-01</premiered>"
        f"<plot>A village of {i} people.</plot><genre>Drama</genre><season>-1</season></tvshow>"
    )


def episode_nfo(series, season, episode, playcount=0):
    """Return the text of the NFO file of an episode."""
    return (
        f"<episodedetails><title>Part {episode}</title><showtitle>Long Winter {series}</showtitle>"
        f"<season>{season}</season><episode>{episode}</episode><playcount>{playcount}</playcount>"
        f"<lastplayed>2024-06-{1 + series % 28:02d}</lastplayed></episodedetails>"
    )


def film_path(i):
    """Return one of the places where the NFO file of a film can be."""
    places = [
        f"Films/Quiet Harbour {i}/movie.nfo",
        f"Films/Quiet Harbour {i}/Quiet.Harbour.{i}.1080p.nfo",
        f"Films/flat/quiet {i}.NFO",
        f"Films/A-Z/Q/{i % 9}/deep/er/Quiet & Söhne {i}/VIDEO_TS/VIDEO_TS.nfo",
    ]
    return places[i % len(places)]


def film_bytes(i):
    """Return an NFO file of a film in one of several encodings."""
    text = film_nfo(i)
    encodings = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]
    if i % 11 == 0:
        text = text.replace("luck", "Glück, Élan").replace("UTF-8", "windows-1252")
        return text.encode("cp1252")
    if i % 13 == 0:
        text += f"https://example.org/title/tt{i:07d}/\n"
    return text.encode(encodings[i % 3])


def write(folder, name, content):
    """Write bytes or text to a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def make_library(folder, n_films=N_FILMS, n_series=N_SERIES):
    """Write a library of readable NFO files."""
    for i in range(n_films):
        write(folder, film_path(i), film_bytes(i))
    for i in range(n_series):
        series = f"Series/{'nested/' * (i % 3)}Long Winter {i}"
        write(folder, f"{series}/tvshow.nfo", series_nfo(i))
        write(folder, f"{series}/season.nfo", "<season><seasonnumber>1</seasonnumber></season>")
        for season in range(N_SEASONS + 1):
            numbers = range(1, EPISODES_PER_SEASON + 1)
            texts = [episode_nfo(i, season, n, int(i % 3 == 0 and season == 1)) for n in numbers]
            place = f"{series}/Season {season}/" if i % 2 else f"{series}/"
            write(folder, f"{place}S{season:02d}E01-E02.nfo", texts[0] + "\n" + texts[1])
            for n in (3, 4):
                write(folder, f"{place}S{season:02d}E{n:02d}.nfo", texts[n - 1])


BROKEN = {
    "broken XML": {
        "bad/cut.nfo": "<movie><title>Cut",
        "bad/mixed.nfo": "<movie><title>Mixed</plot></movie>",
        "bad/html.nfo": "<movie><p>unclosed<title>Html</title></movie>",
        "bad/undefined.nfo": "<x:movie/><movie><y:z>a</y:z></movie>",
    },
    "XML with entities, which is unsafe": {"bad/bomb.nfo": BOMB, "bad/outside.nfo": OUTSIDE},
    "only a web address": {"bad/parsing.nfo": "https://www.example.org/title/tt0111161/\r\n"},
    "plain text without XML": {"bad/scene.nfo": "░▒▓ GROUP PRESENTS ▓▒░\n".encode("cp437")},
    "empty": {"bad/empty.nfo": "", "bad/blank.nfo": " \n"},
    "no title": {"bad/untitled.nfo": "<movie><title> </title><year>1999</year></movie>"},
    "music videos, albums and artists": {
        "Music/artist.nfo": "<artist><name>Somebody</name></artist>",
        "Music/clip.nfo": "<musicvideo><title>Clip</title></musicvideo>",
    },
    "XML about something else": {"bad/system.nfo": "<MsInfo><Category/></MsInfo>"},
    "episodes without a series (tvshow.nfo)": {
        "Orphans/S01E01.nfo": "<episodedetails><title>Lost</title></episodedetails>"
    },
    "a text of more than 100,000 characters": {
        "bad/long.nfo": f"<movie><title>Long</title><plot>{'x' * 200_000}</plot></movie>"
    },
    "the same title as in another file": {
        "Films/Quiet Harbour 1/movie.nfo": film_nfo(1, playcount=1),
        "Films/4K/Quiet Harbour 7.nfo": film_nfo(7),
    },
    "a file that cannot be opened": {},
}
IGNORED = {
    "Films/.actors/Somebody.nfo": film_nfo(9001),
    "Films/._Quiet.nfo": b"\0\5\26\7",
    "Films/@eaDir/x.nfo": film_nfo(9002),
    "Films/poster.txt": "no",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A library with broken files, hidden files and loops of links."""
    folder = tmp_path_factory.mktemp("home") / "My films"
    make_library(folder)
    for files in BROKEN.values():
        for name, content in files.items():
            write(folder, name, content)
    for name, content in IGNORED.items():
        write(folder, name, content)
    (folder / "Films" / "loop").symlink_to(folder)
    (folder / "bad" / "nowhere.nfo").symlink_to(folder / "gone")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "bad" / "pipe.nfo")
    return folder


@pytest.fixture(scope="module")
def loaded(library):
    """The catalog of the library, and the messages of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CatalogWarning)
        catalog = load_catalog(library)
    return catalog, [str(w.message) for w in caught if issubclass(w.category, CatalogWarning)]


def test_every_title_is_read(loaded):
    catalog, _ = loaded
    assert catalog.type.value_counts().to_dict() == {"Movie": N_FILMS, "TV Show": N_SERIES}
    assert set(catalog.title[catalog.type == "Movie"]) == {
        f"Quiet Harbour {i}" for i in range(N_FILMS)
    }
    assert catalog.show_id.is_unique


def test_fields(loaded, library):
    catalog, _ = loaded
    films = catalog[catalog.type == "Movie"].set_index("title")
    film = films.loc["Quiet Harbour 11"]
    assert film.description.startswith("Sailor 11 looks for") and "Glück, Élan" in film.description
    assert film.cast == "Actor 11, Actor 12"
    assert film.duration == "91 min"
    assert film.release_year == 1961
    assert (library / film.show_id).is_file()
    assert films.listed_in.str.count(", ").eq(1).all()
    assert films.loc["Quiet Harbour 33"].description.count("&") == 1
    series = catalog[catalog.type == "TV Show"]
    assert set(series.duration) == {f"{N_SEASONS} Seasons"}


def test_one_warning_counts_every_file(loaded, library):
    _, messages = loaded
    counting = [message for message in messages if "NFO files" in message]
    assert len(counting) == 1
    for reason, files in BROKEN.items():
        n_files = len(files) or 1 + hasattr(os, "mkfifo")
        assert f"{reason}: {n_files} (" in counting[0], reason
    assert "lol" not in counting[0]
    assert not [message for message in messages if "could not be read" in message]


def test_nothing_is_lost(library):
    """Each NFO file is a title, belongs to a series, or is counted."""
    found = read_library(library)
    used = {title.path for title in found.titles} | {
        episode.path.partition("#")[0] for episode in found.episodes
    }
    counted = {name for names in found.unread.values() for name in names}
    assert len(used) + len(counted - used) == found.n_files
    n_episode_files = N_SERIES * (3 * (N_SEASONS + 1) + 1)
    assert len(found.titles) + n_episode_files + len(counted) == found.n_files


def test_recommendations(loaded):
    catalog, _ = loaded
    model = Recommender().fit(catalog)
    found = model.recommend("Quiet Harbour 20", n=5)
    assert len(found) == 5 and "Quiet Harbour 20" not in set(found.title)
    assert set(model.recommend("Quiet Harbour 1", age_group="Teens").title)
    assert model.catalog.age_group.value_counts()["Teens"] > N_FILMS / 3


def test_several_catalogs(library):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both = load_catalog([library, package_path("starter.csv")])
    assert set(both.source) == {"My films", "starter"}


def test_history(library):
    history = read_viewing_history(library, today="2025-01-01")
    films = history.rows[history.rows.type == "Movie"]
    # film 1 is watched in the copy that is dropped
    assert set(films.title) == {f"Quiet Harbour {i}" for i in [*range(0, N_FILMS, 5), 1]}
    assert films[films.title == "Quiet Harbour 0"].weight.item() < 0
    assert films.weight.notna().sum() == N_FILMS / 10
    episodes = history.rows[history.rows.type == "TV Show"]
    assert set(episodes.title) == {f"Long Winter {i}" for i in range(0, N_SERIES, 3)}
    assert len(episodes) == N_SERIES / 3 * EPISODES_PER_SEASON
    assert history.rows.date.notna().sum() == len(history.rows) - 1
    assert history.dropped["broken XML"] == len(BROKEN["broken XML"])
    assert history.dropped["not watched"] == N_FILMS - N_FILMS / 5 - 1 + N_SERIES * 2 / 3
    assert history.rows.other_title.str.startswith("Stiller Hafen").sum() == len(films)


def test_command_line(library, tmp_path):
    """Build and for-me on the same folder; no watched title is recommended."""

    def run(*words):
        command = [sys.executable, "-m", "mediarec", *map(str, words)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    built = run("build", "--catalog", library, "--out", "shelf")
    assert built.returncode == 0, built.stderr
    assert "330 titles" in built.stdout and built.stderr.count("warning:") <= 2
    found = run("for-me", library, "--model", "shelf", "-n", "20")
    assert found.returncode == 0, found.stderr
    assert "Kodi library" in found.stderr
    assert "Traceback" not in built.stderr + found.stderr


def test_large_build(library, tmp_path):
    from mediarec import load_model
    from mediarec.scale.ondisk_build import build_model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        build_model(library, None, tmp_path / "large")
    model = load_model(tmp_path / "large")
    assert len(model.recommend("Quiet Harbour 20", n=5)) == 5


def test_variable_can_name_a_folder(library, monkeypatch):
    monkeypatch.setenv("MEDIAREC_CATALOG", str(library))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(load_catalog()) == N_FILMS + N_SERIES


@pytest.mark.parametrize("name", ["videodb.xml", "export.xml"])
def test_single_file(tmp_path, name):
    series = series_nfo(1).replace("</tvshow>", episode_nfo(1, 2, 1, 1) + "</tvshow>")
    titles = "".join(film_nfo(i).partition("\n")[2] for i in range(5))
    text = f"<?xml version='1.0'?><videodb><version>1</version>{titles}<movie/>{series}</videodb>"
    write(tmp_path, name, text)
    for encoding in ("utf-8", "utf-16"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        with pytest.warns(CatalogWarning, match=r"no title: 1 \("):
            catalog = load_catalog(tmp_path / name)
        assert len(catalog) == 6
        assert catalog.duration.iloc[-1] == "1 Season"
    history = read_viewing_history(tmp_path / name, today="2025-01-01")
    assert set(history.rows.title) == {"Quiet Harbour 0", "Long Winter 1"}


def test_broken_single_file_keeps_what_came_before(tmp_path):
    write(tmp_path, "videodb.xml", f"<videodb>{film_nfo(1).partition(chr(10))[2]}<movie><title>")
    with pytest.warns(CatalogWarning, match="broken XML: 1"):
        assert len(load_catalog(tmp_path)) == 1


@pytest.mark.parametrize("name", ["bomb.nfo", "videodb.xml"])
def test_entity_bomb_is_refused(tmp_path, name):
    bomb = BOMB.replace("<movie>", "<videodb><movie>").replace("</movie>", "</movie></videodb>")
    write(tmp_path, name, BOMB if name.endswith("nfo") else bomb)
    with pytest.raises(CatalogError, match="entities"):
        load_catalog(tmp_path)


def test_deep_xml_does_not_crash(tmp_path):
    depth = 100_000
    write(tmp_path, "deep.nfo", f"<movie><title>{'<a>' * depth}{'</a>' * depth}</title></movie>")
    write(tmp_path, "good.nfo", film_nfo(1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert load_catalog(tmp_path).title.tolist() == ["Quiet Harbour 1"]


def test_nothing_to_read(tmp_path):
    with pytest.raises(CatalogError, match="without NFO files: Kodi writes them"):
        load_catalog(tmp_path)
    write(tmp_path, "one.csv", "title\nHeat\n")
    with pytest.raises(CatalogError, match="name a file in it, such as one.csv"):
        load_catalog(tmp_path)
    write(tmp_path, "parsing.nfo", "https://example.org/")
    with pytest.raises(CatalogError, match="only a web address: 1 .* metadata saver"):
        load_catalog(tmp_path)
    write(tmp_path, "film.nfo", film_nfo(1))
    with pytest.raises(TableError, match="none was watched"):
        read_viewing_history(tmp_path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user with limits")
def test_unreadable_files_are_counted(tmp_path):
    write(tmp_path, "good.nfo", film_nfo(1))
    for name in ("closed.nfo", "closed/film.nfo"):
        write(tmp_path, name, film_nfo(2))
    Path(tmp_path, "closed.nfo").chmod(0)
    Path(tmp_path, "closed").chmod(0)
    try:
        with pytest.warns(CatalogWarning, match="file that cannot be opened: 1.*folder that"):
            assert len(load_catalog(tmp_path)) == 1
    finally:
        Path(tmp_path, "closed").chmod(0o755)


def test_folder_that_cannot_be_opened(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", os.fspath(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(CatalogError, match="a folder that cannot be opened: 1"):
        load_catalog(tmp_path)
    with pytest.raises(TableError, match="a folder that cannot be opened: 1"):
        read_viewing_history(tmp_path)
