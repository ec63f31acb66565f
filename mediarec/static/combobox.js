// A search box with suggestions: an ARIA 1.2 combobox with a listbox. The list is in the top layer,
// so that no container clips it. Shared by the widget, the web page and the static page.
import { createElement, createDataElement, pluralize } from "./dom.js";
import { TYPE_LABELS, createPoster } from "./cards.js";

const MAX_INPUT_LENGTH = 200;

let comboboxCount = 0;

// Create the text input of a combobox.
function createComboboxInput(id, listId, placeholder, maxLength) {
  const input = createElement("input", "combobox-input");
  input.id = id;
  input.type = "text";
  input.placeholder = placeholder;
  input.autocomplete = "off";
  input.spellcheck = false;
  input.maxLength = maxLength;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", listId);
  input.setAttribute("enterkeyhint", "search");
  return input;
}

// Create the list of suggestions of a combobox.
function createSuggestionList(id, label) {
  const list = createElement("ul", "combobox-list");
  list.id = id;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", `${label}: suggestions`);
  list.popover = "manual";
  return list;
}

// Create one suggestion with a small poster, the title, the year and the type.
function createSuggestion(item, id, onClick) {
  const element = createElement("li", "combobox-option");
  element.id = id;
  element.setAttribute("role", "option");
  element.setAttribute("aria-selected", "false");
  const subtitle = [item.year, TYPE_LABELS[item.type]].filter(Boolean).join(" · ");
  const text = createElement("span", "combobox-text");
  text.append(
    createDataElement("span", "combobox-title", item.title),
    createElement("span", "combobox-subtitle", subtitle),
  );
  element.append(createPoster(item, { small: true }), text);
  // The input keeps the focus.
  element.addEventListener("pointerdown", (event) => event.preventDefault());
  element.addEventListener("click", onClick);
  return element;
}

// Place the list below the input, or above it where there is more room.
function positionList(list, box) {
  const below = window.innerHeight - box.bottom - 12;
  const above = box.top - 12;
  const openUpwards = below < 180 && above > below;
  const room = openUpwards ? above : below;
  list.style.left = `${box.left}px`;
  list.style.width = `${box.width}px`;
  list.style.maxHeight = `${Math.max(120, Math.min(480, room))}px`;
  list.style.top = openUpwards ? "auto" : `${box.bottom + 4}px`;
  list.style.bottom = openUpwards ? `${window.innerHeight - box.top + 4}px` : "auto";
}

// Create a combobox. `fetchSuggestions(text, n)` returns items with id, title, year and type.
// `isLabelHidden` keeps the label for screen readers only.
// `onSelect(item)` is called for a chosen suggestion, and `onSubmit(text)` for Enter without one.
export function createCombobox({
  label,
  isLabelHidden = false,
  placeholder = "",
  maxLength = MAX_INPUT_LENGTH,
  fetchSuggestions,
  onSelect,
  onSubmit = null,
  debounce = 40,
  minLength = 1,
  maxItems = 8,
  id = `mediarec-combobox-${++comboboxCount}`,
}) {
  const input = createComboboxInput(`${id}-input`, `${id}-list`, placeholder, maxLength);
  const list = createSuggestionList(`${id}-list`, label);
  const name = createElement("label", isLabelHidden ? "visually-hidden" : "label", label);
  name.htmlFor = input.id;
  const status = createElement("p", "visually-hidden");
  status.setAttribute("role", "status");
  const element = createElement("div", "combobox");
  element.append(name, input, list, status);

  let items = [];
  let activeIndex = -1;
  let requestId = 0;
  let timer = 0;
  let composing = false;

  const isOpen = () => input.getAttribute("aria-expanded") === "true";

  // Move the open list to the input, or close it when the input left the window.
  function updatePosition() {
    const box = input.getBoundingClientRect();
    if (box.bottom < 0 || box.top > window.innerHeight) close();
    else positionList(list, box);
  }

  // Show the list.
  function open() {
    if (isOpen() || !input.isConnected) return;
    input.setAttribute("aria-expanded", "true");
    list.showPopover?.();
    updatePosition();
    window.addEventListener("scroll", updatePosition, { capture: true, passive: true });
    window.addEventListener("resize", updatePosition);
  }

  // Hide the list.
  function close() {
    if (!isOpen()) return;
    input.setAttribute("aria-expanded", "false");
    list.hidePopover?.();
    setActiveOption(-1);
    window.removeEventListener("scroll", updatePosition, { capture: true });
    window.removeEventListener("resize", updatePosition);
  }

  // Drop requests that are waiting or running.
  function cancelRequest() {
    requestId++;
    clearTimeout(timer);
  }

  // Mark one suggestion as active, or none with -1.
  function setActiveOption(index) {
    activeIndex = index;
    [...list.children].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === activeIndex));
    });
    if (activeIndex < 0) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    input.setAttribute("aria-activedescendant", list.children[activeIndex].id);
    list.children[activeIndex].scrollIntoView({ block: "nearest" });
  }

  // Show suggestions for a text, or hide the list without any.
  function showSuggestions(found, text) {
    items = found;
    activeIndex = -1;
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(
      ...items.map((item, i) => createSuggestion(item, `${id}-option-${i}`, () => selectOption(i))),
    );
    if (items.length) {
      status.textContent = pluralize(items.length, "suggestion");
      open();
      updatePosition();
      list.scrollTop = 0;
    } else {
      status.textContent = `No suggestions for ${text.slice(0, 60)}`;
      close();
    }
    element.dataset.for = text;
  }

  // Empty the list and its status.
  function clearSuggestions() {
    showSuggestions([], "");
    status.textContent = "";
  }

  // Ask for suggestions after the debounce time. An answer to an older text is ignored.
  function updateSuggestions(delay = debounce) {
    const text = input.value.trim();
    cancelRequest();
    if (text.length < minLength) {
      clearSuggestions();
      return;
    }
    const ownId = requestId;
    timer = setTimeout(async () => {
      let found = null;
      try {
        found = await fetchSuggestions(text, maxItems);
      } catch {
        found = null;
      }
      if (ownId !== requestId) return;
      if (found) {
        showSuggestions(found.slice(0, maxItems), text);
      } else {
        close();
        status.textContent = "No answer. Try again.";
      }
    }, delay);
  }

  // Choose a suggestion.
  function selectOption(i) {
    const item = items[i];
    cancelRequest();
    input.value = "";
    showSuggestions([], "");
    status.textContent = `${item.title} chosen`;
    onSelect(item);
  }

  // Handle Enter. Returns whether anything was done.
  function handleEnter() {
    const text = input.value.trim();
    if (isOpen() && activeIndex >= 0) {
      selectOption(activeIndex);
      return true;
    }
    if (!text) return false;
    if (onSubmit) {
      cancelRequest();
      close();
      onSubmit(text);
      return true;
    }
    if (isOpen() && items.length && element.dataset.for === text) {
      selectOption(0);
      return true;
    }
    return false;
  }

  // Handle Escape: close the list, then empty the input. Returns whether anything was done.
  function handleEscape() {
    if (isOpen()) {
      cancelRequest();
      close();
      return true;
    }
    if (!input.value) return false;
    input.value = "";
    updateSuggestions();
    return true;
  }

  // Move the active option one step, from the last to the first and back. From then on, the list
  // does not change under the user.
  function moveActiveOption(step) {
    if (!items.length) return false;
    cancelRequest();
    open();
    const last = items.length - 1;
    if (step > 0) setActiveOption(activeIndex < last ? activeIndex + 1 : 0);
    else setActiveOption(activeIndex > 0 ? activeIndex - 1 : last);
    return true;
  }

  const keyHandlers = {
    ArrowDown: () => moveActiveOption(1),
    ArrowUp: () => moveActiveOption(-1),
    Enter: handleEnter,
    Escape: handleEscape,
  };
  input.addEventListener("compositionstart", () => {
    composing = true;
  });
  input.addEventListener("compositionend", () => {
    composing = false;
    updateSuggestions();
  });
  input.addEventListener("input", () => {
    if (!composing) updateSuggestions();
  });
  input.addEventListener("focus", () => {
    if (input.value.trim() && !isOpen()) updateSuggestions(0);
  });
  input.addEventListener("blur", () => {
    cancelRequest();
    close();
  });
  input.addEventListener("keydown", (event) => {
    if (composing || event.isComposing) return;
    const handled = keyHandlers[event.key]?.();
    if (!handled) return;
    event.preventDefault();
    event.stopPropagation();
  });

  // Empty the input and the list.
  function clear() {
    input.value = "";
    cancelRequest();
    clearSuggestions();
  }
  return { element, input, list, close, clear };
}
