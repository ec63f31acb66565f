// Genre, type, year, age group: plain form controls. Shared by the notebook widget and the static page.
import { createElement, createButton } from "./dom.js";

let formCount = 0;

function createMultiselect(label, options, id, onChange) {
  // A group of check boxes behind a button that says what is chosen.
  const out = createElement("details", "multiselect"), head = createElement("summary", "multiselect-summary"), list = createElement("div", "multiselect-list"), shown = createElement("span", "multiselect-value");
  head.append(createElement("span", "label", label), shown);
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", label);
  const boxes = options.map((option, i) => {
    const row = createElement("label", "multiselect-option"), box = createElement("input"), name = createElement("span", null, option.label ?? option.name);
    Object.assign(box, { type: "checkbox", value: option.name, id: `${id}-${i}` });
    box.addEventListener("change", () => { updateSummary(); onChange(boxes.filter((b) => b.checked).map((b) => b.value)); });
    row.append(box, name);
    if (option.count !== undefined) row.append(createElement("span", "count", option.count.toLocaleString("en")));
    list.append(row);
    return box;
  });
  const updateSummary = () => { const on = boxes.filter((b) => b.checked); shown.textContent = !on.length ? "any" : on.length < 3 ? on.map((b) => options[boxes.indexOf(b)].label ?? b.value).join(", ") : `${on.length} chosen`; };
  const closeOnOutsideClick = (event) => { if (!out.contains(event.target)) out.open = false; };
  out.addEventListener("toggle", () => document[out.open ? "addEventListener" : "removeEventListener"]("pointerdown", closeOnOutsideClick, true));
  out.addEventListener("focusout", (event) => { if (event.relatedTarget && !out.contains(event.relatedTarget)) out.open = false; });
  out.addEventListener("keydown", (event) => { if (event.key === "Escape" && out.open) { out.open = false; head.focus(); event.stopPropagation(); } });
  out.append(head, list);
  updateSummary();
  return { element: out, set(values) { boxes.forEach((b) => { b.checked = (values ?? []).includes(b.value); }); updateSummary(); } };
}

function createSelect(label, options, id, onChange) {
  const out = createElement("p", "field"), name = createElement("label", "label", label), select = createElement("select", "select");
  select.id = name.htmlFor = id;
  select.append(...options.map((o) => { const option = createElement("option", null, o.label); option.value = o.name; return option; }));
  select.addEventListener("change", () => onChange(select.value));
  out.append(name, select);
  return { element: out, select, set(value) { select.value = value ?? ""; } };
}

function createYearRange(range, id, onChange) {
  const out = createElement("fieldset", "field"), both = createElement("span", "years"), boxes = ["from", "to"].map((what, i) => {
    const box = createElement("input", "year");
    Object.assign(box, { type: "number", inputMode: "numeric", min: range[0], max: range[1], placeholder: String(range[i]), id: `${id}-${what}` });
    box.setAttribute("aria-label", `year, ${what}`);
    const emitChange = () => onChange(boxes.map((b) => (b.value === "" || !Number.isFinite(b.valueAsNumber) ? null : Math.trunc(b.valueAsNumber))));
    box.addEventListener("change", emitChange);
    box.addEventListener("keydown", (event) => { if (event.key === "Enter") { emitChange(); event.preventDefault(); } }); // JupyterLab keeps Enter from being a change
    return box;
  });
  both.append(boxes[0], createElement("span", null, "–"), boxes[1]);
  out.append(createElement("legend", "label", "Year"), both);
  return { element: out, set(value) { boxes.forEach((b, i) => { if (b !== document.activeElement) b.value = value?.[i] ?? ""; }); } };
}

function createSlider(label, valueLabels, id, onChange) {
  const out = createElement("p", "field"), name = createElement("label", "label", label), box = createElement("input", "slider"), shown = createElement("span", "slider-value", "");
  Object.assign(box, { type: "range", min: 0, max: 9, step: 1, value: 0, id });
  name.htmlFor = id;
  const updateLabel = () => { const v = Number(box.value); shown.textContent = v === 0 ? valueLabels[0] : v < 5 ? valueLabels[1] : valueLabels[2]; box.setAttribute("aria-valuetext", shown.textContent); };
  box.addEventListener("input", updateLabel);
  box.addEventListener("change", () => onChange(Number(box.value) / 10));
  out.append(name, box, shown);
  updateLabel();
  return { element: out, set(value) { box.value = Math.round((value ?? 0) * 10); updateLabel(); } };
}

const TYPE_OPTIONS = [{ name: "", label: "films and series" }, { name: "Movie", label: "films" }, { name: "TV Show", label: "series" }];
const STRENGTH_OPTIONS = [{ name: "weak", label: "a little" }, { name: "strong", label: "clearly" }, { name: "only", label: "only these" }];

export function createFilters(options, onChange) {
  // `options`: genres and age_groups as [{name, count}], years [from, to], methods [{name, label}]; `onChange(name, value)` is called.
  const id = `mediarec-filters-${++formCount}`, out = createElement("form", "filters"), parts = {};
  out.setAttribute("aria-label", "Filters");
  out.addEventListener("submit", (event) => event.preventDefault());
  parts.genre = createMultiselect("Genre", options.genres, `${id}-genre`, (v) => onChange("genre", v));
  parts.type = createSelect("Type", TYPE_OPTIONS, `${id}-type`, (v) => onChange("type", v || null));
  parts.year = createYearRange(options.years, `${id}-year`, (v) => onChange("year", v.some((y) => y !== null) ? v : null));
  parts.age_group = createMultiselect("Age group", options.age_groups, `${id}-age`, (v) => onChange("age_group", v));
  if (options.methods?.length) {
    parts.cluster_method = createSelect("Groups by", [{ name: "", label: "not used" }, ...options.methods], `${id}-method`, (v) => onChange("cluster_method", v || null));
    parts.cluster_strength = createSelect("count", STRENGTH_OPTIONS, `${id}-strength`, (v) => onChange("cluster_strength", v));
  }
  if (options.diversity) parts.diversity = createSlider("Variety", ["the nearest", "some variety", "much variety"], `${id}-diversity`, (v) => onChange("diversity", v));
  const clear = createButton("Clear filters", () => onChange("clear", null), "button clear");
  out.append(...Object.values(parts).map((p) => p.element), clear);
  return { element: out, set(values) {
    for (const [name, part] of Object.entries(parts)) part.set(values[name]);
    if (parts.cluster_strength) { parts.cluster_strength.element.hidden = !values.cluster_method; parts.cluster_strength.select.disabled = !values.cluster_method; }
    clear.hidden = !["genre", "type", "year", "age_group", "cluster_method"].some((n) => values[n]?.length) && !values.diversity;
  } };
}
