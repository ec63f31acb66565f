// The web page without reloading: the server makes every page, this takes what has changed from it. Without this file everything works as well.
import { combobox } from "./combobox.js";
import { hoverCard } from "./cards.js";

const form = document.getElementById("ask"), results = document.getElementById("results"), said = document.getElementById("said"), home = new URL(form.action).pathname;
let asked = 0, halt = null, typing = false;                                   // typing: since the last page

function address() {
  // The form as an address, empty fields left out.
  const given = [...new FormData(form)].filter(([, value]) => String(value).trim() !== "");
  const query = new URLSearchParams(given).toString();
  return home + (query ? `?${query}` : "");
}

function fill(other) {
  // The form as another page has it; a field that somebody is typing in is left alone.
  for (const field of form.elements) {
    if (!field.name || (field === document.activeElement && typing)) continue;
    if (field.type === "checkbox") field.checked = [...other.querySelectorAll(`input[type=checkbox][name="${field.name}"]`)].some((box) => box.value === field.value && box.checked);
    else { const same = other.elements.namedItem(field.name); if (same) field.value = same.value; }
  }
  form.querySelectorAll("[data-several]").forEach(count);
}

function count(several) {
  const on = [...several.querySelectorAll("input:checked")].map((box) => box.value);
  several.querySelector(".mediarec-several-shown").textContent = !on.length ? "any" : on.length < 3 ? on.join(", ") : `${on.length} chosen`;
}

async function go(url, { push = true, focus = false, keep = false } = {}) {
  const mine = ++asked;
  if (focus || !push) typing = false;
  halt?.abort();
  halt = new AbortController();
  results.setAttribute("aria-busy", "true");
  let page, answer;
  try {
    answer = await fetch(url, { headers: { Accept: "text/html" }, signal: halt.signal });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch (error) { if (mine === asked) failed(error); return; }
  if (mine !== asked) return;
  const found = page.getElementById("results");
  if (!found) { location.assign(url); return; }
  if (push && url !== location.pathname + location.search) history.pushState({}, "", url);
  const before = results.querySelectorAll(".mediarec-card").length;
  results.replaceChildren(...found.childNodes);
  upgrade();
  results.removeAttribute("aria-busy");
  document.title = page.title;
  if (keep) { results.querySelectorAll(".mediarec-card-title")[before]?.focus(); said.textContent = `${results.querySelectorAll(".mediarec-card").length} titles`; return; }
  fill(page.forms.ask);
  typing = false;
  const heading = document.getElementById("heading");
  said.textContent = heading.textContent;
  if (!focus) return;
  heading.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

function failed(error) {
  if (error.name === "AbortError") return;
  results.removeAttribute("aria-busy");
  let note = document.getElementById("failed");
  if (!note) { note = document.createElement("p"); note.id = "failed"; note.className = "mediarec-wrong"; note.setAttribute("role", "alert"); results.prepend(note); }
  note.textContent = "No answer from the server; try again.";
}

function upgrade() {
  // The cards that the server made get what cards.js gives its own.
  for (const card of results.querySelectorAll(".mediarec-card")) {
    const about = card.querySelector(".mediarec-details");
    about.addEventListener("click", (event) => { if (!event.target.closest("a, button")) card.querySelector(".mediarec-card-title").click(); });
    hoverCard(card, card.querySelector(".mediarec-card-face"), about);
  }
}

async function ask(text, n) {
  const answer = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q: [...text].slice(0, 100).join(""), n })}`);
  if (!answer.ok) throw new Error(answer.statusText);
  return (await answer.json()).results;
}

function chosen(item) {
  // A suggestion: its page, with the filters of the form.
  const query = new URL(item.href, location.href).searchParams;
  for (const [name, value] of new FormData(form)) if (!["title", "id", "text", "cluster"].includes(name) && String(value).trim()) query.append(name, value);
  go(`${home}?${query}`, { focus: false });
  box.input.value = item.title;
  box.input.select();
}

const slot = form.querySelector("[data-box]"), plain = slot.querySelector("input");
const box = combobox({ label: "A film or a series", placeholder: plain.placeholder, ask, choose: chosen, submit: () => go(address()), id: "title" });
Object.assign(box.input, { name: "title", value: plain.value, defaultValue: plain.defaultValue });
const focused = document.activeElement === plain;
box.element.classList.add("mediarec-field");
slot.replaceWith(box.element);
if (focused) box.input.focus();

form.addEventListener("input", (event) => { typing = event.target.matches("input[type=text]"); });
form.addEventListener("submit", (event) => { event.preventDefault(); box.close(); go(address(), { focus: true }); });
form.addEventListener("change", (event) => {
  const several = event.target.closest("[data-several]");
  if (several) count(several);
  if (event.target === box.input || event.target.id === "text") return;         // these wait for Enter
  if (form.checkValidity()) go(address()); else form.reportValidity();
});
for (const several of form.querySelectorAll("[data-several]")) {
  document.addEventListener("pointerdown", (event) => { if (!several.contains(event.target)) several.open = false; });
  several.addEventListener("focusout", (event) => { if (event.relatedTarget && !several.contains(event.relatedTarget)) several.open = false; });
  several.addEventListener("keydown", (event) => { if (event.key === "Escape" && several.open) { several.open = false; several.querySelector("summary").focus(); } });
}
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.defaultPrevented) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname !== home || url.hash || !results.contains(link)) return;
  event.preventDefault();
  go(url.pathname + url.search, { focus: !("keep" in link.dataset), keep: "keep" in link.dataset });
});
upgrade();
addEventListener("popstate", () => go(location.pathname + location.search, { push: false }));
document.documentElement.dataset.ready = "";
