// The view of mediarec.apps.grading. It draws the page that Python holds and sends every action to
// Python. All state is in Python, and data is set as text only.
const GRADES = ["not at all", "fair", "good", "very good"];
const KEYS = {
  ArrowDown: ["step", 1],
  ArrowUp: ["step", -1],
  ArrowRight: ["next_query", 1],
  ArrowLeft: ["next_query", -1],
  Home: ["select", 0],
  End: ["select", -1],
};
const HELP =
  "Keys: 0 to 3 grade, up and down move, left and right change the title, " +
  "Backspace or U removes the last grade.";

let widgetCount = 0;

// Create an element. The class name gets the prefix "mediarec-grade-".
function createElement(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = `mediarec-grade-${name}`;
  if (text !== undefined) element.textContent = text;
  return element;
}

// Create a button.
function createButton(label, onClick) {
  const element = createElement("button", "button", label);
  element.type = "button";
  element.addEventListener("click", onClick);
  return element;
}

// Create the row of one candidate. The active one shows its description.
function createOption(candidate, id, isActive) {
  const isGraded = candidate.grade !== null;
  const body = createElement("div", "option-body");
  body.append(
    createElement("span", "candidate-title", candidate.title),
    createElement("span", "secondary", candidate.subtitle),
  );
  if (isActive && candidate.description) {
    body.append(createElement("span", "description", candidate.description));
  }
  const label = isGraded ? `${candidate.grade} ${GRADES[candidate.grade]}` : "not graded";
  const badge = createElement("span", "badge", label);
  badge.classList.toggle("mediarec-grade-graded", isGraded);
  const element = createElement("li", "option");
  element.id = id;
  element.setAttribute("role", "option");
  element.setAttribute("aria-selected", String(isActive));
  element.append(body, badge);
  return element;
}

// Create the list of candidates. `onSelect(index)` is called on a click.
function createCandidateList(titleId, onSelect) {
  const list = createElement("ol", "list");
  list.tabIndex = 0;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-labelledby", titleId);
  list.addEventListener("click", (event) => {
    const index = [...list.children].indexOf(event.target.closest("li"));
    if (index >= 0) onSelect(index);
  });
  return list;
}

// Create all elements of the widget.
function createElements(id, send) {
  const title = createElement("h3", "title");
  title.id = `${id}-title`;
  const elements = {
    eyebrow: createElement("p", "secondary"),
    title,
    subtitle: createElement("p", "secondary"),
    description: createElement("p", "description"),
    list: createCandidateList(title.id, (index) => send("select", index)),
    gradeButtons: GRADES.map((name, grade) =>
      createButton(`${grade} ${name}`, () => send("grade", grade)),
    ),
    undo: createButton("Undo", () => send("undo", null)),
    progress: createElement("progress", "progress"),
    progressText: createElement("span", "secondary"),
    errorLine: createElement("p", "error"),
    status: createElement("p", "status"),
  };
  elements.progress.setAttribute("aria-label", "graded");
  elements.errorLine.setAttribute("role", "alert");
  elements.status.setAttribute("role", "status");
  return elements;
}

// Arrange the elements below one root.
function createRoot(elements, send) {
  const grades = createElement("div", "buttons");
  grades.setAttribute("role", "group");
  grades.setAttribute("aria-label", "Grade of the marked candidate");
  grades.append(...elements.gradeButtons);
  const navigation = createElement("div", "buttons");
  navigation.append(
    createButton("Previous title", () => send("next_query", -1)),
    createButton("Next title", () => send("next_query", 1)),
    elements.undo,
  );
  const footer = createElement("div", "footer");
  footer.append(elements.progress, elements.progressText);
  const root = createElement("section", "root");
  root.setAttribute("aria-label", "Grade recommendations");
  // Otherwise JupyterLab takes 1 as "make a heading" and 0 0 as "restart the kernel".
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.append(elements.eyebrow, elements.title, elements.subtitle, elements.description);
  root.append(elements.list, grades, navigation, footer, createElement("p", "secondary", HELP));
  root.append(elements.errorLine, elements.status);
  return root;
}

// Return the action of a key and its value, or null.
function keyAction(event) {
  const { key, repeat } = event;
  if (/^[0-3]$/.test(key)) return repeat ? [] : ["grade", Number(key)];
  if (key === "Backspace" || key.toLowerCase() === "u") return repeat ? [] : ["undo", null];
  return KEYS[key] ?? null;
}

// Show a page in the elements.
function drawPage(page, elements, id) {
  const { list, progress } = elements;
  const count = `${page.n_graded} of ${page.n_pairs} graded`;
  const position = `Title ${page.query_index + 1} of ${page.n_queries}.`;
  elements.eyebrow.textContent = `${position} What would somebody who liked it want to see next?`;
  elements.title.textContent = page.title;
  elements.subtitle.textContent = page.subtitle;
  elements.description.textContent = page.description;
  const options = page.candidates.map((candidate, i) =>
    createOption(candidate, `${id}-${i}`, i === page.position),
  );
  list.replaceChildren(...options);
  list.setAttribute("aria-activedescendant", `${id}-${page.position}`);
  elements.gradeButtons.forEach((button, grade) => {
    const isPressed = page.candidates[page.position].grade === grade;
    button.setAttribute("aria-pressed", String(isPressed));
  });
  elements.undo.disabled = !page.can_undo;
  progress.max = page.n_pairs;
  progress.value = page.n_graded;
  elements.progressText.textContent = `${count}, saved in ${page.filename}`;
  elements.status.textContent = page.status;
  elements.errorLine.textContent = page.error;
  list.children[page.position].scrollIntoView({ block: "nearest" });
}

// Draw the widget into `el`. This is the entry point of anywidget.
function render({ model, el }) {
  const id = `mediarec-grade-${++widgetCount}`;
  const send = (action, value) => model.send({ action, value });
  const elements = createElements(id, send);
  const root = createRoot(elements, send);

  // Draw the page that Python holds.
  function draw() {
    const page = model.get("page");
    if (page.candidates) drawPage(page, elements, id);
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = keyAction(event);
    if (!action) return;
    if (action.length) send(...action);
    event.preventDefault();
    event.stopPropagation();
  });
  model.on("change:page", draw);
  draw();
  el.append(root);
  return () => model.off("change:page", draw);
}

export default { render };
