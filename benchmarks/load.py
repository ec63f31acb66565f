"""How the web page answers under load, and what it does when things go wrong.

    python benchmarks/load.py                       # the best catalogue at hand: load, then faults
    python benchmarks/load.py --model model --seconds 10 --runs 3 --json load.json

The client is on the same machine and counts every answer. Load: 32 connections ask for ten recommendations each, one
question after the other, every title once before any comes again; beside them 4 connections type, ten letters a second
each. Faults, each under the same load: the model is built anew, TMDb hangs while posters are asked for, a process is
killed, and the server is told to stop. Wherever a question gets no answer, or a wrong one, that is a failure.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

ROOT = Path(__file__).parent.parent
QUESTIONS = 2000


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """`mediarec web` as a process of its own."""

    def __init__(self, model, workers=2, **env):
        self.port, self.log = free_port(), tempfile.NamedTemporaryFile("w+", suffix=".log")
        env = (
            {k: v for k, v in os.environ.items() if not k.startswith(("TMDB_", "MEDIAREC_WEB_"))}
            | {"PYTHONPATH": str(ROOT), "TMDB_API_KEY": ""}
            | env
        )
        command = [
            sys.executable,
            "-m",
            "mediarec",
            "web",
            "--model",
            str(model),
            "--port",
            str(self.port),
            "--workers",
            str(workers),
        ]
        self.process = subprocess.Popen(
            command, cwd=tempfile.gettempdir(), env=env, stdout=self.log, stderr=subprocess.STDOUT
        )
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit(f"the server stopped:\n{Path(self.log.name).read_text()[-3000:]}")
            try:
                self.get("/healthz")
                return self
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"the server does not answer:\n{Path(self.log.name).read_text()[-3000:]}")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def get(self, path):
        return json.loads(urllib.request.urlopen(self.url + path, timeout=10).read())

    def workers(self):  # -> process ids
        text = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        ).stdout
        return [int(p) for p in text.split()]

    def memory(self):  # -> MB resident, of each worker
        return [
            round(
                int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024
            )
            for pid in self.workers()
        ]

    def cpu(self):  # -> seconds of processor time, of all workers
        ticks = [
            Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
            for pid in self.workers()
        ]
        return sum(int(t[11]) + int(t[12]) for t in ticks) / os.sysconf("SC_CLK_TCK")


class Asker(asyncio.Protocol):
    """One connection: a question, its answer, the next question."""

    def __init__(self, paths, done, pause=0.0):
        (
            self.paths,
            self.done,
            self.pause,
            self.buffer,
            self.need,
            self.path,
            self.began,
            self.open,
        ) = paths, done, pause, b"", None, None, 0.0, True

    def connection_made(self, transport):
        self.transport = transport
        self.ask()

    def ask(self):
        self.path, self.began, self.need, self.buffer = (
            next(self.paths, None),
            time.perf_counter(),
            None,
            b"",
        )
        if self.path is None or self.transport.is_closing():
            self.path = None
            self.transport.close()
            return
        self.transport.write(b"GET " + self.path.encode() + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def data_received(self, data):
        self.buffer += data
        if self.need is None:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            self.status, self.last = int(head[9:12]), b"connection: close" in head
            self.need = end + 4 + int(re.search(rb"content-length: (\d+)", head)[1])
        if len(self.buffer) < self.need:
            return
        self.done(
            self.path,
            (time.perf_counter() - self.began) * 1e3,
            self.status,
            self.buffer[self.buffer.find(b"\r\n\r\n") + 4 :],
        )
        self.path = None
        if self.last:
            self.transport.close()
        elif self.pause:
            asyncio.get_running_loop().call_later(self.pause, self.ask)
        else:
            self.ask()

    def connection_lost(self, error):
        self.open = False
        if self.path is not None:
            self.done(
                self.path, (time.perf_counter() - self.began) * 1e3, 0, b""
            )  # asked, and never answered


class Load:
    """Questions on many connections, until stopped."""

    def __init__(self, port, questions, typed=(), connections=32, typing=4, pause=0.1):
        self.port, self.lanes, self.stopped = (
            port,
            [(iter(self._round(questions)), 0.0)] * connections
            + [(iter(self._round(typed)), pause)] * (typing if typed else 0),
            False,
        )
        self.answers, self.refused = [], 0

    def _round(self, paths):
        while not self.stopped:
            for path in paths:
                if self.stopped:
                    return
                yield path

    def _done(self, path, ms, status, body):
        good = status == 200 and body.startswith(b"{") and b'"results":[' in body
        self.answers.append(
            (
                time.perf_counter(),
                path.startswith("/api/recommend"),
                ms,
                status if good or status != 200 else -1,
            )
        )

    async def _connection(self, paths, pause):
        loop = asyncio.get_running_loop()
        while not self.stopped:
            try:
                _, asker = await loop.create_connection(
                    lambda: Asker(paths, self._done, pause), "127.0.0.1", self.port
                )
            except OSError:
                if not self.stopped:
                    self.refused += 1
                await asyncio.sleep(0.05)
                continue
            while asker.open:
                await asyncio.sleep(0.02)

    async def _run(self, seconds):
        tasks = [asyncio.create_task(self._connection(*lane)) for lane in self.lanes]
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and not self.stopped:
            await asyncio.sleep(0.05)
        self.stopped = True
        await asyncio.wait(tasks, timeout=10)

    def run(self, seconds):
        self.began = time.perf_counter()
        asyncio.run(self._run(seconds))
        self.took = time.perf_counter() - self.began
        return self

    @contextmanager
    def beside(self, seconds=600):
        """The load in a thread, while something is done to the server."""
        thread = threading.Thread(target=self.run, args=(seconds,))
        thread.start()
        try:
            yield self
        finally:
            self.stopped = True
            thread.join()

    def figures(self):
        took = np.array([a[2] for a in self.answers if a[1] and a[3] == 200] or [0.0])
        typed = np.array([a[2] for a in self.answers if not a[1] and a[3] == 200] or [0.0])
        wrong = sum(a[3] != 200 for a in self.answers) + self.refused
        return {
            "recommend/s": round(len(took) / self.took),
            "p50 ms": _ms(took, 50),
            "p99 ms": _ms(took, 99),
            "most ms": _ms(took, 100),
            "suggest p50 ms": _ms(typed, 50),
            "suggest p99 ms": _ms(typed, 99),
            "answers": len(self.answers),
            "failures": wrong,
        }


def _ms(values, p):
    return round(float(np.percentile(values, p)), 1)


def questions_of(model, n=QUESTIONS):
    """Distinct titles as questions, half of them with filters; and as many starts of titles as somebody types."""
    rng = np.random.default_rng(42)
    rows = rng.permutation(len(model.catalog))[:n]
    ids, types, titles = model.titles.ids, model.titles.types, model.titles.titles
    asked = [
        {"id": ids[r]} | ({"type": types[r], "year_from": 1990} if i % 2 and types[r] else {})
        for i, r in enumerate(rows)
    ]
    typed = list(dict.fromkeys(titles[r][: 2 + i % 9] for i, r in enumerate(rows)))
    return ["/api/recommend?" + urlencode(a) for a in asked], [
        "/api/suggest?" + urlencode({"q": t, "n": 8}) for t in typed
    ]


def best_and_median(runs):
    by = sorted(runs, key=lambda f: f["recommend/s"])
    return {"best": by[-1], "median": by[len(by) // 2]}


def measure(server, questions, typed, seconds, runs):
    """Load, several times: a warm-up, then each run by itself."""
    Load(server.port, questions, typed).run(min(2, seconds))
    found = []
    for _ in range(runs):
        before = server.cpu()
        f = Load(server.port, questions, typed).run(seconds).figures()
        found.append(
            f
            | {
                "server CPU ms/answer": round(
                    (server.cpu() - before) * 1e3 / max(f["answers"], 1), 2
                ),
                "MB a worker": max(server.memory()),
            }
        )
        print(json.dumps(found[-1]), flush=True)
    return best_and_median(found)


def rebuilt(server, folder, catalog, questions, typed, times=2):
    """The model is built anew, by `mediarec build` in a process of its own, while it is served."""
    load, versions, peak, env = (
        Load(server.port, questions, typed),
        {server.get("/healthz")["model"]},
        0,
        os.environ | {"PYTHONPATH": str(ROOT)},
    )
    with load.beside():
        time.sleep(0.5)
        for _ in range(times):
            build = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "mediarec",
                    "build",
                    "--catalog",
                    str(catalog),
                    "--out",
                    str(folder),
                ],
                env=env,
                stdout=subprocess.DEVNULL,
                cwd=tempfile.gettempdir(),
            )
            while build.poll() is None:
                time.sleep(0.05)
                peak = max([peak, *server.memory()])
            end = time.monotonic() + 4
            while time.monotonic() < end:
                time.sleep(0.05)
                peak = max([peak, *server.memory()])
            versions.add(server.get("/healthz")["model"])
    return load.figures() | {
        "models seen": len(versions),
        "peak MB a worker": peak,
        "MB after": max(server.memory()),
    }


def worker_killed(server, questions, typed, seconds=3):
    """A process is killed; what it was answering is lost with it, and nothing after that."""
    load, before = Load(server.port, questions, typed), server.workers()
    with load.beside():
        time.sleep(1)
        os.kill(before[0], signal.SIGKILL)
        at = time.perf_counter()
        time.sleep(seconds)
    later = [a for a in load.answers if a[0] > at + 1.0 and a[3] != 200]
    return load.figures() | {
        "failures after a second": len(later),
        "workers": len(server.workers()),
        "another one": server.workers() != before,
    }


def stopped(server, questions, typed):
    """SIGTERM under load: what was asked is answered, and the process ends by itself."""
    load = Load(server.port, questions, typed)
    with load.beside():
        time.sleep(1)
        began = time.monotonic()
        server.process.terminate()
        code = server.process.wait(40)
        took = time.monotonic() - began
    lost = sum(a[3] != 200 for a in load.answers)
    return {
        "answers": len(load.answers),
        "asked and not answered": lost,
        "exit code": code,
        "seconds": round(took, 1),
    }


def hanging(folder, questions, typed, seconds=4):
    """TMDb takes connections and says nothing, while a browser asks for posters."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(200)
        at = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        env = dict(
            TMDB_API_KEY="0" * 32,
            TMDB_BASE_URL=f"{at}/3",
            TMDB_IMG_BASE=f"{at}/t/p",
            MEDIAREC_CACHE=tempfile.mkdtemp(),
        )
        with Server(folder, **env) as server:
            ids, kinds = [q.split("id=")[1].split("&")[0] for q in questions[:40]], []
            load, over = Load(server.port, questions, typed), threading.Event()

            def look():
                for i in ids * 1000:
                    if over.is_set():
                        return
                    kinds.append(
                        urllib.request.urlopen(f"{server.url}/poster/{i}", timeout=30).headers[
                            "Content-Type"
                        ]
                    )
                    time.sleep(0.02)

            threads = [threading.Thread(target=look, daemon=True) for _ in range(6)]
            for t in threads:
                t.start()
            load.run(seconds)
            over.set()
            for t in threads:
                t.join(30)
            return load.figures() | {
                "posters": len(kinds),
                "drawn": sum(k == "image/svg+xml" for k in kinds),
            }


def first_suggestions(server, times=5):
    """Milliseconds from asking for the page, in a browser that never saw it, to the first suggestions; None without a browser."""
    import shutil

    chromium = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if not chromium:
        return None
    took = []
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(times):
            page = browser.new_context().new_page()
            began = time.perf_counter()
            page.goto(server.url, wait_until="commit")
            page.locator("html[data-ready]").wait_for(state="attached")
            page.get_by_role("combobox", name="A film or a series").fill("the")
            page.get_by_role("option").first.wait_for()
            took.append((time.perf_counter() - began) * 1e3)
            page.context.close()
        browser.close()
    return {
        "first suggestions, ms": [round(t) for t in took],
        "median ms": round(float(np.median(took))),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--catalog", help="A CSV; by default the best at hand.")
    parser.add_argument(
        "--model",
        help="A saved model for the load; by default one is built. The faults build their own.",
    )
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-faults", action="store_true")
    parser.add_argument("--json", help="Also write the figures there.")
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from mediarec import Recommender, load_catalog
    from mediarec.data.catalog import find_catalog

    catalog, folder = (
        Path(given.catalog or find_catalog()).resolve(),
        Path(tempfile.mkdtemp()) / "model",
    )
    model = Recommender().fit(load_catalog(catalog))
    model.save(folder)
    questions, typed = questions_of(model)
    print(
        f"{len(model.catalog):,} titles, {len(questions):,} distinct questions, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    out = {}
    with Server(given.model or folder) as server:
        out["page"] = first_suggestions(server)
        out["load"] = measure(server, questions, typed, given.seconds, given.runs)
    if not given.no_faults:
        with Server(folder) as server:
            out["model rebuilt twice"] = rebuilt(server, folder, catalog, questions, typed)
            out["a worker killed"] = worker_killed(server, questions, typed)
            out["told to stop"] = stopped(server, questions, typed)
        out["TMDb hangs"] = hanging(folder, questions, typed)
    print(json.dumps(out, indent=1))
    if given.json:
        Path(given.json).write_text(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
