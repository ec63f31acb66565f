// A page without a server. Titles, neighbors and clusters are in the page itself, so it works on
// any static host and as a local file.
import { createElement, createButton, pluralize } from "./dom.js";
import { createCombobox } from "./combobox.js";
import { createCard } from "./cards.js";
import { createFilters } from "./filters.js";
import { createMap, decodeMap } from "./map.js";
import { createBreadcrumb, createGroupList } from "./groups.js";

const DIACRITICS = /[\u0300-\u036f]/g;
const SEPARATORS = /[^\p{L}\p{N}]+/gu;
const INVISIBLE = /[\u00ad\u200b-\u200f\u2060\ufeff]/g;
const NO_MATCH = 9;
const N_CARDS = 10;
const MAX_CLUSTER_CARDS = 60;

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
  const names = normalized.map((title) => title.replace(/^(the|a|an) (?=.)/, ""));
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
    if (matches.length < maxItems && query.length > 3) matches.push(...findFuzzy(query, others));
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

// Return the data of the page: JSON, compressed with deflate, in base64.
async function decompress(id) {
  const text = document.getElementById(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
}

// Return a part of an address without percent signs, or as it is if they encode no text.
function decodePart(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Return an id as a catalog has it after cleaning. An address may have it as it was before.
function cleanId(id) {
  return id.replace(INVISIBLE, "").replace(/\s+/g, " ").trim();
}

// Return what the address asks for, such as ["title", "m0001"] for #title=m0001.
function readHash() {
  const [, view, value] = /^#(title|clusters|cluster)=?(.*)$/.exec(location.hash) ?? [];
  return [view, decodePart(value ?? "")];
}

// Go to another view. The browser then fires a "hashchange" event.
function setHash(hash) {
  location.hash = hash;
}

// Return a function from a row and its reasons to the item of a card.
function createItemMaker({ titles, clusters, labels, cluster_notes: notes, designs, motifs }) {
  return (row, reasons = "") => {
    const [palette, composition, lettering, size, line, motif] = designs[row];
    const art = { palette, composition, lettering, size, line, path: motifs[motif] };
    const item = { why: reasons, poster: null, cluster: null, art };
    for (const [name, values] of Object.entries(titles)) item[name] = values[row];
    if (clusters.length) {
      const clusterId = labels[row];
      const { name } = clusters[clusterId];
      item.cluster = { cluster_id: clusterId, name, note: notes[row] ?? "" };
    }
    return item;
  };
}

// Create the elements of the page that do not depend on the address.
function createPageElements(data, { makeItem, onFilter }) {
  const search = titleSearch(data.titles.title, data.fame, data.other_names);
  const box = createCombobox({
    label: "A film or a series",
    placeholder: "Type a title",
    fetchSuggestions: async (text, n) => search(text, n).map((row) => makeItem(row)),
    onSelect: (item) => setHash(`#title=${encodeURIComponent(item.id)}`),
  });
  const map = createMap({
    label: "Map of the catalog; the groups are listed below it",
    onSelect: (clusterId) => setHash(`#cluster=${clusterId}`),
  });
  const bar = createElement("div", "methods");
  bar.append(
    createButton("More like this", () => setHash("")),
    createButton("Groups", () => setHash("#clusters")),
  );
  const heading = createElement("h2", "heading");
  heading.tabIndex = -1;
  const status = createElement("p", "visually-hidden");
  status.setAttribute("role", "status");
  return {
    box,
    map,
    bar,
    heading,
    status,
    form: createFilters(data.filter_options, onFilter),
    note: createElement("p", "secondary match-count"),
    results: createElement("div", "results"),
  };
}

// Draw the page into `root`.
async function start(root) {
  const data = await decompress("mediarec-data");
  const { titles, neighbors, reasons, phrases, clusters } = data;
  const rowById = new Map(titles.id.map((id, row) => [id, row]));
  const rowOf = (id) => rowById.get(id) ?? rowById.get(cleanId(id));
  const filterValues = {};
  const openGroups = new Set(); // the groups that are open in the list
  const makeItem = createItemMaker(data);
  const handlers = {
    onSelect: (item) => setHash(`#title=${encodeURIComponent(item.id)}`),
    onCluster: (item) => setHash(`#cluster=${item.cluster.cluster_id}`),
  };
  const elements = createPageElements(data, { makeItem, onFilter: setFilter });
  const { box, map, bar, heading, status, form, note, results } = elements;
  root.replaceChildren(bar, box.element, form.element, map.element, heading, note, results, status);
  const levels = data.map && decodeMap(data.map);
  if (levels) map.load({ xy: levels.xy, titles: titles.title, years: titles.year });

  // Return whether a title passes the current filters.
  const isIncluded = (row) => passesFilters(titles, row, filterValues);

  // Set one filter, or clear all of them.
  function setFilter(name, value) {
    if (name === "clear") for (const key of Object.keys(filterValues)) delete filterValues[key];
    else filterValues[name] = value;
    renderPage();
  }

  // Show cards of some rows, with a line of reasons for each.
  function showCards(rows, lines = []) {
    const list = createElement("ol", "cards");
    list.append(...rows.map((row, k) => createCard(makeItem(row, lines[k]), handlers)));
    results.replaceChildren(list);
  }

  // Show the nearest titles of one title that pass the filters.
  function showRecommendations(row) {
    const ranks = [...neighbors[row].keys()].filter((rank) => isIncluded(neighbors[row][rank]));
    const shown = ranks.slice(0, N_CARDS);
    const total = neighbors[row].length;
    heading.textContent = `More like ${titles.title[row]}`;
    note.textContent = `${shown.length} of the nearest ${total} that pass the filters`;
    if (shown.length < N_CARDS) {
      note.textContent += `; this page knows only the nearest ${total} of each title`;
    }
    const formatReasons = (rank) => reasons[row][rank].map((p) => phrases[p]).join(", ");
    showCards(
      shown.map((rank) => neighbors[row][rank]),
      shown.map(formatReasons),
    );
  }

  // Show the titles of one cluster that pass the filters.
  function showCluster(clusterId) {
    const cluster = clusters[clusterId];
    const rows = cluster.members.filter(isIncluded);
    heading.textContent = cluster.name;
    note.textContent = `${pluralize(rows.length, "title")}: ${cluster.words.join(", ")}`;
    openGroups.add(cluster.group);
    showCards(rows.slice(0, MAX_CLUSTER_CARDS));
    results.prepend(createBreadcrumb(cluster));
  }

  // Show the groups with their clusters.
  function showGroups() {
    heading.textContent = "Groups";
    note.textContent = data.clusters_description;
    const openCluster = (clusterId) => setHash(`#cluster=${clusterId}`);
    results.replaceChildren(createGroupList(data.groups, openCluster, openGroups));
  }

  // Show titles to start with.
  function showStartTitles() {
    heading.textContent = "Start with one of these";
    note.textContent = `${titles.id.length.toLocaleString("en")} titles, all in this page`;
    showCards(data.start_titles.filter(isIncluded));
  }

  // Show or hide the map, and select a cluster in it.
  function renderMap(view, value) {
    const isGroups = clusters.length > 0 && (view === "clusters" || view === "cluster");
    bar.hidden = !clusters.length;
    bar.children[0].setAttribute("aria-pressed", String(!isGroups));
    bar.children[1].setAttribute("aria-pressed", String(isGroups));
    map.element.hidden = !(levels && isGroups);
    if (!map.element.hidden) map.show(levels, view === "cluster" ? Number(value) : -1);
  }

  // Draw what the address asks for.
  function renderPage() {
    const [view, value] = readHash();
    renderMap(view, value);
    form.element.hidden = view === "clusters";
    form.set(filterValues);
    const row = view === "title" ? rowOf(value) : undefined;
    if (row !== undefined) showRecommendations(row);
    else if (view === "cluster" && clusters[Number(value)]) showCluster(Number(value));
    else if (view === "clusters" && clusters.length) showGroups();
    else showStartTitles();
    status.textContent = heading.textContent;
    document.title = `${heading.textContent} · mediarec`;
  }

  // Draw the new view, and move a lost focus and the scroll position to it.
  function handleHashChange() {
    box.clear();
    renderPage();
    const isFocusLost = !document.activeElement || document.activeElement === document.body;
    if (isFocusLost) heading.focus({ preventScroll: true });
    if (heading.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
  }
  window.addEventListener("hashchange", handleHashChange);
  renderPage();
}

const main = globalThis.document?.getElementById("mediarec");
if (main) {
  start(main).catch((error) => {
    main.textContent = `This page could not be read: ${error.message}`;
  });
}
