// The view of mediarec.grade: draws `page`, sends what was pressed. All state is in Python; data only ever becomes textContent.
const GRADES = ["not at all", "fair", "good", "very good"];
const KEYS = { ArrowDown: ["step", 1], ArrowUp: ["step", -1], ArrowRight: ["next_query", 1], ArrowLeft: ["next_query", -1], Home: ["select", 0], End: ["select", -1] };
let widgetCount = 0;

function createElement(tag, name, text) {
  const out = document.createElement(tag);
  if (name) out.className = `mediarec-grade-${name}`;
  if (text !== undefined) out.textContent = text;
  return out;
}

function createButton(label, onClick) {
  const out = createElement("button", "button", label);
  out.type = "button";
  out.addEventListener("click", onClick);
  return out;
}

function createOption(candidate, index, id, active) {
  const out = createElement("li", "option"), main = createElement("div", "option-body");
  out.id = `${id}-${index}`;
  out.setAttribute("role", "option");
  out.setAttribute("aria-selected", String(active));
  main.append(createElement("span", "candidate-title", candidate.title), createElement("span", "secondary", candidate.subtitle));
  if (active && candidate.description) main.append(createElement("span", "description", candidate.description));
  const gradeLabel = candidate.grade === null ? "not graded" : `${candidate.grade} ${GRADES[candidate.grade]}`;
  const badge = createElement("span", candidate.grade === null ? "badge" : `badge mediarec-grade-graded`, gradeLabel);
  out.append(main, badge);
  return out;
}

function render({ model, el }) {
  const id = `mediarec-grade-${++widgetCount}`, send = (action, value) => model.send({ action, value });
  const root = createElement("section", "root"), eyebrow = createElement("p", "secondary"), title = createElement("h3", "title"), subtitle = createElement("p", "secondary"), text = createElement("p", "description");
  const list = createElement("ol", "list"), bar = createElement("progress", "progress"), counted = createElement("span", "secondary"), status = createElement("p", "status"), errorLine = createElement("p", "error");
  root.setAttribute("aria-label", "Grade recommendations");
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // else 1 makes a heading of a notebook's cell, and 0 0 restarts its kernel
  title.id = `${id}-title`;
  list.tabIndex = 0;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-labelledby", title.id);
  status.setAttribute("role", "status");
  errorLine.setAttribute("role", "alert");
  bar.setAttribute("aria-label", "graded");

  const grades = createElement("div", "buttons"), navigation = createElement("div", "buttons");
  grades.setAttribute("role", "group");
  grades.setAttribute("aria-label", "Grade of the marked candidate");
  const gradeButtons = GRADES.map((name, grade) => createButton(`${grade} ${name}`, () => send("grade", grade)));
  grades.append(...gradeButtons);
  const undo = createButton("Undo", () => send("undo", null));
  navigation.append(createButton("Previous title", () => send("next_query", -1)), createButton("Next title", () => send("next_query", 1)), undo);
  const help = createElement("p", "secondary", "Keys: 0 to 3 grade, up and down move, left and right change the title, Backspace or U takes a grade back.");
  const foot = createElement("div", "footer");
  foot.append(bar, counted);
  root.append(eyebrow, title, subtitle, text, list, grades, navigation, foot, help, errorLine, status);

  function draw() {
    const page = model.get("page");
    if (!page.candidates) return;
    eyebrow.textContent = `Title ${page.query_index + 1} of ${page.n_queries}. What would somebody who liked this want to see next?`;
    title.textContent = page.title;
    subtitle.textContent = page.subtitle;
    text.textContent = page.description;
    list.replaceChildren(...page.candidates.map((c, i) => createOption(c, i, id, i === page.position)));
    list.setAttribute("aria-activedescendant", `${id}-${page.position}`);
    gradeButtons.forEach((b, grade) => b.setAttribute("aria-pressed", String(page.candidates[page.position].grade === grade)));
    undo.disabled = !page.can_undo;
    bar.max = page.n_pairs;
    bar.value = page.n_graded;
    counted.textContent = `${page.n_graded} of ${page.n_pairs} graded, kept in ${page.filename}`;
    status.textContent = page.status;
    errorLine.textContent = page.error;
    list.children[page.position].scrollIntoView({ block: "nearest" });
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key;
    if (/^[0-3]$/.test(key)) { if (!event.repeat) send("grade", Number(key)); }
    else if (key === "Backspace" || key.toLowerCase() === "u") { if (!event.repeat) send("undo", null); }
    else if (KEYS[key]) send(...KEYS[key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("click", (event) => {
    const index = [...list.children].indexOf(event.target.closest("li"));
    if (index >= 0) send("select", index);
  });
  model.on("change:page", draw);
  draw();
  el.append(root);
  return () => model.off("change:page", draw);
}

export default { render };
