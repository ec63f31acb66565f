"""Write README.md from nbs/index.ipynb: markdown, code in fences, and text outputs.

Run it to write README.md. test_readme.py compares `render()` with the file. A cell with `#| hide`
is left out, and of a cell with `#| echo: false` only the output is kept.
"""

import json
import re
import textwrap
from pathlib import Path

HERE = Path(__file__).parent.parent
WIDTH = 96  # characters of a line of an output


def read_cells():
    """Return the cells of the home page."""
    return json.loads((HERE / "nbs" / "index.ipynb").read_text(encoding="utf-8"))["cells"]


def output(cell):
    """Yield the outputs of a code cell: Markdown as it is, and text in fences."""
    for out in cell.get("outputs", []):
        data = out.get("data", {})
        if "text/markdown" in data:
            yield "".join(data["text/markdown"])
            continue
        text = out.get("text") or data.get("text/plain", [])
        if text:
            yield "```\n" + wrap_lines("".join(text), WIDTH) + "\n```"


def wrap_lines(text, width):
    """Wrap the long lines of an output, since a page shows it in a box of a fixed width."""
    lines = text.rstrip().splitlines()
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="    ") if len(line) > width else line
        for line in lines
    )


def part(cell):
    """Return a cell as markdown; nothing for hidden cells."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    if re.search(r"^#\|\s*hide\b", source, re.M):
        return []
    if re.search(r"^#\|\s*echo:\s*false\b", source, re.M):
        return [*output(cell)]
    code = "\n".join(line for line in source.splitlines() if not line.startswith("#|"))
    return [f"```python\n{code.strip()}\n```", *output(cell)]


def render():
    """Return the README as text."""
    text = "\n\n".join(p.strip() for cell in read_cells() for p in part(cell) if p.strip())
    # pictures, the other notebooks and the guides lie beside the notebook
    text = re.sub(r"\]\((images/[^)]+)\)", r"](nbs/\1)", text)
    text = re.sub(r'(src|srcset)="images/', r'\1="nbs/images/', text)
    text = re.sub(
        r"\]\(((?:\d\d_[\w.]+\.ipynb|[\w.-]+\.qmd|guides/[\w.-]+\.qmd)(?:#[\w-]+)?)\)",
        r"](nbs/\1)",
        text,
    )
    return text.replace("](../", "](") + "\n"


if __name__ == "__main__":
    (HERE / "README.md").write_text(render(), encoding="utf-8")
    print("README.md written from nbs/index.ipynb")
