// A title as a card with its poster, or a drawn one. Shared by the notebook widget, the web page and the static page.
import { createElement, createButton } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

function createSvgElement(tag, attributes, text) {
  const out = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) out.setAttribute(key, value);
  if (text !== undefined) out.textContent = text;
  return out;
}

export function wrapTitle(title, width = 13, maxLines = 5) {
  // Words in lines of about so many letters; the last ends in an ellipsis where there were more.
  const out = [];
  let line = "", words = [...String(title).slice(0, 400).split(/\s+/).filter(Boolean)];
  while (words.length && out.length < maxLines) {
    const letters = [...words[0]];
    if (!line && letters.length > width) { out.push(letters.slice(0, width - 1).join("") + "-"); words[0] = letters.slice(width - 1).join(""); continue; }
    if (!line) line = words.shift();
    else if ([...line].length + 1 + letters.length <= width) line += ` ${words.shift()}`;
    else { out.push(line); line = ""; }
  }
  if (line && out.length < maxLines) { out.push(line); line = ""; }
  if (words.length || line) out[maxLines - 1] = `${[...out[maxLines - 1]].slice(0, width - 1).join("")}…`;
  return out;
}

export function createPlaceholder(item, small = false) {
  const svg = createSvgElement("svg", { viewBox: "0 0 200 300", "aria-hidden": "true", focusable: "false", class: `mediarec-placeholder mediarec-poster-color-${Number(item.poster_color) || 0}` });
  svg.append(createSvgElement("rect", { width: 200, height: 300, class: "mediarec-placeholder-background" }), createSvgElement("path", { d: "M0 300 200 170V300Z", class: "mediarec-placeholder-shade" }));
  if (small) { svg.append(createSvgElement("text", { x: 100, y: 190, class: "mediarec-placeholder-letter" }, [...String(item.title)][0]?.toUpperCase() ?? "?")); return svg; }
  const wrapped = wrapTitle(item.title), size = Math.min(23, Math.floor(255 / Math.max(...wrapped.map((l) => [...l].length), 1)));
  wrapped.forEach((line, i) => svg.append(createSvgElement("text", { x: 16, y: 48 + (size + 7) * i, "font-size": size, class: "mediarec-placeholder-title" }, line)));
  if (item.year) svg.append(createSvgElement("text", { x: 16, y: 282, class: "mediarec-placeholder-year" }, String(item.year)));
  return svg;
}

function createImage(url) {
  const img = createElement("img", "poster-image");
  Object.assign(img, { alt: "", loading: "lazy", decoding: "async", referrerPolicy: "no-referrer" });
  img.addEventListener("error", () => img.remove());                           // what is drawn below it stays
  img.src = url;
  return img;
}

export function createPoster(item, small = false) {
  const out = createElement("span", small ? "poster poster-small" : "poster");
  out.dataset.poster = item.id;
  out.append(createPlaceholder(item, small));
  if (item.poster) out.append(createImage(item.poster));
  return out;
}

export function setPosters(root, posters) {
  // What came later: an object of id to {url, overview}.
  for (const slot of root.querySelectorAll("[data-poster]")) {
    const found = posters[slot.dataset.poster];
    if (!found?.url || slot.dataset.filled === found.url) continue;
    slot.dataset.filled = found.url;
    if (!slot.querySelector("img")) slot.append(createImage(found.url));
    const panel = slot.parentElement?.querySelector(".mediarec-details");
    if (panel && found.overview && !panel.querySelector(".mediarec-description")) { const p = createElement("p", "description", found.overview); p.dir = "auto"; panel.prepend(p); }
  }
}

const TYPE_LABELS = { Movie: "film", "TV Show": "series" };

export function subtitle(item) {
  return [item.year, TYPE_LABELS[item.type] ?? item.type, item.age_group].filter(Boolean).join(" · ");
}

function fact(name, values) {
  const text = [values].flat().filter(Boolean).join(", ");
  if (!text) return [];
  const term = createElement("dt", "fact", name), definition = createElement("dd", "fact-text", text);
  definition.dir = "auto";
  return [term, definition];
}

export function createDetails(item) {
  const out = createElement("div", "details"), facts = createElement("dl", "facts");
  if (item.description) { const p = createElement("p", "description", item.description); p.dir = "auto"; out.append(p); }
  facts.append(...fact("With", (item.actors ?? []).slice(0, 5)), ...fact("By", (item.directors ?? []).slice(0, 3)), ...fact("From", (item.countries ?? []).slice(0, 3)), ...fact("Length", item.duration));
  if (facts.children.length) out.append(facts);
  return out;
}

export function addHoverDetails(card, face, panel) {
  // The details over the poster, as wide as they need, while the pointer or the focus is in the card; Escape closes them.
  if (!panel.children.length || !panel.showPopover) return;
  panel.popover = "manual";
  let timer = 0;
  const show = () => {
    if (!panel.isConnected || panel.matches(":popover-open")) return;
    panel.showPopover();
    window.addEventListener("scroll", hide, { capture: true, passive: true });
    const box = face.getBoundingClientRect(), width = Math.min(Math.max(box.width, 280), window.innerWidth - 16);
    const left = Math.max(8, Math.min(box.left - (width - box.width) / 2, window.innerWidth - width - 8));
    Object.assign(panel.style, { left: `${left}px`, width: `${width}px`, minHeight: `${Math.min(box.height, 300)}px` });
    const height = panel.offsetHeight;                                          // it grows upwards, so that what can be pressed below stays free
    panel.style.top = `${Math.max(8, Math.min(box.top, box.bottom - height, window.innerHeight - height - 8))}px`;
  };
  const hide = () => { clearTimeout(timer); window.removeEventListener("scroll", hide, { capture: true }); if (panel.matches(":popover-open")) panel.hidePopover(); };
  const scheduleShow = (delay) => { clearTimeout(timer); timer = setTimeout(show, delay); };
  let pending = false;                                                         // a pointer that rests while the page changes under it asks for nothing
  card.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch" && !pending) { pending = true; scheduleShow(150); } });
  card.addEventListener("pointerleave", () => { pending = false; hide(); });
  card.addEventListener("focusin", (event) => { if (event.target.matches(":focus-visible")) scheduleShow(0); });
  card.addEventListener("focusout", (event) => { if (!card.contains(event.relatedTarget)) hide(); });
  card.addEventListener("keydown", (event) => { if (event.key === "Escape" && panel.matches(":popover-open")) { hide(); event.stopPropagation(); } });
}

export function createCard(item, { onSelect, onLike, onDislike, onCluster } = {}) {
  // handlers are optional: without `onSelect` the title is a link to item.href.
  const out = createElement("li", "card"), face = createElement("div", "card-face"), body = createElement("div", "card-body"), head = createElement("h3", "card-head"), acts = createElement("div", "actions");
  out.dataset.id = item.id;
  let title;
  if (onSelect) title = createButton(item.title, () => onSelect(item), "card-title");
  else { title = createElement("a", "card-title", item.title); title.href = item.href ?? "#"; }
  title.dir = "auto";
  head.append(title);
  face.append(createPoster(item), createDetails(item));
  body.append(head, createElement("p", "secondary", subtitle(item)));
  const genres = createElement("p", "genres", (item.genres ?? []).slice(0, 4).join(", "));
  genres.dir = "auto";
  if (genres.textContent) body.append(genres);
  if (item.why) { const why = createElement("p", "why", item.why); why.dir = "auto"; body.append(why); }
  const short = [...item.title].slice(0, 80).join("");
  const addAction = (text, said, press, name = "action") => { const b = createButton(text, press, name); b.setAttribute("aria-label", said); acts.append(b); };
  if (onLike) addAction("This too", `More like this too: ${short}`, () => onLike(item));
  if (onDislike) addAction("Not this", `Not this: ${short}`, () => onDislike(item));
  if (onCluster && item.cluster) addAction(item.cluster.name, `${item.cluster.name}, the group of ${short}`, () => onCluster(item), "action action-cluster");
  if (acts.children.length) body.append(acts);
  out.append(face, body);
  const said = face.lastChild;
  said.addEventListener("click", (event) => { if (!event.target.closest("a, button")) title.click(); });
  addHoverDetails(out, face, said);
  return out;
}
