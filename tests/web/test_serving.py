"""The server as a process: load, reload, a killed worker, a stop, and a TMDb that hangs.

`benchmarks/load.py` measures the same at length.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip(
    "granian", reason="granian is not installed: it is in the extras [web] and [dev]"
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


def test_request_in_two_segments(server):
    """The second part of a request is read, although other connections send slowly."""
    dripping = [connect(server.port) for _ in range(30)]
    for s in dripping:
        s.sendall(b"GET /api")
    late = connect(server.port)
    late.sendall(b"GET /api/suggest?q=in")
    time.sleep(0.2)
    late.sendall(b"cep HTTP/1.1\r\n" + CLOSE)
    assert b" 200 " in status_line(late.recv(100))
    for s in (late, *dripping):
        s.close()


def test_errors_of_the_server_carry_no_data(server):
    """What the server itself answers says nothing about the application."""
    for request in (b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 90_000):
        response = send_raw(server.port, request + b"\r\n\r\n")
        assert b" 4" in status_line(response)
        assert b"Traceback" not in response and b"mediarec" not in response
    without_host = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert b" 400" in status_line(send_raw(server.port, without_host))


def test_proxy_headers_are_not_believed(server):
    """No header changes the addresses of links and redirects."""
    headers = (
        b"SCRIPT_NAME: //evil.example\r\nScript-Name: //evil.example\r\n"
        b"X-Script-Name: /evil\r\nX-Forwarded-Prefix: /evil\r\nX-Forwarded-Host: evil.example\r\n"
    )
    for path in (b"/", b"/clusters"):
        response = send_raw(server.port, b"GET " + path + b" HTTP/1.1\r\n" + headers + CLOSE)
        assert response.startswith(b"HTTP/1.1 ")
        assert b"evil.example" not in response and b'"/evil' not in response


def test_only_named_proxies_are_believed(folder):
    """The rate limit counts the addresses that a trusted proxy reports."""
    for proxy, expected in (("127.0.0.1", [200] * 4), ("", [200, 200, 429, 429])):
        with Server(folder, 1, MEDIAREC_WEB_PROXY=proxy, MEDIAREC_WEB_RATE_LIMIT="2") as server:
            statuses = []
            for i in range(4):
                forwarded = f"X-Forwarded-For: 192.0.2.{i}\r\n".encode()
                request = b"GET /api/filters HTTP/1.1\r\n" + forwarded + CLOSE
                statuses.append(int(status_line(send_raw(server.port, request)).split()[1]))
        assert statuses == expected, proxy


def test_wrong_model_is_refused_and_the_next_one_is_taken(folder, catalog, tmp_path):
    """A model with right checksums and wrong values changes nothing, nor does a killed worker."""
    from mediarec import Recommender

    own_folder = tmp_path / "model"
    shutil.copytree(folder, own_folder)
    with Server(own_folder) as server:
        before = server.get("/healthz")["model"]
        spoil_part(own_folder, "names", None)
        wait_until(lambda: server.get("/healthz")["last_error"])
        assert server.get("/healthz")["model"] == before
        killed = server.workers()[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(server.workers()) == 2 and killed not in server.workers())
        wait_until(lambda: all(server.get("/healthz")["last_error"] for _ in range(8)))
        assert server.get("/api/recommend?title=Inception")["results"]
        Recommender().fit(catalog.head(60)).save(own_folder)
        wait_until(lambda: {server.get("/healthz")["titles"] for _ in range(8)} == {60})
        assert server.get("/healthz")["last_error"] is None


def spoil_part(folder, name, value):
    """Replace a JSON part of a saved model; its checksum is right."""
    from mediarec.files import file_sha256

    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    entry = manifest["files"][name]
    part = folder / manifest["folder"] / entry["file"]
    part.write_text(json.dumps(value))
    entry |= {"bytes": part.stat().st_size, "sha256": file_sha256(part)}
    path.write_text(json.dumps(manifest))


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
        # a query that crosses the closing of its idle connection has to be repeated, as HTTP says
        assert metrics["unanswered"] <= 3, metrics
        lines = [json.loads(x) for x in server.log_text().splitlines() if x.startswith("{")]
    assert lines[0]["event"] == "serving"
    assert set(lines[-1]) == LOG_FIELDS
    assert not [line for line in lines if "?" in line.get("path", "")]


def test_tmdb_hangs(folder, queries):
    metrics = measure_hanging_tmdb(folder, *queries, seconds=2)
    assert metrics["failures"] == 0, metrics
    assert metrics["answers"] > 100, metrics
    assert metrics["empty_images"] == metrics["posters"] > 0, metrics


def test_key_is_never_exposed(folder):
    key = "feedc0de" * 4
    variables = {
        "TMDB_API_KEY": key,
        "TMDB_BASE_URL": "http://127.0.0.1:9/3",
        "TMDB_IMG_BASE": "http://127.0.0.1:9/t/p",
    }
    with Server(folder, **variables) as server:
        for path in ("/poster/t1", "/", "/nothing"):
            request = f"GET {path} HTTP/1.1\r\nAccept: text/html\r\n".encode() + CLOSE
            response = send_raw(server.port, request)
            assert key.encode() not in response
            if b"text/html" in response:
                assert b"not endorsed or certified by TMDB" in response
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
