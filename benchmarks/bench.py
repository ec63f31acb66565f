"""Measure speed, memory and size of mediarec beside the common recipe (make bench).

The recipe is what most notebooks do: a dense TF-IDF array and a dense cosine matrix of all pairs on
disk; each query sorts one row and filters in pandas. Each part runs in its own process, so peak
memory is measured for it alone. Queries are distinct, no results are cached, and rows are counted.

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
from pathlib import Path

import numpy as np

N_QUERIES = 2000


def percentiles(answer, questions):
    """Return p50 and p99 of answering each query once, in ms, and the number of rows."""
    times, rows = [], 0
    for q in questions:
        start = time.perf_counter()
        found = answer(q)
        times.append(time.perf_counter() - start)
        rows += len(found)
    p50, p99 = np.percentile(np.array(times) * 1e3, [50, 99])
    return {
        "p50 ms": round(float(p50), 2),
        "p99 ms": round(float(p99), 2),
        "questions": len(times),
        "rows": rows,
    }


def make_queries(titles, types, genres):
    """Return distinct titles with filters, beginnings of titles, and misspelled beginnings."""
    rng = np.random.default_rng(42)
    rows = rng.permutation(len(titles))[:N_QUERIES]
    filters = [(int(r), types[int(r)], genres[int(r)]) for r in rows]
    typed = list(dict.fromkeys(titles[int(r)][: 2 + i % 9] for i, r in enumerate(rows)))
    slips = list(
        dict.fromkeys(
            titles[int(r)][:3] + "x" + titles[int(r)][4:9] for r in rows if len(titles[int(r)]) > 6
        )
    )
    return filters, typed, slips


def peak_mb():
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def folder_mb(folder):
    return round(sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file()) / 1e6, 1)


def recipe_build(path, out):
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


def recipe_query(path, out):
    import pandas as pd

    start = time.perf_counter()
    frame, similar = pd.read_parquet(out / "frame.parquet"), np.load(out / "similar.npy")
    loaded = time.perf_counter() - start
    titles, first = frame.title.tolist(), frame.listed_in.fillna("").str.split(", ").str[0].tolist()
    filters, typed, slips = make_queries(titles, frame.type.tolist(), first)

    def ask(q):
        row, kind, genre = q
        ranked = pd.Series(similar[row]).drop(row).sort_values(ascending=False)
        found = frame.iloc[ranked.index]
        found = (
            found[(found.type == kind) & found.listed_in.str.contains(genre, regex=False)]
            if kind
            else found
        )
        return found.head(10)

    def suggest(text):
        return frame[frame.title.str.lower().str.contains(text.lower(), regex=False)].head(10)

    return {
        "load s": round(loaded, 2),
        "recommend": percentiles(ask, [(r, None, None) for r, _, _ in filters]),
        "filtered, as a frame": percentiles(ask, filters),
        "suggest": percentiles(suggest, typed),
        "suggest, misspelled": percentiles(suggest, slips),
    }


def ours_build(path, out):
    import pandera.pandas  # noqa: F401  (imports are not timed, as for the recipe)
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


def ours_query(path, out):
    import pyarrow.parquet  # noqa: F401
    import rapidfuzz.process  # noqa: F401
    import safetensors.numpy  # noqa: F401

    from mediarec import Recommender

    start = time.perf_counter()
    model = Recommender.load(out)
    loaded = time.perf_counter() - start
    from mediarec.recommend.filters import Filters

    model.recommend(text="free text")  # loads the word vectors
    titles, ids = model.catalog.title.tolist(), model.catalog.show_id.tolist()
    filters, typed, slips = make_queries(
        titles, model.catalog.type.tolist(), [g[0] if g else "Dramas" for g in model.catalog.genres]
    )

    def arrays(q):
        row, kind, genre = q
        return model.rank(ids[row], Filters(type=kind, genre=genre)).rows

    from mediarec.recommend.recommender import recommend_batch

    start = time.perf_counter()
    lists = recommend_batch(model, ids)
    texts = [
        " ".join(d.split()[:8]) for d in (model.catalog.description.iloc[q[0]] for q in filters)
    ]
    return {
        "load s": round(loaded, 2),
        "all lists s": round(time.perf_counter() - start, 2),
        "all lists": len(lists) // 10,
        "recommend": percentiles(lambda q: model.recommend(ids[q[0]]), filters),
        "free text": percentiles(lambda text: model.recommend(text=text), texts),
        "filtered, as arrays": percentiles(arrays, filters),
        "filtered, as a frame": percentiles(
            lambda q: model.recommend(ids[q[0]], type=q[1], genre=q[2]), filters
        ),
        "suggest": percentiles(model.suggest, typed),
        "suggest, misspelled": percentiles(model.suggest, slips),
    }


PARTS = {f.__name__: f for f in (recipe_build, recipe_query, ours_build, ours_query)}


def run(part, path, out):
    """One part in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--part", part, "--catalog", str(path), "--out", str(out)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{part} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def whole(name, *command):
    """Seconds of whole processes: the median of five."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([sys.executable, *map(str, command)], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return name, round(float(np.median(times)), 2)


TARGETS = {
    "build s": 3,
    "peak MB": 400,
    "disk MB": 40,
    "load s": 0.5,
    "all lists s": 10,
    "free text": 6,
    "filtered, as arrays": 1,
    "filtered, as a frame": 3,
    "suggest": 3,
    "suggest, misspelled": 3,
    "import mediarec": 0.5,
    "mediarec recommend, from a saved model": 2,
}  # of questions, p99 in ms; of processes, seconds
QUERY_TASKS = (
    "recommend",
    "free text",
    "filtered, as arrays",
    "filtered, as a frame",
    "suggest",
    "suggest, misspelled",
)


def table(ours, recipe):
    """The figures side by side, with what was aimed at."""
    rows = [
        ("build, in a process that has its imports, s", "build s"),
        ("  with saving, s", "build and save s"),
        ("  peak memory, MB", "peak MB"),
        ("model on disk, MB", "disk MB"),
        ("load, s", "load s"),
        (f"{ours['all lists']:,} lists of ten, s", "all lists s"),
    ]
    out = [(label, ours.get(a), recipe.get(a), TARGETS.get(a)) for label, a in rows]
    for name in QUERY_TASKS:
        mine, theirs = ours[name], recipe.get(name, {})
        out += [
            (f"{name}: p50, ms", mine["p50 ms"], theirs.get("p50 ms"), None),
            (f"{'':{len(name)}}  p99, ms", mine["p99 ms"], theirs.get("p99 ms"), TARGETS.get(name)),
            (
                f"{'':{len(name)}}  rows from {mine['questions']:,} questions",
                mine["rows"],
                theirs.get("rows"),
                None,
            ),
        ]
    return out


def figures(ours, recipe, commands):
    """Return the rows of the JSON file: metric, unit, mediarec, recipe and target."""
    out = [
        (a.rsplit(" ", 1)[0], a.rsplit(" ", 1)[1], ours[a], recipe.get(a), TARGETS.get(a))
        for a in ("build s", "build and save s", "peak MB", "disk MB", "load s", "all lists s")
    ]
    for name in QUERY_TASKS:
        for p in ("p50", "p99"):
            out.append(
                (
                    f"{name}: {p}",
                    "ms",
                    ours[name][f"{p} ms"],
                    recipe.get(name, {}).get(f"{p} ms"),
                    TARGETS.get(name) if p == "p99" else None,
                )
            )
    return [
        dict(zip(("what", "unit", "mediarec", "recipe", "aim"), row))
        for row in out
        + [(name, "s", seconds, None, TARGETS.get(name)) for name, seconds in commands]
    ]


def written(file, titles, rows):
    """The figures in a file, one a line."""
    gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    about = {
        "catalog": f"{titles:,} titles",
        "machine": f"{os.cpu_count()} cores, {gb:.0f} GB of memory",
        "measured": datetime.date.today().isoformat(),
    }
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    head = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in about.items())
    Path(file).write_text(f'{{\n{head},\n "figures": [\n{lines}\n ]\n}}\n', encoding="utf-8")


def main():
    p = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--catalog", help="default: the best at hand")
    p.add_argument(
        "--json",
        metavar="FILE",
        help="also write the figures there; data/bench.json is what the notebook of results reads",
    )
    p.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    p.add_argument("--out", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.part:
        return print(json.dumps(PARTS[a.part](a.catalog, Path(a.out))))
    from mediarec.data.catalog import find_catalog

    path = Path(a.catalog) if a.catalog else find_catalog()
    out = Path(tempfile.mkdtemp(prefix="mediarec-bench-"))
    try:
        for part in ("recipe", "ours"):
            (out / part).mkdir()
        recipe, ours = {}, {}
        for step in ("build", "query"):
            print(f"{step}: the recipe, then mediarec ...", file=sys.stderr, flush=True)
            recipe |= run(f"recipe_{step}", path, out / "recipe")
            ours |= run(f"ours_{step}", path, out / "ours")
        first = next(
            iter(
                json.loads(
                    subprocess.run(
                        [
                            sys.executable,
                            "-m",
                            "mediarec",
                            "suggest",
                            "a",
                            "--model",
                            str(out / "ours"),
                            "--json",
                        ],
                        capture_output=True,
                        text=True,
                        check=True,
                    ).stdout
                )["results"]
            )
        )["show_id"]
        commands = [
            whole("import mediarec", "-c", "import mediarec"),
            whole(
                "from mediarec import Recommender, load_catalog",
                "-c",
                "from mediarec import Recommender, load_catalog",
            ),
            whole(
                "mediarec recommend, from a saved model",
                "-m",
                "mediarec",
                "recommend",
                first,
                "--model",
                out / "ours",
            ),
            whole(
                "mediarec build",
                "-m",
                "mediarec",
                "build",
                "--catalog",
                path,
                "--out",
                out / "again",
            ),
        ]
    finally:
        shutil.rmtree(out, ignore_errors=True)
    show(path, table(ours, recipe), commands)
    if a.json:
        written(a.json, ours["all lists"], figures(ours, recipe, commands))


def format_cell(value):
    """Return a number as text; "" for None."""
    return "" if value is None else f"{value:,}"


def show(path, rows, commands):
    """Print the table and the seconds of whole processes."""
    print(f"{path.name}, {os.cpu_count()} cores\n")
    print(f"{'':46}{'mediarec':>10}{'recipe':>12}{'target':>8}")
    for label, mine, theirs, aim in rows:
        target = f"≤ {format_cell(aim)}" if aim else ""
        print(f"{label:46}{format_cell(mine):>10}{format_cell(theirs):>12}{target:>8}")
    print(f"\n{'whole processes, s (median of five)':46}")
    for label, seconds in commands:
        print(
            f"  {label:50}{seconds:>4}{'≤ ' + str(TARGETS[label]) if label in TARGETS else '':>14}"
        )


if __name__ == "__main__":
    main()
