// What all views need to build elements; text only, never markup.
export function createElement(tag, classNames, text) {
  const element = document.createElement(tag);
  if (classNames) element.className = classNames.split(" ").map((n) => `mediarec-${n}`).join(" ");
  if (text !== undefined && text !== null) element.textContent = text;
  return element;
}

export function createButton(label, onClick, classNames = "button") {
  const element = createElement("button", classNames, label);
  element.type = "button";
  element.addEventListener("click", onClick);
  return element;
}

export function pluralize(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}
