"""The files of a release: one version everywhere, and a citation that can be read."""

import re

import pytest
import release
import yaml


def test_every_file_states_the_same_version():
    assert release.version_errors() == []
    version = release.stated_versions()["settings.ini"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert release.version_errors(f"v{version}") == []


def test_a_wrong_tag_is_found():
    (error,) = release.version_errors("v9.9.9")
    assert error.startswith("the tag says version 9.9.9")


@pytest.mark.parametrize("name", ["CITATION.cff", "CHANGELOG.md"])
def test_a_forgotten_file_is_found(name, monkeypatch):
    versions = release.stated_versions()
    monkeypatch.setattr(release, "stated_versions", lambda: {**versions, name: "0.0.1"})
    (error,) = release.version_errors()
    assert error.startswith(f"{name} says version 0.0.1")


def test_the_citation_has_the_date_of_the_release():
    """Its keys are checked in test_manners, and its schema by cffconvert in the workflow."""
    citation = yaml.safe_load((release.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (release.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{citation['version']}] - {citation['date-released']}" in changes
