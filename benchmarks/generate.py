"""A catalogue of any size for measuring, like a real one in what costs time and memory. No title in it is a real one.

  python benchmarks/generate.py big.parquet --titles 1000000 [--like CATALOGUE] [--seed 1]
  python benchmarks/generate.py --check [--like CATALOGUE]     its figures beside the real catalogue's, at the same size

Type, rating, genres, countries, year, duration and the number of names and words of a title are those of a title drawn
from the catalogue (by default the best at hand). Words of descriptions follow how often that catalogue's genre uses them,
with a tail of words that grows with the catalogue (Heaps); names follow a power law with as many distinct ones as the
catalogue has for its size, and more of them as it grows. Some titles belong to sagas, whose parts share a start, a
director and the head of a cast; some are a second row of the same work. Rows come in chunks, each with a seed of its own:
the same seed gives the same rows whatever is generated at once, and nothing is held but one chunk.
"""

import argparse
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from mediarec.core import COLUMNS, split_list
from mediarec.data.catalog import load_catalog
from mediarec.data.clean import clean
from mediarec.features.franchise import franchise_key
from mediarec.features.text import STOP_WORDS, tokenize

CHUNK = 25_000
GROWTH = {
    "cast": 0.5,
    "director": 0.4,
    "word": 0.7,
    "saga": 3.0,
}  # tail index a of P(rank > r) = (1 + r / q) ** -a; distinct values grow as N ** (1 / (1 + a))
ALONE = 1.15  # a saga that gets one title only is none
HEADS = "ba be bi bo bu ka ke ki ko ku da de di do du la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo vu za zo".split()
TAILS = "n r l s m t rd nd ll ss ck th x z".split()


def invented(number, parts):
    """A word of its own for a number: syllables, the same each time."""
    out = []
    while parts > 0 or number > 0:
        number, syllable = divmod(number, len(HEADS))
        out.append(HEADS[syllable])
        parts -= 1
    return "".join(out) + TAILS[sum(map(len, out)) % len(TAILS)]


def person(rank):
    """A name for a rank."""
    given, family = (rank * 7_919) % 3_001, rank  # the family name tells people apart
    return f"{invented(given, 2).capitalize()} {invented(family, 2).capitalize()}"


def ranks(rng, size, scale, tail):
    """Ranks by P(rank > r) = (1 + r / scale) ** -tail, from 0."""
    return np.minimum(scale * ((1 - rng.random(size)) ** (-1 / tail) - 1), 2.0**60).astype(np.int64)


def scale_for(draws, distinct, tail):
    """The scale at which so many draws give so many distinct ranks, by bisection on what is expected."""
    low, high = 1e-3, 1e9
    edges = np.unique(
        np.concatenate([np.arange(0, 2_000), np.geomspace(2_000, 1e17, 4_000)]).astype(np.int64)
    ).astype(float)
    for _ in range(60):
        q = np.sqrt(low * high)
        inside, width = -np.diff((1 + edges / q) ** -tail), np.diff(edges)
        met = (width * -np.expm1(-draws * inside / width)).sum() + draws * (
            1 + edges[-1] / q
        ) ** -tail
        low, high = (q, high) if met < distinct else (low, q)
    return q


class Like:
    """What is drawn from: a real catalogue's rows and counts."""

    def __init__(self, frame):
        self.rows = frame[
            ["type", "rating", "listed_in", "country", "release_year", "duration", "date_added"]
        ].to_dict("list")
        genres = [split_list(v)[0] if split_list(v) else "" for v in frame.listed_in]
        texts = [tokenize(d) if isinstance(d, str) else [] for d in frame.description]
        self.length = [len(t) for t in texts]
        self.genre = genres
        met = Counter(w for t in texts for w in t)
        self.words = {
            g: self._share(
                Counter(w for t, k in zip(texts, genres) if k == g for w in t if met[w] > 1)
            )
            for g in set(genres)
        }
        self.once = sum(c == 1 for c in met.values()) / max(
            sum(met.values()), 1
        )  # of all words of text, those met once
        self.word_scale = scale_for(
            max(1, int(self.once * sum(met.values()))),
            0.97 * max(1, sum(c == 1 for c in met.values())),
            GROWTH["word"],
        )
        self.names = {c: [len(split_list(v)) for v in frame[c]] for c in ("cast", "director")}
        self.scale = {}
        for c in self.names:
            listed = [v for value in frame[c] for v in split_list(value)]
            self.scale[c] = scale_for(len(listed), len(set(listed)), GROWTH[c]) if listed else 1.0
        heads = [s[0] for t in frame.title if (s := franchise_key(t))]
        size = Counter(heads)
        self.in_saga = sum(c for c in size.values() if c > 1) / max(len(heads), 1)
        self.saga_scale = (
            scale_for(
                max(2, int(self.in_saga * len(heads))),
                max(1, sum(c > 1 for c in size.values())),
                GROWTH["saga"],
            )
            if self.in_saga
            else 1.0
        )
        self.title_words = self._share(
            Counter(w for t in frame.title for w in tokenize(t) if w not in STOP_WORDS)
        )
        met = Counter(w for t in frame.title for w in tokenize(t))
        self.title_once = sum(c == 1 for c in met.values()) / max(sum(met.values()), 1)
        self.title_length = [min(len(tokenize(t)), 8) or 1 for t in frame.title]
        cleaned = clean(frame)
        self.twice = float((cleaned.work_id != cleaned.show_id).mean())

    @staticmethod
    def _share(counts):
        if not counts:
            return np.array(["story"], dtype=object), np.ones(1)
        words = sorted(counts)
        return np.array(words, dtype=object), np.cumsum([counts[w] for w in words]) / sum(
            counts.values()
        )


def drawn(rng, share, size):
    words, upto = share
    return words[np.searchsorted(upto, rng.random(size), side="right").clip(max=len(words) - 1)]


def chunk(like, number, size, seed):
    """Rows number * CHUNK and on, as a frame of strings."""
    rng = np.random.default_rng([seed, number])
    n = len(like.genre)
    pick = rng.integers(n, size=size)
    rows = {c: [v[p] for p in pick] for c, v in like.rows.items()}
    in_saga = rng.random(size) < ALONE * like.in_saga
    sagas = ranks(rng, size, like.saga_scale, GROWTH["saga"])
    rows["description"] = described(like, rng, pick)
    rows["title"] = titled(like, rng, pick, in_saga, sagas)
    for c in ("cast", "director"):
        rows[c] = people(like, rng, c, pick, in_saga, sagas, seed)
    rows["show_id"] = [f"g{number * CHUNK + i + 1}" for i in range(size)]
    for i in np.flatnonzero(rng.random(size) < like.twice)[1:]:  # a second row of an earlier work
        of = int(rng.integers(i))
        for c in rows:
            rows[c][i] = rows[c][of] if c != "show_id" else rows[c][i]
        if rng.random() < 0.5:
            rows["title"][i] += " (Hindi Version)"
    frame = pd.DataFrame(rows)[list(COLUMNS)].astype(object)
    return frame.where(frame.notna(), "").astype(str)


def described(like, rng, pick):
    out, lengths = [None] * len(pick), [like.length[p] for p in pick]
    for genre in sorted({like.genre[p] for p in pick}):
        at = [i for i, p in enumerate(pick) if like.genre[p] == genre]
        size = sum(lengths[i] for i in at)
        words, rare = (
            drawn(rng, like.words[genre], size),
            np.flatnonzero(rng.random(size) < like.once),
        )
        words[rare] = [
            invented(int(r), 3) for r in ranks(rng, len(rare), like.word_scale, GROWTH["word"])
        ]
        start = 0
        for i in at:
            out[i] = (
                " ".join(words[start : start + lengths[i]].tolist()).capitalize() + "."
                if lengths[i]
                else ""
            )
            start += lengths[i]
    return out


def titled(like, rng, pick, in_saga, sagas):
    lengths = np.array([like.title_length[p] for p in pick])
    words, start, out = drawn(rng, like.title_words, int(lengths.sum())), 0, []
    alone = np.repeat(lengths, lengths) == 1  # hardly two titles of one word are the same word
    rare = np.flatnonzero(rng.random(len(words)) < np.where(alone, 0.9, like.title_once))
    words[rare] = [
        invented(int(r) + 10**5, 2)
        for r in ranks(rng, len(rare), 20 * like.word_scale, GROWTH["word"])
    ]
    for i, k in enumerate(lengths.tolist()):
        own = " ".join(words[start : start + k].tolist()).title()
        start += k
        if in_saga[i]:
            own = (
                f"{person(int(sagas[i]) + 10**6)}: {own}"
                if k % 2
                else f"{person(int(sagas[i]) + 10**6)} {int(rng.integers(2, 9))}"
            )
        out.append(own)
    return out


def people(like, rng, column, pick, in_saga, sagas, seed):
    counts = [like.names[column][p] for p in pick]
    drawn_ranks, start, out = ranks(rng, sum(counts), like.scale[column], GROWTH[column]), 0, []
    shift = 0 if column == "cast" else 10**9
    for i, k in enumerate(counts):
        own = drawn_ranks[start : start + k].tolist()
        start += k
        if in_saga[i] and k:  # a saga's own people lead
            lead = ranks(
                np.random.default_rng([seed, 1 if shift else 2, int(sagas[i])]),
                3 if column == "cast" else 1,
                like.scale[column],
                GROWTH[column],
            ).tolist()
            own = (lead + own)[:k]
        out.append(", ".join(dict.fromkeys(person(r + shift) for r in own)))
    return out


def chunks(like, titles, seed=1):
    """Frames of CHUNK rows until there are so many."""
    for number in range(0, -(-titles // CHUNK)):
        yield chunk(like, number, min(CHUNK, titles - number * CHUNK), seed)


def write(path, like, titles, seed=1, progress=True):
    """Stream a catalogue to Parquet, a row group a chunk."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from tqdm import tqdm

    schema = pa.schema([(c, pa.string()) for c in COLUMNS])
    with pq.ParquetWriter(path, schema, compression="zstd") as out:
        for frame in tqdm(
            chunks(like, titles, seed),
            total=-(-titles // CHUNK),
            disable=not progress,
            unit="chunk",
        ):
            out.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False))


def figures(frame):
    """What costs time and memory, of a catalogue."""
    cleaned = clean(frame)
    met = Counter(w for d in frame.description if isinstance(d, str) for w in tokenize(d))
    often, total = [c for _, c in met.most_common()], max(sum(met.values()), 1)
    cast = Counter(v for value in frame["cast"] for v in split_list(value))
    director = Counter(v for value in frame.director for v in split_list(value))
    heads = Counter(s[0] for t in frame.title if (s := franchise_key(t)))
    genres = cleaned.genres.explode().value_counts(normalize=True)
    return {
        "titles": len(frame),
        "words in a description": total / len(frame),
        "distinct words": len(met),
        "share of the 10 commonest words": sum(often[:10]) / total,
        "share of the 100 commonest": sum(often[:100]) / total,
        "share of the 1,000 commonest": sum(often[:1000]) / total,
        "words met once": sum(c == 1 for c in often),
        "names in a cast": sum(cast.values()) / len(frame),
        "distinct names": len(cast),
        "names in two casts or more": sum(c > 1 for c in cast.values()),
        "films of the busiest name": max(cast.values(), default=0),
        "distinct directors": len(director),
        "films of the busiest director": max(director.values(), default=0),
        "second rows of a work": float((cleaned.work_id != cleaned.show_id).mean()),
        "titles in a saga": sum(c for c in heads.values() if c > 1) / len(frame),
        "largest saga": max(heads.values(), default=0),
        "genres of a title": float(cleaned.genres.map(len).mean()),
        "share of the commonest genre": float(genres.iloc[0]),
        "share of series": float((cleaned.type == "TV Show").mean()),
    }


def check(like_frame, seed=1):
    """The figures of the catalogue and of one generated like it, at the same size."""
    like = Like(like_frame)
    made = load_catalog(pd.concat(chunks(like, len(like_frame), seed), ignore_index=True))
    return pd.DataFrame({"real": figures(like_frame), "generated": figures(made)})


def main():
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked.add_argument("out", nargs="?", help="the Parquet file to write")
    asked.add_argument("--titles", type=int, default=100_000)
    asked.add_argument("--like", default=None, help="a catalogue; by default the best at hand")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--check", action="store_true")
    args = asked.parse_args()
    if not args.out and not args.check:
        asked.error("name the file to write, or ask for --check")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = load_catalog(args.like)
        if args.check:
            table = check(frame, args.seed)
            print(
                table.map(
                    lambda v: f"{v:,.0f}" if v >= 100 or v == int(v) else f"{v:.3f}"
                ).to_string()
            )
    if args.out:
        write(args.out, Like(frame), args.titles, args.seed)
        print(
            f"{args.titles:,} titles in {args.out}, {Path(args.out).stat().st_size / 1e6:,.0f} MB"
        )


if __name__ == "__main__":
    main()
