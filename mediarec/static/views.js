// The start page, the panel of a title, and the filters behind one button.
// Shared by the widget, whose controls are buttons, and the static page, whose controls are links.
// So both pass functions that create a control: `openFilters(name, filters, classNames)`,
// `openGroup(group)` and `openCluster(item)`.
import { createElement, createDataElement, createButton } from "./dom.js";
import { createFacts, createPoster, subtitle } from "./cards.js";
import { createSaveButton } from "./saved_list.js";

const MAX_PANEL_THEMES = 8;
const MAX_PANEL_MOODS = 4;

let panelCount = 0;
let shelfCount = 0;

// Create a list with one item for each control.
function createControlList(controls, classNames, label) {
  const list = createElement("ul", classNames);
  list.setAttribute("aria-label", label);
  for (const control of controls) {
    const item = createElement("li");
    item.append(control);
    list.append(item);
  }
  return list;
}

// Create one row of posters with its name and the control that shows all of its titles.
function createShelf({ name, filters }, cards, { openFilters, headingTag }) {
  const heading = createElement(headingTag, "shelf-heading", name);
  heading.id = `mediarec-shelf-${++shelfCount}`;
  const seeAll = openFilters("See all", filters, "see-all");
  seeAll.setAttribute("aria-label", `See all: ${name}`);
  const head = createElement("div", "shelf-head");
  head.append(heading, seeAll);
  const list = createElement("ol", "shelf-cards");
  list.setAttribute("aria-label", name);
  list.append(...cards);
  const element = createElement("section", "shelf");
  element.setAttribute("aria-label", name);
  element.append(head, list);
  return element;
}

// Create controls to browse, under a heading; nothing without controls.
function createBrowseSection(label, controls, headingTag) {
  if (!controls.length) return [];
  const section = createElement("section", "browse");
  section.setAttribute("aria-label", label);
  section.append(
    createElement(headingTag, "browse-heading", label),
    createControlList(controls, "browse-links", label),
  );
  return [section];
}

// Create the examples below the search box; nothing without examples.
export function createExamples(controls) {
  return controls.length ? [createControlList(controls, "examples", "Examples")] : [];
}

// Create the rows of posters, and the collections, moods and groups to browse. `options` has
// openFilters, openGroup, createCards(shelf) and headingTag.
export function createHome(start, options) {
  const { openFilters, openGroup, createCards, headingTag } = options;
  const browse = ({ name, filters }) => openFilters(name, filters, "browse-link");
  return [
    ...start.shelves.map((shelf) => createShelf(shelf, createCards(shelf), options)),
    ...createBrowseSection("More collections", start.collections.map(browse), headingTag),
    ...createBrowseSection("Moods", start.moods.map(browse), headingTag),
    ...createBrowseSection("Groups", start.groups.map(openGroup), headingTag),
  ];
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
// its name. `options` has openFilters, openCluster, and watchUrl: the start of an address that
// searches for where a title can be watched.
export function createTitlePanel(item, heading, { openFilters, openCluster, watchUrl }) {
  const facts = createElement("div", "title-facts");
  const line = [subtitle(item), item.duration].filter(Boolean).join(" · ");
  facts.append(heading, createElement("p", "secondary", line));
  if (item.description) facts.append(createDataElement("p", "description", item.description));
  facts.append(createFacts(item));
  const openTerm = (filter) => (name) => openFilters(name, { [filter]: [name] }, "browse-link");
  const terms = [
    ...item.themes.slice(0, MAX_PANEL_THEMES).map(openTerm("theme")),
    ...item.moods.slice(0, MAX_PANEL_MOODS).map(openTerm("mood")),
  ];
  if (terms.length) facts.append(createControlList(terms, "terms", "Themes"));
  if (item.cluster) {
    const cluster = createElement("p", "title-cluster", `${item.cluster.note || "In the cluster"} `);
    cluster.append(openCluster(item));
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
