"""The examples in the docstrings of public names are run, so that what they show is true."""

import doctest
import importlib
import warnings

import pytest
from docs_reference import own_names


def public_modules(root):
    """The modules with public names of their own: name to names."""
    modules = {}
    for path in sorted((root / "mediarec").rglob("*.py")):
        if names := sorted(own_names(path)):
            modules[".".join(path.relative_to(root).with_suffix("").parts)] = names
    return modules


def find_examples(root):
    """The examples of each public function, class and method, with the names of its module."""
    finder = doctest.DocTestFinder()
    for module_name, names in public_modules(root).items():
        module = importlib.import_module(module_name)
        for name in names:
            item = getattr(module, name, None)
            if getattr(item, "__module__", None) == module_name:  # neither a constant nor imported
                yield from finder.find(item, name, module, vars(module).copy())


def test_examples_are_true(root, tmp_path, monkeypatch):
    pytest.importorskip("hdbscan")
    monkeypatch.delenv("MEDIAREC_CATALOG", raising=False)
    monkeypatch.delenv("TMDB_API_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    examples = [found for found in find_examples(root) if found.examples]
    assert len(examples) > 90
    runner = doctest.DocTestRunner(verbose=False)
    for example in examples:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runner.run(example)
    assert runner.failures == 0, "see the output of the test"
