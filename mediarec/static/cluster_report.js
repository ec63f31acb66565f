// The map of an HTML report of clusters. The lists below it work without this script.
import { createButton, createElement } from "./dom.js";
import { createMap, decodeMap } from "./map.js";

// Open an entry of the list, and all that it is in.
function openEntry(id) {
  const entry = document.getElementById(id);
  for (let element = entry; element; element = element.parentElement) {
    if (element.tagName === "DETAILS") element.open = true;
  }
  return entry;
}

// Draw the map and one button for each method.
function startReport(root) {
  const data = JSON.parse(document.getElementById("mediarec-data").textContent);
  const levels = data.levels.map(decodeMap);
  let shown = levels[0];
  const map = createMap({
    label: "Map of the catalog; the groups are listed below it",
    onSelect: (cluster) => openEntry(`${shown.method}-${cluster}`)?.scrollIntoView(),
    onGroup: (group) => openEntry(`${shown.method}-group-${group}`),
  });
  const methods = createElement("div", "methods");
  // Show one method.
  const showMethod = (i) => {
    shown = levels[i];
    map.show(shown);
    [...methods.children].forEach((button, k) => {
      button.setAttribute("aria-pressed", String(k === i));
    });
  };
  levels.forEach((level, i) => methods.append(createButton(level.title, () => showMethod(i))));
  if (levels.length > 1) root.append(methods);
  root.append(map.element);
  map.load(decodeMap(data.points));
  showMethod(0);
}

const reportRoot = document.getElementById("mediarec-map");
if (reportRoot) startReport(reportRoot);
