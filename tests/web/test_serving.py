"""The server as a process: load, reload, a killed worker, a stop, and a TMDb that hangs.

`benchmarks/load.py` measures the same at length.
"""

import json
import os
import select
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "gunicorn", reason="gunicorn is not installed: it is in the extras [web] and [dev]"
)
from load import (  # noqa: E402
    ROOT,
    LoadGenerator,
    Server,
    make_queries,
    measure_hanging_tmdb,
    measure_stop,
    measure_worker_kill,
    wait_until,
)

CLOSE = b"Host: x\r\nConnection: close\r\n\r\n"
LOG_FIELDS = {"at", "method", "path", "status", "ms", "bytes"}


@pytest.fixture(scope="module")
def queries(model):
    """Paths of queries and of typed prefixes."""
    return make_queries(model, 300)


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def send_raw(port, text):
    """Send bytes to the server; return everything that it sends."""
    with connect(port) as s:
        s.sendall(text)
        parts = []
        while data := s.recv(65536):
            parts.append(data)
    return b"".join(parts)


def status_line(response):
    return response.split(b"\r\n")[0]


def test_short_load(server, queries):
    load = LoadGenerator(server.port, *queries)
    with load.running():
        load.wait_for_answers(300)
    metrics = load.metrics()
    assert metrics["failures"] == 0, metrics
    assert max(server.memory()) < 350
    assert len(server.workers()) == 2


def test_binds_to_loopback(server):
    table = Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in table]
    listening = [row[1] for row in rows if row[3] == "0A"]
    addresses = [a for a in listening if int(a.split(":")[1], 16) == server.port]
    assert addresses
    assert all(address.startswith("0100007F") for address in addresses)


def test_unusual_requests(server):
    response = send_raw(server.port, b"GET /healthz HTTP/1.1\r\n" + CLOSE)
    assert b" 200 " in status_line(response)
    long_query = b"GET /api/suggest?q=" + b"a" * 9000 + b" HTTP/1.1\r\n" + CLOSE
    assert send_raw(server.port, long_query).startswith((b"HTTP/1.1 400", b"HTTP/1.1 414"))
    assert b" 40" in status_line(send_raw(server.port, b"NONSENSE\r\n\r\n"))
    pipelined = (
        b"GET /api/suggest?q=a HTTP/1.1\r\nHost: x\r\n\r\nGET /api/suggest?q=b HTTP/1.1\r\n" + CLOSE
    )
    assert send_raw(server.port, pipelined).count(b"HTTP/1.1 200") == 2


def test_incomplete_requests_do_not_block(server):
    """Other requests are answered while these connections wait."""
    slow = connect(server.port)
    slow.sendall(b"GET /api/recommend?title=Incep")
    silent = [connect(server.port) for _ in range(20)]
    assert server.get("/api/recommend?title=Inception")["results"]
    slow.sendall(b"tion HTTP/1.1\r\n" + CLOSE)
    assert b" 200 " in slow.recv(100)
    for s in (slow, *silent):
        s.close()


def send_without_reading(port):
    """Return a connection that sent many requests and reads no answer."""
    s = connect(port)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    s.setblocking(False)
    try:
        for _ in range(200):
            s.send(b"GET /api/recommend?title=Inception&n=50 HTTP/1.1\r\nHost: x\r\n\r\n")
    except BlockingIOError:
        pass
    return s


def test_slow_reader_does_not_block(server):
    greedy = [send_without_reading(server.port) for _ in range(6)]
    for s in greedy:
        assert select.select([s], [], [], 30)[0]  # the server has begun to answer
    for _ in range(6):
        assert server.get("/healthz")["status"] == "ok"
    for s in greedy:
        s.close()


def test_model_reload_under_load(folder, catalog, queries, tmp_path):
    from mediarec import Recommender

    own_folder = tmp_path / "model"
    shutil.copytree(folder, own_folder)
    with Server(own_folder) as server:
        before = server.get("/healthz")["model"]
        version_by_process = {}

        def is_reloaded():
            """Return whether both workers have the new model."""
            health = server.get("/healthz")
            version_by_process[health["process"]] = health["model"]
            return len(version_by_process) == 2 and before not in version_by_process.values()

        load = LoadGenerator(server.port, *queries)
        with load.running():
            load.wait_for_answers(100)
            Recommender().fit(catalog).save(own_folder)
            wait_until(is_reloaded)
            load.wait_for_answers(100)
        assert load.metrics()["failures"] == 0

        (own_folder / "manifest.json").write_text("{")  # a damaged model changes nothing
        wait_until(lambda: server.get("/healthz")["last_error"])
        assert server.get("/api/recommend?title=Inception")["results"]


def test_worker_killed_and_graceful_stop(folder, queries):
    with Server(folder) as server:
        metrics = measure_worker_kill(server, *queries)
        assert metrics["failures after replacement"] == 0, metrics
        assert metrics["workers"] == 2
        assert metrics["worker replaced"]
        metrics = measure_stop(server, *queries)
        assert metrics["exit code"] == 0, metrics
        assert metrics["unanswered"] == 0, metrics
        lines = [json.loads(x) for x in server.log_text().splitlines() if x.startswith("{")]
    assert lines[0]["event"] == "serving"
    assert set(lines[-1]) == LOG_FIELDS
    assert not [line for line in lines if "?" in line.get("path", "")]


def test_tmdb_hangs(folder, queries):
    metrics = measure_hanging_tmdb(folder, *queries, seconds=2)
    assert metrics["failures"] == 0, metrics
    assert metrics["answers"] > 100, metrics
    assert metrics["placeholders"] == metrics["posters"] > 0, metrics


def test_key_is_never_exposed(folder):
    key = "feedc0de" * 4
    variables = {
        "TMDB_API_KEY": key,
        "TMDB_BASE_URL": "http://127.0.0.1:9/3",
        "TMDB_IMG_BASE": "http://127.0.0.1:9/t/p",
    }
    with Server(folder, **variables) as server:
        for path in ("/poster/t1", "/", "/nothing"):
            request = f"GET {path} HTTP/1.1\r\n".encode() + CLOSE
            assert key.encode() not in send_raw(server.port, request)
        suggestion = server.get("/api/suggest?q=incep")["results"][0]
        assert suggestion["poster"].startswith("/poster/")
        assert key not in server.log_text()


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--port", "99999"], "a port is a number"),
        (["--model", "nowhere"], "model"),
        (["--workers", "0"], "workers must be from 1 to 64"),
    ],
)
def test_startup_errors(folder, arguments, message, tmp_path):
    command = [sys.executable, "-m", "mediarec", "web", "--model", str(folder), "--port", "0"]
    done = subprocess.run(
        [*command, *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
