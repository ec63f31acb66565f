"""Read settings.ini, the one source of metadata, and hand it to setuptools."""

import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent
settings = ConfigParser(delimiters=["="], interpolation=None)
settings.read(here / "settings.ini", encoding="utf-8")
cfg = settings["DEFAULT"]
EXTRAS = [key.removesuffix("_requirements") for key in cfg if key.endswith("_requirements")]
PACKAGE_DATA = [
    "py.typed",
    "assets/*.csv",
    "assets/*.json",
    "assets/*.md",
    "assets/*.npz",
    "static/*.css",
    "static/*.js",
    "static/*.svg",
    "templates/*.html",
]


def extra_requirements(extra: str) -> list[str]:
    """Return the requirements of an extra and of the extras that it includes."""
    found = cfg[f"{extra}_requirements"].split()
    for other in cfg.get(f"{extra}_includes", "").split():
        found += extra_requirements(other)
    return list(dict.fromkeys(found))


def long_description(repository: str) -> str:
    """Return the README with absolute links, because PyPI has no files beside it."""
    text = (here / "README.md").read_text(encoding="utf-8")
    text = re.sub(r'(src|srcset)="(?!https?:)', rf'\1="{repository}/raw/{cfg["branch"]}/', text)
    text = re.sub(r"(!\[[^]]*\]\()(?!https?:)", rf"\1{repository}/raw/{cfg['branch']}/", text)
    return re.sub(r"\]\((?!https?:|#)", f"]({repository}/blob/{cfg['branch']}/", text)


REPOSITORY = cfg["git_url"].replace("%(user)s", cfg["user"]).replace("%(repo)s", cfg["repo"])
setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=long_description(REPOSITORY),
    long_description_content_type="text/markdown",
    author=cfg["author"],
    license="MIT",
    license_files=["LICENSE"],
    url=REPOSITORY,
    project_urls={
        "Documentation": f"{cfg['doc_host'].replace('%(user)s', cfg['user'])}/{cfg['repo']}",
        "Changes": f"{REPOSITORY}/blob/{cfg['branch']}/CHANGELOG.md",
        "Issues": f"{REPOSITORY}/issues",
    },
    keywords=cfg["keywords"].split(),
    # Not tested on later versions of Python.
    python_requires=f">={cfg['min_python']},<3.14",
    packages=find_packages(include=["mediarec", "mediarec.*"]),
    package_data={"mediarec": PACKAGE_DATA},
    include_package_data=False,
    install_requires=cfg["requirements"].split(),
    extras_require={extra: extra_requirements(extra) for extra in EXTRAS},
    entry_points={
        "console_scripts": cfg["console_scripts"].split(),
        # nbdev finds names here that a documentation mentions, and the source of each of them.
        "nbdev": [f"{cfg['lib_path']} = {cfg['lib_path']}._modidx:d"],
    },
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Natural Language :: English",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)),
    ],
)
