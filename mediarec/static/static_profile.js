// Recommendations for a person on the static page: titles near to several liked titles.
import { normalizeText, withoutArticle } from "./static_search.js";
import { possibleNames, recency } from "./history_file.js";

const RANK_OFFSET = 5; // the larger, the slower a neighbor loses weight with its rank
const MIN_EACH_TYPE = 3;
const MIN_SECOND_SHARE = 0.5; // of the weight of the first title that a result comes from
const GOOD_SHARE = 0.6; // of the best possible rating
const REPEAT_WEIGHT = 0.25;
const MAX_REPEATS = 16;

// Create a function from an entry of a history to the row of its title, or -1. Other names count.
export function createMatcher({ titles, other_names: otherNames, fame }) {
  const rowsByName = new Map();
  const add = (name, row) => {
    for (const key of [name, withoutArticle(name)]) {
      if (!key) continue;
      const rows = rowsByName.get(key) ?? [];
      if (!rows.includes(row)) rowsByName.set(key, [...rows, row]);
    }
  };
  titles.title.forEach((title, row) => {
    for (const name of [title, ...(otherNames[row] ?? [])]) add(normalizeText(name), row);
  });

  // Return whether the year of an entry fits: a series may have begun earlier.
  const fits = (row, year) => {
    const own = titles.year[row];
    if (!year || !own) return true;
    return Math.abs(own - year) <= 1 || titles.type[row] === "TV Show";
  };
  return ({ name, original, year, isSeries }) => {
    for (const text of [...possibleNames(name), ...possibleNames(original ?? "")]) {
      const isShortened = text !== original && text.length < name.length;
      const found = rowsByName.get(normalizeText(text)) ?? [];
      // only an episode has more in its name than the title
      const rows = found.filter((row) => {
        const isTitle = !isShortened || !isSeries || titles.type[row] === "TV Show";
        return isTitle && fits(row, year);
      });
      const prefers = (row) => [
        Number(year === titles.year[row]),
        Number(isSeries === (titles.type[row] === "TV Show")),
        fame[row] ?? 0,
      ];
      const compare = (a, b) => {
        const [x, y] = [prefers(a), prefers(b)];
        return y[0] - x[0] || y[1] - x[1] || y[2] - x[2];
      };
      if (rows.length) return rows.sort(compare)[0];
    }
    return -1;
  };
}

// Return what a history says: liked (the weight of each row), watched (all rows) and unmatched (the
// names that were not found).
export function createProfile(entries, match) {
  const watched = new Map();
  const unmatched = new Set();
  for (const entry of entries) {
    const row = match(entry);
    if (row < 0) unmatched.add(entry.name);
    else watched.set(row, [...(watched.get(row) ?? []), entry]);
  }
  const times = entries.map((entry) => entry.time).filter((time) => time !== null);
  const newest = times.length ? times.reduce((a, b) => Math.max(a, b)) : null;
  const ratings = entries.map((entry) => entry.rating ?? 0);
  const best = ratings.reduce((a, b) => Math.max(a, b), 0) > 5 ? 10 : 5;
  const liked = new Map();
  for (const [row, found] of watched) {
    const rated = found.filter((entry) => entry.rating !== null);
    const share = rated.length ? Math.max(...rated.map((entry) => entry.rating)) / best : 1;
    if (share < GOOD_SHARE) continue;
    const repeats = Math.log2(Math.min(found.length, MAX_REPEATS));
    const last = Math.max(...found.map((entry) => recency(entry.time, newest)));
    liked.set(row, share * last * (1 + REPEAT_WEIGHT * repeats));
  }
  return { liked, watched: new Set(watched.keys()), unmatched: [...unmatched] };
}

// Return the results with at least a few of each type that is liked. `ranked` are all candidates.
function balanceTypes(ranked, n, typeOf, likedTypes) {
  const shown = ranked.slice(0, n);
  for (const type of likedTypes) {
    const isOfType = (result) => typeOf(result.row) === type;
    const others = ranked.slice(n).filter(isOfType);
    const wanted = Math.min(MIN_EACH_TYPE, Math.floor(n / 2));
    while (shown.filter(isOfType).length < wanted && others.length) {
      const last = shown.findLastIndex((result) => !isOfType(result));
      shown.splice(last, 1);
      shown.push(others.shift());
    }
  }
  return shown.sort((a, b) => b.score - a.score);
}

// Return up to n results for liked titles: row, score and because (one or two liked rows). `liked`
// maps rows to weights. Watched titles and those that do not pass `isIncluded` are left out.
export function rankForProfile({ neighbors, titles }, { liked, watched }, isIncluded, n) {
  const parts = new Map();
  for (const [source, weight] of liked) {
    neighbors[source].forEach((row, rank) => {
      if (watched.has(row) || liked.has(row) || !isIncluded(row)) return;
      const sources = parts.get(row) ?? [];
      sources.push([source, weight / (rank + RANK_OFFSET)]);
      parts.set(row, sources);
    });
  }
  const results = [];
  for (const [row, sources] of parts) {
    sources.sort((a, b) => b[1] - a[1]);
    const [[first, most], second] = sources;
    const because = second && second[1] >= MIN_SECOND_SHARE * most ? [first, second[0]] : [first];
    results.push({ row, score: sources.reduce((sum, [, weight]) => sum + weight, 0), because });
  }
  results.sort((a, b) => b.score - a.score || a.row - b.row);
  const likedTypes = new Set([...liked.keys()].map((row) => titles.type[row]));
  return balanceTypes(results, n, (row) => titles.type[row], likedTypes);
}
