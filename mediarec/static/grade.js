// The view of mediarec.grade: draws `page`, sends what was pressed. All state is in Python; data only ever becomes textContent.
const GRADES = ["not at all", "fair", "good", "very good"];
const KEYS = { ArrowDown: ["move", 1], ArrowUp: ["move", -1], ArrowRight: ["turn", 1], ArrowLeft: ["turn", -1], Home: ["go", 0], End: ["go", -1] };
let count = 0;

function make(tag, name, text) {
  const out = document.createElement(tag);
  if (name) out.className = `mediarec-grade-${name}`;
  if (text !== undefined) out.textContent = text;
  return out;
}

function button(label, press) {
  const out = make("button", "button", label);
  out.type = "button";
  out.addEventListener("click", press);
  return out;
}

function option(candidate, place, id, active) {
  const out = make("li", "option"), main = make("div", "main");
  out.id = `${id}-${place}`;
  out.setAttribute("role", "option");
  out.setAttribute("aria-selected", String(active));
  main.append(make("span", "name", candidate.title), make("span", "about", candidate.about));
  if (active && candidate.description) main.append(make("span", "text", candidate.description));
  const said = candidate.grade === null ? "not graded" : `${candidate.grade} ${GRADES[candidate.grade]}`;
  const badge = make("span", candidate.grade === null ? "badge" : `badge mediarec-grade-given`, said);
  out.append(main, badge);
  return out;
}

function render({ model, el }) {
  const id = `mediarec-grade-${++count}`, send = (what, value) => model.send({ do: what, value });
  const root = make("section", "root"), eyebrow = make("p", "about"), title = make("h3", "title"), about = make("p", "about"), text = make("p", "text");
  const list = make("ol", "list"), bar = make("progress", "bar"), counted = make("span", "about"), status = make("p", "status"), said = make("p", "said");
  root.setAttribute("aria-label", "Grade recommendations");
  root.setAttribute("data-lm-suppress-shortcuts", "true"); // else 1 makes a heading of a notebook's cell, and 0 0 restarts its kernel
  title.id = `${id}-title`;
  list.tabIndex = 0;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-labelledby", title.id);
  status.setAttribute("role", "status");
  said.setAttribute("role", "alert");
  bar.setAttribute("aria-label", "graded");

  const grades = make("div", "buttons"), ways = make("div", "buttons");
  grades.setAttribute("role", "group");
  grades.setAttribute("aria-label", "Grade of the marked candidate");
  const given = GRADES.map((name, grade) => button(`${grade} ${name}`, () => send("grade", grade)));
  grades.append(...given);
  const undo = button("Undo", () => send("undo", null));
  ways.append(button("Previous title", () => send("turn", -1)), button("Next title", () => send("turn", 1)), undo);
  const help = make("p", "about", "Keys: 0 to 3 grade, up and down move, left and right change the title, Backspace or U takes a grade back.");
  const foot = make("div", "foot");
  foot.append(bar, counted);
  root.append(eyebrow, title, about, text, list, grades, ways, foot, help, said, status);

  function draw() {
    const page = model.get("page");
    if (!page.candidates) return;
    eyebrow.textContent = `Title ${page.question + 1} of ${page.questions}. What would somebody who liked this want to see next?`;
    title.textContent = page.title;
    about.textContent = page.about;
    text.textContent = page.description;
    list.replaceChildren(...page.candidates.map((c, i) => option(c, i, id, i === page.at)));
    list.setAttribute("aria-activedescendant", `${id}-${page.at}`);
    given.forEach((b, grade) => b.setAttribute("aria-pressed", String(page.candidates[page.at].grade === grade)));
    undo.disabled = !page.undo;
    bar.max = page.pairs;
    bar.value = page.graded;
    counted.textContent = `${page.graded} of ${page.pairs} graded, kept in ${page.file}`;
    status.textContent = page.status;
    said.textContent = page.error;
    list.children[page.at].scrollIntoView({ block: "nearest" });
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
    const place = [...list.children].indexOf(event.target.closest("li"));
    if (place >= 0) send("go", place);
  });
  model.on("change:page", draw);
  draw();
  el.append(root);
  return () => model.off("change:page", draw);
}

export default { render };
