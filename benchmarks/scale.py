"""How building and asking grow with the catalogue, and what a second Dask worker brings.

  python benchmarks/scale.py                                 10,000, 100,000 and 1,000,000 titles
  python benchmarks/scale.py --sizes 10000 100000            others
  python benchmarks/scale.py --dask 200000                   one machine, one Dask worker, two, and two of which one is killed
  python benchmarks/scale.py ... --json data/scale.json      keeps the figures, beside those that are in the file

The catalogues are made by benchmarks/generate.py, like the best catalogue at hand. Each part runs in processes of its own;
peak memory is the sum over all processes of a build (proportional set size). Questions are distinct; nothing is cached.
Recall is the share of the ten titles with the highest exact scores, every title of the catalogue scored, that are answered.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
PINNED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
QUESTIONS, RECALLED = 400, 100


def memory():
    """MB of this process and all below it, shared pages counted once."""
    import psutil

    total = 0
    for p in [psutil.Process(), *psutil.Process().children(recursive=True)]:
        try:
            total += p.memory_full_info().pss
        except psutil.Error:
            pass
    return total / 1e6


class Peak:
    """The highest memory met while something runs."""

    def __enter__(self):
        self.mb, self.over = memory(), False
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def watch(self):
        while not self.over:
            self.mb = max(self.mb, memory())
            time.sleep(0.3)

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


def percentiles(answer, questions):
    times = []
    for q in questions:
        start = time.perf_counter()
        answer(q)
        times.append((time.perf_counter() - start) * 1e3)
    return [round(float(v), 2) for v in np.percentile(times, (50, 99))]


def build(path, folder, workers, clusters, shard):
    """Build a model, and say what it took."""
    from mediarec import scale

    with Peak() as peak:
        start = time.perf_counter()
        model = scale.fit(
            path,
            folder=folder,
            workers=int(workers),
            clusters=clusters.split(",") if clusters else (),
            shard=int(shard),
            progress=True,
        )
        seconds = time.perf_counter() - start
    disk = sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file()) / 1e6
    return {
        "build s": round(seconds, 1),
        "peak MB": round(peak.mb),
        "disk MB": round(disk, 1),
        "shards": len(model.shards),
    }


def exact_top(model, question, n=10):
    """The best n by the exact scores of every title."""
    from mediarec.recommend.ranking import rank_titles, score_queries
    from mediarec.scale.ondisk_search import restrict_query, subset_index

    terms = np.unique(np.concatenate([q.terms for q in question.queries])).astype(np.uint32)
    best = []
    for s in model.shards:
        index, _, facets = subset_index(model.shards, np.arange(s.start, s.start + s.n), terms)
        scores = score_queries(
            index,
            [restrict_query(q, terms) for q in question.queries],
            question.query_weights,
            model.normalized_weights,
        )
        best.append(s.start + np.argsort(-scores, kind="stable")[: 10 * n])
    from mediarec.scale.ondisk_search import rerank

    return rerank(model, question, np.concatenate(best), question.excluded_rows, n, 0.0, 4, None)[0]


def ask(folder):
    """Open a model, ask it, and say how long that took."""
    from mediarec.scale.ondisk import OnDiskRecommender

    start = time.perf_counter()
    model = OnDiskRecommender.load(folder)
    opened = time.perf_counter() - start
    rng = np.random.default_rng(7)
    rows = rng.choice(
        model.manifest["titles"], min(QUESTIONS, model.manifest["titles"]), replace=False
    )
    about = model.get_fields(rows)
    ids, titles, types, genres = (
        about[c].tolist() for c in ("show_id", "title", "type", "listed_in")
    )
    warm = model.get_fields(rng.choice(model.manifest["titles"], 100))["show_id"].tolist()
    for i in warm:
        model.recommend(i)  # the files get into the memory of the process
    typed = list(dict.fromkeys(t[: 2 + i % 9] for i, t in enumerate(titles)))
    slips = list(dict.fromkeys(t[:3] + "x" + t[4:9] for t in titles if len(t) > 6))
    filtered = [(i, t, g.split(", ")[0]) for i, t, g in zip(ids, types, genres)]
    short = []

    def narrow(q):
        if len(model.recommend(q[0], type=q[1], genre=q[2])) < 10:
            short.append(q)

    out = {"open s": round(opened, 2)}
    for name, answer, questions in (
        ("recommend ms", model.recommend, ids),
        ("filtered ms", narrow, filtered),
        ("by year ms", lambda q: model.recommend(q[0], type=q[1], year=(2015, 2019)), filtered),
        ("suggest ms", model.suggest, typed),
        ("misspelled ms", model.suggest, slips),
        (
            "by title ms",
            model.recommend,
            [q for q, kept in zip(titles, unambiguous(model, titles)) if kept],
        ),
    ):
        out[name] = percentiles(answer, questions)
    out["fewer than ten"] = len(short)
    out["recall@10"], out["recall@10 filtered"] = (
        recall(model, ids[:RECALLED]),
        recall_filtered(model, filtered[:RECALLED]),
    )
    out["serving MB"] = round(memory())
    return out


def unambiguous(model, titles):
    from mediarec.core import MediarecError

    for t in titles:
        try:
            model.find(t)
            yield True
        except MediarecError:
            yield False


def recall(model, ids):
    found = []
    for i in ids:
        question = model.build_query(i)
        found.append(
            len(
                set(exact_top(model, question).tolist())
                & set(model.recommend_arrays(i)[1].tolist())
            )
            / 10
        )
    return round(float(np.mean(found)), 4)


def recall_filtered(model, questions):
    """Against the same model made to look at every title that passes."""
    whole, found = type(model)(model.folder, 10**12), []
    for i, kind, genre in questions:
        best = whole.recommend_arrays(i, type=kind, genre=genre)[1]
        found.append(
            len(
                set(best.tolist())
                & set(model.recommend_arrays(i, type=kind, genre=genre)[1].tolist())
            )
            / max(len(best), 1)
        )
    return round(float(np.mean(found)), 4)


def apart(what, *args, **env):
    """Run a function of this file in a process of its own."""
    command = [sys.executable, str(Path(__file__).resolve()), "--run", what, *map(str, args)]
    done = subprocess.run(command, env=os.environ | env, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{what} failed")
    return json.loads(done.stdout.splitlines()[-1])


def grow(sizes, place, args):
    rows = {}
    for n in sizes:
        path, folder = place / f"{n}.parquet", place / f"model-{n}"
        if not path.exists():
            subprocess.run(
                [
                    sys.executable,
                    str(HERE / "generate.py"),
                    str(path),
                    "--titles",
                    str(n),
                    *(["--like", args.like] if args.like else []),
                ],
                check=True,
            )
        shard = min(
            args.shard, -(-n // (2 * args.workers))
        )  # so that all processes have as much to do at every size
        rows[n] = apart(
            "build", path, folder, args.workers, args.clusters, shard, **PINNED
        ) | apart("ask", folder, **PINNED)
        print(json.dumps({n: rows[n]}), flush=True)
        if not args.keep:
            shutil.rmtree(folder)
    return rows


def exponents(rows):
    """How each figure grows from one size to the next: log of the ratio over log of the ratio of sizes."""
    sizes = sorted(rows)
    return {
        f"{a:,} to {b:,}": {
            k: round(float(np.log(rows[b][k] / rows[a][k]) / np.log(b / a)), 3)
            for k in ("build s", "disk MB", "peak MB")
        }
        for a, b in zip(sizes, sizes[1:])
    }


def table(rows):
    import pandas as pd

    return pd.DataFrame(
        {
            f"{n:,}": {
                k: (" / ".join(map(str, v)) if isinstance(v, list) else v) for k, v in r.items()
            }
            for n, r in rows.items()
        }
    ).to_string()


def on_cluster(path, folder, workers, kill, shard):
    """Build on a local Dask cluster of separate processes; with `kill`, one of them is killed half-way."""
    import dask
    from distributed import Client, LocalCluster

    from mediarec import scale

    dask.config.set(
        {
            "distributed.worker.memory.terminate": False,
            "distributed.scheduler.allowed-failures": 10,
            "distributed.nanny.pre-spawn-environ": {**PINNED, "MALLOC_TRIM_THRESHOLD_": 65536},
            "logging.distributed": "error",
        }
    )
    with (
        LocalCluster(
            n_workers=int(workers),
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            memory_limit=0,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.run(lambda: __import__("mediarec.scale") and None)
        if float(kill):
            threading.Timer(float(kill), shoot, [client]).start()
        start = time.perf_counter()
        scale.fit(path, client, folder, clusters=("kmeans",), shard=int(shard))
        return {"build s": round(time.perf_counter() - start, 1), **answers_of(folder)}


def shoot(client):
    pids = list(client.run(os.getpid).values())
    os.kill(pids[0], signal.SIGKILL)
    print(f"killed a worker, {time.strftime('%X')}", file=sys.stderr)


def alone(path, folder, shard):
    from mediarec import scale

    start = time.perf_counter()
    scale.fit(path, folder=folder, clusters=("kmeans",), shard=int(shard))
    return {"build s": round(time.perf_counter() - start, 1), **answers_of(folder)}


def answers_of(folder):
    """A digest of what a model answers to 300 questions, and of its files."""
    import hashlib

    from mediarec import scale
    from mediarec.scale.ondisk import OnDiskRecommender

    model = OnDiskRecommender.load(folder)
    ids = model.get_fields(np.linspace(0, model.manifest["titles"] - 1, 300).astype(int))[
        "show_id"
    ].tolist()
    found = scale.batch(model, ids)
    files = {k: v["sha256"] for k, v in sorted(model.manifest["files"].items())}
    return {
        "answers": hashlib.sha256(found.to_csv(index=False).encode()).hexdigest()[:16],
        "files": hashlib.sha256(json.dumps(files).encode()).hexdigest()[:16],
    }


def dask(n, place, args):
    path, shard = place / f"{n}.parquet", min(args.shard, -(-n // 8))
    if not path.exists():
        subprocess.run(
            [
                sys.executable,
                str(HERE / "generate.py"),
                str(path),
                "--titles",
                str(n),
                *(["--like", args.like] if args.like else []),
            ],
            check=True,
        )
    rows = {"one machine": apart("alone", path, place / "d0", shard, **PINNED)}
    print(rows, flush=True)
    rows["one worker"] = apart("on_cluster", path, place / "d1", 1, 0, shard, **PINNED)
    print(rows, flush=True)
    rows["two workers"] = apart("on_cluster", path, place / "d2", 2, 0, shard, **PINNED)
    rows["two workers, one killed half-way"] = apart(
        "on_cluster", path, place / "d3", 2, rows["two workers"]["build s"] / 2, shard, **PINNED
    )
    for d in ("d0", "d1", "d2", "d3"):
        shutil.rmtree(place / d, ignore_errors=True)
    return rows


def main():
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("--sizes", type=int, nargs="*", default=None)
    asked.add_argument("--dask", type=int, default=None, metavar="TITLES")
    asked.add_argument("--like", default=os.environ.get("MEDIAREC_CATALOG"))
    asked.add_argument("--workers", type=int, default=2, help="processes of a build")
    asked.add_argument("--clusters", default="kmeans")
    asked.add_argument("--shard", type=int, default=100_000)
    asked.add_argument(
        "--place",
        default=None,
        help="a folder for catalogues and models; by default a temporary one",
    )
    asked.add_argument("--keep", action="store_true", help="leave the models there")
    asked.add_argument("--json", default=None)
    asked.add_argument("--run", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    args = asked.parse_args()
    warnings.simplefilter("ignore")
    if args.run:
        print(json.dumps(globals()[args.run[0]](*args.run[1:])))
        return
    place = Path(args.place or tempfile.mkdtemp())
    place.mkdir(parents=True, exist_ok=True)
    path, out = Path(args.json) if args.json else None, {}
    held = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {}
    if args.dask:
        out["dask"] = rows = {"titles": args.dask, **dask(args.dask, place, args)}
        one, two = rows["one worker"]["build s"], rows["two workers"]["build s"]
        print(json.dumps(rows, indent=1))
        print(
            f"two workers are {one / two:.2f} times as fast as one; one takes {one / rows['one machine']['build s']:.2f} times as long as one machine without Dask"
        )
    if args.sizes or not args.dask:
        rows = {int(n): r for n, r in held.get("sizes", {}).items()} | grow(
            args.sizes or [10_000, 100_000, 1_000_000], place, args
        )
        out["sizes"], out["exponents"] = {str(n): rows[n] for n in sorted(rows)}, exponents(rows)
        print(table(rows))
        print(json.dumps(out["exponents"], indent=1))
    if path:
        path.write_text(json.dumps(held | out, indent=1) + "\n", encoding="utf-8")
    if not args.place:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
