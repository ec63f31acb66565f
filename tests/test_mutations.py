"""A model that was changed is refused with one sentence, or is harmless.

`python benchmarks/mutations.py` tries 400 changes.
"""

import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from mutations import run_mutation, run_mutations, save_small_model, use_model  # noqa: E402

N_MUTATIONS = 40

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.fixture(scope="module")
def folder():
    """The folder of a small model with two clusterings."""
    return save_small_model()


def test_unchanged_model_is_used(folder):
    use_model(folder)


def test_mutations(folder):
    results = run_mutations(folder, N_MUTATIONS, seed=5)
    wrong = [(change, message) for change, outcome, message in results if outcome == "wrong"]
    assert not wrong
    outcomes = Counter(outcome for _, outcome, _ in results)
    assert outcomes["refused"] > N_MUTATIONS / 2


def test_mutations_are_repeatable(folder):
    assert run_mutation(folder, 11)[:2] == run_mutation(folder, 11)[:2]
