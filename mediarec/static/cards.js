// Title cards with a poster.
// Shared by the widget, the web page and the static page.
import { createElement, createDataElement, createButton } from "./dom.js";
import { createSaveButton } from "./saved_list.js";
import { createArt, artClasses } from "./posters.js";

const HOVER_DELAY_MS = 150;
const MIN_DETAILS_WIDTH = 280;

export const TYPE_LABELS = { Movie: "Film", "TV Show": "Series" };

// Remove an image that cannot be shown, so that the drawing below shows. The server answers with
// an empty image of one pixel if there is no poster.
export function removeMissing(image) {
  const check = () => {
    if (image.complete && image.naturalWidth <= 1) image.remove();
  };
  image.addEventListener("error", () => image.remove());
  image.addEventListener("load", check);
  if (image.getAttribute("src")) check();
}

// Create a poster image.
function createImage(url) {
  const image = createElement("img", "poster-image");
  image.alt = "";
  image.loading = "lazy";
  image.decoding = "async";
  image.referrerPolicy = "no-referrer";
  removeMissing(image);
  image.src = url;
  return image;
}

// Create a poster: a drawing, perhaps the title, and above them the image if there is one. An image
// has its own title.
export function createPoster(item, { small = false, withTitle = false } = {}) {
  const size = small ? " poster-small" : "";
  const element = createElement("span", `poster${size} ${artClasses(item.art)}`);
  element.dataset.poster = item.id;
  element.append(createArt(item.art, item.art.path, small));
  if (withTitle) {
    const className = `poster-title title-${item.art.size}`;
    element.append(createDataElement("span", className, item.title));
  }
  if (item.poster) element.append(createImage(item.poster));
  return element;
}

// Fill in posters that arrived later. `posters` maps ids to {url, overview}.
export function setPosters(root, posters) {
  for (const slot of root.querySelectorAll("[data-poster]")) {
    const found = posters[slot.dataset.poster];
    if (!found?.url || slot.dataset.filled === found.url) continue;
    slot.dataset.filled = found.url;
    if (!slot.querySelector("img")) slot.append(createImage(found.url));
    const panel = slot.parentElement?.querySelector(".mediarec-details");
    if (panel && found.overview && !panel.querySelector(".mediarec-description")) {
      panel.prepend(createDataElement("p", "description", found.overview));
    }
  }
}

// Return the line below a poster, such as "2010 · Film".
export function shortSubtitle(item) {
  return [item.year, TYPE_LABELS[item.type] ?? item.type].filter(Boolean).join(" · ");
}

// Return the line below a title, such as "2010 · Film · Adults".
export function subtitle(item) {
  const parts = [item.year, TYPE_LABELS[item.type] ?? item.type, item.age_group];
  return parts.filter(Boolean).join(" · ");
}

// Return a term and its definition for the list of facts, or nothing without values.
function createFact(name, values) {
  const text = [values].flat().filter(Boolean).join(", ");
  if (!text) return [];
  return [createElement("dt", "fact", name), createDataElement("dd", "fact-text", text)];
}

// Create the list of facts about a title: people, countries, length and genres.
export function createFacts(item) {
  const facts = createElement("dl", "facts");
  facts.append(
    ...createFact("With", item.actors ?? []),
    ...createFact("By", (item.directors ?? []).slice(0, 3)),
    ...createFact("From", (item.countries ?? []).slice(0, 3)),
    ...createFact("Length", item.duration),
    ...createFact("Genres", (item.genres ?? []).slice(0, 4)),
  );
  return facts;
}

// Create the details of a card: title, description and facts.
export function createDetails(item) {
  const element = createElement("div", "details");
  element.append(
    createDataElement("p", "details-title", item.title),
    createElement("p", "secondary", subtitle(item)),
  );
  if (item.description) element.append(createDataElement("p", "description", item.description));
  const facts = createFacts(item);
  if (facts.children.length) element.append(facts);
  return element;
}

// Place the details over the poster. They grow upwards, so that the buttons below stay free.
function positionDetails(panel, face) {
  const box = face.getBoundingClientRect();
  const width = Math.min(Math.max(box.width, MIN_DETAILS_WIDTH), window.innerWidth - 16);
  const centered = box.left - (width - box.width) / 2;
  const left = Math.max(8, Math.min(centered, window.innerWidth - width - 8));
  panel.style.left = `${left}px`;
  panel.style.width = `${width}px`;
  panel.style.minHeight = `${Math.min(box.height, 300)}px`;
  const height = panel.offsetHeight;
  const top = Math.min(box.top, box.bottom - height, window.innerHeight - height - 8);
  panel.style.top = `${Math.max(8, top)}px`;
}

// Show the details while the pointer or the focus is in the card. Escape closes them.
export function addHoverDetails(card, face, panel) {
  if (!panel.children.length || !panel.showPopover) return;
  panel.popover = "manual";
  let timer = 0;
  // A pointer that rests while the page changes under it must not open anything.
  let pending = false;

  const isOpen = () => panel.matches(":popover-open");
  const show = () => {
    if (!panel.isConnected || isOpen()) return;
    panel.showPopover();
    window.addEventListener("scroll", hide, { capture: true, passive: true });
    positionDetails(panel, face);
  };
  const hide = () => {
    clearTimeout(timer);
    window.removeEventListener("scroll", hide, { capture: true });
    if (isOpen()) panel.hidePopover();
  };
  const scheduleShow = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(show, delay);
  };

  card.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" || pending) return;
    pending = true;
    scheduleShow(HOVER_DELAY_MS);
  });
  card.addEventListener("pointerleave", () => {
    pending = false;
    hide();
  });
  card.addEventListener("focusin", (event) => {
    if (event.target.matches(":focus-visible")) scheduleShow(0);
  });
  card.addEventListener("focusout", (event) => {
    if (!card.contains(event.relatedTarget)) hide();
  });
  card.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen()) return;
    hide();
    event.stopPropagation();
  });
}

// Create the title of a card: a button with `onSelect`, otherwise a link to item.href.
function createCardTitle(item, onSelect) {
  if (onSelect) {
    const button = createButton(item.title, () => onSelect(item), "card-title");
    button.dir = "auto";
    return button;
  }
  const link = createDataElement("a", "card-title", item.title);
  link.href = item.href ?? "#";
  return link;
}

// Create what a result has in common with the query. `onTerm(term, more)` asks for more of a theme
// or a person, or leaves a theme out.
function createTerms(item, onTerm) {
  const list = createElement("ul", "terms");
  list.setAttribute("aria-label", "In common");
  for (const term of item.shared ?? []) {
    const entry = createElement("li", "term");
    const more = createButton(term.name, () => onTerm(term.name, true), "term-more");
    more.dir = "auto";
    more.setAttribute("aria-label", `More with ${term.name}`);
    entry.append(more);
    if (term.kind === "theme") {
      const less = createButton("−", () => onTerm(term.name, false), "term-less");
      less.setAttribute("aria-label", `Without ${term.name}`);
      entry.append(less);
    }
    list.append(entry);
  }
  return list;
}

// Create the row of buttons of a result, one for each handler.
function createActions(item, { onLike, onDislike, canSave }) {
  const element = createElement("div", "actions");
  const shortTitle = [...item.title].slice(0, 80).join("");
  const addAction = (text, description, handler) => {
    const button = createButton(text, () => handler(item), "action");
    button.setAttribute("aria-label", description);
    element.append(button);
  };
  if (onLike) addAction("More like this", `More like this too: ${shortTitle}`, onLike);
  if (onDislike) addAction("Not this", `Not this: ${shortTitle}`, onDislike);
  if (canSave) element.append(createSaveButton(item));
  return element;
}

// Create the heading of a card with its title; a poster carries its title.
function createHead(item, onSelect, poster = null) {
  const title = createCardTitle(item, onSelect);
  if (poster) {
    title.classList.add("mediarec-poster-link");
    title.replaceChildren(poster);
  }
  const head = createElement("h3", "card-head");
  head.append(title);
  return [head, title];
}

// Create the face of a card: `content`, and the details that show on hover.
function createFace(item, title, content) {
  const face = createElement("div", "card-face");
  const details = createDetails(item);
  face.append(content, details);
  details.addEventListener("click", (event) => {
    if (!event.target.closest("a, button")) title.click();
  });
  return [face, details];
}

// Create a card as a list item: a poster that carries its title.
export function createPosterCard(item, handlers = {}) {
  const element = createElement("li", "card poster-card");
  element.dataset.id = item.id;
  const poster = createPoster(item, { withTitle: true });
  const [head, title] = createHead(item, handlers.onSelect, poster);
  const [face, details] = createFace(item, title, head);
  element.append(face, createElement("p", "secondary", shortSubtitle(item)));
  addHoverDetails(element, face, details);
  return element;
}

// Create a card as a list item: poster, title, reasons, and what can be asked next. All handlers
// are optional and are called with the item.
export function createCard(item, handlers = {}) {
  const element = createElement("li", "card result");
  element.dataset.id = item.id;
  const [head, title] = createHead(item, handlers.onSelect);
  const [face, details] = createFace(item, title, createPoster(item));
  const body = createElement("div", "card-body");
  body.append(head, createElement("p", "secondary", subtitle(item)));
  if (item.why) body.append(createDataElement("p", "why", item.why));
  if (handlers.onTerm && item.shared?.length) body.append(createTerms(item, handlers.onTerm));
  const actions = createActions(item, handlers);
  if (actions.children.length) body.append(actions);
  element.append(face, body);
  addHoverDetails(element, face, details);
  return element;
}
