"""Write constraints.txt: the versions of all packages that the requirements of settings.ini bring.

python tests/constraints.py          writes the versions of this environment, the one of [dev]
python tests/constraints.py --check  only compares

An extra that is not part of [dev] and is not installed gets the versions that pip would install.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
HEADER = """\
# The versions that CI has tested together: pip install -c constraints.txt ".[web]"
# Written by tests/constraints.py.
"""


def read_settings() -> dict[str, str]:
    """Return settings.ini as a dict."""
    settings = ConfigParser(delimiters=["="], interpolation=None)
    settings.read(ROOT / "settings.ini", encoding="utf-8")
    return dict(settings["DEFAULT"])


def own_requirements() -> list[Requirement]:
    """Return the requirements of the package and of all its extras."""
    lists = [text for name, text in read_settings().items() if name.endswith("requirements")]
    return [Requirement(text) for requirements in lists for text in requirements.split()]


def without_local(version: str) -> str:
    """Return a version without the part that names a build, such as +cpu."""
    return Version(version).public


def dependencies(requirement: Requirement) -> Iterator[Requirement]:
    """Yield what an installed package needs here, with the extras that a requirement asks for."""
    for text in distribution(requirement.name).requires or []:
        other = Requirement(text)
        extras = ["", *requirement.extras]
        if other.marker is None or any(other.marker.evaluate({"extra": e}) for e in extras):
            yield other


def installed_versions() -> tuple[dict[str, str], list[Requirement]]:
    """Return the versions of all needed packages, and the requirements that are not installed."""
    versions: dict[str, str] = {}
    missing = []
    seen = set()
    waiting = own_requirements()
    while waiting:
        requirement = waiting.pop()
        key = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if key in seen:
            continue
        seen.add(key)
        try:
            versions[key[0]] = without_local(distribution(requirement.name).version)
            waiting += dependencies(requirement)
        except PackageNotFoundError:
            missing.append(requirement)
    return versions, missing


def resolve(requirement: Requirement, *options: str) -> dict[str, str] | None:
    """Return the versions that pip would install for a requirement; None if there are none."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--report", "-"]
    done = subprocess.run([*pip, *options, str(requirement)], capture_output=True, text=True)
    if done.returncode:
        return None
    found = [package["metadata"] for package in json.loads(done.stdout)["install"]]
    return {canonicalize_name(p["name"]): without_local(p["version"]) for p in found}


def add_missing(missing: list[Requirement], versions: dict[str, str]) -> list[str]:
    """Add the versions of packages that are not installed; return those that need others."""
    conflicting = []
    for requirement in missing:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(format_lines(versions))
            file.flush()
            found = resolve(requirement, "--constraint", file.name)
        if found is None:
            name = canonicalize_name(requirement.name)
            conflicting.append(name)
            found = {name: (resolve(requirement) or {})[name]}
        versions |= found
    return sorted(conflicting)


def format_lines(versions: dict[str, str]) -> str:
    """Return versions as lines of a file of constraints."""
    return "".join(f"{name}=={version}\n" for name, version in sorted(versions.items()))


def main() -> int:
    """Write or compare the file."""
    versions, missing = installed_versions()
    conflicting = add_missing(missing, versions)
    for name in ("mediarec", "pip", "setuptools", "wheel"):
        versions.pop(name, None)
    text = HEADER
    for name in conflicting:
        text += f"# {name} needs older versions of other packages: install it without this file.\n"
    text += format_lines(versions)
    if sys.argv[1:] == ["--check"]:
        is_same = CONSTRAINTS.is_file() and CONSTRAINTS.read_text(encoding="utf-8") == text
        print("constraints.txt is up to date" if is_same else "run python tests/constraints.py")
        return 0 if is_same else 1
    CONSTRAINTS.write_text(text, encoding="utf-8")
    print(f"{CONSTRAINTS.name}: {len(versions)} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
