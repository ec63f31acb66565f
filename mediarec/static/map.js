// The map of a catalog. Each title is a point, and similar titles are close to each other. All
// points are on one canvas, so that ten thousand of them cost little. The labels of groups and
// clusters are buttons over it. Python computes their places, so that they do not overlap on a
// map of the size LABEL_MAP (groups) or CLUSTER_ZOOM times as large (clusters).
import { createElement, createButton, pluralize } from "./dom.js";
import { createLabel, createParts } from "./map_parts.js";
import { POINT_COLORS, TEXT_COLORS, NOISE_COLORS } from "./map_colors.js";
import { assignColors, mixColors, findTheme } from "./map_colors.js";
import { addGestures } from "./map_gestures.js";

const LABEL_MAP = { width: 330, height: 400, padding: 10, fontSize: 12 };
const MAX_STRETCH = 1.5;
const CLUSTER_ZOOM = 2.5;
const MAX_ZOOM = 20;
const MAX_FONT_SIZE = 15;
const MAX_POINTER_DISTANCE = 14;
const CELL_SIZE = 16;
const ANIMATION_MS = 450;
const PAN_STEP = 60;
const NO_CLUSTER = -1;
const SHADES = [0, 0.22, 0.1, 0.3]; // of the clusters of a group

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

// Create the map.
// `onSelect(clusterId)` is called when the label of a cluster is pressed,
// `onTitle(row)` when a point is pressed; without it, a point opens its cluster,
// `onGroup(group)` when the label of a group is pressed, after the map has zoomed to it.
export function createMap({ label, onSelect, onGroup = () => {}, onTitle = null }) {
  const { element, stage, canvas, lists, controls, caption, tip } = createParts(label);
  let data = null;
  let levels = null;
  let selected = NO_CLUSTER;
  let focusedGroup = NO_CLUSTER;
  let size = { width: 0, height: 0 };
  let unit = { x: 1, y: 1, zoom: 1 }; // pixels per map unit on the whole map, and their zoom
  let view = null; // x and y of the center in map units, and the zoom; 1 is the whole map
  let cells = new Map();
  let labels = { groups: [], clusters: [] };
  let frame = 0;
  let animation = 0;
  let tipRow = -1; // the title that is shown next to its point

  const toX = (x) => size.width / 2 + (x - view.x) * unit.x * view.zoom;
  const toY = (y) => size.height / 2 - (y - view.y) * unit.y * view.zoom;
  const showsClusters = () => view.zoom * unit.zoom >= CLUSTER_ZOOM;
  const isZoomed = () => Boolean(view && view.zoom > 1.01);
  const home = () => ({ x: data.bounds.x, y: data.bounds.y, zoom: 1 });
  const groupOf = (row) => {
    const clusterId = levels.labels[row];
    return clusterId < 0 ? NO_CLUSTER : levels.clusters[clusterId].group;
  };

  // Draw in the next frame.
  function requestDraw() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  // Show a part of the map. Its zoom stays between 1 and MAX_ZOOM, its center on the map.
  function setView(next) {
    const zoom = Math.max(1, Math.min(MAX_ZOOM, next.zoom));
    const limit = (value, center, extent) => {
      const free = (extent / 2) * (1 - 1 / zoom); // the whole map does not move
      return Math.max(center - free, Math.min(center + free, value));
    };
    const { bounds } = data;
    const x = limit(next.x, bounds.x, size.width / unit.x);
    view = { x, y: limit(next.y, bounds.y, size.height / unit.y), zoom };
    stage.style.touchAction = isZoomed() ? "none" : "pan-y";
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
      const zoom = from.zoom * (target.zoom / from.zoom) ** eased;
      // the center moves so that the target grows evenly
      const change = 1 / from.zoom - 1 / target.zoom;
      const ratio = Math.abs(change) < 1e-6 ? eased : (1 / from.zoom - 1 / zoom) / change;
      const x = from.x + (target.x - from.x) * ratio;
      setView({ x, y: from.y + (target.y - from.y) * ratio, zoom });
      if (share < 1) animation = requestAnimationFrame(step);
    };
    animation = requestAnimationFrame(step);
  }

  // Zoom by a factor; the map under the position (x, y) stays where it is.
  function zoomAt(x, y, factor, fly = false) {
    cancelAnimationFrame(animation);
    const zoom = Math.max(1, Math.min(MAX_ZOOM, view.zoom * factor));
    const change = 1 / view.zoom - 1 / zoom;
    const left = ((x - size.width / 2) * change) / unit.x;
    const top = ((y - size.height / 2) * change) / unit.y;
    if (zoom === 1) focusedGroup = NO_CLUSTER;
    const next = { x: view.x + left, y: view.y - top, zoom };
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
    const { zoom } = view;
    setView({ x: view.x - x / (unit.x * zoom), y: view.y + y / (unit.y * zoom), zoom });
  }

  // Show the whole map.
  function goHome() {
    focusedGroup = NO_CLUSTER;
    flyTo(home());
  }

  // Zoom to some titles, so far that the labels of clusters are shown.
  function flyToRows(rows) {
    if (!rows.length) return;
    const { x, y, width, height } = findBounds(data.xy, rows, 0.05);
    const fitting = Math.min(
      size.width / (width * unit.x * 1.25),
      size.height / (height * unit.y * 1.25),
    );
    const zoom = Math.max(fitting, (CLUSTER_ZOOM / unit.zoom) * 1.01);
    flyTo({ x, y, zoom: Math.min(zoom, MAX_ZOOM / 2) });
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

  // Zoom to a cluster.
  function openCluster(clusterId) {
    flyToRows(findRows((row) => levels.labels[row] === clusterId));
    onSelect(clusterId);
  }

  // Create the labels of both levels.
  function createLabels() {
    const make = (list, className, onClick) =>
      list.map((entry, i) => ({ ...entry, ...createLabel(entry, className, () => onClick(i)) }));
    labels = {
      groups: make(levels.groups, "map-label", openGroup),
      clusters: make(levels.clusters, "map-label map-label-cluster", openCluster),
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
    const stretch = (length, axis) => Math.min(length / LABEL_MAP[axis], fit * MAX_STRETCH);
    const { bounds } = data;
    unit = {
      x: (stretch(width, "width") * (LABEL_MAP.width - 2 * LABEL_MAP.padding)) / bounds.width,
      y: (stretch(size.height, "height") * (LABEL_MAP.height - 2 * LABEL_MAP.padding)) / bounds.height,
      zoom: fit,
    };
    const large = Math.min(LABEL_MAP.fontSize + 3 * (fit - 1), MAX_FONT_SIZE);
    const fontSize = fit < 1 ? LABEL_MAP.fontSize * fit : large;
    stage.style.setProperty("--mediarec-map-font-size", `${fontSize.toFixed(2)}px`);
    for (const entry of [...labels.groups, ...labels.clusters]) entry.width = 0;
    setView(view ?? home());
  }

  // Return the color of a cluster. The clusters of a focused group have colors of their own.
  function colorOf(palette, { group, rank }) {
    const color = levels.colors[group];
    if (group !== focusedGroup) return palette[color];
    const step = palette.length / levels.groupSizes[group];
    return palette[Math.round(color + rank * Math.max(1, step)) % palette.length];
  }

  // Return the points of each color, as a list of [color, rows].
  function groupByColor(theme) {
    const towards = theme === "dark" ? "#000000" : "#ffffff";
    const rowsByColor = new Map();
    for (let row = 0; row < levels.labels.length; row++) {
      const clusterId = levels.labels[row];
      let color = NOISE_COLORS[theme];
      if (clusterId >= 0) {
        const cluster = levels.clusters[clusterId];
        const { group } = cluster;
        const isFaded = focusedGroup !== NO_CLUSTER && group !== focusedGroup;
        const isOther = selected !== NO_CLUSTER && clusterId !== selected;
        if (!isFaded && !isOther) {
          const shade = group === focusedGroup ? 0 : SHADES[cluster.rank % SHADES.length];
          color = mixColors(colorOf(POINT_COLORS[theme], cluster), towards, shade);
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
    const radius = data.radius * ((view.zoom * unit.zoom) / 1.3) ** 0.45;
    const colors = groupByColor(theme);
    for (const [color, rows] of colors) {
      if (color === NOISE_COLORS[theme]) continue;
      context.fillStyle = color;
      context.globalAlpha = 0.1;
      drawPoints(context, rows, radius * 2.5 + 4);
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

  // Return the left upper corner of a label, and whether the whole label is on the map.
  function findPlace(entry) {
    if (!entry.width) {
      entry.item.hidden = false;
      entry.width = entry.item.offsetWidth;
      entry.height = entry.item.offsetHeight;
    }
    const x = toX(entry.x) - entry.width / 2;
    const y = toY(entry.y) - entry.height / 2;
    const isInColumns = x >= -2 && x + entry.width <= size.width + 2;
    return { isInside: isInColumns && y >= -2 && y + entry.height <= size.height + 2, x, y };
  }

  // Move the labels of the present level to their places, and hide the other level.
  function placeLabels(theme) {
    const shown = showsClusters() ? "clusters" : "groups";
    for (const level of ["groups", "clusters"]) {
      lists[level].hidden = level !== shown;
      if (level !== shown) continue;
      labels[level].forEach((entry, number) => {
        const group = level === "groups" ? number : entry.group;
        const { isInside, x, y } = findPlace(entry);
        entry.item.hidden = !isInside;
        if (!isInside) return;
        entry.item.style.transform = `translate(${x}px, ${y}px)`;
        const color = level === "groups" ? TEXT_COLORS[theme][levels.colors[group]] : null;
        entry.button.style.color = color ?? colorOf(TEXT_COLORS[theme], entry);
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
    tipRow = row;
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

  // Open a title, or its cluster if titles cannot be opened.
  function openPoint(row) {
    if (onTitle) onTitle(row);
    else if (levels.labels[row] >= 0) onSelect(levels.labels[row]);
  }

  // A click on a point opens it. The first tap of a finger shows the title, the second opens it.
  function handleTap(event, position) {
    if (event.target !== canvas) {
      showTip(-1);
      return;
    }
    const row = pointAt(position);
    const isFirstTap = event.pointerType === "touch" && row !== tipRow;
    if (row < 0 || isFirstTap) showTip(row);
    else openPoint(row);
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
    addGestures(stage, {
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
    stage.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") showTip(-1);
    });
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
    const radius = Math.max(1.2, Math.min(3, 130 / Math.sqrt(titles.length)));
    data = { xy, titles, years, bounds, radius };
  }

  // Show a clustering, and select one of its clusters. `next` has labels (the cluster of each
  // title), clusters and groups (name, label, x, y and size; clusters also group).
  function show(next, clusterId = NO_CLUSTER) {
    const isNew = next !== levels?.source;
    if (isNew) {
      const counts = next.groups.map(() => 0);
      const clusters = next.clusters.map((cluster) => {
        const rank = counts[cluster.group];
        counts[cluster.group] += 1;
        return { ...cluster, rank };
      });
      const colors = assignColors(next.groups, data.bounds);
      levels = { ...next, clusters, colors, groupSizes: counts, source: next };
      focusedGroup = NO_CLUSTER;
      createLabels();
      const nTitles = pluralize(data.titles.length, "title");
      caption.textContent = `${nTitles} in ${pluralize(next.groups.length, "group")}`;
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
