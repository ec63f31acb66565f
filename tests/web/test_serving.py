"""The server as a process: a short load, a new model under load, a killed process, a stop, TMDb that hangs; `benchmarks/load.py` measures the same at length."""

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
    "gunicorn", reason="gunicorn is not installed: it is in the extras [web] and [dev]"
)
from load import ROOT, Load, Server, hanging, questions_of, stopped, worker_killed  # noqa: E402


@pytest.fixture(scope="module")
def asks(model):
    return questions_of(model, 300)


def talk(port, text):
    """Bytes to the server, and all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
        s.sendall(text)
        parts = []
        while data := s.recv(65536):
            parts.append(data)
    return b"".join(parts)


def test_a_short_load(server, asks):
    figures = Load(server.port, *asks).run(1.5).figures()
    assert figures["failures"] == 0 and figures["answers"] > 100, figures
    assert max(server.memory()) < 350 and len(server.workers()) == 2


def test_only_this_machine(server):
    text = Path(f"/proc/{server.process.pid}/net/tcp").read_text()
    listening = [
        l.split()[1]
        for l in text.splitlines()[1:]
        if l.split()[3] == "0A" and int(l.split()[1].split(":")[1], 16) == server.port
    ]
    assert listening and all(a.startswith("0100007F") for a in listening)


def test_odd_requests(server):
    close = b"Host: x\r\nConnection: close\r\n\r\n"
    assert b" 200 " in talk(server.port, b"GET /healthz HTTP/1.1\r\n" + close).split(b"\r\n")[0]
    assert talk(
        server.port, b"GET /api/suggest?q=" + b"a" * 9000 + b" HTTP/1.1\r\n" + close
    ).startswith((b"HTTP/1.1 400", b"HTTP/1.1 414"))
    assert b" 40" in talk(server.port, b"NONSENSE\r\n\r\n").split(b"\r\n")[0]
    twice = talk(
        server.port,
        b"GET /api/suggest?q=a HTTP/1.1\r\nHost: x\r\n\r\nGET /api/suggest?q=b HTTP/1.1\r\n"
        + close,
    )  # pipelined
    assert twice.count(b"HTTP/1.1 200") == 2
    slow = socket.create_connection(
        ("127.0.0.1", server.port), timeout=10
    )  # half a request holds nobody up
    slow.sendall(b"GET /api/recommend?title=Incep")
    silent = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(20)]
    began = time.monotonic()
    assert server.get("/api/recommend?title=Inception")["results"] and time.monotonic() - began < 2
    slow.sendall(b"tion HTTP/1.1\r\n" + close)
    assert b" 200 " in slow.recv(100)
    for s in (slow, *silent):
        s.close()


def test_who_does_not_read_holds_nobody_up(server):
    greedy = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(6)]
    for s in greedy:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        s.setblocking(False)
        try:
            for _ in range(200):
                s.send(b"GET /api/recommend?title=Inception&n=50 HTTP/1.1\r\nHost: x\r\n\r\n")
        except BlockingIOError:
            pass
    time.sleep(0.5)
    for _ in range(6):
        began = time.monotonic()
        assert server.get("/healthz")["status"] == "ok" and time.monotonic() - began < 3
    for s in greedy:
        s.close()


def test_a_new_model_under_load(folder, asks, tmp_path):
    from mediarec import Recommender, load_catalog

    own = tmp_path / "model"
    shutil.copytree(folder, own)
    with Server(own) as server:
        load, before = Load(server.port, *asks), server.get("/healthz")["model"]
        with load.beside():
            time.sleep(0.5)
            Recommender().fit(load_catalog(ROOT / "data" / "starter.csv")).save(own)
            seen, end = set(), time.monotonic() + 15
            while time.monotonic() < end and (len(seen) < 2 or before in {m for _, m in seen}):
                health = server.get("/healthz")
                seen = {(p, m) for p, m in seen if p != health["process"]} | {
                    (health["process"], health["model"])
                }
                time.sleep(0.05)
            time.sleep(0.5)
        assert before not in {m for _, m in seen}, seen
        assert load.figures()["failures"] == 0 and len(load.answers) > 100
        (own / "manifest.json").write_text("{")  # a damaged one changes nothing
        time.sleep(1.5)
        assert (
            server.get("/healthz")["last_error"]
            and server.get("/api/recommend?title=Inception")["results"]
        )


def test_a_killed_process_is_replaced_and_a_stop_is_clean(folder, asks):
    with Server(folder) as server:
        figures = worker_killed(server, *asks, seconds=2.5)
        assert (
            figures["failures after a second"] == 0
            and figures["workers"] == 2
            and figures["another one"]
        ), figures
        figures = stopped(server, *asks)
        assert (
            figures["exit code"] == 0
            and figures["seconds"] < 10
            and figures["asked and not answered"] == 0
        ), figures
        lines = [
            json.loads(l)
            for l in Path(server.log.name).read_text().splitlines()
            if l.startswith("{")
        ]
        assert lines[0]["event"] == "serving" and {
            "at",
            "method",
            "path",
            "status",
            "ms",
            "bytes",
        } == set(lines[-1])
        assert not [l for l in lines if "?" in l.get("path", "")]


def test_tmdb_hangs(folder, asks):
    figures = hanging(folder, *asks, seconds=2)
    assert (
        figures["failures"] == 0
        and figures["answers"] > 100
        and figures["drawn"] == figures["posters"] > 0
    ), figures


def test_the_key_is_nowhere(folder):
    key = "feedc0de" * 4
    with Server(
        folder,
        TMDB_API_KEY=key,
        TMDB_BASE_URL="http://127.0.0.1:9/3",
        TMDB_IMG_BASE="http://127.0.0.1:9/t/p",
    ) as server:
        for path in ("/poster/t1", "/", "/nothing"):
            answer = talk(
                server.port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
            )
            assert key.encode() not in answer
        assert server.get("/api/suggest?q=incep")["results"][0]["poster"].startswith("/poster/")
    assert key not in Path(server.log.name).read_text()


@pytest.mark.parametrize(
    "args, said",
    [
        (["--port", "99999"], "a port is a number"),
        (["--model", "nowhere"], "holds no model"),
        (["--workers", "0"], "workers and threads are 1 to 64"),
    ],
)
def test_a_wrong_start_is_a_sentence(folder, args, said, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mediarec", "web", "--model", str(folder), "--port", "0", *args],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr
