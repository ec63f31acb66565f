// The map of a catalogue: a dot a title, near where alike. One canvas, so that ten thousand dots cost nothing.
import { make } from "./dom.js";

const HUES = ["#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"];

export function mapView({ label, choose }) {
  const element = make("div", "map"), canvas = make("canvas", "map-canvas"), tip = make("div", "map-tip");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  tip.hidden = true;
  element.append(canvas, tip);
  let data = null, groups = null, marked = -1, width = 0, height = 0, places = null, cells = new Map();
  const CELL = 12;

  function colour(i) { const g = groups.labels[i]; return g < 0 ? null : HUES[g % HUES.length]; }
  function lay() {
    width = element.clientWidth;
    height = Math.round(Math.max(260, Math.min(560, width * 0.66)));
    const scale = window.devicePixelRatio || 1, [x0, x1, y0, y1] = data.bounds, pad = 10;
    Object.assign(canvas, { width: width * scale, height: height * scale });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const zoom = Math.min((width - 2 * pad) / (x1 - x0 || 1), (height - 2 * pad) / (y1 - y0 || 1));
    const left = (width - zoom * (x1 - x0)) / 2, top = (height - zoom * (y1 - y0)) / 2;
    places = new Float32Array(data.xy.length);
    cells = new Map();
    for (let i = 0; i < places.length; i += 2) {
      places[i] = left + zoom * (data.xy[i] - x0);
      places[i + 1] = height - top - zoom * (data.xy[i + 1] - y0);
      const key = Math.floor(places[i] / CELL) * 10000 + Math.floor(places[i + 1] / CELL);
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push(i / 2);
    }
    draw();
  }
  function draw() {
    if (!data || !groups || !width) return;
    const pen = canvas.getContext("2d"), scale = window.devicePixelRatio || 1, soft = getComputedStyle(element).getPropertyValue("--mediarec-line") || "#888";
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const dots = (wanted, radius, alpha, fill) => {
      pen.globalAlpha = alpha;
      for (let i = 0; i < places.length / 2; i++) {
        if (!wanted(i)) continue;
        pen.fillStyle = fill ?? colour(i) ?? soft;
        pen.beginPath();
        pen.arc(places[2 * i], places[2 * i + 1], radius, 0, 6.3);
        pen.fill();
      }
    };
    if (marked < 0) { dots((i) => groups.labels[i] < 0, 1.2, 0.5); dots((i) => groups.labels[i] >= 0, 1.8, 0.8); }
    else { dots((i) => groups.labels[i] !== marked, 1.2, 0.35, soft); dots((i) => groups.labels[i] === marked, 2.6, 1); }
    pen.globalAlpha = 1;
  }
  function under(event) {
    if (!places) return -1;
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, least = 100;
    for (let a = -1; a <= 1; a++) for (let b = -1; b <= 1; b++) {
      for (const i of cells.get((Math.floor(x / CELL) + a) * 10000 + Math.floor(y / CELL) + b) ?? []) {
        const far = (places[2 * i] - x) ** 2 + (places[2 * i + 1] - y) ** 2;
        if (far < least) { least = far; best = i; }
      }
    }
    return best;
  }
  canvas.addEventListener("pointermove", (event) => {
    const i = under(event);
    tip.hidden = i < 0;
    canvas.style.cursor = i < 0 ? "default" : "pointer";
    if (i < 0) return;
    const title = make("b", null, data.titles[i]), name = make("span", null, groups.labels[i] < 0 ? "in no group" : groups.names[groups.labels[i]]);
    tip.replaceChildren(title, name);
    const left = places[2 * i], right = left > width / 2;
    Object.assign(tip.style, { top: `${Math.max(0, places[2 * i + 1] - 12)}px`, left: right ? "auto" : `${left + 12}px`, right: right ? `${width - left + 12}px` : "auto" });
  });
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  canvas.addEventListener("click", (event) => { const i = under(event); if (i >= 0 && groups.labels[i] >= 0) choose(groups.labels[i]); });
  new ResizeObserver(() => { if (data && element.clientWidth && element.clientWidth !== width) lay(); }).observe(element);
  return {
    element,
    load(xy, titles) {
      let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
      for (let i = 0; i < xy.length; i += 2) { x0 = Math.min(x0, xy[i]); x1 = Math.max(x1, xy[i]); y0 = Math.min(y0, xy[i + 1]); y1 = Math.max(y1, xy[i + 1]); }
      data = { xy, titles, bounds: [x0, x1, y0, y1] };
      if (groups && element.clientWidth) lay();
    },
    show(labels, names, mark) { groups = { labels, names }; marked = mark ?? -1; if (data && element.clientWidth) (places ? draw : lay)(); },
    get loaded() { return Boolean(data); },
  };
}
