// Drawn posters: a motif on shapes that posters.css draws. The title is not part of the drawing.
import { createElement } from "./dom.js";

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const PATTERN_COMPOSITION = 4;
const PATTERN_POSITIONS = [2, 30, 58]; // of the columns and rows of the pattern
const CENTER = PATTERN_POSITIONS[1];

// Create an SVG element with attributes.
function createSvgElement(tag, attributes) {
  const element = document.createElementNS(SVG_NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// Create one path of a motif. Each position of a pattern has its own.
function createPath(path, className, transform) {
  const attributes = { class: `mediarec-motif-${className}`, d: path };
  if (transform) attributes.transform = transform;
  return createSvgElement("path", attributes);
}

// Return the copies of a motif around the center of a pattern.
function createCopies(path) {
  const copies = [];
  for (const y of PATTERN_POSITIONS) {
    for (const x of PATTERN_POSITIONS) {
      if (x === CENTER && y === CENTER) continue;
      copies.push(createPath(path, "copy", `translate(${x} ${y})`));
    }
  }
  return copies;
}

// Create the motif as SVG: filled, and once more as a line.
function createMotif(path, isLine, isPattern) {
  const svg = createSvgElement("svg", {
    class: isLine ? "mediarec-motif mediarec-motif-line" : "mediarec-motif",
    viewBox: isPattern ? "0 0 84 84" : "0 0 24 24",
    "aria-hidden": "true",
    focusable: "false",
  });
  const motif = createSvgElement("g", isPattern ? { transform: `translate(${CENTER} ${CENTER})` } : {});
  motif.append(createPath(path, "back"), createPath(path, "front"));
  if (isPattern) svg.append(...createCopies(path));
  svg.append(motif);
  return svg;
}

// Return the classes of a design without the prefix "mediarec-", for createElement. They give the
// colors, and the place and lettering of the title, so a card may have them too.
export function artClasses(design) {
  const { palette, composition, lettering } = design;
  return `palette-${palette} composition-${composition} lettering-${lettering}`;
}

// Create a drawing. `path` is the path of its motif. A small one has no pattern.
export function createArt(design, path = design.path, small = false) {
  const element = createElement("span", `art ${artClasses(design)}`);
  element.setAttribute("aria-hidden", "true");
  const isPattern = design.composition === PATTERN_COMPOSITION && !small;
  if (path) element.append(createMotif(path, design.line, isPattern));
  return element;
}
