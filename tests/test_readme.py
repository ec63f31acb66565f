"""README.md is what nbs/index.ipynb says, and what it links to is there."""

import re

from readme import HERE, render


def test_readme_is_the_index():
    assert (HERE / "README.md").read_text(encoding="utf-8") == render(), "run: make readme"


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", render())
    local = [link for link in links if "://" not in link]
    assert local and not [link for link in local if not (HERE / link).exists()]


def test_commands_are_targets():
    makefile = (HERE / "Makefile").read_text()
    named = set(re.findall(r"`?make (\w+)", render()))
    assert {"demo", "test"} <= named and not [
        t for t in named if not re.search(rf"^{t}:", makefile, re.M)
    ]
