// A search box that suggests while somebody types: the ARIA 1.2 combobox with a list, in the top layer so that no container clips it.
// Shared by the notebook widget, the web page and the static page. All data goes in as text.
import { createElement, pluralize } from "./dom.js";
import { createPoster } from "./cards.js";

let comboboxCount = 0;

export function createCombobox({ label, placeholder = "", fetchSuggestions, onSelect, onSubmit = null, debounce = 40, minLength = 1, maxItems = 8, id = `mediarec-combobox-${++comboboxCount}` }) {
  const element = createElement("div", "combobox"), field = createElement("input", "combobox-input"), list = createElement("ul", "combobox-list"), status = createElement("p", "visually-hidden"), name = createElement("label", "label", label);
  field.id = `${id}-input`;
  name.htmlFor = field.id;
  list.id = `${id}-list`;
  Object.assign(field, { type: "text", placeholder, autocomplete: "off", spellcheck: false, maxLength: 200 });
  for (const [key, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, enterkeyhint: "search" })) field.setAttribute(key, value);
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", `${label}: suggestions`);
  list.popover = "manual";
  status.setAttribute("role", "status");
  element.append(name, field, list, status);

  let items = [], activeIndex = -1, requestId = 0, timer = 0, composing = false;
  const isOpen = () => field.getAttribute("aria-expanded") === "true";

  function positionList() {
    const box = field.getBoundingClientRect(), below = window.innerHeight - box.bottom - 12, above = box.top - 12, up = below < 180 && above > below;
    if (box.bottom < 0 || box.top > window.innerHeight) return close();
    const style = { left: `${box.left}px`, width: `${box.width}px`, maxHeight: `${Math.max(120, Math.min(480, up ? above : below))}px`,
      top: up ? "auto" : `${box.bottom + 4}px`, bottom: up ? `${window.innerHeight - box.top + 4}px` : "auto" };
    Object.assign(list.style, style);
  }
  function open() {
    if (isOpen() || !field.isConnected) return;
    field.setAttribute("aria-expanded", "true");
    list.showPopover?.();
    positionList();
    window.addEventListener("scroll", positionList, { capture: true, passive: true });
    window.addEventListener("resize", positionList);
  }
  function close() {
    if (!isOpen()) return;
    field.setAttribute("aria-expanded", "false");
    list.hidePopover?.();
    setActiveOption(-1);
    window.removeEventListener("scroll", positionList, { capture: true });
    window.removeEventListener("resize", positionList);
  }
  function setActiveOption(index) {
    activeIndex = index;
    [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === activeIndex)));
    if (activeIndex < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", list.children[activeIndex].id);
    list.children[activeIndex].scrollIntoView({ block: "nearest" });
  }
  function createOption(item, i) {
    const out = createElement("li", "combobox-option"), text = createElement("span", "combobox-text"), title = createElement("span", "combobox-title", item.title);
    out.id = `${id}-option-${i}`;
    out.setAttribute("role", "option");
    out.setAttribute("aria-selected", "false");
    title.dir = "auto";
    text.append(title, createElement("span", "combobox-subtitle", [item.year, item.type === "TV Show" ? "series" : item.type === "Movie" ? "film" : ""].filter(Boolean).join(" · ")));
    out.append(createPoster(item, true), text);
    out.addEventListener("pointerdown", (event) => event.preventDefault());   // the field keeps the focus
    out.addEventListener("click", () => selectOption(i));
    return out;
  }
  function showSuggestions(found, text) {
    items = found;
    activeIndex = -1;
    field.removeAttribute("aria-activedescendant");
    list.replaceChildren(...(items.length ? items.map(createOption) : []));
    status.textContent = items.length ? pluralize(items.length, "suggestion") : `nothing is spelled like ${text.slice(0, 60)}`;
    if (items.length) { open(); positionList(); list.scrollTop = 0; } else close();
    element.dataset.for = text;
  }
  function updateSuggestions(now = false) {
    const text = field.value.trim(), mine = ++requestId;
    clearTimeout(timer);
    if (text.length < minLength) { showSuggestions([], ""); status.textContent = ""; return; }
    timer = setTimeout(async () => {
      let found;
      try { found = await fetchSuggestions(text, maxItems); } catch { found = null; }
      if (mine !== requestId) return;                                              // a later key has asked again
      if (found) showSuggestions(found.slice(0, maxItems), text); else { close(); status.textContent = "no answer; try again"; }
    }, now ? 0 : debounce);
  }
  function selectOption(i) {
    const item = items[i];
    requestId++;
    clearTimeout(timer);
    field.value = "";
    showSuggestions([], "");
    status.textContent = `${item.title} chosen`;
    onSelect(item);
  }
  field.addEventListener("compositionstart", () => { composing = true; });
  field.addEventListener("compositionend", () => { composing = false; updateSuggestions(); });
  field.addEventListener("input", () => { if (!composing) updateSuggestions(); });
  field.addEventListener("focus", () => { if (field.value.trim() && !isOpen()) updateSuggestions(true); });
  field.addEventListener("blur", () => { requestId++; clearTimeout(timer); close(); });
  field.addEventListener("keydown", (event) => {
    if (composing || event.isComposing) return;
    const key = event.key, last = items.length - 1;
    if (key === "ArrowDown" && items.length) { open(); setActiveOption(activeIndex < last ? activeIndex + 1 : 0); }
    else if (key === "ArrowUp" && items.length) { open(); setActiveOption(activeIndex > 0 ? activeIndex - 1 : last); }
    else if (key === "Enter" && isOpen() && activeIndex >= 0) selectOption(activeIndex);
    else if (key === "Enter" && field.value.trim()) {
      if (onSubmit) { const text = field.value.trim(); requestId++; clearTimeout(timer); close(); onSubmit(text); }
      else if (isOpen() && items.length && element.dataset.for === field.value.trim()) selectOption(0);
      else return;
    }
    else if (key === "Escape" && isOpen()) close();
    else if (key === "Escape" && field.value) { field.value = ""; updateSuggestions(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return { element, input: field, list, close, clear() { field.value = ""; requestId++; showSuggestions([], ""); status.textContent = ""; } };
}
