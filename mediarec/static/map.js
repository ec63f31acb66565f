// The map of a catalog. Each title is a point, and similar titles are close to each other. All
// points are on one canvas, so that ten thousand of them cost little. The labels of groups and
// clusters are buttons over it. Python computes their places, so that they do not overlap on a
// map of the size LABEL_MAP (groups) or CLUSTER_ZOOM times as large (clusters).
import { createElement, createButton, pluralize } from "./dom.js";
import { POINT_COLORS, TEXT_COLORS, NOISE_COLORS } from "./map_colors.js";
import { assignColors, mixColors, findTheme } from "./map_colors.js";
import { addGestures } from "./map_gestures.js";

const LABEL_MAP = { width: 330, height: 400, padding: 10, fontSize: 12 };
const CLUSTER_ZOOM = 2.5;
const MAX_ZOOM = 30;
const MAX_FONT_SIZE = 15;
const MAX_POINTER_DISTANCE = 14;
const CELL_SIZE = 16;
const ANIMATION_MS = 450;
const PAN_STEP = 60;
const NO_CLUSTER = -1;

// Return the integers of 16 bits that a base64 text holds.
function decodeInt16(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Int16Array(bytes.buffer);
}

// Return the map of Python with its arrays decoded.
export function decodeMap(map) {
  const decoded = { ...map };
  if (map.xy) decoded.xy = decodeInt16(map.xy);
  if (map.labels) decoded.labels = decodeInt16(map.labels);
  return decoded;
}

// Return center and extent of interleaved coordinates; without the outermost `cut` at each side.
function findBounds(xy, rows, cut = 0) {
  const axes = [0, 1].map((axis) => {
    const values = Float32Array.from(rows, (row) => xy[2 * row + axis]).sort();
    const skipped = Math.floor(cut * values.length);
    return [values[skipped], values[values.length - 1 - skipped]];
  });
  const [[x0, x1], [y0, y1]] = axes;
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, width: x1 - x0 || 1, height: y1 - y0 || 1 };
}

// Return whether the user wants no animation.
function prefersNoMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Create one label. The first lines of the name are shown, the tip holds the whole name.
function createLabel({ name, label, size }, className, onClick) {
  const item = createElement("li");
  const button = createButton(label || name, onClick, className);
  button.title = `${name}: ${pluralize(size, "title")}`;
  item.append(button);
  return { item, button };
}

// Create the canvas, the labels, the buttons and the tip of a map.
function createParts(label) {
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
  const element = createElement("div", "map");
  element.append(canvas, lists.groups, lists.clusters, controls, tip);
  return { element, canvas, lists, controls, tip };
}

// Create the map.
// `onSelect(clusterId)` is called when a point or the label of a cluster is pressed,
// `onGroup(group)` when the label of a group is pressed, after the map has zoomed to it.
export function createMap({ label, onSelect, onGroup = () => {} }) {
  const { element, canvas, lists, controls, tip } = createParts(label);
  let data = null;
  let levels = null;
  let selected = NO_CLUSTER;
  let focusedGroup = NO_CLUSTER;
  let size = { width: 0, height: 0 };
  let view = null; // x and y of the center in map units, and pixels per map unit
  let home = null;
  let cells = new Map();
  let labels = { groups: [], clusters: [] };
  let frame = 0;
  let animation = 0;

  // Return the zoom: 1 on a phone, where the whole map has the size LABEL_MAP.
  const zoomOf = (scale) => scale / data.unitScale;
  const toX = (x) => size.width / 2 + (x - view.x) * view.scale;
  const toY = (y) => size.height / 2 - (y - view.y) * view.scale;
  const showsClusters = () => zoomOf(view.scale) >= CLUSTER_ZOOM;
  const isZoomed = () => Boolean(view && view.scale > home.scale * 1.01);
  const groupOf = (row) => {
    const clusterId = levels.labels[row];
    return clusterId < 0 ? NO_CLUSTER : levels.clusters[clusterId].group;
  };

  // Draw in the next frame.
  function requestDraw() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  // Show a part of the map. It stays between the whole map and MAX_ZOOM.
  function setView(next) {
    const scale = Math.max(home.scale, Math.min(data.unitScale * MAX_ZOOM, next.scale));
    const free = 1 - home.scale / scale; // the whole map does not move
    const limit = (value, center, extent) =>
      Math.max(center - (extent / 2) * free, Math.min(center + (extent / 2) * free, value));
    const { bounds } = data;
    const width = Math.max(bounds.width, size.width / home.scale);
    const height = Math.max(bounds.height, size.height / home.scale);
    view = { x: limit(next.x, bounds.x, width), y: limit(next.y, bounds.y, height), scale };
    element.style.touchAction = isZoomed() ? "none" : "pan-y";
    requestDraw();
  }

  // Move to a part of the map, in small steps unless the user wants no motion.
  function flyTo(target) {
    cancelAnimationFrame(animation);
    if (prefersNoMotion()) {
      setView(target);
      return;
    }
    const from = view;
    const start = performance.now();
    const step = (now) => {
      const share = Math.min(1, Math.max(0, now - start) / ANIMATION_MS);
      const eased = share * share * (3 - 2 * share);
      const scale = from.scale * (target.scale / from.scale) ** eased;
      // the center moves so that the target grows evenly
      const ratio =
        from.scale === target.scale
          ? eased
          : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / target.scale);
      const x = from.x + (target.x - from.x) * ratio;
      setView({ x, y: from.y + (target.y - from.y) * ratio, scale });
      if (share < 1) animation = requestAnimationFrame(step);
    };
    animation = requestAnimationFrame(step);
  }

  // Zoom by a factor; the map under the position (x, y) stays where it is.
  function zoomAt(x, y, factor, fly = false) {
    cancelAnimationFrame(animation);
    const limit = data.unitScale * MAX_ZOOM;
    const scale = Math.max(home.scale, Math.min(limit, view.scale * factor));
    const left = x - size.width / 2;
    const top = y - size.height / 2;
    const change = 1 / view.scale - 1 / scale;
    const next = { x: view.x + left * change, y: view.y - top * change, scale };
    if (scale <= home.scale) focusedGroup = NO_CLUSTER;
    if (fly) flyTo(next);
    else setView(next);
  }

  // Zoom at the center, for the buttons and the keyboard.
  function zoomStep(factor) {
    zoomAt(size.width / 2, size.height / 2, factor, true);
  }

  // Move the map by pixels.
  function pan(x, y) {
    cancelAnimationFrame(animation);
    setView({ ...view, x: view.x - x / view.scale, y: view.y + y / view.scale });
  }

  // Show the whole map.
  function goHome() {
    focusedGroup = NO_CLUSTER;
    flyTo(home);
  }

  // Zoom to some titles, so far that the labels of clusters are shown.
  function flyToRows(rows) {
    if (!rows.length) return;
    const { x, y, width, height } = findBounds(data.xy, rows, 0.05);
    const fitting = Math.min(size.width / (width * 1.25), size.height / (height * 1.25));
    const scale = Math.max(fitting, data.unitScale * CLUSTER_ZOOM * 1.01);
    flyTo({ x, y, scale: Math.min(scale, data.unitScale * MAX_ZOOM * 0.5) });
  }

  // Return the rows of the titles for which `included(row)` is true.
  function findRows(included) {
    return [...levels.labels.keys()].filter(included);
  }

  // Zoom to a group.
  function openGroup(group) {
    focusedGroup = group;
    flyToRows(findRows((row) => groupOf(row) === group));
    onGroup(group);
  }

  // Create the labels of both levels.
  function createLabels() {
    const make = (list, className, onClick) =>
      list.map((entry, i) => ({ ...entry, ...createLabel(entry, className, () => onClick(i)) }));
    labels = {
      groups: make(levels.groups, "map-label", openGroup),
      clusters: make(levels.clusters, "map-label map-label-cluster", onSelect),
    };
    for (const level of ["groups", "clusters"]) {
      lists[level].replaceChildren(...labels[level].map(({ item }) => item));
    }
  }

  // Fit the canvas to the element, and show the whole map.
  function layout() {
    const width = element.clientWidth;
    const isNarrow = width < 600;
    const ratio = LABEL_MAP.height / LABEL_MAP.width;
    const height = isNarrow ? width * ratio : Math.max(480, Math.min(700, width * 0.62));
    size = { width, height: Math.round(height) };
    const pixelRatio = window.devicePixelRatio || 1;
    canvas.width = width * pixelRatio;
    canvas.height = size.height * pixelRatio;
    canvas.style.height = `${size.height}px`;
    const fit = Math.min(width / LABEL_MAP.width, size.height / LABEL_MAP.height);
    const wasZoomed = isZoomed();
    home = { x: data.bounds.x, y: data.bounds.y, scale: data.unitScale * fit };
    const large = Math.min(LABEL_MAP.fontSize + 3 * (fit - 1), MAX_FONT_SIZE);
    const fontSize = fit < 1 ? LABEL_MAP.fontSize * fit : large;
    element.style.setProperty("--mediarec-map-font-size", `${fontSize.toFixed(2)}px`);
    setView(wasZoomed ? view : home);
  }

  // Return the points of each color, as a list of [color, rows].
  function groupByColor(theme) {
    const towards = theme === "dark" ? "#000000" : "#ffffff";
    const rowsByColor = new Map();
    for (let row = 0; row < levels.labels.length; row++) {
      const clusterId = levels.labels[row];
      let color = NOISE_COLORS[theme];
      if (clusterId >= 0) {
        const { group, shade } = levels.clusters[clusterId];
        const isFaded = focusedGroup !== NO_CLUSTER && group !== focusedGroup;
        const isOther = selected !== NO_CLUSTER && clusterId !== selected;
        if (!isFaded && !isOther) {
          color = mixColors(POINT_COLORS[theme][levels.colors[group]], towards, shade);
        }
      }
      if (!rowsByColor.has(color)) rowsByColor.set(color, []);
      rowsByColor.get(color).push(row);
    }
    // gray points first, so that they are below the others
    const isGray = ([color]) => color === NOISE_COLORS[theme];
    return [...rowsByColor].sort((a, b) => isGray(b) - isGray(a));
  }

  // Draw the points of one color as circles.
  function drawPoints(context, rows, radius) {
    context.beginPath();
    for (const row of rows) {
      const x = toX(data.xy[2 * row]);
      const y = toY(data.xy[2 * row + 1]);
      if (x < -20 || y < -20 || x > size.width + 20 || y > size.height + 20) continue;
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
    context.fill();
  }

  // Draw the map: a soft area around the titles of a color, then the titles.
  function draw() {
    frame = 0;
    if (!data || !levels || !size.width) return;
    const theme = findTheme(element);
    const context = canvas.getContext("2d");
    const pixelRatio = window.devicePixelRatio || 1;
    context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
    const radius = data.radius * (zoomOf(view.scale) / 1.3) ** 0.45;
    const colors = groupByColor(theme);
    for (const [color, rows] of colors) {
      if (color === NOISE_COLORS[theme]) continue;
      context.fillStyle = color;
      context.globalAlpha = theme === "dark" ? 0.1 : 0.12;
      drawPoints(context, rows, radius * 4.5);
    }
    for (const [color, rows] of colors) {
      const isGray = color === NOISE_COLORS[theme];
      context.fillStyle = color;
      context.globalAlpha = isGray ? 0.45 : 0.9;
      drawPoints(context, rows, isGray ? radius * 0.8 : radius);
    }
    context.globalAlpha = 1;
    placeLabels(theme);
    cells = null;
  }

  // Move the labels of the present level to their places, and hide the other level.
  function placeLabels(theme) {
    const shown = showsClusters() ? "clusters" : "groups";
    for (const level of ["groups", "clusters"]) {
      lists[level].hidden = level !== shown;
      if (level !== shown) continue;
      labels[level].forEach((entry, number) => {
        const group = level === "groups" ? number : entry.group;
        const x = toX(entry.x);
        const y = toY(entry.y);
        const isInside = x > 0 && y > 0 && x < size.width && y < size.height;
        entry.item.hidden = !isInside;
        if (!isInside) return;
        entry.item.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
        entry.button.style.color = TEXT_COLORS[theme][levels.colors[group]];
        const isOther = focusedGroup !== NO_CLUSTER && group !== focusedGroup;
        entry.button.classList.toggle("mediarec-map-label-other", isOther);
        if (number === selected && level === "clusters") {
          entry.button.setAttribute("aria-current", "true");
        } else entry.button.removeAttribute("aria-current");
      });
    }
  }

  // Return the rows by cell of the screen, to find the point under the pointer.
  function buildCells() {
    const grid = new Map();
    for (let row = 0; row < data.xy.length / 2; row++) {
      const column = Math.floor(toX(data.xy[2 * row]) / CELL_SIZE);
      const key = `${column} ${Math.floor(toY(data.xy[2 * row + 1]) / CELL_SIZE)}`;
      if (!grid.has(key)) grid.set(key, []);
      grid.get(key).push(row);
    }
    return grid;
  }

  // Return the row of the title nearest to a position, or -1.
  function pointAt({ x, y }) {
    if (!view || !levels) return -1;
    cells ??= buildCells();
    let best = -1;
    let minDistance = MAX_POINTER_DISTANCE;
    for (const columns of [-1, 0, 1]) {
      for (const rows of [-1, 0, 1]) {
        const column = Math.floor(x / CELL_SIZE) + columns;
        for (const row of cells.get(`${column} ${Math.floor(y / CELL_SIZE) + rows}`) ?? []) {
          const distance = Math.hypot(toX(data.xy[2 * row]) - x, toY(data.xy[2 * row + 1]) - y);
          if (distance >= minDistance) continue;
          minDistance = distance;
          best = row;
        }
      }
    }
    return best;
  }

  // Show the title, the year and the cluster of a point next to it, or hide the tip for row -1.
  function showTip(row) {
    tip.hidden = row < 0;
    canvas.style.cursor = row < 0 ? "grab" : "pointer";
    if (row < 0) return;
    const clusterId = levels.labels[row];
    const year = data.years?.[row] ? ` (${data.years[row]})` : "";
    const name = clusterId < 0 ? "in no cluster" : levels.clusters[clusterId].name;
    tip.replaceChildren(
      createElement("b", null, `${data.titles[row]}${year}`),
      createElement("span", null, name),
    );
    const x = toX(data.xy[2 * row]);
    const isRight = x > size.width / 2;
    const top = toY(data.xy[2 * row + 1]) - 12;
    tip.style.top = `${Math.max(0, Math.min(size.height - 60, top))}px`;
    tip.style.left = isRight ? "auto" : `${x + 12}px`;
    tip.style.right = isRight ? `${size.width - x + 12}px` : "auto";
  }

  // A mouse click on a point opens its cluster; a tap of a finger shows its title.
  function handleTap(event, position) {
    if (event.target !== canvas) return;
    const row = pointAt(position);
    if (event.pointerType === "touch") showTip(row);
    else if (row >= 0 && levels.labels[row] >= 0) onSelect(levels.labels[row]);
  }

  // Move and zoom by the keyboard.
  function handleKey(event) {
    if (!view || event.altKey || event.ctrlKey || event.metaKey) return;
    const actions = {
      ArrowLeft: () => pan(PAN_STEP, 0),
      ArrowRight: () => pan(-PAN_STEP, 0),
      ArrowUp: () => pan(0, PAN_STEP),
      ArrowDown: () => pan(0, -PAN_STEP),
      "+": () => zoomStep(1.6),
      "=": () => zoomStep(1.6),
      "-": () => zoomStep(1 / 1.6),
      0: goHome,
      Escape: goHome,
    };
    const isArrow = event.key.startsWith("Arrow");
    if (!actions[event.key] || (isArrow && !isZoomed())) return;
    actions[event.key]();
    event.preventDefault();
    event.stopPropagation();
  }

  // Connect the events with the map.
  function addEvents() {
    for (const [text, name, action] of [
      ["+", "Zoom in", () => zoomStep(2)],
      ["\u2212", "Zoom out", () => zoomStep(0.5)],
      ["Whole map", "Whole map", goHome],
    ]) {
      const button = createButton(text, action, "button map-control");
      button.setAttribute("aria-label", name);
      controls.append(button);
    }
    addGestures(element, {
      pan,
      zoomAt,
      isZoomed,
      canZoomOut: isZoomed,
      onTap: handleTap,
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch" || event.buttons) return;
      const box = canvas.getBoundingClientRect();
      showTip(pointAt({ x: event.clientX - box.left, y: event.clientY - box.top }));
    });
    element.addEventListener("pointerleave", () => showTip(-1));
    element.addEventListener("keydown", handleKey);
    new ResizeObserver(() => {
      if (data && levels && element.clientWidth && element.clientWidth !== size.width) layout();
    }).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", requestDraw);
    new MutationObserver(requestDraw).observe(document.body, { attributes: true });
  }
  addEvents();

  // Set the coordinates (interleaved x and y, integers), the titles and their years.
  function load({ xy, titles, years }) {
    const bounds = findBounds(xy, titles.map((_, row) => row));
    const { width, height, padding } = LABEL_MAP;
    const fitting = [(width - 2 * padding) / bounds.width, (height - 2 * padding) / bounds.height];
    const radius = Math.max(1.2, Math.min(3, 130 / Math.sqrt(titles.length)));
    data = { xy, titles, years, bounds, unitScale: Math.min(...fitting), radius };
  }

  // Show a clustering, and select one of its clusters. `next` has labels (the cluster of each
  // title), clusters and groups (name, label, x, y and size; clusters also group).
  function show(next, clusterId = NO_CLUSTER) {
    const isNew = next !== levels?.source;
    if (isNew) {
      const counts = next.groups.map(() => 0);
      const clusters = next.clusters.map((cluster) => {
        counts[cluster.group] += 1;
        return { ...cluster, shade: [0, 0.22, 0.1, 0.32][counts[cluster.group] % 4] };
      });
      const colors = assignColors(next.groups, data.bounds);
      levels = { ...next, clusters, colors, source: next };
      focusedGroup = NO_CLUSTER;
      createLabels();
    }
    const previous = selected;
    selected = clusterId ?? NO_CLUSTER;
    if (!element.clientWidth) return;
    if (!view || element.clientWidth !== size.width) layout();
    if (selected !== NO_CLUSTER && (isNew || selected !== previous)) {
      flyToRows(findRows((row) => levels.labels[row] === selected));
    } else if (previous !== selected) goHome();
    requestDraw();
  }
  return {
    element,
    load,
    show,
    openGroup,
    get loaded() {
      return Boolean(data);
    },
  };
}
