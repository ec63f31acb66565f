"""Write README.md from nbs/index.ipynb: markdown, code in fences, and text outputs.

Run it to write README.md and its picture. test_readme.py compares `render()` with the file.
"""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent.parent


def output(cell):
    """Yield the text outputs of a code cell, in fences."""
    for out in cell.get("outputs", []):
        text = out.get("text") or out.get("data", {}).get("text/plain", [])
        if text:
            yield "```\n" + "".join(text).rstrip() + "\n```"


def part(cell):
    """Return a cell as markdown; nothing for hidden cells."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    if re.search(r"^#\|\s*hide\b", source, re.M):
        return []
    code = "\n".join(line for line in source.splitlines() if not line.startswith("#|"))
    return [f"```python\n{code.strip()}\n```", *output(cell)]


def render():
    """Return the README as text."""
    cells = json.loads((HERE / "nbs" / "index.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join(p.strip() for cell in cells for p in part(cell) if p.strip())
    text = re.sub(r"\]\((images/[^)]+)\)", r"](nbs/\1)", text)  # pictures lie beside the notebook
    text = re.sub(r'(src|srcset)="images/', r'\1="nbs/images/', text)
    text = text.replace("](../", "](")
    text = re.sub(
        r"\]\((\d\d_[\w.]+\.ipynb|guides/[\w.-]+\.qmd)\)", r"](nbs/\1)", text
    )  # so do the other notebooks and the guides
    return text + "\n"


def picture():
    """Return what `mediarec demo` prints on the starter catalog, as an SVG without web fonts."""
    import io

    from rich.console import Console
    from rich.terminal_theme import MONOKAI

    from mediarec import Recommender, load_catalog
    from mediarec.cli.output import recommendations_table
    from mediarec.core import package_path

    console = Console(record=True, width=112, file=io.StringIO(), highlight=False)
    console.print("$ make demo\n")
    console.print(
        recommendations_table(
            Recommender().fit(load_catalog(package_path("starter.csv"))).recommend("Inception")
        )
    )
    svg = console.export_svg(title="mediarec", theme=MONOKAI, unique_id="demo")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.S)
    return svg.replace(
        "Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"
    )


if __name__ == "__main__":
    (HERE / "nbs" / "images").mkdir(exist_ok=True)
    (HERE / "nbs" / "images" / "demo.svg").write_text(picture(), encoding="utf-8")
    (HERE / "README.md").write_text(render(), encoding="utf-8")
    print("README.md written from nbs/index.ipynb")
