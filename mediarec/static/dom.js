// Helpers that create elements. They set text only, never markup.

// Create an element. Each name in `classNames` gets the prefix "mediarec-".
export function createElement(tag, classNames, text) {
  const element = document.createElement(tag);
  if (classNames) {
    const prefixed = classNames.split(" ").map((name) => `mediarec-${name}`);
    element.className = prefixed.join(" ");
  }
  if (text !== undefined && text !== null) element.textContent = text;
  return element;
}

// Create a text element whose writing direction follows its content.
export function createDataElement(tag, classNames, text) {
  const element = createElement(tag, classNames, text);
  element.dir = "auto";
  return element;
}

// Create a button.
export function createButton(label, onClick, classNames = "button") {
  const element = createElement("button", classNames, label);
  element.type = "button";
  element.addEventListener("click", onClick);
  return element;
}

// Return a count with its noun, such as "1 title" or "2,222 titles".
export function pluralize(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}
