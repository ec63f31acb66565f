"""Lint, format, types and spelling: what `make lint` and CI run."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PROSE = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "nbs/guides"]
CODE = ["mediarec", "tests", "benchmarks", "setup.py"]


def run(name: str, *command: str | Path) -> bool:
    """Run a tool and say whether it found nothing."""
    print(f"== {name}", flush=True)
    return subprocess.run([str(part) for part in command], cwd=ROOT).returncode == 0


def write_sources(folder: Path) -> None:
    """Write the cells of every notebook as text. Outputs contain names, which are not checked."""
    for path in sorted((ROOT / "nbs").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells)
        (folder / f"{path.stem}.txt").write_text(text, encoding="utf-8")


def check_spelling() -> bool:
    """Check prose, code and the sources of the notebooks."""
    with tempfile.TemporaryDirectory() as folder:
        write_sources(Path(folder))
        return run("spelling (codespell)", BIN / "codespell", *PROSE, *CODE, folder)


def main() -> int:
    """Run every check, even after one has failed."""
    passed = [
        run("lint (ruff check)", BIN / "ruff", "check", "."),
        run("format (ruff format)", BIN / "ruff", "format", "--check", "."),
        run("types (mypy)", BIN / "mypy"),
        check_spelling(),
    ]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
