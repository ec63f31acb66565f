"""Posters: each thing that TMDb can do wrong, against a real server on the loopback; and that the key shows nowhere."""

import base64
import copy
import http.client
import json
import logging
import pickle
import re
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from xml.etree import ElementTree

import pytest

pytest.importorskip("requests_cache", reason='the extra "posters" is not installed')
pytest.importorskip("pydantic_settings", reason='the extra "posters" is not installed')

from fake_tmdb import KEY, TOKEN, TROUBLES, FakeTmdb, work

from mediarec.apps.posters import POSTER_COLORS, PosterService, placeholder_svg
from mediarec.apps.tmdb_client import (
    FOUND_TTL_DAYS,
    NOT_FOUND_TTL_DAYS,
    ClientConfig,
    LookupFailed,
    TmdbClient,
    prune_cache,
)
from mediarec.apps.tmdb_lookup import find_movie
from mediarec.apps.tmdb_settings import (
    ATTRIBUTION,
    TMDB_URL,
    TmdbError,
    TmdbSettings,
    read_tmdb_settings,
)
from mediarec.core import MediarecError

FAST = ClientConfig(
    connect_timeout=1,
    read_timeout=0.4,
    total_timeout=0.4,
    max_body_bytes=300_000,
    max_retries=1,
    backoff_factor=0.01,
    max_retry_after=1.0,
    breaker_cooldown=60,
    max_workers=4,
)
FILM = dict(show_id="s1", title="Inception", type="Movie", release_year=2010)


@pytest.fixture(autouse=True)
def no_settings_of_ours(monkeypatch, tmp_path):
    for name in ("TMDB_API_KEY", "TMDB_BASE_URL", "TMDB_IMG_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MEDIAREC_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def tmdb():
    with FakeTmdb() as server:
        yield server


def settings_for(tmdb, key=KEY):
    return read_tmdb_settings(None, key=key, base_url=tmdb.base_url, img_base=tmdb.img_base)


def ask(tmdb, row=FILM, limits=FAST, key=KEY, seconds=10, **changes):
    """The answer for one row, the object that was asked, closed."""
    came = []
    with PosterService(settings_for(tmdb, key), config=limits) as posters:
        posters.request([{**row, **changes}], came.append)
        assert posters.wait(seconds)
    assert len(came) == 1
    return came[0], posters


# --- all well


@pytest.mark.parametrize("key, way", [(KEY, "parameter"), (TOKEN, "header")])
def test_a_found_film(tmdb, key, way):
    answer, _ = ask(tmdb, key=key)
    assert (
        answer["reason"] is None and answer["show_id"] == "s1" and "Inception" in answer["overview"]
    )
    assert answer["poster"]["w342"].startswith(f"{tmdb.img_base}/w342/") and set(
        answer["poster"]
    ) == {"w185", "w342"}
    assert answer["link"] == f"{TMDB_URL}/movie/{answer['tmdb_id']}" and set(tmdb.auth) == {way}
    json.dumps(answer)
    import requests

    image = requests.get(answer["poster"]["w185"], timeout=5)
    assert image.content.startswith(b"\x89PNG") and tmdb.images


def test_what_leaves_the_machine(tmdb):
    ask(tmdb, director="Somebody", description="Something")
    ask(tmdb, title="Dark", type="TV Show")
    assert [c for c in tmdb.calls] == [
        (
            "/3/search/movie",
            dict(
                query="Inception",
                include_adult="false",
                language="en-US",
                page="1",
                primary_release_year="2010",
            ),
        ),
        ("/3/search/tv", dict(query="Dark", include_adult="false", language="en-US", page="1")),
    ]


def test_the_cache_outlives_the_object_and_has_bounds(tmdb, tmp_path):
    ask(tmdb)
    ask(tmdb)
    assert len(tmdb.calls) == 1
    tmdb.invent = False
    assert ask(tmdb, title="Nothing")[0]["reason"] == "TMDb has no film of that name and time"
    asked = len(tmdb.calls)
    ask(tmdb, title="Nothing")
    assert len(tmdb.calls) == asked  # that nothing was found is kept too
    with sqlite3.connect(tmp_path / "cache" / "tmdb.sqlite") as db:
        days = {
            round((e - time.time()) / 86400) for (e,) in db.execute("SELECT expires FROM responses")
        }
    assert days == {FOUND_TTL_DAYS, NOT_FOUND_TTL_DAYS} and max(days) < 180
    client = TmdbClient(settings_for(tmdb), config=FAST)
    prune_cache(client.session.cache, max_entries=2)
    assert client.session.cache.count() == 2
    client.session.cache.responses.size = lambda: 10**9
    prune_cache(client.session.cache)
    assert client.session.cache.count() == 1
    client.close()


def test_answers_in_memory(tmdb):
    with PosterService(settings_for(tmdb), config=FAST) as posters:
        assert posters.get_cached("s1") is None
        assert posters.request(FILM) == 1 and posters.wait(5)
        assert posters.get_cached("s1")["reason"] is None and posters.request([FILM]) == 0


def test_one_look_up_for_two_who_ask(tmdb):
    tmdb.slowness, came = 0.15, []
    with PosterService(settings_for(tmdb), config=FAST) as posters:
        posters.request([FILM], came.append)
        posters.request([FILM], came.append)
        assert posters.wait(5)
    assert len(came) == 2 and len(tmdb.calls) == 1


def test_side_by_side_and_never_in_the_way(tmdb):
    tmdb.slowness, came = 0.15, []
    rows = [{**FILM, "show_id": f"s{i}", "title": f"Film {i}"} for i in range(12)]
    with PosterService(settings_for(tmdb), config=FAST) as posters:
        start = time.monotonic()
        posters.request(rows, came.append)
        asked = time.monotonic() - start
        assert posters.wait(10)
        took = time.monotonic() - start
    assert len(came) == 12 and asked < 0.4 and took < 12 * 0.15


def test_callbacks_run_elsewhere_and_may_fail(tmdb, caplog):
    threads = []

    def done(answer):
        threads.append(threading.current_thread())
        raise ValueError("mine")

    with PosterService(settings_for(tmdb), config=FAST) as posters:
        posters.request([FILM], done)
        assert posters.wait(5)
        posters.request([FILM], done)
        assert posters.wait(5)
    assert (
        len(threads) == 2
        and threading.main_thread() not in threads
        and "failed (ValueError)" in caplog.text
    )


def test_a_full_queue(tmdb):
    tmdb.slowness, came = 0.05, []
    with PosterService(
        settings_for(tmdb), config=ClientConfig(max_queue=5, max_workers=2)
    ) as posters:
        posters.request(
            [{**FILM, "show_id": str(i), "title": f"Film {i}"} for i in range(20)], came.append
        )
        assert posters.wait(10)
    assert (
        len(came) == 20
        and sum(a["reason"] == "too many posters are waited for" for a in came) == 15
    )


def test_close_drops_what_waits(tmdb):
    tmdb.slowness, came = 0.15, []
    posters = PosterService(settings_for(tmdb), config=FAST)
    posters.request(
        [{**FILM, "show_id": str(i), "title": f"Film {i}"} for i in range(100)], came.append
    )
    start = time.monotonic()
    posters.close()
    posters.close()
    assert time.monotonic() - start < 0.4 and posters.request([FILM], came.append) == 0
    time.sleep(0.4)
    assert len(tmdb.calls) <= 4 and came == []


def test_python_ends_with_a_long_queue(tmdb, tmp_path):
    tmdb.slowness = 0.3
    code = (
        "from mediarec.tmdb import *; p = Posters(read_settings(None, key='%s', base_url='%s'), folder='%s');"
        "p.want([dict(show_id=i, title=f'Film {i}', type='Movie', release_year=2000) for i in range(200)])"
        % (KEY, tmdb.base_url, tmp_path / "c")
    )
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=15)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert time.monotonic() - start < 6 and len(tmdb.calls) < 20


# --- which work


def test_titles_must_be_equal_and_years_near():
    films = [
        work(1, "Heat", "1995-12-15"),
        work(2, "Heat", "1986-11-13"),
        work(3, "Heat 2", "1995-01-01"),
        work(4, "The Host", "2013-03-22"),
        work(5, "The Host", "2013-07-01"),
        work(6, "Amélie", "2001-04-25", original="Le Fabuleux Destin d'Amélie Poulain"),
        work(7, "Undated", ""),
    ]
    with FakeTmdb(films, invent=False) as tmdb:
        which = lambda title, year: ask(tmdb, title=title, release_year=year)[0]["tmdb_id"]
        assert [
            which("Heat", 1995),
            which("heat!", 1994),
            which("Heat", 1987),
            which("Heat", 1990),
            which("Heat", None),
        ] == [1, 1, 2, None, None]
        assert which("The Host", 2013) is None and which("Undated", 2000) is None
        assert (
            which("Amélie", 2002) == 6 and which("Le fabuleux destin d'Amélie Poulain", 2001) == 6
        )
        assert "2 films that fit" in ask(tmdb, title="The Host", release_year=2013)[0]["reason"]


def test_the_same_year_goes_before_the_next():
    with FakeTmdb(
        [
            work(1, "Twin", "2001-01-01"),
            work(2, "Twin", "2002-01-01"),
            work(3, "Twin", "2004-01-01"),
        ],
        invent=False,
    ) as tmdb:
        which = lambda year: ask(tmdb, title="Twin", release_year=year)[0]["tmdb_id"]
        assert [which(y) for y in (2000, 2001, 2002, 2003, 2004, 2005)] == [1, 1, 2, None, 3, 3]


def test_series_by_their_latest_season():
    series = [
        work(1, "House of Cards", "1990-11-18", aired=[1990]),
        work(2, "House of Cards", "2013-02-01", aired=range(2013, 2019)),
        work(3, "Dark", "2017-12-01"),
        work(4, "Twins", "2010-01-01"),
        work(5, "Twins", "2012-01-01"),
        work(6, "Again", "2002-01-01"),
        work(7, "Again", "2023-01-01"),
    ]
    with FakeTmdb(series=series, invent=False) as tmdb:
        which = lambda title, year: ask(tmdb, title=title, type="TV Show", release_year=year)[0][
            "tmdb_id"
        ]
        assert [
            which("House of Cards", 2018),
            which("House of Cards", 1990),
            which("House of Cards", 2021),
        ] == [2, 1, None]
        assert [
            which("Dark", 2020),
            which("Dark", 2016),
            which("Dark", 2015),
            which("Dark", None),
        ] == [3, 3, None, 3]
        assert which("Twins", 2015) is None and which("Again", 2010) == 6


def test_rows_that_cannot_be_asked_for(tmdb):
    for changes, said in (
        (dict(type=None), "film or a series"),
        (dict(type=float("nan")), "film or a series"),
        (dict(title=""), "no work has"),
        (dict(title="x" * 10_000), "no work has"),
    ):
        assert said in ask(tmdb, **changes)[0]["reason"]
    assert not tmdb.calls
    assert (
        ask(tmdb, release_year="2010")[0]["tmdb_id"]
        and ask(tmdb, title="\ud800 odd \x00")[0]["reason"] is not None
    )


# --- all wrong

REASONS = {
    "slow": "does not answer in time",
    "drip": "too slowly",
    "401": "refuses the key",
    "403": "forbids",
    "404": "no film of that name",
    "429 long": "asks to wait",
    "500": "error of its own",
    "endless 500": "error of its own",
    "half": "not JSON",
    "html": "not labelled as JSON",
    "mislabelled": "not JSON",
    "list": "no results",
    "endless": "too large",
    "redirect": "redirects elsewhere",
    "echo": "repeats the key",
    "drop": "cannot be reached",
    "short": "breaks off",
    "deep": "not JSON",
    "bad path": "is refused",
    "no poster": "no poster of it",
    "many pages": "too many works",
    "binary": "not JSON",
}


@pytest.mark.parametrize("trouble", REASONS)
def test_each_trouble_is_one_line(tmdb, trouble):
    tmdb.always = trouble
    start = time.monotonic()
    answer, posters = ask(tmdb)
    assert (
        REASONS[trouble] in answer["reason"]
        and "\n" not in answer["reason"]
        and answer["poster"] is None
    )
    assert time.monotonic() - start < 3 and not any("elsewhere" in path for path, _ in tmdb.calls)
    again = len(tmdb.calls)
    tmdb.always = None
    later, _ = ask(tmdb)
    if trouble not in ("404", "bad path", "no poster", "many pages"):
        assert later["poster"] and len(tmdb.calls) > again  # errors are not cached


def test_every_trouble_is_tried():
    assert {*REASONS, "429", "500 once"} == {*TROUBLES}


def test_retries(tmdb):
    tmdb.last_error.update({"Once": "500 once", "Busy": "429"})
    assert ask(tmdb, title="Once")[0]["poster"] and len(tmdb.calls) == 2
    start = time.monotonic()
    assert ask(tmdb, title="Busy")[0]["poster"] and len(tmdb.calls) == 4
    assert 0.9 < time.monotonic() - start < 3


def test_a_long_wait_is_a_pause(tmdb):
    tmdb.last_error["Busy"] = "429 long"
    with PosterService(settings_for(tmdb), config=FAST) as posters:
        posters.request([{**FILM, "title": "Busy"}])
        assert posters.wait(5)
        assert len(tmdb.calls) == 1 and "3600 seconds" in posters.last_error
        posters.request([{**FILM, "show_id": "s2"}])
        assert posters.wait(5)
        assert (
            len(tmdb.calls) == 1 and posters.get_cached("s2") is None
        )  # it can be asked for again later


@pytest.mark.parametrize("trouble", ["slow", "500", "drop", "html"])
def test_no_hundred_tries_in_a_row(tmdb, trouble, caplog):
    tmdb.always, came = trouble, []
    with PosterService(settings_for(tmdb), config=FAST) as posters:
        posters.request(
            [{**FILM, "show_id": str(i), "title": f"Film {i}"} for i in range(100)], came.append
        )
        assert posters.wait(10)
    tried = {c[1]["query"] for c in tmdb.calls}
    assert len(came) == 100 and len(tried) <= FAST.breaker_threshold + FAST.max_workers
    assert (
        len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1
        and "60 seconds" in posters.last_error
    )


def test_after_the_pause_it_is_tried_again(tmdb):
    tmdb.always = "500"
    with PosterService(
        settings_for(tmdb),
        config=ClientConfig(
            max_retries=0, breaker_threshold=1, breaker_cooldown=0.2, failure_ttl=0.1
        ),
    ) as posters:
        posters.request([FILM])
        assert posters.wait(5) and posters.last_error
        tmdb.always = None
        time.sleep(0.3)
        posters.request([FILM])
        assert posters.wait(5)
        assert posters.get_cached("s1")["poster"] and posters.last_error is None


def test_nobody_there(tmp_path):
    with FakeTmdb() as gone:
        pass
    start = time.monotonic()
    answer, _ = ask(gone)
    assert answer["reason"] == "TMDb cannot be reached" and time.monotonic() - start < 3


def test_a_refused_key_ends_it_and_is_said_once(tmdb, caplog):
    came = []
    with PosterService(settings_for(tmdb, "f" * 32), config=FAST) as posters:
        for i in range(30):
            posters.request([{**FILM, "show_id": str(i), "title": f"Film {i}"}], came.append)
        assert posters.wait(5)
        assert "TMDB_API_KEY" in posters.last_error
    assert (
        len(came) == 30
        and len(tmdb.calls) <= FAST.max_workers
        and len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1
    )


def test_no_key_no_question(tmdb):
    came = []
    with PosterService(read_tmdb_settings(None, base_url=tmdb.base_url), config=FAST) as posters:
        posters.request([FILM], came.append)
        assert posters.wait(5)
    assert came[0]["reason"] == "no key for TMDb: TMDB_API_KEY is not set" and not tmdb.calls


# --- caches that cannot be


def test_a_broken_cache_is_made_anew(tmdb, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "tmdb.sqlite").write_bytes(b"no database at all" * 200)
    assert ask(tmdb)[0]["poster"] and ask(tmdb)[0]["poster"] and len(tmdb.calls) == 1


def test_no_cache_is_no_obstacle(tmdb, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MEDIAREC_CACHE", str(tmp_path / "file" / "below"))
    assert ask(tmdb)[0]["poster"] and ask(tmdb)[0]["poster"] and len(tmdb.calls) == 2


def test_the_cache_is_deleted_meanwhile(tmdb, tmp_path):
    with PosterService(settings_for(tmdb), config=FAST) as posters:
        posters.request([FILM])
        assert posters.wait(5)
        for p in (tmp_path / "cache").iterdir():
            p.unlink()
        for i in range(3):
            posters.request([{**FILM, "show_id": str(i), "title": f"Film {i}"}])
            assert posters.wait(8)
        assert all(posters.get_cached(str(i))["poster"] for i in range(3))


def test_the_cache_is_locked_by_another(tmdb, tmp_path, monkeypatch):
    monkeypatch.setattr("mediarec.tmdb.LOCKED", 0.2)
    ask(tmdb)
    other = sqlite3.connect(tmp_path / "cache" / "tmdb.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert ask(tmdb, title="Locked", seconds=15)[0]["poster"]
    other.execute("ROLLBACK")
    other.close()


def test_a_cache_that_cannot_write(tmdb):
    client = TmdbClient(settings_for(tmdb), config=FAST)

    def broken(*args):
        raise NameError("as requests-cache 1.2 does with attrs 26")

    client.session.cache.save_response = broken
    for _ in range(2):
        assert client.get("/search/movie", query="Inception")["results"]
    client.close()


def test_cached_rubbish_is_asked_for_anew(tmdb, tmp_path):
    ask(tmdb)
    with sqlite3.connect(tmp_path / "cache" / "tmdb.sqlite") as db:
        db.execute("UPDATE responses SET value = '{\"rubbish\": 1'")
    db.close()
    assert ask(tmdb)[0]["poster"] and len(tmdb.calls) == 2


# --- the key


def leaks(text, key):
    """Whether a text holds the key, plainly or in base 64."""
    text = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    hidden = [base64.b64encode(b"x" * i + key.encode())[4:-8] for i in range(3)]
    return any(
        form in text for form in (key.encode(), key.upper().encode(), key[4:-4].encode(), *hidden)
    )


@pytest.mark.parametrize("key", [KEY, TOKEN])
def test_the_key_shows_nowhere(tmdb, key, caplog, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)  # prints what is sent
    caplog.set_level(logging.DEBUG)
    for name in (
        "urllib3",
        "urllib3.connectionpool",
        "requests",
        "requests_cache",
        "mediarec",
        "mediarec.tmdb",
    ):
        caplog.set_level(logging.DEBUG, logger=name)
    settings, said, wait = (
        settings_for(tmdb, key),
        [],
        ClientConfig(
            connect_timeout=0.3,
            read_timeout=0.06,
            total_timeout=0.1,
            max_body_bytes=100_000,
            max_retries=1,
            backoff_factor=0.01,
            max_retry_after=0.5,
            breaker_threshold=1000,
        ),
    )
    for trouble in (*TROUBLES, None):
        tmdb.always = trouble
        client = TmdbClient(settings, config=wait)
        try:
            find_movie(client.get, f"Film with {trouble}", 2010)
        except LookupFailed as e:
            said += [
                str(e),
                repr(e),
                "".join(traceback.format_exception(e)),
                str(e.__dict__),
                repr(e.__cause__),
                repr(e.__context__),
            ]
        with PosterService(settings, config=wait) as posters:
            posters.request(
                [{**FILM, "title": f"Other film with {trouble}"}], lambda a: said.append(str(a))
            )
            assert posters.wait(10)
            said += [
                repr(posters),
                str(posters.last_error),
                str(vars(posters)),
                repr(posters._client),
                str(vars(posters._client.session)),
            ]
            for thing in (posters, client):
                pytest.raises(TypeError, pickle.dumps, thing)
                pytest.raises(TypeError, copy.copy, thing)
        client.close()
    with FakeTmdb() as gone:
        pass
    client = TmdbClient(settings_for(gone, key), config=wait)
    with pytest.raises(LookupFailed) as e:
        client.get("/search/movie", query="Nobody")
    said += [str(e), "".join(traceback.format_exception(e.value))]
    client.close()
    assert len(caplog.records) > 100 and "Film+with+500" in caplog.text  # the log was at work
    out, err = capfd.readouterr()
    files = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"Film+with" in files
    from requests_cache import SQLiteCache

    cache = SQLiteCache(tmp_path / "cache" / "tmdb.sqlite", serializer="json")
    held = "".join(
        f"{r.url} {r.cache_key} {r.headers} {r.request.url} {r.request.headers} {r.text}"
        for r in cache.filter()
    )
    cache.close()
    assert held.count("/search/") >= 10
    for text in (
        caplog.text,
        "".join(str(r.args) + str(r.exc_info) for r in caplog.records),
        "".join(said),
        out + err,
        files,
        held,
    ):
        assert not leaks(text, key)
    assert leaks("".join([settings.key.get_secret_value()]), key)  # the search would find it


def test_settings_do_not_show_the_key(tmdb):
    settings = settings_for(tmdb)
    for text in (
        repr(settings),
        str(settings),
        repr(settings.key),
        f"{settings.key}",
        str(pickle.dumps(settings)),
        repr(copy.deepcopy(settings)),
    ):
        assert not leaks(text, KEY)
    with pytest.raises(TypeError):
        pickle.dumps(settings.key)
    assert copy.copy(settings).key is None and copy.deepcopy(settings.key) is settings.key


def test_settings_from_the_environment_and_a_file(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert read_tmdb_settings().key is None
    (tmp_path / ".env").write_text(
        f"OTHER=1\nTMDB_API_KEY={KEY}\nTMDB_IMG_BASE=https://img.example/t/p/\n",
        encoding="utf-8-sig",
    )
    found = read_tmdb_settings()
    assert (
        found.key.get_secret_value() == KEY
        and found.img_base == "https://img.example/t/p"
        and read_tmdb_settings(None).key is None
    )
    monkeypatch.setenv("TMDB_API_KEY", TOKEN)
    assert read_tmdb_settings().key.get_secret_value() == TOKEN
    (tmp_path / "nbs").mkdir()
    monkeypatch.chdir(tmp_path / "nbs")
    assert read_tmdb_settings().img_base == "https://img.example/t/p"
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert read_tmdb_settings().img_base == "https://image.tmdb.org/t/p"
    monkeypatch.setenv("TMDB_API_KEY", "  ")
    assert read_tmdb_settings().key is None


@pytest.mark.parametrize(
    "name, value",
    [
        ("TMDB_API_KEY", KEY[:-1]),
        ("TMDB_API_KEY", KEY + "\r\nX: y"),
        ("TMDB_BASE_URL", f"https://x.example/3?api_key={KEY}"),
        ("TMDB_BASE_URL", f"http://x.example/{KEY}"),
        ("TMDB_IMG_BASE", f"https://{KEY}@x.example"),
        ("TMDB_BASE_URL", f"{KEY}"),
    ],
)
def test_a_malformed_setting_is_named_and_not_shown(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(TmdbError) as caught:
        read_tmdb_settings(None)
    e = caught.value
    assert (
        str(e).startswith(f"{name} is ")
        and isinstance(e, MediarecError)
        and e.__cause__ is None
        and e.__context__ is None
    )
    assert KEY[:-1] not in "".join(traceback.format_exception(e))


def test_a_dot_env_that_cannot_be_read(tmp_path):
    (tmp_path / "odd").write_bytes(b"TMDB_API_KEY=" + KEY.encode() + b"\xff\n")
    with pytest.raises(TmdbError, match="not UTF-8") as caught:
        read_tmdb_settings(tmp_path / "odd")
    assert caught.value.__context__ is None and not leaks(
        "".join(traceback.format_exception(caught.value)), KEY
    )


def test_the_example_holds_no_key_and_git_ignores_the_real_one(root):
    example = (root / ".env.example").read_text(encoding="utf-8")
    assert re.search(r"^TMDB_API_KEY=$", example, re.M) and not re.search(r"[0-9a-f]{32}", example)
    assert read_tmdb_settings(root / ".env.example").key is None
    if (root / ".git").exists():
        assert subprocess.run(["git", "check-ignore", "-q", ".env"], cwd=root).returncode == 0


def test_extras_name_what_is_needed(root):
    import configparser

    cfg = configparser.ConfigParser(delimiters=["="], interpolation=None)
    cfg.read(root / "settings.ini", encoding="utf-8")
    for extra in ("posters", "lab", "dev"):
        assert {"requests-cache>=1.3.2", "pydantic-settings>=2.3"} <= set(
            cfg["DEFAULT"][f"{extra}_requirements"].split()
        )


def test_the_notice():
    assert (
        ATTRIBUTION == "This product uses the TMDB API but is not endorsed or certified by TMDB."
        and TMDB_URL == "https://www.themoviedb.org"
    )


# --- the placeholder

ODD = [
    "Inception",
    "<b>&\"'</b> ]]> <!--",
    "\x00\x01\x1b\x7f\x85\u2028",
    "\ud83d\udc00"[:1],
    "\ufffe\uffff",
    "\u202e\u200f\u2066שלום\u2069",
    "👩‍👩‍👧‍👦" * 50,
    "🇩🇪" * 30,
    "x" * 10_000,
    "word " * 2_000,
    "a" + "\u0301" * 9_999,
    "\u0301" * 10,
    " \t\n",
    "",
    None,
    float("nan"),
    300,
    "기생충" * 20,
    "ก็" * 200,
]


@pytest.mark.parametrize("title", ODD, ids=range(len(ODD)))
def test_a_placeholder_is_well_formed(title):
    svg = placeholder_svg(title, 2010, 5)
    tree = ElementTree.fromstring(svg.encode("utf-8"))
    space = "{http://www.w3.org/2000/svg}"
    lines = tree.findall(f".//{space}tspan")
    assert (
        tree.get("role") == "img"
        and tree[0].tag == space + "title"
        and tree[0].text.endswith("(2010)")
    )
    assert 1 <= len(lines) <= 4 and all(line.text for line in lines) and len(svg) < 6_000
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f]", svg)


def test_placeholders_years_tints_and_ellipses():
    assert (
        "2010" in placeholder_svg("A", 2010.0)
        and "(" not in placeholder_svg("A")
        and "nan" not in placeholder_svg("A", float("nan"))
    )
    assert [
        re.search('fill="(#[0-9a-f]{6})"', placeholder_svg("A", None, i))[1] for i in range(12)
    ] == list(POSTER_COLORS) and placeholder_svg("A", 2000, None) == placeholder_svg("A", 2000, 12)
    assert "…" in placeholder_svg("word " * 50) and "…" not in placeholder_svg("Three Words Here")
