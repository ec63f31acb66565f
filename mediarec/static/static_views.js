// The views of the static page: start, title, browse and groups. Each returns its name, the
// elements of the page, and the part above the search box if there is one.
import { createElement, createDataElement, createButton, pluralize } from "./dom.js";
import { createCard, createPosterCard } from "./cards.js";
import { createGroupList } from "./groups.js";
import { createExamples, createHome, createTitlePanel } from "./views.js";
import { browseAddress, formatAddress, openAddress, titleAddress } from "./static_address.js";
import { browseRows, filterLabels, refineNeighbors } from "./static_catalog.js";
import { passesFilters } from "./static_search.js";

const N_RESULTS = 10;
const N_BROWSED = 30;

// Create a link to a view of this page.
export function createLink(text, href, classNames) {
  const link = createDataElement("a", classNames, text);
  link.href = href;
  return link;
}

// Create the main heading of a view. It gets the focus after a change of the view.
export function createHeading(text, tag = "h1") {
  const heading = createDataElement(tag, "heading", text);
  heading.id = "heading";
  heading.tabIndex = -1;
  return heading;
}

// Create a list of cards. More of them are shown at the press of a button.
export function createCardList(rows, n, createItem, className = "cards") {
  const list = createElement("ol", className);
  const element = createElement("div");
  const more = createElement("p", "show-more");
  const showMore = () => {
    const shown = list.children.length;
    list.append(...rows.slice(shown, shown + n).map((row, k) => createItem(row, shown + k)));
    more.hidden = list.children.length >= rows.length;
    return shown;
  };
  more.append(
    createButton("Show more", () => {
      const firstNew = showMore();
      list.children[firstNew]?.querySelector(".mediarec-card-title").focus();
    }),
  );
  showMore();
  element.append(list, more);
  return element;
}

// Create a link to all titles that pass some filters.
function openFilters(name, filters, classNames) {
  return createLink(name, browseAddress(filters), classNames);
}

// Create the link to the cluster of a title.
function openCluster({ cluster }) {
  const value = String(cluster.cluster_id);
  return createLink(cluster.name, formatAddress({ view: "cluster", value }));
}

// Return the start: a sentence, examples, rows of known titles, and ways to browse.
export function startView(catalog) {
  const { start, start_titles: startTitles } = catalog.data;
  const heading = createElement("h1", "welcome", start.welcome);
  heading.id = "heading";
  heading.tabIndex = -1;
  const examples = start.examples.map(({ name, filters }) => openFilters(name, filters, "example"));
  const createCards = (shelf) => shelf.rows.map((row) => createPosterCard(catalog.makeItem(row)));
  const openGroup = ({ group, name }) => {
    const value = String(group);
    return createLink(name, formatAddress({ view: "clusters", value }), "browse-link");
  };
  const isExample = ({ name }) => start.examples.some((example) => example.name === name);
  const collections = start.collections.filter((collection) => !isExample(collection));
  const options = { openFilters, openGroup, createCards, headingTag: "h2" };
  const content = createExamples(examples);
  if (!start.shelves.length) {
    content.push(createElement("h2", "shelf-heading", "Start with one of these"));
    const createItem = (row) => createPosterCard(catalog.makeItem(row));
    content.push(createCardList(startTitles, startTitles.length, createItem));
  }
  content.push(...createHome({ ...start, collections }, options));
  return { name: "", heading, hero: [heading], content };
}

// Create one part of the present search, with a link that removes it.
export function createChip(label, href, kind = "") {
  const chip = createElement("li", kind ? `chip chip-${kind}` : "chip");
  if (kind === "dislike") chip.append(createElement("span", "chip-kind", "not"));
  const remove = createElement("a", "chip-remove", "×");
  remove.href = href;
  remove.setAttribute("aria-label", `Remove ${[...label].slice(0, 80).join("")}`);
  chip.append(createDataElement("span", "chip-name", label), remove);
  return chip;
}

// Create the list of what is set: filters, themes to ask for or to leave out, and hidden titles.
function createChips(catalog, address) {
  const chips = [];
  const { filters, refine } = address;
  for (const { label, rest } of filterLabels(filters)) {
    chips.push(createChip(label, formatAddress({ ...address, filters: rest }), "filter"));
  }
  const without = (name, value) => {
    const rest = refine[name].filter((other) => other !== value);
    return formatAddress({ ...address, refine: { ...refine, [name]: rest } });
  };
  for (const term of refine.with) chips.push(createChip(`with ${term}`, without("with", term)));
  for (const term of refine.without) {
    chips.push(createChip(`without ${term}`, without("without", term)));
  }
  for (const id of refine.not) {
    const row = catalog.rowOf(id);
    if (row === undefined) continue;
    chips.push(createChip(catalog.titles.title[row], without("not", id), "dislike"));
  }
  if (!chips.length) return [];
  const list = createElement("ul", "chips");
  list.setAttribute("aria-label", "Your search");
  list.append(...chips);
  return [list];
}

// Create a note for readers.
export function createNote(text, classNames = "note") {
  return createElement("p", classNames, text);
}

// Create the links that leave more titles.
function createRelaxation(label, href) {
  const element = createElement("p", "relaxations");
  element.append(createLink(label, href, "button"));
  return element;
}

// Return the view of a title: what it is, and the titles nearest to it that pass the filters.
// `refine(change)` opens the same view with another theme or hidden title.
export function titleView(catalog, address, refine) {
  const row = catalog.rowOf(address.value);
  const { titles } = catalog;
  const item = catalog.makeItem(row);
  const heading = createHeading(item.title);
  const { n_neighbors: nNear, neighbors, start } = catalog.data;
  const watchUrl = start.watch_url;
  // the neighbors after the nearest ones are all of one type
  const nStored = neighbors[row].length;
  const total = address.filters.type ? nStored : Math.min(nNear, nStored);
  const ranked = refineNeighbors(catalog.data, row, address.refine, catalog.rowOf);
  const near = ranked.filter(([, rank]) => rank < total);
  const found = near.filter(([other]) => passesFilters(titles, other, address.filters));
  const handlers = {
    onTerm: (term, more) => refine(more ? "with" : "without", term),
    onLike: (other) => openAddress({ view: "for-me", values: [item.id, other.id] }),
    onDislike: (other) => refine("not", other.id),
    canSave: true,
  };
  const createResult = ([other, rank]) => {
    const why = catalog.reasonOf(row, rank);
    const href = titleAddress(titles.id[other], address.filters);
    const shared = catalog.sharedTerms(row, other);
    return createCard(catalog.makeItem(other, { why, href, shared }), handlers);
  };
  const name = `More like ${item.title}`;
  const content = [
    createTitlePanel(item, heading, { openFilters, openCluster, watchUrl }),
    createDataElement("h2", "results-heading", name),
    ...createChips(catalog, address),
  ];
  if (found.length < total && found.length < N_RESULTS) {
    const which = "which are all that this page knows";
    const text = `${found.length} of the ${total} nearest titles, ${which}.`;
    content.push(createNote(text, "secondary match-count"));
  }
  if (!found.length) content.push(createRelaxation("Clear the filters", titleAddress(item.id)));
  content.push(createCardList(found, N_RESULTS, createResult, "cards result-cards"));
  return { name, heading, content, searchText: item.title };
}

// Return the view of the titles that pass filters.
export function browseView(catalog, address) {
  const rows = browseRows(catalog.data, address.filters);
  const name = rows.length ? catalog.browseName(address.filters) : "No title passes the filters";
  const total = catalog.titles.id.length.toLocaleString("en");
  const verb = rows.length === 1 ? "passes" : "pass";
  const count = `${rows.length.toLocaleString("en")} of ${total} titles ${verb} the filters`;
  const heading = createHeading(name);
  const content = [heading, ...createChips(catalog, address)];
  content.push(createNote(count, "secondary match-count"));
  if (!rows.length) content.push(createRelaxation("Clear the filters", "#"));
  content.push(createElement("h2", "visually-hidden", "Titles"));
  content.push(
    createCardList(rows, N_BROWSED, (row) => createPosterCard(catalog.makeItem(row))),
  );
  return { name, heading, content, searchText: "" };
}

// Return the view of a text that is no title, or the name of several titles.
export function findView(catalog, { value }) {
  const rows = catalog.search(value, N_RESULTS);
  const name = rows.length ? "Which one?" : "Nothing is called that";
  const heading = createHeading(name);
  const note = rows.length
    ? "Several titles have this name."
    : "This page finds the names of titles, themes, moods and genres. For a whole sentence, " +
      "such as a comedy without romance, mediarec must be installed.";
  const content = [heading, createNote(note)];
  content.push(createElement("h2", "visually-hidden", "Titles"));
  content.push(
    createCardList(rows, N_RESULTS, (row) => createPosterCard(catalog.makeItem(row))),
  );
  return { name, heading, content, searchText: value };
}

// Return the view of one cluster. `createMapOf(clusterId)` returns the map below its heading.
export function clusterView(catalog, address, createMapOf) {
  const number = Number(address.value);
  const cluster = catalog.data.clusters[number];
  const rows = cluster.members.filter((row) =>
    passesFilters(catalog.titles, row, address.filters),
  );
  const heading = createHeading(cluster.name);
  const levels = createElement("nav", "breadcrumb");
  levels.setAttribute("aria-label", "Levels");
  const value = String(cluster.group);
  levels.append(
    createLink("All groups", formatAddress({ view: "clusters" })),
    " › ",
    createLink(cluster.group_name, formatAddress({ view: "clusters", value })),
  );
  const words = createDataElement("p", "cluster-words match-count", cluster.words.join(", "));
  const content = [
    levels,
    heading,
    createNote(pluralize(rows.length, "title"), "secondary"),
    words,
    ...createChips(catalog, address),
    ...createMapOf(number),
    createElement("h2", "visually-hidden", "Titles"),
    createCardList(rows, N_BROWSED, (row) => createPosterCard(catalog.makeItem(row))),
  ];
  return { name: cluster.name, heading, content };
}

// Return the view of all groups, with one of them open. `openGroups` are the open ones; `map` is
// the map or null.
export function groupsView(catalog, { value }, openGroups, map) {
  const heading = createHeading("Groups");
  const { groups, clusters_description: description } = catalog.data;
  const openCluster = (clusterId) => {
    openAddress({ view: "cluster", value: String(clusterId) });
  };
  const number = value === "" ? -1 : groups.findIndex(({ group }) => group === Number(value));
  if (number >= 0) openGroups.add(groups[number].group);
  const list = createGroupList(groups, openCluster, openGroups);
  const content = [heading, createNote(description, "secondary match-count")];
  if (map) content.push(map.element);
  content.push(list);
  return { name: "Groups", heading, content, target: list.children[number] };
}
