"""Run what CI tests: the notebooks, pytest and the pages of the site.

Cells and tests on the full catalog run only if MEDIAREC_CATALOG is set. Every notebook and every
file of tests is a job in a process of its own, one job per core at a time. The processes are forks
of a server process that has fitted the common models once (shared_fits.py). `python tests/run.py
WORD` runs only the jobs whose names contain the word.
"""

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from multiprocessing import connection, get_context
from pathlib import Path

from jobs import NOTEBOOKS, PAGES, ROOT, TESTS, Job, run_job

TIME_LIMIT = 20 * 60  # seconds; a job that takes longer is stopped
MIN_JOBS_FOR_FITS = 10  # fewer jobs are faster without shared fits
N_SLOWEST = 10  # rows of each table at the end
# The tests of the server under load need all cores.
ALONE = ("tests/web/test_serving.py", "tests/web/test_slow_clients.py")
# These take longest, so they start first.
LONG_JOBS = (
    *(PAGES, "68_evaluation.clusterings", "59_scale.ondisk_batch", "99_results"),
    *("test_app.py lab", "test_app.py voila", "39_cluster.compare", "66_evaluation.tune"),
    *("35_cluster.kprototypes", "test_page.py", "54_scale.ondisk_build", "test_guides.py"),
    *("64_evaluation.evaluate", "67_evaluation.generality", "test_api.py", "test_odd_catalogs.py"),
    "test_large_models.py",
)
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def list_jobs(flags: list[str]) -> list[Job]:
    """Return all jobs, those that take longest first."""
    jobs = [Job(PAGES, PAGES)]
    notebooks = sorted((ROOT / "nbs").glob("*.ipynb"))
    jobs += [Job(NOTEBOOKS, path.name, flags) for path in notebooks]
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("tests/browser/"):  # each test runs in JupyterLab and in Voila
            other = [name, "-k", "not lab and not voila"]
            jobs.append(Job(TESTS, name, other))
            jobs += [Job(TESTS, f"{name} {kind}", [name, "-k", kind]) for kind in ("lab", "voila")]
        else:
            jobs.append(Job(TESTS, name, [name]))
    return sorted(jobs, key=start_order)


def start_order(job: Job) -> int:
    """Return the position of a job among the long ones; all others are last."""
    matches = [i for i, name in enumerate(LONG_JOBS) if name in job.name]
    return min(matches, default=len(LONG_JOBS))


class Running:
    """A job and its process."""

    def __init__(self, job: Job, context, folder: Path):
        self.job = job
        self.folder = folder
        self.end = time.monotonic() + TIME_LIMIT
        # The pages need no fits, so they start at once, while the server fits.
        own_context = get_context("spawn") if job.step == PAGES else context
        self.process = own_context.Process(target=run_job, args=(job, self.folder))
        self.process.start()

    def stop(self) -> None:
        """Stop the process and all that it has started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            self.process.kill()

    def finish(self) -> Job:
        """Read what the job has found, and stop processes that it has left."""
        self.process.join()
        found = self.folder / "found.json"
        output = self.folder / "output.txt"
        if output.exists():
            self.job.output = output.read_text(encoding="utf-8", errors="replace")
        if found.exists():
            vars(self.job).update(json.loads(found.read_text(encoding="utf-8")))
        else:
            self.job.output += f"\n{self.job.name} ended without a result"
        self.stop()
        return self.job


def run_jobs(jobs: list[Job], context, n_processes: int) -> None:
    """Run jobs, some at a time, and print each when it ends."""
    waiting = list(jobs)
    running: list[Running] = []
    home = Path(tempfile.mkdtemp(prefix="mediarec-jobs-"))
    try:
        while waiting or running:
            while waiting and len(running) < n_processes:
                job = waiting.pop(0)
                folder = home / str(jobs.index(job))
                folder.mkdir()
                running.append(Running(job, context, folder))
            connection.wait([each.process.sentinel for each in running], timeout=10)
            for each in list(running):
                if time.monotonic() > each.end and each.process.is_alive():
                    print(f"{each.job.name}: stopped after {TIME_LIMIT // 60} minutes")
                    each.stop()
                if not each.process.is_alive():
                    running.remove(each)
                    print_job(each.finish())
    finally:  # Ctrl+C, too, stops the processes
        for each in running:
            each.stop()
        shutil.rmtree(home, ignore_errors=True)


def print_job(job: Job) -> None:
    """Print the result of a job, with its output if it has failed."""
    if not job.passed:
        print(f"{'=' * 79}\n{job.output.rstrip()}\n{'=' * 79}")
    result = "passed" if job.passed else "FAILED"
    print(f"{result}  {job.seconds:5.0f} s  {job.step}: {job.name}", flush=True)
    for line in job.output.splitlines():
        if line.startswith("SKIPPED"):
            print(f"         {line}")


def print_slowest(title: str, rows: list[tuple[str, float]]) -> None:
    """Print the names with the most seconds."""
    print(f"\nThe slowest {title}, in seconds:")
    for name, seconds in sorted(rows, key=lambda row: -row[1])[:N_SLOWEST]:
        print(f"{seconds:8.1f}  {name}")


def print_summary(jobs: list[Job], seconds: float) -> None:
    """Print the slowest notebooks, files and tests, and what has failed."""
    notebooks = [(job.name, job.cpu_seconds) for job in jobs if job.step == NOTEBOOKS]
    files = [(job.name, job.cpu_seconds) for job in jobs if job.step == TESTS]
    tests = [part for job in jobs for part in job.parts]
    print_slowest("notebooks (time of the processor)", notebooks)
    print_slowest("files of tests (time of the processor)", files)
    print_slowest("tests (from start to end)", [(name, taken) for name, _, taken in tests])
    outcomes = [outcome for _, outcome, _ in tests]
    counts = [f"{outcomes.count(word)} {word}" for word in ("passed", "failed", "skipped")]
    print(f"\n{len(notebooks)} notebooks; {len(tests)} tests: {', '.join(counts)}")
    used = sum(job.cpu_seconds for job in jobs)
    print(f"{seconds:.0f} s, with {used:.0f} s of the processor")
    failed = [job.name for job in jobs if not job.passed]
    print(f"failed: {', '.join(failed)}" if failed else "all passed")


def main() -> int:
    """Run every job, even after one has failed."""
    start = time.monotonic()
    flags: list[str] = []
    if os.environ.get("MEDIAREC_CATALOG"):
        flags = ["slow"]
    else:
        print("MEDIAREC_CATALOG is not set: cells and tests on the full catalog are skipped")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # stops the jobs on the way out
    os.environ |= ONE_THREAD
    os.chdir(ROOT / "tests")  # where the server process finds preload.py
    words = sys.argv[1:]
    jobs = [job for job in list_jobs(flags) if not words or any(word in job.name for word in words)]
    alone = [job for job in jobs if job.name in ALONE]
    together = [job for job in jobs if job.name not in ALONE]
    context = get_context("forkserver")
    fits = ["preload_fits"] if len(jobs) >= MIN_JOBS_FOR_FITS else []
    context.set_forkserver_preload(["preload", *fits])
    run_jobs(together, context, os.cpu_count() or 1)
    run_jobs(alone, context, 1)
    print_summary(jobs, time.monotonic() - start)
    return 0 if jobs and all(job.passed for job in jobs) else 1


if __name__ == "__main__":
    sys.exit(main())
