"""Compare the starter catalog with its own rules and with facts from other data sets.

`python tests/starter.py` prints a report; MEDIAREC_CATALOG and MEDIAREC_MOVIELENS make it longer.
`python tests/starter.py --write` writes the counts into the data card, mediarec/assets/README.md.
test_starter.py asserts what is reported here.
"""

import os
import re
import sys
from collections import Counter
from pathlib import Path

import pandas as pd

from mediarec.core import normalize_text
from mediarec.features.multilabel import franchise_key

ASSETS = Path(__file__).parent.parent / "mediarec" / "assets"
SERIES_RATINGS = {"TV-Y", "TV-Y7", "TV-Y7-FV", "TV-G", "TV-PG", "TV-14", "TV-MA", "NR"}
RATINGS = {
    "Movie": SERIES_RATINGS | {"G", "PG", "PG-13", "R", "NC-17", "UR"},
    "TV Show": SERIES_RATINGS,
}
DURATION = {"Movie": r"[1-9]\d* min", "TV Show": r"1 Season|(?:[2-9]|\d\d) Seasons"}


def read(path=ASSETS / "starter.csv"):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def items(column):
    return column[column != ""].str.split(", ").explode()


def franchises(rows):
    """Starts of titles that two works or more share."""
    heads = Counter(h for t in rows.title for h in franchise_key(t))
    return {h: n for h, n in heads.items() if n >= 2}


def shared_runs(ours, theirs, n=6):
    """Our descriptions that share a run of n words with any of theirs."""
    known: set[tuple[str, ...]] = set()
    for text in theirs:
        known |= word_runs(text, n)
    return [text for text in ours if word_runs(text, n) & known]


def word_runs(text, n):
    """All runs of n words of a text."""
    words = normalize_text(text).split()
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def people(text):
    return {normalize_text(p) for p in str(text).split(",") if p.strip() and str(text) != "nan"}


def against_netflix(ours, theirs):
    """Compare year and director of our titles that the data set has too (nearest year)."""
    theirs = theirs.assign(
        key=[(normalize_text(t), k) for t, k in zip(theirs.title, theirs.type)],
        year=theirs.release_year.astype(int),
    )
    by_key, out = dict(list(theirs.groupby("key"))), []
    for row in ours.itertuples():
        for kind in ("Movie", "TV Show"):
            same = by_key.get((normalize_text(row.title), kind))
            if same is None:
                continue
            near = same.iloc[(same.year - int(row.release_year)).abs().to_numpy().argmin()]
            a, b = people(row.director), people(near.director)
            out.append(
                {
                    "title": row.title,
                    "type": row.type,
                    "their type": kind,
                    "year": int(row.release_year),
                    "their year": int(near.year),
                    "directors agree": bool(a & b) if a and b else None,
                    "shared director": bool(a & b),
                    "shared cast": bool(people(row.cast) & people(near.cast)),
                }
            )
    found = pd.DataFrame(out)
    found["same work"] = (found.type == found["their type"]) & (
        ((found.year - found["their year"]).abs() <= 1)
        | found["shared director"]
        | found["shared cast"]
    )
    return found


# MovieLens (to 2016) has these titles only for other films, or with another year. Each was checked.
NAMESAKES = {
    "A Star Is Born",
    "Aladdin",
    "Beauty and the Beast",
    "Belle",
    "Death on the Nile",
    "Doctor Strange",
    "Dune",
    "Election",
    "Girlhood",
    "Great Expectations",
    "It",
    "Leviathan",
    "Little Women",
    "Murder on the Orient Express",
    "Nosferatu",
    "Oldboy",
    "Parasite",
    "Rocketman",
    "Scream",
    "Taxi",
    "The Invisible Man",
    "West Side Story",
    "Wonder Woman",
}


def movielens_years(folder):
    """Folded title to its years; also the title after "a.k.a." and with its article in front."""
    years = {}
    for title in pd.read_csv(Path(folder) / "movies.csv").title:
        m = re.match(r"^(.*?)\s*\((\d{4})\)\s*$", title)
        if not m:
            continue
        for name in [
            m[1],
            re.sub(r"\s*\(.*\)", "", m[1]),
            *re.findall(r"\((?:a\.k\.a\. )?([^)]*)\)", m[1]),
        ]:
            name = re.sub(
                r"^(.*), (The|A|An|Les|La|Le|El|Los|Das|Der|Die)$", r"\2 \1", name.strip()
            )
            years.setdefault(normalize_text(name), set()).add(int(m[2]))
    return years


def against_movielens(films, folder):
    """Each of our films whose title MovieLens has, with the nearest year of that title there."""
    years = movielens_years(folder)
    known = films[films.title.map(normalize_text).isin(list(years))]
    off = [
        min(abs(y - int(r.release_year)) for y in years[normalize_text(r.title)])
        for r in known.itertuples()
    ]
    return known.assign(off=off)[["title", "release_year", "off"]]


def counts(rows):
    """The tables of the data card."""
    decade = (rows.release_year.astype(int) // 10 * 10).astype(str) + "s"
    parts = {
        "type": rows.type.value_counts(),
        "decade": decade.value_counts().sort_index(),
        "genre": items(rows.listed_in).value_counts(),
        "country": items(rows.country).value_counts(),
    }
    many = items(rows.director).value_counts()
    head = (
        f"{len(rows):,} titles; {parts['country'].size} countries; "
        f"{len(franchises(rows))} starts of titles that two or more works share; "
        f"{(many >= 3).sum()} directors with three or more."
    )
    lists = [
        f"**By {name}:** " + ", ".join(f"{k} {v:,}" for k, v in part.items()) + "."
        for name, part in parts.items()
    ]
    return "\n\n".join([head, *lists])


def card(rows):
    """Return the data card with new counts."""
    text = (ASSETS / "README.md").read_text(encoding="utf-8")
    new, times = re.subn(
        r"<!-- counts -->.*?<!-- end of counts -->",
        lambda m: f"<!-- counts -->\n{counts(rows)}\n<!-- end of counts -->",
        text,
        flags=re.S,
    )
    assert times == 1, "the data card has lost its markers"
    return new


def report():
    rows = read()
    print(counts(rows))
    if os.environ.get("MEDIAREC_CATALOG"):
        netflix = read(os.environ["MEDIAREC_CATALOG"])
        found = against_netflix(rows, netflix)
        both = found[found["same work"]]
        known = both["directors agree"].dropna().astype(bool)
        print(
            f"\nAlso in the Netflix data set: {len(both)}; "
            f"year within one {((both.year - both['their year']).abs() <= 1).mean():.1%}, "
            f"director {known.mean():.1%} of {len(known)}"
        )
        print(
            both[
                ((both.year - both["their year"]).abs() > 1) | both["directors agree"].eq(False)
            ].to_string()
        )
        print(
            "\nOther works of the same name:",
            "; ".join(
                f"{r.title} ({r.year}, theirs {r['their type']} {r['their year']})"
                for _, r in found[~found["same work"]].iterrows()
            ),
        )
        print(
            "\nDescriptions that share six words in a row:",
            len(shared_runs(rows.description, netflix.description)),
        )
    if os.environ.get("MEDIAREC_MOVIELENS"):
        off = against_movielens(rows[rows.type == "Movie"], os.environ["MEDIAREC_MOVIELENS"])
        print(
            f"\nTitles that MovieLens has too: {len(off)}; "
            f"year within one {(off.off <= 1).mean():.1%}"
        )
        print(off[off.off > 1].to_string())


if __name__ == "__main__":
    if "--write" in sys.argv:
        (ASSETS / "README.md").write_text(card(read()), encoding="utf-8")
    report()
