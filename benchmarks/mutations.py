"""Change a saved model at random, and see that each change is refused or harmless.

    python benchmarks/mutations.py                  400 changes of a model of the starter catalog
    python benchmarks/mutations.py --n 2000 --seed 7

Each change spoils one part of a copy of the model. Half of the changes also correct the size and
the checksum in the manifest, as somebody would who makes a model by hand. Then a process of its own
loads the model and asks it for recommendations, suggestions, filters, clusters and a text query.
The outcome is one of

- refused: one sentence,
- right: all answers are those of the unchanged model, or of a model with other values,
- wrong: any other exception, an answer that is not finite, or a process that crashed.
"""

import argparse
import collections
import json
import multiprocessing
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

TIMEOUT = 120  # seconds for loading a model and asking it
MAX_EXAMPLES = 20  # wrong outcomes that are printed


# Changes of JSON values


def spoil_json(value: object, rng: np.random.Generator) -> object:
    """Return a JSON value with one change somewhere inside it."""
    if isinstance(value, dict) and value and rng.random() < 0.7:
        key = list(value)[rng.integers(len(value))]
        changed = dict(value)
        if rng.random() < 0.3:
            del changed[key]
        else:
            changed[key] = spoil_json(value[key], rng)
        return changed
    if isinstance(value, list) and value and rng.random() < 0.7:
        position = int(rng.integers(len(value)))
        changed = list(value)
        if rng.random() < 0.3:
            del changed[position]
        else:
            changed[position] = spoil_json(value[position], rng)
        return changed
    others = [None, True, -1, 0, 10**12, 1.5e300, "", "x", [], {}, [None], {"x": None}]
    return others[rng.integers(len(others))]


# Changes of arrays


def spoil_array(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an array with other values, another shape or another dtype."""
    changes = [_drop_row, _add_row, _flatten, _add_axis, _empty, _to_integers, _to_text_size]
    changes += [_set_extreme, _set_extreme, _set_extreme, _shuffle]
    return changes[rng.integers(len(changes))](array, rng)


def _drop_row(array, rng):
    return array[:-1]


def _add_row(array, rng):
    return np.concatenate([array, array[:1]])


def _flatten(array, rng):
    return array.ravel() if array.ndim > 1 else array[:, None]


def _add_axis(array, rng):
    return array[None]


def _empty(array, rng):
    return array[:0]


def _to_integers(array, rng):
    return np.nan_to_num(array).astype(np.int64)


def _to_text_size(array, rng):
    return array.astype(np.float64)


def _set_extreme(array, rng):
    """Set one value to an extreme of its dtype."""
    changed = array.copy()
    if not changed.size:
        return changed
    if changed.dtype.kind == "f":
        extremes = [np.nan, np.inf, -np.inf, 1e30, -1.0]
    elif changed.dtype.kind == "b":
        extremes = [True, False]
    else:
        limits = np.iinfo(changed.dtype)
        extremes = [limits.min, limits.max, min(1_500_000_000, limits.max)]
    changed.flat[rng.integers(changed.size)] = extremes[rng.integers(len(extremes))]
    return changed


def _shuffle(array, rng):
    return rng.permutation(array)


def spoil_matrix(matrix: sparse.csr_matrix, rng: np.random.Generator) -> sparse.csr_matrix:
    """Return a sparse matrix with a wrong part; its class does not check it."""
    changed = matrix.copy()
    kind = rng.integers(6)
    if kind == 0:
        changed.indices[rng.integers(len(changed.indices))] = 1_500_000_000
    elif kind == 1:
        changed.indices[rng.integers(len(changed.indices))] = -5
    elif kind == 2:
        changed.data[rng.integers(len(changed.data))] = np.nan
    elif kind == 3:
        changed.indptr[rng.integers(1, len(changed.indptr))] = 2_000_000_000
    elif kind == 4:
        return changed[:-1]
    else:
        return changed[:, :-1]
    return changed


def spoil_frame(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return a frame with a column or a row missing, or with other values in a column."""
    column = frame.columns[rng.integers(len(frame.columns))]
    kind = rng.integers(6)
    if kind == 0:
        return frame.drop(columns=column)
    if kind == 1:
        return frame[:-1]
    if kind == 2:
        return pd.concat([frame, frame[:1]], ignore_index=True)
    if kind == 3:
        return frame.assign(**{column: None})
    if kind == 4:
        return frame.assign(**{column: 7})
    return frame.rename(columns={column: "another name"})


# Changes of a saved model


def spoil_model(folder: Path, rng: np.random.Generator) -> str:
    """Change a saved model in place; return what was changed, in words."""
    manifest = json.loads((folder / "manifest.json").read_text())
    names = sorted(manifest["files"])
    kind = rng.random()
    if kind < 0.08:
        text = json.dumps(spoil_json(manifest, rng))
        (folder / "manifest.json").write_text(text)
        return "manifest"
    name = names[rng.integers(len(names))]
    entry = manifest["files"][name]
    path = folder / manifest["folder"] / entry["file"]
    if kind < 0.14:
        del manifest["files"][name]
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return f"{name}: not in the manifest"
    if kind < 0.30:
        spoil_bytes(path, rng)
        return f"{name}: bytes"
    spoil_part(path, rng)
    if kind < 0.40:
        return f"{name}: values, old checksum"
    correct_checksum(folder, manifest, entry, path)
    return f"{name}: values, right checksum"


def spoil_bytes(path: Path, rng: np.random.Generator) -> None:
    """Change one byte of a file, or cut it off."""
    data = bytearray(path.read_bytes())
    position = int(rng.integers(len(data)))
    if rng.random() < 0.3:
        data = data[:position]
    else:
        data[position] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)


def spoil_part(path: Path, rng: np.random.Generator) -> None:
    """Change the values in the file of a part."""
    from safetensors.numpy import load_file, save

    if path.suffix == ".json":
        path.write_text(json.dumps(spoil_json(json.loads(path.read_text()), rng)))
    elif path.suffix == ".parquet":
        spoil_frame(pd.read_parquet(path), rng).to_parquet(path, index=False)
    elif path.suffix == ".npz":
        matrix = spoil_matrix(sparse.csr_matrix(sparse.load_npz(path)), rng)
        sparse.save_npz(path, matrix, compressed=False)
    else:
        array = spoil_array(load_file(path)["array"], rng)
        path.write_bytes(save({"array": np.ascontiguousarray(array)}))


def correct_checksum(folder: Path, manifest: dict, entry: dict, path: Path) -> None:
    """Write the size and the checksum of a file into the manifest."""
    from mediarec.files import file_sha256

    entry |= {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    (folder / "manifest.json").write_text(json.dumps(manifest))


# Loading and asking, in a process of its own


def use_model(folder: Path) -> None:
    """Load a model and ask it; raise AssertionError for an answer that is not finite."""
    from mediarec import Recommender
    from mediarec.core import MediarecError
    from mediarec.recommend.search import load_title_index

    model = Recommender.load(folder)
    titles = model.catalog.title
    rows = np.linspace(0, len(titles) - 1, 12).astype(int)
    ids = model.catalog.show_id
    for row in rows:
        answer = model.recommend(ids[row], n=10)
        assert np.isfinite(answer.score).all(), "a score is not finite"
        model.recommend(ids[row], n=5, type=model.catalog.type[row], diversity=0.3)
        model.suggest(str(titles[row])[:4])
    model.recommend(text="a heist in Spain, not scary")
    for genre in list(model.filter_values().genres)[:3]:
        model.recommend(ids[0], genre=genre, year=(1990, 2020))
    for method in model.clusters.columns:
        try:
            model.recommend(ids[0], cluster=method)
        except MediarecError:
            pass  # for example a title that is in no cluster
    load_title_index(folder)


def outcome_of(folder: Path, result) -> None:
    """Write the outcome of `use_model` into a pipe."""
    from mediarec.core import MediarecError

    try:
        use_model(folder)
        result.send(("right", ""))
    except MediarecError as e:
        is_sentence = "\n" not in str(e) and len(str(e)) < 600
        result.send(("refused", str(e)) if is_sentence else ("wrong", f"long message {e}"))
    except BaseException as e:
        result.send(("wrong", f"{type(e).__name__}: {e}"[:300]))


def run_mutation(folder: Path, seed: int) -> tuple[str, str, str]:
    """Change a copy of a model and use it; return the change, the outcome and the message."""
    with tempfile.TemporaryDirectory() as work_dir:
        copy = Path(work_dir) / "model"
        shutil.copytree(folder, copy)
        change = spoil_model(copy, np.random.default_rng(seed))
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=outcome_of, args=(copy, sender))
        process.start()
        sender.close()
        outcome, message = "wrong", "the process crashed or did not end"
        if receiver.poll(TIMEOUT):
            try:
                outcome, message = receiver.recv()
            except EOFError:
                pass
        process.kill()
        process.join()
    return change, outcome, message


def run_mutations(folder: Path, n: int, seed: int = 0) -> list[tuple[str, str, str]]:
    """Return the changes, the outcomes and the messages of `n` mutations."""
    return [run_mutation(folder, seed + i) for i in range(n)]


def save_small_model() -> Path:
    """Save a model of the starter catalog with two clusterings; return its folder."""
    from mediarec import Recommender, load_catalog
    from mediarec.core import package_path

    folder = Path(tempfile.mkdtemp()) / "model"
    catalog = load_catalog(package_path("starter.csv"))
    Recommender().fit(catalog, clusters=["kmeans", "communities"]).save(folder)
    return folder


def main() -> None:
    """Run the mutations and print their outcomes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    results = run_mutations(save_small_model(), args.n, args.seed)
    counts = collections.Counter(outcome for _, outcome, _ in results)
    wrong = [(change, message) for change, outcome, message in results if outcome == "wrong"]
    for change, message in wrong[:MAX_EXAMPLES]:
        print(f"wrong: {change}: {message}")
    print(dict(counts))


if __name__ == "__main__":
    main()
