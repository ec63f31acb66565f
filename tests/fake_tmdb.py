"""A TMDb on this machine, for tests and to look at pages without a network.

It answers every search, or fails in one of many ways:

    with FakeTmdb() as tmdb:  # any title is found, unless the works or a fault say otherwise
        settings = read_tmdb_settings(
            None, key=tmdb.key, base_url=tmdb.base_url, img_base=tmdb.img_base
        )
        tmdb.faults["Slow Film"] = "slow"  # or tmdb.default_fault = "slow" for every request

By hand: `python tests/fake_tmdb.py 8765` prints the settings to use.
"""

import hashlib
import json
import struct
import sys
import threading
import time
import unicodedata
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJmYWtlIn0.c2lnbmF0dXJlLW9mLW5vLXZhbHVl"
FAULTS = (
    "slow",
    "drip",
    "drip head",
    "401",
    "403",
    "404",
    "429",
    "429 long",
    "500",
    "500 once",
    "endless 500",
    "half",
    "html",
    "mislabeled",
    "list",
    "endless",
    "redirect",
    "echo",
    "drop",
    "short",
    "deep",
    "bad path",
    "no poster",
    "many pages",
    "binary",
)
MAX_WAIT = 20  # seconds that a slow response takes


def make_png(seed, width=40, height=60):
    """Return a small image of one color, which depends on the seed."""
    color = hashlib.sha1(seed.encode()).digest()[:3]
    rows = (b"\0" + color * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind, data):
    """Return a chunk of a PNG file."""
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


def normalize_title(text):
    """Return the letters and digits of a title in lower case."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).lower() if c.isalnum())


def make_work(
    tmdb_id, title, date, path="", overview="A work of the fake TMDb.", original=None, aired=()
):
    """Return a work; `aired` are the years in which a series had episodes."""
    digest = hashlib.sha1(title.encode()).hexdigest()[:16]
    return {
        "id": tmdb_id,
        "title": title,
        "date": date,
        "path": path or f"/{digest}.png",
        "overview": overview,
        "original": original or title,
        "aired": [int(year) for year in aired],
    }


class FakeTmdb:
    """A server on a free local port.

    Attributes
    ----------
    requests : list of tuple
        (path, query parameters) of each search.
    image_requests : list of str
        Paths of the requested images.
    gate : threading.Event
        Searches wait until it is set. It is set at the start.
    """

    def __init__(self, movies=(), series=(), invent=True, port=0, keys=(KEY, TOKEN)):
        self.movies = list(movies)
        self.series = list(series)
        self.invent = invent
        self.keys = keys
        self.key = KEY
        self.faults = {}  # title -> fault
        self.default_fault = None
        self.delay = 0.0  # seconds before each search is answered
        self.requests = []
        self.image_requests = []
        self.auth_methods = []
        self.changed = threading.Condition()
        self.stopped = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        handler = type("Handler", (_Handler,), {"fake": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.base_url = self.url + "/3"
        self.img_base = self.url + "/t/p"

    def __enter__(self):
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.stopped.set()
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def wait_for_requests(self, n, timeout=30):
        """Wait until `n` searches have arrived; return whether they have."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.requests) >= n, timeout)

    def record_request(self, path, params, auth_method):
        """Record a search; return how often the same search was sent."""
        with self.changed:
            self.requests.append((path, params))
            self.auth_methods.append(auth_method)
            self.changed.notify_all()
            return self.requests.count((path, params))

    def search(self, media_type, params):
        """Return the results of a search, as TMDb lists them."""
        is_movie = media_type == "movie"
        title = params.get("query", "")
        works = [w for w in (self.movies if is_movie else self.series) if _has_title(w, title)]
        if not works and self.invent:
            works = [_invent_work(title, params.get("primary_release_year") or "2000")]
        elif is_movie:
            year = params.get("primary_release_year", "")
            works = [w for w in works if w["date"].startswith(year)]
        elif "year" in params:
            works = [w for w in works if int(params["year"]) in _episode_years(w)]
        return [_make_result(w, is_movie) for w in works]


def _has_title(work, title):
    """Return whether a work is found by a title."""
    query = normalize_title(title)
    return any(query in normalize_title(work[field]) for field in ("title", "original"))


def _episode_years(work):
    """Return the years in which a series had episodes."""
    return [*work["aired"], int(work["date"][:4] or 0)]


def _invent_work(title, year):
    """Return a work with this title."""
    overview = f"The fake TMDb's words about {title}."
    return make_work(zlib.crc32(title.encode()) + 1, title, f"{year}-06-01", overview=overview)


def _make_result(work, is_movie):
    """Return a work as a search result."""
    prefix = "title" if is_movie else "name"
    return {
        prefix: work["title"],
        f"original_{prefix}": work["original"],
        "release_date" if is_movie else "first_air_date": work["date"],
        "id": work["id"],
        "poster_path": work["path"],
        "overview": work["overview"],
        "vote_average": 7.5,
    }


class _Handler(BaseHTTPRequestHandler):
    """Answers searches and image requests."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # the client closed the connection

    def respond(self, status, body, content_type="application/json;charset=utf-8", **headers):
        """Send a response; a body that is not bytes is sent as JSON."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path.startswith("/t/p/"):
            with self.fake.changed:
                self.fake.image_requests.append(url.path)
            self.respond(200, make_png(url.path), "image/png", Cache_Control="max-age=60")
            return
        params = dict(parse_qsl(url.query))
        header = self.headers.get("Authorization")
        key = params.pop("api_key", None) or (header or "").removeprefix("Bearer ")
        n_same = self.fake.record_request(url.path, params, "header" if header else "parameter")
        self.fake.gate.wait()
        if self.fake.delay:
            self.fake.stopped.wait(self.fake.delay)
        if key not in self.fake.keys:
            self.respond(401, {"success": False, "status_message": "Invalid API key"})
        elif url.path not in ("/3/search/movie", "/3/search/tv"):
            self.respond(404, {"success": False, "status_code": 34})
        else:
            results = self.fake.search(url.path.rsplit("/", 1)[1], params)
            content = {"page": 1, "total_pages": 1, "results": results}
            fault = self.fake.default_fault or self.fake.faults.get(params.get("query"))
            self.respond_with_fault(fault, content, key, n_same)

    def respond_with_fault(self, fault, content, key, n_same):
        """Respond with the content or, if there is a fault, in its wrong way."""
        if fault is None or (fault in ("429", "500 once") and n_same > 1):
            self.respond(200, content)
        elif fault == "slow":
            self.fake.stopped.wait(MAX_WAIT)
            self.respond(200, content)
        elif fault == "drip head":
            self.drip_head()
        elif fault in ("drip", "endless", "endless 500"):
            self.stream_body(fault)
        elif fault == "drop":
            self.close_connection = True
            self.connection.close()
        elif fault == "short":
            self.send_short_body(content)
        elif not (self.respond_with_status(fault) or self.respond_with_body(fault, content, key)):
            self.respond(200, self.spoil_content(fault, content))

    def respond_with_status(self, fault):
        """Respond with a status that brings no results; return whether the fault is one."""
        if fault in ("429", "429 long"):
            self.respond(429, {}, Retry_After="1" if fault == "429" else "3600")
        elif fault == "500 once":
            self.respond(500, {})
        elif fault == "redirect":
            self.respond(302, b"", Location=f"{self.fake.url}/elsewhere")
        elif fault.isdigit():
            self.respond(int(fault), {"success": False, "status_message": f"fault {fault}"})
        else:
            return False
        return True

    def respond_with_body(self, fault, content, key):
        """Respond with a body that is not the results; return whether the fault is one."""
        text = json.dumps(content).encode()
        bodies = {
            "half": text[: len(text) // 2],
            "html": b"<!doctype html><title>Sign in</title>",
            "mislabeled": b"<!doctype html>",
            "list": b"[1, 2]",
            "binary": bytes(range(256)),
            "deep": b"[" * 200_000,
            "echo": json.dumps({**content, "key": key}).encode(),
        }
        if fault in bodies:
            content_type = "text/html" if fault == "html" else "application/json"
            self.respond(200, bodies[fault], content_type)
        return fault in bodies

    def spoil_content(self, fault, content):
        """Return the results with one wrong value."""
        for result in content["results"]:
            if fault == "bad path":
                result["poster_path"] = '"><script>alert(1)</script>'
            if fault == "no poster":
                result["poster_path"] = None
        if fault == "many pages":
            content["total_pages"] = 40
        return content

    def send_short_body(self, content):
        """Send less than the announced number of bytes."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())
        self.close_connection = True

    def drip_head(self):
        """Send the head of a response one byte at a time, and never its end."""
        self.close_connection = True
        deadline = time.monotonic() + MAX_WAIT
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while time.monotonic() < deadline and not self.fake.stopped.is_set():
            self.wfile.write(b"x")
            self.fake.stopped.wait(0.05)

    def stream_body(self, fault):
        """Send a body without end: fast, or one byte at a time."""
        self.send_response(500 if fault == "endless 500" else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.close_connection = True
        deadline = time.monotonic() + MAX_WAIT
        while time.monotonic() < deadline and not self.fake.stopped.is_set():
            self.wfile.write(b" " * (1 if fault == "drip" else 65536))
            if fault == "drip":
                self.fake.stopped.wait(0.05)


if __name__ == "__main__":
    with FakeTmdb(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0) as tmdb:
        print(f"TMDB_API_KEY={tmdb.key}")
        print(f"TMDB_BASE_URL={tmdb.base_url}")
        print(f"TMDB_IMG_BASE={tmdb.img_base}", flush=True)
        tmdb.thread.join()
