// Genre, type, year, age group: plain form controls. Shared by the notebook widget and the static page.
import { make, button } from "./dom.js";

let forms = 0;

function several(label, options, id, change) {
  // A group of check boxes behind a button that says what is chosen.
  const out = make("details", "several"), head = make("summary", "several-head"), list = make("div", "several-list"), shown = make("span", "several-shown");
  head.append(make("span", "label", label), shown);
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", label);
  const boxes = options.map((option, i) => {
    const row = make("label", "several-row"), box = make("input"), name = make("span", null, option.label ?? option.name);
    Object.assign(box, { type: "checkbox", value: option.name, id: `${id}-${i}` });
    box.addEventListener("change", () => { say(); change(boxes.filter((b) => b.checked).map((b) => b.value)); });
    row.append(box, name);
    if (option.count !== undefined) row.append(make("span", "count", option.count.toLocaleString("en")));
    list.append(row);
    return box;
  });
  const say = () => { const on = boxes.filter((b) => b.checked); shown.textContent = !on.length ? "any" : on.length < 3 ? on.map((b) => options[boxes.indexOf(b)].label ?? b.value).join(", ") : `${on.length} chosen`; };
  const away = (event) => { if (!out.contains(event.target)) out.open = false; };
  out.addEventListener("toggle", () => document[out.open ? "addEventListener" : "removeEventListener"]("pointerdown", away, true));
  out.addEventListener("focusout", (event) => { if (event.relatedTarget && !out.contains(event.relatedTarget)) out.open = false; });
  out.addEventListener("keydown", (event) => { if (event.key === "Escape" && out.open) { out.open = false; head.focus(); event.stopPropagation(); } });
  out.append(head, list);
  say();
  return { element: out, set(values) { boxes.forEach((b) => { b.checked = (values ?? []).includes(b.value); }); say(); } };
}

function choice(label, options, id, change) {
  const out = make("p", "field"), name = make("label", "label", label), select = make("select", "select");
  select.id = name.htmlFor = id;
  select.append(...options.map((o) => { const option = make("option", null, o.label); option.value = o.name; return option; }));
  select.addEventListener("change", () => change(select.value));
  out.append(name, select);
  return { element: out, select, set(value) { select.value = value ?? ""; } };
}

function years(range, id, change) {
  const out = make("fieldset", "field"), both = make("span", "years"), boxes = ["from", "to"].map((what, i) => {
    const box = make("input", "year");
    Object.assign(box, { type: "number", inputMode: "numeric", min: range[0], max: range[1], placeholder: String(range[i]), id: `${id}-${what}` });
    box.setAttribute("aria-label", `year, ${what}`);
    const say = () => change(boxes.map((b) => (b.value === "" || !Number.isFinite(b.valueAsNumber) ? null : Math.trunc(b.valueAsNumber))));
    box.addEventListener("change", say);
    box.addEventListener("keydown", (event) => { if (event.key === "Enter") { say(); event.preventDefault(); } }); // JupyterLab keeps Enter from being a change
    return box;
  });
  both.append(boxes[0], make("span", null, "–"), boxes[1]);
  out.append(make("legend", "label", "Year"), both);
  return { element: out, set(value) { boxes.forEach((b, i) => { if (b !== document.activeElement) b.value = value?.[i] ?? ""; }); } };
}

function slider(label, ends, id, change) {
  const out = make("p", "field"), name = make("label", "label", label), box = make("input", "slider"), shown = make("span", "ends", "");
  Object.assign(box, { type: "range", min: 0, max: 9, step: 1, value: 0, id });
  name.htmlFor = id;
  const say = () => { const v = Number(box.value); shown.textContent = v === 0 ? ends[0] : v < 5 ? ends[1] : ends[2]; box.setAttribute("aria-valuetext", shown.textContent); };
  box.addEventListener("input", say);
  box.addEventListener("change", () => change(Number(box.value) / 10));
  out.append(name, box, shown);
  say();
  return { element: out, set(value) { box.value = Math.round((value ?? 0) * 10); say(); } };
}

const TYPES = [{ name: "", label: "films and series" }, { name: "Movie", label: "films" }, { name: "TV Show", label: "series" }];
const STRENGTHS = [{ name: "little", label: "a little" }, { name: "clearly", label: "clearly" }, { name: "only", label: "only these" }];

export function filters(facts, change) {
  // `facts`: genres and age_groups as [{name, count}], years [from, to], methods [{name, label}]; `change(name, value)` is called.
  const id = `mediarec-filters-${++forms}`, out = make("form", "filters"), parts = {};
  out.setAttribute("aria-label", "Filters");
  out.addEventListener("submit", (event) => event.preventDefault());
  parts.genre = several("Genre", facts.genres, `${id}-genre`, (v) => change("genre", v));
  parts.type = choice("Type", TYPES, `${id}-type`, (v) => change("type", v || null));
  parts.year = years(facts.years, `${id}-year`, (v) => change("year", v.some((y) => y !== null) ? v : null));
  parts.age_group = several("Age group", facts.age_groups, `${id}-age`, (v) => change("age_group", v));
  if (facts.methods?.length) {
    parts.method = choice("Groups by", [{ name: "", label: "not used" }, ...facts.methods], `${id}-method`, (v) => change("method", v || null));
    parts.strength = choice("count", STRENGTHS, `${id}-strength`, (v) => change("strength", v));
  }
  if (facts.diversity) parts.diversity = slider("Variety", ["the nearest", "some variety", "much variety"], `${id}-diversity`, (v) => change("diversity", v));
  const clear = button("Clear filters", () => change("clear", null), "button clear");
  out.append(...Object.values(parts).map((p) => p.element), clear);
  return { element: out, set(values) {
    for (const [name, part] of Object.entries(parts)) part.set(values[name]);
    if (parts.strength) { parts.strength.element.hidden = !values.method; parts.strength.select.disabled = !values.method; }
    clear.hidden = !["genre", "type", "year", "age_group", "method"].some((n) => values[n]?.length) && !values.diversity;
  } };
}
