"""Every address with Flask's client: what it answers, each parameter that can be wrong, headers, limits, posters."""

import json
import tempfile
import time
from urllib.parse import quote

import pytest

PROBLEM, PAGE = "application/problem+json", {"Accept": "text/html"}


def test_recommend_is_what_the_recommender_says(client, model):
    got = client.get(
        "/api/recommend",
        query_string={
            "title": "Inception",
            "type": "Movie",
            "genre": ["Dramas", "thrillers"],
            "year_from": 1990,
            "year_to": 2015,
            "age_group": "Adults",
            "n": 5,
            "diversity": 0.2,
        },
    )
    found = model.recommend(
        "Inception",
        5,
        type="Movie",
        genre=["Dramas", "Thrillers"],
        year=(1990, 2015),
        age_group="Adults",
        diversity=0.2,
    )
    assert got.status_code == 200 and got.content_type == "application/json"
    assert [(r["id"], r["why"], r["rank"]) for r in got.json["results"]] == list(
        zip(found.show_id, found.why, found["rank"])
    )
    first = got.json["results"][0]
    assert (
        first["type"] == "Movie"
        and first["href"].startswith("/?")
        and first["cluster"]["method"] == "kmeans"
        and first["description"]
    )


def test_recommend_by_id_text_and_cluster(client, model):
    row = model.find("Inception")
    by_id, by_title = (
        client.get("/api/recommend", query_string=q).json
        for q in ({"id": model.titles.ids[row]}, {"title": "Inception"})
    )
    assert by_id["results"] == by_title["results"] and by_title["query"].startswith(
        "Inception (2010"
    )
    words = client.get("/api/recommend", query_string={"text": "a heist in Spain", "n": 3}).json
    assert len(words["results"]) == 3 and "heist" in words["query"]
    inside = client.get(
        "/api/recommend", query_string={"title": "Inception", "cluster": "kmeans"}
    ).json
    assert {r["cluster"]["number"] for r in inside["results"]} == {
        int(model.clusterings.nearest_labels.kmeans[row])
    }
    both = client.get("/api/recommend", query_string={"title": "Inception", "text": "music"})
    assert both.status_code == 200 and both.json["query"].endswith('"music"')


def test_distinct_questions_have_distinct_answers(client, model):
    """Nothing is kept from one question for another."""
    answers = {
        client.get("/api/recommend", query_string={"id": i}).data for i in model.titles.ids[:60]
    }
    assert len(answers) == 60


def test_suggest(client, model):
    assert [
        r["id"] for r in client.get("/api/suggest?q=incep&n=5").json["results"]
    ] == model.suggest("incep", 5).show_id.tolist()
    assert client.get("/api/suggest?q=").json == {"results": []} == client.get("/api/suggest").json
    assert client.get("/api/suggest?q=incepton").json["results"][0]["title"] == "Inception"


def test_titles_clusters_filters_health(client, model):
    one = client.get(f"/api/titles/{model.titles.ids[3]}").json
    assert one["title"] == model.titles.titles[3] and one["genres"] == model.catalog.genres[3]
    methods = client.get("/api/clusters").json["results"]
    assert [m["name"] for m in methods] == ["kmeans"]
    groups = client.get("/api/clusters/kmeans").json["results"]
    assert len(groups) == methods[0]["clusters"] and all(g["name"] and g["words"] for g in groups)
    inside = client.get("/api/clusters/kmeans/1?n=7").json
    assert (
        len(inside["results"]) == 7
        and inside["name"] == groups[1]["name"]
        and {r["cluster"]["number"] for r in inside["results"]} == {1}
    )
    facts = client.get("/api/filters").json
    assert {g["name"] for g in facts["genres"]} == set(model.filter_columns.genres) and facts[
        "titles"
    ] == len(model.catalog)
    health = client.get("/healthz").json
    assert (
        health["status"] == "ok"
        and health["titles"] == len(model.catalog)
        and health["last_error"] is None
    )


BAD = [
    ("n", "0"),
    ("n", "51"),
    ("n", "-1"),
    ("n", "ten"),
    ("n", "1.5"),
    ("n", ""),
    ("n", "9" * 400),
    ("diversity", "2"),
    ("diversity", "-0.1"),
    ("diversity", "nan"),
    ("diversity", "inf"),
    ("type", "Play"),
    ("type", ""),
    ("genre", "Thriller"),
    ("genre", ""),
    ("age_group", "Old"),
    ("year_from", "1"),
    ("year_from", "3000"),
    ("year_to", "soon"),
    ("cluster", "nothing"),
    ("cluster", "kmeans:9999"),
    ("cluster", "kmeans:x"),
    ("cluster", ""),
    ("cluster", "kmeans:"),
    ("title", ""),
    ("title", "x" * 201),
    ("text", "  "),
    ("text", "x" * 2001),
    ("id", ""),
    ("colour", "red"),
    ("title", "a\0b"),
    ("unlike", "x"),
]


@pytest.mark.parametrize("name, value", BAD, ids=[f"{n}={v[:12]!r}" for n, v in BAD])
def test_a_bad_parameter_is_named(client, name, value):
    asked = {"title": "Inception"} | {name: value}
    got = client.get(
        "/api/recommend",
        query_string={
            k: v for k, v in asked.items() if not (name in ("id", "text") and k == "title")
        },
    )
    assert got.status_code == 400 and got.content_type == PROBLEM, got.data
    assert (
        got.json["parameter"] == name
        and got.json["status"] == 400
        and got.json["title"] == "Bad Request"
        and len(got.json["detail"]) > 5
    )


@pytest.mark.parametrize(
    "path, status, parameter",
    [
        ("/api/recommend", 400, "title"),
        ("/api/recommend?title=a&title=b", 400, "title"),
        ("/api/recommend?title=a&id=b", 400, "id"),
        ("/api/recommend?title=Inception&year_from=2000&year_to=1990", 400, "year_from"),
        ("/api/recommend?title=zzzzqqqq", 404, "title"),
        ("/api/recommend?id=nobody", 404, "id"),
        ("/api/recommend?title=x" + "&genre=Dramas" * 31, 400, "genre"),
        ("/api/suggest?q=" + "x" * 201, 400, "q"),
        ("/api/suggest?q=a&n=0", 400, "n"),
        ("/api/titles/nobody", 404, "id"),
        ("/api/titles/..%2f..%2fetc%2fpasswd", 404, "id"),
        ("/api/clusters/nothing", 404, "method"),
        ("/api/clusters/kmeans/999", 404, "number"),
        ("/api/clusters/kmeans/-1", 404, "number"),
        ("/api/clusters/kmeans/1?n=x", 400, "n"),
        ("/api/clusters?x=1", 400, "x"),
        ("/api/filters?x=1", 400, "x"),
        ("/poster/nobody", 404, "id"),
        ("/api/nothing", 404, None),
        ("/static/nothing.js", 404, None),
        ("/static/../web.py", 404, None),
        ("/static/%2e%2e/web.py", 404, None),
        ("/static/..%2fweb.py", 404, None),
        ("/nothing", 404, None),
    ],
)
def test_problems(client, path, status, parameter):
    got = client.get(path)
    assert (got.status_code, got.content_type) == (status, PROBLEM), got.data[:300]
    assert got.json.get("parameter") == parameter and got.json["type"] == "about:blank"


def test_unknown_and_ambiguous_titles_say_what_could_be_meant(site, client):
    near = client.get("/api/recommend?title=Inceptionist dream thing").json
    assert (
        near["status"] == 404
        and near["choices"]
        and {"id", "title", "year", "type"} <= set(near["choices"][0])
    )
    from mediarec import Recommender, load_catalog
    from mediarec.apps.web_app import ModelReloader, ServerConfig, create_app
    from mediarec.apps.web_queries import make_model_view

    frame = load_catalog().head(40)
    frame.loc[[0, 1, 2], "title"] = "Twins"
    frame.loc[[0, 1, 2], ["director", "cast"]] = [
        ["A One", "B One"],
        ["A Two", "B Two"],
        ["A Three", "B Three"],
    ]
    frame.loc[[0, 1], "type"] = ["Movie", "TV Show"]
    twins = create_app(
        ModelReloader(lambda: make_model_view(Recommender().fit(frame))),
        ServerConfig(poster_dir=tempfile.mkdtemp()),
    ).test_client()
    got = twins.get("/api/recommend?title=twins")
    assert (
        got.status_code == 409
        and got.json["parameter"] == "title"
        and len(got.json["choices"]) >= 2
    )
    page = twins.get("/?title=twins", headers=PAGE)
    assert (
        page.status_code == 200
        and "Which one?" in page.text
        and page.text.count('class="mediarec-card"') >= 2
    )
    for choice in got.json["choices"]:  # each can be gone to
        assert (
            twins.get(choice["href"], headers=PAGE).status_code == 200 and "id=" in choice["href"]
        )


def test_methods_and_bodies(client):
    for call in (client.post, client.put, client.delete, client.patch):
        got = call("/api/recommend?title=Inception", data=b"x" * 100_000)
        assert (
            got.status_code == 405 and got.content_type == PROBLEM and "GET" in got.headers["Allow"]
        )
    assert (
        client.head("/api/filters").status_code == 200 and client.head("/api/filters").data == b""
    )


def test_headers(client):
    for path, kind in (
        ("/", "text/html"),
        ("/api/filters", "json"),
        ("/nothing", "json"),
        ("/static/web.js", "javascript"),
        ("/api/recommend?n=0", "json"),
    ):
        got = client.get(path)
        policy = got.headers["Content-Security-Policy"]
        assert (
            "unsafe" not in policy
            and "default-src 'none'" in policy
            and "script-src 'self'" in policy
            and "frame-ancestors 'none'" in policy
        )
        assert (
            got.headers["X-Content-Type-Options"] == "nosniff"
            and got.headers["Referrer-Policy"] == "no-referrer"
            and kind in got.headers["Content-Type"]
        )
        assert "Access-Control-Allow-Origin" not in got.headers and "Set-Cookie" not in got.headers


def test_no_other_site_unless_named(site):
    open_ = site(origin="https://example.org").test_client()
    assert open_.get("/api/filters").headers["Access-Control-Allow-Origin"] == "https://example.org"
    assert "Access-Control-Allow-Origin" not in open_.get("/").headers


def test_rate_limit(site):
    slow = site(rate=3).test_client()
    codes = [slow.get("/api/suggest?q=a").status_code for _ in range(5)]
    assert codes == [200] * 3 + [429] * 2
    last = slow.get("/api/suggest?q=a")
    assert last.content_type == PROBLEM and int(last.headers["Retry-After"]) >= 1
    assert slow.get("/api/suggest?q=a", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 200


def test_the_log_says_nothing_of_what_was_asked(site):
    lines = []
    client = site(say=lines.append).test_client()
    for path in (
        "/api/suggest?q=secretquery",
        "/?title=secretquery",
        "/api/titles/none?key=secretquery",
        "/?n=%0a%22",
    ):
        client.get(path)
    assert (
        len(lines) == 4
        and [l["status"] for l in lines] == [200, 404, 400, 400]
        and all({"at", "method", "path", "status", "ms", "bytes"} == set(l) for l in lines)
    )
    assert "secretquery" not in json.dumps(lines) and "127.0.0.1" not in json.dumps(lines)


def test_an_error_of_ours_is_noted_and_not_shown(site, monkeypatch):
    import mediarec.web

    app = site()
    said = []
    app.extensions["mediarec"].reloader.log = said.append

    def break_(*_):
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(mediarec.web, "recommend_json", break_)
    got = app.test_client().get("/api/recommend?title=Inception")
    assert (
        got.status_code == 500
        and got.content_type == PROBLEM
        and b"secret" not in got.data
        and b"Traceback" not in got.data
    )
    assert (
        said[0]["error"] == "RuntimeError"
        and said[0]["where"].startswith("test_api.py:")
        and "secret" not in json.dumps(said)
    )


def test_pages_work_without_javascript(client, model):
    home = client.get("/", headers=PAGE).text
    assert (
        'action="/"' in home
        and 'method="get"' in home
        and 'name="title"' in home
        and home.count('class="mediarec-card"') >= 5
    )
    page = client.get("/?title=Inception&type=Movie", headers=PAGE).text
    found = model.recommend("Inception", type="Movie")
    assert (
        "<title>More like Inception" in page
        and all(f'data-id="{i}"' in page for i in found.show_id)
        and '<option value="Movie" selected>' in page
    )
    assert (
        page.count("<script") == 1
        and 'type="module" src="/static/web.js"' in page
        and "style=" not in page
        and " onclick" not in page
    )
    more = client.get("/?title=Inception&n=20", headers=PAGE).text
    assert more.count('class="mediarec-card"') == 20
    empty = client.get("/?title=Inception&year_to=1880&text=&genre=&year_from=", headers=PAGE).text
    assert "Nothing like Inception passes these filters" in empty and "Any last year" in empty
    lost = client.get("/?title=zzzzqqqq", headers=PAGE)
    assert (
        lost.status_code == 404
        and "Nothing is called that" in lost.text
        and 'value="zzzzqqqq"' in lost.text
    )
    wrong = client.get("/?title=Inception&n=9999", headers=PAGE)
    assert wrong.status_code == 400 and "n is a whole number from 1 to 50" in wrong.text
    assert client.get("/nothing", headers=PAGE).content_type.startswith("text/html")


def test_cluster_pages(client):
    assert client.get("/clusters").location == "/clusters/kmeans"
    listed = client.get("/clusters/kmeans", headers=PAGE).text
    assert 'href="/clusters/kmeans/0"' in listed and "K-Means" in listed
    one = client.get("/clusters/kmeans/0", headers=PAGE).text
    assert one.count('class="mediarec-card"') == 24 and "n=48" in one
    assert (
        client.get("/clusters/kmeans/999", headers=PAGE).status_code
        == 404
        == client.get("/clusters/x", headers=PAGE).status_code
    )


def test_a_hostile_catalogue_stays_text():
    from mediarec import Recommender, load_catalog
    from mediarec.apps.web_app import ModelReloader, ServerConfig, create_app
    from mediarec.apps.web_queries import make_model_view

    bad = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{1234*4321}}\u202e\U0001f600"
    frame = load_catalog().head(50)
    frame = frame.assign(
        title=[f"{bad} {i}" for i in range(len(frame))],
        show_id=[f'{i}/"><script>\u00e9 ?#%' for i in range(len(frame))],
        description=bad * 40,
        listed_in=bad,
        cast=bad,
        director=bad,
        country=bad,
    )
    client = create_app(
        ModelReloader(lambda: make_model_view(Recommender().fit(frame))),
        ServerConfig(poster_dir=tempfile.mkdtemp()),
    ).test_client()
    for path in (
        "/",
        "/?title=" + quote(f"{bad} 3"),
        "/?genre=" + quote(bad),
        "/?title=" + quote(bad),
        "/?text=" + quote(bad),
        "/" + quote(bad, safe=""),
        "/clusters/" + quote(bad, safe=""),
    ):
        page = client.get(path, headers=PAGE)
        assert page.content_type.startswith("text/html") and page.status_code < 500, path
        assert (
            "<script>" not in page.text
            and "<img src=x" not in page.text
            and "5332114" not in page.text
        ), path
    found = client.get("/api/recommend?title=" + quote(f"{bad} 3")).json["results"]
    assert found and client.get(found[0]["href"], headers=PAGE).status_code == 200
    assert client.get(f"/api/titles/{quote(found[0]['id'], safe='')}").json["id"] == found[0]["id"]
    svg = client.get(f"/poster/{quote(found[0]['id'], safe='')}")
    assert (
        svg.content_type == "image/svg+xml"
        and b"<script>" not in svg.data
        and "sandbox" in svg.headers["Content-Security-Policy"]
    )


# posters


@pytest.fixture
def tmdb():
    from fake_tmdb import FakeTmdb

    with FakeTmdb() as tmdb:
        yield tmdb


def source_of(tmdb, folder):
    from mediarec.apps.posters import PosterService
    from mediarec.apps.tmdb_client import ClientConfig
    from mediarec.apps.tmdb_settings import read_tmdb_settings

    return PosterService(
        read_tmdb_settings(None, key=tmdb.key, base_url=tmdb.base_url, img_base=tmdb.img_base),
        folder,
        ClientConfig(connect_timeout=1, read_timeout=1, total_timeout=2, max_retries=0),
    )


def test_posters_come_through_here(site, tmdb, tmp_path, model):
    with source_of(tmdb, tmp_path / "cache") as source:
        client = site(source, posters=str(tmp_path / "posters")).test_client()
        path = f"/poster/{model.titles.ids[model.find('Inception')]}"
        got = client.get(path)
        assert (
            got.content_type == "image/png"
            and got.data.startswith(b"\x89PNG")
            and got.headers["Cache-Control"] == "public, max-age=86400"
        )
        assert client.get(path).data == got.data
        page = client.get("/?title=Inception", headers=PAGE).text
        assert (
            tmdb.key not in page and tmdb.key not in str(got.headers) and tmdb.base_url not in page
        )
        assert len(list((tmp_path / "posters").glob("*.bin"))) == 1


@pytest.mark.parametrize(
    "last_error",
    [
        "slow",
        "401",
        "404",
        "500",
        "half",
        "html",
        "endless",
        "redirect",
        "bad path",
        "no poster",
        "drop",
        "mislabelled",
    ],
)
def test_where_tmdb_fails_a_drawing_comes(site, tmdb, tmp_path, model, trouble):
    tmdb.always = trouble
    with source_of(tmdb, tmp_path / "cache") as source:
        app = site(source, posters=str(tmp_path / "posters"))
        app.extensions["mediarec"].poster_cache.timeout = 1.0
        began = time.monotonic()
        got = app.test_client().get(f"/poster/{model.titles.ids[0]}")
        assert (
            got.status_code == 200
            and got.content_type == "image/svg+xml"
            and time.monotonic() - began < 6
            and tmdb.key not in got.text
        )
        again = time.monotonic()
        assert (
            app.test_client().get(f"/poster/{model.titles.ids[0]}").content_type == "image/svg+xml"
            and time.monotonic() - again < 0.5
        )  # not asked twice in a row


def test_only_pictures_of_that_host_are_fetched(tmdb):
    from mediarec.apps.poster_cache import fetch_image, is_allowed_url

    base = tmdb.img_base
    assert is_allowed_url(f"{base}/w342/abc.png", base)
    for wrong in (
        f"{base}/w342/a.svg",
        f"{base}/w342/../a.png",
        f"{base}x/w342/a.png",
        "http://127.0.0.1:1/t/p/w342/a.png",
        f"{base}/w342/a.png#x",
        f"{base}/w342//a.png",
        "file:///etc/passwd",
        f"{base}@evil.org/w342/a.png",
    ):
        assert not is_allowed_url(wrong, base) and fetch_image(wrong, base) is None
    assert fetch_image(f"{base}/w342/abc.png", base).startswith(b"\x89PNG")


def test_what_is_no_small_picture_is_not_kept():
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from fake_tmdb import png

    from mediarec.apps.poster_cache import MAX_IMAGE_BYTES, fetch_image

    class Host(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            kind, good = self.path.split("/")[-1].split(".")[0], png("a")
            self.send_response({"away": 302, "broken": 500}.get(kind, 200))
            self.send_header("Location", "/t/p/w342/good.png")
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            body = {
                "script": b"<script>alert(1)</script>",
                "svg": b"<svg onload='alert(1)'/>",
                "huge": good + b"x" * (MAX_IMAGE_BYTES + 1),
                "empty": b"",
            }.get(kind, good)
            try:
                self.wfile.write(body)
            except OSError:
                pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{host.server_port}/t/p"
        found = {
            kind: fetch_image(f"{base}/w342/{kind}.png", base)
            for kind in ("good", "away", "broken", "script", "svg", "huge", "empty")
        }
        host.shutdown()
    assert found.pop("good").startswith(b"\x89PNG") and set(found.values()) == {None}


def test_many_who_wait_for_tmdb_do_not_wait_for_each_other(site, tmdb, tmp_path, model):
    """Two wait at a time; all others have the drawing at once."""
    import threading

    from mediarec.apps.poster_cache import DiskCache, PosterCache
    from mediarec.apps.web_queries import make_cards

    tmdb.always = "slow"
    cards = make_cards(model)[:12]
    with source_of(tmdb, tmp_path / "cache") as source:
        box, took = (
            PosterCache(source, DiskCache(tmp_path / "posters", 1e6), max_requests=2, timeout=1.0),
            [],
        )

        def look(card):
            began = time.monotonic()
            box.get(card)
            took.append(time.monotonic() - began)

        threads = [threading.Thread(target=look, args=(c,)) for c in cards]
        for t in threads:
            t.start()
        for t in threads:
            t.join(10)
    assert len(took) == 12 and sum(t < 0.3 for t in took) == 10
