// Keys that work in every view: "/" goes to the search box, arrows go from card to card, and Escape
// goes back to the search box. Shared by the widget, the web page and the static page.

const CARD_TITLE = ".mediarec-card-title";
const ARROWS = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

// Return whether an element takes typed text.
function isTextField(element) {
  return Boolean(element?.matches?.("input, textarea, select, [contenteditable=true]"));
}

// Return the center of an element.
function centerOf(element) {
  const box = element.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}

// Return the nearest card in a direction, or null. A card to the side counts only if it is in
// the same row, and a card above or below may be anywhere in the next row.
function findNextCard(cards, current, [dx, dy]) {
  const from = centerOf(current);
  const height = current.getBoundingClientRect().height;
  let best = null;
  let bestDistance = Infinity;
  for (const card of cards) {
    if (card === current) continue;
    const to = centerOf(card);
    const along = dx ? (to.x - from.x) * dx : (to.y - from.y) * dy;
    const across = dx ? Math.abs(to.y - from.y) : Math.abs(to.x - from.x);
    const isAhead = dx ? along > 1 && across < height / 2 : along > height / 2;
    const distance = dx ? along : along * 4 + across;
    if (isAhead && distance < bestDistance) {
      best = card;
      bestDistance = distance;
    }
  }
  return best;
}

// Move the focus from one card to the next one. At the end of a row, this is the first card of the
// next row. Returns whether there is one.
function moveFocus(root, title, direction) {
  const all = [...root.querySelectorAll(".mediarec-card")];
  const cards = all.filter((card) => card.getClientRects().length);
  const current = title.closest(".mediarec-card");
  const following = cards[cards.indexOf(current) + direction[0]] ?? null;
  const card = findNextCard(cards, current, direction) ?? (direction[0] ? following : null);
  const next = card?.querySelector(CARD_TITLE);
  next?.focus();
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
  return Boolean(next);
}

// Add the keys to `root`. `getSearchInput()` returns the search box that is shown, or null. "/" works
// in `root`, and where nothing has the focus. Returns a function that removes the listener.
export function addKeys(root, getSearchInput) {
  const onSlash = (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    const input = getSearchInput();
    const isHere = event.target === document.body || event.composedPath().includes(root);
    if (!isHere || isTextField(event.composedPath()[0]) || !input) return;
    input.focus();
    input.select();
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("keydown", onSlash);
  root.addEventListener("keydown", (event) => {
    const title = event.target.closest?.(CARD_TITLE);
    if (ARROWS[event.key] && title && moveFocus(root, title, ARROWS[event.key])) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const isInCard = event.target.closest?.(".mediarec-card, .mediarec-title-panel");
    if (event.key === "Escape" && isInCard && !event.defaultPrevented) {
      getSearchInput()?.focus();
    }
  });
  return () => document.removeEventListener("keydown", onSlash);
}
