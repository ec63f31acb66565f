// What the static page knows of its reader: "For me" and "My list". Nothing leaves the browser.
import { createElement, createDataElement, createButton, pluralize } from "./dom.js";
import { createCard } from "./cards.js";
import { createCombobox } from "./combobox.js";
import { createCopyButton, formatList, isSaved, readList } from "./saved_list.js";
import { formatAddress } from "./static_address.js";
import { createCardList, createChip, createHeading } from "./static_views.js";
import { createLink, createNote } from "./static_views.js";
import { decodeHistory, readHistory } from "./history_file.js";
import { createMatcher, createProfile, rankForProfile } from "./static_profile.js";
import { passesFilters } from "./static_search.js";

const N_FOR_ME = 12;
const MAX_UNMATCHED = 100;
const MAX_FILE_BYTES = 50_000_000;
const PRIVACY_NOTE = "Your file is read in this browser and sent nowhere.";
const FILE_HINT =
  "Choose or drop a file of Netflix, Letterboxd, IMDb, Trakt or Prime Video, or a list of titles.";
const FILE_TYPES = ".csv,.tsv,.txt,.json,text/csv,text/plain,application/json";

// Return names as "A", or "A and B".
function joinNames(names) {
  return names.join(" and ");
}

// Create the place where a file is dropped or chosen. `onFile(file)` is called with it.
function createDropZone(onFile) {
  const zone = createElement("div", "field drop");
  const label = createElement("label", "label", "Or your history, ratings or watchlist");
  const input = createElement("input", "file");
  input.type = "file";
  input.accept = FILE_TYPES;
  input.id = "mediarec-history-file";
  label.htmlFor = input.id;
  zone.append(label, input, createElement("span", "secondary", FILE_HINT));
  input.addEventListener("change", () => {
    if (input.files.length) onFile(input.files[0]);
    input.value = ""; // so that the same file can be chosen again
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.dataset.over = "";
  });
  zone.addEventListener("dragleave", () => delete zone.dataset.over);
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    delete zone.dataset.over;
    if (event.dataTransfer.files.length) onFile(event.dataTransfer.files[0]);
  });
  return zone;
}

// Create the list of titles that were not found.
function createUnmatched(names) {
  const details = createElement("details", "unmatched");
  const text = `${pluralize(names.length, "title")} not found in this catalog`;
  const list = createElement("ul");
  list.append(...names.slice(0, MAX_UNMATCHED).map((name) => createDataElement("li", null, name)));
  details.append(createElement("summary", null, text), list);
  return details;
}

// Create the view "For me". `onChange()` is called when a file was read, and `open(address)` opens
// another address. The form stays the same element, so that the focus stays in it.
export function createForMe(catalog, { onChange, open }) {
  const { titles } = catalog;
  let history = null; // {name, profile} of the file
  let problem = "";
  let address = { values: [] };
  let match = null;

  const chips = createElement("ul", "chips");
  chips.setAttribute("aria-label", "Titles that you like");
  const picker = createCombobox({
    label: "Titles that you like",
    placeholder: "Type a title",
    fetchSuggestions: async (text, n) => {
      return catalog.search(text, n).map((row) => catalog.makeItem(row));
    },
    onSelect: ({ id }) => {
      const values = [...address.values.filter((other) => other !== id), id];
      open({ ...address, view: "for-me", values });
    },
  });
  const typed = createElement("div", "field");
  typed.append(picker.element, chips);
  const dropZone = createDropZone(readFile);
  const fileNotes = createElement("div", "field file-notes");
  const form = createElement("div", "for-me-fields");
  form.append(typed, dropZone, fileNotes);

  // Read a file. It is kept until the page is closed.
  async function readFile(file) {
    problem = "";
    history = null;
    try {
      if (file.size > MAX_FILE_BYTES) throw new Error("The file is too large.");
      match ??= createMatcher(catalog.data);
      const entries = readHistory(decodeHistory(await file.arrayBuffer()));
      history = { name: file.name, profile: createProfile(entries, match) };
    } catch (error) {
      problem = error.message;
    }
    onChange();
  }

  // Return why a result is there.
  function reasonText({ row, because }, typedRows) {
    const nameOf = (other) => titles.title[other];
    const isTyped = (other) => typedRows.includes(other);
    const liked = because.filter(isTyped).map(nameOf);
    const watched = because.filter((other) => !isTyped(other)).map(nameOf);
    const parts = [];
    if (liked.length) parts.push(`like ${joinNames(liked)}`);
    if (watched.length) parts.push(`watched ${joinNames(watched)}`);
    const text = `Because you ${parts.join(" and ")}`;
    if (because.length > 1) return text;
    const rank = catalog.data.neighbors[because[0]].indexOf(row);
    const reason = catalog.reasonOf(because[0], rank);
    return reason ? `${text}: ${reason[0].toLowerCase()}${reason.slice(1)}` : text;
  }

  // Return the weights of all liked titles, and the watched ones.
  function combine(typedRows) {
    const liked = new Map(history?.profile.liked);
    const best = Math.max(1, ...liked.values());
    for (const row of typedRows) liked.set(row, best);
    return { liked, watched: history?.profile.watched ?? new Set() };
  }

  // Create what is said about the file.
  function createFileNotes() {
    if (!history) return [];
    const { watched, unmatched } = history.profile;
    const found = pluralize(watched.size, "title");
    const they = watched.size === 1 ? "It is" : "They are";
    const ending = watched.size ? ` ${they} not recommended again.` : "";
    const text = `${history.name}: ${found} found.${ending} `;
    const note = createDataElement("p", "note", text);
    note.append(
      createButton("Forget the file", () => {
        history = null;
        onChange();
      }, "see-all"),
    );
    return unmatched.length ? [note, createUnmatched(unmatched)] : [note];
  }

  // Return the view for an address.
  return function forMeView(next) {
    address = next;
    const typedRows = [...new Set(next.values.map(catalog.rowOf))].filter(
      (row) => row !== undefined,
    );
    chips.replaceChildren(
      ...typedRows.map((row) => {
        const values = next.values.filter((id) => catalog.rowOf(id) !== row);
        return createChip(titles.title[row], formatAddress({ ...next, values }));
      }),
    );
    const heading = createHeading("For me");
    const person = combine(typedRows);
    const hasResults = person.liked.size > 0;
    const content = [heading];
    if (!hasResults) {
      const help = "Name some titles that you like, or choose your viewing history or ratings.";
      content.push(createNote(`${help} ${PRIVACY_NOTE}`));
    }
    content.push(form);
    if (hasResults && !history) content.push(createNote(PRIVACY_NOTE, "secondary"));
    form.classList.toggle("mediarec-for-me-short", hasResults);
    dropZone.hidden = history !== null;
    fileNotes.hidden = history === null;
    fileNotes.replaceChildren(...createFileNotes());
    if (problem) {
      const note = createNote(problem, "error");
      note.setAttribute("role", "alert");
      content.push(note);
    }
    if (hasResults) {
      const isIncluded = (row) => passesFilters(titles, row, next.filters);
      const results = rankForProfile(catalog.data, person, isIncluded, N_FOR_ME);
      const createResult = (result) => {
        const item = catalog.makeItem(result.row, { why: reasonText(result, typedRows) });
        return createCard(item, { canSave: true });
      };
      content.push(createElement("h2", "results-heading", "Recommended for you"));
      if (!results.length) content.push(createNote("Nothing passes the filters."));
      content.push(createCardList(results, N_FOR_ME, createResult, "cards result-cards"));
    } else if (history) {
      content.push(createNote("No title of this file is in this catalog, so it says nothing yet."));
    }
    return { name: "For me", heading, content };
  };
}

// Return the address of a list of ids.
export function listAddress(ids) {
  return formatAddress({ view: "list", values: ids });
}

// Return the view of a list: the titles that the address names, otherwise the saved ones.
export function listView(catalog, { values }) {
  const ids = values.length ? values : readList().map(({ id }) => id);
  const rows = [...new Set(ids.map(catalog.rowOf))].filter((row) => row !== undefined);
  const items = rows.map((row) => catalog.makeItem(row));
  const isShared = ids.some((id) => !isSaved(id));
  let name = isShared ? "Shared list" : "My list";
  if (!rows.length) name = "My list is empty";
  const heading = createHeading(name);
  const own = "Your list is kept in this browser only.";
  const help = "Press “Save” on a title to add it to your list.";
  const share = "The address of this page holds the list too, so you can share it.";
  let note = `${own} ${share}`;
  if (!rows.length) note = `${own} ${help}`;
  else if (isShared) note = `The address of this page holds this list. ${help}`;
  const content = [heading, createNote(note)];
  const unknown = new Set(ids).size - rows.length;
  if (unknown > 0) {
    const verb = unknown === 1 ? "title of this list is" : "titles of this list are";
    content.push(createNote(`${unknown} ${verb} not in this catalog.`));
  }
  if (rows.length) {
    const itemIds = items.map(({ id }) => id);
    const actions = createElement("p", "relaxations");
    const more = formatAddress({ view: "for-me", values: itemIds });
    actions.append(
      createLink("More like these", more, "button primary"),
      createCopyButton("Copy the titles", () => formatList(items)),
      createCopyButton("Copy the address", () => {
        return location.href.split("#")[0] + listAddress(itemIds);
      }),
    );
    const text = createElement("textarea", "textarea");
    text.readOnly = true;
    text.rows = Math.min(items.length, 20);
    text.value = formatList(items);
    text.setAttribute("aria-label", "The list as text");
    const copy = createElement("details", "copy");
    copy.append(createElement("summary", null, "The list as text"), text);
    content.push(
      actions,
      createElement("h2", "visually-hidden", "Titles"),
      createCardList(
        items,
        items.length,
        (item) => createCard(item, { canSave: true }),
        "cards result-cards",
      ),
      copy,
    );
  }
  return { name, heading, content };
}
