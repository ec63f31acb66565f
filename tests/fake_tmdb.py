"""A TMDb on this machine, for tests and for looking at pages with no network: it answers well, or in one of many wrong ways.

    with FakeTmdb() as tmdb:                  # any title is found, unless the library or a trouble says otherwise
        settings = read_settings(None, key=tmdb.key, base_url=tmdb.base_url, img_base=tmdb.img_base)
        tmdb.trouble["Slow Film"] = "slow"    # or tmdb.always = "slow" for every request

Or by hand: python tests/fake_tmdb.py 8765, which prints the settings to use.
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
TROUBLES = (
    "slow",
    "drip",
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
    "mislabelled",
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


def png(seed, width=40, height=60):
    """A small picture of one colour, made from the seed."""
    color = hashlib.sha1(seed.encode()).digest()[:3]
    chunk = lambda kind, data: (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    )
    rows = (b"\0" + color * width) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def plain(text):
    """Letters and digits in lower case: searches do not mind the rest."""
    return "".join(c for c in unicodedata.normalize("NFKD", text).lower() if c.isalnum())


def work(id, title, date, path="", overview="A work of the fake TMDb.", original=None, aired=()):
    """A work of the library; aired: the years in which a series had episodes."""
    return dict(
        id=id,
        title=title,
        date=date,
        path=path or f"/{hashlib.sha1(title.encode()).hexdigest()[:16]}.png",
        overview=overview,
        original=original or title,
        aired=[int(y) for y in aired],
    )


class FakeTmdb:
    """A server on a free port of the loopback; `calls` lists the questions, `images` the pictures asked for."""

    def __init__(self, films=(), series=(), invent=True, port=0, keys=(KEY, TOKEN)):
        self.films, self.series, self.invent, self.keys = list(films), list(series), invent, keys
        self.last_error, self.always, self.calls, self.images, self.auth = {}, None, [], [], []
        self.slowness, self.lock, self.disabled_reason = 0.0, threading.Lock(), threading.Event()
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", port), type("Handler", (_Handler,), {"fake": self})
        )
        self.server.daemon_threads, self.server.block_on_close = True, False
        self.key, home = KEY, f"http://127.0.0.1:{self.server.server_port}"
        self.home, self.base_url, self.img_base = home, home + "/3", home + "/t/p"

    def __enter__(self):
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.disabled_reason.set()
        self.server.shutdown()
        self.server.server_close()

    def hits(self, kind, ask):
        """The works that a search finds, as TMDb would list them."""
        library, title = self.films if kind == "movie" else self.series, ask.get("query", "")
        found = [
            w
            for w in library
            if plain(title) in plain(w["title"]) or plain(title) in plain(w["original"])
        ]
        if not found and self.invent:
            year = ask.get("primary_release_year") or "2000"
            found = [
                work(
                    zlib.crc32(title.encode()) + 1,
                    title,
                    f"{year}-06-01",
                    overview=f"The fake TMDb's words about {title}.",
                )
            ]
        elif kind == "movie":
            found = [w for w in found if w["date"].startswith(ask.get("primary_release_year", ""))]
        elif "year" in ask:
            found = [w for w in found if int(ask["year"]) in [*w["aired"], int(w["date"][:4] or 0)]]
        names = (
            ("title", "original_title", "release_date")
            if kind == "movie"
            else ("name", "original_name", "first_air_date")
        )
        return [
            dict(
                zip(names, (w["title"], w["original"], w["date"])),
                id=w["id"],
                poster_path=w["path"],
                overview=w["overview"],
                vote_average=7.5,
            )
            for w in found
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # the client had enough

    def say(self, status, body, kind="application/json;charset=utf-8", **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        at = urlsplit(self.path)
        if at.path.startswith("/t/p/"):
            with self.fake.lock:
                self.fake.images.append(at.path)
            return self.log(200, png(at.path), "image/png", Cache_Control="max-age=60")
        ask = dict(parse_qsl(at.query))
        key = ask.pop("api_key", None) or self.headers.get("Authorization", "").removeprefix(
            "Bearer "
        )
        with self.fake.lock:
            self.fake.calls.append((at.path, ask))
            self.fake.auth.append("header" if "Authorization" in self.headers else "parameter")
            before = sum(c == (at.path, ask) for c in self.fake.calls)
        if self.fake.slowness:
            self.fake.disabled_reason.wait(self.fake.slowness)
        if key not in self.fake.keys:
            return self.log(
                401,
                {
                    "success": False,
                    "status_code": 7,
                    "status_message": "Invalid API key: You must be granted a valid key.",
                },
            )
        if at.path not in ("/3/search/movie", "/3/search/tv"):
            return self.log(404, {"success": False, "status_code": 34})
        kind = at.path.rsplit("/", 1)[1]
        self.answer(
            self.fake.always or self.fake.last_error.get(ask.get("query")),
            {"page": 1, "total_pages": 1, "results": self.fake.hits(kind, ask)},
            key,
            before,
        )

    def answer(self, trouble, good, key, before):
        text = json.dumps(good).encode()
        if trouble is None or trouble == "500 once" and before > 1:
            return self.log(200, good)
        if trouble == "slow":
            self.fake.disabled_reason.wait(20)
            return self.log(200, good)
        if trouble in ("drip", "endless", "endless 500"):
            return self.stream(trouble)
        if trouble == "429":
            return self.log(429, {}, Retry_After="1") if before == 1 else self.log(200, good)
        if trouble == "429 long":
            return self.log(429, {}, Retry_After="3600")
        if trouble == "500 once":
            return self.log(500, {})
        if trouble == "redirect":
            return self.log(302, b"", Location=f"{self.fake.home}/elsewhere")
        if trouble.isdigit():
            return self.log(
                int(trouble), {"success": False, "status_message": f"trouble {trouble}"}
            )
        if trouble == "drop":
            self.close_connection = True
            return self.connection.close()
        if trouble == "short":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(text)
            self.close_connection = True
            return None
        bodies = {
            "half": text[: len(text) // 2],
            "html": b"<!doctype html><title>Sign in</title>",
            "mislabelled": b"<!doctype html>",
            "list": b"[1, 2]",
            "binary": bytes(range(256)),
            "deep": b"[" * 200_000,
            "echo": json.dumps({**good, "key": key}).encode(),
        }
        if trouble in bodies:
            return self.log(
                200, bodies[trouble], "text/html" if trouble == "html" else "application/json"
            )
        for result in good["results"]:
            if trouble == "bad path":
                result["poster_path"] = '"><script>alert(1)</script>'
            if trouble == "no poster":
                result["poster_path"] = None
        if trouble == "many pages":
            good["total_pages"] = 40
        return self.log(200, good)

    def stream(self, trouble):
        """A body without end: fast, or a byte at a time."""
        self.send_response(500 if trouble == "endless 500" else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.close_connection = True
        until = time.monotonic() + 20
        while time.monotonic() < until and not self.fake.disabled_reason.is_set():
            self.wfile.write(b" " * (1 if trouble == "drip" else 65536))
            if trouble == "drip":
                self.fake.disabled_reason.wait(0.05)


if __name__ == "__main__":
    with FakeTmdb(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0) as tmdb:
        print(
            f"TMDB_API_KEY={tmdb.key}\nTMDB_BASE_URL={tmdb.base_url}\nTMDB_IMG_BASE={tmdb.img_base}",
            flush=True,
        )
        tmdb.thread.join()
