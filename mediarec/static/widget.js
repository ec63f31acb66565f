// The recommender in a notebook: draws the page that Python holds and tells Python what was pressed. Nothing is decided here.
import { createElement, createButton, pluralize } from "./dom.js";
import { createCombobox } from "./combobox.js";
import { createCard, setPosters } from "./cards.js";
import { createFilters } from "./filters.js";
import { createMap } from "./map.js";

const TABS = [["search", "More like this"], ["clusters", "Groups"], ["profile", "For a person"]];
const MAX_BYTES = 5_000_000;
let widgetCount = 0;

function createChannel(model) {
  // Questions that are answered by number; everything else comes as a page.
  const waiting = new Map(), own = `${Date.now()}-${Math.random()}`;
  let asked = 0, last = "";
  const onMessage = (said, buffers) => {
    const answer = waiting.get(said.request_id);
    if (!answer) return;
    waiting.delete(said.request_id);
    said.error ? answer.fail(new Error(said.error)) : answer.done([said, buffers]);
  };
  model.on("msg:custom", onMessage);
  return {
    send: (action, value = null) => { last = `${own}-${++asked}`; model.send({ action, value, request_id: last }); },
    isStale: (page) => Boolean(last) && page.request_id !== last && String(page.request_id).startsWith(own), // a page from before what was pressed last
    request: (query, value = null) => new Promise((done, fail) => {
      const id = `${own}-${++asked}`;
      waiting.set(id, { done, fail });
      model.send({ query, request_id: id, value });
      setTimeout(() => { if (waiting.delete(id)) fail(new Error("no answer")); }, 20_000);
    }),
    close: () => model.off("msg:custom", onMessage),
  };
}

function createTabs(id, onSelect) {
  const bar = createElement("div", "tabs"), panels = {}, heads = {};
  bar.setAttribute("role", "tablist");
  bar.setAttribute("aria-label", "Ways to look");
  TABS.forEach(([name, label], i) => {
    const head = (heads[name] = createButton(label, () => onSelect(name), "tab")), panel = (panels[name] = createElement("div", "panel"));
    head.id = `${id}-tab-${name}`;
    panel.id = `${id}-panel-${name}`;
    head.setAttribute("role", "tab");
    head.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", head.id);
    head.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = TABS[(i + step + TABS.length) % TABS.length][0];
      onSelect(next);
      heads[next].focus();
      event.preventDefault();
    });
    bar.append(head);
  });
  return { bar, panels, show(name) {
    for (const [key, head] of Object.entries(heads)) {
      head.setAttribute("aria-selected", String(key === name));
      head.tabIndex = key === name ? 0 : -1;
      panels[key].hidden = key !== name;
    }
  } };
}

function createChip(item, kind, onRemove) {
  const out = createElement("li", `chip chip-${kind}`), name = createElement("span", "chip-name", item.title);
  name.dir = "auto";
  const removeButton = createButton("×", onRemove, "chip-remove");
  removeButton.setAttribute("aria-label", `leave out ${[...item.title].slice(0, 60).join("")}`);
  out.append(createElement("span", "chip-kind", { like: "like", dislike: "not like", text: "about" }[kind]), name, removeButton);
  return out;
}

function createGrid(items, handlers) {
  const list = createElement("ol", "cards");
  list.append(...items.map((item) => createCard(item, handlers)));
  return list;
}

function render({ model, el }) {
  const id = `mediarec-app-${++widgetCount}`, channel = createChannel(model), options = model.get("options"), root = createElement("section", "app");
  root.setAttribute("aria-label", "Recommender");
  root.setAttribute("data-lm-suppress-shortcuts", "true");                     // the keys are ours, not the notebook's
  const status = createElement("p", "visually-hidden"), errorLine = createElement("p", "error");
  status.setAttribute("role", "status");
  errorLine.setAttribute("role", "alert");
  const fetchSuggestions = async (text, n) => (await channel.request("suggest", { text, n }))[0].items;
  const handlers = { onSelect: (item) => channel.send("set_title", item.id), onLike: (item) => channel.send("add_like", item.id), onDislike: (item) => channel.send("add_dislike", item.id), onCluster: (item) => channel.send("open_cluster", [item.cluster.method, item.cluster.cluster_id]) };

  // find
  const bar = createTabs(id, (name) => channel.send("set_tab", name)), search = bar.panels.search;
  const box = createCombobox({ label: "A film or a series", placeholder: "Type a title", fetchSuggestions, onSelect: (item) => channel.send("set_title", item.id), onSubmit: (text) => channel.send("set_title_by_name", text) });
  const back = createButton("Back", () => channel.send("undo"), "button back"), top = createElement("div", "search-fields"), chips = createElement("ul", "chips"), textField = createElement("p", "field text-query"), textInput = createElement("input", "text-query-input"), textLabel = createElement("label", "label", "or in words");
  Object.assign(textInput, { type: "text", maxLength: 2000, placeholder: "heist with a double cross, set in Spain", id: `${id}-text` });
  textLabel.htmlFor = textInput.id;
  textField.append(textLabel, textInput);
  textInput.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    channel.send("set_text", textInput.value);
    event.preventDefault();
    event.stopPropagation();
  });
  chips.setAttribute("aria-label", "What is asked");
  top.append(box.element, textField);
  const form = createFilters({ ...options, diversity: true }, (name, value) => channel.send("set_filter", [name, value]));
  const heading = createElement("h2", "heading"), matchCount = createElement("p", "secondary match-count"), notes = createElement("div", "notes"), relaxations = createElement("div", "relaxations"), results = createElement("div", "results"), showMore = createButton("Ten more", () => channel.send("show_more"), "button show-more");
  heading.tabIndex = -1;
  search.append(top, chips, form.element, heading, matchCount, notes, relaxations, results, showMore);

  // groups
  const clusters = bar.panels.clusters, methods = createElement("div", "methods"), map = createMap({ label: "Map of the catalogue; the groups are listed below it", onSelect: (clusterId) => channel.send("open_cluster", [model.get("page").clusters.method, clusterId]) });
  const clusterList = createElement("div", "cluster-list"), clusterView = createElement("div", "cluster-view");
  methods.setAttribute("role", "group");
  methods.setAttribute("aria-label", "Method of grouping");
  clusters.append(methods, map.element, clusterView, clusterList);

  // a person
  const profilePanel = bar.panels.profile, file = createElement("input", "file"), fileName = createElement("label", "label", "Your viewing history, or titles one a line"), historyNote = createElement("p", "secondary", "Netflix gives its file under Account, Profile, Viewing activity, Download all. It is read where this notebook runs and sent nowhere."), profileResults = createElement("div", "profile");
  Object.assign(file, { type: "file", accept: ".csv,.txt,text/csv,text/plain", id: `${id}-file` });
  fileName.htmlFor = file.id;
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    if (chosen.size > MAX_BYTES) { errorLine.textContent = `${chosen.name} has ${(chosen.size / 1e6).toFixed(1)} MB; at most ${MAX_BYTES / 1e6} MB`; file.value = ""; return; }
    channel.send("load_history", { name: chosen.name, text: await chosen.text() });
    file.value = "";
  });
  const likes = createCombobox({ label: "or titles you like, one after the other", placeholder: "Type a title", fetchSuggestions, onSelect: (item) => channel.send("add_profile_like", item.id) });
  const likeChips = createElement("ul", "chips"), inputs = createElement("div", "search-fields");
  likeChips.setAttribute("aria-label", "Titles you like");
  const upload = createElement("p", "field upload");
  upload.append(fileName, file);
  inputs.append(upload, likes.element);
  profilePanel.append(inputs, historyNote, likeChips, profileResults);

  const attribution = createElement("p", "attribution");
  if (options.attribution) { const link = createElement("a", null, "TMDB"); Object.assign(link, { href: options.attribution.url, rel: "noopener noreferrer", target: "_blank" }); attribution.append(link, ` ${options.attribution.text}`); }
  const head = createElement("div", "head");
  head.append(bar.bar, back);
  root.append(head, errorLine, search, clusters, profilePanel, attribution, status);

  let before = null, rendered = {};
  const hasChanged = (name, value) => { const text = JSON.stringify(value); if (rendered[name] === text) return false; rendered[name] = text; return true; };

  function renderSearch(page) {
    if (!channel.isStale(page)) form.set(page.filters);                           // or it would take back what was just pressed
    if (hasChanged("chips", page.chips)) chips.replaceChildren(...page.chips.map((c) => createChip(c, c.kind, () => channel.send("remove", c.id))));
    chips.hidden = !page.chips.length;
    if (document.activeElement !== textInput && !channel.isStale(page)) textInput.value = page.text;
    heading.textContent = page.heading;
    matchCount.textContent = page.match_count;
    notes.replaceChildren(...page.notes.map((n) => createElement("p", "note", n)));
    relaxations.replaceChildren(...page.relaxations.map((w) => createButton(w.label, () => channel.send("set_filter", w.change))));
    if (hasChanged("cards", page.cards)) results.replaceChildren(createGrid(page.cards, handlers));
    showMore.hidden = !page.has_more;
  }
  function renderClusters({ clusters: page }) {
    if (!page) return;
    if (!page.methods.length) { methods.replaceChildren(); map.element.hidden = true; clusterView.replaceChildren(createElement("p", "note", page.empty_message)); return; }
    if (!hasChanged("clusters", page)) return;
    methods.replaceChildren(...page.methods.map((m) => { const b = createButton(m.label, () => channel.send("set_browse_method", m.name)); b.setAttribute("aria-pressed", String(m.name === page.method)); return b; }));
    const show = async () => {
      if (!map.loaded) { const [said, buffers] = await channel.request("map"); map.load(toFloat32(buffers[0]), said.titles); }
      const [said, buffers] = await channel.request("labels", page.method);
      if (model.get("page").clusters?.method === page.method) map.show(toInt16(buffers[0]), said.names, model.get("page").clusters.cluster_id);
    };
    map.element.hidden = !page.map;
    if (page.map) show().catch((error) => { errorLine.textContent = error.message; });
    if (page.cluster) {
      const head = createElement("h2", "heading", page.cluster.name), titles = createGrid(page.cluster.cards, { onSelect: handlers.onSelect }), all = createButton("All groups", () => channel.send("open_cluster", [page.method, null]), "button back");
      head.tabIndex = -1;
      const more = page.cluster.n_more ? [createButton(`${page.cluster.n_more.toLocaleString("en")} more`, () => channel.send("show_more"))] : [];
      clusterView.replaceChildren(all, head, createElement("p", "secondary", page.cluster.description), createElement("p", "cluster-words", page.cluster.words), titles, ...more);
      clusterList.replaceChildren();
    } else {
      clusterView.replaceChildren();
      const list = createElement("ul", "clusters");
      list.append(...page.summaries.map((g) => {
        const row = createElement("li", "cluster"), name = createButton(g.name, () => channel.send("open_cluster", [page.method, g.cluster_id]), "cluster-name");
        row.append(name, createElement("span", "count", pluralize(g.size, "title")), createElement("p", "cluster-words", g.words), createElement("p", "secondary", g.representative_titles));
        return row;
      }));
      clusterList.replaceChildren(createElement("p", "secondary", page.description), list);
    }
  }
  function renderProfile({ profile: page }) {
    if (!page) return;
    if (hasChanged("likes", page.likes)) likeChips.replaceChildren(...page.likes.map((c) => createChip(c, "like", () => channel.send("remove_profile_like", c.id))));
    likeChips.hidden = !page.likes.length;
    if (!hasChanged("profile", page)) return;
    const parts = page.notes.map((l) => createElement("p", "note", l));
    if (page.unmatched.length) {
      const more = createElement("details", "unmatched"), list = createElement("ul");
      list.append(...page.unmatched.map((u) => { const row = createElement("li", null, u); row.dir = "auto"; return row; }));
      more.append(createElement("summary", null, `${pluralize(page.n_unmatched, "title")} not found in the catalogue`), list);
      parts.push(more);
    }
    if (page.has_input) parts.push(createButton("Start again", () => channel.send("clear_profile")));
    if (page.cards.length) parts.push(createGrid(page.cards, { onSelect: handlers.onSelect }));
    profileResults.replaceChildren(...parts);
  }
  function renderPage() {
    const page = model.get("page");
    if (!page.tab) return;
    bar.show(page.tab);
    back.disabled = !page.can_undo;
    errorLine.textContent = page.error;
    renderSearch(page);
    renderClusters(page);
    renderProfile(page);
    setPosters(root, model.get("posters"));
    if (before && page.n_actions !== before.n_actions) {
      if (["set_title_by_name", "set_title"].includes(page.action) && !page.error) box.clear();
      status.textContent = page.status;
      const lost = !root.contains(document.activeElement) || document.activeElement === document.body;
      if (lost) (page.tab === "search" ? heading : clusterView.querySelector("h2") ?? root.querySelector("[role=tab][aria-selected=true]"))?.focus({ preventScroll: true });
      if (page.tab === "search" && heading.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
    }
    root.dataset.nActions = page.n_actions;
    before = page;
  }
  const fill = () => setPosters(root, model.get("posters"));
  model.on("change:page", renderPage);
  model.on("change:posters", fill);
  el.append(root);
  renderPage();
  return () => { model.off("change:page", renderPage); model.off("change:posters", fill); channel.close(); };
}

const toArrayBuffer = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
const toFloat32 = (view) => new Float32Array(toArrayBuffer(view));
const toInt16 = (view) => new Int16Array(toArrayBuffer(view));

export default { render };
