"""Check and build a release.

python tests/release.py check [TAG]   the version is the same everywhere, and that of the tag
python tests/release.py build FOLDER  writes wheel and sdist into an empty folder; twine checks them
python tests/release.py install FILE  installs a wheel or an sdist in a new environment and uses it
"""

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import yaml
from docs_stage import ROOT, settings

USED = """
from mediarec import Recommender, __version__, load_catalog
found = Recommender().fit(load_catalog()).recommend("Inception", n=3)
assert len(found) == 3 and found.why.str.len().min() > 0
print(__version__, found.title.tolist())
"""


def stated_versions() -> dict[str, str]:
    """Return the version that each file states."""
    package = (ROOT / "mediarec" / "__init__.py").read_text(encoding="utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.search(r"^## \[(\d[^\]]*)\]", changes, re.M)
    stated = re.search(r'^__version__ = "(.*)"', package, re.M)
    return {
        "settings.ini": settings()["version"],
        "mediarec/__init__.py": stated[1] if stated else "",
        "CITATION.cff": str(citation["version"]),
        "CHANGELOG.md": released[1] if released else "",
    }


def version_errors(tag: str | None = None) -> list[str]:
    """Return the files, and the tag, whose version is not that of settings.ini."""
    versions = stated_versions()
    version = versions["settings.ini"]
    if tag is not None:
        versions["the tag"] = tag.removeprefix("v")
    return [
        f"{place} says version {stated}, and settings.ini says {version}"
        for place, stated in versions.items()
        if stated != version
    ]


def build(folder: Path) -> None:
    """Write wheel and sdist into a folder, and check them with twine."""
    if folder.exists() and any(folder.iterdir()):
        sys.exit(f"{folder} is not empty")
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, ROOT], check=True)
    files = sorted(folder.iterdir())
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], check=True)


def install(file: Path) -> None:
    """Install a wheel or an sdist in a new environment, recommend, and run the program."""
    with tempfile.TemporaryDirectory() as home:
        venv.create(Path(home, "venv"), with_pip=True)
        programs = Path(home, "venv", "Scripts" if sys.platform == "win32" else "bin")
        pip = [programs / "python", "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, file.resolve()], check=True)
        subprocess.run([programs / "python", "-c", USED], cwd=home, check=True)
        subprocess.run([programs / "mediarec", "demo"], cwd=home, check=True)


def main() -> int:
    """Run one of the three commands."""
    command, *rest = sys.argv[1:] or ["help"]
    if command == "check" and len(rest) < 2:
        errors = version_errors(*rest)
        print("\n".join(errors) or f"version {stated_versions()['settings.ini']} everywhere")
        return 1 if errors else 0
    if command == "build" and len(rest) == 1:
        build(Path(rest[0]))
        return 0
    if command == "install" and len(rest) == 1:
        install(Path(rest[0]))
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
