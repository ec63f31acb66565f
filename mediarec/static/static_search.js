// The search of the static page: titles by a typed text, and titles that pass filters.
const DIACRITICS = /[\u0300-\u036f]/g;
const SEPARATORS = /[^\p{L}\p{N}]+/gu;
const NO_MATCH = 9;

// Return one spelling for all variants of a title: lower case, no accents, no punctuation.
export function normalizeText(text) {
  return text
    .normalize("NFKD")
    .replace(DIACRITICS, "")
    .toLowerCase()
    .replace(/['’]/g, "")
    .replace(/&/g, " and ")
    .replace(SEPARATORS, " ")
    .trim();
}

// Return the edit distance between `typed` and the best prefix of `title`, with adjacent swaps
// (optimal string alignment). The result is `maxDistance + 1` as soon as that is exceeded.
export function editDistance(typed, title, maxDistance) {
  let beforePrevious = null;
  let previous = Array.from({ length: title.length + 1 }, (_, j) => j);
  for (let i = 1; i <= typed.length; i++) {
    const row = [i];
    for (let j = 1; j <= title.length; j++) {
      const isDifferent = typed[i - 1] !== title[j - 1];
      row[j] = Math.min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + Number(isDifferent));
      const isSwap =
        i > 1 && j > 1 && typed[i - 1] === title[j - 2] && typed[i - 2] === title[j - 1];
      if (isSwap) row[j] = Math.min(row[j], beforePrevious[j - 2] + 1);
    }
    if (Math.min(...row) > maxDistance) return maxDistance + 1;
    [beforePrevious, previous] = [previous, row];
  }
  return Math.min(...previous);
}

// Return a title or a query without the article before it.
export function withoutArticle(text) {
  return text.replace(/^(the|a|an) (?=.)/, "");
}

// Return how a title matches: 0 exactly, 1 at its start, 2 at the start of a word, 3 inside.
function matchClass(query, title, titleWithoutArticle) {
  if (title === query || titleWithoutArticle === query) return 0;
  if (title.startsWith(query) || titleWithoutArticle.startsWith(query)) return 1;
  if (` ${title}`.includes(` ${query}`)) return 2;
  return query.length > 2 && title.includes(query) ? 3 : NO_MATCH;
}

// Return how a title or its best other name matches: 0.5 if another name is the query.
function bestMatchClass(query, title, titleWithoutArticle, otherNames) {
  const classes = otherNames.map((name) => matchClass(query, name, name) || 0.5);
  return Math.min(matchClass(query, title, titleWithoutArticle), ...classes);
}

// Return a function from a text and a number to the rows of matching titles, best first. Among
// equal matches, the best known title is first.
export function titleSearch(titles, fame = [], otherNames = []) {
  const normalized = titles.map(normalizeText);
  const names = normalized.map(withoutArticle);
  const normalizedOthers = titles.map((_, row) => (otherNames[row] ?? []).map(normalizeText));
  const sortKey = (kind, row) => [kind, -(fame[row] ?? 0), names[row].length, row];

  // Return the titles that match a query with one error for every four letters.
  const findFuzzy = (query, rows) => {
    const maxErrors = Math.max(1, Math.floor(query.length / 4));
    const found = [];
    for (const row of rows) {
      const start = names[row].slice(0, query.length + maxErrors);
      const distance = editDistance(query, start, maxErrors);
      if (distance <= maxErrors) found.push(sortKey(NO_MATCH + distance, row));
    }
    return found;
  };
  return (text, maxItems) => {
    const query = normalizeText(text);
    if (!query) return [];
    const matches = [];
    const others = [];
    names.forEach((name, row) => {
      const kind = bestMatchClass(query, normalized[row], name, normalizedOthers[row]);
      if (kind < NO_MATCH) matches.push(sortKey(kind, row));
      else others.push(row);
    });
    const bareQuery = withoutArticle(query); // as the names are
    if (matches.length < maxItems && bareQuery.length > 3) {
      matches.push(...findFuzzy(bareQuery, others));
    }
    matches.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]);
    return matches.slice(0, maxItems).map((match) => match[3]);
  };
}

// Return whether any of the wanted values is among the values, or nothing is wanted.
function matchesAny(values, wanted) {
  return !wanted?.length || wanted.some((value) => values.includes(value));
}

// Return whether a title passes the filters.
export function passesFilters(titles, row, filterValues) {
  const { genre, theme, mood, type, age_group: ageGroup, year: range } = filterValues;
  if (type && titles.type[row] !== type) return false;
  if (!matchesAny(titles.genres[row], genre)) return false;
  if (!matchesAny(titles.themes[row], theme)) return false;
  if (!matchesAny(titles.moods[row], mood)) return false;
  if (!matchesAny([titles.age_group[row]], ageGroup)) return false;
  if (!range) return true;
  const year = titles.year[row];
  return year !== null && year >= (range[0] ?? -Infinity) && year <= (range[1] ?? Infinity);
}
