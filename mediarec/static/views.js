// The start page, the panel of a title, and the filters behind one button.
// Shared by the widget and the static page.
import { createElement, createDataElement, createButton } from "./dom.js";
import { createFacts, createPoster, createPosterCard, subtitle } from "./cards.js";
import { createSaveButton } from "./saved_list.js";

const MAX_PANEL_THEMES = 8;
const MAX_PANEL_MOODS = 4;

let panelCount = 0;

// Create one row of posters with its name and the button that shows all of its titles.
function createShelf(shelf, { onBrowse, onSelect }) {
  const heading = createElement("h3", "shelf-heading", shelf.name);
  const seeAll = createButton("See all", () => onBrowse(shelf), "see-all");
  seeAll.setAttribute("aria-label", `See all: ${shelf.name}`);
  const head = createElement("div", "shelf-head");
  head.append(heading, seeAll);
  const cards = createElement("ol", "shelf-cards");
  cards.setAttribute("aria-label", shelf.name);
  cards.append(...shelf.cards.map((item) => createPosterCard(item, { onSelect })));
  const element = createElement("section", "shelf");
  element.setAttribute("aria-label", shelf.name);
  element.append(head, cards);
  return element;
}

// Create a list of buttons under a heading. `onOpen(item)` is called with the pressed item.
function createBrowseList(label, items, onOpen) {
  const list = createElement("ul", "browse-links");
  for (const item of items) {
    const entry = createElement("li");
    const button = createButton(item.name, () => onOpen(item), "browse-link");
    button.dir = "auto";
    entry.append(button);
    list.append(entry);
  }
  const element = createElement("section", "browse");
  element.setAttribute("aria-label", label);
  element.append(createElement("h3", "browse-heading", label), list);
  return element;
}

// Create the examples below the search box. `onExample(text)` is called with the pressed one.
export function createExamples(examples, onExample) {
  const list = createElement("ul", "examples");
  list.setAttribute("aria-label", "Examples");
  for (const text of examples) {
    const entry = createElement("li");
    entry.append(createButton(text, () => onExample(text), "example"));
    list.append(entry);
  }
  return list;
}

// Create the start page: rows of posters, and collections, moods and groups to browse.
// `handlers` has onBrowse(item with name and filters), onSelect(item) and onGroup(group).
export function createHome(start, handlers) {
  const element = createElement("div", "home");
  element.append(...start.shelves.map((shelf) => createShelf(shelf, handlers)));
  const browse = (label, items, onOpen) => {
    if (items.length) element.append(createBrowseList(label, items, onOpen));
  };
  browse("More collections", start.collections, handlers.onBrowse);
  browse("Moods", start.moods, handlers.onBrowse);
  browse("Groups", start.groups, handlers.onGroup);
  return element;
}

// Create the themes and moods of a title as buttons that show all titles with them.
function createThemes(item, onBrowse) {
  const list = createElement("ul", "terms");
  list.setAttribute("aria-label", "Themes");
  const add = (filter, name) => {
    const entry = createElement("li");
    const open = () => onBrowse({ name, filters: { [filter]: [name] } });
    entry.append(createButton(name, open, "browse-link"));
    list.append(entry);
  };
  for (const name of item.themes.slice(0, MAX_PANEL_THEMES)) add("theme", name);
  for (const name of item.moods.slice(0, MAX_PANEL_MOODS)) add("mood", name);
  return list;
}

// Create the link to a search for where a title can be watched.
function createWatchLink(item, watchUrl) {
  const link = createElement("a", "action", "Where to watch");
  link.href = watchUrl + encodeURIComponent(item.title);
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.append(createElement("span", "visually-hidden", " (JustWatch, in a new tab)"));
  return link;
}

// Create the panel of a title: what it is, its themes and its cluster. `heading` is the element of
// its name. `handlers` has onBrowse(item with name and filters) and onCluster(item). `watchUrl` is
// the start of an address that searches for where a title can be watched.
export function createTitlePanel(item, heading, { onBrowse, onCluster, watchUrl }) {
  const facts = createElement("div", "title-facts");
  const line = [subtitle(item), item.duration].filter(Boolean).join(" · ");
  facts.append(heading, createElement("p", "secondary", line));
  if (item.description) facts.append(createDataElement("p", "description", item.description));
  facts.append(createFacts(item));
  if (item.themes.length || item.moods.length) facts.append(createThemes(item, onBrowse));
  if (item.cluster && onCluster) {
    const cluster = createElement("p", "title-cluster", `${item.cluster.note || "In the cluster"} `);
    cluster.append(createButton(item.cluster.name, () => onCluster(item), "cluster-name"));
    facts.append(cluster);
  }
  const actions = createElement("div", "actions");
  actions.append(createWatchLink(item, watchUrl), createSaveButton(item));
  facts.append(actions);
  const element = createElement("article", "title-panel");
  element.dataset.id = item.id;
  element.append(createPoster(item), facts);
  return element;
}

// Put the filter form behind one button with the number of filters that are set. Returns the
// element and `setCount(n)`.
export function createFilterPanel(form) {
  const id = `mediarec-filter-panel-${++panelCount}`;
  const button = createButton("Filters", () => toggle(form.hidden), "button filter-button");
  const count = createElement("span", "filter-count");
  count.hidden = true;
  button.append(count);
  button.setAttribute("aria-controls", id);
  form.id = id;
  const element = createElement("div", "filter-panel");
  element.append(button, form);

  // Show or hide the form. A press outside hides it.
  function toggle(isOpen) {
    form.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
    const change = isOpen ? "addEventListener" : "removeEventListener";
    document[change]("pointerdown", closeOutside, true);
  }

  // Hide the form after a press outside. In a shadow root, the path has the true target.
  function closeOutside(event) {
    if (!event.composedPath().includes(element)) toggle(false);
  }

  // Show the number of filters that are set.
  function setCount(n) {
    count.hidden = !n;
    count.textContent = n;
    button.setAttribute("aria-label", n ? `Filters, ${n} set` : "Filters");
  }
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || form.hidden) return;
    toggle(false);
    button.focus();
    event.stopPropagation();
  });
  toggle(false);
  setCount(0);
  return { element, setCount };
}
