// The web page without reloading. The server makes every page; this script fetches it and replaces
// what has changed. Without this script, links and the form still work.
import { createCombobox } from "./combobox.js";
import { addHoverDetails } from "./cards.js";

const MAX_QUERY_LENGTH = 100;
const QUERY_FIELDS = ["title", "id", "text", "cluster"];

const form = document.getElementById("search-form");
const results = document.getElementById("results");
const statusLine = document.getElementById("status");
const homePath = new URL(form.action).pathname;

let requestId = 0;
let abortController = null;
// Whether the user has typed since the last page.
let typing = false;

// Return the address of the form, without empty fields.
function formUrl() {
  const fields = [...new FormData(form)].filter(([, value]) => String(value).trim() !== "");
  const query = new URLSearchParams(fields).toString();
  return homePath + (query ? `?${query}` : "");
}

// Return whether the checkbox with the same name and value is checked in another form.
function isCheckedIn(other, field) {
  const boxes = other.querySelectorAll(`input[type=checkbox][name="${field.name}"]`);
  return [...boxes].some((box) => box.value === field.value && box.checked);
}

// Copy the values of another form. A field in which the user is typing does not change.
function syncForm(other) {
  for (const field of form.elements) {
    const isEdited = field === document.activeElement && typing;
    if (!field.name || isEdited) continue;
    if (field.type === "checkbox") {
      field.checked = isCheckedIn(other, field);
    } else {
      const same = other.elements.namedItem(field.name);
      if (same) field.value = same.value;
    }
  }
  form.querySelectorAll("[data-multiselect]").forEach(updateSummary);
}

// Update the summary of a multiselect: "any", one or two values, or a count.
function updateSummary(multiselect) {
  const chosen = [...multiselect.querySelectorAll("input:checked")].map((box) => box.value);
  let text = `${chosen.length} chosen`;
  if (!chosen.length) text = "any";
  else if (chosen.length < 3) text = chosen.join(", ");
  multiselect.querySelector(".mediarec-multiselect-value").textContent = text;
}

// Return the page at an address as a document. An earlier request is aborted.
async function fetchPage(url) {
  abortController?.abort();
  abortController = new AbortController();
  const { signal } = abortController;
  const answer = await fetch(url, { headers: { Accept: "text/html" }, signal });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Say how many titles are shown now, and move the focus to the first new one.
function announceMore(firstNew) {
  const titles = results.querySelectorAll(".mediarec-card-title");
  titles[firstNew]?.focus();
  statusLine.textContent = `${titles.length} titles`;
}

// Show the page at an address. `push` adds it to the history, `focus` moves the focus to its
// heading, and `append` says that it continues the list of the present page.
async function navigate(url, { push = true, focus = false, append = false } = {}) {
  const ownId = ++requestId;
  if (focus || !push) typing = false;
  results.setAttribute("aria-busy", "true");
  let page;
  try {
    page = await fetchPage(url);
  } catch (error) {
    if (ownId === requestId) showError(error);
    return;
  }
  if (ownId !== requestId) return;
  const found = page.getElementById("results");
  if (!found) {
    location.assign(url);
    return;
  }
  if (push && url !== location.pathname + location.search) history.pushState({}, "", url);
  const cardCount = results.querySelectorAll(".mediarec-card").length;
  results.replaceChildren(...found.childNodes);
  enhanceCards();
  results.removeAttribute("aria-busy");
  document.title = page.title;
  if (append) {
    announceMore(cardCount);
    return;
  }
  syncForm(page.forms["search-form"]);
  typing = false;
  const heading = document.getElementById("heading");
  statusLine.textContent = heading.textContent;
  if (!focus) return;
  heading.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

// Show that the server did not answer.
function showError(error) {
  if (error.name === "AbortError") return;
  results.removeAttribute("aria-busy");
  let note = document.getElementById("server-error");
  if (!note) {
    note = document.createElement("p");
    note.id = "server-error";
    note.className = "mediarec-error";
    note.setAttribute("role", "alert");
    results.prepend(note);
  }
  note.textContent = "No answer from the server; try again.";
}

// Give the cards of the server the details on hover.
function enhanceCards() {
  for (const card of results.querySelectorAll(".mediarec-card")) {
    const details = card.querySelector(".mediarec-details");
    const title = card.querySelector(".mediarec-card-title");
    details.addEventListener("click", (event) => {
      if (!event.target.closest("a, button")) title.click();
    });
    addHoverDetails(card, card.querySelector(".mediarec-card-face"), details);
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
    const isFilter = !QUERY_FIELDS.includes(name);
    if (isFilter && String(value).trim()) query.append(name, value);
  }
  navigate(`${homePath}?${query}`, { focus: false });
  box.input.value = item.title;
  box.input.select();
}

// Replace the plain input of the form by a combobox. Returns the combobox.
function upgradeInput() {
  const slot = form.querySelector("[data-combobox]");
  const plainInput = slot.querySelector("input");
  const isFocused = document.activeElement === plainInput;
  const combobox = createCombobox({
    label: "A film or a series",
    placeholder: plainInput.placeholder,
    fetchSuggestions,
    onSelect: selectSuggestion,
    onSubmit: () => navigate(formUrl()),
    id: "title",
  });
  combobox.input.name = "title";
  combobox.input.value = plainInput.value;
  combobox.input.defaultValue = plainInput.defaultValue;
  combobox.element.classList.add("mediarec-field");
  slot.replaceWith(combobox.element);
  if (isFocused) combobox.input.focus();
  return combobox;
}

// Close a multiselect on a click outside, when the focus leaves it, and on Escape.
function addClosing(multiselect) {
  document.addEventListener("pointerdown", (event) => {
    if (!multiselect.contains(event.target)) multiselect.open = false;
  });
  multiselect.addEventListener("focusout", (event) => {
    const next = event.relatedTarget;
    if (next && !multiselect.contains(next)) multiselect.open = false;
  });
  multiselect.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !multiselect.open) return;
    multiselect.open = false;
    multiselect.querySelector("summary").focus();
  });
}

// Return whether a click on a link would leave this page or open another tab.
function isHandledByBrowser(event) {
  const withKey = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  return event.button || withKey || event.defaultPrevented;
}

// Follow a link inside the results without reloading.
function handleClick(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || isHandledByBrowser(event)) return;
  const url = new URL(link.href);
  const isHome = url.origin === location.origin && url.pathname === homePath;
  if (!isHome || url.hash || !results.contains(link)) return;
  event.preventDefault();
  const append = "append" in link.dataset;
  navigate(url.pathname + url.search, { focus: !append, append });
}

// Apply a changed field. The title and the text query wait for Enter.
function handleChange(event) {
  const multiselect = event.target.closest("[data-multiselect]");
  if (multiselect) updateSummary(multiselect);
  if (event.target === box.input || event.target.id === "text") return;
  if (form.checkValidity()) navigate(formUrl());
  else form.reportValidity();
}

const box = upgradeInput();
form.addEventListener("input", (event) => {
  typing = event.target.matches("input[type=text]");
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  box.close();
  navigate(formUrl(), { focus: true });
});
form.addEventListener("change", handleChange);
form.querySelectorAll("[data-multiselect]").forEach(addClosing);
document.addEventListener("click", handleClick);
window.addEventListener("popstate", () => {
  navigate(location.pathname + location.search, { push: false });
});
enhanceCards();
document.documentElement.dataset.ready = "";
