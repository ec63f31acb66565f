// A page without a server: titles, neighbours and groups are in the page itself. Works from any static host and as a file.
import { make, button, plural } from "./dom.js";
import { combobox } from "./combobox.js";
import { card } from "./cards.js";
import { filters } from "./filters.js";
import { mapView } from "./map.js";

const MARKS = /[\u0300-\u036f]/g, APART = /[^\p{L}\p{N}]+/gu;

export function fold(text) {
  // One spelling for all the ways a title is typed.
  return text.normalize("NFKD").replace(MARKS, "").toLowerCase().replace(/['’]/g, "").replace(/&/g, " and ").replace(APART, " ").trim();
}

export function edits(typed, title, most) {
  // How many letters of `typed` are wrong as a start of `title`: optimal string alignment, the rest of the title for free.
  let older = null, old = Array.from({ length: title.length + 1 }, (_, j) => j);
  for (let i = 1; i <= typed.length; i++) {
    const row = [i];
    for (let j = 1; j <= title.length; j++) {
      row[j] = Math.min(old[j] + 1, row[j - 1] + 1, old[j - 1] + (typed[i - 1] !== title[j - 1]));
      if (i > 1 && j > 1 && typed[i - 1] === title[j - 2] && typed[i - 2] === title[j - 1]) row[j] = Math.min(row[j], older[j - 2] + 1);
    }
    if (Math.min(...row) > most) return most + 1;
    [older, old] = [old, row];
  }
  return Math.min(...old);
}

export function finder(titles) {
  // Rows that could be meant by what was typed so far, best first.
  const names = titles.map((t) => fold(t).replace(/^(the|a|an) (?=.)/, "")), whole = titles.map(fold);
  return (text, most) => {
    const words = fold(text);
    if (!words) return [];
    const rank = (i) => (names[i] === words || whole[i] === words ? 0 : names[i].startsWith(words) || whole[i].startsWith(words) ? 1 : ` ${whole[i]}`.includes(` ${words}`) ? 2 : whole[i].includes(words) && words.length > 2 ? 3 : 9);
    const ranked = names.map((_, i) => [rank(i), names[i].length, i]), near = ranked.filter(([r]) => r < 9);
    if (near.length < most && words.length > 3) {
      const wrong = Math.max(1, Math.floor(words.length / 4));
      for (const [r, size, i] of ranked) if (r === 9) { const far = edits(words, names[i].slice(0, words.length + wrong), wrong); if (far <= wrong) near.push([9 + far, size, i]); }
    }
    return near.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).slice(0, most).map(([, , i]) => i);
  };
}

export function passing(titles, row, chosen) {
  // Whether a title passes the filters.
  const has = (values, wanted) => !wanted?.length || wanted.some((v) => values.includes(v)), year = titles.year[row];
  return has(titles.genres[row], chosen.genre) && (!chosen.type || titles.type[row] === chosen.type) && has([titles.age_group[row]], chosen.age_group)
    && (!chosen.year || (year !== null && year >= (chosen.year[0] ?? -Infinity) && year <= (chosen.year[1] ?? Infinity)));
}

async function unpacked(id) {
  const bytes = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (c) => c.charCodeAt(0));
  return JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text());
}

async function start(root) {
  const data = await unpacked("mediarec-data"), { titles, near, why, phrases, groups, places } = data;
  const find = finder(titles.title), rowOf = new Map(titles.id.map((id, i) => [id, i])), chosen = {};
  const item = (i, said = "") => ({ ...Object.fromEntries(Object.entries(titles).map(([name, values]) => [name, values[i]])), why: said, poster: null, cluster: groups.length ? { method: "kmeans", number: data.labels[i], name: groups[data.labels[i]].name } : null });
  const go = (hash) => { location.hash = hash; };
  const handlers = { choose: (c) => go(`#title=${c.id}`), group: (c) => go(`#group=${c.cluster.number}`) };

  const box = combobox({ label: "A film or a series", placeholder: "Type a title", ask: async (text, n) => find(text, n).map((i) => item(i)), choose: (c) => go(`#title=${c.id}`) });
  const form = filters(data.facts, (name, value) => { if (name === "clear") for (const n of Object.keys(chosen)) delete chosen[n]; else chosen[name] = value; draw(); });
  const heading = make("h2", "heading"), note = make("p", "about remain"), results = make("div", "results"), bar = make("div", "methods"), status = make("p", "unseen"), map = mapView({ label: "Map of the catalogue; the groups are listed below it", choose: (g) => go(`#group=${g}`) });
  heading.tabIndex = -1;
  status.setAttribute("role", "status");
  bar.append(button("More like this", () => go("")), button("Groups", () => go("#groups")));
  root.replaceChildren(bar, box.element, form.element, map.element, heading, note, results, status);
  if (groups.length) map.load(Float32Array.from(places), titles.title);

  function shown(rows, said) {
    const list = make("ol", "cards");
    list.append(...rows.map((i, k) => card(item(i, said?.[k]), handlers)));
    results.replaceChildren(list);
  }
  function like(row) {
    const order = near[row].map((i, k) => [i, k]).filter(([i]) => passing(titles, i, chosen)).slice(0, 10);
    heading.textContent = `More like ${titles.title[row]}`;
    const limit = order.length < 10 ? `; without a server only the nearest ${near[row].length} of each title are known` : "";
    note.textContent = `${order.length} of the nearest ${near[row].length} that pass the filters${limit}`;
    shown(order.map(([i]) => i), order.map(([, k]) => why[row][k].map((p) => phrases[p]).join("; ")));
  }
  function inside(number) {
    const group = groups[number], rows = group.members.filter((i) => passing(titles, i, chosen));
    heading.textContent = group.name;
    note.textContent = `${plural(rows.length, "title")}: ${group.words.join(", ")}`;
    shown(rows.slice(0, 60));
  }
  function listed() {
    heading.textContent = `${plural(groups.length, "group")} that were found in the catalogue`;
    note.textContent = "";
    const list = make("ul", "groups");
    list.append(...groups.map((g, number) => {
      const out = make("li", "group");
      out.append(button(g.name, () => go(`#group=${number}`), "group-name"), make("span", "count", plural(g.members.length, "title")), make("p", "words", g.words.join(", ")), make("p", "about", g.members.slice(0, 3).map((i) => titles.title[i]).join(", ")));
      return out;
    }));
    results.replaceChildren(list);
  }
  function draw(moved = false) {
    const [, what, value] = /^#(title|groups|group)=?(.*)$/.exec(decodeURIComponent(location.hash)) ?? [];
    const onMap = groups.length && (what === "groups" || what === "group");
    [...bar.children].forEach((b, i) => b.setAttribute("aria-pressed", String((i === 1) === Boolean(onMap))));
    bar.hidden = !groups.length;
    map.element.hidden = !onMap;
    form.element.hidden = what === "groups";
    form.set(chosen);
    if (onMap) map.show(data.labels, groups.map((g) => g.name), what === "group" ? Number(value) : -1);
    if (what === "title" && rowOf.has(value)) like(rowOf.get(value));
    else if (what === "group" && groups[Number(value)]) inside(Number(value));
    else if (what === "groups" && groups.length) listed();
    else { heading.textContent = "Begin with one of these, or type a title"; note.textContent = `${titles.id.length.toLocaleString("en")} titles, all in this page`; shown(data.begin.filter((i) => passing(titles, i, chosen))); }
    status.textContent = heading.textContent;
    document.title = `${heading.textContent} · mediarec`;
    if (moved && (document.activeElement === document.body || !document.activeElement)) heading.focus({ preventScroll: true });
    if (moved && heading.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
  }
  window.addEventListener("hashchange", () => { box.clear(); draw(true); });
  draw();
}

const main = globalThis.document?.getElementById("mediarec");
if (main) start(main).catch((error) => { main.textContent = `This page could not be read: ${error.message}`; });
