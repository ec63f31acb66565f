"""Clients that read slowly, send slowly or are idle do not delay other requests.

`benchmarks/slow_clients.py` measures the same with more clients, for a minute.
"""

import pytest

pytest.importorskip(
    "granian", reason="granian is not installed: it is in the extras [web] and [dev]"
)
from load import Server  # noqa: E402
from slow_clients import (  # noqa: E402
    measure_idle_connections,
    measure_slow_clients,
    slow_clients,
)

MAX_P99_MS = 1_000


@pytest.fixture
def own_server(folder):
    """A server that no other test uses."""
    with Server(folder) as server:
        yield server


def test_slow_clients(own_server):
    metrics = measure_slow_clients(own_server, seconds=14, n=60)
    assert metrics["failures"] == 0, metrics
    assert metrics["requests"] > 100, metrics
    assert max(metrics["p99 ms"].values()) < MAX_P99_MS, metrics
    assert metrics["writers closed by the server"] >= 60, metrics


def test_server_recovers_after_slow_clients(own_server):
    with slow_clients(own_server.port, 20):
        assert own_server.get("/healthz")["status"] == "ok"
    assert own_server.get("/api/recommend?title=Inception")["results"]
    assert len(own_server.workers()) == 2


def test_idle_connections(own_server):
    metrics = measure_idle_connections(own_server, n=2_300, seconds=13)
    assert metrics["answer ms"] < MAX_P99_MS, metrics
    assert metrics["closed after 13 s"] == 2_300, metrics
