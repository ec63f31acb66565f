"""Every measured figure in the texts is that of data/figures.json.

The texts are README.md, the guides and the markdown cells of the notebooks. A figure in them has a
mark behind it, a comment that names it:

    2.2 ms<!-- figure: bench / recommend: p99, ms / mediarec -->

A word or a unit may stand between the number and the mark. "%", "million", "GB" and "minutes"
convert the number. The mark "figure: output" says that the number is in a stored output of the
same notebook. A number that looks measured and has no mark is an error, unless it is a setting: see
SETTINGS. `python benchmarks/figures.py` writes the file.
"""

import ast
import contextlib
import io
import json
import re
import sys

import pytest
from readme import HERE
from readme import output as readme_output

sys.path.append(str(HERE / "benchmarks"))
import figures  # noqa: E402

MARK = re.compile(r"<!-- figure: (.+?) -->")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
FACTORS = {"%": 100, "million": 1e-6, "GB": 1e-3, "minutes": 1 / 60}
MAX_DISTANCE = 30  # characters between a number and its mark
UNIT = r"(?:\s?(?:ms|kB|KB|MB|GB|%)|\s(?:s|milliseconds?|seconds?|minutes?|million titles))"
WORDS = r"(?:\d[\d.,]*|two|three|four|five|ten|twenty|a hundred)"
MEASURED = re.compile(
    rf"(?<![\w.\-/])\d[\d.,]*{UNIT}(?![\w/])"  # 3 ms, 20 %
    r"|(?<![\w.\[(/=])0\.\d{2,}"  # a score such as 0.70
    rf"|\b{WORDS} times (?:as|faster|slower|more|less|smaller|larger)\b"
    rf"|\bup to (?:a|one|{WORDS}) (?:million|titles)"
)
NO_PROSE = re.compile(
    r"^```.*?^```|`[^`\n]*`|\$[^$\n]+\$|^---\n.*?^---$|<svg.*?</svg>|https?://\S+|\]\([^)]*\)",
    re.M | re.S,
)
# Numbers that look measured but are settings, definitions or examples: a part of the text
SETTINGS = {
    "*": [
        "95%",  # the intervals
        "95 %",
        "60% of",  # a name must be true of 60 % of the titles
        "60 %",
        "80% of the titles",  # the samples of stability
        "80 %",
    ],
    "grow-to-millions.qmd": ["about 1.5 GB of memory", "up to 30 seconds"],
    "02_frames.ipynb": ["ten times as long if it inspects"],  # why the code is as it is
    "16_data.eda.ipynb": ["between 60 and 72 minutes"],  # the length of films
    "22_features.countries.ipynb": ["values below 0.05 are dropped"],
    "25_features.numeric.ipynb": ["a similarity of 0.05"],
    "26_features.embedding.ipynb": ["is 0.04, and 0.16 on 400 American films"],  # measured once
    "27_features.predicted_themes.ipynb": ["probability of 60%", "about 60% are right"],
    "33_cluster.descriptions.ipynb": ["recall of at least 60%", "cannot reach 60%"],
    "35_cluster.kprototypes.ipynb": [
        "ten times as large",
        "at least 15 % of its neighbors",
        "at least 40 % have the genre",
        "weighs 0.35",
    ],
    "36_cluster.hdbscan.ipynb": ["at most 15 % noise", "at most 20 % of the titles"],
    "37_cluster.lda_dbscan.ipynb": [
        "from 0.00 to 0.05",
        "from 0.50 to 0.55",
        "at least 0.7 % of the titles",
        "at most 15 % noise",
    ],
    "38_cluster.deep.ipynb": ["does not fall by 2 %", "Differences of 0.02"],
    "55_scale.ondisk_search.ipynb": ["searches three times as many", "requirement of 66 MB"],
    "59_scale.ondisk_batch.ipynb": [
        "ten times as many titles need ten times as much",
        "less up to a million titles",  # where the growth of the query time changes
    ],
    "60_evaluation.metrics.ipynb": ["only 40% of the pairs"],  # of a simulation
    "66_evaluation.tune.ipynb": ["nDCG@10 is 0.003 lower"],  # measured once
    "68_evaluation.clusterings.ipynb": ["the second method is 0.02 behind"],  # an example
    "85_apps.web_personal.ipynb": ["a file of 5 MB"],
}
# The cells that read a file of figures, and the cells whose variables they need
FILE_CELLS = {
    "index.ipynb": ["5a1e0002"],
    "35_cluster.kprototypes.ipynb": ["d7d46004"],
    "38_cluster.deep.ipynb": ["9525d2da"],
    "52_scale.ondisk_build_terms.ipynb": ["c0c7a142"],
    "54_scale.ondisk_build.ipynb": ["c0c7a152"],
    "55_scale.ondisk_search.ipynb": ["c0c7a162", "c0c7a164", "c0c7a166"],
    "56_scale.ondisk_titles.ipynb": ["parts022"],
    "59_scale.ondisk_batch.ipynb": ["7612a1ce", "ecbdbe3b", "f9f7f8c9", "80d0674a"],
    "68_evaluation.clusterings.ipynb": ["958e9365", "20f133e0", "b6cf4fc6"],
    "69_evaluation.predicted_themes.ipynb": [
        *("930ad8f0", "3932dadf", "e9237a63", "f395a8f7", "8cd26a54"),
    ],
    "87_apps.web_server.ipynb": ["92ab8e1d"],
    "99_results.ipynb": ["99a11002", "8c4fcb26", "63e6731e", "475eebad"],
}
# Cells that write a file, use it among other things, or take many minutes
OTHER_CELLS = {
    "67_evaluation.generality.ipynb": ["a8c9b2c5"],
    "68_evaluation.clusterings.ipynb": ["c24f05ae"],
    "69_evaluation.predicted_themes.ipynb": ["316cc85b"],
    "99_results.ipynb": ["766d5a49"],
}


def texts():
    """Yield the name, the text and the stored outputs of each text."""
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    for cell in cells_of("index.ipynb"):  # its table is an output, see FILE_CELLS
        for table in [text for text in readme_output(cell) if text.startswith("|")]:
            readme = readme.replace(table, "")
    yield "README.md", readme, ""
    for path in sorted((HERE / "nbs").glob("**/*.qmd")):
        yield path.name, path.read_text(encoding="utf-8"), ""
    for path in sorted((HERE / "nbs").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = "\n".join(stored_text(cell) for cell in cells)
        for cell in cells:
            if cell["cell_type"] == "markdown":
                yield path.name, "".join(cell["source"]), outputs


def stored_text(cell):
    """Return the text of the stored outputs of a cell."""
    parts = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        for value in (output.get("text"), data.get("text/plain"), data.get("text/markdown")):
            parts.append("".join(value or ""))
    return "\n".join(parts)


def to_number(text):
    """Read a number with commas between thousands."""
    return float(text.replace(",", ""))


def wrong_marks(text, known, outputs=""):
    """Return what is wrong with the marked figures of a text, one sentence each."""
    wrong = []
    for mark in MARK.finditer(text):
        name = mark[1]
        before = MARK.sub("", text[: mark.start()])[-MAX_DISTANCE:]
        found = list(NUMBER.finditer(before))
        if not found:
            wrong.append(f"no number before the mark of {name!r}: {before!r}")
            continue
        number = found[-1][0]
        digits = len(number.partition(".")[2])
        units = re.findall(r"%|[A-Za-z]+", before[found[-1].end() :])
        factor = next((FACTORS[unit] for unit in units if unit in FACTORS), 1)
        if name == "output":
            values = [to_number(value) for value in NUMBER.findall(outputs)]
        elif name in known:
            values = [known[name]]
        else:
            wrong.append(f"data/figures.json has no figure {name!r}")
            continue
        if to_number(number) not in [round(value * factor, digits) for value in values]:
            measured = "in no output" if name == "output" else f"{values[0] * factor:g}"
            wrong.append(f"{before.strip()!r}: the figure {name!r} is {measured}")
    return wrong


def unmarked(text, settings=()):
    """Return the numbers of a text that look measured and have no mark, each with its context."""
    for setting in settings:
        text = text.replace(setting, "")
    text = NO_PROSE.sub(" ", text)
    missing = []
    for found in MEASURED.finditer(text):
        following = text[found.end() : found.end() + MAX_DISTANCE + 15]
        if not re.match(rf"[^.\d<]{{0,{MAX_DISTANCE}}}<!-- figure:", following):
            missing.append(text[max(0, found.start() - 40) : found.end() + 20].replace("\n", " "))
    return missing


def test_the_file_is_what_was_measured():
    stored = (HERE / "data" / "figures.json").read_text(encoding="utf-8")
    assert stored == figures.as_text(figures.collect()), "run: python benchmarks/figures.py"


def test_marked_figures_agree_with_the_file():
    known = json.loads((HERE / "data" / "figures.json").read_text(encoding="utf-8"))
    wrong = [
        f"{name}: {sentence}"
        for name, text, outputs in texts()
        for sentence in wrong_marks(text, known, outputs)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_figure_is_unmarked():
    missing = [
        f"{name}: …{context}…"
        for name, text, _ in texts()
        for context in unmarked(text, [*SETTINGS["*"], *SETTINGS.get(name, [])])
    ]
    assert not missing, (
        "these numbers look measured: put the mark of a figure of data/figures.json behind them, "
        "or name them in SETTINGS\n" + "\n".join(missing)
    )


def test_every_setting_is_still_in_its_text():
    found = {}
    for name, text, _ in texts():
        found[name] = found.get(name, "") + text
    stale = [
        (name, part)
        for name, parts in SETTINGS.items()
        for part in parts
        if not any(part in text for other, text in found.items() if name in ("*", other))
    ]
    assert not stale


def cells_of(name):
    """Return the cells of a notebook."""
    return json.loads((HERE / "nbs" / name).read_text(encoding="utf-8"))["cells"]


def imports_of(cells):
    """Return the imports of the hidden and of the exported cells."""
    lines = []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and re.search(r"^#\| *(hide|exporti?)\b", source, re.M):
            nodes = ast.parse(source).body
            lines += [ast.unparse(n) for n in nodes if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(lines)


def as_text(value):
    """Return an output as text, a table with all of its rows and columns."""
    if isinstance(value, dict) and "text/plain" in value:
        return value["text/plain"]
    if hasattr(value, "_repr_markdown_"):
        return value.data
    return value.to_string() if hasattr(value, "to_string") else repr(value)


def run_cell(source, namespace):
    """Run a cell, and return the text of its outputs."""
    body = ast.parse(source).body
    shown = []
    namespace["display"] = lambda *values, **_: shown.extend(map(as_text, values))
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(ast.Module(body, []), "cell", "exec"), namespace)
        if last:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), namespace)
            shown += [] if value is None else [as_text(value)]
    return "\n".join([printed.getvalue(), *shown])


def numbers(text):
    """Return the numbers of an output, without those of figures and of the size of a table."""
    text = re.sub(r"<Figure.*?>|\[\d+ rows x \d+ columns\]", "", text)
    return {float(number.replace(",", "")) for number in NUMBER.findall(text)}


@pytest.mark.parametrize("name", FILE_CELLS)
def test_stored_outputs_agree_with_the_files(name, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    cells = cells_of(name)
    by_id = {cell["id"]: cell for cell in cells}
    namespace = {}
    exec(imports_of(cells), namespace)
    for cell_id in FILE_CELLS[name]:
        cell = by_id[cell_id]
        computed = run_cell("".join(cell["source"]), namespace)
        strange = numbers(stored_text(cell)) - numbers(computed)
        assert not strange, f"cell {cell_id} has a stored output with {sorted(strange)}: run it"


def test_every_cell_that_reads_figures_is_run():
    pattern = re.compile(r'package_path\("([\w.]+)"\)')
    files = {path.name for path in (HERE / "data").iterdir()}
    missing = [
        (path.name, cell["id"])
        for path in sorted((HERE / "nbs").glob("*.ipynb"))
        for cell in cells_of(path.name)
        if cell["cell_type"] == "code"
        and files & set(pattern.findall("".join(cell["source"])))
        and cell["id"] not in FILE_CELLS.get(path.name, []) + OTHER_CELLS.get(path.name, [])
    ]
    assert not missing


def test_a_changed_figure_is_found():
    known = {"bench / query, ms": 2.19, "titles": 10_000_000, "share": 0.712}
    right = (
        "A query takes 2.2 ms<!-- figure: bench / query, ms -->, up to 10 million"
        "<!-- figure: titles --> titles, 71%<!-- figure: share --> of them, "
        "0.71<!-- figure: share -->."
    )
    assert wrong_marks(right, known) == []
    assert unmarked(right) == []
    assert len(wrong_marks(right.replace("2.2", "2.3"), known)) == 1
    assert len(wrong_marks(right.replace("10 million", "1 million"), known)) == 1
    assert len(wrong_marks(right.replace("71%", "72%"), known)) == 1
    assert len(wrong_marks(right.replace("figure: share", "figure: shares"), known)) == 2
    assert len(unmarked(MARK.sub("", right))) == 4
    assert wrong_marks("0.14<!-- figure: output -->", known, "loss 0.144\n") == []
    assert len(wrong_marks("0.15<!-- figure: output -->", known, "loss 0.144\n")) == 1
    assert len(unmarked("It is ten times as fast, up to a million titles.")) == 2
    assert unmarked("`sleep 30 s`, [20 ms](x.ipynb) in a link\n\n```sh\n20 ms\n```\n") != []
    assert unmarked("`sleep 30 s`\n\n```sh\n20 ms\n```\n") == []
