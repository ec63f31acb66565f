// The recommender in a notebook. It draws the page that Python holds and sends every action to
// Python. Nothing is decided here.
import { createElement, createDataElement, createButton, pluralize } from "./dom.js";
import { createCombobox } from "./combobox.js";
import { createCard, createPosterCard, setPosters } from "./cards.js";
import { createFilters } from "./filters.js";
import { createMap, decodeMap } from "./map.js";
import { createBreadcrumb, createGroupList } from "./groups.js";
import { createExamples, createFilterPanel, createHome, createTitlePanel } from "./views.js";
import { createCopyButton, createListNote, formatList, onListChange, readList } from "./saved_list.js";
import { addKeys } from "./keys.js";

const TABS = [
  ["search", "Discover"],
  ["clusters", "Groups"],
  ["profile", "For me"],
  ["list", "My list"],
];
const CHIP_KINDS = { like: "like", dislike: "not like", text: "about" };
const HISTORY_HELP =
  "A file of Netflix, Letterboxd, IMDb, Trakt or Prime Video, or any list of titles. " +
  "It is read in the memory of this notebook, and it is not stored.";
const MAX_BYTES = 5_000_000;
const MAX_TEXT_LENGTH = 2000;
const REQUEST_TIMEOUT_MS = 20_000;
const SILENCE_MS = 8_000; // after a message to Python
const DEBOUNCE_MS = 15; // Python suggests in a millisecond, so there is little to save
const NO_ANSWER = "Python does not answer. Run the cell again.";

// Create the connection to Python. An action has no answer of its own, because a new page follows.
// A request is answered by a message with the same request_id. `onSilence(isSilent)` is called with
// true when Python has not answered for some seconds, and with false when it answers.
function createChannel(model, onSilence) {
  const waiting = new Map();
  const prefix = `${Date.now()}-${Math.random()}`;
  let count = 0;
  let lastAction = "";
  let silenceTimer = 0;

  // Send a message, and wait for a sign of life.
  const post = (message) => {
    silenceTimer ||= setTimeout(() => onSilence(true), SILENCE_MS);
    model.send(message);
  };
  // Python has answered.
  const hear = () => {
    clearTimeout(silenceTimer);
    silenceTimer = 0;
    onSilence(false);
  };
  const newId = () => {
    count += 1;
    return `${prefix}-${count}`;
  };
  const onMessage = (message, buffers) => {
    hear();
    const request = waiting.get(message.request_id);
    if (!request) return;
    waiting.delete(message.request_id);
    if (message.error) request.reject(new Error(message.error));
    else request.resolve([message, buffers]);
  };
  model.on("msg:custom", onMessage);
  model.on("change:page", hear);

  // Send an action.
  function send(action, value = null) {
    lastAction = newId();
    post({ action, value, request_id: lastAction });
  }

  // Return whether a page is older than the last action of this view.
  function isStale(page) {
    if (!lastAction || page.request_id === lastAction) return false;
    return String(page.request_id).startsWith(prefix);
  }

  // Send a query and return a promise of its answer and buffers.
  function request(query, value = null) {
    return new Promise((resolve, reject) => {
      const id = newId();
      waiting.set(id, { resolve, reject });
      post({ query, request_id: id, value });
      setTimeout(() => {
        if (waiting.delete(id)) reject(new Error(NO_ANSWER));
      }, REQUEST_TIMEOUT_MS);
    });
  }

  // Stop listening.
  function close() {
    clearTimeout(silenceTimer);
    model.off("msg:custom", onMessage);
    model.off("change:page", hear);
  }
  return { send, isStale, request, close };
}

// Create the tab list and an empty panel for each tab.
function createTabs(id, onSelect) {
  const bar = createElement("div", "tabs");
  bar.setAttribute("role", "tablist");
  bar.setAttribute("aria-label", "Views");
  const panels = {};
  const tabs = {};

  // Select the tab to the right or to the left.
  const handleKey = (event, i) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const [next] = TABS[(i + step + TABS.length) % TABS.length];
    onSelect(next);
    tabs[next].focus();
    event.preventDefault();
  };
  TABS.forEach(([name, label], i) => {
    const tab = createButton(label, () => onSelect(name), "tab");
    const panel = createElement("div", "panel");
    tab.id = `${id}-tab-${name}`;
    panel.id = `${id}-panel-${name}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("keydown", (event) => handleKey(event, i));
    tabs[name] = tab;
    panels[name] = panel;
    bar.append(tab);
  });

  // Show the panel of one tab.
  function show(selected) {
    for (const [name, tab] of Object.entries(tabs)) {
      tab.setAttribute("aria-selected", String(name === selected));
      tab.tabIndex = name === selected ? 0 : -1;
      panels[name].hidden = name !== selected;
    }
  }
  return { bar, panels, show };
}

// Create a chip: one part of the query, with a button that removes it. `removeLabel` is the name of
// that button for screen readers.
function createChip(item, kind, onRemove, removeLabel = null) {
  const element = createElement("li", `chip chip-${kind}`);
  const removeButton = createButton("×", onRemove, "chip-remove");
  const shortTitle = [...item.title].slice(0, 60).join("");
  removeButton.setAttribute("aria-label", removeLabel ?? `remove ${shortTitle}`);
  element.append(
    ...(CHIP_KINDS[kind] ? [createElement("span", "chip-kind", CHIP_KINDS[kind])] : []),
    createDataElement("span", "chip-name", item.title),
    removeButton,
  );
  return element;
}

// Return the element with the focus. Some notebooks draw a widget in a shadow root, where the
// document knows only the host.
function focusedElement(root) {
  return root.getRootNode().activeElement;
}

// Create a list of results, with text beside each poster.
function createResults(items, handlers) {
  const list = createElement("ol", "cards result-cards");
  list.append(...items.map((item) => createCard(item, handlers)));
  return list;
}

// Create a grid of posters.
function createPosterGrid(items, onSelect) {
  const list = createElement("ol", "cards");
  list.append(...items.map((item) => createPosterCard(item, { onSelect })));
  return list;
}

// Create a heading that can take the focus.
function createHeading(text) {
  const heading = createElement("h2", "heading", text);
  heading.tabIndex = -1;
  return heading;
}

// Return a function that says whether a named value differs from the one of its last call.
function createChangeCheck() {
  const rendered = {};
  return (name, value) => {
    const text = JSON.stringify(value);
    if (rendered[name] === text) return false;
    rendered[name] = text;
    return true;
  };
}

// Create the list of what a page was asked for: titles, parts of the text and their buttons.
function createQueryChips(page, channel) {
  const isPlainTitle = page.panel && page.chips.length === 1;
  const titles = isPlainTitle ? [] : page.chips.filter((chip) => chip.kind !== "text");
  const chips = titles.map((chip) =>
    createChip(chip, chip.kind, () => channel.send("remove", chip.id)),
  );
  for (const piece of page.understood) {
    const remove = () => channel.send("set_text", piece.text);
    chips.push(createChip({ title: piece.label }, "piece", remove, piece.remove_label));
  }
  for (const { label, change } of page.filter_chips) {
    const remove = () => channel.send("set_filter", change);
    chips.push(createChip({ title: label }, "filter", remove));
  }
  return chips;
}

// Create the search tab in `panel`. `context` has id, channel, options, fetchSuggestions, handlers.
function createSearchTab(panel, { id, channel, options, fetchSuggestions, handlers }) {
  const { start } = options;
  const box = createCombobox({
    id: `${id}-title`,
    debounce: DEBOUNCE_MS,
    label: "A title, or what you want to see",
    isLabelHidden: true,
    placeholder: "A title or a description",
    maxLength: MAX_TEXT_LENGTH,
    fetchSuggestions,
    onSelect: handlers.onSelect,
    onSubmit: (text) => channel.send("search", text),
  });
  const form = createFilters(
    { ...options, id: `${id}-filters`, diversity: true },
    (name, value) => channel.send("set_filter", [name, value]),
  );
  const filters = createFilterPanel(form.element);
  const row = createElement("div", "search-row");
  row.append(box.element, filters.element);
  const openFilters = (name, filters, classNames) =>
    createButton(name, () => channel.send("browse", filters), classNames);
  const openExample = (text) =>
    createButton(text, () => channel.send("search", text), "example");
  const { onSelect, onGroup } = handlers;
  const openGroup = (group) => createButton(group.name, () => onGroup(group), "browse-link");
  const createCards = (shelf) => shelf.cards.map((item) => createPosterCard(item, { onSelect }));
  const home = createElement("div", "home");
  home.append(
    ...createExamples(start.examples.map(openExample)),
    ...createHome(start, { openFilters, openGroup, createCards, headingTag: "h3" }),
  );
  const heading = createHeading();
  const panelSlot = createElement("div", "panel-slot");
  const chips = createElement("ul", "chips");
  chips.setAttribute("aria-label", "Your search");
  const matchCount = createElement("p", "secondary match-count");
  const notes = createElement("div", "notes");
  const relaxations = createElement("div", "relaxations");
  const results = createElement("div", "results");
  const showMore = createButton("Show more", () => channel.send("show_more"), "button show-more");
  const found = createElement("div", "found");
  found.append(panelSlot, chips, matchCount, notes, relaxations, results, showMore);
  panel.append(heading, row, home, found);
  const hasChanged = createChangeCheck();

  // Create the button that drops one filter.
  const createRelaxation = ({ label, change }) =>
    createButton(label, () => channel.send("set_filter", change));

  // Draw the panel of the only title of the query.
  function renderPanel(item) {
    const name = createDataElement("h3", "heading", item.title);
    const openCluster = ({ cluster }) =>
      createButton(cluster.name, () => handlers.onCluster({ cluster }), "cluster-name");
    const options = { openFilters, openCluster, watchUrl: start.watch_url };
    panelSlot.replaceChildren(createTitlePanel(item, name, options));
  }

  // Draw the results: with reasons for a query, as posters otherwise.
  function renderCards(page) {
    const hasQuery = page.chips.length > 0;
    const list = hasQuery
      ? createResults(page.cards, handlers)
      : createPosterGrid(page.cards, handlers.onSelect);
    results.replaceChildren(list);
  }

  // Draw the page. A stale page must not undo what the user has just entered.
  function render(page) {
    const isStale = channel.isStale(page);
    if (!isStale) {
      form.set(page.filters);
      filters.setCount(form.countActive(page.filters));
    }
    heading.textContent = page.heading;
    heading.classList.toggle("mediarec-welcome", page.is_home);
    if (page.is_home) panel.prepend(heading);
    else found.insertBefore(heading, chips);
    home.hidden = !page.is_home;
    found.hidden = page.is_home;
    if (page.is_home) return;
    if (!page.panel) panelSlot.replaceChildren();
    if (hasChanged("panel", page.panel) && page.panel) renderPanel(page.panel);
    if (hasChanged("chips", [page.chips, page.understood, page.filter_chips])) {
      chips.replaceChildren(...createQueryChips(page, channel));
    }
    chips.hidden = !chips.children.length;
    matchCount.textContent = page.match_count;
    notes.replaceChildren(...page.notes.map((note) => createElement("p", "note", note)));
    relaxations.replaceChildren(...page.relaxations.map(createRelaxation));
    if (hasChanged("cards", page.cards)) renderCards(page);
    showMore.hidden = !page.has_more;
  }
  return { box, heading, render };
}

// Create the clusters tab in `panel`. `getPage()` returns the newest page.
function createClustersTab(panel, { channel, handlers, getPage, showError }) {
  const methods = createElement("div", "methods");
  methods.setAttribute("role", "group");
  methods.setAttribute("aria-label", "Clustering method");
  const openCluster = (clusterId) => {
    channel.send("open_cluster", [getPage().clusters.method, clusterId]);
  };
  const map = createMap({
    label: "Map of the catalog; the groups are listed below it",
    onSelect: openCluster,
    onTitle: (row) => handlers.onSelect({ id: mapIds[row] }),
  });
  let mapIds = []; // the ids of the points of the map
  const mapLevels = new Map();
  const clusterView = createElement("div", "cluster-view");
  const clusterList = createElement("div", "cluster-list");
  panel.append(methods, map.element, clusterView, clusterList);
  const hasChanged = createChangeCheck();
  const openGroups = {}; // for each method, the groups that are open in the list

  // Return the open groups of a method.
  const openGroupsOf = (method) => (openGroups[method] ??= new Set());

  // Load the map once, then show a method on it, unless the user has gone on to another one.
  async function drawMap(method) {
    if (!map.loaded) {
      const [message] = await channel.request("map");
      mapIds = message.ids;
      map.load(decodeMap(message));
    }
    if (!mapLevels.has(method)) {
      const [message] = await channel.request("levels", method);
      mapLevels.set(method, decodeMap(message));
    }
    const { clusters } = getPage();
    if (clusters?.method === method) map.show(mapLevels.get(method), clusters.cluster_id);
  }

  // Create the button of one clustering method.
  function createMethodButton({ name, label }, selected) {
    const button = createButton(label, () => channel.send("set_browse_method", name));
    button.setAttribute("aria-pressed", String(name === selected));
    return button;
  }

  // Draw the groups of a method with their clusters.
  function renderList(page) {
    const list = createGroupList(page.groups, openCluster, openGroupsOf(page.method));
    clusterView.replaceChildren();
    clusterList.replaceChildren(createElement("p", "secondary", page.description), list);
  }

  // Draw one cluster with its titles. The list then shows its group open.
  function renderCluster(cluster, method) {
    openGroupsOf(method).add(cluster.group);
    clusterView.replaceChildren(
      createButton("All groups", () => openCluster(null), "button back"),
      createBreadcrumb(cluster),
      createHeading(cluster.name),
      createElement("p", "secondary", cluster.description),
      createElement("p", "cluster-words", cluster.words),
      createPosterGrid(cluster.cards, handlers.onSelect),
    );
    if (cluster.n_more) {
      const label = `${cluster.n_more.toLocaleString("en")} more`;
      clusterView.append(createButton(label, () => channel.send("show_more")));
    }
    clusterList.replaceChildren();
  }

  // Draw the page.
  function render(page) {
    if (!page) return;
    if (!page.methods.length) {
      methods.replaceChildren();
      map.element.hidden = true;
      clusterView.replaceChildren(createElement("p", "note", page.empty_message));
      return;
    }
    if (!hasChanged("page", page)) return;
    methods.hidden = page.methods.length < 2;
    const buttons = page.methods.map((method) => createMethodButton(method, page.method));
    methods.replaceChildren(...buttons);
    map.element.hidden = !page.map;
    if (page.map) drawMap(page.method).catch((error) => showError(error.message));
    if (page.cluster) renderCluster(page.cluster, page.method);
    else renderList(page);
  }

  // Return the heading of the open cluster, or null.
  function findHeading() {
    return clusterView.querySelector("h2");
  }
  return { render, findHeading };
}

// Create the file input for a viewing history. `onFile({name, text})` gets its content.
function createHistoryInput(id, onFile, showError) {
  const input = createElement("input", "file");
  input.type = "file";
  input.accept = ".csv,.txt,.json,text/csv,text/plain,application/json";
  input.id = id;
  const label = createElement("label", "label", "Your history, ratings or watchlist");
  label.htmlFor = id;
  input.addEventListener("change", async () => {
    const file = input.files[0];
    if (!file) return;
    if (file.size > MAX_BYTES) {
      const megabytes = (file.size / 1e6).toFixed(1);
      showError(`${file.name} has ${megabytes} MB; at most ${MAX_BYTES / 1e6} MB`);
    } else {
      onFile({ name: file.name, text: await file.text() });
    }
    input.value = "";
  });
  const element = createElement("p", "field upload");
  element.append(label, input);
  return element;
}

// Create the list of titles that were not found in the catalog.
function createUnmatchedList(titles, count) {
  const list = createElement("ul");
  list.append(...titles.map((title) => createDataElement("li", null, title)));
  const element = createElement("details", "unmatched");
  const summary = `${pluralize(count, "title")} not found in the catalog`;
  element.append(createElement("summary", null, summary), list);
  return element;
}

// Create the profile tab in `panel`.
function createProfileTab(panel, { id, channel, fetchSuggestions, handlers, showError }) {
  const sendHistory = (file) => channel.send("load_history", file);
  const likes = createCombobox({
    id: `${id}-likes`,
    debounce: DEBOUNCE_MS,
    label: "Titles that you like, one after the other",
    placeholder: "Type a title",
    fetchSuggestions,
    onSelect: (item) => channel.send("add_profile_like", item.id),
    onSubmit: (text) => {
      const lines = text.split(/\s*[,;]\s*/).join("\n");
      channel.send("load_history", { name: "titles.txt", text: lines });
    },
  });
  const inputs = createElement("div", "search-fields");
  inputs.append(createHistoryInput(`${id}-file`, sendHistory, showError), likes.element);
  const chips = createElement("ul", "chips");
  chips.setAttribute("aria-label", "Titles you like");
  const results = createElement("div", "profile");
  panel.append(inputs, createElement("p", "secondary", HISTORY_HELP), chips, results);
  const hasChanged = createChangeCheck();

  // Create the chip of a title that the person likes.
  const createLikeChip = (title) =>
    createChip(title, "like", () => channel.send("remove_profile_like", title.id));

  // Draw the page.
  function render(page) {
    if (!page) return;
    if (hasChanged("likes", page.likes)) chips.replaceChildren(...page.likes.map(createLikeChip));
    chips.hidden = !page.likes.length;
    if (!hasChanged("page", page)) return;
    const parts = page.notes.map((note) => createElement("p", "note", note));
    if (page.unmatched.length) parts.push(createUnmatchedList(page.unmatched, page.n_unmatched));
    if (page.has_input) {
      parts.push(createButton("Start again", () => channel.send("clear_profile")));
    }
    const { onSelect } = handlers;
    if (page.cards.length) parts.push(createResults(page.cards, { onSelect, canSave: true }));
    results.replaceChildren(...parts);
  }
  return { render };
}

// Create the tab of the saved titles in `panel`. The browser keeps their ids.
function createListTab(panel, { channel, handlers }) {
  const heading = createHeading("My list");
  const results = createElement("div", "saved");
  let shown = [];
  const copy = createCopyButton("Copy the titles", () => formatList(shown));
  panel.append(heading, createListNote(), copy, results);
  const hasChanged = createChangeCheck();

  // Ask Python for the cards of the saved titles.
  function request() {
    channel.send("show_list", readList().map(({ id }) => id));
  }

  // Draw the page.
  function render(page) {
    if (!page || !hasChanged("page", page)) return;
    shown = page.cards;
    copy.hidden = !shown.length;
    const empty = createElement("p", "note", "It is empty. Press “Save” on a title to add it.");
    const { onSelect } = handlers;
    const list = createResults(page.cards, { onSelect, canSave: true });
    results.replaceChildren(shown.length ? list : empty);
  }
  return { request, render };
}

// Create the attribution of the poster source.
function createAttribution(attribution) {
  const element = createElement("p", "attribution");
  if (!attribution) return element;
  const link = createElement("a", null, "TMDB");
  link.href = attribution.url;
  link.rel = "noopener noreferrer";
  link.target = "_blank";
  element.append(link, ` ${attribution.text}`);
  return element;
}

// Create the style that hides the picture of the last answer while the widget is on screen. The
// picture is another output of the notebook, for readers without Python.
function createSnapshotStyle(name) {
  const style = document.createElement("style");
  style.textContent = `.${name}, .jp-OutputArea-child:has(.${name}) { display: none; }`;
  return style;
}

// Draw the widget into `el`. This is the entry point of anywidget.
function render({ model, el }) {
  // Each widget of a notebook has its own copy of this module, so that a count is not enough.
  const id = `mediarec-app-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
  const errorLine = createElement("p", "error");
  errorLine.setAttribute("role", "alert");
  const channel = createChannel(model, (isSilent) => {
    if (isSilent) errorLine.textContent = NO_ANSWER;
    else if (errorLine.textContent === NO_ANSWER) errorLine.textContent = "";
  });
  const options = model.get("options");
  const status = createElement("p", "visually-hidden");
  status.setAttribute("role", "status");
  const context = {
    id,
    channel,
    options,
    getPage: () => model.get("page"),
    fetchSuggestions: async (text, n) => (await channel.request("suggest", { text, n }))[0].items,
    showError: (message) => {
      errorLine.textContent = message;
    },
    handlers: {
      onSelect: (item) => channel.send("set_title", item.id),
      onLike: (item) => channel.send("add_like", item.id),
      onDislike: (item) => channel.send("add_dislike", item.id),
      onCluster: ({ cluster }) =>
        channel.send("open_cluster", [cluster.method, cluster.cluster_id]),
      onGroup: ({ method }) => channel.send("set_browse_method", method),
      onTerm: (name, more) => channel.send("refine", [name, more]),
      canSave: true,
    },
  };

  const tabs = createTabs(id, (name) => {
    if (name === "list") list.request();
    else if (name === "search" && model.get("page").tab === "search") channel.send("go_home");
    else channel.send("set_tab", name);
  });
  const search = createSearchTab(tabs.panels.search, context);
  const clusters = createClustersTab(tabs.panels.clusters, context);
  const profile = createProfileTab(tabs.panels.profile, context);
  const list = createListTab(tabs.panels.list, context);
  const back = createButton("Back", () => channel.send("undo"), "button back");
  const head = createElement("div", "head");
  head.append(tabs.bar, back);
  const root = createElement("section", "app");
  root.setAttribute("aria-label", "Recommender");
  // The keys belong to the widget, not to the notebook.
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.append(head, errorLine, ...Object.values(tabs.panels));
  root.append(createAttribution(options.attribution), status);
  if (options.snapshot) root.append(createSnapshotStyle(options.snapshot));

  let previous = null;

  // Move a lost focus to the new content, and say what has happened.
  function announce(page) {
    const isNewQuery = ["search", "set_title", "go_home", "browse"].includes(page.action);
    if (isNewQuery && !page.error) search.box.clear();
    status.textContent = page.status;
    if (!root.contains(focusedElement(root))) {
      const selectedTab = root.querySelector("[role=tab][aria-selected=true]");
      const content = page.tab === "search" ? search.heading : clusters.findHeading();
      (content ?? selectedTab)?.focus({ preventScroll: true });
    }
    const isAbove = search.heading.getBoundingClientRect().top < 0;
    if (page.tab === "search" && isAbove) root.scrollIntoView({ block: "start" });
  }

  // Draw the page that Python holds.
  function renderPage() {
    const page = model.get("page");
    if (!page.tab) return;
    tabs.show(page.tab);
    back.disabled = !page.can_undo;
    errorLine.textContent = page.error;
    search.render(page);
    clusters.render(page.clusters);
    profile.render(page.profile);
    list.render(page.list);
    updatePosters();
    if (previous && page.n_actions !== previous.n_actions) announce(page);
    root.dataset.nActions = page.n_actions;
    previous = page;
  }

  // Show the posters that have arrived.
  function updatePosters() {
    setPosters(root, model.get("posters"));
  }

  const stopKeys = addKeys(root, () => (tabs.panels.search.hidden ? null : search.box.input));
  const stopList = onListChange(() => {
    if (model.get("page").tab === "list") list.request();
  });
  model.on("change:page", renderPage);
  model.on("change:posters", updatePosters);
  el.append(root);
  renderPage();
  return () => {
    model.off("change:page", renderPage);
    model.off("change:posters", updatePosters);
    channel.close();
    stopList();
    stopKeys();
  };
}

export default { render };
