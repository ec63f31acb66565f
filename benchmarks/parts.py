"""Measure parts of the on-disk recommender beside other libraries: the search of titles.

  python benchmarks/scale.py --work-dir DIR --keep        leaves models of three sizes in DIR
  python benchmarks/parts.py --work-dir DIR               measures the title search of each model
  python benchmarks/parts.py ... --json data/parts.json   adds the results to a file

Every part gives candidates, and `autocomplete` of mediarec chooses and sorts the suggestions. The
parts answer the same queries one after the other in one process, so other work on the machine
slows all of them down. Each part has one function here. A library that is not installed is left
out (pip install tantivy).

Queries are made from random titles, half of them well known: the start of a title as it is typed,
the same with one typo (a dropped, swapped, wrong or doubled letter), and the start without accents
or article. hit@10 is the share of queries whose title (or a row of the same work) is among ten
suggestions. The section "titles_tried" of the file also has the code that SQLite replaced.
"""

import argparse
import json
import re
import string
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from mediarec.core import normalize_text, without_article
from mediarec.files import atomic_write_text
from mediarec.recommend.search import MAX_PREFIX_LENGTH, TitleIndex, autocomplete, list_names

DEFAULT_SIZES = [10_000, 100_000, 1_000_000]
N_TITLES = 400  # titles that queries are made from
N_SUGGESTIONS = 10
KINDS = {
    "typed": ["typed"],
    "misspelled": ["dropped", "swapped", "wrong", "doubled"],
    "plain": ["plain"],
}
TITLE_COLUMNS = ["show_id", "title", "work_id", "fame", "other_names"]
Suggest = Callable[[str], Iterable[int]]


def make_queries(titles: pd.DataFrame, n: int = N_TITLES) -> dict[str, list[tuple[str, int]]]:
    """Return queries of each kind: the text, and the position of the title that is meant."""
    rng = np.random.default_rng(7)
    is_known = titles.fame.fillna(0).to_numpy() > 0
    known = np.flatnonzero(is_known)
    rows = rng.choice(known, min(n // 2, len(known)), replace=False)
    rows = np.concatenate([rows, rng.choice(len(titles), n - len(rows), replace=False)])
    queries = {kind: [] for kinds in KINDS.values() for kind in kinds}
    for row in rows.tolist():
        title = titles.title.iloc[row]
        name = normalize_text(title)
        queries["typed"].append((title[: rng.integers(3, 13)], row))
        start = name[: rng.integers(6, 15)]
        if without_article(name) != name or not title.isascii():
            queries["plain"].append((without_article(name)[: len(start)], row))
        if len(start) >= 5:
            for kind, text in misspell(start, rng).items():
                queries[kind].append((text, row))
    return queries


def misspell(text: str, rng: np.random.Generator) -> dict[str, str]:
    """Return a text with one typo of each kind, not in the first letter."""
    i = int(rng.integers(1, len(text) - 1))
    letter = rng.choice(list(string.ascii_lowercase))
    return {
        "dropped": text[:i] + text[i + 1 :],
        "swapped": text[:i] + text[i + 1] + text[i] + text[i + 2 :],
        "wrong": text[:i] + letter + text[i + 1 :],
        "doubled": text[:i] + text[i] + text[i:],
    }


def open_sqlite(model) -> Suggest:
    """Full-text search of SQLite, the part that mediarec uses."""
    return lambda text: model.suggest_rows(text, N_SUGGESTIONS)


class TantivySearch:
    """Candidates from tantivy: prefixes, trigrams and Levenshtein automata in one index."""

    def __init__(self, titles: pd.DataFrame, folder: str):
        import tantivy

        self.library = tantivy
        self.titles = titles
        self.fame = titles.fame.fillna(0).to_numpy(int)
        self.works = titles.work_id.to_numpy(object)
        self.index = tantivy.Index(self._schema(), path=folder)
        trigrams = tantivy.Tokenizer.ngram(min_gram=3, max_gram=3)
        self.index.register_tokenizer("trigrams", tantivy.TextAnalyzerBuilder(trigrams).build())
        self._write()
        self.index.reload()
        self.searcher = self.index.searcher()
        self.schema = self.index.schema

    def _schema(self):
        builder = self.library.SchemaBuilder()
        builder.add_text_field("start", tokenizer_name="raw", index_option="basic")
        builder.add_text_field("words", tokenizer_name="whitespace", index_option="position")
        builder.add_text_field("trigrams", tokenizer_name="trigrams", index_option="position")
        builder.add_integer_field("row", stored=True, fast=True)
        builder.add_unsigned_field("priority", stored=True, fast=True)
        return builder.build()

    def _write(self):
        """Add all names; a small priority is suggested first."""
        names, rows = list_names(self.titles.title, self.titles.other_names)
        writer = self.index.writer(heap_size=500_000_000, num_threads=1)
        for name, row in zip(names, rows):
            document = self.library.Document()
            document.add_text("start", without_article(name)[:MAX_PREFIX_LENGTH])
            document.add_text("words", name)
            document.add_text("trigrams", name)
            document.add_integer("row", row)
            priority = 10_000 * (3 - int(self.fame[row])) + len(names[row])
            document.add_unsigned("priority", priority)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def _rows(self, query, limit):
        """Return the rows of the names with the smallest priority."""
        found = self.searcher.search(
            query, limit, order_by_field="priority", order=self.library.Order.Asc
        )
        return [self.searcher.doc(address)["row"][0] for _, address in found.hits]

    def _find_prefix(self, prefix, limit):
        query = self.library.Query
        pattern = re.escape(prefix).replace("\\ ", " ") + ".*"
        rows = self._rows(query.regex_query(self.schema, "start", pattern), limit)
        words = prefix.split()
        if len(words) > 1:
            inside = query.phrase_prefix_query(self.schema, "words", words)
        else:
            inside = query.regex_query(self.schema, "words", pattern)
        return rows + self._rows(inside, limit)

    def _find_substring(self, text, limit):
        trigrams = [text[i : i + 3] for i in range(len(text) - 2)]
        if len(trigrams) == 1:
            return self._rows(
                self.library.Query.term_query(self.schema, "trigrams", text, "position"), limit
            )
        return self._rows(self.library.Query.phrase_query(self.schema, "trigrams", trigrams), limit)

    def _find_misspelled(self, text, limit):
        text = text[:MAX_PREFIX_LENGTH]
        query = self.library.Query.fuzzy_term_query(
            self.schema,
            "start",
            text,
            distance=min(2, max(1, len(text) // 4)),
            transposition_cost_one=True,
            prefix=True,
        )
        return self._rows(query, limit)

    def _n_works(self, rows):
        return len(set(self.works[rows]))

    def __call__(self, text: str) -> list[int]:
        n = N_SUGGESTIONS
        prefix = normalize_text(text)
        if not prefix:
            return []
        rows = self._find_prefix(prefix, 4 * n)
        if len(prefix) > 2 and self._n_works(rows) < n:
            rows += self._find_substring(prefix, n)
        if len(prefix) > 3 and self._n_works(rows) < n:
            rows += self._find_misspelled(prefix, 4 * n)
        rows = sorted(set(rows))
        titles = self.titles.iloc[rows]
        index = TitleIndex(
            rows,
            titles.title.tolist(),
            self.works[rows].tolist(),
            fame=self.fame[rows].tolist(),
            other_names=titles.other_names.tolist(),
        )
        return [rows[i] for i in autocomplete(index, text, n)]


def measure_titles(parts: dict[str, Suggest], titles: pd.DataFrame) -> dict[str, dict]:
    """Ask all parts the same queries; return times in milliseconds and hit@10 of each part."""
    works = titles.work_id.to_numpy(object)
    queries = make_queries(titles)
    for text, _ in queries["typed"][:50]:  # loads the files into memory
        for suggest in parts.values():
            suggest(text)
    results = {part: {} for part in parts}
    for name, kinds in KINDS.items():
        asked = [query for kind in kinds for query in queries[kind]]
        if not asked:
            continue
        times = {part: [] for part in parts}
        hits = dict.fromkeys(parts, 0)
        for text, row in asked:
            for part, suggest in parts.items():
                start = time.perf_counter()
                rows = [int(found) for found in suggest(text)]
                times[part].append((time.perf_counter() - start) * 1e3)
                hits[part] += works[row] in works[rows]
        for part in parts:
            percentiles = np.percentile(times[part], (50, 99))
            results[part][f"{name} ms"] = [round(float(value), 2) for value in percentiles]
            results[part][f"{name} hit@10"] = round(hits[part] / len(asked), 3)
    return results


def folder_mb(paths: Iterable[Path]) -> float:
    """Return the size of some files in MB."""
    return round(sum(path.stat().st_size for path in paths) / 1e6, 1)


def measure_model(folder: Path) -> dict[str, dict]:
    """Measure the title search of a model, and tantivy on the same titles."""
    from mediarec.scale.ondisk import OnDiskRecommender

    model = OnDiskRecommender.load(folder)
    titles = model.catalog[TITLE_COLUMNS].reset_index(drop=True)
    parts: dict[str, Suggest] = {"SQLite FTS5": open_sqlite(model)}
    sizes = {"SQLite FTS5": folder_mb(folder.rglob("titles.sqlite"))}
    with tempfile.TemporaryDirectory() as index_folder:
        try:
            parts["tantivy"] = TantivySearch(titles, index_folder)
            sizes["tantivy"] = folder_mb(Path(index_folder).iterdir())
        except ImportError:
            print("tantivy is not installed, so it is not measured")
        results = measure_titles(parts, titles)
    return {part: {"disk MB": sizes[part], **row} for part, row in results.items()}


def format_results(results: dict[str, dict[str, dict]]) -> str:
    """Return the results as a table with one row for each size and part."""
    rows = []
    for n_titles, parts in results.items():
        for part, row in parts.items():
            times = {k: " / ".join(map(str, v)) for k, v in row.items() if isinstance(v, list)}
            rows.append({"titles": n_titles, "part": part} | row | times)
    return pd.DataFrame(rows).to_string(index=False, na_rep="")


def add_to_file(path: Path, results: dict[str, dict[str, dict]]) -> None:
    """Write the results; the file keeps other sizes, parts and sections."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    section = stored.setdefault("titles", {})
    for n_titles, parts in results.items():
        section.setdefault(n_titles, {}).update(parts)
    atomic_write_text(path, json.dumps(stored, indent=1) + "\n")


def main() -> None:
    """Measure the models of some sizes, print a table, and add it to a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=DEFAULT_SIZES)
    parser.add_argument(
        "--work-dir", type=Path, required=True, help="the folder of scale.py --keep"
    )
    parser.add_argument("--json", type=Path, help="a file to add the results to")
    options = parser.parse_args()
    results = {}
    for n_titles in options.sizes:
        results[str(n_titles)] = measure_model(options.work_dir / f"model-{n_titles}")
        print(format_results({str(n_titles): results[str(n_titles)]}), flush=True)
    if options.json:
        add_to_file(options.json, results)


if __name__ == "__main__":
    main()
