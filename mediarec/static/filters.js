// The filter form. Shared by the notebook widget and the static page.
import { createElement, createButton } from "./dom.js";

const TYPE_OPTIONS = [
  { name: "", label: "Films and series" },
  { name: "Movie", label: "Films" },
  { name: "TV Show", label: "Series" },
];
const STRENGTH_OPTIONS = [
  { name: "weak", label: "Slightly preferred" },
  { name: "strong", label: "Preferred" },
  { name: "only", label: "Required" },
];
const DIVERSITY_LABELS = ["Closest matches", "Some surprises", "Many surprises"];
const CLEARABLE_FILTERS = [
  "genre",
  "theme",
  "mood",
  "type",
  "year",
  "age_group",
  "cluster_method",
];

let formCount = 0;

// Return the summary of a multiselect: "Any", one or two labels, or a count.
function summarizeSelection(labels) {
  if (!labels.length) return "Any";
  if (labels.length < 3) return labels.join(", ");
  return `${labels.length} chosen`;
}

// Close a multiselect on a click outside, when the focus leaves it, and on Escape.
function addClosing(element, summary) {
  const closeOnOutsideClick = (event) => {
    if (!event.composedPath().includes(element)) element.open = false;
  };
  element.addEventListener("toggle", () => {
    if (element.open) document.addEventListener("pointerdown", closeOnOutsideClick, true);
    else document.removeEventListener("pointerdown", closeOnOutsideClick, true);
  });
  element.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !element.contains(event.relatedTarget)) element.open = false;
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.open) return;
    element.open = false;
    summary.focus();
    event.stopPropagation();
  });
}

// Create one row of a multiselect. Returns the row and its checkbox.
function createMultiselectOption(option, id, onChange) {
  const row = createElement("label", "multiselect-option");
  const checkbox = createElement("input");
  checkbox.type = "checkbox";
  checkbox.value = option.name;
  checkbox.id = id;
  checkbox.addEventListener("change", onChange);
  row.append(checkbox, createElement("span", null, option.label ?? option.name));
  if (option.count !== undefined) {
    row.append(createElement("span", "count", option.count.toLocaleString("en")));
  }
  return [row, checkbox];
}

// Create a group of checkboxes behind a button that shows the selection. A value that is set but is
// not one of the options gets a checkbox too, so that the user can remove it.
function createMultiselect(label, options, id, onChange) {
  const value = createElement("span", "multiselect-value");
  const summary = createElement("summary", "multiselect-summary");
  summary.append(createElement("span", "label", label), value);
  const list = createElement("div", "multiselect-list");
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", label);
  const checkboxes = [];
  const labels = new Map();

  const updateSummary = () => {
    const chosen = checkboxes.filter((box) => box.checked);
    value.textContent = summarizeSelection(chosen.map((box) => labels.get(box.value)));
  };
  const handleChange = () => {
    updateSummary();
    onChange(checkboxes.filter((box) => box.checked).map((box) => box.value));
  };
  const addOption = (option) => {
    const boxId = `${id}-${checkboxes.length}`;
    const [row, checkbox] = createMultiselectOption(option, boxId, handleChange);
    list.append(row);
    checkboxes.push(checkbox);
    labels.set(option.name, option.label ?? option.name);
  };
  options.forEach(addOption);

  const element = createElement("details", "multiselect");
  element.append(summary, list);
  addClosing(element, summary);
  updateSummary();
  const set = (values) => {
    for (const name of values ?? []) {
      if (!labels.has(name)) addOption({ name });
    }
    for (const box of checkboxes) box.checked = (values ?? []).includes(box.value);
    updateSummary();
  };
  return { element, set };
}

// Create a labeled select.
function createSelect(label, options, id, onChange) {
  const select = createElement("select", "select");
  select.id = id;
  for (const { name, label: text } of options) {
    const option = createElement("option", null, text);
    option.value = name;
    select.append(option);
  }
  select.addEventListener("change", () => onChange(select.value));
  const name = createElement("label", "label", label);
  name.htmlFor = id;
  const element = createElement("p", "field");
  element.append(name, select);
  const set = (value) => {
    select.value = value ?? "";
  };
  return { element, select, set };
}

// Return the year in a number input, or null if it is empty.
function readYear(input) {
  if (input.value === "" || !Number.isFinite(input.valueAsNumber)) return null;
  return Math.trunc(input.valueAsNumber);
}

// Create two number inputs for the first and the last year.
function createYearRange(range, id, onChange) {
  const inputs = [];
  const emitChange = () => onChange(inputs.map(readYear));
  ["from", "to"].forEach((end, i) => {
    const input = createElement("input", "year");
    input.type = "number";
    input.inputMode = "numeric";
    input.min = range[0];
    input.max = range[1];
    input.placeholder = String(range[i]);
    input.id = `${id}-${end}`;
    input.setAttribute("aria-label", end === "from" ? "First year" : "Last year");
    input.addEventListener("change", emitChange);
    // In JupyterLab, Enter does not cause a change event.
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      emitChange();
      event.preventDefault();
    });
    inputs.push(input);
  });

  const row = createElement("span", "years");
  row.append(inputs[0], createElement("span", null, "–"), inputs[1]);
  const element = createElement("fieldset", "field");
  element.append(createElement("legend", "label", "Year"), row);
  const set = (value) => {
    inputs.forEach((input, i) => {
      if (input !== input.getRootNode().activeElement) input.value = value?.[i] ?? "";
    });
  };
  return { element, set };
}

// Create a slider from 0 to 0.9. `valueLabels` names zero, small and large values.
function createSlider(label, valueLabels, id, onChange) {
  const input = createElement("input", "slider");
  input.type = "range";
  input.min = 0;
  input.max = 9;
  input.step = 1;
  input.value = 0;
  input.id = id;
  const name = createElement("label", "label", label);
  name.htmlFor = id;
  const shown = createElement("span", "slider-value", "");

  const updateLabel = () => {
    const value = Number(input.value);
    if (value === 0) shown.textContent = valueLabels[0];
    else shown.textContent = value < 5 ? valueLabels[1] : valueLabels[2];
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", updateLabel);
  input.addEventListener("change", () => onChange(Number(input.value) / 10));
  const element = createElement("p", "field");
  element.append(name, input, shown);
  updateLabel();
  const set = (value) => {
    input.value = Math.round((value ?? 0) * 10);
    updateLabel();
  };
  return { element, set };
}

// Create the controls of the form, by the name of their filter.
function createControls(options, id, onChange) {
  const controls = {};
  const report = (name) => (value) => onChange(name, value);
  const reportYear = ([first, last]) => {
    onChange("year", first === null && last === null ? null : [first, last]);
  };
  controls.genre = createMultiselect("Genre", options.genres, `${id}-genre`, report("genre"));
  controls.theme = createMultiselect("Theme", options.themes, `${id}-theme`, report("theme"));
  controls.mood = createMultiselect("Mood", options.moods, `${id}-mood`, report("mood"));
  controls.type = createSelect("Type", TYPE_OPTIONS, `${id}-type`, (value) =>
    onChange("type", value || null),
  );
  controls.year = createYearRange(options.years, `${id}-year`, reportYear);
  controls.age_group = createMultiselect(
    "Age group",
    options.age_groups,
    `${id}-age`,
    report("age_group"),
  );
  if (options.methods?.length) {
    const methods = [{ name: "", label: "Any cluster" }, ...options.methods];
    controls.cluster_method = createSelect("In the same cluster", methods, `${id}-method`, (value) =>
      onChange("cluster_method", value || null),
    );
    controls.cluster_strength = createSelect(
      "The same cluster is",
      STRENGTH_OPTIONS,
      `${id}-strength`,
      report("cluster_strength"),
    );
  }
  if (options.diversity) {
    controls.diversity = createSlider(
      "Results",
      DIVERSITY_LABELS,
      `${id}-diversity`,
      report("diversity"),
    );
  }
  return controls;
}

// Create the filter form. `options` has genres, themes, moods and age_groups as [{name, count}],
// years [from, to], methods [{name, label}], a flag diversity, and an id if a page may hold several
// copies of this module. `onChange(name, value)` is called for each change.
export function createFilters(options, onChange) {
  const id = options.id ?? `mediarec-filters-${++formCount}`;
  const controls = createControls(options, id, onChange);
  const clear = createButton("Clear the filters", () => onChange("clear", null), "button clear");
  const element = createElement("form", "filters");
  element.setAttribute("aria-label", "Filters");
  element.addEventListener("submit", (event) => event.preventDefault());
  element.append(...Object.values(controls).map((control) => control.element), clear);

  // Show the values of the filters.
  function set(values) {
    for (const [name, control] of Object.entries(controls)) control.set(values[name]);
    const strength = controls.cluster_strength;
    if (strength) {
      strength.element.hidden = !values.cluster_method;
      strength.select.disabled = !values.cluster_method;
    }
    clear.hidden = countActive(values) === 0;
  }

  // Return the number of filters that are set.
  function countActive(values) {
    const active = CLEARABLE_FILTERS.filter((name) => values[name]?.length);
    return active.length + (values.diversity ? 1 : 0);
  }
  return { element, set, countActive };
}
