// A page without a server. Titles, neighbors and clusters are in the page itself, so it works on
// any static host and as a local file. The address says what is shown.
import { createElement, createButton } from "./dom.js";
import { createCombobox } from "./combobox.js";
import { createFilters } from "./filters.js";
import { createMap, decodeMap } from "./map.js";
import { createFilterPanel } from "./views.js";
import { addKeys } from "./keys.js";
import { onListChange, readList } from "./saved_list.js";
import { goTo, markMove, openAddress, takeMove } from "./static_address.js";
import { readAddress, titleAddress } from "./static_address.js";
import { createCatalog, filterLabels } from "./static_catalog.js";
import { startView, titleView, browseView, findView } from "./static_views.js";
import { clusterView, createLink, groupsView } from "./static_views.js";
import { createForMe, listAddress, listView } from "./static_personal.js";

const SEARCH_LABEL = "A title, a theme or a mood";
const MAX_HIDDEN_TITLES = 20;
const FILTERED_VIEWS = ["title", "browse", "cluster", "for-me"];

// Show the page in the theme that a reader has chosen on the site around it. Quarto keeps this
// choice as "default" (light) or "alternate" (dark). Without one the system decides.
function followSiteTheme() {
  let chosen = null;
  try {
    chosen = localStorage.getItem("quarto-color-scheme");
  } catch {
    return; // a local file may have no storage
  }
  if (!["default", "alternate"].includes(chosen)) return;
  const isDark = chosen === "alternate";
  document.documentElement.style.colorScheme = isDark ? "dark" : "light";
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule.media?.mediaText === "(prefers-color-scheme: dark)") {
        rule.media.mediaText = isDark ? "all" : "not all";
      }
    }
  }
}

// Return the data of the page: JSON, compressed with deflate, in base64.
async function decompress(id) {
  const text = document.getElementById(id).textContent.trim();
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
}

// Create the search box with its button, and the filters behind another one.
function createSearchRow(catalog, { onSubmit, onAddress, onFilter }) {
  const box = createCombobox({
    label: SEARCH_LABEL,
    isLabelHidden: true,
    placeholder: SEARCH_LABEL,
    fetchSuggestions: async (text, n) => catalog.suggest(text, n),
    onSelect: (item) => onAddress(item.href),
    onSubmit,
  });
  const search = createButton(
    "Search",
    () => {
      box.close();
      if (box.input.value.trim()) onSubmit(box.input.value.trim());
      else box.input.focus();
    },
    "button search-button",
  );
  const form = createFilters(catalog.data.filter_options, onFilter);
  const panel = createFilterPanel(form.element);
  const row = createElement("div", "search-row");
  row.append(box.element, search, panel.element);
  const element = createElement("div", "search-form");
  element.setAttribute("role", "search");
  element.append(row);

  // Show the filters of an address.
  function setFilters(filters) {
    form.set(filters);
    panel.setCount(filterLabels(filters).length);
  }
  return { element, box, setFilters };
}

// Create the links to the main views. Returns a function that marks the present one.
function createNavigation(nav, hasGroups) {
  const links = new Map();
  if (hasGroups) links.set("clusters", createLink("Groups", "#clusters"));
  links.set("for-me", createLink("For me", "#for-me"));
  links.set("list", createLink("My list", "#list"));
  nav.append(...links.values());
  const updateListLink = () => {
    const ids = readList().map(({ id }) => id);
    links.get("list").href = listAddress(ids);
    links.get("list").textContent = ids.length ? `My list (${ids.length})` : "My list";
  };
  onListChange(updateListLink);
  updateListLink();
  return (view) => {
    const current = view === "cluster" ? "clusters" : view;
    for (const [name, link] of links) {
      if (name === current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  };
}

// Create the map; null without one. `show(clusterId)` selects a cluster, or none with -1.
function createPageMap(catalog, onGroup) {
  if (!catalog.data.map) return null;
  const levels = decodeMap(catalog.data.map);
  const map = createMap({
    label: "Map of the catalog; the groups are listed below it",
    onSelect: (clusterId) => openAddress({ view: "cluster", value: String(clusterId) }),
    onTitle: (row) => goTo(titleAddress(catalog.titles.id[row])),
    onGroup,
  });
  map.load({ xy: levels.xy, titles: catalog.titles.title, years: catalog.titles.year });
  return { element: map.element, show: (clusterId) => map.show(levels, clusterId) };
}

// Draw the page into `root`.
async function start(root) {
  const catalog = createCatalog(await decompress("mediarec-data"));
  const hasGroups = catalog.data.clusters.length > 0;
  const openGroups = new Set(); // the groups that are open in the list
  const positions = new Map(); // how far the reader had scrolled, by address
  const isId = (text) => catalog.rowOf(text) !== undefined;
  let address = readAddress(location.hash, isId);
  let hash = location.hash;

  const hero = createElement("section", "hero");
  hero.setAttribute("aria-label", "Welcome");
  const results = createElement("section", "results");
  results.setAttribute("aria-labelledby", "heading");
  const main = createElement("main", "main");
  main.id = "main";
  main.tabIndex = -1;
  main.append(results);
  const status = createElement("p", "visually-hidden");
  status.setAttribute("role", "status");
  const { element: searchForm, box, setFilters } = createSearchRow(catalog, {
    onSubmit: (text) => goTo(catalog.interpret(text)),
    onAddress: goTo,
    onFilter: setFilter,
  });
  const markView = createNavigation(document.getElementById("mediarec-nav"), hasGroups);
  const openGroup = (group) => {
    const number = catalog.data.groups.findIndex((entry) => entry.group === group);
    const entry = results.querySelectorAll(".mediarec-group")[number];
    const details = entry?.querySelector("details");
    if (details) details.open = true;
  };
  const map = createPageMap(catalog, openGroup);
  const forMeView = createForMe(catalog, { onChange: renderPage, open: openAddress });
  root.replaceChildren(hero, searchForm, main, status);

  // Set one filter, or clear all of them. Where filters mean nothing, the titles that pass are
  // shown.
  function setFilter(name, value) {
    const filters = name === "clear" ? {} : { ...address.filters, [name]: value };
    for (const key of Object.keys(filters)) if (!filters[key]?.length) delete filters[key];
    openAddress(FILTERED_VIEWS.includes(address.view) ? { ...address, filters } : { filters });
  }

  // Ask for a theme, leave it out, or hide a title.
  function refine(name, value) {
    const { refine: present } = address;
    const opposite = { with: "without", without: "with" }[name];
    const next = { ...present, [name]: [...new Set([...present[name], value])] };
    next[name] = next[name].slice(-MAX_HIDDEN_TITLES);
    if (opposite) next[opposite] = present[opposite].filter((term) => term !== value);
    openAddress({ ...address, refine: next });
  }

  // Create the map of a cluster, behind a line that opens it.
  function createClusterMap(clusterId) {
    if (!map) return [];
    const details = createElement("details", "cluster-map");
    details.append(createElement("summary", null, "Show on the map"), map.element);
    details.addEventListener("toggle", () => {
      if (details.open) map.show(clusterId);
    });
    return [details];
  }

  // Return the view that the address asks for; the start for an unknown one.
  function createView() {
    const { view, value } = address;
    if (view === "title" && isId(value)) return titleView(catalog, address, refine);
    const hasFilters = Object.keys(address.filters).length > 0;
    if (view === "browse" && hasFilters) return browseView(catalog, address);
    if (view === "find" && value) return findView(catalog, address);
    const isCluster = view === "cluster" && /^\d+$/.test(value);
    if (isCluster && catalog.data.clusters[Number(value)]) {
      return clusterView(catalog, address, createClusterMap);
    }
    if (view === "clusters" && hasGroups) return groupsView(catalog, address, openGroups, map);
    if (view === "for-me") return forMeView(address);
    if (view === "list") return listView(catalog, address);
    return startView(catalog);
  }

  // Draw what the address asks for. An element that stays keeps the focus.
  function renderPage() {
    const focused = document.activeElement;
    const page = createView();
    hero.replaceChildren(...(page.hero ?? []));
    results.replaceChildren(...page.content);
    if (focused !== document.activeElement && focused.isConnected) {
      focused.focus({ preventScroll: true });
    }
    box.close();
    box.input.value = page.searchText ?? "";
    setFilters(FILTERED_VIEWS.includes(address.view) ? address.filters : {});
    markView(address.view);
    if (address.view === "clusters") map?.show(-1);
    status.textContent = page.name || page.heading.textContent;
    document.title = page.name ? `${page.name} · mediarec` : "mediarec";
    return page;
  }

  // Draw the new view, and move a lost focus and the scroll position to it.
  function handleHashChange() {
    const before = address;
    address = readAddress(location.hash, isId);
    hash = location.hash;
    const isSamePlace = before.view === address.view && before.value === address.value;
    const { heading, target } = renderPage();
    if (document.activeElement === box.input) box.input.select();
    const isFocusLost = !document.activeElement || document.activeElement === document.body;
    if (isFocusLost) heading.focus({ preventScroll: true });
    if (!takeMove()) window.scrollTo({ top: positions.get(hash) ?? 0 });
    else if (target) target.scrollIntoView({ block: "start" });
    else if (!isSamePlace) window.scrollTo({ top: 0 });
  }
  window.addEventListener("hashchange", handleHashChange);
  window.addEventListener("scroll", () => positions.set(hash, window.scrollY), { passive: true });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (!link) return;
    if (link.getAttribute("href") !== "#main") {
      markMove();
      return;
    }
    event.preventDefault(); // the fragment is not an address of a view
    main.focus();
  });
  addKeys(document.body, () => box.input);
  const { target } = renderPage();
  target?.scrollIntoView({ block: "start" });
  if (!address.view) box.input.focus({ preventScroll: true });
  document.documentElement.dataset.ready = "";
}

const pageRoot = globalThis.document?.getElementById("mediarec");
if (pageRoot) {
  followSiteTheme();
  start(pageRoot).catch((error) => {
    pageRoot.textContent = `This page could not be read: ${error.message}`;
  });
}
