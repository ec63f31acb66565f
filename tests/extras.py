"""Install mediarec with one extra in a new environment and run a small command of it.

python tests/extras.py EXTRA     "none" is the default install
python tests/extras.py --list    prints the extras as JSON, for the matrix of CI
"""

import json
import subprocess
import sys
import tempfile
import time
import venv
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[1]
NONE = "none"
BUILD = ["-m", "mediarec", "build", "--out", "model"]
SERVED = """
from mediarec.apps.web_app import ModelReloader, ServerConfig, create_app
from mediarec.apps.web_queries import WebView
from mediarec import Recommender
view = WebView(Recommender.load("model"), "model")
client = create_app(ModelReloader(lambda: view), ServerConfig(poster_dir="posters")).test_client()
assert client.get("/").status_code == 200
assert client.get("/api/recommend?title=Inception").json["results"]
"""
WIDGET = """
from mediarec.app import app
assert app("model").page
"""
SPREADSHEET = """
import zipfile
main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
package = "http://schemas.openxmlformats.org/package/2006/relationships"
link = f'<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}'
cell = '<row r="{0}"><c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c></row>'
rows = cell.format(1, "title") + cell.format(2, "Heat")
sheets = '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets>'
parts = {
    "_rels/.rels": f'{link}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'{link}/worksheet" Target="worksheets/s.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">{sheets}</workbook>',
    "xl/worksheets/s.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
}
with zipfile.ZipFile("films.xlsx", "w") as file:
    for name, text in parts.items():
        file.writestr(name, '<?xml version="1.0"?>' + text)
"""
MAP = """
from mediarec import Recommender
from mediarec.apps.cluster_map import plot_map
plot_map(Recommender.load("model")).savefig("map.png")
"""
DATA = """
from mediarec.core import MediarecError
from mediarec.data.download import fetch_netflix
try:
    fetch_netflix("data", download=lambda name: "nowhere")
except MediarecError as error:
    assert "could not be downloaded" in str(error), error
import kagglehub
assert kagglehub.dataset_download
"""
# What is run for an extra, one command of Python after the other
COMMANDS = {
    NONE: [],
    "plot": [["-c", "import seaborn, mediarec.plotting"]],
    "cluster": [[*BUILD, "--clusters", "kprototypes,hdbscan,lda_dbscan"]],
    "map": [[*BUILD, "--clusters", "communities"], ["-c", MAP]],
    "deep": [[*BUILD, "--clusters", "deep"]],
    "encoder": [["-c", "import sentence_transformers, mediarec.features.embedding"]],
    "data": [["-c", DATA]],
    "excel": [["-c", SPREADSHEET], ["-m", "mediarec", "clean", "--catalog", "films.xlsx"]],
    "posters": [["-c", "import mediarec.apps.poster_cache, mediarec.apps.tmdb_settings"]],
    "web": [["-c", SERVED]],
    "lab": [["-m", "voila", "--version"], ["-c", WIDGET]],
    "scale": [["-m", "mediarec", "build", "--large", "--workers", "2", "--out", "large"]],
    "bench": [["-c", "import usearch, tantivy, bm25s"]],
    "test": [["-m", "pytest", "--version"], ["-m", "build", "--version"]],
    "lint": [["-m", "ruff", "--version"], ["-m", "mypy", "--version"]],
    "docs": [["-c", "import quartodoc, pypandoc; pypandoc.get_pandoc_version()"]],
    "dev": [["-c", "import nbdev.showdoc"], ["-m", "pytest", "--version"]],
}


def list_extras() -> list[str]:
    """Return the extras of settings.ini."""
    settings = ConfigParser(delimiters=["="], interpolation=None)
    settings.read(ROOT / "settings.ini", encoding="utf-8")
    suffix = "_requirements"
    return [name.removesuffix(suffix) for name in settings["DEFAULT"] if name.endswith(suffix)]


def check_extra(extra: str, folder: Path) -> None:
    """Install an extra into a folder, and run the program and the commands of the extra there."""
    start = time.monotonic()
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    wanted = str(ROOT) if extra == NONE else f"{ROOT}[{extra}]"
    run([python, "-m", "pip", "install", "--quiet", wanted], folder)
    print(f"{extra}: installed in {time.monotonic() - start:.0f} s", flush=True)
    start = time.monotonic()
    run([python, *BUILD], folder)
    run([python, "-m", "mediarec", "recommend", "Inception", "--model", "model"], folder)
    for command in COMMANDS[extra]:
        run([python, *command], folder)
    print(f"{extra}: ran in {time.monotonic() - start:.0f} s")


def run(command: list, folder: Path) -> None:
    """Run a command; its output is printed if it fails."""
    text = [str(part) for part in command]
    done = subprocess.run(text, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(
            f"{' '.join(text[:6])} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )


def main() -> None:
    """Print the list, or check one extra."""
    if sys.argv[1:] == ["--list"]:
        print(json.dumps([NONE, *list_extras()]))
        return
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        raise SystemExit(f"usage: python tests/extras.py --list | {' | '.join(COMMANDS)}")
    with tempfile.TemporaryDirectory(prefix="mediarec-extra-") as folder:
        check_extra(sys.argv[1], Path(folder))


if __name__ == "__main__":
    main()
