"""Kill builds and changes of models at random moments, and see that no model is lost.

  python benchmarks/kills.py                       100 kills of small builds, 40 of large models
  python benchmarks/kills.py --small 5 --large 6   fewer kills
  python benchmarks/kills.py --seed 1              other moments

Small builds are `mediarec build`. The kills of large models are half builds and half `add`; each
runs in a process of its own. After each kill, the model on disk must load, pass `verify`, answer
a query, and have all titles of before or all titles of after. At the end of each row, one more
build is completed. The table gives the kills, the models that were whole, the files and folders
that were left before that build, and those that were left after it. The exit code is 1 if a model
was not whole or if something was left.

The catalog is a part of the starter catalog. tests/test_large_models.py runs a few kills.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from mediarec import load_catalog, load_model

BASE_ROWS = 200  # titles of a build
ADDED_ROWS = 20  # titles of each `add`
READY = "ready"
START = f"""
import sys
import mediarec.scale.ondisk_update, mediarec.cluster.kmeans
from mediarec.scale.ondisk import OnDiskRecommender
from mediarec.scale.ondisk_build import build_model
print("{READY}", flush=True)
"""
BUILD = START + "build_model(sys.argv[2], folder=sys.argv[1], shard_size=80)"
ADD = START + "OnDiskRecommender(sys.argv[1]).add(sys.argv[2])"


@dataclass
class Row:
    """The kills of one kind."""

    name: str
    kills: int = 0
    finished: int = 0  # processes that ended before the kill
    whole: int = 0
    left_before: list[str] = field(default_factory=list)
    left_after: list[str] = field(default_factory=list)


def leftovers(folder: Path) -> list[str]:
    """Return the files and folders of a model that its manifest does not name."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    parts = folder / manifest["folder"]
    is_large = manifest.get("kind") == "large"
    files = manifest["files"]
    named = set(files) if is_large else {entry["file"] for entry in files.values()}
    named |= {name.split("/")[0] for name in named}
    left = [path for path in folder.iterdir() if path.name not in ("manifest.json", ".lock")]
    left = [path for path in left if path != parts]
    left += [path for path in parts.iterdir() if path.name not in named]
    return sorted(path.relative_to(folder).as_posix() for path in left)


def count_titles(folder: Path) -> int:
    """Load a model, read all of it, ask it, and return the number of its titles."""
    model = load_model(folder)
    if hasattr(model, "verify"):
        model.verify()
    catalog = model.catalog
    assert len(model.recommend(catalog.show_id.iloc[0], n=3)) == 3
    return len(catalog)


def start(command: list[str]) -> subprocess.Popen:
    """Start a process that is to be killed."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=subprocess.DEVNULL, text=True)


def python(code: str, folder: Path, catalog: Path) -> list[str]:
    """Return the command that runs code on a folder and a catalog."""
    return [sys.executable, "-c", code, str(folder), str(catalog)]


def run(command: list[str]) -> float:
    """Run a command to its end; return the seconds since it was ready, or since its start."""
    begin = time.monotonic()
    process = start(command)
    if READY in (process.stdout.readline() if command[1] == "-c" else ""):
        begin = time.monotonic()
    process.communicate()
    assert process.returncode == 0, f"{command} has failed"
    return time.monotonic() - begin


def kill(command: list[str], delay: float) -> bool:
    """Start a command, kill it after a delay, and return whether it was still running."""
    process = start(command)
    if command[1] == "-c":  # the delay starts when everything is imported
        process.stdout.readline()
    time.sleep(delay)
    is_running = process.poll() is None
    process.kill()
    process.communicate()
    return is_running


def kill_and_check(
    row: Row, command: list[str], delay: float, folder: Path, expected: set[int]
) -> int | None:
    """Kill a command, and check that the model in the folder has an expected number of titles."""
    is_running = kill(command, delay)
    row.kills += is_running
    row.finished += not is_running
    try:
        n_titles = count_titles(folder)
    except Exception as error:
        print(f"{row.name}: {type(error).__name__}: {error}")
        return None
    if n_titles not in expected:
        print(f"{row.name}: {n_titles} titles instead of {sorted(expected)}")
        return None
    row.whole += 1
    row.left_before = sorted({*row.left_before, *leftovers(folder)})
    return n_titles


def kill_small(n: int, home: Path, rows: list[pd.DataFrame], moments: random.Random) -> Row:
    """Kill builds of models in memory."""
    row = Row("small builds")
    folder = home / "small"
    commands = []
    for i, part in enumerate(rows[:2]):
        part.to_csv(home / f"{i}.csv", index=False)
        build = [sys.executable, "-m", "mediarec", "build", "--out", str(folder)]
        commands.append([*build, "--catalog", str(home / f"{i}.csv")])
    sizes = {len(part) for part in rows[:2]}
    seconds = run(commands[0])
    while row.kills < n:
        delay = moments.uniform(0.3, 1.05) * seconds  # the first third is imports
        kill_and_check(row, commands[row.kills % 2], delay, folder, sizes)
    run(commands[0])
    row.left_after = leftovers(folder)
    return row


def kill_large(n: int, home: Path, rows: list[pd.DataFrame], moments: random.Random) -> list[Row]:
    """Kill builds of large models, and `add`."""
    builds, adds = Row("large builds"), Row("add to a large model")
    folder = home / "large"
    paths = []
    for i, part in enumerate(rows):
        paths.append(home / f"{i}.parquet")
        part.to_parquet(paths[-1], index=False)
    build = [python(BUILD, folder, path) for path in paths[:2]]
    sizes = {len(part) for part in rows[:2]}
    build_seconds = run(build[0])
    while builds.kills < n // 2:
        delay = moments.uniform(0, 1.05) * build_seconds
        kill_and_check(builds, build[builds.kills % 2], delay, folder, sizes)
    run(build[0])
    builds.left_after = leftovers(folder)
    titles = count_titles(folder)
    add_seconds = run(python(ADD, folder, paths[2]))
    titles += len(rows[2])
    for path in paths[3:]:
        if adds.kills == n - n // 2:
            break
        expected = {titles, titles + ADDED_ROWS}
        delay = moments.uniform(0, 1.05) * add_seconds
        command = python(ADD, folder, path)
        titles = kill_and_check(adds, command, delay, folder, expected) or titles
    run(build[0])
    adds.left_after = leftovers(folder)
    return [builds, adds]


def make_rows(n_adds: int) -> list[pd.DataFrame]:
    """Return two catalogs for builds, and one for each `add`."""
    catalog = load_catalog()
    rows = [catalog[:BASE_ROWS], catalog[: BASE_ROWS + 1]]
    for i in range(n_adds):
        start = BASE_ROWS + 1 + i * ADDED_ROWS
        rows.append(catalog[start : start + ADDED_ROWS])
    return rows


def print_table(rows: list[Row]) -> None:
    """Print what was killed and what was left."""
    print(f"\n{'':22}{'kills':>7}{'ended before':>14}{'whole':>7}{'left':>6}{'after a build':>15}")
    for row in rows:
        left = f"{len(row.left_before):6}{len(row.left_after):15}"
        print(f"{row.name:22}{row.kills:7}{row.finished:14}{row.whole:7}{left}")
        for path in row.left_after:
            print(f"  left: {path}")


def main() -> int:
    """Kill, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--small", type=int, default=100, help="kills of small builds")
    parser.add_argument("--large", type=int, default=40, help="kills of large builds and of add")
    parser.add_argument("--seed", type=int, default=0, help="another number gives other moments")
    options = parser.parse_args()
    moments = random.Random(options.seed)
    home = Path(tempfile.mkdtemp(prefix="mediarec-kills-"))
    rows = []
    try:
        titles = make_rows(options.large + 1)  # half of them are spare
        if options.small:
            rows.append(kill_small(options.small, home, titles, moments))
        if options.large:
            rows += kill_large(options.large, home, titles, moments)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print_table(rows)
    is_whole = all(row.whole == row.kills + row.finished for row in rows)
    return 0 if is_whole and not any(row.left_after for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
