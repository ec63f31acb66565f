// The web page without reloading. The server makes every page; this script fetches it and replaces
// what has changed. Without this script, links and the form still work.
import { createCombobox } from "./combobox.js";
import { addHoverDetails, removeMissing } from "./cards.js";
import { addKeys } from "./keys.js";
import { createCopyButton, createSaveButton, onListChange, readList } from "./saved_list.js";

const MAX_QUERY_LENGTH = 100;

const form = document.getElementById("search-form");
const hero = document.getElementById("hero");
const main = document.getElementById("main");
const statusLine = document.getElementById("status");
const homePath = new URL(form.action).pathname;

let requestId = 0;
let abortController = null;

// Return the part of the page that is replaced, or null on a page of another kind.
function findResults(page = document) {
  return page.getElementById("results");
}

// Return the address of the form, without empty fields. The search box counts if the user has
// changed it; otherwise the present query stays.
function formUrl() {
  const isNewQuery = box.input.value.trim() !== box.input.defaultValue.trim();
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const isHidden = form.querySelector(`[data-query][name="${CSS.escape(name)}"]`) !== null;
    const isSkipped = isNewQuery ? isHidden : name === "q";
    if (String(value).trim() !== "" && !isSkipped) query.append(name, value);
  }
  const text = query.toString();
  return homePath + (text ? `?${text}` : "");
}

// Return whether the checkbox with the same name and value is checked in another form.
function isCheckedIn(other, field) {
  const boxes = other.querySelectorAll(`input[type=checkbox][name="${field.name}"]`);
  return [...boxes].some((item) => item.value === field.value && item.checked);
}

// Copy the values of the form of another page.
function syncForm(other) {
  for (const hidden of form.querySelectorAll("[data-query]")) hidden.remove();
  form.prepend(...other.querySelectorAll("[data-query]"));
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden") continue;
    if (field.type === "checkbox") {
      field.checked = isCheckedIn(other, field);
      continue;
    }
    const same = other.elements.namedItem(field.name);
    if (!same) continue;
    const isEdited = field === document.activeElement && field.value !== field.defaultValue;
    if (!isEdited) field.value = same.value;
    if (field === box.input) field.defaultValue = same.value;
  }
  form.querySelectorAll("[data-multiselect]").forEach(updateSummary);
  const count = form.querySelector("[data-filter-count]");
  const otherCount = other.querySelector("[data-filter-count]");
  count.hidden = otherCount.hidden;
  count.querySelector("[data-number]").textContent =
    otherCount.querySelector("[data-number]").textContent;
}

// Update the summary of a multiselect: "Any", one or two values, or a count.
function updateSummary(multiselect) {
  const chosen = [...multiselect.querySelectorAll("input:checked")].map((item) => item.value);
  let text = `${chosen.length} chosen`;
  if (!chosen.length) text = "Any";
  else if (chosen.length < 3) text = chosen.join(", ");
  multiselect.querySelector(".mediarec-multiselect-value").textContent = text;
}

// Return the page at an address as a document, and its final address. An earlier request is
// aborted.
async function fetchPage(url) {
  abortController?.abort();
  abortController = new AbortController();
  const { signal } = abortController;
  const answer = await fetch(url, { headers: { Accept: "text/html" }, signal });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const final = new URL(answer.url);
  return [page, final.pathname + final.search];
}

// Say how many titles are shown now, and move the focus to the first new one.
function announceMore(firstNew) {
  const titles = findResults().querySelectorAll(".mediarec-card-title");
  titles[firstNew]?.focus();
  statusLine.textContent = `${titles.length} titles`;
}

// Show the page at an address. `push` adds it to the history, `focus` moves the focus to its
// heading, and `append` says that it continues the list of the present page. `keep` is the number
// of the card that gets the focus in a page that does not scroll.
async function navigate(url, { push = true, focus = false, append = false, keep = null } = {}) {
  const results = findResults();
  if (!results || !form.contains(box.input)) {
    location.assign(url);
    return;
  }
  const ownId = ++requestId;
  results.setAttribute("aria-busy", "true");
  let page;
  let address;
  try {
    [page, address] = await fetchPage(url);
  } catch (error) {
    if (ownId === requestId) showError(error);
    return;
  }
  if (ownId !== requestId) return;
  const found = findResults(page);
  const isHome = new URL(address, location.href).pathname === homePath;
  if (!found || !isHome) {
    location.assign(url);
    return;
  }
  const isNew = address !== location.pathname + location.search;
  if (push && isNew) history.pushState({}, "", address);
  const cardCount = results.querySelectorAll(".mediarec-card").length;
  hero.replaceChildren(...page.getElementById("hero").childNodes);
  results.replaceChildren(...found.childNodes);
  enhanceCards();
  results.removeAttribute("aria-busy");
  document.title = page.title;
  if (append) {
    announceMore(cardCount);
    return;
  }
  syncForm(page.forms["search-form"]);
  const heading = document.getElementById("heading");
  statusLine.textContent = heading.textContent;
  if (keep !== null) {
    findResults().querySelectorAll(".mediarec-card-title")[keep]?.focus({ preventScroll: true });
    return;
  }
  if (isNew || focus) window.scrollTo({ top: 0 });
  if (focus) heading.focus({ preventScroll: true });
}

// Show that the server did not answer.
function showError(error) {
  if (error.name === "AbortError") return;
  const results = findResults();
  results.removeAttribute("aria-busy");
  let note = document.getElementById("server-error");
  if (!note) {
    note = document.createElement("p");
    note.id = "server-error";
    note.className = "mediarec-error";
    note.setAttribute("role", "alert");
    results.prepend(note);
  }
  note.textContent = "The server does not answer. Try again.";
}

// Return the id and the title of a card or of the panel of a title.
function itemOf(element) {
  const title = element.dataset.title ?? element.querySelector(".mediarec-card-title").textContent;
  return { id: element.dataset.id, title };
}

// Give the cards of the server the details on hover and a button that saves the title.
function enhanceCards(root = main) {
  root.querySelectorAll(".mediarec-poster-image").forEach(removeMissing);
  for (const card of root.querySelectorAll(".mediarec-card")) {
    const details = card.querySelector(".mediarec-details");
    const title = card.querySelector(".mediarec-card-title");
    details.addEventListener("click", (event) => {
      if (!event.target.closest("a, button")) title.click();
    });
    addHoverDetails(card, card.querySelector(".mediarec-card-face"), details);
  }
  for (const actions of root.querySelectorAll("[data-actions]")) {
    const owner = actions.closest("[data-id]");
    actions.append(createSaveButton(itemOf(owner)));
  }
}

// Return suggestions from the server.
async function fetchSuggestions(text, n) {
  const query = new URLSearchParams({ q: [...text].slice(0, MAX_QUERY_LENGTH).join(""), n });
  const answer = await fetch(`${form.dataset.suggest}?${query}`);
  if (!answer.ok) throw new Error(answer.statusText);
  return (await answer.json()).results;
}

// Show the page of a suggestion, with the filters of the form.
function selectSuggestion(item) {
  const query = new URL(item.href, location.href).searchParams;
  for (const [name, value] of new FormData(form)) {
    const field = form.querySelector(`[data-query][name="${CSS.escape(name)}"]`);
    if (!field && name !== "q" && String(value).trim()) query.append(name, value);
  }
  box.input.value = item.title;
  navigate(`${homePath}?${query}`, { focus: false });
  box.input.select();
}

// Replace the plain input of the form by a combobox. Returns the combobox.
function upgradeInput() {
  const slot = form.querySelector("[data-combobox]");
  const plainInput = slot.querySelector("input");
  const isFocused = document.activeElement === plainInput;
  const combobox = createCombobox({
    label: slot.querySelector("label").textContent,
    isLabelHidden: true,
    placeholder: plainInput.placeholder,
    fetchSuggestions,
    onSelect: selectSuggestion,
    onSubmit: () => navigate(formUrl(), { focus: true }),
    maxLength: plainInput.maxLength,
    id: "q",
  });
  combobox.input.name = "q";
  combobox.input.value = plainInput.value;
  combobox.input.defaultValue = plainInput.defaultValue;
  slot.replaceChildren(combobox.element);
  if (isFocused || plainInput.autofocus) combobox.input.focus({ preventScroll: true });
  return combobox;
}

// Close a list of options on a click outside, when the focus leaves it, and on Escape.
function addClosing(details) {
  document.addEventListener("pointerdown", (event) => {
    if (!details.contains(event.target)) details.open = false;
  });
  details.addEventListener("focusout", (event) => {
    const next = event.relatedTarget;
    if (next && !details.contains(next)) details.open = false;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary").focus();
    event.stopPropagation();
  });
}

// Return whether a click on a link would leave this page or open another tab.
function isHandledByBrowser(event, link) {
  const withKey = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  return event.button || withKey || event.defaultPrevented || link.target;
}

// Follow a link to a page of results without reloading.
function handleClick(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || isHandledByBrowser(event, link)) return;
  const url = new URL(link.href);
  const isHome = url.origin === location.origin && url.pathname === homePath;
  if (!isHome || url.hash || !findResults()?.contains(link)) return;
  event.preventDefault();
  const append = "append" in link.dataset;
  const card = link.closest("[data-keep]") && link.closest(".mediarec-card");
  const keep = card ? [...card.parentElement.children].indexOf(card) : null;
  navigate(url.pathname + url.search, { focus: !append && keep === null, append, keep });
}

// Apply a changed filter. The search box waits for Enter.
function handleChange(event) {
  const multiselect = event.target.closest("[data-multiselect]");
  if (multiselect) updateSummary(multiselect);
  if (event.target === box.input) return;
  if (form.checkValidity()) navigate(formUrl());
  else form.reportValidity();
}

// Let the link "My list" name the saved titles, with their number.
function updateListLink() {
  const link = document.querySelector("[data-saved-list]");
  const saved = readList();
  const query = new URLSearchParams(saved.map(({ id }) => ["id", id]));
  link.href = `/list${saved.length ? `?${query}` : ""}`;
  link.textContent = saved.length ? `My list (${saved.length})` : "My list";
}

// Add the buttons that copy the list and its address, and keep the page equal to the list.
function enhanceList() {
  const actions = document.querySelector("[data-list-actions]");
  if (!actions) return;
  const text = document.getElementById("list-text");
  actions.append(
    createCopyButton("Copy the titles", () => text.value.trim()),
    createCopyButton("Copy the address", () => location.href),
  );
}

// Send the form of the page "For me", and show the answer below it. The form keeps its file.
async function sendForMe(forMe) {
  const slot = document.getElementById("for-me-results");
  slot.setAttribute("aria-busy", "true");
  try {
    const options = { method: "POST", body: new FormData(forMe), headers: { Accept: "text/html" } };
    const answer = await fetch(forMe.action, options);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    slot.replaceChildren(...page.getElementById("for-me-results").childNodes);
    enhanceCards(slot);
    statusLine.textContent = slot.querySelector("h2, [role=alert]")?.textContent ?? "";
  } catch {
    statusLine.textContent = "The server does not answer. Try again.";
    slot.textContent = statusLine.textContent;
  }
  slot.removeAttribute("aria-busy");
}

// Read a file that was dropped on the form, and send the form when a file is chosen.
function enhanceForMe() {
  const forMe = document.getElementById("for-me-form");
  if (!forMe) return;
  const input = forMe.elements.namedItem("file");
  forMe.addEventListener("submit", (event) => {
    event.preventDefault();
    sendForMe(forMe);
  });
  forMe.elements.namedItem("type").addEventListener("change", () => {
    if (document.querySelector("#for-me-results .mediarec-card")) forMe.requestSubmit();
  });
  const drop = forMe.querySelector("[data-drop]");
  input.addEventListener("change", () => {
    if (input.files.length) forMe.requestSubmit();
  });
  forMe.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.dataset.over = "";
  });
  forMe.addEventListener("dragleave", () => delete drop.dataset.over);
  forMe.addEventListener("drop", (event) => {
    event.preventDefault();
    delete drop.dataset.over;
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    forMe.requestSubmit();
  });
  const titles = forMe.elements.namedItem("titles");
  const picker = createCombobox({
    label: "Find a title to add",
    placeholder: "Find a title to add",
    isLabelHidden: true,
    fetchSuggestions,
    onSelect: (item) => {
      const line = item.year ? `${item.title} (${item.year})` : item.title;
      titles.value = [titles.value.trim(), line].filter(Boolean).join("\n");
    },
    id: "for-me-title",
  });
  forMe.querySelector("[data-titles]").append(picker.element);
}

const box = upgradeInput();
form.addEventListener("submit", (event) => {
  if (!findResults()) return; // the browser opens the page of results
  event.preventDefault();
  box.close();
  navigate(formUrl(), { focus: true });
});
form.addEventListener("change", handleChange);
form.querySelectorAll("[data-multiselect], [data-filter-panel]").forEach(addClosing);
document.addEventListener("click", handleClick);
window.addEventListener("popstate", () => {
  navigate(location.pathname + location.search, { push: false });
});
addKeys(document.body, () => box.input);
onListChange(updateListLink);
updateListLink();
enhanceCards();
enhanceList();
enhanceForMe();
document.documentElement.dataset.ready = "";
