"""Measure the web page while slow clients hold its connections.

    python benchmarks/slow_clients.py --model model --seconds 60 --clients 200

Three kinds of clients are connected during the measurement, as many of each as --clients says:

- readers that send requests and never read an answer,
- writers that send one byte of a request every second,
- bodies: clients that announce the body of a request and never send it.

Other requests are sent beside them, one after the other. Each must be answered.
"""

import argparse
import json
import socket
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from load import Server

PATHS = ("/healthz", "/api/suggest?q=incep", "/api/recommend?title=Inception")
LONG_REQUEST = b"GET /api/recommend?title=Inception&n=50 HTTP/1.1\r\nHost: x\r\n\r\n"
BODY_REQUEST = b"POST /api/recommend HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"
N_REQUESTS = 200  # of a reader


def connect(port: int) -> socket.socket:
    """Return a connection that does not block."""
    s = socket.socket()
    s.settimeout(10)
    s.connect(("127.0.0.1", port))
    s.setblocking(False)
    return s


def open_reader(port: int) -> socket.socket:
    """Return a connection that sent many requests and reads no answer."""
    s = socket.socket()
    # set before the connection, otherwise the buffers of this machine hide a slow reader
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1460)
    s.settimeout(10)
    s.connect(("127.0.0.1", port))
    s.setblocking(False)
    try:
        for _ in range(N_REQUESTS):
            s.send(LONG_REQUEST)
    except BlockingIOError:
        pass
    return s


def open_body(port: int) -> socket.socket:
    """Return a connection that announced a body and sends none."""
    s = connect(port)
    s.send(BODY_REQUEST)
    return s


class DrippingWriters:
    """Connections that send one byte of a request every second."""

    def __init__(self, port: int, n: int):
        self.port = port
        self.sockets = [connect(port) for _ in range(n)]
        self.n_closed = 0  # connections that the server closed

    def send_byte(self) -> None:
        """Send one byte on each connection; open a new one for each that was closed."""
        for i, s in enumerate(self.sockets):
            try:
                s.send(b"G")
            except BlockingIOError:
                pass
            except OSError:
                self.n_closed += 1
                s.close()
                self.sockets[i] = connect(self.port)


@contextmanager
def slow_clients(port: int, n: int):
    """Hold `n` readers, `n` dripping writers and `n` bodies during the block."""
    writers = DrippingWriters(port, n)
    others = [open_reader(port) for _ in range(n)]
    others += [open_body(port) for _ in range(n)]
    finished = threading.Event()

    def drip():
        while not finished.wait(1):
            writers.send_byte()

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    try:
        yield writers
    finally:
        finished.set()
        thread.join(30)
        for s in [*others, *writers.sockets]:
            s.close()


def measure_slow_clients(server: Server, seconds: float, n: int) -> dict:
    """Return the times of requests beside slow clients, in milliseconds, and the failures."""
    times = {path: [] for path in PATHS}
    n_failures = 0
    with slow_clients(server.port, n) as writers:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for path in PATHS:
                started = time.perf_counter()
                try:
                    urllib.request.urlopen(server.url + path, timeout=10).read()
                except OSError:
                    n_failures += 1
                times[path].append((time.perf_counter() - started) * 1e3)
            time.sleep(0.05)
    return {
        "clients of each kind": n,
        "seconds": seconds,
        "requests": sum(map(len, times.values())),
        "failures": n_failures,
        "p99 ms": {path: round(float(np.percentile(ms, 99)), 1) for path, ms in times.items()},
        "writers closed by the server": writers.n_closed,
        "MB a worker": max(server.memory()),
    }


def measure_idle_connections(server: Server, n: int, seconds: float) -> dict:
    """Open idle connections; return how many the server closed, and whether it still answers."""
    idle = [connect(server.port) for _ in range(n)]
    started = time.perf_counter()
    server.get("/healthz")
    answer_ms = (time.perf_counter() - started) * 1e3
    time.sleep(seconds)
    n_closed = sum(is_closed(s) for s in idle)
    for s in idle:
        s.close()
    return {"idle": n, "answer ms": round(answer_ms, 1), f"closed after {seconds:g} s": n_closed}


def is_closed(s: socket.socket) -> bool:
    """Return whether the server closed a connection."""
    try:
        while s.recv(4096):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def main() -> None:
    """Run the measurements and print them as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", help="saved model; by default a model of the best catalog")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--idle", type=int, default=2_300)
    args = parser.parse_args()
    folder = args.model or build_model()
    with Server(folder) as server:
        results = {
            "slow clients": measure_slow_clients(server, args.seconds, args.clients),
            "idle connections": measure_idle_connections(server, args.idle, 15),
        }
    print(json.dumps(results, indent=1))


def build_model() -> Path:
    """Save a model of the best catalog available; return its folder."""
    from mediarec import Recommender, load_catalog
    from mediarec.data.catalog import find_catalog

    folder = Path(tempfile.mkdtemp()) / "model"
    Recommender().fit(load_catalog(find_catalog())).save(folder)
    return folder


if __name__ == "__main__":
    main()
