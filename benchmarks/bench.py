"""Measure speed, memory and size of mediarec beside other ways to do the same (make bench).

All are measured in one run, each in its own process, so that peak memory is measured for it alone.

- recipe: what most notebooks do, a dense TF-IDF array and a dense cosine matrix of all pairs on
  disk; each query sorts one row and filters in pandas
- usearch: a vector search over the word vectors of titles and descriptions
- tantivy: a full-text search engine, with fuzzy queries for misspelled titles
- bm25s: BM25 over the descriptions

Queries are distinct, no results are cached, and rows are counted. hit@10 is the share of the
suggestions that have the title which was typed among the first ten.

--json FILE also writes the figures to a file. The results notebook reads data/bench.json, written
on a quiet machine by: make bench BENCH="--json data/bench.json"
"""

import argparse
import datetime
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mediarec.core import normalize_text, without_article

N_QUERIES = 2000
N_RESULTS = 10
# the most that a figure should be: seconds of processes, p99 in ms of queries
TARGETS = {
    "build s": 4,
    "peak MB": 400,
    "disk MB": 40,
    "load s": 0.5,
    "all lists s": 10,
    "free text p99 ms": 6,
    "filtered, as a frame p99 ms": 3,
    "suggest p99 ms": 1,
    "suggest, misspelled p99 ms": 1,
    "import mediarec": 0.3,
    "mediarec recommend": 1,
    "mediarec suggest": 0.5,
    "mediarec build": 4,
}


def time_queries(answer: Callable, queries: Sequence) -> tuple[dict, list]:
    """Answer each query once; return p50 and p99 in ms with counts, and the answers."""
    times, answers = [], []
    for query in queries:
        start = time.perf_counter()
        found = answer(query)
        times.append(time.perf_counter() - start)
        answers.append(found)
    p50, p99 = np.percentile(np.array(times) * 1e3, [50, 99])
    figures = {
        "p50 ms": round(float(p50), 2),
        "p99 ms": round(float(p99), 2),
        "rows": sum(len(found) for found in answers),
    }
    return figures, answers


def peak_mb() -> int:
    """Return the peak memory of this process in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def folder_mb(folder: Path) -> float:
    """Return the size of all files of a folder in MB."""
    return round(sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 1e6, 1)


# Queries


def sample_rows(n_titles: int) -> np.ndarray:
    """Return the rows of the titles that the queries are made from."""
    return np.random.default_rng(42).permutation(n_titles)[:N_QUERIES]


def type_title(title: str, number: int) -> str:
    """Return the beginning of a title as a user types it: every third one without its article."""
    name = normalize_text(title)
    if number % 3 == 0:
        name = without_article(name)
    return name[: max(4, round(0.6 * len(name)))][:20]


def misspell(text: str, number: int) -> str:
    """Return a text with one letter dropped, doubled or wrong, or with two letters swapped."""
    place = 1 + number % max(1, len(text) - 2)
    before, letter, after = text[:place], text[place], text[place + 1 :]
    variants = (
        before + after,
        before + letter + letter + after,
        before + ("x" if letter != "x" else "o") + after,
        before + after[:1] + letter + after[1:],
    )
    return variants[number % len(variants)]


def suggestion_queries(titles: Sequence[str]) -> tuple[list, list]:
    """Return pairs of a row and a typed text, and pairs of a row and a misspelled text."""
    typed, misspelled = [], []
    for number, row in enumerate(sample_rows(len(titles)).tolist()):
        text = type_title(titles[row], number)
        typed.append((row, text))
        if len(text) >= 5:
            misspelled.append((row, misspell(text, number)))
    return typed, misspelled


def measure_suggestions(
    suggest: Callable, titles: Sequence[str], found_titles: Callable
) -> dict[str, dict]:
    """Measure time and hit@10; `found_titles` returns the titles of an answer."""
    figures = {}
    for name, queries in zip(
        ("suggest", "suggest, misspelled"), suggestion_queries(titles), strict=True
    ):
        times, answers = time_queries(suggest, [text for _, text in queries])
        hits = [
            normalize_text(titles[row]) in map(normalize_text, found_titles(found))
            for (row, _), found in zip(queries, answers, strict=True)
        ]
        figures[name] = times | {"hit@10": round(float(np.mean(hits)), 3)}
    return figures


# The common recipe


def recipe_build(path: Path, out: Path) -> dict:
    """Compute the matrix of all pairs, and save it."""
    import pandas as pd
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics.pairwise import cosine_similarity

    start = time.perf_counter()
    frame = pd.read_csv(path)
    tfidf = TfidfVectorizer(stop_words="english").fit_transform(frame.description.fillna(""))
    similar = cosine_similarity(tfidf)
    seconds = time.perf_counter() - start
    np.save(out / "similar.npy", similar)
    np.save(out / "tfidf.npy", tfidf.toarray())
    frame.to_parquet(out / "frame.parquet")
    return {"build s": round(seconds, 2), "peak MB": peak_mb(), "disk MB": folder_mb(out)}


def recipe_query(path: Path, out: Path) -> dict:
    """Sort a row of the matrix for each query."""
    import pandas as pd

    start = time.perf_counter()
    frame, similar = pd.read_parquet(out / "frame.parquet"), np.load(out / "similar.npy")
    loaded = time.perf_counter() - start
    titles = frame.title.tolist()
    types = frame.type.tolist()
    genres = frame.listed_in.fillna("").str.split(", ").str[0].tolist()
    rows = sample_rows(len(titles)).tolist()

    def recommend(row):
        ranked = pd.Series(similar[row]).drop(row).sort_values(ascending=False)
        return frame.iloc[ranked.index].head(N_RESULTS)

    def recommend_filtered(row):
        ranked = pd.Series(similar[row]).drop(row).sort_values(ascending=False)
        found = frame.iloc[ranked.index]
        has_genre = found.listed_in.str.contains(genres[row], regex=False)
        return found[(found.type == types[row]) & has_genre].head(N_RESULTS)

    def suggest(text):
        return frame[frame.title.str.lower().str.contains(text, regex=False)].head(N_RESULTS)

    return {
        "load s": round(loaded, 2),
        "recommend": time_queries(recommend, rows)[0],
        "filtered, as a frame": time_queries(recommend_filtered, rows)[0],
        **measure_suggestions(suggest, titles, lambda found: found.title),
    }


# mediarec


def mediarec_build(path: Path, out: Path) -> dict:
    """Fit a recommender, and save it. The imports are not timed, as for the recipe."""
    import pandera.pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import wordllama  # noqa: F401

    from mediarec import Recommender, load_catalog

    start = time.perf_counter()
    model = Recommender().fit(load_catalog(path))
    seconds = time.perf_counter() - start
    model.save(out)
    return {
        "build s": round(seconds, 2),
        "build and save s": round(time.perf_counter() - start, 2),
        "peak MB": peak_mb(),
        "disk MB": folder_mb(out),
    }


def mediarec_query(path: Path, out: Path) -> dict:
    """Load the model, and ask for recommendations and suggestions."""
    import pyarrow.parquet  # noqa: F401
    import rapidfuzz.process  # noqa: F401
    import safetensors.numpy  # noqa: F401

    from mediarec import Recommender
    from mediarec.recommend.filters import Filters
    from mediarec.recommend.recommender import recommend_batch

    start = time.perf_counter()
    model = Recommender.load(out)
    loaded = time.perf_counter() - start
    model.recommend(text="free text")  # loads the word vectors
    model.suggest("free text")  # builds the tables of the title search
    catalog = model.catalog
    ids = catalog.show_id.tolist()
    types = catalog.type.tolist()
    genres = [genres[0] if genres else "Dramas" for genres in catalog.genres]
    rows = sample_rows(len(ids)).tolist()
    texts = [" ".join(catalog.description.iloc[row].split()[:8]) for row in rows]

    start = time.perf_counter()
    lists = recommend_batch(model, ids)
    all_lists = time.perf_counter() - start

    def rank_filtered(row):
        return model.rank(ids[row], Filters(type=types[row], genre=genres[row])).rows

    def recommend_filtered(row, reasons=True):
        return model.recommend(ids[row], type=types[row], genre=genres[row], reasons=reasons)

    def without_reasons(row):
        return recommend_filtered(row, reasons=False)

    tasks: dict[str, tuple[Callable, list]] = {
        "recommend": (lambda row: model.recommend(ids[row]), rows),
        "free text": (lambda text: model.recommend(text=text), texts),
        "filtered, as arrays": (rank_filtered, rows),
        "filtered, without reasons": (without_reasons, rows),
        "filtered, as a frame": (recommend_filtered, rows),
    }
    return {
        "load s": round(loaded, 2),
        "all lists s": round(all_lists, 2),
        "all lists": lists.query_id.nunique(),
        **{name: time_queries(*task)[0] for name, task in tasks.items()},
        **measure_suggestions(model.suggest, catalog.title.tolist(), lambda found: found.title),
    }


# Search engines: build and query in one process


def usearch_all(path: Path, out: Path) -> dict:
    """Search the nearest vectors of titles and descriptions by a graph (HNSW)."""
    from usearch.index import Index

    from mediarec.data.catalog import load_catalog
    from mediarec.data.clean import clean
    from mediarec.features.embedding import default_encoder
    from mediarec.features.text import descriptions_and_titles

    catalog = clean(load_catalog(path))
    encode = default_encoder()
    encode(["a text"])  # loads the word vectors
    start = time.perf_counter()
    vectors = np.asarray(encode(descriptions_and_titles(catalog)), np.float32)
    index = Index(ndim=vectors.shape[1], metric="cos")
    index.add(np.arange(len(vectors)), vectors)
    seconds = time.perf_counter() - start
    index.save(out / "index.usearch")
    rows = sample_rows(len(vectors)).tolist()
    texts = [" ".join(catalog.description.iloc[row].split()[:8]) for row in rows]
    return {
        "build s": round(seconds, 2),
        "peak MB": peak_mb(),
        "disk MB": folder_mb(out),
        "recommend": time_queries(lambda row: index.search(vectors[row], N_RESULTS), rows)[0],
        "free text": time_queries(
            lambda text: index.search(np.asarray(encode([text]), np.float32)[0], N_RESULTS), texts
        )[0],
    }


def tantivy_all(path: Path, out: Path) -> dict:
    """Search titles by words: the last one is a beginning, and each may have one typing error."""
    import tantivy

    from mediarec.data.catalog import load_catalog
    from mediarec.data.clean import clean

    catalog = clean(load_catalog(path))
    titles = catalog.title.tolist()
    descriptions = catalog.description.fillna("").tolist()
    start = time.perf_counter()
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=True)
    builder.add_text_field("title")
    builder.add_text_field("description")
    index = tantivy.Index(builder.build(), path=str(out))
    writer = index.writer()
    for row, (title, description) in enumerate(zip(titles, descriptions, strict=True)):
        document = tantivy.Document(row=row)
        document.add_text("title", normalize_text(title))
        document.add_text("description", description)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    seconds = time.perf_counter() - start
    searcher = index.searcher()

    def rows_of(query):
        hits = searcher.search(query, N_RESULTS).hits
        return [searcher.doc(address)["row"][0] for _, address in hits]

    def suggest(text):
        *words, last = text.split()
        parts = [
            tantivy.Query.fuzzy_term_query(index.schema, "title", word, distance=1)
            for word in words
        ]
        parts.append(
            tantivy.Query.fuzzy_term_query(index.schema, "title", last, distance=1, prefix=True)
        )
        return rows_of(tantivy.Query.boolean_query([(tantivy.Occur.Must, part) for part in parts]))

    rows = sample_rows(len(titles)).tolist()
    texts = [" ".join(normalize_text(descriptions[row]).split()[:8]) for row in rows]
    return {
        "build s": round(seconds, 2),
        "peak MB": peak_mb(),
        "disk MB": folder_mb(out),
        "free text": time_queries(
            lambda text: rows_of(index.parse_query(text, ["title", "description"])), texts
        )[0],
        **measure_suggestions(suggest, titles, lambda found: [titles[row] for row in found]),
    }


def bm25s_all(path: Path, out: Path) -> dict:
    """Rank the titles by BM25 of their descriptions."""
    import bm25s

    from mediarec.data.catalog import load_catalog
    from mediarec.data.clean import clean

    catalog = clean(load_catalog(path))
    texts = [" ".join(pair) for pair in zip(catalog.title, catalog.description, strict=True)]
    start = time.perf_counter()
    retriever = bm25s.BM25()
    retriever.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)
    seconds = time.perf_counter() - start
    retriever.save(str(out))
    rows = sample_rows(len(texts)).tolist()

    def search(text):
        tokens = bm25s.tokenize([text], show_progress=False)
        return retriever.retrieve(tokens, k=N_RESULTS, show_progress=False).documents[0]

    queries = [" ".join(catalog.description.iloc[row].split()[:8]) for row in rows]
    return {
        "build s": round(seconds, 2),
        "peak MB": peak_mb(),
        "disk MB": folder_mb(out),
        "recommend": time_queries(search, [texts[row] for row in rows])[0],
        "free text": time_queries(search, queries)[0],
    }


# The run

SYSTEMS: dict[str, tuple[Callable, ...]] = {
    "mediarec": (mediarec_build, mediarec_query),
    "recipe": (recipe_build, recipe_query),
    "usearch": (usearch_all,),
    "tantivy": (tantivy_all,),
    "bm25s": (bm25s_all,),
}
PARTS = {part.__name__: part for parts in SYSTEMS.values() for part in parts}
QUERY_TASKS = (
    "recommend",
    "free text",
    "filtered, as arrays",
    "filtered, without reasons",
    "filtered, as a frame",
    "suggest",
    "suggest, misspelled",
)


def run_part(part: str, path: Path, out: Path) -> dict:
    """Run one part in a process of its own, and return its figures."""
    command = [sys.executable, __file__, "--part", part, "--catalog", str(path), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{part} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def run_systems(path: Path, out: Path) -> dict[str, dict]:
    """Measure all systems."""
    figures = {}
    for name, parts in SYSTEMS.items():
        folder = out / name
        folder.mkdir()
        figures[name] = {}
        for part in parts:
            print(f"{part.__name__} ...", file=sys.stderr, flush=True)
            figures[name] |= run_part(part.__name__, path, folder)
    return figures


def run_commands(path: Path, out: Path) -> dict[str, float]:
    """Return the seconds of whole processes, each the median of five."""
    model = out / "mediarec"
    mediarec = ("-m", "mediarec")
    commands: dict[str, tuple] = {
        "import mediarec": ("-c", "import mediarec"),
        "import Recommender, load_catalog": (
            "-c",
            "from mediarec import Recommender, load_catalog",
        ),
        "mediarec recommend": (*mediarec, "recommend", "Inception", "--model", model),
        "mediarec suggest": (*mediarec, "suggest", "incep", "--model", model),
        "mediarec build": (*mediarec, "build", "--catalog", path, "--out", out / "again"),
    }
    seconds = {}
    for name, command in commands.items():
        times = []
        for _ in range(5):
            start = time.perf_counter()
            subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True)
            times.append(time.perf_counter() - start)
        seconds[name] = round(float(np.median(times)), 2)
    return seconds


def make_rows(systems: dict[str, dict], commands: dict[str, float]) -> list[dict]:
    """Return one row for each figure: what, unit, one value for each system, aim."""
    names = [("build", "s"), ("build and save", "s"), ("peak", "MB"), ("disk", "MB")]
    names += [("load", "s"), ("all lists", "s")]
    rows = []
    for what, unit in names:
        values = {name: system.get(f"{what} {unit}") for name, system in systems.items()}
        rows.append({"what": what, "unit": unit, **values, "aim": TARGETS.get(f"{what} {unit}")})
    for task in QUERY_TASKS:
        for key, what, unit in (
            ("p50 ms", "p50", "ms"),
            ("p99 ms", "p99", "ms"),
            ("hit@10", "hit@10", ""),
        ):
            values = {name: system.get(task, {}).get(key) for name, system in systems.items()}
            if any(value is not None for value in values.values()):
                aim = TARGETS.get(f"{task} {key}")
                rows.append({"what": f"{task}: {what}", "unit": unit, **values, "aim": aim})
    for what, seconds in commands.items():
        others = dict.fromkeys(systems)
        row = {"what": what, "unit": "s", **others, "mediarec": seconds, "aim": TARGETS.get(what)}
        rows.append(row)
    return rows


def write_json(file: Path, n_titles: int, rows: list[dict]) -> None:
    """Write the figures to a file, one a line."""
    gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    about = {
        "catalog": f"{n_titles:,} titles",
        "machine": f"{os.cpu_count()} cores, {gb:.0f} GB of memory",
        "measured": datetime.date.today().isoformat(),
    }
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    head = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in about.items())
    file.write_text(f'{{\n{head},\n "figures": [\n{lines}\n ]\n}}\n', encoding="utf-8")


def print_table(path: Path, rows: list[dict]) -> None:
    """Print the figures as a table; the whole processes are in the last rows."""
    print(f"{path.name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    header = "".join(f"{name:>11}" for name in SYSTEMS)
    print(f"{'':44}{header}{'aim':>9}")
    for row in rows:
        label = f"{row['what']}, {row['unit']}" if row["unit"] else row["what"]
        cells = "".join(f"{format_cell(row[name]):>11}" for name in SYSTEMS)
        aim = f"≤ {format_cell(row['aim'])}" if row["aim"] else ""
        print(f"{label:44}{cells}{aim:>9}")


def format_cell(value: float | None) -> str:
    """Return a number as text; "" for None."""
    return "" if value is None else f"{value:,}"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--catalog", type=Path, help="default: the best at hand")
    parser.add_argument("--json", metavar="FILE", type=Path, help="also write the figures there")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    return parser


def main() -> None:
    """Measure all systems, or one part in this process."""
    options = make_parser().parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part](options.catalog, options.out)))
        return
    from mediarec.data.catalog import find_catalog

    path = options.catalog or find_catalog()
    out = Path(tempfile.mkdtemp(prefix="mediarec-bench-"))
    try:
        systems = run_systems(path, out)
        commands = run_commands(path, out)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    rows = make_rows(systems, commands)
    print_table(path, rows)
    if options.json:
        write_json(options.json, systems["mediarec"]["all lists"], rows)


if __name__ == "__main__":
    main()
