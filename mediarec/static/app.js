// The recommender in a notebook: draws the page that Python holds and tells Python what was pressed. Nothing is decided here.
import { make, button, plural } from "./dom.js";
import { combobox } from "./combobox.js";
import { about, card, setPosters } from "./cards.js";
import { filters } from "./filters.js";
import { mapView } from "./map.js";

const TABS = [["find", "More like this"], ["groups", "Groups"], ["you", "For a person"]];
const MOST_BYTES = 5_000_000;
let count = 0;

function talk(model) {
  // Questions that are answered by number; everything else comes as a page.
  const waiting = new Map(), own = `${Date.now()}-${Math.random()}`;
  let asked = 0, last = "";
  const hear = (said, buffers) => {
    const answer = waiting.get(said.answer);
    if (!answer) return;
    waiting.delete(said.answer);
    said.error ? answer.fail(new Error(said.error)) : answer.done([said, buffers]);
  };
  model.on("msg:custom", hear);
  return {
    tell: (what, value = null) => { last = `${own}-${++asked}`; model.send({ do: what, value, mark: last }); },
    behind: (page) => Boolean(last) && page.heard !== last && String(page.heard).startsWith(own), // a page from before what was pressed last
    ask: (what, value = null) => new Promise((done, fail) => {
      const id = `${own}-${++asked}`;
      waiting.set(id, { done, fail });
      model.send({ ask: what, id, value });
      setTimeout(() => { if (waiting.delete(id)) fail(new Error("no answer")); }, 20_000);
    }),
    end: () => model.off("msg:custom", hear),
  };
}

function tabs(id, pressed) {
  const bar = make("div", "tabs"), panels = {}, heads = {};
  bar.setAttribute("role", "tablist");
  bar.setAttribute("aria-label", "Ways to look");
  TABS.forEach(([name, label], i) => {
    const head = (heads[name] = button(label, () => pressed(name), "tab")), panel = (panels[name] = make("div", "panel"));
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
      pressed(next);
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

function chip(item, kind, press) {
  const out = make("li", `chip chip-${kind}`), name = make("span", "chip-name", item.title);
  name.dir = "auto";
  const away = button("×", press, "chip-away");
  away.setAttribute("aria-label", `leave out ${[...item.title].slice(0, 60).join("")}`);
  out.append(make("span", "chip-kind", { like: "like", unlike: "not like", text: "about" }[kind]), name, away);
  return out;
}

function grid(items, handlers) {
  const list = make("ol", "cards");
  list.append(...items.map((item) => card(item, handlers)));
  return list;
}

function render({ model, el }) {
  const id = `mediarec-app-${++count}`, line = talk(model), facts = model.get("facts"), root = make("section", "app");
  root.setAttribute("aria-label", "Recommender");
  root.setAttribute("data-lm-suppress-shortcuts", "true");                     // the keys are ours, not the notebook's
  const status = make("p", "unseen"), wrong = make("p", "wrong");
  status.setAttribute("role", "status");
  wrong.setAttribute("role", "alert");
  const ask = async (text, n) => (await line.ask("suggest", { text, n }))[0].items;
  const handlers = { choose: (item) => line.tell("choose", item.id), more: (item) => line.tell("more", item.id), less: (item) => line.tell("less", item.id), group: (item) => line.tell("group", [item.cluster.method, item.cluster.number]) };

  // find
  const bar = tabs(id, (name) => line.tell("tab", name)), find = bar.panels.find;
  const box = combobox({ label: "A film or a series", placeholder: "Type a title", ask, choose: (item) => line.tell("choose", item.id), submit: (text) => line.tell("name", text) });
  const back = button("Back", () => line.tell("back"), "button back"), top = make("div", "top"), chips = make("ul", "chips"), words = make("p", "field wish"), wish = make("input", "wish-input"), wishes = make("label", "label", "or in words");
  Object.assign(wish, { type: "text", maxLength: 2000, placeholder: "heist with a double cross, set in Spain", id: `${id}-wish` });
  wishes.htmlFor = wish.id;
  words.append(wishes, wish);
  wish.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    line.tell("text", wish.value);
    event.preventDefault();
    event.stopPropagation();
  });
  chips.setAttribute("aria-label", "What is asked");
  top.append(box.element, words);
  const form = filters({ ...facts, diversity: true }, (name, value) => line.tell("filter", [name, value]));
  const heading = make("h2", "heading"), remain = make("p", "about remain"), notes = make("div", "notes"), ways = make("div", "ways"), results = make("div", "results"), further = button("Ten more", () => line.tell("further"), "button further");
  heading.tabIndex = -1;
  find.append(top, chips, form.element, heading, remain, notes, ways, results, further);

  // groups
  const groups = bar.panels.groups, method = make("div", "methods"), map = mapView({ label: "Map of the catalogue; the groups are listed below it", choose: (number) => line.tell("group", [model.get("page").groups.method, number]) });
  const listed = make("div", "listed"), inside = make("div", "inside");
  method.setAttribute("role", "group");
  method.setAttribute("aria-label", "Method of grouping");
  groups.append(method, map.element, inside, listed);

  // a person
  const you = bar.panels.you, file = make("input", "file"), fileName = make("label", "label", "Your viewing history, or titles one a line"), own = make("p", "about", "Netflix gives its file under Account, Profile, Viewing activity, Download all. It is read where this notebook runs and sent nowhere."), person = make("div", "person");
  Object.assign(file, { type: "file", accept: ".csv,.txt,text/csv,text/plain", id: `${id}-file` });
  fileName.htmlFor = file.id;
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    if (!chosen) return;
    if (chosen.size > MOST_BYTES) { wrong.textContent = `${chosen.name} has ${(chosen.size / 1e6).toFixed(1)} MB; at most ${MOST_BYTES / 1e6} MB`; file.value = ""; return; }
    line.tell("history", { name: chosen.name, text: await chosen.text() });
    file.value = "";
  });
  const likes = combobox({ label: "or titles you like, one after the other", placeholder: "Type a title", ask, choose: (item) => line.tell("like", item.id) });
  const liked = make("ul", "chips"), given = make("div", "top");
  liked.setAttribute("aria-label", "Titles you like");
  const upload = make("p", "field upload");
  upload.append(fileName, file);
  given.append(upload, likes.element);
  you.append(given, own, liked, person);

  const credit = make("p", "credit");
  if (facts.attribution) { const link = make("a", null, "TMDB"); Object.assign(link, { href: facts.attribution.url, rel: "noopener noreferrer", target: "_blank" }); credit.append(link, ` ${facts.attribution.text}`); }
  const head = make("div", "head");
  head.append(bar.bar, back);
  root.append(head, wrong, find, groups, you, credit, status);

  let before = null, drawn = {};
  const changed = (name, value) => { const text = JSON.stringify(value); if (drawn[name] === text) return false; drawn[name] = text; return true; };

  function drawFind(page) {
    if (!line.behind(page)) form.set(page.filters);                           // or it would take back what was just pressed
    if (changed("chips", page.chips)) chips.replaceChildren(...page.chips.map((c) => chip(c, c.kind, () => line.tell("drop", c.id))));
    chips.hidden = !page.chips.length;
    if (document.activeElement !== wish && !line.behind(page)) wish.value = page.text;
    heading.textContent = page.heading;
    remain.textContent = page.remain;
    notes.replaceChildren(...page.notes.map((n) => make("p", "note", n)));
    ways.replaceChildren(...page.ways.map((w) => button(w.label, () => line.tell("filter", w.change))));
    if (changed("cards", page.cards)) results.replaceChildren(grid(page.cards, handlers));
    further.hidden = !page.further;
  }
  function drawGroups({ groups: page }) {
    if (!page) return;
    if (!page.methods.length) { method.replaceChildren(); map.element.hidden = true; inside.replaceChildren(make("p", "note", page.none)); return; }
    if (!changed("groups", page)) return;
    method.replaceChildren(...page.methods.map((m) => { const b = button(m.label, () => line.tell("method", m.name)); b.setAttribute("aria-pressed", String(m.name === page.method)); return b; }));
    const show = async () => {
      if (!map.loaded) { const [said, buffers] = await line.ask("map"); map.load(floats(buffers[0]), said.titles); }
      const [said, buffers] = await line.ask("labels", page.method);
      if (model.get("page").groups?.method === page.method) map.show(shorts(buffers[0]), said.names, model.get("page").groups.number);
    };
    map.element.hidden = !page.map;
    if (page.map) show().catch((error) => { wrong.textContent = error.message; });
    if (page.inside) {
      const head = make("h2", "heading", page.inside.name), titles = grid(page.inside.cards, { choose: handlers.choose }), all = button("All groups", () => line.tell("group", [page.method, null]), "button back");
      head.tabIndex = -1;
      const more = page.inside.more ? [button(`${page.inside.more.toLocaleString("en")} more`, () => line.tell("further"))] : [];
      inside.replaceChildren(all, head, make("p", "about", page.inside.about), make("p", "words", page.inside.words), titles, ...more);
      listed.replaceChildren();
    } else {
      inside.replaceChildren();
      const list = make("ul", "groups");
      list.append(...page.listed.map((g) => {
        const row = make("li", "group"), name = button(g.name, () => line.tell("group", [page.method, g.number]), "group-name");
        row.append(name, make("span", "count", plural(g.size, "title")), make("p", "words", g.words), make("p", "about", g.typical));
        return row;
      }));
      listed.replaceChildren(make("p", "about", page.about), list);
    }
  }
  function drawPerson({ person: page }) {
    if (!page) return;
    if (changed("likes", page.likes)) liked.replaceChildren(...page.likes.map((c) => chip(c, "like", () => line.tell("unlike", c.id))));
    liked.hidden = !page.likes.length;
    if (!changed("person", page)) return;
    const parts = page.lines.map((l) => make("p", "note", l));
    if (page.unmatched.length) {
      const more = make("details", "unmatched"), list = make("ul");
      list.append(...page.unmatched.map((u) => { const row = make("li", null, u); row.dir = "auto"; return row; }));
      more.append(make("summary", null, `${plural(page.unmatched_count, "title")} not found in the catalogue`), list);
      parts.push(more);
    }
    if (page.any) parts.push(button("Start again", () => line.tell("forget")));
    if (page.cards.length) parts.push(grid(page.cards, { choose: handlers.choose }));
    person.replaceChildren(...parts);
  }
  function draw() {
    const page = model.get("page");
    if (!page.tab) return;
    bar.show(page.tab);
    back.disabled = !page.back;
    wrong.textContent = page.error;
    drawFind(page);
    drawGroups(page);
    drawPerson(page);
    setPosters(root, model.get("posters"));
    if (before && page.step !== before.step) {
      if (["name", "choose"].includes(page.did) && !page.error) box.clear();
      status.textContent = page.status;
      const lost = !root.contains(document.activeElement) || document.activeElement === document.body;
      if (lost) (page.tab === "find" ? heading : inside.querySelector("h2") ?? root.querySelector("[role=tab][aria-selected=true]"))?.focus({ preventScroll: true });
      if (page.tab === "find" && heading.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
    }
    root.dataset.step = page.step;
    before = page;
  }
  const fill = () => setPosters(root, model.get("posters"));
  model.on("change:page", draw);
  model.on("change:posters", fill);
  el.append(root);
  draw();
  return () => { model.off("change:page", draw); model.off("change:posters", fill); line.end(); };
}

const bytes = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
const floats = (view) => new Float32Array(bytes(view));
const shorts = (view) => new Int16Array(bytes(view));

export default { render };
