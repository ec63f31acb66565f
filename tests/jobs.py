"""The jobs of tests/run.py: a notebook, some tests, or the pages of the site."""

import json
import os
import resource
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
NOTEBOOKS = "notebooks"
TESTS = "tests"
PAGES = "pages of the site"
FLAGS = {"slow", "stability"}  # of cells that are skipped unless the flag is given


@dataclass
class Job:
    """What one process runs, and what it found."""

    step: str
    name: str
    arguments: list[str] = field(default_factory=list)
    passed: bool = False
    seconds: float = 0.0  # from start to end
    cpu_seconds: float = 0.0  # of the process and its children
    parts: list[tuple[str, str, float]] = field(default_factory=list)  # test, outcome, seconds
    output: str = ""


class Recorder:
    """A plugin of pytest that keeps outcome and seconds of each test."""

    def __init__(self):
        self.seconds = {}
        self.outcomes = {}

    def pytest_runtest_logreport(self, report):
        name = report.nodeid
        self.seconds[name] = self.seconds.get(name, 0) + report.duration
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[name] = report.outcome

    def parts(self):
        """Return (test, outcome, seconds) of each test."""
        return [(name, self.outcomes.get(name, ""), self.seconds[name]) for name in self.seconds]


def run_notebook(name: str, flags: list[str]) -> bool:
    """Run the cells of a notebook as nbdev_test does."""
    from nbdev.test import test_nb

    passed, _ = test_nb(ROOT / "nbs" / name, skip_flags=FLAGS, force_flags=flags, basepath=ROOT)
    return passed


def run_tests(arguments: list[str]) -> tuple[bool, list]:
    """Run pytest with some arguments."""
    import pytest

    recorder = Recorder()
    options = ["-q", "-rs", "--tb=long", "-p", "no:cacheprovider"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # plugins are imported already
    code = pytest.main([*options, *arguments], plugins=[recorder])
    return code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED), recorder.parts()


def check_pages() -> bool:
    """Write the pages of the site as plain HTML and check them."""
    import docs

    wrong = docs.check(n_workers=0)
    for line in wrong:
        print(f"  {line}")
    return not wrong


def used_seconds() -> float:
    """Return the processor time of this process and its children that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run_job(job: Job, folder: Path) -> None:
    """Run a job in this process; what it prints and what it found are files of the folder."""
    os.setsid()  # a job that hangs is stopped with all its processes
    output = os.open(folder / "output.txt", os.O_WRONLY | os.O_CREAT)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    os.chdir(ROOT)
    start, start_cpu = time.monotonic(), used_seconds()
    parts: list = []
    try:
        if job.step == NOTEBOOKS:
            passed = run_notebook(job.name, job.arguments)
        elif job.step == PAGES:
            passed = check_pages()
        else:
            passed, parts = run_tests(job.arguments)
    except BaseException:
        traceback.print_exc()
        passed = False
    sys.stdout.flush()
    found = {
        "passed": bool(passed),
        "seconds": time.monotonic() - start,
        "cpu_seconds": used_seconds() - start_cpu,
        "parts": parts,
    }
    (folder / "found.json").write_text(json.dumps(found), encoding="utf-8")
