// A search box that suggests while somebody types: the ARIA 1.2 combobox with a list, in the top layer so that no container clips it.
// Shared by the notebook widget, the web page and the static page. All data goes in as text.
import { make, plural } from "./dom.js";
import { poster } from "./cards.js";

let boxes = 0;

export function combobox({ label, placeholder = "", ask, choose, submit = null, debounce = 40, least = 1, most = 8, id = `mediarec-box-${++boxes}` }) {
  const element = make("div", "box"), field = make("input", "box-input"), list = make("ul", "box-list"), said = make("p", "unseen"), name = make("label", "label", label);
  field.id = `${id}-input`;
  name.htmlFor = field.id;
  list.id = `${id}-list`;
  Object.assign(field, { type: "text", placeholder, autocomplete: "off", spellcheck: false, maxLength: 200 });
  for (const [key, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, enterkeyhint: "search" })) field.setAttribute(key, value);
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", `${label}: suggestions`);
  list.popover = "manual";
  said.setAttribute("role", "status");
  element.append(name, field, list, said);

  let items = [], at = -1, asked = 0, timer = 0, typing = false;
  const isOpen = () => field.getAttribute("aria-expanded") === "true";

  function place() {
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
    place();
    window.addEventListener("scroll", place, { capture: true, passive: true });
    window.addEventListener("resize", place);
  }
  function close() {
    if (!isOpen()) return;
    field.setAttribute("aria-expanded", "false");
    list.hidePopover?.();
    mark(-1);
    window.removeEventListener("scroll", place, { capture: true });
    window.removeEventListener("resize", place);
  }
  function mark(place) {
    at = place;
    [...list.children].forEach((row, i) => row.setAttribute("aria-selected", String(i === at)));
    if (at < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  }
  function row(item, i) {
    const out = make("li", "box-option"), text = make("span", "box-text"), title = make("span", "box-title", item.title);
    out.id = `${id}-option-${i}`;
    out.setAttribute("role", "option");
    out.setAttribute("aria-selected", "false");
    title.dir = "auto";
    text.append(title, make("span", "box-about", [item.year, item.type === "TV Show" ? "series" : item.type === "Movie" ? "film" : ""].filter(Boolean).join(" · ")));
    out.append(poster(item, true), text);
    out.addEventListener("pointerdown", (event) => event.preventDefault());   // the field keeps the focus
    out.addEventListener("click", () => take(i));
    return out;
  }
  function show(found, text) {
    items = found;
    at = -1;
    field.removeAttribute("aria-activedescendant");
    list.replaceChildren(...(items.length ? items.map(row) : []));
    said.textContent = items.length ? plural(items.length, "suggestion") : `nothing is spelled like ${text.slice(0, 60)}`;
    if (items.length) { open(); place(); list.scrollTop = 0; } else close();
    element.dataset.for = text;
  }
  function look(now = false) {
    const text = field.value.trim(), mine = ++asked;
    clearTimeout(timer);
    if (text.length < least) { show([], ""); said.textContent = ""; return; }
    timer = setTimeout(async () => {
      let found;
      try { found = await ask(text, most); } catch { found = null; }
      if (mine !== asked) return;                                              // a later key has asked again
      if (found) show(found.slice(0, most), text); else { close(); said.textContent = "no answer; try again"; }
    }, now ? 0 : debounce);
  }
  function take(i) {
    const item = items[i];
    asked++;
    clearTimeout(timer);
    field.value = "";
    show([], "");
    said.textContent = `${item.title} chosen`;
    choose(item);
  }
  field.addEventListener("compositionstart", () => { typing = true; });
  field.addEventListener("compositionend", () => { typing = false; look(); });
  field.addEventListener("input", () => { if (!typing) look(); });
  field.addEventListener("focus", () => { if (field.value.trim() && !isOpen()) look(true); });
  field.addEventListener("blur", () => { asked++; clearTimeout(timer); close(); });
  field.addEventListener("keydown", (event) => {
    if (typing || event.isComposing) return;
    const key = event.key, last = items.length - 1;
    if (key === "ArrowDown" && items.length) { open(); mark(at < last ? at + 1 : 0); }
    else if (key === "ArrowUp" && items.length) { open(); mark(at > 0 ? at - 1 : last); }
    else if (key === "Enter" && isOpen() && at >= 0) take(at);
    else if (key === "Enter" && field.value.trim()) {
      if (submit) { const text = field.value.trim(); asked++; clearTimeout(timer); close(); submit(text); }
      else if (isOpen() && items.length && element.dataset.for === field.value.trim()) take(0);
      else return;
    }
    else if (key === "Escape" && isOpen()) close();
    else if (key === "Escape" && field.value) { field.value = ""; look(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return { element, input: field, list, close, clear() { field.value = ""; asked++; show([], ""); said.textContent = ""; } };
}
