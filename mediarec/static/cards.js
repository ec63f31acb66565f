// Title cards with a poster or a placeholder.
// Shared by the widget, the web page and the static page.
import { createElement, createDataElement, createButton } from "./dom.js";

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const HOVER_DELAY_MS = 150;
const MIN_DETAILS_WIDTH = 280;

export const TYPE_LABELS = { Movie: "film", "TV Show": "series" };

// Create an SVG element with attributes and, optionally, text.
function createSvgElement(tag, attributes, text) {
  const element = document.createElementNS(SVG_NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// Wrap a title into lines of at most `width` letters. An ellipsis marks text that does not fit.
export function wrapTitle(title, width = 13, maxLines = 5) {
  const lines = [];
  const words = String(title).slice(0, 400).split(/\s+/).filter(Boolean);
  let line = "";
  while (words.length && lines.length < maxLines) {
    const letters = [...words[0]];
    if (!line && letters.length > width) {
      lines.push(letters.slice(0, width - 1).join("") + "-");
      words[0] = letters.slice(width - 1).join("");
    } else if (!line) {
      line = words.shift();
    } else if ([...line].length + 1 + letters.length <= width) {
      line += ` ${words.shift()}`;
    } else {
      lines.push(line);
      line = "";
    }
  }
  if (line && lines.length < maxLines) {
    lines.push(line);
    line = "";
  }
  if (words.length || line) {
    const kept = [...lines[maxLines - 1]].slice(0, width - 1);
    lines[maxLines - 1] = `${kept.join("")}…`;
  }
  return lines;
}

// Return the first letter of a title in upper case, for a small placeholder.
function initialText(item) {
  const initial = [...String(item.title)][0]?.toUpperCase() ?? "?";
  return createSvgElement(
    "text",
    { x: 100, y: 190, class: "mediarec-placeholder-letter" },
    initial,
  );
}

// Return the wrapped title and the year as SVG texts, for a placeholder in full size.
function titleTexts(item) {
  const lines = wrapTitle(item.title);
  const longest = Math.max(...lines.map((line) => [...line].length), 1);
  const fontSize = Math.min(23, Math.floor(255 / longest));
  const texts = lines.map((line, i) => {
    const y = 48 + (fontSize + 7) * i;
    const attributes = { x: 16, y, "font-size": fontSize, class: "mediarec-placeholder-title" };
    return createSvgElement("text", attributes, line);
  });
  if (item.year) {
    const attributes = { x: 16, y: 282, class: "mediarec-placeholder-year" };
    texts.push(createSvgElement("text", attributes, String(item.year)));
  }
  return texts;
}

// Create a placeholder poster: the title on a colored background, or its initial if `small`.
export function createPlaceholder(item, small = false) {
  const colorClass = `mediarec-poster-color-${Number(item.poster_color) || 0}`;
  const svg = createSvgElement("svg", {
    viewBox: "0 0 200 300",
    "aria-hidden": "true",
    focusable: "false",
    class: `mediarec-placeholder ${colorClass}`,
  });
  svg.append(
    createSvgElement("rect", { width: 200, height: 300, class: "mediarec-placeholder-background" }),
    createSvgElement("path", { d: "M0 300 200 170V300Z", class: "mediarec-placeholder-shade" }),
  );
  if (small) svg.append(initialText(item));
  else svg.append(...titleTexts(item));
  return svg;
}

// Create a poster image. It removes itself on an error, so that the placeholder below shows.
function createImage(url) {
  const image = createElement("img", "poster-image");
  image.alt = "";
  image.loading = "lazy";
  image.decoding = "async";
  image.referrerPolicy = "no-referrer";
  image.addEventListener("error", () => image.remove());
  image.src = url;
  return image;
}

// Create a poster: a placeholder, and above it the image if there is one.
export function createPoster(item, small = false) {
  const element = createElement("span", small ? "poster poster-small" : "poster");
  element.dataset.poster = item.id;
  element.append(createPlaceholder(item, small));
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

// Return the line below a title, such as "2010 · film · Adults".
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

// Create the details of a card: description, people, countries and length.
export function createDetails(item) {
  const element = createElement("div", "details");
  if (item.description) element.append(createDataElement("p", "description", item.description));
  const facts = createElement("dl", "facts");
  facts.append(
    ...createFact("With", item.actors ?? []),
    ...createFact("By", (item.directors ?? []).slice(0, 3)),
    ...createFact("From", (item.countries ?? []).slice(0, 3)),
    ...createFact("Length", item.duration),
  );
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

// Create the row of buttons of a card, one for each handler.
function createActions(item, { onLike, onDislike, onCluster }) {
  const element = createElement("div", "actions");
  const shortTitle = [...item.title].slice(0, 80).join("");
  const addAction = (text, description, handler, classNames = "action") => {
    const button = createButton(text, () => handler(item), classNames);
    button.setAttribute("aria-label", description);
    element.append(button);
  };
  if (onLike) addAction("This too", `More like this too: ${shortTitle}`, onLike);
  if (onDislike) addAction("Not this", `Not this: ${shortTitle}`, onDislike);
  if (onCluster && item.cluster) {
    const { name, note } = item.cluster;
    if (note) element.append(createElement("p", "cluster-note", note));
    const description = `${name}, the ${note ? "nearest cluster" : "cluster"} of ${shortTitle}`;
    addAction(name, description, onCluster, "action action-cluster");
  }
  return element;
}

// Create a card as a list item. All handlers are optional and are called with the item.
export function createCard(item, handlers = {}) {
  const element = createElement("li", "card");
  element.dataset.id = item.id;
  const title = createCardTitle(item, handlers.onSelect);

  const head = createElement("h3", "card-head");
  head.append(title);
  const body = createElement("div", "card-body");
  body.append(head, createElement("p", "secondary", subtitle(item)));
  const genres = (item.genres ?? []).slice(0, 4).join(", ");
  if (genres) body.append(createDataElement("p", "genres", genres));
  if (item.why) body.append(createDataElement("p", "why", item.why));
  const actions = createActions(item, handlers);
  if (actions.children.length) body.append(actions);

  const face = createElement("div", "card-face");
  const details = createDetails(item);
  face.append(createPoster(item), details);
  details.addEventListener("click", (event) => {
    if (!event.target.closest("a, button")) title.click();
  });
  element.append(face, body);
  addHoverDetails(element, face, details);
  return element;
}
