// The map of a catalog. Each title is a point, and similar titles are close to each other.
// All points are on one canvas, so that ten thousand of them cost little.
import { createElement } from "./dom.js";

const PALETTE = [
  "#0173b2",
  "#de8f05",
  "#029e73",
  "#d55e00",
  "#cc78bc",
  "#ca9161",
  "#fbafe4",
  "#949494",
  "#ece133",
  "#56b4e9",
];
const CELL_SIZE = 12;
const CELLS_PER_ROW = 10000;
const PADDING = 10;
const MAX_POINTER_DISTANCE_SQUARED = 100;

// Return the smallest and largest x and y of interleaved coordinates.
function findBounds(xy) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < xy.length; i += 2) {
    x0 = Math.min(x0, xy[i]);
    x1 = Math.max(x1, xy[i]);
    y0 = Math.min(y0, xy[i + 1]);
    y1 = Math.max(y1, xy[i + 1]);
  }
  return [x0, x1, y0, y1];
}

// Return the key of the grid cell at a position, shifted by whole cells.
function cellKey(x, y, columns = 0, rows = 0) {
  const column = Math.floor(x / CELL_SIZE) + columns;
  return column * CELLS_PER_ROW + Math.floor(y / CELL_SIZE) + rows;
}

// Scale coordinates to the canvas. The larger side fits, and the map is centered.
function scaleToCanvas(xy, [x0, x1, y0, y1], width, height) {
  const zoomX = (width - 2 * PADDING) / (x1 - x0 || 1);
  const zoomY = (height - 2 * PADDING) / (y1 - y0 || 1);
  const zoom = Math.min(zoomX, zoomY);
  const left = (width - zoom * (x1 - x0)) / 2;
  const top = (height - zoom * (y1 - y0)) / 2;
  const positions = new Float32Array(xy.length);
  for (let i = 0; i < xy.length; i += 2) {
    positions[i] = left + zoom * (xy[i] - x0);
    positions[i + 1] = height - top - zoom * (xy[i + 1] - y0);
  }
  return positions;
}

// Return the indices of the points by grid cell, to find the point under the pointer.
function groupByCell(positions) {
  const cells = new Map();
  for (let i = 0; i < positions.length; i += 2) {
    const key = cellKey(positions[i], positions[i + 1]);
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(i / 2);
  }
  return cells;
}

// Create the map. `onSelect(clusterId)` is called when a point of a cluster is clicked.
export function createMap({ label, onSelect }) {
  const canvas = createElement("canvas", "map-canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const tip = createElement("div", "map-tip");
  tip.hidden = true;
  const element = createElement("div", "map");
  element.append(canvas, tip);

  let data = null;
  let clusters = null;
  let selected = -1;
  let width = 0;
  let height = 0;
  let positions = null;
  let cells = new Map();

  // Return the color of a point, or null for a title without a cluster.
  function colorAt(i) {
    const clusterId = clusters.labels[i];
    return clusterId < 0 ? null : PALETTE[clusterId % PALETTE.length];
  }

  // Fit the canvas to the element, compute the positions and draw.
  function layout() {
    width = element.clientWidth;
    height = Math.round(Math.max(260, Math.min(560, width * 0.66)));
    const scale = window.devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    positions = scaleToCanvas(data.xy, data.bounds, width, height);
    cells = groupByCell(positions);
    draw();
  }

  // Draw all points for which `included(i)` is true.
  function drawPoints(context, included, { radius, alpha, color, neutral }) {
    context.globalAlpha = alpha;
    for (let i = 0; i < positions.length / 2; i++) {
      if (!included(i)) continue;
      context.fillStyle = color ?? colorAt(i) ?? neutral;
      context.beginPath();
      context.arc(positions[2 * i], positions[2 * i + 1], radius, 0, 6.3);
      context.fill();
    }
  }

  // Draw all points. With a selected cluster, the others are gray.
  function draw() {
    if (!data || !clusters || !width) return;
    const context = canvas.getContext("2d");
    const scale = window.devicePixelRatio || 1;
    const border = getComputedStyle(element).getPropertyValue("--mediarec-border");
    const neutral = border || "#888";
    const { labels } = clusters;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    if (selected < 0) {
      drawPoints(context, (i) => labels[i] < 0, { radius: 1.2, alpha: 0.5, neutral });
      drawPoints(context, (i) => labels[i] >= 0, { radius: 1.8, alpha: 0.8, neutral });
    } else {
      const others = { radius: 1.2, alpha: 0.35, color: neutral, neutral };
      drawPoints(context, (i) => labels[i] !== selected, others);
      drawPoints(context, (i) => labels[i] === selected, { radius: 2.6, alpha: 1, neutral });
    }
    context.globalAlpha = 1;
  }

  // Return the index of the point under the pointer, or -1.
  function pointAt(event) {
    if (!positions) return -1;
    const box = canvas.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    let best = -1;
    let minDistance = MAX_POINTER_DISTANCE_SQUARED;
    for (const columns of [-1, 0, 1]) {
      for (const rows of [-1, 0, 1]) {
        for (const i of cells.get(cellKey(x, y, columns, rows)) ?? []) {
          const distance = (positions[2 * i] - x) ** 2 + (positions[2 * i + 1] - y) ** 2;
          if (distance >= minDistance) continue;
          minDistance = distance;
          best = i;
        }
      }
    }
    return best;
  }

  // Show title and cluster of a point next to it.
  function showTip(i) {
    const clusterId = clusters.labels[i];
    const name = clusterId < 0 ? "in no group" : clusters.names[clusterId];
    tip.replaceChildren(
      createElement("b", null, data.titles[i]),
      createElement("span", null, name),
    );
    const x = positions[2 * i];
    const onRightHalf = x > width / 2;
    tip.style.top = `${Math.max(0, positions[2 * i + 1] - 12)}px`;
    tip.style.left = onRightHalf ? "auto" : `${x + 12}px`;
    tip.style.right = onRightHalf ? `${width - x + 12}px` : "auto";
  }

  canvas.addEventListener("pointermove", (event) => {
    const i = pointAt(event);
    tip.hidden = i < 0;
    canvas.style.cursor = i < 0 ? "default" : "pointer";
    if (i >= 0) showTip(i);
  });
  canvas.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
  canvas.addEventListener("click", (event) => {
    const i = pointAt(event);
    if (i >= 0 && clusters.labels[i] >= 0) onSelect(clusters.labels[i]);
  });
  const observer = new ResizeObserver(() => {
    if (data && element.clientWidth && element.clientWidth !== width) layout();
  });
  observer.observe(element);

  // Set the coordinates (interleaved x and y) and the titles.
  function load(xy, titles) {
    data = { xy, titles, bounds: findBounds(xy) };
    if (clusters && element.clientWidth) layout();
  }

  // Show a clustering, and select one of its clusters.
  function show(labels, names, clusterId) {
    clusters = { labels, names };
    selected = clusterId ?? -1;
    if (!data || !element.clientWidth) return;
    if (positions) draw();
    else layout();
  }
  return {
    element,
    load,
    show,
    get loaded() {
      return Boolean(data);
    },
  };
}
