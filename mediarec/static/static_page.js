// A page without a server: titles, neighbours and groups are in the page itself. Works from any static host and as a file.
import { createElement, createButton, pluralize } from "./dom.js";
import { createCombobox } from "./combobox.js";
import { createCard } from "./cards.js";
import { createFilters } from "./filters.js";
import { createMap } from "./map.js";

const DIACRITICS = /[\u0300-\u036f]/g, SEPARATORS = /[^\p{L}\p{N}]+/gu;

export function normalizeText(text) {
  // One spelling for all the ways a title is typed.
  return text.normalize("NFKD").replace(DIACRITICS, "").toLowerCase().replace(/['’]/g, "").replace(/&/g, " and ").replace(SEPARATORS, " ").trim();
}

export function editDistance(typed, title, maxDistance) {
  // How many letters of `typed` are wrong as a start of `title`: optimal string alignment, the rest of the title for free.
  let older = null, old = Array.from({ length: title.length + 1 }, (_, j) => j);
  for (let i = 1; i <= typed.length; i++) {
    const row = [i];
    for (let j = 1; j <= title.length; j++) {
      row[j] = Math.min(old[j] + 1, row[j - 1] + 1, old[j - 1] + (typed[i - 1] !== title[j - 1]));
      if (i > 1 && j > 1 && typed[i - 1] === title[j - 2] && typed[i - 2] === title[j - 1]) row[j] = Math.min(row[j], older[j - 2] + 1);
    }
    if (Math.min(...row) > maxDistance) return maxDistance + 1;
    [older, old] = [old, row];
  }
  return Math.min(...old);
}

export function titleSearch(titles) {
  // Rows that could be meant by what was typed so far, best first.
  const names = titles.map((t) => normalizeText(t).replace(/^(the|a|an) (?=.)/, "")), whole = titles.map(normalizeText);
  return (text, maxItems) => {
    const words = normalizeText(text);
    if (!words) return [];
    const matchClass = (i) => (names[i] === words || whole[i] === words ? 0 : names[i].startsWith(words) || whole[i].startsWith(words) ? 1 : ` ${whole[i]}`.includes(` ${words}`) ? 2 : whole[i].includes(words) && words.length > 2 ? 3 : 9);
    const classified = names.map((_, i) => [matchClass(i), names[i].length, i]), matches = classified.filter(([r]) => r < 9);
    if (matches.length < maxItems && words.length > 3) {
      const maxErrors = Math.max(1, Math.floor(words.length / 4));
      for (const [r, size, i] of classified) if (r === 9) { const distance = editDistance(words, names[i].slice(0, words.length + maxErrors), maxErrors); if (distance <= maxErrors) matches.push([9 + distance, size, i]); }
    }
    return matches.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).slice(0, maxItems).map(([, , i]) => i);
  };
}

export function passesFilters(titles, row, filterValues) {
  // Whether a title passes the filters.
  const has = (values, wanted) => !wanted?.length || wanted.some((v) => values.includes(v)), year = titles.year[row];
  return has(titles.genres[row], filterValues.genre) && (!filterValues.type || titles.type[row] === filterValues.type) && has([titles.age_group[row]], filterValues.age_group)
    && (!filterValues.year || (year !== null && year >= (filterValues.year[0] ?? -Infinity) && year <= (filterValues.year[1] ?? Infinity)));
}

async function decompress(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (c) => c.charCodeAt(0));
  return JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text());
}

async function start(root) {
  const data = await decompress("mediarec-data"), { titles, neighbors, reasons, phrases, clusters, map_coordinates } = data;
  const search = titleSearch(titles.title), rowById = new Map(titles.id.map((id, i) => [id, i])), filterValues = {};
  const makeItem = (i, said = "") => ({ ...Object.fromEntries(Object.entries(titles).map(([name, values]) => [name, values[i]])), why: said, poster: null, cluster: clusters.length ? { method: "kmeans", cluster_id: data.labels[i], name: clusters[data.labels[i]].name } : null });
  const setHash = (hash) => { location.hash = hash; };
  const handlers = { onSelect: (c) => setHash(`#title=${c.id}`), onCluster: (c) => setHash(`#cluster=${c.cluster.cluster_id}`) };

  const box = createCombobox({ label: "A film or a series", placeholder: "Type a title", fetchSuggestions: async (text, n) => search(text, n).map((i) => makeItem(i)), onSelect: (c) => setHash(`#title=${c.id}`) });
  const form = createFilters(data.filter_options, (name, value) => { if (name === "clear") for (const n of Object.keys(filterValues)) delete filterValues[n]; else filterValues[name] = value; renderPage(); });
  const heading = createElement("h2", "heading"), note = createElement("p", "secondary match-count"), results = createElement("div", "results"), bar = createElement("div", "methods"), status = createElement("p", "visually-hidden"), map = createMap({ label: "Map of the catalogue; the groups are listed below it", onSelect: (g) => setHash(`#cluster=${g}`) });
  heading.tabIndex = -1;
  status.setAttribute("role", "status");
  bar.append(createButton("More like this", () => setHash("")), createButton("Groups", () => setHash("#clusters")));
  root.replaceChildren(bar, box.element, form.element, map.element, heading, note, results, status);
  if (clusters.length) map.load(Float32Array.from(map_coordinates), titles.title);

  function showCards(rows, said) {
    const list = createElement("ol", "cards");
    list.append(...rows.map((i, k) => createCard(makeItem(i, said?.[k]), handlers)));
    results.replaceChildren(list);
  }
  function showRecommendations(row) {
    const order = neighbors[row].map((i, k) => [i, k]).filter(([i]) => passesFilters(titles, i, filterValues)).slice(0, 10);
    heading.textContent = `More like ${titles.title[row]}`;
    const limit = order.length < 10 ? `; without a server only the nearest ${neighbors[row].length} of each title are known` : "";
    note.textContent = `${order.length} of the nearest ${neighbors[row].length} that pass the filters${limit}`;
    showCards(order.map(([i]) => i), order.map(([, k]) => reasons[row][k].map((p) => phrases[p]).join("; ")));
  }
  function showCluster(number) {
    const group = clusters[number], rows = group.members.filter((i) => passesFilters(titles, i, filterValues));
    heading.textContent = group.name;
    note.textContent = `${pluralize(rows.length, "title")}: ${group.words.join(", ")}`;
    showCards(rows.slice(0, 60));
  }
  function showClusters() {
    heading.textContent = `${pluralize(clusters.length, "group")} that were found in the catalogue`;
    note.textContent = "";
    const list = createElement("ul", "clusters");
    list.append(...clusters.map((g, number) => {
      const out = createElement("li", "cluster");
      out.append(createButton(g.name, () => setHash(`#cluster=${number}`), "cluster-name"), createElement("span", "count", pluralize(g.members.length, "title")), createElement("p", "cluster-words", g.words.join(", ")), createElement("p", "secondary", g.members.slice(0, 3).map((i) => titles.title[i]).join(", ")));
      return out;
    }));
    results.replaceChildren(list);
  }
  function renderPage(moved = false) {
    const [, what, value] = /^#(title|clusters|cluster)=?(.*)$/.exec(decodeURIComponent(location.hash)) ?? [];
    const onMap = clusters.length && (what === "clusters" || what === "cluster");
    [...bar.children].forEach((b, i) => b.setAttribute("aria-pressed", String((i === 1) === Boolean(onMap))));
    bar.hidden = !clusters.length;
    map.element.hidden = !onMap;
    form.element.hidden = what === "clusters";
    form.set(filterValues);
    if (onMap) map.show(data.labels, clusters.map((g) => g.name), what === "cluster" ? Number(value) : -1);
    if (what === "title" && rowById.has(value)) showRecommendations(rowById.get(value));
    else if (what === "cluster" && clusters[Number(value)]) showCluster(Number(value));
    else if (what === "clusters" && clusters.length) showClusters();
    else { heading.textContent = "Begin with one of these, or type a title"; note.textContent = `${titles.id.length.toLocaleString("en")} titles, all in this page`; showCards(data.start_titles.filter((i) => passesFilters(titles, i, filterValues))); }
    status.textContent = heading.textContent;
    document.title = `${heading.textContent} · mediarec`;
    if (moved && (document.activeElement === document.body || !document.activeElement)) heading.focus({ preventScroll: true });
    if (moved && heading.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
  }
  window.addEventListener("hashchange", () => { box.clear(); renderPage(true); });
  renderPage();
}

const main = globalThis.document?.getElementById("mediarec");
if (main) start(main).catch((error) => { main.textContent = `This page could not be read: ${error.message}`; });
