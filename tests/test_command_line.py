"""The program as a process: outputs that cannot be written, Ctrl-C, and errors as JSON."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "mediarec"]
OUTPUT_ERROR = 74
STOPPED = (130, -signal.SIGINT)  # a shell says 130 for both
needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def run(*arguments, shell="", **options):
    """Run the program in a shell, which may redirect its output; return the process."""
    command = " ".join(["exec", '"$@"', shell])
    whole = ["bash", "-c", command, "bash", *PROGRAM, *map(str, arguments)]
    return subprocess.run(whole, capture_output=True, text=True, timeout=120, **options)


def one_sentence(done, code):
    """Return the only line on standard error, after a check of the exit code."""
    assert done.returncode == code, done.stderr
    lines = [
        line for line in done.stderr.splitlines() if not line.startswith(("note:", "warning:"))
    ]
    assert len(lines) == 1 and lines[0].startswith("mediarec: "), done.stderr
    return lines[0].removeprefix("mediarec: ")


@pytest.fixture(scope="module", autouse=True)
def starter_catalog():
    """The processes find the starter catalog, whose ids the tests know."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MEDIAREC_CATALOG", raising=False)
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "model"
    assert run("build", "--out", folder, "--clusters", "kmeans").returncode == 0
    return folder


@pytest.fixture()
def commands(model, tmp_path):
    """Every command that answers from a model, or reads a catalog."""
    (tmp_path / "ids.txt").write_text("m0001\n")
    (tmp_path / "likes.txt").write_text("Inception\n")
    options = ["--model", model]
    return {
        "recommend": ["recommend", "Inception", *options],
        "recommend --json": ["recommend", "Inception", "--json", *options],
        "suggest": ["suggest", "incep", *options],
        "themes": ["themes", *options],
        "themes heist": ["themes", "heist", *options],
        "for-me": ["for-me", tmp_path / "likes.txt", "--json", *options],
        "clusters": ["clusters", "kmeans", *options],
        "info": ["info", *options],
        "clean": ["clean", "--out", tmp_path / "clean.csv"],
        "help": ["recommend", "--help"],
    }


@needs_full_device
def test_a_full_standard_output_is_one_sentence(commands):
    for arguments in commands.values():
        message = one_sentence(run(*arguments, shell=">/dev/full"), OUTPUT_ERROR)
        assert message == "standard output: No space left on device"


def test_a_closed_standard_output_is_one_sentence(commands, tmp_path):
    for arguments in commands.values():
        message = one_sentence(run(*arguments, shell=">&-"), OUTPUT_ERROR)
        assert message == "standard output is closed"
    assert not (tmp_path / "clean.csv").exists()


def test_a_closed_pipe_is_no_error(commands):
    for arguments in commands.values():
        whole = ["bash", "-c", '"$@" | :; exit ${PIPESTATUS[0]}', "bash", *PROGRAM, *arguments]
        done = subprocess.run(list(map(str, whole)), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert "Error" not in done.stderr


@needs_full_device
@pytest.mark.parametrize("shell", ["2>/dev/full", "2>&-"])
def test_standard_error_may_be_full_or_closed(model, tmp_path, shell):
    (tmp_path / "likes.txt").write_text("Inception\nNobody made this film\n")
    done = run("for-me", tmp_path / "likes.txt", "--model", model, "--json", shell=shell)
    assert done.returncode == 0
    assert json.loads(done.stdout)["unmatched"] == ["Nobody made this film"]
    assert run("recommend", "Nobody made this", "--model", model, shell=shell).returncode == 1


@needs_full_device
def test_files_on_a_full_device(model, tmp_path):
    (tmp_path / "ids.txt").write_text("m0001\n")
    for arguments in (
        ["batch", "--queries", tmp_path / "ids.txt", "--model", model],
        ["clean"],
    ):
        message = one_sentence(run(*arguments, "--out", "/dev/full"), OUTPUT_ERROR)
        assert message == "/dev/full cannot be written: No space left on device"


@pytest.fixture()
def small_disk(tmp_path):
    """A disk of 64 kB, which takes root to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_keeps_the_old_file(small_disk):
    out = small_disk / "data.csv"
    out.write_text("old\n")
    message = one_sentence(run("clean", "--out", out), OUTPUT_ERROR)
    assert message == f"{out} cannot be written: No space left on device"
    assert out.read_text() == "old\n"
    assert os.listdir(small_disk) == ["data.csv"]
    one_sentence(run("build", "--out", small_disk / "model"), OUTPUT_ERROR)
    assert run("recommend", "Inception", shell=f"> {small_disk}/answer.txt").returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    message = one_sentence(run("clean", "--out", out), OUTPUT_ERROR)
    assert message == f"{out} cannot be written: Read-only file system"


def stop_after(seconds, *arguments, cwd):
    """Send Ctrl-C to the program after some seconds; return its exit code and standard error."""
    process = subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C goes to all processes of a terminal
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    error = process.communicate(timeout=60)[1]
    return process.returncode, error


@pytest.mark.parametrize("seconds", [0.25, 0.6, 1.0, 1.5, 2.2])
def test_ctrl_c_is_one_line(model, tmp_path, seconds):
    shutil.copytree(model, tmp_path / "model")
    (tmp_path / "data.csv").write_text("old\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for arguments in (
        ["build", "--out", "model", "--clusters", "all"],
        ["build", "--large", "--workers", "2", "--out", "model"],
        ["compare", "--methods", "kmeans"],
        ["recommend", "Inception"],
        ["clean", "--out", "data.csv"],
    ):
        code, error = stop_after(seconds, *arguments, cwd=tmp_path)
        if code == 0:  # the command was faster
            continue
        assert code in STOPPED, (arguments, error)
        lines = [e for e in error.splitlines() if not e.startswith(("note:", "warning:"))]
        assert len(lines) == 1, (arguments, error)
        if lines[0] == "mediarec: stopped; nothing was changed":
            after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
            assert before == {path: after.get(path) for path in before}, arguments
        else:
            assert "had been written before" in lines[0]
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_errors_are_json_too(model):
    def answer(*arguments, code=1):
        done = run(*arguments, "--model", model, "--json")
        assert done.returncode == code, done.stderr
        found = json.loads(done.stdout)
        if code == 1:
            assert done.stderr.strip().endswith(f"mediarec: {found['error']}")
        return found

    assert set(answer("recommend", "Qqqqq")) == {"error"}
    title = {"show_id", "title", "release_year", "type"}
    choices = answer("recommend", "Zzzz")["choices"]
    assert choices and all(set(choice) == title for choice in choices)
    assert "Thrillers" in answer("recommend", "Inception", "--genre", "Thrill")["choices"]
    assert "heist" in answer("themes", "hiest")["choices"]
    assert answer("clusters", "deep")["choices"] == ["kmeans"]
    assert "Invalid value" in answer("recommend", "Inception", "-n", "0", code=2)["error"]
    done = run("info", "--model", "nowhere", "--json")
    assert set(json.loads(done.stdout)) == {"error"}


def write_histories(folder):
    """Write files with a NUL character in their third line; return the commands that read them."""
    catalog = "title,type\nHeat,Movie\nR\0an,Movie\n"
    contents = {
        "films.csv": catalog,
        "films.tsv": catalog.replace(",", "\t"),
        "films.json": '[\n{"title": "Heat"},\n{"title": "R\0an"}]',
        "history.csv": "Title,Date\nInception,1/5/20\nHe\0at,1/6/20\n",
        "ids.txt": "m0001\nm0002\nm00\0\x303\n",
        "judgments.csv": "query_id,candidate_id,grade\nm0001,m0002,3\nm0001,m00\0\x303,2\n",
    }
    for name, text in contents.items():
        (folder / name).write_text(text)
    return {
        "films.csv": ["clean", "--catalog", "films.csv"],
        "films.tsv": ["build", "--catalog", "films.tsv"],
        "films.json": ["build", "--large", "--catalog", "films.json"],
        "history.csv": ["for-me", "history.csv", "--json"],
        "ids.txt": ["batch", "--queries", "ids.txt", "--out", "run.csv"],
        "judgments.csv": ["evaluate", "--judgments", "judgments.csv", "--json"],
    }


def test_a_nul_character_is_named_with_its_line(model, tmp_path):
    for name, arguments in write_histories(tmp_path).items():
        env = os.environ | {"MEDIAREC_MODEL": str(model)}
        message = one_sentence(run(*arguments, cwd=tmp_path, env=env), 1)
        assert message.startswith(f"{name}, line 3: a NUL character"), message


def test_deep_brackets_are_one_sentence(model, tmp_path):
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 200_000)
    for arguments in (
        ["clean", "--catalog", deep],
        ["build", "--weights", deep, "--out", tmp_path / "new"],
        ["for-me", deep, "--model", model],
        ["batch", "--queries", deep, "--model", model, "--out", tmp_path / "run.csv"],
        ["evaluate", "--judgments", deep, "--model", model],
    ):
        message = one_sentence(run(*arguments), 1)
        assert len(message) < 300


def test_no_cell_is_a_formula(tmp_path):
    """With --excel-safe in every command that writes CSV."""
    lines = ["show_id,title,description,director"]
    for i, letter in enumerate("abcdefghijkl"):
        plot = f"+a story of a detective in town {i}"
        lines.append(f'{"=+-@"[i % 4]}a{i},"=LINK(""{letter}"")",{plot},-3')
    (tmp_path / "films.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "ids.txt").write_text("=a0\n-a2\n")
    catalog = ["--catalog", "films.csv"]
    batch = ["batch", "--queries", "ids.txt", *catalog]
    for name, command in (("clean.csv", ["clean", *catalog]), ("run.csv", batch)):
        texts = {}
        for option in ([], ["--excel-safe"]):
            done = run(*command, "--out", name, *option, cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            with open(tmp_path / name, newline="") as file:
                rows = list(csv.reader(file))
            texts[len(option)] = {cell for row in rows for cell in row}
        formulas = {cell for cell in texts[0] if cell[:1] in "=+-@\t\r" and cell not in ("", "-3")}
        assert len(formulas) >= 4
        assert texts[1] == texts[0] - formulas | {f"'{cell}" for cell in formulas}
