// The recommender in a notebook. It draws the page that Python holds and sends every action to
// Python. Nothing is decided here.
import { createElement, createDataElement, createButton, pluralize } from "./dom.js";
import { createCombobox } from "./combobox.js";
import { createCard, setPosters } from "./cards.js";
import { createFilters } from "./filters.js";
import { createMap, decodeMap } from "./map.js";
import { createBreadcrumb, createGroupList } from "./groups.js";

const TABS = [
  ["search", "More like this"],
  ["clusters", "Groups"],
  ["profile", "For a person"],
];
const CHIP_KINDS = { like: "like", dislike: "not like", text: "about" };
const HISTORY_HELP =
  "Files of Netflix, Letterboxd, IMDb, Trakt and Prime Video are recognized. " +
  "A file is read where this notebook runs and sent nowhere.";
const MAX_BYTES = 5_000_000;
const MAX_TEXT_LENGTH = 2000;
const REQUEST_TIMEOUT_MS = 20_000;
const SILENCE_MS = 8_000; // after a message to Python
const NO_ANSWER = "Python does not answer. Run the cell again.";

let widgetCount = 0;

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

// Create a chip: one part of the query, with a button that removes it.
function createChip(item, kind, onRemove) {
  const element = createElement("li", `chip chip-${kind}`);
  const removeButton = createButton("×", onRemove, "chip-remove");
  removeButton.setAttribute("aria-label", `remove ${[...item.title].slice(0, 60).join("")}`);
  element.append(
    createElement("span", "chip-kind", CHIP_KINDS[kind]),
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

// Create a grid of cards.
function createGrid(items, handlers) {
  const list = createElement("ol", "cards");
  list.append(...items.map((item) => createCard(item, handlers)));
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

// Create the input for a text query. Enter sends it.
function createTextField(id, onSubmit) {
  const input = createElement("input", "text-query-input");
  input.type = "text";
  input.id = id;
  input.maxLength = MAX_TEXT_LENGTH;
  input.placeholder = "heist with a double cross, set in Spain";
  const label = createElement("label", "label", "or in words");
  label.htmlFor = id;
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    onSubmit(input.value);
    event.preventDefault();
    event.stopPropagation();
  });
  const element = createElement("p", "field text-query");
  element.append(label, input);
  return { element, input };
}

// Create the search tab in `panel`. `context` has id, channel, options, fetchSuggestions, handlers.
function createSearchTab(panel, { id, channel, options, fetchSuggestions, handlers }) {
  const box = createCombobox({
    label: "A film or a series",
    placeholder: "Type a title",
    fetchSuggestions,
    onSelect: handlers.onSelect,
    onSubmit: (text) => channel.send("set_title_by_name", text),
  });
  const textField = createTextField(`${id}-text`, (text) => channel.send("set_text", text));
  const inputs = createElement("div", "search-fields");
  inputs.append(box.element, textField.element);
  const chips = createElement("ul", "chips");
  chips.setAttribute("aria-label", "Current query");
  const form = createFilters({ ...options, diversity: true }, (name, value) =>
    channel.send("set_filter", [name, value]),
  );
  const heading = createHeading();
  const matchCount = createElement("p", "secondary match-count");
  const understood = createElement("ul", "chips understood");
  understood.setAttribute("aria-label", "Understood");
  const notes = createElement("div", "notes");
  const relaxations = createElement("div", "relaxations");
  const results = createElement("div", "results");
  const showMore = createButton("Ten more", () => channel.send("show_more"), "button show-more");
  panel.append(inputs, chips, form.element, heading, matchCount);
  panel.append(understood, notes, relaxations);
  panel.append(results, showMore);
  const hasChanged = createChangeCheck();

  // Create the chip of one part of the query.
  const createQueryChip = (chip) =>
    createChip(chip, chip.kind, () => channel.send("remove", chip.id));
  // Create the chip of one thing that was understood of the text; its button asks without it.
  const createPieceChip = (piece) => {
    const element = createElement("li", "chip");
    const button = createButton("×", () => channel.send("set_text", piece.text), "chip-remove");
    button.setAttribute("aria-label", piece.remove_label);
    element.append(createDataElement("span", "chip-name", piece.label), button);
    return element;
  };
  // Create the button that drops one filter.
  const createRelaxation = ({ label, change }) =>
    createButton(label, () => channel.send("set_filter", change));

  // Draw the page. A stale page must not undo what the user has just entered.
  function render(page) {
    const isStale = channel.isStale(page);
    if (!isStale) form.set(page.filters);
    const isEdited = focusedElement(panel) === textField.input;
    if (!isStale && !isEdited) textField.input.value = page.text;
    if (hasChanged("chips", page.chips)) chips.replaceChildren(...page.chips.map(createQueryChip));
    chips.hidden = !page.chips.length;
    heading.textContent = page.heading;
    matchCount.textContent = page.match_count;
    if (hasChanged("understood", page.understood)) {
      understood.replaceChildren(...page.understood.map(createPieceChip));
    }
    understood.hidden = !page.understood.length;
    notes.replaceChildren(...page.notes.map((note) => createElement("p", "note", note)));
    relaxations.replaceChildren(...page.relaxations.map(createRelaxation));
    if (hasChanged("cards", page.cards)) results.replaceChildren(createGrid(page.cards, handlers));
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
  });
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
      createGrid(cluster.cards, { onSelect: handlers.onSelect }),
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
  const label = createElement("label", "label", "Your history, ratings or watchlist, or one title per line");
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
    label: "or titles you like, one after the other",
    placeholder: "Type a title",
    fetchSuggestions,
    onSelect: (item) => channel.send("add_profile_like", item.id),
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
    if (page.cards.length) parts.push(createGrid(page.cards, { onSelect: handlers.onSelect }));
    results.replaceChildren(...parts);
  }
  return { render };
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
  const id = `mediarec-app-${++widgetCount}`;
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
    },
  };

  const tabs = createTabs(id, (name) => channel.send("set_tab", name));
  const search = createSearchTab(tabs.panels.search, context);
  const clusters = createClustersTab(tabs.panels.clusters, context);
  const profile = createProfileTab(tabs.panels.profile, context);
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
    const isTitle = ["set_title_by_name", "set_title"].includes(page.action);
    if (isTitle && !page.error) search.box.clear();
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
    updatePosters();
    if (previous && page.n_actions !== previous.n_actions) announce(page);
    root.dataset.nActions = page.n_actions;
    previous = page;
  }

  // Show the posters that have arrived.
  function updatePosters() {
    setPosters(root, model.get("posters"));
  }

  model.on("change:page", renderPage);
  model.on("change:posters", updatePosters);
  el.append(root);
  renderPage();
  return () => {
    model.off("change:page", renderPage);
    model.off("change:posters", updatePosters);
    channel.close();
  };
}

export default { render };
