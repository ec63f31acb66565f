// The web page without reloading: the server makes every page, this takes what has changed from it. Without this file everything works as well.
import { createCombobox } from "./combobox.js";
import { addHoverDetails } from "./cards.js";

const form = document.getElementById("search-form"), results = document.getElementById("results"), statusLine = document.getElementById("status"), homePath = new URL(form.action).pathname;
let requestId = 0, abortController = null, typing = false;                                   // typing: since the last page

function formUrl() {
  // The form as an address, empty fields left out.
  const given = [...new FormData(form)].filter(([, value]) => String(value).trim() !== "");
  const query = new URLSearchParams(given).toString();
  return homePath + (query ? `?${query}` : "");
}

function syncForm(other) {
  // The form as another page has it; a field that somebody is typing in is left alone.
  for (const field of form.elements) {
    if (!field.name || (field === document.activeElement && typing)) continue;
    if (field.type === "checkbox") field.checked = [...other.querySelectorAll(`input[type=checkbox][name="${field.name}"]`)].some((box) => box.value === field.value && box.checked);
    else { const same = other.elements.namedItem(field.name); if (same) field.value = same.value; }
  }
  form.querySelectorAll("[data-multiselect]").forEach(updateSummary);
}

function updateSummary(multiselect) {
  const on = [...multiselect.querySelectorAll("input:checked")].map((box) => box.value);
  multiselect.querySelector(".mediarec-multiselect-value").textContent = !on.length ? "any" : on.length < 3 ? on.join(", ") : `${on.length} chosen`;
}

async function navigate(url, { push = true, focus = false, append = false } = {}) {
  const mine = ++requestId;
  if (focus || !push) typing = false;
  abortController?.abort();
  abortController = new AbortController();
  results.setAttribute("aria-busy", "true");
  let page, answer;
  try {
    answer = await fetch(url, { headers: { Accept: "text/html" }, signal: abortController.signal });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch (error) { if (mine === requestId) showError(error); return; }
  if (mine !== requestId) return;
  const found = page.getElementById("results");
  if (!found) { location.assign(url); return; }
  if (push && url !== location.pathname + location.search) history.pushState({}, "", url);
  const before = results.querySelectorAll(".mediarec-card").length;
  results.replaceChildren(...found.childNodes);
  enhanceCards();
  results.removeAttribute("aria-busy");
  document.title = page.title;
  if (append) { results.querySelectorAll(".mediarec-card-title")[before]?.focus(); statusLine.textContent = `${results.querySelectorAll(".mediarec-card").length} titles`; return; }
  syncForm(page.forms["search-form"]);
  typing = false;
  const heading = document.getElementById("heading");
  statusLine.textContent = heading.textContent;
  if (!focus) return;
  heading.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

function showError(error) {
  if (error.name === "AbortError") return;
  results.removeAttribute("aria-busy");
  let note = document.getElementById("server-error");
  if (!note) { note = document.createElement("p"); note.id = "server-error"; note.className = "mediarec-error"; note.setAttribute("role", "alert"); results.prepend(note); }
  note.textContent = "No answer from the server; try again.";
}

function enhanceCards() {
  // The cards that the server made get what cards.js gives its own.
  for (const card of results.querySelectorAll(".mediarec-card")) {
    const details = card.querySelector(".mediarec-details");
    details.addEventListener("click", (event) => { if (!event.target.closest("a, button")) card.querySelector(".mediarec-card-title").click(); });
    addHoverDetails(card, card.querySelector(".mediarec-card-face"), details);
  }
}

async function fetchSuggestions(text, n) {
  const answer = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q: [...text].slice(0, 100).join(""), n })}`);
  if (!answer.ok) throw new Error(answer.statusText);
  return (await answer.json()).results;
}

function selectSuggestion(item) {
  // A suggestion: its page, with the filters of the form.
  const query = new URL(item.href, location.href).searchParams;
  for (const [name, value] of new FormData(form)) if (!["title", "id", "text", "cluster"].includes(name) && String(value).trim()) query.append(name, value);
  navigate(`${homePath}?${query}`, { focus: false });
  box.input.value = item.title;
  box.input.select();
}

const slot = form.querySelector("[data-combobox]"), plainInput = slot.querySelector("input");
const box = createCombobox({ label: "A film or a series", placeholder: plainInput.placeholder, fetchSuggestions, onSelect: selectSuggestion, onSubmit: () => navigate(formUrl()), id: "title" });
Object.assign(box.input, { name: "title", value: plainInput.value, defaultValue: plainInput.defaultValue });
const focused = document.activeElement === plainInput;
box.element.classList.add("mediarec-field");
slot.replaceWith(box.element);
if (focused) box.input.focus();

form.addEventListener("input", (event) => { typing = event.target.matches("input[type=text]"); });
form.addEventListener("submit", (event) => { event.preventDefault(); box.close(); navigate(formUrl(), { focus: true }); });
form.addEventListener("change", (event) => {
  const multiselect = event.target.closest("[data-multiselect]");
  if (multiselect) updateSummary(multiselect);
  if (event.target === box.input || event.target.id === "text") return;         // these wait for Enter
  if (form.checkValidity()) navigate(formUrl()); else form.reportValidity();
});
for (const multiselect of form.querySelectorAll("[data-multiselect]")) {
  document.addEventListener("pointerdown", (event) => { if (!multiselect.contains(event.target)) multiselect.open = false; });
  multiselect.addEventListener("focusout", (event) => { if (event.relatedTarget && !multiselect.contains(event.relatedTarget)) multiselect.open = false; });
  multiselect.addEventListener("keydown", (event) => { if (event.key === "Escape" && multiselect.open) { multiselect.open = false; multiselect.querySelector("summary").focus(); } });
}
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.defaultPrevented) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname !== homePath || url.hash || !results.contains(link)) return;
  event.preventDefault();
  navigate(url.pathname + url.search, { focus: !("append" in link.dataset), append: "append" in link.dataset });
});
enhanceCards();
addEventListener("popstate", () => navigate(location.pathname + location.search, { push: false }));
document.documentElement.dataset.ready = "";
