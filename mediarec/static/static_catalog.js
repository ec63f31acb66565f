// What the static page knows of its titles: cards, neighbors, ways to browse, and what a typed text
// means. Nothing here draws anything.
import { normalizeText, titleSearch, passesFilters } from "./static_search.js";
import { cleanId, browseAddress, formatAddress, titleAddress } from "./static_address.js";

const TERM_KINDS = new Set(["Mood", "Theme"]);
const LEFT_OUT = / (not|no|without|except) /;
const PLACE_COST = 0.4; // in degrees of fame, for each theme that comes before the wanted one
const MAX_PLACE = 5;
const MAX_SHARED_TERMS = 3;
const MIN_NAME_LENGTH = 3; // letters that must be typed before collections and themes are suggested
const MAX_NAMES = 2;
const TYPE_NAMES = { Movie: "Films", "TV Show": "Series" };

// Return filters in a form that can be compared.
function filterKey(filters) {
  const parts = Object.entries(filters).filter(([, values]) => values?.length);
  const texts = parts.map(([name, values]) => `${name}=${[...[values].flat()].sort().join("|")}`);
  return texts.sort().join("&");
}

// Return the filters that are set as labels, each with the filters that are left without it.
export function filterLabels(filters) {
  const labels = [];
  for (const name of ["type", "genre", "theme", "mood", "age_group"]) {
    for (const value of [filters[name] ?? []].flat()) {
      const others = [filters[name]].flat().filter((other) => other !== value);
      const rest = { ...filters, [name]: others };
      if (!others.length) delete rest[name];
      labels.push({ label: TYPE_NAMES[value] ?? value, rest });
    }
  }
  if (filters.year) {
    const { year, ...rest } = filters;
    labels.push({ label: `${year[0] ?? ""}–${year[1] ?? ""}`, rest });
  }
  return labels;
}

// Return the rows that pass filters, the best known first. A theme or a mood of the filters counts
// more if it is among the first ones of a title. Among equal titles the newest is first.
export function browseRows({ titles, fame }, filters) {
  const wanted = new Set([...(filters.theme ?? []), ...(filters.mood ?? [])]);
  const findPlaces = (terms) => terms.flatMap((term, place) => (wanted.has(term) ? [place] : []));
  const scoreOf = (row) => {
    if (!wanted.size) return fame[row];
    const places = [titles.themes, titles.moods].flatMap((terms) => findPlaces(terms[row]));
    return fame[row] - PLACE_COST * Math.min(...places, MAX_PLACE);
  };
  const rows = [...titles.id.keys()].filter((row) => passesFilters(titles, row, filters));
  const keys = new Map(rows.map((row) => [row, [scoreOf(row), titles.year[row] ?? 0]]));
  const compare = (a, b) => keys.get(b)[0] - keys.get(a)[0] || keys.get(b)[1] - keys.get(a)[1];
  return rows.sort((a, b) => compare(a, b) || a - b);
}

// Return the neighbors of a title as [row, rank], the nearest first. `refine` has themes that a
// title must have (with) or must not have (without), and ids of titles that are not shown (not):
// titles near those come later.
export function refineNeighbors(data, row, refine, rowOf) {
  const { neighbors, titles } = data;
  const termsOf = (other) => [...titles.themes[other], ...titles.moods[other]];
  const hidden = refine.not.map(rowOf).filter((other) => other !== undefined);
  const penalty = new Map();
  for (const other of hidden) {
    neighbors[other].forEach((near, rank) => {
      penalty.set(near, (penalty.get(near) ?? 0) + (neighbors[other].length - rank) / 2);
    });
  }
  const isWanted = ([other]) => {
    const terms = termsOf(other);
    if (hidden.includes(other) || refine.without.some((term) => terms.includes(term))) return false;
    return refine.with.every((term) => terms.includes(term));
  };
  const place = ([other, rank]) => rank + (penalty.get(other) ?? 0);
  const ranked = neighbors[row].map((other, rank) => [other, rank]).filter(isWanted);
  return ranked.sort((a, b) => place(a) - place(b) || a[1] - b[1]);
}

// Return the collections, moods, genres, themes, groups and clusters of the page: their name, kind,
// address, and the row of a title to show for them.
function listNames(data) {
  const { titles, start, groups, clusters } = data;
  const firstRow = (filters) => [...titles.id.keys()].findIndex(
    (row) => passesFilters(titles, row, filters),
  );
  const count = (lists) => {
    const counts = new Map();
    for (const name of lists.flat()) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
  };
  const names = [];
  const addFilter = (name, kind, filters) => {
    const href = browseAddress(filters);
    names.push({ name, kind, filters, href, findRow: () => firstRow(filters) });
  };
  for (const { name, filters } of [...start.shelves, ...start.collections]) {
    addFilter(name, "Collection", filters);
  }
  for (const name of count(titles.moods)) addFilter(name, "Mood", { mood: [name] });
  for (const name of count(titles.genres)) addFilter(name, "Genre", { genre: [name] });
  for (const name of count(titles.themes)) addFilter(name, "Theme", { theme: [name] });
  for (const { group, name, clusters: members } of groups) {
    const href = formatAddress({ view: "clusters", value: String(group) });
    const [row] = clusters[members[0].cluster_id].members;
    if (members.length > 1) names.push({ name, kind: "Group", href, findRow: () => row });
  }
  clusters.forEach(({ name, members }, number) => {
    const href = formatAddress({ view: "cluster", value: String(number) });
    if (members.length) names.push({ name, kind: "Cluster", href, findRow: () => members[0] });
  });
  return names.map((entry) => ({ ...entry, key: normalizeText(entry.name) }));
}

// Create what the views ask for. `data` is the data of the page.
export function createCatalog(data) {
  const { titles, clusters, labels, cluster_notes: notes, designs, motifs } = data;
  const rowById = new Map(titles.id.map((id, row) => [id, row]));
  const rowOf = (id) => rowById.get(id) ?? rowById.get(cleanId(id));
  const predicted = new Set(data.predicted);
  const search = titleSearch(titles.title, data.fame, data.other_names);
  const names = listNames(data);
  const collectionByFilters = new Map();
  for (const collection of [...data.start.shelves, ...data.start.collections]) {
    collectionByFilters.set(filterKey(collection.filters), collection.name);
  }

  // Return the item of a card. `extra` has more fields, such as why and shared.
  function makeItem(row, extra = {}) {
    const [palette, composition, lettering, size, line, motif] = designs[row];
    const art = { palette, composition, lettering, size, line, path: motifs[motif] };
    const item = { why: "", poster: null, cluster: null, art };
    for (const [name, values] of Object.entries(titles)) item[name] = values[row];
    if (predicted.has(row)) Object.assign(item, { themes: [], moods: [] });
    if (clusters.length && labels[row] >= 0) {
      const { name } = clusters[labels[row]];
      item.cluster = { cluster_id: labels[row], name, note: notes[row] ?? "" };
    }
    return { ...item, href: titleAddress(item.id), ...extra };
  }

  // Return the sentence of reasons of a neighbor.
  function reasonOf(row, rank) {
    return data.reasons[row][rank].map((position) => data.phrases[position]).join(", ");
  }

  // Return the themes and moods that two titles share, as a card shows them.
  function sharedTerms(row, other) {
    const [ours, theirs] = [makeItem(row), makeItem(other)];
    const common = ["themes", "moods"].flatMap((name) =>
      ours[name].filter((term) => theirs[name].includes(term)),
    );
    return common.slice(0, MAX_SHARED_TERMS).map((name) => ({ kind: "theme", name }));
  }

  // Return collections, themes and so on whose name begins with a text, an equal name first.
  function findNames(text) {
    const query = normalizeText(text);
    if (query.length < MIN_NAME_LENGTH) return [];
    const equal = names.filter(({ key }) => key === query);
    const begun = names.filter(({ key }) => key !== query && ` ${key}`.includes(` ${query}`));
    const found = [...equal, ...begun];
    // a theme may be a collection too
    return found.filter(({ href }, i) => found.findIndex((other) => other.href === href) === i);
  }

  // Return suggestions for a text: titles, and one or two names to browse. An equal name is first.
  function suggest(text, n) {
    const query = normalizeText(text);
    const found = findNames(text).slice(0, MAX_NAMES);
    const items = search(text, n - found.length).map((row) => makeItem(row));
    const isTitle = items.some((item) => normalizeText(item.title) === query);
    const asItem = ({ name, kind, href, findRow }) => {
      const { art } = makeItem(Math.max(0, findRow()));
      // the kind stands where a title has its year
      return { id: href, title: name, year: kind, type: "", poster: null, art, href };
    };
    const isFirst = ({ key }) => key === query && !isTitle;
    return [
      ...found.filter(isFirst).map(asItem),
      ...items,
      ...found.filter((entry) => !isFirst(entry)).map(asItem),
    ];
  }

  // Return the address that a typed text means: a title, a name to browse, or a list to choose
  // from.
  function interpret(text) {
    const query = normalizeText(text);
    const rows = search(text, 8);
    const namesOf = (row) => [titles.title[row], ...(data.other_names[row] ?? [])];
    const same = rows.filter((row) => namesOf(row).some((name) => normalizeText(name) === query));
    if (same.length === 1) return titleAddress(titles.id[same[0]]);
    const found = findNames(text);
    const equal = found.filter(({ key }) => key === query);
    const isGenre = ({ kind, key }) => kind === "Genre" && key.startsWith(`${query} `);
    const name = equal.find((entry) => entry.filters) ?? found.find(isGenre) ?? equal[0];
    if (!same.length && name) return name.href;
    const terms = same.length ? null : readTerms(query);
    if (terms) return browseAddress(terms);
    if (same.length || !rows.length) return formatAddress({ view: "find", value: text });
    return titleAddress(titles.id[rows[0]]);
  }

  // Return the filters of the themes and moods that a text names, such as "slow-burn Nordic noir";
  // null without any, or if the text leaves something out.
  function readTerms(query) {
    const words = ` ${query} `;
    if (LEFT_OUT.test(words)) return null;
    const named = names.filter(({ kind, key }) => TERM_KINDS.has(kind) && words.includes(` ${key} `));
    const filters = {};
    for (const entry of named) {
      for (const [name, values] of Object.entries(entry.filters)) {
        filters[name] = [...(filters[name] ?? []), ...values];
      }
    }
    return named.length ? filters : null;
  }

  // Return the name of the titles that pass filters.
  function browseName(filters) {
    const known = collectionByFilters.get(filterKey(filters));
    if (known) return known;
    const text = filterLabels(filters).map(({ label }) => label).join(", ");
    return text.slice(0, 1).toUpperCase() + text.slice(1);
  }
  return {
    data,
    titles,
    rowOf,
    search,
    makeItem,
    reasonOf,
    sharedTerms,
    findNames,
    suggest,
    interpret,
    browseName,
  };
}
