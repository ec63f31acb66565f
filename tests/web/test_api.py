"""Every URL with Flask's test client: answers, invalid parameters, headers, limits and posters."""

import gzip
import json
import re
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

PROBLEM_TYPE = "application/problem+json"
HTML_HEADERS = {"Accept": "text/html"}
CARD = 'class="mediarec-card '


def make_client(frame):
    """Return a test client for a model of a catalog."""
    from mediarec import Recommender
    from mediarec.apps.web_app import ModelReloader, ServerConfig, create_app
    from mediarec.apps.web_queries import WebView

    def load():
        return WebView(Recommender().fit(frame))

    config = ServerConfig(poster_dir=tempfile.mkdtemp())
    return create_app(ModelReloader(load), config).test_client()


def get_json(client, path, **query):
    return client.get(path, query_string=query).json


def test_recommend_matches_recommender(client, model):
    query = {
        "title": "Inception",
        "type": "Movie",
        "genre": ["Dramas", "thrillers"],
        "theme": ["Bank job", "con artists", "revenge"],
        "mood": ["dark", "Suspenseful"],
        "year_from": 1990,
        "year_to": 2015,
        "age_group": "Adults",
        "n": 5,
        "diversity": 0.2,
    }
    response = client.get("/api/recommend", query_string=query)
    expected = model.recommend(
        "Inception",
        n=5,
        type="Movie",
        genre=["Dramas", "Thrillers"],
        theme=["heist", "con artists", "revenge"],
        mood=["dark", "suspenseful"],
        year=(1990, 2015),
        age_group="Adults",
        diversity=0.2,
    )
    assert response.status_code == 200
    assert response.content_type == "application/json"
    results = response.json["results"]
    assert [(r["id"], r["why"], r["rank"]) for r in results] == list(
        zip(expected.show_id, expected.why, expected["rank"])
    )
    assert results[0]["type"] == "Movie"
    assert results[0]["href"].startswith("/?")
    assert results[0]["cluster"]["method"] == "kmeans"
    assert results[0]["description"]


def test_recommend_by_id_text_and_cluster(client, model):
    row = model.find("Inception")
    by_id = get_json(client, "/api/recommend", id=model.title_index.ids[row])
    by_title = get_json(client, "/api/recommend", title="Inception")
    assert by_id["results"] == by_title["results"]
    assert by_title["query"].startswith("Inception (2010")
    by_text = get_json(client, "/api/recommend", text="a heist in Spain", n=3)
    assert len(by_text["results"]) == 3
    assert "heist" in by_text["query"]
    inside = get_json(client, "/api/recommend", title="Inception", cluster="kmeans")
    cluster_id = int(model.clusterings.nearest_labels.kmeans[row])
    assert {r["cluster"]["cluster_id"] for r in inside["results"]} == {cluster_id}
    both = client.get("/api/recommend?title=Inception&text=music")
    assert both.status_code == 200
    assert both.json["query"].endswith('"music"')


def test_distinct_queries_have_distinct_answers(client, model):
    """No answer is kept for another query."""
    answers = {get_recommend_data(client, show_id) for show_id in model.title_index.ids[:60]}
    assert len(answers) == 60


def get_recommend_data(client, show_id):
    return client.get("/api/recommend", query_string={"id": show_id}).data


def test_suggest(client, model):
    results = client.get("/api/suggest?q=incep&n=5").json["results"]
    assert [r["id"] for r in results] == model.suggest("incep", 5).show_id.tolist()
    assert client.get("/api/suggest?q=").json == {"results": []}
    assert client.get("/api/suggest").json == {"results": []}
    assert client.get("/api/suggest?q=incepton").json["results"][0]["title"] == "Inception"


def test_titles_clusters_filters_health(client, model):
    card = client.get(f"/api/titles/{model.title_index.ids[3]}").json
    assert card["title"] == model.title_index.titles[3]
    assert card["genres"] == model.catalog.genres[3]

    methods = client.get("/api/clusters").json["results"]
    assert [method["name"] for method in methods] == ["kmeans"]
    answer = client.get("/api/clusters/kmeans").json
    clusters = answer["results"]
    assert len(clusters) == methods[0]["clusters"]
    assert len(answer["groups"]) == methods[0]["groups"]
    for group in answer["groups"]:
        members = [clusters[number] for number in group["clusters"]]
        assert group["size"] == sum(cluster["size"] for cluster in members)
        assert {cluster["group_name"] for cluster in members} == {group["name"]}
    assert all(cluster["name"] and cluster["words"] for cluster in clusters)
    assert all(cluster["known_titles"] for cluster in clusters)
    cluster = client.get("/api/clusters/kmeans/1?n=7").json
    assert len(cluster["results"]) == 7
    assert cluster["name"] == clusters[1]["name"]
    assert {r["cluster"]["cluster_id"] for r in cluster["results"]} == {1}

    options = client.get("/api/filters").json
    values = model.filter_values()
    assert {genre["name"] for genre in options["genres"]} == set(values.genres)
    assert {mood["name"] for mood in options["moods"]} == set(values.moods)
    n_titles = {theme["name"]: theme["count"] for theme in options["themes"]}
    assert len(n_titles) == 100
    assert list(n_titles) == sorted(n_titles, key=str.casefold)
    rarer = {n for theme, n in values.themes.items() if theme not in n_titles}
    assert min(n_titles.values()) >= max(rarer)
    assert options["titles"] == len(model.catalog)

    health = client.get("/healthz").json
    assert health["status"] == "ok"
    assert health["titles"] == len(model.catalog)
    assert health["last_error"] is None


INVALID_PARAMETERS = [
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
    ("theme", "hiest"),
    ("theme", ""),
    ("theme", "x" * 101),
    ("mood", "heist"),
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
    ("color", "red"),
    ("title", "a\0b"),
    ("dislike", ""),
    ("unlike", "x"),
]


@pytest.mark.parametrize(
    "name, value", INVALID_PARAMETERS, ids=[f"{n}={v[:12]!r}" for n, v in INVALID_PARAMETERS]
)
def test_invalid_parameter_is_named(client, name, value):
    query = {name: value}
    if name not in ("id", "text", "title"):
        query["title"] = "Inception"
    response = client.get("/api/recommend", query_string=query)
    assert response.status_code == 400, response.data
    assert response.content_type == PROBLEM_TYPE
    assert response.json["parameter"] == name
    assert response.json["status"] == 400
    assert response.json["title"] == "Bad Request"
    assert len(response.json["detail"]) > 5


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
        ("/api/clusters/kmeans/-1", 404, None),
        ("/api/clusters/kmeans/1?n=x", 400, "n"),
        ("/api/clusters?x=1", 400, "x"),
        ("/api/filters?x=1", 400, "x"),
        ("/poster/nobody", 404, "id"),
        ("/api/nothing", 404, None),
        ("/static/nothing.js", 404, None),
        ("/static/../core.py", 404, None),
        ("/static/%2e%2e/core.py", 404, None),
        ("/static/..%2fcore.py", 404, None),
        ("/nothing", 404, None),
    ],
)
def test_error_responses(client, path, status, parameter):
    response = client.get(path)
    assert response.status_code == status, response.data[:300]
    assert response.content_type == PROBLEM_TYPE
    assert response.json.get("parameter") == parameter
    assert response.json["type"] == "about:blank"


def test_unknown_title_lists_choices(client):
    problem = client.get("/api/recommend?title=Inceptionist dream thing").json
    assert problem["status"] == 404
    assert problem["choices"]
    assert {"id", "title", "year", "type"} <= set(problem["choices"][0])


def test_ambiguous_title_lists_choices(catalog):
    frame = catalog.head(40).copy()
    frame.loc[[0, 1, 2], "title"] = "Twins"
    frame.loc[[0, 1, 2], ["director", "cast"]] = [
        ["A One", "B One"],
        ["A Two", "B Two"],
        ["A Three", "B Three"],
    ]
    frame.loc[[0, 1], "type"] = ["Movie", "TV Show"]
    client = make_client(frame)
    response = client.get("/api/recommend?title=twins")
    assert response.status_code == 409
    assert response.json["parameter"] == "title"
    choices = response.json["choices"]
    assert len(choices) >= 2
    page = client.get("/?title=twins", headers=HTML_HEADERS)
    assert page.status_code == 200
    assert "Which one?" in page.text
    assert page.text.count(CARD) >= 2
    for choice in choices:
        assert "id=" in choice["href"]
        assert client.get(choice["href"], headers=HTML_HEADERS).status_code == 200


def test_methods_and_bodies(client):
    for send in (client.post, client.put, client.delete, client.patch):
        response = send("/api/recommend?title=Inception", data=b"x" * 100_000)
        assert response.status_code == 405
        assert response.content_type == PROBLEM_TYPE
        assert "GET" in response.headers["Allow"]
    response = client.head("/api/filters")
    assert (response.status_code, response.data) == (200, b"")


@pytest.mark.parametrize(
    "path, content_type",
    [
        ("/", "text/html"),
        ("/api/filters", "json"),
        ("/nothing", "json"),
        ("/static/web.js", "javascript"),
        ("/api/recommend?n=0", "json"),
    ],
)
def test_headers(client, path, content_type):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for rule in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert content_type in headers["Content-Type"]
    assert "Access-Control-Allow-Origin" not in headers
    assert "Set-Cookie" not in headers


def test_cors_origin(make_app):
    client = make_app(cors_origin="https://example.org").test_client()
    headers = client.get("/api/filters").headers
    assert headers["Access-Control-Allow-Origin"] == "https://example.org"
    assert "Access-Control-Allow-Origin" not in client.get("/").headers


def test_rate_limit(make_app):
    client = make_app(rate_limit=3).test_client()
    statuses = [client.get("/api/suggest?q=a").status_code for _ in range(5)]
    assert statuses == [200] * 3 + [429] * 2
    refused = client.get("/api/suggest?q=a")
    assert refused.content_type == PROBLEM_TYPE
    assert int(refused.headers["Retry-After"]) >= 1
    other_address = {"REMOTE_ADDR": "10.0.0.9"}
    response = client.get("/api/suggest?q=a", environ_base=other_address)
    assert response.status_code == 200


def test_log_omits_query(make_app):
    lines = []
    client = make_app(log=lines.append).test_client()
    client.get("/api/suggest?q=secretquery")
    client.get("/?title=secretquery")
    client.get("/api/titles/none?key=secretquery")
    client.get("/?n=%0a%22")
    assert [line["status"] for line in lines] == [200, 404, 400, 400]
    for line in lines:
        assert set(line) == {"at", "method", "path", "status", "ms", "bytes"}
    assert "secretquery" not in json.dumps(lines)
    assert "127.0.0.1" not in json.dumps(lines)


def test_internal_error_is_logged_not_shown(make_app, monkeypatch):
    def fail(*_):
        raise RuntimeError("a secret text")

    events = []
    app = make_app()
    app.extensions["mediarec"].reloader.log = events.append
    monkeypatch.setattr("mediarec.apps.web_api.recommend_json", fail)
    response = app.test_client().get("/api/recommend?title=Inception")
    assert response.status_code == 500
    assert response.content_type == PROBLEM_TYPE
    assert b"secret" not in response.data
    assert b"Traceback" not in response.data
    assert events[0]["error"] == "RuntimeError"
    assert events[0]["where"].startswith("test_api.py:")
    assert "secret" not in json.dumps(events)


def test_pages_work_without_javascript(client, model):
    home = client.get("/", headers=HTML_HEADERS).text
    for text in ('action="/"', 'method="get"', 'name="q"'):
        assert text in home
    assert home.count(CARD) >= 5

    page = client.get("/?title=Inception&type=Movie", headers=HTML_HEADERS).text
    expected = model.recommend("Inception", type="Movie")
    assert "<title>More like Inception" in page
    assert all(f'data-id="{show_id}"' in page for show_id in expected.show_id)
    assert '<option value="Movie" selected>' in page
    assert page.count("<script") == 1
    assert 'type="module" src="/static/web.js"' in page
    assert "style=" not in page
    assert " onclick" not in page

    values = model.filter_values()
    rarest = min(values.themes, key=values.themes.get)
    by_theme = client.get("/", query_string={"theme": [rarest, "bank job"]}, headers=HTML_HEADERS)
    for theme in (rarest, "heist"):
        checkbox = re.escape(f'<input type="checkbox" name="theme" value="{theme}" checked>')
        assert len(re.findall(checkbox, by_theme.text)) == 1

    twenty = client.get("/?title=Inception&n=20", headers=HTML_HEADERS).text
    assert twenty.count(CARD) == 20


def test_pages_for_empty_and_invalid_queries(client):
    path = "/?title=Inception&year_to=1880&text=&genre=&year_from="
    empty = client.get(path, headers=HTML_HEADERS).text
    assert "Nothing like Inception passes these filters" in empty
    assert "Any years" in empty
    unknown = client.get("/?title=zzzzqqqq", headers=HTML_HEADERS)
    assert unknown.status_code == 404
    assert "Nothing is called that" in unknown.text
    assert 'value="zzzzqqqq"' in unknown.text
    invalid = client.get("/?title=Inception&n=9999", headers=HTML_HEADERS)
    assert invalid.status_code == 400
    assert "n must be a whole number from 1 to 50" in invalid.text
    missing = client.get("/nothing", headers=HTML_HEADERS)
    assert missing.content_type.startswith("text/html")


def test_cluster_pages(client):
    assert client.get("/clusters").location == "/clusters/kmeans"
    listed = client.get("/clusters/kmeans", headers=HTML_HEADERS).text
    assert 'href="/clusters/kmeans/0"' in listed
    assert "clusters in" in listed
    assert "<details" in listed and " open>" not in listed
    opened = client.get("/clusters/kmeans?group=0", headers=HTML_HEADERS).text
    assert opened.count(" open>") == 1
    assert client.get("/clusters/kmeans?group=x", headers=HTML_HEADERS).status_code == 200
    page = client.get("/clusters/kmeans/0", headers=HTML_HEADERS).text
    assert page.count(CARD) == 24
    assert "n=48" in page
    for path in ("/clusters/kmeans/999", "/clusters/x"):
        assert client.get(path, headers=HTML_HEADERS).status_code == 404


HOSTILE_TEXT = (
    "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{1234*4321}}\u202e\U0001f600"
)


def test_map_json(client, model):
    page = client.get("/clusters/kmeans").text
    (url,) = re.findall(r'data-map="([^"]+)"', page)
    answer = client.get(url)
    assert answer.json["titles"] == model.catalog.title.tolist()
    assert len(answer.json["groups"]) == len(model.clusterings.groups["kmeans"])
    compressed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "max-age" in compressed.headers["Cache-Control"]
    assert json.loads(gzip.decompress(compressed.data)) == answer.json
    assert client.get("/clusters/nothing/map.json").status_code == 404


def test_hostile_catalog_is_escaped(catalog):
    frame = catalog.head(50)
    frame = frame.assign(
        title=[f"{HOSTILE_TEXT} {i}" for i in range(len(frame))],
        show_id=[f'{i}/"><script>\u00e9 ?#%' for i in range(len(frame))],
        description=HOSTILE_TEXT * 40,
        listed_in=HOSTILE_TEXT,
        cast=HOSTILE_TEXT,
        director=HOSTILE_TEXT,
        country=HOSTILE_TEXT,
    )
    client = make_client(frame)
    title = quote(f"{HOSTILE_TEXT} 3")
    paths = (
        "/",
        "/?title=" + title,
        "/?genre=" + quote(HOSTILE_TEXT),
        "/?title=" + quote(HOSTILE_TEXT),
        "/?text=" + quote(HOSTILE_TEXT),
        "/" + quote(HOSTILE_TEXT, safe=""),
        "/clusters/" + quote(HOSTILE_TEXT, safe=""),
    )
    for path in paths:
        page = client.get(path, headers=HTML_HEADERS)
        assert page.content_type.startswith("text/html"), path
        assert page.status_code < 500, path
        for text in ("<script>", "<img src=x", str(1234 * 4321)):
            assert text not in page.text, path
    results = client.get("/api/recommend?title=" + title).json["results"]
    assert results
    assert client.get(results[0]["href"], headers=HTML_HEADERS).status_code == 200
    show_id = results[0]["id"]
    assert client.get(f"/api/titles/{quote(show_id, safe='')}").json["id"] == show_id
    svg = client.get(f"/poster/{quote(show_id, safe='')}")
    assert svg.content_type == "image/svg+xml"
    assert b"<script>" not in svg.data
    assert "sandbox" in svg.headers["Content-Security-Policy"]


# --- posters


@pytest.fixture
def tmdb():
    from fake_tmdb import FakeTmdb

    with FakeTmdb() as tmdb:
        yield tmdb


def make_poster_service(tmdb, folder, read_timeout=1, total_timeout=2):
    from mediarec.apps.posters import PosterService
    from mediarec.apps.tmdb_settings import ClientConfig, read_tmdb_settings

    settings = read_tmdb_settings(
        None, key=tmdb.key, base_url=tmdb.base_url, img_base=tmdb.img_base
    )
    config = ClientConfig(
        connect_timeout=1, read_timeout=read_timeout, total_timeout=total_timeout, max_retries=0
    )
    return PosterService(settings, folder, config)


def test_posters_are_proxied(make_app, tmdb, tmp_path, model):
    with make_poster_service(tmdb, tmp_path / "cache") as service:
        client = make_app(service, poster_dir=str(tmp_path / "posters")).test_client()
        path = f"/poster/{model.title_index.ids[model.find('Inception')]}"
        response = client.get(path)
        assert response.content_type == "image/png"
        assert response.data.startswith(b"\x89PNG")
        assert response.headers["Cache-Control"] == "public, max-age=86400"
        assert client.get(path).data == response.data
        page = client.get("/?title=Inception", headers=HTML_HEADERS).text
        assert tmdb.key not in page
        assert tmdb.key not in str(response.headers)
        assert tmdb.base_url not in page
        assert len(list((tmp_path / "posters").glob("*.json"))) == 1


def test_attribution_is_shown_with_posters(make_app, client, tmdb, tmp_path):
    from mediarec.apps.tmdb_settings import ATTRIBUTION

    assert ATTRIBUTION not in client.get("/", headers=HTML_HEADERS).text
    with make_poster_service(tmdb, tmp_path / "cache") as service:
        poster_client = make_app(service).test_client()
        for path in ("/", "/clusters/kmeans", "/nothing"):
            assert ATTRIBUTION in poster_client.get(path, headers=HTML_HEADERS).text


def test_drawn_posters_are_for_the_pages_only(client):
    """The API has no drawings; the page has them, and its search box gets them."""
    paths = (
        "/api/suggest?q=incep",
        "/api/recommend?title=Inception",
        "/api/clusters/kmeans/0",
        "/api/recommend?title=Kill%20Bill",
        "/api/recommend?title=Incepzion",
    )
    for path in paths:
        answer = client.get(path).json
        cards = answer.get("results") or answer["choices"]
        assert cards, path
        assert not any("art" in card or "poster_color" in card for card in cards), path
    assert "art" not in client.get(f"/api/titles/{cards[0]['id']}").json
    art = client.get("/suggest?q=incep").json["results"][0]["art"]
    assert art["path"].startswith("M")
    for path in ("/?title=Inception", "/clusters/kmeans/0"):
        assert art["path"] in client.get("/?title=Inception", headers=HTML_HEADERS).text
        page = client.get(path, headers=HTML_HEADERS).text
        assert 'class="mediarec-art ' in page
        assert "/poster/" not in page  # there is no key
    assert client.get("/suggest?q=incep&x=1").status_code == 400


def test_pages_with_a_key_request_posters(tmdb, tmp_path, folder):
    """The image lies above the drawing; a title without a poster gets an empty image."""
    from mediarec.apps.web_app import ServerConfig, create_app, make_model_reloader

    with make_poster_service(tmdb, tmp_path / "cache") as service:
        reloader = make_model_reloader(folder, posters=True)
        config = ServerConfig(poster_dir=str(tmp_path / "posters"))
        client = create_app(reloader, config, service).test_client()
        page = client.get("/?title=Inception", headers=HTML_HEADERS).text
        assert page.count('class="mediarec-poster-image"') == 11
        assert page.count('class="mediarec-art ') == 11
        tmdb.default_fault = "no poster"
        path = re.search('src="(/poster/[^"]+)"', page)[1]
        empty = client.get(path)
        assert empty.content_type == "image/svg+xml"
        assert 'width="1" height="1"' in empty.text


@pytest.mark.parametrize(
    "fault",
    [
        "slow",
        "drip head",
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
        "mislabeled",
    ],
)
def test_empty_image_when_tmdb_fails(make_app, tmdb, tmp_path, model, fault):
    """Waiting for a slow response until its end would give a poster."""
    tmdb.default_fault = fault
    path = f"/poster/{model.title_index.ids[0]}"
    with make_poster_service(tmdb, tmp_path / "cache") as service:
        app = make_app(service, poster_dir=str(tmp_path / "posters"))
        app.extensions["mediarec"].poster_cache.timeout = 1.0
        client = app.test_client()
        response = client.get(path)
        assert response.status_code == 200
        assert response.content_type == "image/svg+xml"
        assert tmdb.key not in response.text
        n_requests = len(tmdb.requests)
        assert client.get(path).content_type == "image/svg+xml"
        assert len(tmdb.requests) == n_requests  # not requested twice in a row


def test_image_url_allowlist(tmdb, tmp_path):
    from mediarec.apps.poster_cache import ImageStore, is_allowed_url

    base = tmdb.img_base
    images = ImageStore(base, tmp_path, 10**6)
    assert is_allowed_url(f"{base}/w342/abc.png", base)
    refused = (
        f"{base}/w342/a.svg",
        f"{base}/w342/../a.png",
        f"{base}x/w342/a.png",
        "http://127.0.0.1:1/t/p/w342/a.png",
        f"{base}/w342/a.png#x",
        f"{base}/w342//a.png",
        "file:///etc/passwd",
        f"{base}@evil.org/w342/a.png",
    )
    for url in refused:
        assert not is_allowed_url(url, base)
        assert images.get(url) is None
    assert not tmdb.image_requests
    assert images.get(f"{base}/w342/abc.png", only_cached=True) is None
    for _ in range(2):
        assert images.get(f"{base}/w342/abc.png").startswith(b"\x89PNG")
    assert len(tmdb.image_requests) == 1  # the second one is from the cache
    assert images.get(f"{base}/w342/abc.png", only_cached=True).startswith(b"\x89PNG")


def test_folder_of_images_is_pruned(tmdb, tmp_path):
    from mediarec.apps.poster_cache import ImageStore

    images = ImageStore(tmdb.img_base, tmp_path, 5_000)
    for i in range(30):
        assert images.get(f"{tmdb.img_base}/w342/{i}.png")
    files = list(tmp_path.glob("*.json"))
    assert files
    assert sum(path.stat().st_size for path in files) <= 5_000
    assert not list(tmp_path.glob("*.pickle")) + list(tmp_path.glob("*.pkl"))


def test_unusable_folder_of_images(tmdb, tmp_path):
    from mediarec.apps.poster_cache import ImageStore

    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", "/proc/nothing"):
        images = ImageStore(tmdb.img_base, folder, 5_000)
        assert images.get(f"{tmdb.img_base}/w342/abc.png").startswith(b"\x89PNG")


class ImageHost(BaseHTTPRequestHandler):
    """A host of images, most of them invalid."""

    statuses = {"away": 302, "broken": 500}

    def log_message(self, *_):
        pass

    def do_GET(self):
        from fake_tmdb import make_png

        from mediarec.apps.poster_cache import MAX_IMAGE_BYTES

        name = self.path.split("/")[-1].split(".")[0]
        image = make_png("a")
        bodies = {
            "script": b"<script>alert(1)</script>",
            "svg": b"<svg onload='alert(1)'/>",
            "huge": image + b"x" * (MAX_IMAGE_BYTES + 1),
            "empty": b"",
        }
        if name == "drip":
            self.drip()
            return
        self.send_response(self.statuses.get(name, 200))
        self.send_header("Location", "/t/p/w342/good.png")
        self.send_header("Content-Type", "image/png")
        self.end_headers()
        try:
            self.wfile.write(bodies.get(name, image))
        except OSError:
            pass

    def drip(self):
        """Send the head of a response, one byte at a time, for a minute."""
        try:
            for _ in range(600):
                self.wfile.write(b"H")
                time.sleep(0.1)
        except OSError:
            pass


def test_invalid_images_are_rejected(tmp_path, monkeypatch):
    """The response that drips never ends by itself within the time of a test."""
    from mediarec.apps import poster_cache

    config = poster_cache.ClientConfig(connect_timeout=1, read_timeout=1, total_timeout=2)
    monkeypatch.setattr(poster_cache, "_IMAGE_CONFIG", config)
    with ThreadingHTTPServer(("127.0.0.1", 0), ImageHost) as host:
        threading.Thread(target=host.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{host.server_port}/t/p"
        images = poster_cache.ImageStore(base, tmp_path, 10**7)
        assert images.get(f"{base}/w342/good.png").startswith(b"\x89PNG")
        started = time.monotonic()
        for name in ("away", "broken", "script", "svg", "huge", "empty", "drip"):
            assert images.get(f"{base}/w342/{name}.png") is None, name
        assert time.monotonic() - started < 30
        host.shutdown()


def test_concurrent_poster_requests_are_bounded(tmdb, tmp_path, model):
    """Two requests wait for TMDb at a time; all others get an empty image at once."""
    from mediarec.apps.poster_cache import ImageStore, PosterCache
    from mediarec.apps.web_queries import WebView

    n_cards, max_requests = 12, 2
    content_types = []
    answered = threading.Semaphore(0)
    tmdb.gate.clear()
    with make_poster_service(tmdb, tmp_path / "cache", 60, 60) as service:
        images = ImageStore(tmdb.img_base, tmp_path / "posters", 10**6)
        posters = PosterCache(service, images, max_requests=max_requests, timeout=60)

        def get_poster(card):
            content_types.append(posters.get(card)[1])
            answered.release()

        threads = [
            threading.Thread(target=get_poster, args=(card,))
            for card in WebView(model).cards(range(n_cards))
        ]
        for thread in threads:
            thread.start()
        for _ in range(n_cards - max_requests):
            assert answered.acquire(timeout=30)
        assert content_types == ["image/svg+xml"] * (n_cards - max_requests)
        assert sum(thread.is_alive() for thread in threads) >= max_requests
        assert tmdb.wait_for_requests(max_requests)
        tmdb.gate.set()
        for thread in threads:
            thread.join(30)
    assert content_types[-max_requests:] == ["image/png"] * max_requests
    assert len(content_types) == n_cards
