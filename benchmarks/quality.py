"""Measure the quality of the ranking on the full catalog, beside common baselines.

  python benchmarks/quality.py --json data/quality.json --encoder FOLDER
  python benchmarks/quality.py --runs DIR        also writes the runs, one CSV file a system

It needs MEDIAREC_CATALOG and MEDIAREC_MOVIELENS. `--encoder` names a model of
sentence-transformers, by default all-MiniLM-L6-v2; without it and without the extra `encoder`,
the sentence embeddings are skipped. Each value is a mean over the queries with its 95% bootstrap
interval. The cross-validated weights are fitted on four fifths of the queries and measured on the
other fifth, five times. `benchmarks/figures.py` and the notebook 99 read the file.
"""

import argparse
import json
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from mediarec import Recommender, load_catalog
from mediarec.core import MediarecError, env_path
from mediarec.evaluation.baselines import (
    bm25_baseline,
    encoder_baseline,
    run_from_scores,
    sentence_encoder,
    tfidf_baseline,
)
from mediarec.evaluation.evaluate import co_preference_metrics, judged_metrics
from mediarec.evaluation.judgments import read_judgments
from mediarec.evaluation.movielens import co_preference, read_movielens
from mediarec.evaluation.tune import cross_fit, make_benchmark
from mediarec.files import atomic_write_text
from mediarec.recommend.recommender import recommend_batch
from mediarec.statistics import bootstrap_mean

SIX_COLUMNS = ("title", "description", "genres", "actors", "directors", "countries")


def cross_validated_runs(model, judgments, gains, pool):
    """Rank the queries of each fold with weights that were fitted on the other folds."""
    judgment_gains = judgments.assign(gain=2.0**judgments.grade - 1)
    benchmarks = [make_benchmark(model, judgment_gains), make_benchmark(model, gains, pool)]
    query_ids = [sorted(judgments.query_id.unique()), sorted(gains.query_id.unique())]
    shipped_weights = model.normalized_weights
    runs = [[], []]
    folds = cross_fit(benchmarks, None, n_fits=3, benchmark_weights=(1.0, 1.1))
    for weights, held_out in folds:
        model.normalized_weights = np.asarray(weights, np.float32)
        judged_ids = [query_ids[0][i] for i in held_out[0]]
        rated_ids = [query_ids[1][i] for i in held_out[1]]
        runs[0].append(recommend_batch(model, judged_ids, 50))
        runs[1].append(recommend_batch(model, rated_ids, 10, pool))
    model.normalized_weights = shipped_weights
    return [pd.concat(parts, ignore_index=True) for parts in runs]


def all_runs(judgments, gains, pool, encoder):
    """Yield the name of each system with its run of all titles and its run of the pool."""
    model = Recommender().fit(load_catalog())
    titles = model.catalog
    query_ids = sorted(judgments.query_id.unique())
    systems = {
        "TF-IDF of descriptions": tfidf_baseline(titles, "description"),
        "TF-IDF of six fields": tfidf_baseline(titles, *SIX_COLUMNS),
        "BM25 of six fields": bm25_baseline(titles, *SIX_COLUMNS),
    }
    encode = sentence_encoder(encoder)
    if encode:
        name = f"{Path(encoder).name} embeddings"
        systems[name] = encoder_baseline(titles, encode, "title", "description")
    for name, scorer in systems.items():
        judged_run = run_from_scores(titles, scorer, query_ids, 50)
        yield name, judged_run, run_from_scores(titles, scorer, pool, 10, pool)
    shipped = recommend_batch(model, query_ids, 50), recommend_batch(model, pool, 10, pool)
    yield "mediarec, shipped weights", *shipped
    yield "mediarec, cross-validated", *cross_validated_runs(model, judgments, gains, pool)


def measure(encoder, runs_dir=None):
    """Return all figures of the file."""
    catalog = load_catalog()
    judgments = read_judgments()
    gains, pool = co_preference(catalog, *read_movielens(env_path("MEDIAREC_MOVIELENS")))
    systems = {}
    for name, judged_run, pool_run in all_runs(judgments, gains, pool, encoder):
        metrics = judged_metrics(judged_run, judgments)
        metrics |= co_preference_metrics(pool_run, gains, pool)
        systems[name] = {
            metric: [round(value, 4) for value in bootstrap_mean(values)[:3]]
            for metric, values in metrics.items()
        }
        print(f"{name:28}", systems[name], flush=True)
        if runs_dir:
            file_name = name.replace(", ", "_").replace(" ", "_")
            judged_run.to_csv(runs_dir / f"{file_name}.judged.csv", index=False)
            pool_run.to_csv(runs_dir / f"{file_name}.pool.csv", index=False)
    return {
        "catalog": f"{len(catalog):,} titles",
        "measured": date.today().isoformat(),
        "titles": len(catalog),
        "judged queries": judgments.query_id.nunique(),
        "judgments": len(judgments),
        "pool": len(pool),
        "systems": systems,
    }


def main() -> None:
    """Measure all systems, print them, and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2", help="name or folder of a model")
    parser.add_argument("--runs", type=Path, help="a folder for the runs")
    parser.add_argument("--json", type=Path, help="the file to write")
    options = parser.parse_args()
    if not env_path("MEDIAREC_CATALOG") or not env_path("MEDIAREC_MOVIELENS"):
        raise MediarecError("set MEDIAREC_CATALOG and MEDIAREC_MOVIELENS to the full data")
    if options.runs:
        options.runs.mkdir(parents=True, exist_ok=True)
    figures = measure(options.encoder, options.runs)
    if options.json:
        atomic_write_text(options.json, json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
