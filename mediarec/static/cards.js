// A title as a card with its poster, or a drawn one. Shared by the notebook widget, the web page and the static page.
import { make, button } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

function drawn(tag, attributes, text) {
  const out = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) out.setAttribute(key, value);
  if (text !== undefined) out.textContent = text;
  return out;
}

export function lines(title, width = 13, most = 5) {
  // Words in lines of about so many letters; the last ends in an ellipsis where there were more.
  const out = [];
  let line = "", words = [...String(title).slice(0, 400).split(/\s+/).filter(Boolean)];
  while (words.length && out.length < most) {
    const letters = [...words[0]];
    if (!line && letters.length > width) { out.push(letters.slice(0, width - 1).join("") + "-"); words[0] = letters.slice(width - 1).join(""); continue; }
    if (!line) line = words.shift();
    else if ([...line].length + 1 + letters.length <= width) line += ` ${words.shift()}`;
    else { out.push(line); line = ""; }
  }
  if (line && out.length < most) { out.push(line); line = ""; }
  if (words.length || line) out[most - 1] = `${[...out[most - 1]].slice(0, width - 1).join("")}…`;
  return out;
}

export function placeholder(item, small = false) {
  const svg = drawn("svg", { viewBox: "0 0 200 300", "aria-hidden": "true", focusable: "false", class: `mediarec-drawn mediarec-tint-${Number(item.tint) || 0}` });
  svg.append(drawn("rect", { width: 200, height: 300, class: "mediarec-drawn-back" }), drawn("path", { d: "M0 300 200 170V300Z", class: "mediarec-drawn-shade" }));
  if (small) { svg.append(drawn("text", { x: 100, y: 190, class: "mediarec-drawn-letter" }, [...String(item.title)][0]?.toUpperCase() ?? "?")); return svg; }
  const said = lines(item.title), size = Math.min(23, Math.floor(255 / Math.max(...said.map((l) => [...l].length), 1)));
  said.forEach((line, i) => svg.append(drawn("text", { x: 16, y: 48 + (size + 7) * i, "font-size": size, class: "mediarec-drawn-title" }, line)));
  if (item.year) svg.append(drawn("text", { x: 16, y: 282, class: "mediarec-drawn-year" }, String(item.year)));
  return svg;
}

function picture(url) {
  const img = make("img", "poster-image");
  Object.assign(img, { alt: "", loading: "lazy", decoding: "async", referrerPolicy: "no-referrer" });
  img.addEventListener("error", () => img.remove());                           // what is drawn below it stays
  img.src = url;
  return img;
}

export function poster(item, small = false) {
  const out = make("span", small ? "poster poster-small" : "poster");
  out.dataset.poster = item.id;
  out.append(placeholder(item, small));
  if (item.poster) out.append(picture(item.poster));
  return out;
}

export function setPosters(root, posters) {
  // What came later: an object of id to {url, overview}.
  for (const slot of root.querySelectorAll("[data-poster]")) {
    const found = posters[slot.dataset.poster];
    if (!found?.url || slot.dataset.filled === found.url) continue;
    slot.dataset.filled = found.url;
    if (!slot.querySelector("img")) slot.append(picture(found.url));
    const about = slot.parentElement?.querySelector(".mediarec-details");
    if (about && found.overview && !about.querySelector(".mediarec-description")) { const p = make("p", "description", found.overview); p.dir = "auto"; about.prepend(p); }
  }
}

const KINDS = { Movie: "film", "TV Show": "series" };

export function about(item) {
  return [item.year, KINDS[item.type] ?? item.type, item.age_group].filter(Boolean).join(" · ");
}

function fact(name, values) {
  const text = [values].flat().filter(Boolean).join(", ");
  if (!text) return [];
  const term = make("dt", "fact", name), said = make("dd", "fact-text", text);
  said.dir = "auto";
  return [term, said];
}

export function details(item) {
  const out = make("div", "details"), facts = make("dl", "facts");
  if (item.description) { const p = make("p", "description", item.description); p.dir = "auto"; out.append(p); }
  facts.append(...fact("With", (item.actors ?? []).slice(0, 5)), ...fact("By", (item.directors ?? []).slice(0, 3)), ...fact("From", (item.countries ?? []).slice(0, 3)), ...fact("Length", item.duration));
  if (facts.children.length) out.append(facts);
  return out;
}

export function hoverCard(card, face, about) {
  // The details over the poster, as wide as they need, while the pointer or the focus is in the card; Escape closes them.
  if (!about.children.length || !about.showPopover) return;
  about.popover = "manual";
  let timer = 0;
  const show = () => {
    if (!about.isConnected || about.matches(":popover-open")) return;
    about.showPopover();
    window.addEventListener("scroll", hide, { capture: true, passive: true });
    const box = face.getBoundingClientRect(), width = Math.min(Math.max(box.width, 280), window.innerWidth - 16);
    const left = Math.max(8, Math.min(box.left - (width - box.width) / 2, window.innerWidth - width - 8));
    Object.assign(about.style, { left: `${left}px`, width: `${width}px`, minHeight: `${Math.min(box.height, 300)}px` });
    const high = about.offsetHeight;                                          // it grows upwards, so that what can be pressed below stays free
    about.style.top = `${Math.max(8, Math.min(box.top, box.bottom - high, window.innerHeight - high - 8))}px`;
  };
  const hide = () => { clearTimeout(timer); window.removeEventListener("scroll", hide, { capture: true }); if (about.matches(":popover-open")) about.hidePopover(); };
  const soon = (delay) => { clearTimeout(timer); timer = setTimeout(show, delay); };
  let waits = false;                                                         // a pointer that rests while the page changes under it asks for nothing
  card.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch" && !waits) { waits = true; soon(150); } });
  card.addEventListener("pointerleave", () => { waits = false; hide(); });
  card.addEventListener("focusin", (event) => { if (event.target.matches(":focus-visible")) soon(0); });
  card.addEventListener("focusout", (event) => { if (!card.contains(event.relatedTarget)) hide(); });
  card.addEventListener("keydown", (event) => { if (event.key === "Escape" && about.matches(":popover-open")) { hide(); event.stopPropagation(); } });
}

export function card(item, { choose, more, less, group } = {}) {
  // handlers are optional: without `choose` the title is a link to item.href.
  const out = make("li", "card"), face = make("div", "card-face"), body = make("div", "card-body"), head = make("h3", "card-head"), acts = make("div", "acts");
  out.dataset.id = item.id;
  let title;
  if (choose) title = button(item.title, () => choose(item), "card-title");
  else { title = make("a", "card-title", item.title); title.href = item.href ?? "#"; }
  title.dir = "auto";
  head.append(title);
  face.append(poster(item), details(item));
  body.append(head, make("p", "about", about(item)));
  const genres = make("p", "genres", (item.genres ?? []).slice(0, 4).join(", "));
  genres.dir = "auto";
  if (genres.textContent) body.append(genres);
  if (item.why) { const why = make("p", "why", item.why); why.dir = "auto"; body.append(why); }
  const short = [...item.title].slice(0, 80).join("");
  const act = (text, said, press, name = "act") => { const b = button(text, press, name); b.setAttribute("aria-label", said); acts.append(b); };
  if (more) act("This too", `More like this too: ${short}`, () => more(item));
  if (less) act("Not this", `Not this: ${short}`, () => less(item));
  if (group && item.cluster) act(item.cluster.name, `${item.cluster.name}, the group of ${short}`, () => group(item), "act act-group");
  if (acts.children.length) body.append(acts);
  out.append(face, body);
  const said = face.lastChild;
  said.addEventListener("click", (event) => { if (!event.target.closest("a, button")) title.click(); });
  hoverCard(out, face, said);
  return out;
}
