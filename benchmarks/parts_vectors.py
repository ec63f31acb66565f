"""Compare standard parts with the parts of the on-disk recommender that could be replaced.

  python benchmarks/scale.py --keep --work-dir DIR             leaves the models that are used here
  python benchmarks/parts_vectors.py --work-dir DIR            all models of the folder
  python benchmarks/parts_vectors.py --work-dir DIR --sizes 10000 --sections filters
  python benchmarks/parts_vectors.py ... --json data/parts_vectors.json   adds the results to a file

The standard parts are not requirements of mediarec:

  pip install duckdb polars faiss-cpu usearch pyroaring

The sections:

- terms: merge the term tables of all chunks to a vocabulary
- works: find the titles that are one work, over all chunks
- cells: find candidates by dense features, with and without filters
- lists: score the sparse terms of all titles
- filters: find the titles that have a type and a genre

Every section and every measurement of memory runs in its own process, with one thread. The passes
over a catalog are measured in seconds of the processor, queries in milliseconds of the clock. The
parts of a section take turns, so that other work on the machine slows all parts alike; the
column "ratio" is the time divided by that of the part that mediarec uses. Recall is the share of
the ten titles with the highest exact scores that are found.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from scale import SINGLE_THREAD_ENV, PeakMemory, exact_top_k, memory_mb

N_QUERIES = 200
N_RECALL_QUERIES = 50
N_ROUNDS = 3
N_VECTOR_CANDIDATES = 1_000  # titles that a vector index returns, before they are scored
N_CANDIDATES = 300  # titles that get their exact score, as in mediarec
OURS = "mediarec"


def open_model(folder: str | Path):
    """Open the model of a size."""
    from mediarec.scale.ondisk import OnDiskRecommender

    return OnDiskRecommender.load(folder)


def best_seconds(functions: dict[str, Callable]) -> dict[str, float]:
    """Call the functions in turns; return the shortest processor time of each, in seconds."""
    times: dict[str, list] = {name: [] for name in functions}
    for _ in range(N_ROUNDS):
        for name, function in functions.items():
            start = time.process_time()
            function()
            times[name].append(time.process_time() - start)
    return {name: min(values) for name, values in times.items()}


def query_percentiles(functions: dict[str, Callable], queries: list) -> dict[str, list[float]]:
    """Call the functions in turns for each query; return the 50th and 99th percentile in ms."""
    times: dict[str, list] = {name: [] for name in functions}
    for query in queries[:20] + queries:  # the first ones load the files into memory
        for name, function in functions.items():
            start = time.perf_counter()
            function(query)
            times[name].append((time.perf_counter() - start) * 1e3)
    return {
        name: np.percentile(values[20:], (50, 99)).round(3).tolist()
        for name, values in times.items()
    }


# Merge the terms of chunks.


def write_term_tables(model, folder: Path) -> dict[str, list[Path]]:
    """Write the terms of each shard as Arrow and Parquet files; return their paths by block."""
    from mediarec.scale.ondisk_files import SPARSE_BLOCKS, TERM_BLOCK_SHIFT, TERM_INDEX_MASK

    paths: dict[str, list[Path]] = {}
    for number, block in enumerate(SPARSE_BLOCKS):
        if block not in ("text", "cast"):
            continue
        vocabulary = model.block_encoders[block]
        hashes = vocabulary.term_to_column.base
        labels = np.array(list(vocabulary.labels), dtype=object)
        for i, shard in enumerate(model.shards):
            in_block = shard.slot_term >> np.uint32(TERM_BLOCK_SHIFT) == number
            terms = shard.slot_term[in_block] & np.uint32(TERM_INDEX_MASK)
            column, df = np.unique(terms, return_counts=True)
            table = {"hash": hashes[column], "label": labels[column], "df": df, "times": df}
            frame = pd.DataFrame(table | {"chunk": i})
            path = folder / f"{block}-{i:05d}.arrow"
            write_term_table(frame, path)
            paths.setdefault(block, []).append(path)
    return paths


def write_term_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table of terms as an Arrow file and as a Parquet file."""
    from mediarec.scale.ondisk_files import write_arrow

    frame = frame.astype({"label": pd.ArrowDtype(pa.string())})
    write_arrow(frame, path)
    frame.to_parquet(path.with_suffix(".parquet"), index=False)


def merge_with_arrow(paths: list[Path], block: str) -> pa.Table:
    """Merge with the function of mediarec: Arrow groups the memory-mapped tables."""
    from mediarec.scale.ondisk_build_terms import merge_terms
    from mediarec.scale.ondisk_files import read_arrow

    return merge_terms([read_arrow(path) for path in paths], block, 1_000)


def merge_with_buckets(paths: list[Path], block: str, n_buckets: int = 16) -> pa.Table:
    """Merge as mediarec did before: pandas, one range of hashes after the other."""
    from mediarec.scale.ondisk_files import read_arrow

    edges = [i * (2**64 // n_buckets) for i in range(n_buckets)] + [2**64 - 1]
    merged = []
    for low, high in zip(edges, edges[1:]):
        parts = []
        for path in paths:
            table = read_arrow(path)
            bounds = np.array([low, high], np.uint64)
            start, stop = np.searchsorted(table["hash"].to_numpy(), bounds).tolist()
            parts.append(table.slice(start, stop - start).to_pandas())
        terms = pd.concat(parts, ignore_index=True)
        df = terms.groupby("hash").df.sum()
        if block == "text":
            terms = terms.groupby(["hash", "label"], as_index=False).times.sum()
            chosen = terms.sort_values(["times", "label"]).drop_duplicates("hash", keep="last")
        else:
            chosen = terms.sort_values("chunk", kind="stable").drop_duplicates("hash")
        merged.append(df.to_frame().assign(label=chosen.set_index("hash").label))
    table = pd.concat(merged)
    table = table[table.df >= (2 if block == "text" else 1)]
    return pa.Table.from_pandas(table.reset_index(), preserve_index=False)


def merge_with_duckdb(paths: list[Path], block: str) -> pa.Table:
    """Merge with a query of DuckDB over Parquet files; it may use 1 GB of memory."""
    import duckdb

    files = [str(path.with_suffix(".parquet")) for path in paths]
    source = f"read_parquet({files})"
    chosen = "arg_min(label, chunk)"
    if block == "text":
        columns = "hash, label, sum(df) AS df, sum(times) AS times"
        source = f"(SELECT {columns} FROM {source} GROUP BY hash, label)"
        chosen = "arg_max(label, (times, label))"
    least = 2 if block == "text" else 1
    query = f"""
        SELECT hash, CAST(sum(df) AS BIGINT) AS df, {chosen} AS label
        FROM {source} GROUP BY hash HAVING sum(df) >= {least} ORDER BY hash
    """
    options = {"threads": 1, "memory_limit": "1GB", "temp_directory": str(paths[0].parent)}
    with duckdb.connect(config=options) as connection:
        table = connection.sql(query).to_arrow_table()
    return table


def merge_with_polars(paths: list[Path], block: str) -> pa.Table:
    """Merge with a lazy query of Polars over Arrow files, in its streaming engine."""
    import polars as pl

    table = pl.scan_ipc([str(path) for path in paths])
    label = pl.col("label").get(pl.col("chunk").arg_min())
    if block == "text":
        sums = pl.col("df").sum(), pl.col("times").sum()
        table = table.group_by("hash", "label").agg(*sums)
        label = pl.col("label").sort_by("times", "label").last()
    merged = table.group_by("hash").agg(pl.col("df").sum(), label).sort("hash")
    merged = merged.filter(pl.col("df") >= (2 if block == "text" else 1))
    return merged.collect(engine="streaming").to_arrow()


MERGES = {
    f"{OURS}: Arrow group_by": merge_with_arrow,
    "pandas, by ranges of hashes": merge_with_buckets,
    "DuckDB": merge_with_duckdb,
    "Polars": merge_with_polars,
}


def measure_terms(folder: str) -> list[dict]:
    """Measure the merge of the words and the cast."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = write_term_tables(open_model(folder), Path(scratch))
        expected = {block: merge_with_arrow(paths[block], block) for block in paths}

        def merge_all(merge, check=False):
            for block in paths:
                merged = merge(paths[block], block)
                for name in ("hash", "df", "label") if check else ():
                    assert merged[name].to_pylist() == expected[block][name].to_pylist()

        for merge in MERGES.values():
            merge_all(merge, check=True)
        seconds = best_seconds({name: partial(merge_all, m) for name, m in MERGES.items()})
        rows = []
        for i, name in enumerate(MERGES):
            memory = run_section("merge_memory", scratch, str(i))
            rows.append({"part": name, "CPU s": round(seconds[name], 3), "peak MB": memory})
    return add_ratio(rows, "CPU s")


def merge_memory(scratch: str, number: str) -> int:
    """Return by how much the memory grows while the terms are merged, in MB."""
    merge = list(MERGES.values())[int(number)]
    before = memory_mb()
    with PeakMemory() as peak:
        for block in ("text", "cast"):
            merge(sorted(Path(scratch).glob(f"{block}-*.arrow")), block)
    return round(peak.mb - before)


# Find the titles that are one work.


def write_chunks(model, scratch: Path) -> list:
    """Write what the first pass of a build leaves of the ids and the works of each chunk."""
    from mediarec.scale.ondisk_build_chunks import _Chunk, chunk_dir
    from mediarec.scale.ondisk_files import hash_strings, write_arrays

    chunks = []
    for i, shard in enumerate(model.shards):
        folder = chunk_dir(scratch, i)
        folder.mkdir()
        arrays = {
            "ids": hash_strings(shard.table["show_id"].to_pylist()),
            "work_key": shard.work_key,
            "work_row": shard.work_number.astype(np.int32),
        }
        write_arrays(folder / "arrays.safetensors", arrays)
        (folder / "clean.arrow").symlink_to((shard.folder / "catalog.arrow").resolve())
        chunks.append(_Chunk("", 0, shard.n, shard.start))
    return chunks


def works_by_partition(scratch: str, chunks: list) -> dict:
    """Find the works as mediarec does, in one process."""
    from mediarec.scale.ondisk_build import _resolve_works
    from mediarec.scale.ondisk_build_chunks import run_local

    return _resolve_works(run_local, chunks, scratch, False)


def works_at_once(scratch: str, chunks: list) -> dict:
    """Find the works as mediarec did before: all keys in one array."""
    from mediarec.data.clean import assign_work_ids
    from mediarec.scale.ondisk_build import _WORK_COLUMNS
    from mediarec.scale.ondisk_build_chunks import chunk_dir
    from mediarec.scale.ondisk_files import open_arrays, read_arrow, restore_list_columns

    folders = [chunk_dir(scratch, i) for i in range(len(chunks))]
    arrays = [open_arrays(folder / "arrays.safetensors") for folder in folders]
    ids = np.concatenate([a["ids"] for a in arrays])
    _, counts = np.unique(ids, return_counts=True)
    assert counts.max() == 1
    keys = np.concatenate([a["work_key"] for a in arrays])
    rows = np.concatenate([a["work_row"] for a in arrays])
    chunk = np.repeat(np.arange(len(chunks)), [len(a["work_key"]) for a in arrays])
    _, code, counts = np.unique(keys, return_inverse=True, return_counts=True)
    is_shared = counts[code] > 1
    frames = []
    for i in np.unique(chunk[is_shared]).tolist():
        shared_rows = np.unique(rows[is_shared & (chunk == i)])
        table = read_arrow(folders[i] / "clean.arrow").select(_WORK_COLUMNS)
        frames.append(restore_list_columns(table.take(shared_rows).to_pandas()).assign(chunk=i))
    frame = assign_work_ids(pd.concat(frames, ignore_index=True))
    moved = frame[frame.work_id != frame.show_id]
    return {i: dict(zip(part.show_id, part.work_id)) for i, part in moved.groupby("chunk")}


WORKS = {
    f"{OURS}: buckets of keys, components": works_by_partition,
    "all keys at once": works_at_once,
}


def measure_works(folder: str) -> list[dict]:
    """Measure how works are found, and check that the results are the same."""
    model = open_model(folder)
    with tempfile.TemporaryDirectory() as scratch:
        chunks = write_chunks(model, Path(scratch))
        results = [find(scratch, chunks) for find in WORKS.values()]
        assert results[0] == results[1]
        seconds = best_seconds({name: partial(f, scratch, chunks) for name, f in WORKS.items()})
        rows = []
        for i, name in enumerate(WORKS):
            memory = run_section("works_memory", scratch, str(i), folder)
            rows.append({"part": name, "CPU s": round(seconds[name], 2), "peak MB": memory})
    return add_ratio(rows, "CPU s")


def works_memory(scratch: str, number: str, folder: str) -> int:
    """Return by how much the memory grows while works are found, in MB."""
    from mediarec.scale.ondisk_build_chunks import _Chunk

    find = list(WORKS.values())[int(number)]
    chunks = [_Chunk("", 0, shard.n, shard.start) for shard in open_model(folder).shards]
    before = memory_mb()
    with PeakMemory() as peak:
        find(scratch, chunks)
    return round(peak.mb - before)


# Find candidates by dense features.


class VectorSearch:
    """Find candidates with a vector index in place of the cells; the sparse terms stay."""

    def __init__(self, model, search: Callable):
        self.model = model
        self.search = search  # (vector, k, mask over all slots or None) to slots
        self.starts = np.cumsum([0] + [shard.n for shard in model.shards])

    def find_candidates(self, query, masks) -> np.ndarray:
        """Return the rows of the candidates of a query, ascending."""
        from mediarec.scale import ondisk_search as search

        model = self.model
        plan = search.make_search_plan(
            model.cell_index,
            model.empty_index,
            query.features,
            query.weights,
            model.normalized_weights,
        )
        mask = None if masks[0] is None else np.concatenate(masks)
        found = np.sort(self.search(plan.cell_query, N_VECTOR_CANDIDATES, mask))
        rows, scores = [], []
        for shard, start, shard_mask in zip(model.shards, self.starts, masks):
            low, high = np.searchsorted(found, (start, start + shard.n))
            sparse_scores = search._sparse_term_scores(shard, plan)
            sparse_scores += search._group_scores(shard, plan)
            rare = sparse_scores > 0
            rare = np.flatnonzero(rare if shard_mask is None else rare & shard_mask)
            if len(rare) > search.RARE_LIMIT:
                rare = rare[search.largest(sparse_scores[rare], search.RARE_LIMIT)]
            slots = np.union1d(found[low:high] - start, rare)
            scores.append(sparse_scores[slots] + search._dense_scores(shard, plan, slots))
            rows.append(shard.start + shard.number[slots].astype(np.int64))
        rows, scores = np.concatenate(rows), np.concatenate(scores)
        if len(rows) > N_CANDIDATES:
            rows = rows[search.largest(scores, N_CANDIDATES)]
        return np.sort(rows)


def dense_features(model) -> np.ndarray:
    """Return the weighted dense features of all titles by slot, shape (n, d) float32."""
    parts = [
        model.cell_index.transform(shard.vectors, shard.dense, shard.numbers)
        for shard in model.shards
    ]
    return np.concatenate(parts).astype(np.float32)


def build_faiss(model, vectors: np.ndarray, kind: str) -> tuple[Callable, Callable]:
    """Build an index of faiss; return its search function, and a function that saves it."""
    import faiss

    faiss.omp_set_num_threads(1)
    n_cells = max(1, min(4_096, int(2 * np.sqrt(len(vectors)))))
    n_probe = max(1, round(n_cells * model.probe_limit / len(vectors)))
    forms = {"IVF": f"IVF{n_cells},Flat", "IVF 8 bit": f"IVF{n_cells},SQ8", "HNSW": "HNSW32,Flat"}
    index = faiss.index_factory(vectors.shape[1], forms[kind], faiss.METRIC_INNER_PRODUCT)
    if kind != "HNSW":
        sample = np.linspace(0, len(vectors) - 1, min(len(vectors), 40 * n_cells)).astype(int)
        index.train(vectors[sample])
    index.add(vectors)

    def search(query, k, mask):
        options = {}
        if mask is not None:
            bits = np.packbits(mask, bitorder="little")
            options["sel"] = faiss.IDSelectorBitmap(bits)
        if kind == "HNSW":
            options["efSearch"] = k
            parameters = faiss.SearchParametersHNSW(**options)
        else:
            parameters = faiss.SearchParametersIVF(nprobe=min(n_probe, n_cells), **options)
        _, slots = index.search(query[None], k, params=parameters)
        return slots[0][slots[0] >= 0]

    return search, partial(faiss.write_index, index)


def build_usearch(vectors: np.ndarray) -> tuple[Callable, Callable]:
    """Build an index of usearch; with a mask, three times as many slots are searched."""
    from usearch.index import Index

    index = Index(ndim=vectors.shape[1], metric="ip", dtype="f16", expansion_search=1_000)
    index.add(np.arange(len(vectors)), vectors, threads=1)

    def search(query, k, mask):
        count = k if mask is None else 3 * k
        slots = index.search(query, min(count, len(vectors)), threads=1).keys.astype(np.int64)
        return slots if mask is None else slots[mask[slots]]

    return search, index.save


def measure_cells(folder: str) -> list[dict]:
    """Measure candidates from cells and from vector indexes: time, recall and disk space."""
    from mediarec.recommend.filters import Filters
    from mediarec.recommend.ranking import MAX_PER_FRANCHISE
    from mediarec.scale.ondisk_search import rerank

    model = open_model(folder)
    exhaustive = type(model)(folder, 10**12)
    rows = np.random.default_rng(7).choice(len(model), N_QUERIES, replace=False)
    fields = model.get_fields(rows, ["show_id", "type", "listed_in"])
    ids, types, genres = (fields[name].tolist() for name in ("show_id", "type", "listed_in"))
    resolved = [model.resolve_query(show_id) for show_id in ids]
    filters = [Filters(type=t, genre=g.split(", ")[0]) for t, g in zip(types, genres)]
    queries = list(zip(resolved, filters))
    no_filters = Filters()

    def rank(find, query, query_filters):
        masks = model.shard_masks(query_filters)
        found = find(query, masks)
        excluded = query.excluded_rows
        return rerank(model, query, found, excluded, 10, 0.0, MAX_PER_FRANCHISE, None)[0]

    vectors = dense_features(model)
    finders = {f"{OURS}: cells": lambda query, masks: model.find_candidates(query, masks, 300)[0]}
    builds = {
        f"faiss {kind}": partial(build_faiss, model, vectors, kind)
        for kind in ("IVF", "IVF 8 bit", "HNSW")
    }
    builds["usearch HNSW"] = partial(build_usearch, vectors)
    costs = {f"{OURS}: cells": {"build s": None, "disk MB": None}}
    for name, build in builds.items():
        start = time.perf_counter()
        search, save = build()
        seconds = time.perf_counter() - start
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "index"
            save(str(path))
            size = path.stat().st_size / 1e6
        costs[name] = {"build s": round(seconds, 1), "disk MB": round(size, 1)}
        finders[name] = VectorSearch(model, search).find_candidates

    plain = {n: lambda q, f=f: rank(f, q[0], no_filters) for n, f in finders.items()}
    filtered = {n: lambda q, f=f: rank(f, *q) for n, f in finders.items()}
    times = query_percentiles(plain, queries)
    filtered_times = query_percentiles(filtered, queries)
    some = queries[:N_RECALL_QUERIES]
    best = [exact_top_k(model, query) for query, _ in some]
    best_filtered = [exhaustive.rank(i, f).rows for i, (_, f) in zip(ids, some)]
    return [
        {
            "part": name,
            "ms": times[name],
            "filtered ms": filtered_times[name],
            "recall@10": mean_recall(plain[name], some, best),
            "recall@10 filtered": mean_recall(filtered[name], some, best_filtered),
            **costs[name],
        }
        for name in finders
    ]


def mean_recall(search: Callable, queries: list, expected: list[np.ndarray]) -> float:
    """Return the mean share of the expected rows that are found."""
    shares = [
        len(np.intersect1d(search(query), rows)) / max(len(rows), 1)
        for query, rows in zip(queries, expected)
    ]
    return round(float(np.mean(shares)), 4)


# Score sparse terms.


def measure_lists(folder: str) -> list[dict]:
    """Measure the scores of the sparse terms: inverted lists and a sparse matrix of scipy."""
    from scipy import sparse

    from mediarec.scale import ondisk_search as search

    model = open_model(folder)
    matrices = [
        sparse.csr_array(
            (shard.post_value, shard.post_slot.astype(np.int32), shard.post_start.astype(np.int32)),
            shape=(len(shard.post_term), shard.n),
        )
        for shard in model.shards
    ]

    def with_scipy(plan):
        scores = []
        for shard, matrix in zip(model.shards, matrices):
            position = search.find_sorted(shard.post_term, plan.terms)
            hit = position >= 0
            rows = matrix[position[hit]]
            total = plan.term_weights[hit] @ rows
            if plan.nonfiction_term_weights.any():
                total += (plan.nonfiction_term_weights[hit] @ rows) * shard.nonfiction
            scores.append(total)
        return scores

    def with_lists(plan):
        return [search._sparse_term_scores(shard, plan) for shard in model.shards]

    plans = []
    for row in np.random.default_rng(7).choice(len(model), N_QUERIES, replace=False).tolist():
        query = model.row_features(row)
        plans.append(
            search.make_search_plan(
                model.cell_index, model.empty_index, [query], [1.0], model.normalized_weights
            )
        )
    for ours, theirs in zip(with_lists(plans[0]), with_scipy(plans[0])):
        np.testing.assert_allclose(ours, theirs, atol=1e-9)
    parts = {f"{OURS}: inverted lists": with_lists, "scipy CSR": with_scipy}
    times = query_percentiles(parts, plans)
    return [{"part": name, "ms": times[name]} for name in parts]


# Filter by type and genre.


def measure_filters(folder: str) -> list[dict]:
    """Measure how the titles with a type and a genre are found; the result is an array."""
    import duckdb
    import polars as pl
    from pyroaring import BitMap

    from mediarec.recommend.filters import Filters, filter_mask

    model = open_model(folder)
    genres = model.manifest["genres"]
    numbers = {genre: i for i, genre in enumerate(genres)}
    masks = np.concatenate(
        [[shard.filter_columns.genres[genre] for genre in genres] for shard in model.shards], axis=1
    )
    types = np.concatenate([shard.type for shard in model.shards])
    table = pl.DataFrame({"type": types} | {f"g{i}": mask for i, mask in enumerate(masks)})
    connection = duckdb.connect(config={"threads": 1})
    connection.register("source", table.to_arrow())
    connection.execute("CREATE TABLE titles AS SELECT * FROM source")
    type_maps = {code: BitMap(np.flatnonzero(types == code)) for code in (0, 1)}
    genre_maps = [BitMap(np.flatnonzero(mask)) for mask in masks]

    def with_bits(query):
        filters = Filters(type=("Movie", "TV Show")[query[0]], genre=query[1])
        found = [filter_mask(shard.filter_columns, filters) for shard in model.shards]
        return np.flatnonzero(np.concatenate(found))

    def with_polars(query):
        passes = (pl.col("type") == query[0]) & pl.col(f"g{numbers[query[1]]}")
        return table.select(pl.arg_where(passes)).to_series().to_numpy()

    def with_duckdb(query):
        where = f"type = {query[0]} AND g{numbers[query[1]]}"
        sql = f"SELECT rowid FROM titles WHERE {where}"
        return connection.sql(sql).fetchnumpy()["rowid"]

    def with_bitmaps(query):
        return np.array(type_maps[query[0]] & genre_maps[numbers[query[1]]])

    parts = {
        f"{OURS}: bits of labels": with_bits,
        "Polars": with_polars,
        "DuckDB": with_duckdb,
        "pyroaring": with_bitmaps,
    }
    rng = np.random.default_rng(7)
    queries = list(zip(rng.integers(0, 2, N_QUERIES).tolist(), rng.choice(genres, N_QUERIES)))
    for query in queries[:20]:
        for part in parts.values():
            np.testing.assert_array_equal(np.sort(part(query)), with_bits(query))
    times = query_percentiles(parts, queries)
    sizes = {
        f"{OURS}: bits of labels": sum(shard.genres.nbytes + shard.n for shard in model.shards),
        "Polars": table.estimated_size(),
        "pyroaring": sum(len(bits.serialize()) for bits in [*type_maps.values(), *genre_maps]),
    }
    rows = []
    for name in parts:
        size = round(sizes[name] / 1e6, 2) if name in sizes else None
        rows.append({"part": name, "ms": times[name], "MB": size})
    return rows


SECTIONS = {
    "terms": measure_terms,
    "works": measure_works,
    "cells": measure_cells,
    "lists": measure_lists,
    "filters": measure_filters,
}
RUNNABLE = SECTIONS | {"merge_memory": merge_memory, "works_memory": works_memory}


def add_ratio(rows: list[dict], key: str) -> list[dict]:
    """Add how long each part takes, compared with the first one, which mediarec uses."""
    return [row | {"ratio": round(row[key] / rows[0][key], 2)} for row in rows]


def run_section(name: str, *args: str):
    """Run a function of this file in its own process, with one thread; return its result."""
    threads = {"POLARS_MAX_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    command = [sys.executable, str(Path(__file__).resolve()), "--run", name, *args]
    done = subprocess.run(
        command, env=os.environ | SINGLE_THREAD_ENV | threads, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"{name} failed")
    return json.loads(done.stdout.splitlines()[-1])


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--work-dir", type=Path, help="folder with models, as benchmarks/scale.py --keep leaves")
    add("--sizes", type=int, nargs="*", help="numbers of titles; by default all models")
    add("--sections", nargs="*", default=list(SECTIONS), choices=list(SECTIONS))
    add("--json", type=Path, default=None, help="add the results to this file")
    add("--run", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def main() -> None:
    parser = make_parser()
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.run:
        name, *part_args = args.run
        print(json.dumps(RUNNABLE[name](*part_args)))
        return
    if args.work_dir is None:
        parser.error("--work-dir is missing")
    results = {}
    if args.json and args.json.exists():
        results = json.loads(args.json.read_text(encoding="utf-8"))
    models = sorted(args.work_dir.glob("model-*"))
    found = {int(path.name.removeprefix("model-")): path for path in models}
    for n in sorted(args.sizes or found):
        for section in args.sections:
            rows = run_section(section, str(found[n]))
            results.setdefault(section, {})[str(n)] = rows
            print(f"\n{section}, {n:,} titles\n{pd.DataFrame(rows).to_string(index=False)}")
            if args.json:
                args.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
