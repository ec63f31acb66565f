"""What a full disk, a folder that cannot be written, and hostile files do to a saved model."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mediarec import Recommender, load_catalog
from mediarec.core import StoreError, package_path
from mediarec.data.store import load_parts, save_parts
from mediarec.files import file_sha256, manifest_path

PARTS = {"numbers": np.arange(200_000, dtype=np.float64), "weights": {"cast": 1.0}}
MAX_FILE_BYTES = 300_000


@pytest.fixture
def folder(tmp_path):
    """The folder of a saved model."""
    save_parts(tmp_path / "model", {"weights": {"cast": 2.0}})
    return tmp_path / "model"


def save_with_limit(folder, parts):
    """Save parts while no file may have more than MAX_FILE_BYTES, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, limits[1]))
    try:
        save_parts(folder, parts)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_full_disk_keeps_the_old_model(folder):
    before = sorted(path.name for path in folder.rglob("*"))
    with pytest.raises(StoreError, match="cannot be written: File too large"):
        save_with_limit(folder, PARTS)
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert load_parts(folder)[0] == {"weights": {"cast": 2.0}}


def test_full_disk_gives_one_sentence_on_the_command_line(tmp_path):
    """The shell limits the size of the files that the command writes."""
    command = f"{sys.executable} -m mediarec build --catalog {package_path('starter.csv')}"
    script = f"ulimit -f 100; {command} --out {tmp_path / 'model'}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 74  # EX_IOERR
    last_line = done.stderr.strip().splitlines()[-1]
    assert "cannot be written" in last_line and "File too large" in last_line
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "model").glob("parts-*"))


@pytest.mark.parametrize("path", ["/proc/model", "/dev/null/model"])
def test_folder_that_cannot_be_written(path):
    with pytest.raises(StoreError, match="cannot be written"):
        save_parts(path, PARTS)


def test_deeply_nested_manifest(folder):
    manifest_path(folder).write_text("[" * 200_000)
    with pytest.raises(StoreError, match="is damaged: build the model again"):
        load_parts(folder)
    save_parts(folder, PARTS)  # a damaged model can be replaced
    assert load_parts(folder)[0]["weights"] == {"cast": 1.0}


def replace_part(folder, name, path):
    """Replace the file of a part; the manifest has the right size and checksum."""
    manifest = json.loads(manifest_path(folder).read_text())
    entry = manifest["files"][name]
    target = folder / manifest["folder"] / Path(entry["file"]).with_suffix(path.suffix).name
    target.write_bytes(path.read_bytes())
    entry |= {
        "file": target.name,
        "bytes": target.stat().st_size,
        "sha256": file_sha256(target),
    }
    manifest_path(folder).write_text(json.dumps(manifest))


def test_parquet_bomb(folder, tmp_path):
    """A file of some kilobytes says that it has twenty million rows."""
    bomb = tmp_path / "bomb.parquet"
    column = pa.array(np.zeros(20_000_000, dtype=bool))
    pq.write_table(pa.table({"x": column}), bomb, compression="zstd")
    assert bomb.stat().st_size < 100_000
    replace_part(folder, "weights", bomb)
    with pytest.raises(StoreError, match="20,000,000 rows do not fit into the file"):
        load_parts(folder)


def test_deeply_nested_part(folder, tmp_path):
    path = tmp_path / "nested.json"
    path.write_text("[" * 200_000)
    replace_part(folder, "weights", path)
    with pytest.raises(StoreError, match="cannot be read"):
        load_parts(folder)


def test_parts_that_do_not_fit_are_named(tmp_path):
    """A part of another model is refused, although its checksum is right."""
    catalog = load_catalog(package_path("starter.csv"))
    for name, n_titles in (("large", 300), ("small", 200)):
        Recommender().fit(catalog.head(n_titles)).save(tmp_path / name)
    small = json.loads(manifest_path(tmp_path / "small").read_text())
    entry = small["files"]["catalog"]
    replace_part(
        tmp_path / "large", "catalog", tmp_path / "small" / small["folder"] / entry["file"]
    )
    with pytest.raises(StoreError, match="the part 'rows' of the model has the shape"):
        Recommender.load(tmp_path / "large")
    assert len(pd.DataFrame(Recommender.load(tmp_path / "small").catalog)) == 200
