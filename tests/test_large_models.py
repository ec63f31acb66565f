"""Large models that are killed, written by two processes, or damaged."""

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mediarec import load_catalog
from mediarec.core import CatalogError, MediarecError, StoreError
from mediarec.data import store
from mediarec.data.store import read_manifest
from mediarec.files import manifest_path
from mediarec.scale import ondisk, ondisk_build, ondisk_files
from mediarec.scale.ondisk import OnDiskRecommender
from mediarec.scale.ondisk_batch import export_neighbors, recommend_batch_parallel
from mediarec.scale.ondisk_build import build_model

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))
import kills

N_TITLES = 240
SHARD_SIZE = 80
N_KILLS = 10
ROOT_FILES = ["terms_cast.arrow", "cast_countries.safetensors", "embedding.safetensors"]
SHARD_FILES = ["arrays.safetensors", "catalog.arrow", "titles.sqlite", "clusters.safetensors"]
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def titles():
    return load_catalog()


@pytest.fixture(scope="module")
def built(titles, tmp_path_factory):
    """A model of three shards that no test changes."""
    folder = tmp_path_factory.mktemp("built") / "model"
    build_model(titles[:N_TITLES], folder=folder, shard_size=SHARD_SIZE)
    return folder


@pytest.fixture
def folder(built, tmp_path):
    return Path(shutil.copytree(built, tmp_path / "model"))


def use(folder):
    """Open a model, and use each of its files; return recommendations."""
    model = OnDiskRecommender(folder)
    catalog = model.catalog
    found = []
    for row in range(0, N_TITLES, SHARD_SIZE):
        results = model.recommend(catalog.show_id.iloc[row], n=5, cluster="kmeans")
        found.append(results[["show_id", "why"]].values.tolist())
    found.append(model.recommend(text="a funny film about a heist", n=5).show_id.tolist())
    found += [model.suggest(text, 5).show_id.tolist() for text in ("the", "incepton")]
    model.filter_values()
    return found


# Two writers


def test_two_handles_lose_no_titles(folder, titles):
    first, second = OnDiskRecommender(folder), OnDiskRecommender(folder)
    first.add(titles[300:303])
    second.add(titles[303:305])
    first.remove(titles.show_id[0])
    for model in (first, OnDiskRecommender(folder)):
        assert len(model.catalog) == N_TITLES + 4
        assert titles.show_id[0] not in model.row_by_id
        assert titles.show_id[304] in model.row_by_id
    assert len(second.catalog) == N_TITLES + 5, "it is read as it was after its own change"
    with pytest.raises(StoreError, match="changed since the model was opened: open the model"):
        second.verify()
    with pytest.raises(StoreError, match="changed since the model was opened: open the model"):
        recommend_batch_parallel(second, [titles.show_id[1]])
    assert kills.leftovers(folder) == []


def test_two_processes_lose_no_titles(folder, titles, tmp_path):
    processes = []
    for i in range(2):
        path = tmp_path / f"{i}.parquet"
        titles[300 + 5 * i : 305 + 5 * i].to_parquet(path, index=False)
        processes.append(kills.start(kills.python(kills.ADD, folder, path)))
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    assert len(OnDiskRecommender(folder).catalog) == N_TITLES + 10


def test_a_handle_outlives_a_new_build(folder, titles):
    model = OnDiskRecommender(folder)
    expected = model.recommend(titles.show_id[0], n=5).show_id.tolist()
    build_model(titles[300:400], folder=folder, clusters=())
    assert model.recommend(titles.show_id[0], n=5).show_id.tolist() == expected
    assert len(model.catalog) == N_TITLES
    model.add(titles[:1])  # to the model that is in the folder now
    assert len(model.catalog) == len(OnDiskRecommender(folder).catalog) == 101


def test_a_writer_waits_and_then_says_so(folder, titles, monkeypatch):
    monkeypatch.setattr(store, "_LOCK_SECONDS", 0.1)
    model = OnDiskRecommender(folder)
    before = read_manifest(folder)
    with store.lock_model(folder):
        for write in (
            lambda: model.add(titles[300:301]),
            lambda: model.remove(titles.show_id[0]),
            lambda: build_model(titles[:50], folder=folder),
        ):
            with pytest.raises(StoreError, match="another process is writing .*: try again"):
                write()
    assert read_manifest(folder) == before
    assert kills.leftovers(folder) == []


def test_a_build_keeps_a_model_that_was_saved_meanwhile(folder, titles, monkeypatch):
    run_passes = ondisk_build._run_passes

    def save_meanwhile(*args):
        # a writer that does not use the lock
        manifest = read_manifest(folder) | {"kind": "recommender"}
        manifest_path(folder).write_text(json.dumps(manifest))
        return run_passes(*args)

    monkeypatch.setattr(ondisk_build, "_run_passes", save_meanwhile)
    with pytest.raises(StoreError, match="another process has changed .* during the build"):
        build_model(titles[:50], folder=folder, clusters=())
    assert read_manifest(folder)["kind"] == "recommender"


def test_a_model_that_is_replaced_while_it_is_opened(folder, titles, monkeypatch):
    check = ondisk._check_manifest

    def replace_first(*args):
        monkeypatch.setattr(ondisk, "_check_manifest", check)
        build_model(titles[:50], folder=folder, clusters=())
        return check(*args)

    monkeypatch.setattr(ondisk, "_check_manifest", replace_first)
    assert len(OnDiskRecommender(folder)) == 50


def test_a_failed_add_leaves_nothing(folder, titles, monkeypatch):
    model = OnDiskRecommender(folder)

    def fill_disk(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ondisk, "atomic_write_text", fill_disk)
    with pytest.raises(StoreError, match="cannot be written: No space left on device"):
        model.add(titles[300:302])
    assert kills.leftovers(folder) == []
    assert len(model.catalog) == N_TITLES


def test_a_build_on_a_full_disk_keeps_the_old_model(folder, titles, monkeypatch):
    def fill_disk(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ondisk_build, "fit_projection_from_sums", fill_disk)
    with pytest.raises(StoreError, match="could not be built in .*: No space left on device"):
        build_model(titles[:50], folder=folder, clusters=())
    assert kills.leftovers(folder) == []
    assert len(OnDiskRecommender(folder)) == N_TITLES


# Kills


def test_killed_builds_and_adds_leave_a_whole_model_and_nothing_else(tmp_path):
    rows = kills.kill_large(N_KILLS, tmp_path, kills.make_rows(N_KILLS), random.Random(0))
    for row in rows:
        assert row.kills == N_KILLS // 2, row
        assert row.whole == row.kills + row.finished, row
        assert row.left_after == [], row


def test_a_killed_build_in_a_temporary_folder_is_swept(tmp_path, monkeypatch, titles):
    old, new = (tmp_path / f"mediarec-build-{name}" for name in ("old", "new"))
    other = tmp_path / "other"
    for path in (old, new, other):
        path.mkdir()
    hours_ago = time.time() - 7200
    for path in (old, other):
        ondisk_files.os.utime(path, (hours_ago, hours_ago))
    build_model(titles[:50], folder="memory://model", clusters=(), temp_folder=tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {new.name, "other"}


# Damaged files


def path_of(folder, name, shard=0):
    root = folder / read_manifest(folder)["folder"]
    return root / name if name in ROOT_FILES else root / f"shard-{shard:05d}" / name


def correct_digests(folder):
    """Write the sizes and digests of the files as they are into the manifest."""
    manifest = read_manifest(folder)
    root = folder / manifest["folder"]
    for name in manifest["files"]:
        content = (root / name).read_bytes() if (root / name).exists() else b""
        digest = hashlib.sha256(content).hexdigest()
        manifest["files"][name] = {"bytes": len(content), "sha256": digest}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def damage(path, how):
    content = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "null":
        path.write_bytes(b"null")
    elif how == "wrong ends":
        path.write_bytes(b"\xff" * 16 + content[16:-16] + b"\xff" * 16)
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + b"\xff" * 64 + content[middle + 64 :])


@pytest.mark.parametrize("name", ROOT_FILES + SHARD_FILES)
@pytest.mark.parametrize("how", ["missing", "empty", "cut", "null", "wrong ends", "corrupt"])
def test_a_damaged_file_is_named(folder, name, how):
    path = path_of(folder, name)
    damage(path, how)
    with pytest.raises(StoreError, match=f"{path.name} .*: build the model again") as error:
        OnDiskRecommender(folder)
    assert "\n" not in str(error.value)
    if how == "corrupt":
        return
    correct_digests(folder)
    with pytest.raises(StoreError, match=f"{path.name} .*: build the model again"):
        OnDiskRecommender(folder)


@pytest.mark.parametrize("name", SHARD_FILES)
def test_a_file_of_another_shard_is_recognized(folder, name):
    shutil.copy(path_of(folder, name, shard=1), path_of(folder, name))
    correct_digests(folder)
    with pytest.raises(StoreError, match=f"{name} is not the file of this place, but .shard-00001"):
        use(folder)


def test_a_vocabulary_of_another_block_is_recognized(folder):
    path = path_of(folder, "terms_cast.arrow")
    shutil.copy(path.with_name("terms_director.arrow"), path)
    correct_digests(folder)
    with pytest.raises(StoreError, match="but 'terms_director.arrow'"):
        use(folder)


def change_arrays(path, name, change):
    arrays = {key: np.array(values) for key, values in ondisk_files.open_arrays(path).items()}
    arrays[name] = change(arrays[name])
    ondisk_files.write_arrays(path, arrays)


@pytest.mark.parametrize(
    ("name", "array", "change"),
    [
        ("arrays.safetensors", "number", lambda a: a[:-1]),
        ("arrays.safetensors", "vectors", lambda a: a.astype(np.float64)),
        ("arrays.safetensors", "dense", lambda a: a[:, :-1]),
        ("arrays.safetensors", "cell_start", lambda a: a + 1),
        ("arrays.safetensors", "slot_start", lambda a: a * 1_000_000),
        ("arrays.safetensors", "slot_start", lambda a: np.r_[a[0], a[-2:0:-1], a[-1]]),
        ("arrays.safetensors", "post_slot", lambda a: a + np.uint32(1_500_000_000)),
        ("clusters.safetensors", "kmeans", lambda a: a + 100),
        ("clusters.safetensors", "kmeans", lambda a: a[:-1]),
        ("cast_countries.safetensors", "indices", lambda a: a + 1_500_000_000),
        ("cast_countries.safetensors", "indptr", lambda a: a[::-1].copy()),
        ("embedding.safetensors", "components", lambda a: a[:, :-1]),
    ],
)
def test_numbers_out_of_range_with_right_digests(folder, titles, name, array, change):
    change_arrays(path_of(folder, name), array, change)
    correct_digests(folder)
    with pytest.raises(StoreError, match="build the model again") as error:
        use(folder)
        OnDiskRecommender(folder).add(titles[300:301])
    assert "\n" not in str(error.value)


def test_a_query_on_a_larger_model_names_the_file_that_was_changed(folder, monkeypatch, titles):
    monkeypatch.setattr(ondisk, "_DIGESTED_BYTES", 0)
    path = path_of(folder, "arrays.safetensors")
    change_arrays(path, "vectors", lambda vectors: vectors * np.float32("nan"))
    model = OnDiskRecommender(folder)
    with pytest.raises(StoreError, match="arrays.safetensors was changed since it was written"):
        model.recommend(titles.show_id[0])


def test_random_damage_with_right_digests_gives_an_answer_or_one_sentence(built, tmp_path):
    expected = use(built)
    damages = random.Random(0)
    names = sorted(read_manifest(built)["files"])
    outcomes = []
    for _ in range(60):
        folder = Path(shutil.copytree(built, tmp_path / "damaged"))
        path = folder / read_manifest(folder)["folder"] / damages.choice(names)
        content = bytearray(path.read_bytes())
        start = damages.randrange(len(content))
        n_bytes = damages.choice([1, 8, 400])
        content[start : start + n_bytes] = damages.randbytes(len(content[start : start + n_bytes]))
        path.write_bytes(content)
        correct_digests(folder)
        try:
            outcomes.append("same" if use(folder) == expected else "other")
        except StoreError as error:
            assert "\n" not in str(error)
            outcomes.append("error")
        shutil.rmtree(folder)
    assert outcomes.count("error") > 15, outcomes
    assert outcomes.count("same") > 15, outcomes


@pytest.mark.parametrize(
    "change",
    [
        {"shards": None},
        {"shards": [{"folder": "../../secret", "titles": 80}]},
        {"shards": [{"folder": "shard-00000", "titles": "80"}]},
        {"genres": [None]},
        {"weights": {"cast": "much"}},
        {"added_vocabularies": ["../x"]},
        {"probe_limit": None},
        {"cluster_descriptions": {"kmeans": None}},
        {"files": {"terms_cast.arrow": None}},
    ],
)
def test_a_wrong_manifest_gives_one_sentence(folder, change):
    manifest = read_manifest(folder) | change
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(StoreError, match="build the model again"):
        use(folder)


# A cluster that loses processes


class Cluster:
    """A Dask scheduler and two workers in processes of their own."""

    def __init__(self, folder):
        self.file = folder / "scheduler.json"
        options = ["--scheduler-file", str(self.file), "--no-dashboard"]
        self.scheduler = self.start("scheduler", "--port", "0", "--host", "127.0.0.1", *options)
        worker = [*options, "--nthreads", "1", "--no-nanny", "--death-timeout", "20"]
        self.workers = [self.start("worker", *worker) for _ in range(2)]

    def start(self, name, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *options]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, stdout=quiet, stderr=quiet)

    def connect(self):
        from distributed import Client

        deadline = time.monotonic() + 60
        while not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        client = Client(scheduler_file=str(self.file), timeout=60)
        client.wait_for_workers(2, timeout=60)
        return client

    def stop(self):
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    distributed = pytest.importorskip("distributed")
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "2s"}):
        with dask.config.set({"distributed.comm.retry.count": 0}):
            cluster = Cluster(tmp_path)
            yield cluster
            cluster.stop()
    assert distributed


class KillingClient:
    """A Dask client that kills a process after it has submitted the tasks of a step."""

    def __init__(self, client, process, step):
        self.client = client
        self.process = process
        self.step = step

    def __getattr__(self, name):
        return getattr(self.client, name)

    def map(self, *args, **options):
        self.step -= 1
        futures = self.client.map(*args, **options)
        if self.step == 0:
            threading.Timer(0.1, self.process.send_signal, [signal.SIGKILL]).start()
        return futures


def test_a_dead_worker_changes_no_recommendation(cluster, titles, built, tmp_path):
    client = cluster.connect()
    queries = titles.show_id[:N_TITLES:4].tolist()
    expected = recommend_batch_parallel(OnDiskRecommender(built), queries, n=5)
    folder = tmp_path / "model"
    killing = KillingClient(client, cluster.workers[0], step=1)
    build_model(titles[:N_TITLES], killing, folder, shard_size=SHARD_SIZE)
    assert cluster.workers[0].wait(10) == -signal.SIGKILL
    assert kills.leftovers(folder) == []
    found = recommend_batch_parallel(OnDiskRecommender(folder), queries, n=5, client=client)
    assert found.candidate_id.tolist() == expected.candidate_id.tolist()
    np.testing.assert_allclose(found.score, expected.score, atol=1e-5)
    client.close()


def test_a_dead_worker_changes_no_batch(cluster, titles, built, monkeypatch):
    monkeypatch.setattr("mediarec.scale.ondisk_batch._BATCH_SIZE", 5)
    client = cluster.connect()
    queries = titles.show_id[:N_TITLES].tolist()
    expected = recommend_batch_parallel(OnDiskRecommender(built), queries, n=5)
    killing = KillingClient(client, cluster.workers[0], step=1)
    found = recommend_batch_parallel(OnDiskRecommender(built), queries, n=5, client=killing)
    assert cluster.workers[0].wait(10) == -signal.SIGKILL
    assert found.candidate_id.tolist() == expected.candidate_id.tolist()
    client.close()


@pytest.mark.parametrize("step", [1, 6])
def test_a_lost_scheduler_keeps_the_old_model(cluster, titles, folder, step):
    client = cluster.connect()
    before = use(folder)
    killing = KillingClient(client, cluster.scheduler, step)
    with pytest.raises(MediarecError, match="the Dask scheduler was lost in the step") as error:
        build_model(titles[:N_TITLES], killing, folder, shard_size=20)
    assert "\n" not in str(error.value)
    client.close(timeout=1)
    cluster.stop()  # a worker that still runs may write a last file
    assert use(folder) == before
    build_model(titles[:N_TITLES], folder=folder, shard_size=SHARD_SIZE)
    assert kills.leftovers(folder) == []


def test_a_lost_scheduler_ends_a_batch(cluster, titles, built, tmp_path, monkeypatch):
    monkeypatch.setattr("mediarec.scale.ondisk_batch._EXPORT_SIZE", 5)
    client = cluster.connect()
    killing = KillingClient(client, cluster.scheduler, step=1)
    model = OnDiskRecommender(built)
    with pytest.raises(MediarecError, match="the Dask scheduler was lost in the step 'neighbors'"):
        export_neighbors(model, tmp_path / "neighbors", n=5, client=killing)
    client.close(timeout=1)
    cluster.stop()
    export_neighbors(model, tmp_path / "neighbors", n=5)  # continues
    names = sorted(path.suffix for path in (tmp_path / "neighbors").iterdir())
    assert names == [".parquet"] * (N_TITLES // 5)


def test_parquet_bomb(tmp_path):
    """A file of some kilobytes says that it has twenty million rows."""
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"title": pa.array(np.zeros(20_000_000, dtype=bool))}), path)
    with pytest.raises(CatalogError, match="20,000,000 rows do not fit into the file"):
        build_model(path, folder=tmp_path / "model", clusters=())
