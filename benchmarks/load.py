"""Load and failure benchmark of the web page.

    python benchmarks/load.py                       # the best catalog available: all parts
    python benchmarks/load.py --parts servers --json data/load.json
    python benchmarks/load.py --parts memory        # memory after 50,000 distinct requests

Servers: Granian, which `mediarec web` uses, and gunicorn serve the smallest Flask application, and
the page. 32 connections send one request after the other.

The client runs on the same machine and counts every answer. Load: 32 connections request ten
recommendations each, one query after the other; no title is repeated before all were requested.
At the same time, 4 connections type ten letters per second each. Failures, each under the same
load: the model is rebuilt, TMDb does not answer while posters are requested, a worker is killed,
and the server is stopped. A query without an answer, or with a wrong one, is a failure.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
PARTS = ["servers", "load", "memory", "faults"]
N_QUERIES = 2000
STOP_TIMEOUT = 25  # seconds
N_THREADS = 8  # of a worker, as `ServerConfig` has it
BIN = Path(sys.executable).parent
SERVERS = {
    "granian": [
        *(BIN / "granian", "--interface", "wsgi", "--http", "1", "--no-log"),
        *("--workers", "2", "--blocking-threads", N_THREADS, "--port", "{port}"),
    ],
    "gunicorn": [
        *(BIN / "gunicorn", "--preload", "--worker-class", "gthread", "--log-level", "error"),
        *("--workers", "2", "--threads", N_THREADS, "--bind", "127.0.0.1:{port}"),
    ],
}  # pip install gunicorn


def free_port():
    """Return a port that is not in use."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(check, timeout=60, interval=0.05):
    """Wait until `check()` is true, and return its value; raise TimeoutError otherwise."""
    deadline = time.monotonic() + timeout
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{check} is not true after {timeout} seconds")
        time.sleep(interval)


def python_environment(**variables):
    """Return the environment of a process that imports mediarec from this checkout."""
    return os.environ | {"PYTHONPATH": str(ROOT)} | variables


class Server:
    """`mediarec web` as a process of its own."""

    def __init__(self, model, workers=2, **variables):
        self.n_workers = workers
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        env = python_environment(TMDB_API_KEY="")
        for name in list(env):
            if name.startswith(("TMDB_BASE", "TMDB_IMG", "MEDIAREC_WEB_")):
                del env[name]
        command = [sys.executable, "-m", "mediarec", "web", "--model", str(model)]
        command += ["--port", str(self.port), "--workers", str(workers)]
        self.process = subprocess.Popen(
            command,
            cwd=tempfile.gettempdir(),
            env=env | variables,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SystemExit(f"the server stopped:\n{self.log_text()[-3000:]}")
            if self.is_ready():
                return self
            time.sleep(0.1)
        raise SystemExit(f"the server does not answer:\n{self.log_text()[-3000:]}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def is_ready(self):
        """Return whether the server answers and all workers have started."""
        try:
            self.get("/healthz")
        except OSError:
            return False
        return len(self.workers()) == self.n_workers

    def log_text(self):
        """Return the output of the server."""
        return Path(self.log.name).read_text()

    def get(self, path):
        """Return the JSON of a path."""
        return json.loads(urllib.request.urlopen(self.url + path, timeout=10).read())

    def workers(self):
        """Return the process ids of the workers."""
        command = ["ps", "-o", "pid=", "--ppid", str(self.process.pid)]
        output = subprocess.run(command, capture_output=True, text=True).stdout
        return [int(pid) for pid in output.split()]

    def memory(self):
        """Return the resident memory of each worker in MB."""
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in self.workers()]
        kilobytes = [int(re.search(r"VmRSS:\s+(\d+)", status)[1]) for status in statuses]
        return [round(kb / 1024) for kb in kilobytes]

    def cpu(self):
        """Return the processor time of all workers in seconds."""
        ticks = 0
        for pid in self.workers():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])  # user and system time
        return ticks / os.sysconf("SC_CLK_TCK")


@dataclass
class Answer:
    """An answer to a query; status 0 is no answer, -1 an answer without results."""

    received: float  # time.perf_counter()
    path: str
    ms: float
    status: int

    @property
    def is_good(self):
        """Whether the query has a correct answer."""
        return self.status == 200

    @property
    def is_recommendation(self):
        """Whether the query asks for recommendations."""
        return self.path.startswith("/api/recommend")


class QueryConnection(asyncio.Protocol):
    """One connection: a query, its answer, the next query."""

    def __init__(self, paths, on_answer, pause=0.0):
        self.paths = paths
        self.on_answer = on_answer
        self.pause = pause
        self.path = None
        self.started = 0.0
        self.open = True
        self.reset_answer()

    def reset_answer(self):
        """Forget the previous answer."""
        self.buffer = b""
        self.head_bytes = None
        self.expected_bytes = None

    def connection_made(self, transport):
        """Send the first query."""
        self.transport = transport
        self.send_next()

    def send_next(self):
        """Send the next query, or close the connection after the last one."""
        self.reset_answer()
        self.path = None if self.transport.is_closing() else next(self.paths, None)
        if self.path is None:
            self.transport.close()
            return
        self.started = time.perf_counter()
        self.transport.write(b"GET " + self.path.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def data_received(self, data):
        """Collect an answer; when it is complete, report it and send the next query."""
        self.buffer += data
        if self.expected_bytes is None and not self.read_head():
            return
        if len(self.buffer) < self.expected_bytes:
            return
        self.report(self.status, self.buffer[self.head_bytes :])
        self.path = None
        if self.is_last:
            self.transport.close()
        elif self.pause:
            asyncio.get_running_loop().call_later(self.pause, self.send_next)
        else:
            self.send_next()

    def read_head(self):
        """Read the head of an answer; return whether it is complete."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = self.buffer[:end].lower()
        self.status = int(head[9:12])
        self.is_last = b"connection: close" in head
        self.head_bytes = end + 4
        length = int(re.search(rb"content-length: (\d+)", head)[1])
        self.expected_bytes = self.head_bytes + length
        return True

    def report(self, status, body):
        """Report an answer."""
        now = time.perf_counter()
        is_api = self.path.startswith("/api/")
        has_results = body.startswith(b"{") and b'"results":[' in body
        if status == 200 and is_api and not has_results:
            status = -1
        self.on_answer(Answer(now, self.path, (now - self.started) * 1e3, status))

    def connection_lost(self, error):
        """Report a query that was not answered."""
        self.open = False
        if self.path is not None:
            self.report(0, b"")


class LoadGenerator:
    """Queries on many connections, until stopped."""

    def __init__(self, port, queries, prefixes=(), n_connections=32, n_typing=4, pause=0.1):
        self.port = port
        self.stopped = False
        self.answers = []
        self.n_refused = 0
        self.elapsed = 0.0
        self.connections = [(self._cycle(queries), 0.0)] * n_connections
        if prefixes:
            self.connections += [(self._cycle(prefixes), pause)] * n_typing

    def _cycle(self, paths):
        """Yield paths again and again until stopped."""
        for path in cycle(paths):
            if self.stopped:
                return
            yield path

    async def _connect(self, paths, pause):
        """Keep one connection open until stopped."""
        loop = asyncio.get_running_loop()

        def make_connection():
            return QueryConnection(paths, self.answers.append, pause)

        while not self.stopped:
            try:
                _, connection = await loop.create_connection(
                    make_connection, "127.0.0.1", self.port
                )
            except OSError:
                if not self.stopped:
                    self.n_refused += 1
                await asyncio.sleep(0.05)
                continue
            while connection.open:
                await asyncio.sleep(0.02)

    async def _run(self, seconds, min_answers):
        """Send queries until both limits are reached, or until stopped."""
        tasks = [asyncio.create_task(self._connect(*options)) for options in self.connections]
        deadline = time.perf_counter() + seconds
        while not self.stopped:
            await asyncio.sleep(0.05)
            if time.perf_counter() >= deadline and len(self.answers) >= min_answers:
                self.stopped = True
        await asyncio.wait(tasks, timeout=10)

    def run(self, seconds, min_answers=0):
        """Send queries for some seconds, longer if there are few answers; return self."""
        started = time.perf_counter()
        asyncio.run(self._run(seconds, min_answers))
        self.elapsed = time.perf_counter() - started
        return self

    @contextmanager
    def running(self, seconds=600):
        """Run the load in a thread during the block."""
        thread = threading.Thread(target=self.run, args=(seconds,))
        thread.start()
        try:
            yield self
        finally:
            self.stopped = True
            thread.join()

    def wait_for_answers(self, n=300):
        """Wait until there are `n` more answers than now."""
        n_expected = len(self.answers) + n
        wait_until(lambda: len(self.answers) >= n_expected)

    def failures(self, since=0.0):
        """Return the answers received after `since` that are not good."""
        return [a for a in self.answers if a.received > since and not a.is_good]

    def metrics(self):
        """Return the number of answers and failures, and the times in milliseconds."""
        good = [answer for answer in self.answers if answer.is_good]
        recommend_ms = [answer.ms for answer in good if answer.is_recommendation]
        suggest_ms = [answer.ms for answer in good if not answer.is_recommendation]
        return {
            "recommend/s": round(len(recommend_ms) / self.elapsed),
            "p50 ms": _percentile(recommend_ms, 50),
            "p99 ms": _percentile(recommend_ms, 99),
            "max ms": _percentile(recommend_ms, 100),
            "suggest p50 ms": _percentile(suggest_ms, 50),
            "suggest p99 ms": _percentile(suggest_ms, 99),
            "answers": len(self.answers),
            "failures": len(self.failures()) + self.n_refused,
        }


def _percentile(values, percent):
    """Return a percentile; 0 without values."""
    return round(float(np.percentile(values, percent)), 1) if values else 0.0


def make_queries(model, n=N_QUERIES):
    """Return paths of distinct queries, half of them with filters, and of typed prefixes."""
    rng = np.random.default_rng(42)
    rows = rng.permutation(len(model.catalog))[:n]
    index = model.title_index
    queries = []
    prefixes = {}
    for i, row in enumerate(rows):
        query = {"id": index.ids[row]}
        if i % 2 and index.types[row]:
            query |= {"type": index.types[row], "year_from": 1990}
        queries.append("/api/recommend?" + urlencode(query))
        prefixes[index.titles[row][: 2 + i % 9]] = None  # each prefix once, in order
    return queries, ["/api/suggest?" + urlencode({"q": text, "n": 8}) for text in prefixes]


class PlainServer(Server):
    """An application of wsgi.py, served by one of the `SERVERS`."""

    def __init__(self, name, application, ready_path, **variables):
        self.n_workers = 2
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ready_path = ready_path
        self.log = tempfile.NamedTemporaryFile("w+", suffix=".log")
        command = [str(part).format(port=self.port) for part in SERVERS[name]]
        self.process = subprocess.Popen(
            [*command, f"wsgi:{application}"],
            cwd=ROOT / "benchmarks",
            env=python_environment(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", **variables),
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def is_ready(self):
        """Return whether the server answers."""
        try:
            return urllib.request.urlopen(self.url + self.ready_path, timeout=10).status == 200
        except OSError:
            return False


def measure_requests(server, paths, seconds):
    """Return requests per second, percentiles in milliseconds, failures, and memory."""
    LoadGenerator(server.port, paths).run(1)
    load = LoadGenerator(server.port, paths).run(seconds)
    ms = [answer.ms for answer in load.answers if answer.is_good]
    return {
        "requests/s": round(len(ms) / load.elapsed),
        "p50 ms": _percentile(ms, 50),
        "p99 ms": _percentile(ms, 99),
        "failures": len(load.failures()) + load.n_refused,
        "MB a worker": max(server.memory()),
    }


def measure_servers(folder, queries, prefixes, seconds):
    """Measure both servers with the smallest application and with the page."""
    pages = ["/?" + query.split("?")[1] for query in queries]
    rows = {}
    for name in SERVERS:
        with PlainServer(name, "hello", "/hello") as server:
            rows[f"{name}: hello"] = measure_requests(server, ["/hello"], seconds)
        with PlainServer(name, "page", "/healthz", MEDIAREC_MODEL=str(folder)) as server:
            for kind, paths in (("suggest", prefixes), ("recommend", queries), ("page", pages)):
                rows[f"{name}: {kind}"] = measure_requests(server, paths, seconds)
    for key, row in rows.items():
        hello = rows[key.split(":")[0] + ": hello"]
        row["share of hello"] = round(row["requests/s"] / hello["requests/s"], 3)
    return rows


def measure_memory(folder, model, n_requests):
    """Return the memory of the workers after each tenth of `n_requests` distinct requests."""
    paths = distinct_requests(model, n_requests)
    with Server(folder) as server:
        memory = [server.memory()]
        n_failures = 0
        for start in range(0, n_requests, n_requests // 10):
            batch = paths[start : start + n_requests // 10]
            load = LoadGenerator(server.port, batch).run(0, min_answers=len(batch))
            n_failures += len(load.failures())
            memory.append(server.memory())
    return {"requests": n_requests, "failures": n_failures, "MB of the workers": memory}


def distinct_requests(model, n):
    """Return `n` distinct paths of recommendations, suggestions and pages."""
    queries, prefixes = make_queries(model, len(model.catalog))
    paths = list(prefixes)
    paths += [f"{query}&n={n_results}" for n_results in range(1, 51) for query in queries]
    paths = list(dict.fromkeys(paths))[:n]
    pages = [path.replace("/api/recommend?", "/?") for path in paths[::10]]
    paths[::10] = pages
    return paths


def best_and_median(runs):
    """Return the metrics of the fastest and of the median run."""
    ordered = sorted(runs, key=lambda run: run["recommend/s"])
    return {"best": ordered[-1], "median": ordered[len(ordered) // 2]}


def measure_load(server, queries, prefixes, seconds, runs):
    """Measure the load several times, after a warm-up."""
    LoadGenerator(server.port, queries, prefixes).run(min(2, seconds))
    results = []
    for _ in range(runs):
        cpu_before = server.cpu()
        metrics = LoadGenerator(server.port, queries, prefixes).run(seconds).metrics()
        cpu_ms = (server.cpu() - cpu_before) * 1e3 / max(metrics["answers"], 1)
        metrics["server CPU ms/answer"] = round(cpu_ms, 2)
        metrics["MB a worker"] = max(server.memory())
        print(json.dumps(metrics), flush=True)
        results.append(metrics)
    return best_and_median(results)


def start_build(catalog, folder):
    """Start `mediarec build` as a process of its own."""
    command = [sys.executable, "-m", "mediarec", "build"]
    command += ["--catalog", str(catalog), "--out", str(folder)]
    return subprocess.Popen(
        command,
        env=python_environment(),
        stdout=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
    )


def measure_rebuild(server, folder, catalog, queries, prefixes, times=2):
    """Measure the load while the model is rebuilt by another process."""
    load = LoadGenerator(server.port, queries, prefixes)
    versions = {server.get("/healthz")["model"]}
    memory = []

    def is_reloaded():
        """Record the memory; return whether every worker has another model."""
        memory.append(max(server.memory()))
        seen = {server.get("/healthz")["model"] for _ in range(8)}
        return not seen & versions

    with load.running():
        load.wait_for_answers()
        for _ in range(times):
            build = start_build(catalog, folder)
            while build.poll() is None:
                memory.append(max(server.memory()))
                time.sleep(0.05)
            wait_until(is_reloaded)
            versions.add(server.get("/healthz")["model"])
        load.wait_for_answers()
    return load.metrics() | {
        "models seen": len(versions),
        "peak MB a worker": max(memory),
        "MB after": max(server.memory()),
    }


def measure_worker_kill(server, queries, prefixes):
    """Kill a worker under load; only the answers that it was making may be lost."""
    load = LoadGenerator(server.port, queries, prefixes)
    killed = server.workers()[0]

    def is_replaced():
        """Return whether all workers run and the killed one is not among them."""
        workers = server.workers()
        return len(workers) == server.n_workers and killed not in workers

    with load.running():
        load.wait_for_answers()
        os.kill(killed, signal.SIGKILL)
        wait_until(is_replaced)
        replaced_at = time.perf_counter()
        load.wait_for_answers()
    return load.metrics() | {
        "failures after replacement": len(load.failures(since=replaced_at)),
        "workers": len(server.workers()),
        "worker replaced": is_replaced(),
    }


def measure_stop(server, queries, prefixes):
    """Stop the server under load; queries that were sent are answered before it ends."""
    load = LoadGenerator(server.port, queries, prefixes)
    with load.running():
        load.wait_for_answers()
        started = time.monotonic()
        server.process.terminate()
        exit_code = server.process.wait(STOP_TIMEOUT)
        elapsed = time.monotonic() - started
    return {
        "answers": len(load.answers),
        "unanswered": len(load.failures()),
        "exit code": exit_code,
        "seconds": round(elapsed, 1),
    }


def measure_hanging_tmdb(folder, queries, prefixes, seconds=4):
    """Measure the load while posters are requested and TMDb accepts connections but is silent."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(200)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        variables = {
            "TMDB_API_KEY": "0" * 32,
            "TMDB_BASE_URL": f"{url}/3",
            "TMDB_IMG_BASE": f"{url}/t/p",
            "MEDIAREC_CACHE": tempfile.mkdtemp(),
        }
        with Server(folder, **variables) as server:
            ids = [query.split("id=")[1].split("&")[0] for query in queries[:40]]
            load = LoadGenerator(server.port, queries, prefixes)
            with requesting_posters(server, ids) as content_types:
                load.run(seconds, min_answers=200)
            n_empty = content_types.count("image/svg+xml")
            return load.metrics() | {
                "posters": len(content_types),
                "empty_images": n_empty,
            }


@contextmanager
def requesting_posters(server, ids, n_threads=6):
    """Request posters in threads during the block; yield the list of their content types."""
    content_types = []
    finished = threading.Event()

    def request_posters():
        for show_id in cycle(ids):
            if finished.wait(0.02):
                return
            response = urllib.request.urlopen(f"{server.url}/poster/{show_id}", timeout=30)
            content_types.append(response.headers["Content-Type"])

    threads = [threading.Thread(target=request_posters, daemon=True) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    try:
        yield content_types
    finally:
        finished.set()
        for thread in threads:
            thread.join(30)


def find_chromium():
    """Return the path of a Chromium browser, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    return None


def measure_first_suggestions(server, times=5):
    """Measure the time from opening the page to the first suggestions; None without a browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    executable = find_chromium()
    if not executable:
        return None
    elapsed_ms = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for _ in range(times):
            page = browser.new_context().new_page()
            started = time.perf_counter()
            page.goto(server.url, wait_until="commit")
            page.locator("html[data-ready]").wait_for(state="attached")
            page.get_by_role("combobox", name="A film or a series").fill("the")
            page.get_by_role("option").first.wait_for()
            elapsed_ms.append((time.perf_counter() - started) * 1e3)
            page.context.close()
        browser.close()
    return {
        "first suggestions, ms": [round(ms) for ms in elapsed_ms],
        "median ms": round(float(np.median(elapsed_ms))),
    }


def parse_arguments():
    """Return the command line arguments."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--catalog", help="CSV file; by default the best catalog available")
    parser.add_argument(
        "--model", help="saved model for the load; by default a new one (failures build their own)"
    )
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--requests", type=int, default=50_000, help="of the part memory")
    parser.add_argument("--json", help="file for the metrics")
    return parser.parse_args()


def main():
    """Run all measurements and print them as JSON."""
    args = parse_arguments()
    sys.path.insert(0, str(ROOT))
    from mediarec import Recommender, load_catalog
    from mediarec.data.catalog import find_catalog

    catalog = Path(args.catalog or find_catalog()).resolve()
    folder = Path(tempfile.mkdtemp()) / "model"
    model = Recommender().fit(load_catalog(catalog))
    model.save(folder)
    queries, prefixes = make_queries(model)
    print(
        f"{len(model.catalog):,} titles, {len(queries):,} distinct queries, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    results = {}
    if "servers" in args.parts:
        results["servers"] = measure_servers(folder, queries, prefixes, args.seconds)
        print(pd.DataFrame(results["servers"]).T.to_string(), flush=True)
    if "load" in args.parts:
        with Server(args.model or folder) as server:
            results["page"] = measure_first_suggestions(server)
            results["load"] = measure_load(server, queries, prefixes, args.seconds, args.runs)
    if "memory" in args.parts:
        results["memory"] = measure_memory(folder, model, args.requests)
    if "faults" in args.parts:
        with Server(folder) as server:
            results["rebuild"] = measure_rebuild(server, folder, catalog, queries, prefixes)
            results["worker killed"] = measure_worker_kill(server, queries, prefixes)
            results["stop"] = measure_stop(server, queries, prefixes)
        results["TMDb hangs"] = measure_hanging_tmdb(folder, queries, prefixes)
    print(json.dumps(results, indent=1))
    if args.json:
        Path(args.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
