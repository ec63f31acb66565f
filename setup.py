"""Read settings.ini, the one source of metadata, and hand it to setuptools."""

from configparser import ConfigParser
from pathlib import Path
from setuptools import find_packages, setup

here = Path(__file__).parent
settings = ConfigParser(delimiters=["="], interpolation=None)
settings.read(here / "settings.ini", encoding="utf-8")
cfg = settings["DEFAULT"]
EXTRAS = ("cluster", "deep", "data", "posters", "web", "lab", "scale", "bench", "dev")
PACKAGE_DATA = [
    "py.typed",
    "assets/*.csv",
    "assets/*.json",
    "assets/*.md",
    "static/*.css",
    "static/*.js",
    "static/*.svg",
    "templates/*.html",
]

setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=(here / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author=cfg["author"],
    license="MIT",
    license_files=["LICENSE"],
    url=cfg["git_url"].replace("%(user)s", cfg["user"]).replace("%(repo)s", cfg["repo"]),
    keywords=cfg["keywords"].split(),
    python_requires=f">={cfg['min_python']},<3.14",
    packages=find_packages(include=["mediarec", "mediarec.*"]),
    package_data={"mediarec": PACKAGE_DATA},
    include_package_data=False,
    install_requires=cfg["requirements"].split(),
    extras_require={name: cfg[f"{name}_requirements"].split() for name in EXTRAS},
    entry_points={"console_scripts": cfg["console_scripts"].split()},
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Natural Language :: English",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)),
    ],
)
