// Addresses of the views of the static page. An address is a fragment: #title=m0001&type=Movie is
// a title with a filter, #browse=theme=heist the titles of a theme, and #list=m0001,m0002 a list.

const VIEWS = /^#(title|browse|find|clusters|cluster|for-me|list)(?:=(.*)|(&.*))?$/s;
const INVISIBLE = /[\u00ad\u200b-\u200f\u2060\ufeff]/g;
const LIST_FILTERS = ["genre", "theme", "mood", "age_group"];
const REFINEMENTS = ["with", "without", "not"]; // themes to ask for, to leave out, and hidden ids
const KEPT_FILTERS = ["type", "year", "genre", "age_group"]; // from one title to the next

// Return a part of an address without percent signs, or as it is if they encode no text.
function decodePart(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Return an id as a catalog has it after cleaning. An address may have it as it was before.
export function cleanId(id) {
  return id.replace(INVISIBLE, "").replace(/\s+/g, " ").trim();
}

// Return the filters that are in the parameters of an address, as values of the filter form.
function readFilters(params) {
  const filters = {};
  for (const name of LIST_FILTERS) {
    const values = params.getAll(name).filter(Boolean);
    if (values.length) filters[name] = values;
  }
  if (params.get("type")) filters.type = params.get("type");
  const years = ["year_from", "year_to"].map((name) => parseInt(params.get(name), 10) || null);
  if (years[0] !== null || years[1] !== null) filters.year = years;
  return filters;
}

// Return what a fragment asks for: view (empty for the start), value (an id, a number or a text),
// values (the ids of a list), filters, and refine (themes to ask for, to leave out, hidden ids).
// `isId(text)` tells whether a text is the id of a title; an id may have any letter in it.
export function readAddress(hash, isId) {
  const [, view = "", assigned, appended] = VIEWS.exec(hash) ?? [];
  let value = assigned ?? "";
  let query = appended ?? "";
  const isWholeId = view === "title" && isId(decodePart(value));
  if (view === "browse") [value, query] = ["", value];
  else if (!isWholeId && value.includes("&")) {
    const end = value.indexOf("&");
    [value, query] = [value.slice(0, end), value.slice(end + 1)];
  }
  const params = new URLSearchParams(query);
  const refine = {};
  for (const name of REFINEMENTS) refine[name] = params.getAll(name).filter(Boolean);
  const isList = view === "list" || view === "for-me";
  const values = isList ? value.split(",").filter(Boolean).map(decodePart) : [];
  if (isList) value = "";
  return { view, value: decodePart(value), values, filters: readFilters(params), refine };
}

// Return filters and refinements as the query part of an address.
function formatQuery(filters, refine) {
  const query = new URLSearchParams();
  if (filters.type) query.append("type", filters.type);
  for (const name of LIST_FILTERS) {
    for (const value of filters[name] ?? []) query.append(name, value);
  }
  const [from, to] = filters.year ?? [];
  if (from) query.append("year_from", from);
  if (to) query.append("year_to", to);
  for (const name of REFINEMENTS) {
    for (const value of refine[name] ?? []) query.append(name, value);
  }
  return query.toString();
}

// Return the fragment of a view; the parts are as `readAddress` returns them.
export function formatAddress({ view = "", value = "", values = [], filters = {}, refine = {} }) {
  const query = formatQuery(filters, refine);
  if (!view && !query) return "#";
  if (!view || view === "browse") return `#browse=${query}`;
  const text = values.length
    ? values.map(encodeURIComponent).join(",")
    : encodeURIComponent(value);
  return `#${view}${text ? `=${text}` : ""}${query ? `&${query}` : ""}`;
}

// Return the fragment of a title. Filters that fit every title are kept, themes are not.
export function titleAddress(id, filters = {}) {
  const kept = KEPT_FILTERS.filter((name) => name in filters).map((name) => [name, filters[name]]);
  return formatAddress({ view: "title", value: String(id), filters: Object.fromEntries(kept) });
}

// Return the fragment of the titles that pass filters.
export function browseAddress(filters) {
  return formatAddress({ view: "browse", filters });
}

let moveTime = -Infinity; // when the reader last pressed something that changes the address

// Note that the next change of the address is no step back or forward.
export function markMove() {
  moveTime = performance.now();
}

// Return whether the present change of the address is no step back or forward.
export function takeMove() {
  const isOwn = performance.now() - moveTime < 1000;
  moveTime = -Infinity;
  return isOwn;
}

// Go to a fragment. The browser then fires a "hashchange" event.
export function goTo(hash) {
  markMove();
  location.hash = hash;
}

// Go to an address as `formatAddress` takes it.
export function openAddress(address) {
  goTo(formatAddress(address));
}
