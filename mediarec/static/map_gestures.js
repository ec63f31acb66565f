// Dragging, pinching and the wheel on the map.
const CLICK_DISTANCE = 5;

// Return the point where two pointers are together, and their distance.
function pinchOf(pointers) {
  const [a, b] = [...pointers.values()];
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, distance: Math.hypot(a.x - b.x, a.y - b.y) };
}

// Follow the pointers on an element: dragging, pinching, and the wheel.
export function addGestures(element, { pan, zoomAt, canZoomOut, isZoomed, onTap }) {
  const pointers = new Map();
  let moved = 0;

  // Return the position of an event in the element.
  const findPosition = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    if (!pointers.size) moved = 0;
    pointers.set(event.pointerId, findPosition(event));
  });
  const movePointer = (event) => {
    const last = pointers.get(event.pointerId);
    if (!last) return;
    const position = findPosition(event);
    if (pointers.size === 2) {
      const before = pinchOf(pointers);
      pointers.set(event.pointerId, position);
      const after = pinchOf(pointers);
      pan(after.x - before.x, after.y - before.y);
      zoomAt(after.x, after.y, after.distance / (before.distance || 1));
      moved = Infinity;
      return;
    }
    moved += Math.hypot(position.x - last.x, position.y - last.y);
    pointers.set(event.pointerId, position);
    const isScrolling = event.pointerType === "touch" && !isZoomed();
    if (moved > CLICK_DISTANCE && !isScrolling) pan(position.x - last.x, position.y - last.y);
  };
  const endPointer = (event) => {
    const isTap = pointers.delete(event.pointerId) && moved <= CLICK_DISTANCE;
    if (isTap && event.type === "pointerup") onTap(event, findPosition(event));
  };
  window.addEventListener("pointermove", movePointer);
  window.addEventListener("pointerup", endPointer);
  window.addEventListener("pointercancel", endPointer);
  // A drag that ends on a label is not a click.
  const stopClick = (event) => {
    if (moved > CLICK_DISTANCE && event.detail) event.stopPropagation();
  };
  element.addEventListener("click", stopClick, true);
  const turnWheel = (event) => {
    if (event.deltaY > 0 && !canZoomOut()) return; // the page scrolls on
    event.preventDefault();
    const { x, y } = findPosition(event);
    const speed = event.ctrlKey ? 0.01 : 0.002;
    zoomAt(x, y, Math.exp(-Math.max(-200, Math.min(200, event.deltaY)) * speed));
  };
  element.addEventListener("wheel", turnWheel, { passive: false });
}
