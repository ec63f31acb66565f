"""README.md from nbs/index.ipynb: markdown as it is, code in fences, outputs that are text below it.

Run it to write README.md and the picture in it; `render()` gives the text, which test_readme.py holds against the file.
"""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent.parent


def output(cell):
    """The text that a code cell printed or showed."""
    for out in cell.get("outputs", []):
        text = out.get("text") or out.get("data", {}).get("text/plain", [])
        if text:
            yield "```\n" + "".join(text).rstrip() + "\n```"


def part(cell):
    """One cell as markdown; hidden cells are left out."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source]
    if re.search(r"^#\|\s*hide\b", source, re.M):
        return []
    code = "\n".join(l for l in source.splitlines() if not l.startswith("#|"))
    return [f"```python\n{code.strip()}\n```", *output(cell)]


def render():
    """The README as text."""
    cells = json.loads((HERE / "nbs" / "index.ipynb").read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join(p.strip() for cell in cells for p in part(cell) if p.strip())
    text = re.sub(r"\]\((images/[^)]+)\)", r"](nbs/\1)", text)  # pictures lie beside the notebook
    text = text.replace("](../", "](")
    text = re.sub(
        r"\]\((\d\d_[\w.]+\.ipynb|guides/[\w.-]+\.qmd)\)", r"](nbs/\1)", text
    )  # so do the other notebooks and the guides
    return text + "\n"


def picture():
    """What `mediarec demo` prints on the starter catalogue, as an SVG with no font from elsewhere."""
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
