// The list of saved titles. It is in this browser only. Shared by the web page, the static page and
// the widget.
import { createButton, createElement } from "./dom.js";

const KEY = "mediarec-list";
const MAX_TITLES = 60;
const listeners = new Set();
let memory = []; // where the browser does not let the page store anything

// Return the saved titles: a list of {id, title}, the oldest first.
export function readList() {
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(saved) ? saved.filter((item) => typeof item?.id === "string") : [];
  } catch {
    return memory;
  }
}

// Store the saved titles and tell everyone who listens.
function writeList(items) {
  memory = items.slice(-MAX_TITLES);
  try {
    localStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // the list is then kept until the page is closed
  }
  for (const listener of listeners) listener();
}

// Return whether a title is saved.
export function isSaved(id) {
  return readList().some((item) => item.id === id);
}

// Save a title, or remove it if it is saved.
export function toggleSaved({ id, title }) {
  const others = readList().filter((item) => item.id !== id);
  writeList(isSaved(id) ? others : [...others, { id, title }]);
}

// Call a function after each change of the list, also in another tab. Returns a function that
// stops this.
export function onListChange(listener) {
  listeners.add(listener);
  const onStorage = (event) => {
    if (event.key === KEY) listener();
  };
  window.addEventListener("storage", onStorage);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", onStorage);
  };
}

// Update a button that saves a title.
function updateSaveButton(button, item) {
  const saved = isSaved(item.id);
  const name = [...item.title].slice(0, 80).join("");
  button.textContent = saved ? "Saved" : "Save";
  button.setAttribute("aria-pressed", String(saved));
  button.setAttribute("aria-label", `${saved ? "Saved" : "Save"}: ${name}`);
}

// Create the button that saves a title or removes it from the list.
export function createSaveButton(item) {
  const button = createButton("", () => {
    toggleSaved(item);
    updateSaveButton(button, item);
  }, "action action-save");
  updateSaveButton(button, item);
  return button;
}

// Return the list as text, one title per line.
export function formatList(items) {
  return items.map(({ title, year }) => (year ? `${title} (${year})` : title)).join("\n");
}

// Create a button that copies a text. `getText()` returns the text.
export function createCopyButton(label, getText) {
  const button = createButton(label, async () => {
    try {
      await navigator.clipboard.writeText(getText());
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser does not allow copying";
    }
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
  return button;
}

// Create a note about where the list is.
export function createListNote() {
  return createElement("p", "note", "Your list is kept in this browser only.");
}
