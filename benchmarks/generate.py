"""Generate a catalog of any size for benchmarks. Its titles, names and descriptions are invented.

  python benchmarks/generate.py big.parquet --titles 1000000 [--like CATALOG] [--seed 1]
  python benchmarks/generate.py --check [--like CATALOG]     compare it with the real catalog

The generated catalog costs about as much time and memory as a real one:

- Each title copies the type, rating, genres, countries, year and duration of a random title of
  the real catalog, and also how many words and names this title has.
- The words of a description have the frequencies of its genre. Rare words follow a power law,
  so that the number of distinct words grows with the catalog (Heaps' law).
- Names follow a power law, too. At the size of the real catalog there are as many distinct names.
- Some titles belong to a franchise. Its titles share a prefix, a director and the first names of
  the cast. Some titles are a second row of the same work.

Rows are generated in chunks, and each chunk has its own seed. So the same seed gives the same
rows for any number of titles, and only one chunk is in memory.
"""

import argparse
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from mediarec.core import COLUMNS, split_list
from mediarec.data.catalog import load_catalog
from mediarec.data.clean import clean
from mediarec.features.multilabel import franchise_key
from mediarec.features.text import stop_words, tokenize

CHUNK_SIZE = 25_000
# Tail index a of P(rank > r) = (1 + r / scale) ** -a. The number of distinct values among N draws
# grows as N ** (1 / (1 + a)).
TAIL_INDEX = {"cast": 0.5, "director": 0.4, "word": 0.7, "franchise": 3.0}
SINGLE_TITLE_CORRECTION = 1.15  # a franchise that is drawn only once is not a franchise
SYLLABLES = [c + v for c in "bkdlmnrstv" for v in "aeiou"] + ["za", "zo"]
SYLLABLE_ENDINGS = "n r l s m t rd nd ll ss ck th x z".split()
COPIED_COLUMNS = [
    "type",
    "rating",
    "listed_in",
    "country",
    "release_year",
    "duration",
    "date_added",
]
MAX_TITLE_WORDS = 8


def make_word(number: int, min_syllables: int) -> str:
    """Return an invented word; each number has its own."""
    syllables = []
    while len(syllables) < min_syllables or number > 0:
        number, position = divmod(number, len(SYLLABLES))
        syllables.append(SYLLABLES[position])
    word = "".join(syllables)
    return word + SYLLABLE_ENDINGS[len(word) % len(SYLLABLE_ENDINGS)]


def make_name(rank: int) -> str:
    """Return an invented name; each rank has its own family name."""
    given_name = make_word((rank * 7_919) % 3_001, 2)
    return f"{given_name.capitalize()} {make_word(rank, 2).capitalize()}"


def sample_ranks(rng: np.random.Generator, size: int, scale: float, tail: float) -> np.ndarray:
    """Draw ranks from 0 with P(rank > r) = (1 + r / scale) ** -tail."""
    ranks = scale * ((1 - rng.random(size)) ** (-1 / tail) - 1)
    return np.minimum(ranks, 2.0**60).astype(np.int64)


def fit_scale(n_draws: int, n_distinct: float, tail: float) -> float:
    """Find the scale at which a number of draws has an expected number of distinct ranks."""
    exact = np.arange(0, 2_000)
    edges = np.concatenate([exact, np.geomspace(2_000, 1e17, 4_000)]).astype(np.int64)
    edges = np.unique(edges).astype(float)
    width = np.diff(edges)
    low, high = 1e-3, 1e9
    for _ in range(60):  # bisection
        scale = np.sqrt(low * high)
        inside = -np.diff((1 + edges / scale) ** -tail)
        beyond = n_draws * (1 + edges[-1] / scale) ** -tail
        expected = (width * -np.expm1(-n_draws * inside / width)).sum() + beyond
        if expected < n_distinct:
            low = scale
        else:
            high = scale
    return scale


class CatalogProfile:
    """Frequencies and lengths of a real catalog."""

    def __init__(self, frame: pd.DataFrame):
        self.rows = frame[COPIED_COLUMNS].to_dict("list")
        self.genres = [first_genre(value) for value in frame.listed_in]
        self._fit_descriptions(frame.description)
        self._fit_names(frame)
        self._fit_titles(frame.title)
        cleaned = clean(frame)
        self.duplicate_share = float((cleaned.work_id != cleaned.show_id).mean())

    def _fit_descriptions(self, descriptions):
        """Count the words of descriptions, by genre."""
        texts = [tokenize(text) if isinstance(text, str) else [] for text in descriptions]
        self.description_lengths = [len(words) for words in texts]
        counts = Counter(chain.from_iterable(texts))
        n_words, n_singletons = sum(counts.values()), count_singletons(counts)
        counts_by_genre = {genre: Counter() for genre in self.genres}
        for words, genre in zip(texts, self.genres):
            counts_by_genre[genre].update(word for word in words if counts[word] > 1)
        self.words = {genre: cumulative_shares(c) for genre, c in counts_by_genre.items()}
        self.singleton_share = n_singletons / max(n_words, 1)
        n_rare = max(1, int(self.singleton_share * n_words))
        self.word_scale = fit_scale(n_rare, 0.97 * max(1, n_singletons), TAIL_INDEX["word"])

    def _fit_names(self, frame):
        """Count the names of casts and directors."""
        self.name_counts, self.name_scales = {}, {}
        for column in ("cast", "director"):
            lists = [split_list(value) for value in frame[column]]
            names = list(chain.from_iterable(lists))
            self.name_counts[column] = [len(values) for values in lists]
            self.name_scales[column] = 1.0
            if names:
                n_distinct = len(set(names))
                self.name_scales[column] = fit_scale(len(names), n_distinct, TAIL_INDEX[column])

    def _fit_titles(self, titles):
        """Count the words of titles, and the titles of franchises."""
        tokens = [tokenize(title) for title in titles]
        counts = Counter(chain.from_iterable(tokens))
        self.title_lengths = [min(len(words), MAX_TITLE_WORDS) or 1 for words in tokens]
        self.title_singleton_share = count_singletons(counts) / max(sum(counts.values()), 1)
        content_words = {word: count for word, count in counts.items() if word not in stop_words()}
        self.title_words = cumulative_shares(content_words)

        franchises = franchise_sizes(titles)
        n_titles = sum(franchises.values())
        in_franchise = sum(size for size in franchises.values() if size > 1)
        n_franchises = sum(size > 1 for size in franchises.values())
        self.franchise_share = in_franchise / max(n_titles, 1)
        self.franchise_scale = 1.0
        if self.franchise_share:
            n_draws = max(2, int(self.franchise_share * n_titles))
            self.franchise_scale = fit_scale(n_draws, max(1, n_franchises), TAIL_INDEX["franchise"])


def first_genre(value: object) -> str:
    """Return the first genre of a title, "" if there is none."""
    genres = split_list(value)
    return genres[0] if genres else ""


def count_singletons(counts: Counter) -> int:
    """Return how many values occur once."""
    return sum(count == 1 for count in counts.values())


def franchise_sizes(titles: pd.Series) -> Counter:
    """Return the number of titles of each franchise key."""
    return Counter(chain.from_iterable(franchise_key(title) for title in titles))


def cumulative_shares(counts: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return words and the cumulative shares of their counts, for `sample_words`."""
    if not counts:
        return np.array(["story"], dtype=object), np.ones(1)
    words = sorted(counts)
    shares = np.cumsum([counts[word] for word in words]) / sum(counts.values())
    return np.array(words, dtype=object), shares


def sample_words(
    rng: np.random.Generator, words_and_shares: tuple[np.ndarray, np.ndarray], size: int
) -> np.ndarray:
    """Draw words by their shares."""
    words, shares = words_and_shares
    position = np.searchsorted(shares, rng.random(size), side="right")
    return words[position.clip(max=len(words) - 1)]


def generate_chunk(
    profile: CatalogProfile, index: int, size: int, random_state: int
) -> pd.DataFrame:
    """Generate the rows from index * CHUNK_SIZE on, as a frame of strings."""
    rng = np.random.default_rng([random_state, index])
    source = rng.integers(len(profile.genres), size=size)
    in_franchise = rng.random(size) < SINGLE_TITLE_CORRECTION * profile.franchise_share
    tail = TAIL_INDEX["franchise"]
    franchises = sample_ranks(rng, size, profile.franchise_scale, tail).tolist()
    franchises = [rank if member else None for rank, member in zip(franchises, in_franchise)]
    rows = {name: [values[i] for i in source] for name, values in profile.rows.items()}
    rows["description"] = generate_descriptions(profile, rng, source)
    rows["title"] = generate_titles(profile, rng, source, franchises)
    for column in ("cast", "director"):
        rows[column] = generate_people(profile, rng, column, source, franchises, random_state)
    rows["show_id"] = [f"g{index * CHUNK_SIZE + i + 1}" for i in range(size)]
    for i in np.flatnonzero(rng.random(size) < profile.duplicate_share)[1:]:
        original = int(rng.integers(i))
        for column, values in rows.items():
            if column != "show_id":
                values[i] = values[original]
        if rng.random() < 0.5:
            rows["title"][i] += " (Hindi Version)"
    frame = pd.DataFrame(rows)[list(COLUMNS)].astype(object)
    return frame.where(frame.notna(), "").astype(str)


def generate_descriptions(
    profile: CatalogProfile, rng: np.random.Generator, source: np.ndarray
) -> list[str]:
    """Generate descriptions as long as those of the source titles, genre by genre."""
    descriptions = [""] * len(source)
    lengths = [profile.description_lengths[i] for i in source]
    genres = [profile.genres[i] for i in source]
    for genre in sorted(set(genres)):
        rows = [row for row, other in enumerate(genres) if other == genre]
        size = sum(lengths[row] for row in rows)
        words = sample_words(rng, profile.words[genre], size)
        rare = np.flatnonzero(rng.random(size) < profile.singleton_share)
        ranks = sample_ranks(rng, len(rare), profile.word_scale, TAIL_INDEX["word"])
        words[rare] = [make_word(int(rank), 3) for rank in ranks]
        start = 0
        for row in rows:
            stop = start + lengths[row]
            if lengths[row]:
                descriptions[row] = " ".join(words[start:stop].tolist()).capitalize() + "."
            start = stop
    return descriptions


def generate_titles(
    profile: CatalogProfile,
    rng: np.random.Generator,
    source: np.ndarray,
    franchises: list[int | None],
) -> list[str]:
    """Generate titles as long as those of the source titles; a franchise has a common prefix."""
    lengths = np.array([profile.title_lengths[i] for i in source])
    words = sample_words(rng, profile.title_words, int(lengths.sum()))
    # Two titles of one word are rarely the same, so their words are nearly always rare.
    is_single = np.repeat(lengths, lengths) == 1
    share = np.where(is_single, 0.9, profile.title_singleton_share)
    rare = np.flatnonzero(rng.random(len(words)) < share)
    ranks = sample_ranks(rng, len(rare), 20 * profile.word_scale, TAIL_INDEX["word"])
    words[rare] = [make_word(int(rank) + 10**5, 2) for rank in ranks]
    titles = []
    start = 0
    for length, franchise in zip(lengths.tolist(), franchises):
        title = " ".join(words[start : start + length].tolist()).title()
        start += length
        if franchise is not None:
            prefix = make_name(franchise + 10**6)
            title = f"{prefix}: {title}" if length % 2 else f"{prefix} {int(rng.integers(2, 9))}"
        titles.append(title)
    return titles


def generate_people(
    profile: CatalogProfile,
    rng: np.random.Generator,
    column: str,
    source: np.ndarray,
    franchises: list[int | None],
    random_state: int,
) -> list[str]:
    """Generate as many names as the source titles have; a franchise has the same first names."""
    scale, tail = profile.name_scales[column], TAIL_INDEX[column]
    n_common, stream, offset = (3, 2, 0) if column == "cast" else (1, 1, 10**9)
    counts = [profile.name_counts[column][i] for i in source]
    ranks = sample_ranks(rng, sum(counts), scale, tail)
    people = []
    start = 0
    for count, franchise in zip(counts, franchises):
        own_ranks = ranks[start : start + count].tolist()
        start += count
        if franchise is not None and count:
            franchise_rng = np.random.default_rng([random_state, stream, franchise])
            common_ranks = sample_ranks(franchise_rng, n_common, scale, tail).tolist()
            own_ranks = (common_ranks + own_ranks)[:count]
        names = [make_name(rank + offset) for rank in own_ranks]
        people.append(", ".join(dict.fromkeys(names)))
    return people


def generate_chunks(
    profile: CatalogProfile, n_titles: int, random_state: int = 1
) -> Iterator[pd.DataFrame]:
    """Yield frames of at most CHUNK_SIZE rows."""
    for index in range(-(-n_titles // CHUNK_SIZE)):
        size = min(CHUNK_SIZE, n_titles - index * CHUNK_SIZE)
        yield generate_chunk(profile, index, size, random_state)


def write_parquet(
    path: str | Path,
    profile: CatalogProfile,
    n_titles: int,
    random_state: int = 1,
    progress: bool = True,
) -> None:
    """Write a generated catalog to Parquet, one row group for each chunk."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from tqdm import tqdm

    schema = pa.schema([(column, pa.string()) for column in COLUMNS])
    n_chunks = -(-n_titles // CHUNK_SIZE)
    chunks = generate_chunks(profile, n_titles, random_state)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for frame in tqdm(chunks, total=n_chunks, disable=not progress, unit="chunk"):
            writer.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))


def catalog_metrics(frame: pd.DataFrame) -> dict[str, float]:
    """Return the properties of a catalog that cost time and memory."""
    cleaned = clean(frame)
    n_titles = len(frame)
    descriptions = [text for text in frame.description if isinstance(text, str)]
    words = Counter(chain.from_iterable(map(tokenize, descriptions)))
    frequencies = [count for _, count in words.most_common()]
    n_words = max(sum(frequencies), 1)
    cast = Counter(chain.from_iterable(map(split_list, frame["cast"])))
    directors = Counter(chain.from_iterable(map(split_list, frame.director)))
    franchises = franchise_sizes(frame.title)
    genre_shares = cleaned.genres.explode().value_counts(normalize=True)
    return {
        "titles": n_titles,
        "words in a description": n_words / n_titles,
        "distinct words": len(words),
        "share of the 10 most frequent words": sum(frequencies[:10]) / n_words,
        "share of the 100 most frequent words": sum(frequencies[:100]) / n_words,
        "share of the 1,000 most frequent words": sum(frequencies[:1000]) / n_words,
        "words used once": count_singletons(words),
        "names in a cast": sum(cast.values()) / n_titles,
        "distinct names": len(cast),
        "names in two casts or more": sum(count > 1 for count in cast.values()),
        "titles of the most frequent name": max(cast.values(), default=0),
        "distinct directors": len(directors),
        "titles of the most frequent director": max(directors.values(), default=0),
        "second rows of a work": float((cleaned.work_id != cleaned.show_id).mean()),
        "titles in a franchise": sum(n for n in franchises.values() if n > 1) / n_titles,
        "titles of the largest franchise": max(franchises.values(), default=0),
        "genres of a title": float(cleaned.genres.map(len).mean()),
        "share of the most frequent genre": float(genre_shares.iloc[0]),
        "share of series": float((cleaned.type == "TV Show").mean()),
    }


def compare_with_real(frame: pd.DataFrame, random_state: int = 1) -> pd.DataFrame:
    """Compare a catalog with a generated catalog of the same size."""
    chunks = generate_chunks(CatalogProfile(frame), len(frame), random_state)
    generated = load_catalog(pd.concat(chunks, ignore_index=True))
    return pd.DataFrame({"real": catalog_metrics(frame), "generated": catalog_metrics(generated)})


def format_metric(value: float) -> str:
    """Format a count as a whole number and a share with three digits."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", nargs="?", help="the Parquet file to write")
    parser.add_argument("--titles", type=int, default=100_000, help="number of titles")
    parser.add_argument(
        "--like", default=None, help="the real catalog; by default `load_catalog()`"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the random numbers")
    parser.add_argument("--check", action="store_true", help="print a comparison with the catalog")
    args = parser.parse_args()
    if not args.out and not args.check:
        parser.error("give the file to write, or --check")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = load_catalog(args.like)
        if args.check:
            print(compare_with_real(frame, args.seed).map(format_metric).to_string())
    if args.out:
        write_parquet(args.out, CatalogProfile(frame), args.titles, args.seed)
        megabytes = Path(args.out).stat().st_size / 1e6
        print(f"{args.titles:,} titles in {args.out}, {megabytes:,.0f} MB")


if __name__ == "__main__":
    main()
