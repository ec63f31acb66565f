// The elements of the map.
import { createElement, createButton, pluralize } from "./dom.js";

// Create one label. The first lines of the name are shown, the tip holds the whole name.
export function createLabel({ name, label, size }, className, onClick) {
  const item = createElement("li");
  const button = createButton(label || name, onClick, className);
  button.title = `${name}: ${pluralize(size, "title")}`;
  item.append(button);
  return { item, button };
}

// Create the stage of a map (canvas, labels and tip), and the bar below it.
export function createParts(label) {
  const canvas = createElement("canvas", "map-canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const lists = {};
  for (const level of ["groups", "clusters"]) {
    lists[level] = createElement("ul", `map-labels map-labels-${level}`);
    lists[level].setAttribute("aria-label", `${level === "groups" ? "Groups" : "Clusters"} on the map`);
  }
  const controls = createElement("div", "map-controls");
  controls.setAttribute("role", "group");
  controls.setAttribute("aria-label", "Zoom of the map");
  const tip = createElement("div", "map-tip");
  tip.hidden = true;
  const stage = createElement("div", "map-stage");
  stage.append(canvas, lists.groups, lists.clusters, tip);
  const caption = createElement("p", "map-caption secondary");
  const bar = createElement("div", "map-bar");
  bar.append(caption, controls);
  const element = createElement("div", "map");
  element.append(stage, bar);
  return { element, stage, canvas, lists, controls, caption, tip };
}
