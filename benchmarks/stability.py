"""Measure how stable the clusterings are, by pairs of random samples.

  python benchmarks/stability.py                                  all methods, ten pairs of samples
  python benchmarks/stability.py --methods kmeans,kprototypes     some methods
  python benchmarks/stability.py ... --json data/stability.json   adds the results to a file

Each pair needs two fits on 80 % of the titles. The score of a pair is the adjusted Rand index of
the titles that are in both samples. The catalog is the default one of mediarec, or the one that
MEDIAREC_CATALOG or --catalog names. The notebooks 35 and 66 read data/stability.json.
"""

import argparse
import json
import time
from pathlib import Path

from mediarec import load_catalog
from mediarec.cluster.base import make_cluster_input
from mediarec.cluster.compare import make_clustering, resolve_methods
from mediarec.cluster.scores import subsample_stability
from mediarec.data.clean import clean
from mediarec.files import atomic_write_text


def add_to_file(path: Path, catalog: str, scores: dict[str, list[float]]) -> None:
    """Write the scores of some methods; keep the others of a file for the same catalog."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if stored.get("catalog") != catalog:
        stored = {"catalog": catalog, "methods": {}}
    stored["methods"] |= scores
    atomic_write_text(path, json.dumps(stored, indent=1) + "\n")


def main() -> None:
    """Measure the methods, print their scores, and add them to a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--catalog", help="the catalog file")
    parser.add_argument("--methods", default="all", help="names, with commas (default: all)")
    parser.add_argument("--pairs", type=int, default=10, help="pairs of samples (default: 10)")
    parser.add_argument("--json", type=Path, help="a file to add the scores to")
    options = parser.parse_args()
    titles = make_cluster_input(clean(load_catalog(options.catalog)))
    catalog = f"{len(titles):,} titles"
    print(f"{catalog}, {options.pairs} pairs of samples")
    for method in resolve_methods(options.methods):
        start = time.perf_counter()
        stability = subsample_stability(
            make_clustering(method), titles, options.pairs, progress=True
        )
        seconds = time.perf_counter() - start
        print(
            f"{method:12} mean {stability.mean():.3f}, from {stability.min():.3f} "
            f"to {stability.max():.3f} ({seconds:.0f} s)",
            flush=True,
        )
        if options.json:
            add_to_file(options.json, catalog, {method: stability.round(4).tolist()})


if __name__ == "__main__":
    main()
