// What all views need to build elements; text only, never markup.
export function make(tag, name, text) {
  const out = document.createElement(tag);
  if (name) out.className = name.split(" ").map((n) => `mediarec-${n}`).join(" ");
  if (text !== undefined && text !== null) out.textContent = text;
  return out;
}

export function button(label, press, name = "button") {
  const out = make("button", name, label);
  out.type = "button";
  out.addEventListener("click", press);
  return out;
}

export function plural(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}
