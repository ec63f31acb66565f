"""Posters: every way in which TMDb can fail, against a local server, and the secrecy of the key."""

import base64
import configparser
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
from types import SimpleNamespace

import pytest

pytest.importorskip("requests_cache", reason='the extra "posters" is not installed')
pytest.importorskip("pydantic_settings", reason='the extra "posters" is not installed')

import requests
from fake_tmdb import FAULTS, KEY, TOKEN, FakeTmdb, make_work

from mediarec.apps.posters import PosterService
from mediarec.apps.tmdb_client import (
    FOUND_TTL_DAYS,
    NOT_FOUND_TTL_DAYS,
    LookupFailed,
    TmdbClient,
    prune_cache,
)
from mediarec.apps.tmdb_lookup import find_movie
from mediarec.apps.tmdb_settings import (
    ATTRIBUTION,
    TMDB_URL,
    ClientConfig,
    TmdbError,
    TmdbSettings,
    read_tmdb_settings,
)
from mediarec.core import MediarecError

FAST_CONFIG = ClientConfig(
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
PATIENT_CONFIG = ClientConfig(connect_timeout=30, read_timeout=60, total_timeout=60, max_workers=4)
MOVIE = {"show_id": "s1", "title": "Inception", "type": "Movie", "release_year": 2010}


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    for name in ("TMDB_API_KEY", "TMDB_BASE_URL", "TMDB_IMG_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MEDIAREC_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def tmdb():
    with FakeTmdb() as server:
        yield server


@pytest.fixture
def clock(monkeypatch):
    """A clock for pauses and for answers in memory; a test sets `clock.now`."""
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr("mediarec.apps.tmdb_lookup.time", clock)
    monkeypatch.setattr("mediarec.apps.posters.time", clock)
    return clock


def make_settings(tmdb, key=KEY):
    return read_tmdb_settings(None, key=key, base_url=tmdb.base_url, img_base=tmdb.img_base)


def make_movies(n):
    """Return `n` different films."""
    return [{**MOVIE, "show_id": f"s{i}", "title": f"Film {i}"} for i in range(n)]


def fetch_info(tmdb, row=MOVIE, config=FAST_CONFIG, key=KEY, timeout=15, **changes):
    """Return the answer for one row, and the closed service."""
    received = []
    with PosterService(make_settings(tmdb, key), config=config) as posters:
        posters.request([{**row, **changes}], received.append)
        assert posters.wait(timeout)
    assert len(received) == 1
    return received[0], posters


def fetch_id(tmdb, **changes):
    """Return the TMDb id of one row, or None."""
    return fetch_info(tmdb, **changes)[0]["tmdb_id"]


def count_warnings(caplog):
    return len([record for record in caplog.records if record.levelno >= logging.WARNING])


# --- successful lookups


@pytest.mark.parametrize("key, auth_method", [(KEY, "parameter"), (TOKEN, "header")])
def test_movie_found(tmdb, key, auth_method):
    info, _ = fetch_info(tmdb, key=key)
    assert info["reason"] is None
    assert info["show_id"] == "s1"
    assert "Inception" in info["overview"]
    assert info["poster"]["w342"].startswith(f"{tmdb.img_base}/w342/")
    assert set(info["poster"]) == {"w185", "w342"}
    assert info["link"] == f"{TMDB_URL}/movie/{info['tmdb_id']}"
    assert set(tmdb.auth_methods) == {auth_method}
    json.dumps(info)
    image = requests.get(info["poster"]["w185"], timeout=5)
    assert image.content.startswith(b"\x89PNG")
    assert tmdb.image_requests


def test_request_contents(tmdb):
    fetch_info(tmdb, director="Somebody", description="Something")
    fetch_info(tmdb, title="Dark", type="TV Show")
    common = {"include_adult": "false", "language": "en-US", "page": "1"}
    assert tmdb.requests == [
        ("/3/search/movie", {"query": "Inception", "primary_release_year": "2010"} | common),
        ("/3/search/tv", {"query": "Dark"} | common),
    ]


def test_cache_persists_and_is_bounded(tmdb, tmp_path):
    fetch_info(tmdb)
    fetch_info(tmdb)
    assert len(tmdb.requests) == 1
    tmdb.invent = False
    assert "no film" in fetch_info(tmdb, title="Nothing")[0]["reason"]
    n_requests = len(tmdb.requests)
    fetch_info(tmdb, title="Nothing")
    assert len(tmdb.requests) == n_requests  # that nothing was found is cached too
    with sqlite3.connect(tmp_path / "cache" / "tmdb.sqlite") as db:
        expires = [row[0] for row in db.execute("SELECT expires FROM responses")]
    days = {round((seconds - time.time()) / 86400) for seconds in expires}
    assert days == {FOUND_TTL_DAYS, NOT_FOUND_TTL_DAYS}
    assert max(days) < 180
    client = TmdbClient(make_settings(tmdb), config=FAST_CONFIG)
    prune_cache(client.session.cache, max_entries=2)
    assert client.session.cache.count() == 2
    client.session.cache.responses.size = lambda: 10**9
    prune_cache(client.session.cache)
    assert client.session.cache.count() == 1
    client.close()


def test_memory_cache(tmdb):
    with PosterService(make_settings(tmdb), config=FAST_CONFIG) as posters:
        assert posters.get_cached("s1") is None
        assert posters.request(MOVIE) == 1
        assert posters.wait()
        assert posters.get_cached("s1")["reason"] is None
        assert posters.request([MOVIE]) == 0


def test_concurrent_requests_share_lookup(tmdb):
    received = []
    tmdb.gate.clear()
    with PosterService(make_settings(tmdb), config=PATIENT_CONFIG) as posters:
        posters.request([MOVIE], received.append)
        posters.request([MOVIE], received.append)
        tmdb.gate.set()
        assert posters.wait()
    assert len(received) == 2
    assert len(tmdb.requests) == 1


def test_lookups_run_in_parallel(tmdb):
    """`request` returns before any answer, and several lookups are under way at a time."""
    received = []
    tmdb.gate.clear()
    with PosterService(make_settings(tmdb), config=PATIENT_CONFIG) as posters:
        posters.request(make_movies(12), received.append)
        assert tmdb.wait_for_requests(PATIENT_CONFIG.max_workers)
        assert received == []
        tmdb.gate.set()
        assert posters.wait()
    assert len(received) == 12


def test_callbacks_run_in_worker_and_may_fail(tmdb, caplog):
    threads = []

    def fail(info):
        threads.append(threading.current_thread())
        raise ValueError("mine")

    with PosterService(make_settings(tmdb), config=FAST_CONFIG) as posters:
        for _ in range(2):
            posters.request([MOVIE], fail)
            assert posters.wait()
    assert len(threads) == 2
    assert threading.main_thread() not in threads
    assert "failed (ValueError)" in caplog.text


def test_full_queue(tmdb):
    received = []
    config = ClientConfig(max_queue=5, max_workers=2)
    with PosterService(make_settings(tmdb), config=config) as posters:
        posters.request(make_movies(20), received.append)
        assert posters.wait()
    assert len(received) == 20
    assert sum(info["reason"] == "the poster queue is full" for info in received) == 15


def test_close_drops_queue(tmdb):
    received = []
    tmdb.gate.clear()
    posters = PosterService(make_settings(tmdb), config=PATIENT_CONFIG)
    posters.request(make_movies(100), received.append)
    assert tmdb.wait_for_requests(1)
    posters.close()  # returns while the lookups wait for the gate
    posters.close()
    assert posters.request([MOVIE], received.append) == 0
    tmdb.gate.set()
    posters._pool.executor.shutdown(wait=True)
    assert len(tmdb.requests) <= PATIENT_CONFIG.max_workers
    assert received == []


EXIT_SCRIPT = """
from mediarec.apps.posters import PosterService
from mediarec.apps.tmdb_settings import read_tmdb_settings

settings = read_tmdb_settings(None, key={key!r}, base_url={base_url!r})
posters = PosterService(settings, cache_dir={cache_dir!r})
titles = [
    dict(show_id=i, title=f"Film {{i}}", type="Movie", release_year=2000) for i in range(200)
]
posters.request(titles)
"""


def test_interpreter_exit_with_long_queue(tmdb, tmp_path):
    tmdb.delay = 0.3
    code = EXIT_SCRIPT.format(key=KEY, base_url=tmdb.base_url, cache_dir=str(tmp_path / "c"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert len(tmdb.requests) < 20


# --- matching


def test_title_and_year_matching():
    movies = [
        make_work(1, "Heat", "1995-12-15"),
        make_work(2, "Heat", "1986-11-13"),
        make_work(3, "Heat 2", "1995-01-01"),
        make_work(4, "The Host", "2013-03-22"),
        make_work(5, "The Host", "2013-07-01"),
        make_work(6, "Amélie", "2001-04-25", original="Le Fabuleux Destin d'Amélie Poulain"),
        make_work(7, "Undated", ""),
    ]
    expected = [
        ("Heat", 1995, 1),
        ("heat!", 1994, 1),
        ("Heat", 1987, 2),
        ("Heat", 1990, None),
        ("Heat", None, None),
        ("The Host", 2013, None),
        ("Undated", 2000, None),
        ("Amélie", 2002, 6),
        ("Le fabuleux destin d'Amélie Poulain", 2001, 6),
    ]
    with FakeTmdb(movies, invent=False) as tmdb:
        for title, year, tmdb_id in expected:
            assert fetch_id(tmdb, title=title, release_year=year) == tmdb_id, (title, year)
        info, _ = fetch_info(tmdb, title="The Host", release_year=2013)
        assert "2 matching films" in info["reason"]


def test_exact_year_preferred():
    movies = [
        make_work(1, "Twin", "2001-01-01"),
        make_work(2, "Twin", "2002-01-01"),
        make_work(3, "Twin", "2004-01-01"),
    ]
    expected = {2000: 1, 2001: 1, 2002: 2, 2003: None, 2004: 3, 2005: 3}
    with FakeTmdb(movies, invent=False) as tmdb:
        found = {year: fetch_id(tmdb, title="Twin", release_year=year) for year in expected}
    assert found == expected


def test_tv_matched_by_latest_season():
    series = [
        make_work(1, "House of Cards", "1990-11-18", aired=[1990]),
        make_work(2, "House of Cards", "2013-02-01", aired=range(2013, 2019)),
        make_work(3, "Dark", "2017-12-01"),
        make_work(4, "Twins", "2010-01-01"),
        make_work(5, "Twins", "2012-01-01"),
        make_work(6, "Again", "2002-01-01"),
        make_work(7, "Again", "2023-01-01"),
    ]
    expected = [
        ("House of Cards", 2018, 2),
        ("House of Cards", 1990, 1),
        ("House of Cards", 2021, None),
        ("Dark", 2020, 3),
        ("Dark", 2016, 3),
        ("Dark", 2015, None),
        ("Dark", None, 3),
        ("Twins", 2015, None),
        ("Again", 2010, 6),
    ]
    with FakeTmdb(series=series, invent=False) as tmdb:
        for title, year, tmdb_id in expected:
            found = fetch_id(tmdb, title=title, type="TV Show", release_year=year)
            assert found == tmdb_id, (title, year)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"type": None}, "film or a series"),
        ({"type": float("nan")}, "film or a series"),
        ({"title": ""}, "empty or too long"),
        ({"title": "x" * 10_000}, "empty or too long"),
    ],
)
def test_invalid_titles(tmdb, changes, message):
    assert message in fetch_info(tmdb, **changes)[0]["reason"]
    assert not tmdb.requests


def test_unusual_titles(tmdb):
    assert fetch_id(tmdb, release_year="2010")
    assert fetch_info(tmdb, title="\ud800 odd \x00")[0]["reason"] is not None


# --- failures

REASON_BY_FAULT = {
    "slow": "did not answer in time",
    "drip": "too slowly",
    "drip head": "did not answer in time",
    "401": "rejected the API key",
    "403": "denied access",
    "404": "no film",
    "429 long": "rate limit exceeded",
    "500": "server error",
    "endless 500": "server error",
    "half": "not valid JSON",
    "html": "not labeled as JSON",
    "mislabeled": "not valid JSON",
    "list": "no results",
    "endless": "too large",
    "redirect": "redirect, which is not followed",
    "echo": "contains the API key",
    "drop": "cannot be reached",
    "short": "is incomplete",
    "deep": "not valid JSON",
    "bad path": "invalid poster path",
    "no poster": "no poster for this title",
    "many pages": "too many works",
    "binary": "not valid JSON",
}
CACHED_FAULTS = ("404", "bad path", "no poster", "many pages")


@pytest.mark.parametrize("fault", REASON_BY_FAULT)
def test_fault_gives_one_line_reason(tmdb, fault):
    """Waiting for a slow response until its end would give a poster."""
    tmdb.default_fault = fault
    info, _ = fetch_info(tmdb)
    assert REASON_BY_FAULT[fault] in info["reason"]
    assert "\n" not in info["reason"]
    assert info["poster"] is None
    assert not any("elsewhere" in path for path, _ in tmdb.requests)
    n_requests = len(tmdb.requests)
    tmdb.default_fault = None
    later, _ = fetch_info(tmdb)
    if fault not in CACHED_FAULTS:
        assert later["poster"]
        assert len(tmdb.requests) > n_requests


def test_all_faults_covered():
    assert {*REASON_BY_FAULT, "429", "500 once"} == {*FAULTS}


def test_retries(tmdb, monkeypatch):
    waits = []
    fake_time = SimpleNamespace(sleep=waits.append, time=time.time)
    monkeypatch.setattr("urllib3.util.retry.time", fake_time)
    tmdb.faults.update({"Once": "500 once", "Busy": "429"})
    assert fetch_info(tmdb, title="Once")[0]["poster"]
    assert len(tmdb.requests) == 2
    assert 1 not in waits
    assert fetch_info(tmdb, title="Busy")[0]["poster"]
    assert len(tmdb.requests) == 4
    assert 1 in waits  # the Retry-After of the response


def test_long_retry_after_opens_breaker(tmdb):
    tmdb.faults["Busy"] = "429 long"
    with PosterService(make_settings(tmdb), config=FAST_CONFIG) as posters:
        posters.request([{**MOVIE, "title": "Busy"}])
        assert posters.wait()
        assert len(tmdb.requests) == 1
        assert "3600 seconds" in posters.last_error
        posters.request([{**MOVIE, "show_id": "s2"}])
        assert posters.wait()
        assert len(tmdb.requests) == 1
        assert posters.get_cached("s2") is None  # it can be requested again later


@pytest.mark.parametrize("fault", ["slow", "500", "drop", "html"])
def test_breaker_limits_requests(tmdb, fault, caplog):
    received = []
    tmdb.default_fault = fault
    with PosterService(make_settings(tmdb), config=FAST_CONFIG) as posters:
        posters.request(make_movies(100), received.append)
        assert posters.wait()
    titles = {params["query"] for _, params in tmdb.requests}
    assert len(received) == 100
    assert len(titles) <= FAST_CONFIG.breaker_threshold + FAST_CONFIG.max_workers
    assert count_warnings(caplog) == 1
    assert "60 seconds" in posters.last_error


def test_breaker_closes_after_cooldown(tmdb, clock):
    tmdb.default_fault = "500"
    config = ClientConfig(max_retries=0, breaker_threshold=1, breaker_cooldown=60, failure_ttl=50)
    with PosterService(make_settings(tmdb), config=config) as posters:
        posters.request([MOVIE])
        assert posters.wait()
        assert posters.last_error
        tmdb.default_fault = None
        clock.now += 55
        posters.request([MOVIE])
        assert posters.wait()
        assert posters.get_cached("s1") is None  # the pause is not over
        assert len(tmdb.requests) == 1
        clock.now += 10
        posters.request([MOVIE])
        assert posters.wait()
        assert posters.get_cached("s1")["poster"]
        assert posters.last_error is None


def test_host_unreachable():
    with FakeTmdb() as gone:
        pass
    info, _ = fetch_info(gone)
    assert info["reason"] == "TMDb cannot be reached"


def test_refused_key_disables_service(tmdb, caplog):
    received = []
    with PosterService(make_settings(tmdb, "f" * 32), config=FAST_CONFIG) as posters:
        for movie in make_movies(30):
            posters.request([movie], received.append)
        assert posters.wait()
        assert "TMDB_API_KEY" in posters.last_error
    assert len(received) == 30
    assert len(tmdb.requests) <= FAST_CONFIG.max_workers
    assert count_warnings(caplog) == 1


def test_without_key_no_request(tmdb):
    received = []
    settings = read_tmdb_settings(None, base_url=tmdb.base_url)
    with PosterService(settings, config=FAST_CONFIG) as posters:
        posters.request([MOVIE], received.append)
        assert posters.wait()
    assert received[0]["reason"] == "no TMDb key: TMDB_API_KEY is not set"
    assert not tmdb.requests


# --- broken caches


def test_corrupt_cache_is_recreated(tmdb, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "tmdb.sqlite").write_bytes(b"no database at all" * 200)
    assert fetch_info(tmdb)[0]["poster"]
    assert fetch_info(tmdb)[0]["poster"]
    assert len(tmdb.requests) == 1


def test_works_without_cache(tmdb, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MEDIAREC_CACHE", str(tmp_path / "file" / "below"))
    assert fetch_info(tmdb)[0]["poster"]
    assert fetch_info(tmdb)[0]["poster"]
    assert len(tmdb.requests) == 2


def test_cache_deleted_while_open(tmdb, tmp_path):
    with PosterService(make_settings(tmdb), config=FAST_CONFIG) as posters:
        posters.request([MOVIE])
        assert posters.wait()
        for path in (tmp_path / "cache").iterdir():
            path.unlink()
        for movie in make_movies(3):
            posters.request([movie])
            assert posters.wait()
        assert all(posters.get_cached(f"s{i}")["poster"] for i in range(3))


def test_locked_cache(tmdb, tmp_path, monkeypatch):
    monkeypatch.setattr("mediarec.apps.tmdb_client.CACHE_LOCK_TIMEOUT", 0.2)
    fetch_info(tmdb)
    other = sqlite3.connect(tmp_path / "cache" / "tmdb.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert fetch_info(tmdb, title="Locked", timeout=30)[0]["poster"]
    other.execute("ROLLBACK")
    other.close()


def test_unwritable_cache(tmdb):
    client = TmdbClient(make_settings(tmdb), config=FAST_CONFIG)

    def fail(*args):
        raise NameError("as requests-cache 1.2 does with attrs 26")

    client.session.cache.save_response = fail
    for _ in range(2):
        assert client.get("/search/movie", query="Inception")["results"]
    client.close()


def test_corrupt_entry_is_refetched(tmdb, tmp_path):
    fetch_info(tmdb)
    with sqlite3.connect(tmp_path / "cache" / "tmdb.sqlite") as db:
        db.execute("UPDATE responses SET value = '{\"rubbish\": 1'")
    db.close()
    assert fetch_info(tmdb)[0]["poster"]
    assert len(tmdb.requests) == 2


# --- the key


def contains_key(text, key):
    """Return whether a text contains the key, plainly or in base 64."""
    text = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    encoded = [base64.b64encode(b"x" * i + key.encode())[4:-8] for i in range(3)]
    forms = (key.encode(), key.upper().encode(), key[4:-4].encode(), *encoded)
    return any(form in text for form in forms)


LEAK_CONFIG = ClientConfig(
    connect_timeout=0.3,
    read_timeout=0.06,
    total_timeout=0.1,
    max_body_bytes=100_000,
    max_retries=1,
    backoff_factor=0.01,
    max_retry_after=0.5,
    breaker_threshold=1000,
)
LOGGERS = (
    "urllib3",
    "urllib3.connectionpool",
    "requests",
    "requests_cache",
    "mediarec",
    "mediarec.apps.posters",
    "mediarec.apps.tmdb_client",
)


def collect_client_texts(settings, fault):
    """Return the texts of a failed lookup by the client."""
    client = TmdbClient(settings, config=LEAK_CONFIG)
    texts = []
    try:
        find_movie(client.get, f"Film with {fault}", 2010)
    except LookupFailed as e:
        texts += [str(e), repr(e), "".join(traceback.format_exception(e)), str(e.__dict__)]
        texts += [repr(e.__cause__), repr(e.__context__)]
    pytest.raises(TypeError, pickle.dumps, client)
    pytest.raises(TypeError, copy.copy, client)
    client.close()
    return texts


def collect_service_texts(settings, fault):
    """Return the texts of a lookup by the service."""
    answers = []
    with PosterService(settings, config=LEAK_CONFIG) as posters:
        posters.request([{**MOVIE, "title": f"Other film with {fault}"}], answers.append)
        assert posters.wait()
        pytest.raises(TypeError, pickle.dumps, posters)
        pytest.raises(TypeError, copy.copy, posters)
        texts = [repr(posters), str(posters.last_error), str(vars(posters))]
        texts += [repr(posters._client), str(vars(posters._client.session))]
    return texts + [str(answer) for answer in answers]


def collect_cache_texts(path):
    """Return the texts of all entries of an on-disk cache, after a check that there are many."""
    from requests_cache import SQLiteCache

    cache = SQLiteCache(path, serializer="json")
    texts = []
    for entry in cache.filter():
        texts += [entry.url, entry.cache_key, str(entry.headers), entry.text]
        texts += [entry.request.url, str(entry.request.headers)]
    cache.close()
    assert sum("/search/" in text for text in texts) >= 10
    return texts


@pytest.mark.parametrize("key", [KEY, TOKEN])
def test_key_is_never_exposed(tmdb, key, caplog, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)  # prints each request
    caplog.set_level(logging.DEBUG)
    for name in LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)
    settings = make_settings(tmdb, key)
    texts = []
    for fault in (*FAULTS, None):
        tmdb.default_fault = fault
        texts += collect_client_texts(settings, fault)
        texts += collect_service_texts(settings, fault)
    with FakeTmdb() as gone:
        pass
    client = TmdbClient(make_settings(gone, key), config=LEAK_CONFIG)
    with pytest.raises(LookupFailed) as caught:
        client.get("/search/movie", query="Nobody")
    texts += [str(caught), "".join(traceback.format_exception(caught.value))]
    client.close()
    assert len(caplog.records) > 100 and "Film+with+500" in caplog.text  # the log was active
    texts.append(caplog.text)
    texts += [f"{record.args} {record.exc_info}" for record in caplog.records]
    texts += capfd.readouterr()
    files = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"Film+with" in files
    texts += collect_cache_texts(tmp_path / "cache" / "tmdb.sqlite")
    assert not contains_key(files, key)
    assert not any(contains_key(text, key) for text in texts)
    assert not contains_key("".join(texts), key)
    assert contains_key(settings.key.get_secret_value(), key)  # the search would find it


def test_settings_hide_key(tmdb):
    settings = make_settings(tmdb)
    texts = (
        repr(settings),
        str(settings),
        repr(settings.key),
        f"{settings.key}",
        str(pickle.dumps(settings)),
        repr(copy.deepcopy(settings)),
    )
    assert not any(contains_key(text, KEY) for text in texts)
    with pytest.raises(TypeError):
        pickle.dumps(settings.key)
    assert copy.copy(settings).key is None
    assert copy.deepcopy(settings.key) is settings.key
    with pytest.raises(TmdbError):
        TmdbSettings(KEY)


def test_settings_sources(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert read_tmdb_settings().key is None
    (tmp_path / ".env").write_text(
        f"OTHER=1\nTMDB_API_KEY={KEY}\nTMDB_IMG_BASE=https://img.example/t/p/\n",
        encoding="utf-8-sig",
    )
    settings = read_tmdb_settings()
    assert settings.key.get_secret_value() == KEY
    assert settings.img_base == "https://img.example/t/p"
    assert read_tmdb_settings(None).key is None
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
def test_invalid_setting_is_named_not_shown(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(TmdbError) as caught:
        read_tmdb_settings(None)
    error = caught.value
    assert str(error).startswith(f"{name} is ")
    assert isinstance(error, MediarecError)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert KEY[:-1] not in "".join(traceback.format_exception(error))


def test_unreadable_env_file(tmp_path):
    (tmp_path / "odd").write_bytes(b"TMDB_API_KEY=" + KEY.encode() + b"\xff\n")
    with pytest.raises(TmdbError, match="not UTF-8") as caught:
        read_tmdb_settings(tmp_path / "odd")
    assert caught.value.__context__ is None
    assert not contains_key("".join(traceback.format_exception(caught.value)), KEY)


def test_env_example_has_no_key(root):
    example = (root / ".env.example").read_text(encoding="utf-8")
    assert re.search(r"^TMDB_API_KEY=$", example, re.M)
    assert not re.search(r"[0-9a-f]{32}", example)
    assert read_tmdb_settings(root / ".env.example").key is None
    if (root / ".git").exists():
        assert subprocess.run(["git", "check-ignore", "-q", ".env"], cwd=root).returncode == 0


@pytest.mark.parametrize("extra", ["posters", "web", "lab", "dev"])
def test_extras(root, extra):
    """Each of these extras installs what posters need, by itself or by an extra it includes."""
    config = configparser.ConfigParser(delimiters=["="], interpolation=None)
    config.read(root / "settings.ini", encoding="utf-8")
    assert {"requests-cache>=1.3.3", "pydantic-settings>=2.3"} <= extra_packages(config, extra)


def extra_packages(config, extra):
    """Return the requirements of an extra and of the extras that it includes."""
    section = config["DEFAULT"]
    packages = set(section.get(f"{extra}_requirements", "").split())
    for included in section.get(f"{extra}_includes", "").split():
        packages |= extra_packages(config, included)
    return packages


def test_attribution():
    assert ATTRIBUTION == (
        "This product uses the TMDB API but is not endorsed or certified by TMDB."
    )
    assert TMDB_URL == "https://www.themoviedb.org"
