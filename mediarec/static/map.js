// The map of a catalogue: a dot a title, near where alike. One canvas, so that ten thousand dots cost nothing.
import { createElement } from "./dom.js";

const PALETTE = ["#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"];

export function createMap({ label, onSelect }) {
  const element = createElement("div", "map"), canvas = createElement("canvas", "map-canvas"), tip = createElement("div", "map-tip");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  tip.hidden = true;
  element.append(canvas, tip);
  let data = null, clusters = null, selected = -1, width = 0, height = 0, positions = null, cells = new Map();
  const CELL_SIZE = 12;

  function colorAt(i) { const g = clusters.labels[i]; return g < 0 ? null : PALETTE[g % PALETTE.length]; }
  function layout() {
    width = element.clientWidth;
    height = Math.round(Math.max(260, Math.min(560, width * 0.66)));
    const scale = window.devicePixelRatio || 1, [x0, x1, y0, y1] = data.bounds, pad = 10;
    Object.assign(canvas, { width: width * scale, height: height * scale });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const zoom = Math.min((width - 2 * pad) / (x1 - x0 || 1), (height - 2 * pad) / (y1 - y0 || 1));
    const left = (width - zoom * (x1 - x0)) / 2, top = (height - zoom * (y1 - y0)) / 2;
    positions = new Float32Array(data.xy.length);
    cells = new Map();
    for (let i = 0; i < positions.length; i += 2) {
      positions[i] = left + zoom * (data.xy[i] - x0);
      positions[i + 1] = height - top - zoom * (data.xy[i + 1] - y0);
      const key = Math.floor(positions[i] / CELL_SIZE) * 10000 + Math.floor(positions[i + 1] / CELL_SIZE);
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push(i / 2);
    }
    draw();
  }
  function draw() {
    if (!data || !clusters || !width) return;
    const context = canvas.getContext("2d"), scale = window.devicePixelRatio || 1, neutral = getComputedStyle(element).getPropertyValue("--mediarec-border") || "#888";
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const drawPoints = (included, radius, alpha, fill) => {
      context.globalAlpha = alpha;
      for (let i = 0; i < positions.length / 2; i++) {
        if (!included(i)) continue;
        context.fillStyle = fill ?? colorAt(i) ?? neutral;
        context.beginPath();
        context.arc(positions[2 * i], positions[2 * i + 1], radius, 0, 6.3);
        context.fill();
      }
    };
    if (selected < 0) { drawPoints((i) => clusters.labels[i] < 0, 1.2, 0.5); drawPoints((i) => clusters.labels[i] >= 0, 1.8, 0.8); }
    else { drawPoints((i) => clusters.labels[i] !== selected, 1.2, 0.35, neutral); drawPoints((i) => clusters.labels[i] === selected, 2.6, 1); }
    context.globalAlpha = 1;
  }
  function pointAt(event) {
    if (!positions) return -1;
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, minDistance = 100;
    for (let a = -1; a <= 1; a++) for (let b = -1; b <= 1; b++) {
      for (const i of cells.get((Math.floor(x / CELL_SIZE) + a) * 10000 + Math.floor(y / CELL_SIZE) + b) ?? []) {
        const distance = (positions[2 * i] - x) ** 2 + (positions[2 * i + 1] - y) ** 2;
        if (distance < minDistance) { minDistance = distance; best = i; }
      }
    }
    return best;
  }
  canvas.addEventListener("pointermove", (event) => {
    const i = pointAt(event);
    tip.hidden = i < 0;
    canvas.style.cursor = i < 0 ? "default" : "pointer";
    if (i < 0) return;
    const title = createElement("b", null, data.titles[i]), name = createElement("span", null, clusters.labels[i] < 0 ? "in no group" : clusters.names[clusters.labels[i]]);
    tip.replaceChildren(title, name);
    const left = positions[2 * i], right = left > width / 2;
    Object.assign(tip.style, { top: `${Math.max(0, positions[2 * i + 1] - 12)}px`, left: right ? "auto" : `${left + 12}px`, right: right ? `${width - left + 12}px` : "auto" });
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("click", (event) => { const i = pointAt(event); if (i >= 0 && clusters.labels[i] >= 0) onSelect(clusters.labels[i]); });
  new ResizeObserver(() => { if (data && element.clientWidth && element.clientWidth !== width) layout(); }).observe(element);
  return {
    element,
    load(xy, titles) {
      let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
      for (let i = 0; i < xy.length; i += 2) { x0 = Math.min(x0, xy[i]); x1 = Math.max(x1, xy[i]); y0 = Math.min(y0, xy[i + 1]); y1 = Math.max(y1, xy[i + 1]); }
      data = { xy, titles, bounds: [x0, x1, y0, y1] };
      if (clusters && element.clientWidth) layout();
    },
    show(labels, names, clusterId) { clusters = { labels, names }; selected = clusterId ?? -1; if (data && element.clientWidth) (positions ? draw : layout)(); },
    get loaded() { return Boolean(data); },
  };
}
