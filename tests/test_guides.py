"""The guides in nbs/guides: their Python runs, their commands exist, their links work.

Each guide is followed from top to bottom in one process and one folder, on the starter catalog. A
Python block or a shell line with "# not run here" is skipped; the options of a skipped command must
exist. A fence without a language, below a Python block, shows what the block prints; a fence of
`text`, below a block of shell, shows what its commands print. White space and the sizes of files
are not compared, and `...` stands for anything that was left out. A block that prints something
must show it. `python tests/test_guides.py --write nbs/guides/quick-start.qmd` writes what is
printed now in place of what differs.
"""

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
import warnings
from pathlib import Path
from typing import NamedTuple

import pytest

GUIDES = Path(__file__).parent.parent / "nbs" / "guides"
NOT_RUN = "# not run here"
MAX_WIDTH = 88  # of code and outputs
SIZE = r"\b\d+\.\d MB\b"  # depends on the libraries that compress the files
TRY = "../try-it.html"  # the page that is made with the site
QUICK = {
    "build",
    "recommend",
    "suggest",
    "themes",
    "clusters",
    "for-me",
    "evaluate",
    "batch",
    "clean",
    "info",
}  # the commands that are run
OUTPUT = {"python": "", "sh": "text"}  # a block to the language of what it prints
FENCE = re.compile(r"^(`{3,})[ \t]*(.*?)[ \t]*\n(.*?)^\1[ \t]*$", re.M | re.S)


class Fence(NamedTuple):
    """A fenced block of a page, and where it is."""

    kind: str
    body: str
    start: int
    end: int


def fences(text):
    """Return the fenced blocks of a page in order."""
    return [
        Fence(re.sub(r"^\{\.?([\w-]+).*\}$", r"\1", m[2]), m[3], m.start(), m.end())
        for m in FENCE.finditer(text)
    ]


def parts(text):
    """Return the fenced blocks of a page in order, as (language, text)."""
    return [(fence.kind, fence.body) for fence in fences(text)]


def lines_of(body):
    """The command lines of a block of shell; a backslash at the end goes on in the next."""
    return [
        line.strip()
        for line in body.replace("\\\n", " ").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]


def words_of(line):
    """A command line as words, without its comment."""
    return shlex.split(line, comments=True)


class Step(NamedTuple):
    """What is done to follow a page: a block of Python, or some commands."""

    kind: str
    what: str | list
    shown: str  # what it prints
    span: tuple[int, int]  # where the page shows it, or may show it


def steps_of(text):
    """Return the steps of a page in order."""
    blocks, steps = fences(text), []
    for fence, below in zip(blocks, [*blocks[1:], None]):
        if fence.kind == "python":
            what = "" if NOT_RUN in fence.body else fence.body
        elif fence.kind == "sh":
            what = [words_of(line) for line in lines_of(fence.body) if is_quick(line)]
        else:
            continue
        is_output = below and below.kind == OUTPUT[fence.kind]
        is_output = is_output and not text[fence.end : below.start].strip()
        shown, end = (below.body, below.end) if is_output else ("", fence.end)
        if what:
            steps.append(Step(fence.kind, what, shown, (fence.end, end)))
    return steps


def is_quick(line):
    words = words_of(line)
    return (
        words[:1] == ["mediarec"] and len(words) > 1 and words[1] in QUICK and NOT_RUN not in line
    )


def is_shown(printed, shown):
    """Whether a page shows what was printed; `...` on the page stands for any words, or none."""
    printed, shown = ([*re.sub(SIZE, "# MB", text).split()] for text in (printed, shown))
    words = [r"(?:\S+ )*" if word == "..." else re.escape(word + " ") for word in shown]
    return bool(re.fullmatch("".join(words), "".join(f"{word} " for word in printed)))


def run_python(code, scope):
    """Run a block of Python; return what it prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "<guide>", "exec"), scope)
    return said.getvalue()


def run_commands(commands):
    """Run some commands in this process; return what they print, with notes and warnings."""
    from mediarec.cli.options import main

    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        for sys.argv in commands:
            with warnings.catch_warnings():
                try:
                    main()
                except SystemExit as stop:
                    if stop.code:
                        said.seek(0)
                        print(said.read(), file=sys.__stderr__)
                        raise
    said.seek(0)
    return said.read()


def follow(text):
    """Run the steps of a page in this process and this folder; yield those that differ.

    Yields
    ------
    step : Step
    printed : str
        What it prints, where the page shows something else.
    """
    scope = {"__name__": "__main__"}
    for step in steps_of(text):
        run = run_python(step.what, scope) if step.kind == "python" else run_commands(step.what)
        if not is_shown(run, step.shown):
            yield step, run


def rewrite(text):
    """Return a page with what its blocks print now."""
    for step, printed in reversed(list(follow(text))):
        lines = [wrapped(line.rstrip()) for line in printed.rstrip().splitlines()]
        output = ["", "", f"```{OUTPUT[step.kind]}", *lines, "```"] if lines else []
        text = text[: step.span[0]] + "\n".join(output) + text[step.span[1] :]
    return text


def wrapped(line):
    """A line that is too long as several lines."""
    if len(line) <= MAX_WIDTH:
        return line
    options = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.fill(line, MAX_WIDTH, subsequent_indent="  ", **options)


def environment(folder):
    """The variables with which a guide is followed in a folder."""
    from mediarec.core import package_path

    env = {k: v for k, v in os.environ.items() if not k.startswith(("MEDIAREC_", "TMDB_"))}
    root = str(GUIDES.parent.parent)
    return env | {
        "MEDIAREC_CATALOG": str(package_path("starter.csv")),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": str(MAX_WIDTH),
        "PYTHONWARNINGS": "ignore",
        "MEDIAREC_CACHE": str(Path(folder) / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, [root, env.get("PYTHONPATH")])),
    }


def main(guide, write):
    """Follow a guide in this folder, or write what it prints into it."""
    guide = Path(guide)
    text = guide.read_text(encoding="utf-8")
    if write:
        guide.write_text(rewrite(text), encoding="utf-8")
        return
    for step, printed in follow(text):
        sys.exit(f"{step.what}\nprinted\n{printed}\nand the guide shows\n{step.shown}")


def run_main(folder, *arguments):
    """Run `main` in a process and a folder of its own."""
    return subprocess.run(
        [sys.executable, __file__, *map(str, arguments)],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=300,
    )


def all_guides():
    return sorted(GUIDES.glob("*.qmd"))


@pytest.fixture(scope="module")
def commands():
    """Command to the options that its --help shows."""
    from typer.main import get_command

    from mediarec.cli.options import app

    return {
        name: {
            o
            for p in c.params
            if not getattr(p, "hidden", False)
            for o in (*p.opts, *p.secondary_opts)
        }
        | {"--help"}
        for name, c in get_command(app).commands.items()
    }


def wrong_words(words, commands):
    """What a command line names that does not exist."""
    if len(words) < 2 or words[1].startswith("-"):
        return [w for w in words[1:] if w != "--help"]
    if words[1] not in commands:
        return [words[1]]
    named = [w.split("=")[0] for w in words[2:] if re.match(r"--?[a-zA-Z]", w)]
    return [w for w in named if w not in commands[words[1]]]


@pytest.mark.parametrize("guide", all_guides(), ids=lambda p: p.stem)
def test_guide_can_be_followed(guide, tmp_path):
    done = run_main(tmp_path, "follow", guide)
    assert done.returncode == 0, done.stdout + done.stderr


def test_outputs_are_written(tmp_path):
    code = "```python\nprint(1 + 1)\n```"
    command = "```sh\nmediarec suggest x\n```"
    page = f"{code}\n\n```\n3\n```\n\nMore.\n\n{code}\n\nEnd.\n\n```\n5\n```\n"
    Path(tmp_path, "page.qmd").write_text(page)
    assert run_main(tmp_path, "follow", "page.qmd").returncode == 1
    assert run_main(tmp_path, "write", "page.qmd").returncode == 0
    shown = f"{code}\n\n```\n2\n```"
    written = Path(tmp_path, "page.qmd").read_text()
    assert written == f"{shown}\n\nMore.\n\n{shown}\n\nEnd.\n\n```\n5\n```\n"
    assert run_main(tmp_path, "follow", "page.qmd").returncode == 0
    [step] = steps_of(f"{command}\n\n```text\nXXX\n```\n")
    assert step[:3] == ("sh", [["mediarec", "suggest", "x"]], "XXX\n")
    assert wrapped("word " * 40).count("\n") == 2


def command_lines(text):
    """Return the calls of mediarec in shell, systemd units and container files, as words."""
    calls = []
    for kind, body in parts(text):
        if kind == "sh":
            calls += [words_of(line) for line in lines_of(body)]
    calls += [shlex.split(line) for line in re.findall(r"^ExecStart=(.*)", text, re.M)]
    calls += [json.loads(line) for line in re.findall(r"^CMD (\[.*\])", text, re.M)]
    return [words for words in calls if words and Path(words[0]).name == "mediarec"]


@pytest.mark.parametrize("guide", all_guides(), ids=lambda p: p.stem)
def test_commands_exist(guide, commands):
    wrong = {}
    for words in command_lines(guide.read_text(encoding="utf-8")):
        if wrong_words(words, commands):
            wrong[shlex.join(words)] = wrong_words(words, commands)
    assert not wrong


def test_variables_of_the_page_exist():
    """The guide names every setting except `reload_interval`, with its default."""
    from dataclasses import fields

    from mediarec.apps.web_app import ServerConfig

    text = (GUIDES / "deploy-the-page.qmd").read_text(encoding="utf-8")
    named = set(re.findall(r"MEDIAREC_WEB_(\w+)", text))
    assert named == {f.name.upper() for f in fields(ServerConfig)} - {"RELOAD_INTERVAL"}
    for f in fields(ServerConfig):
        if row := re.search(
            rf"^\|.*`MEDIAREC_WEB_{f.name.upper()}` *\| *`?([\w.]*)`? *\|", text, re.M
        ):
            assert row[1] == str(f.default), row[0]


def test_other_output_is_found():
    printed = "2,222 titles, 3.1 MB: model\n#  title\n1  Heat\n2  Ronin\n"
    for shown in (
        printed,
        printed.replace("3.1", "3.2"),
        "2,222 titles, 3.1 MB: model\n# title\n1 Heat\n...",
        "2,222 titles, ... model\n...\n2 Ronin",
        "...\n1 Heat\n...",
    ):
        assert is_shown(printed, shown), shown
    for shown in (
        "",
        "2,222 titles, 3.1 MB: model",
        "2,222 titles, 3.1 MB: model\n...\n1 Thief\n...",
        "...\n2 Ronin\n1 Heat",
        "...\nHea\n...",
    ):
        assert not is_shown(printed, shown), shown
    assert is_shown("", "")


def test_wrong_words_are_found(commands):
    assert wrong_words(words_of("mediarec bild"), commands) == ["bild"]
    assert wrong_words(words_of("mediarec build --cluster all -o x"), commands) == ["--cluster"]
    assert (
        wrong_words(words_of("mediarec recommend 'A -b' --year 2005-2015 -n 3  # x --no"), commands)
        == []
    )


@pytest.mark.parametrize("guide", all_guides(), ids=lambda p: p.stem)
def test_front_matter_and_links(guide):
    text = guide.read_text(encoding="utf-8")
    head = re.match(r"---\n(.*?)\n---\n", text, re.S)
    assert head and all(
        re.search(rf"^{key}: \S", head[1], re.M) for key in ("title", "description")
    )
    prose = FENCE.sub("", text)
    assert not re.search(r"!\[\s*\]", prose), "a picture without an alternative text"
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose)
    local = [link for link in links if "://" not in link]
    missing = [link for link in local if link != TRY and not (guide.parent / link).exists()]
    assert local and not missing


@pytest.mark.parametrize("guide", all_guides(), ids=lambda p: p.stem)
def test_guide_says_what_for_and_where_next(guide):
    """It starts with what the reader will have, and ends with links to other pages."""
    text = guide.read_text(encoding="utf-8")
    body = text.split("\n---\n", 1)[1].lstrip()
    assert body.startswith("At the end of this guide ")
    last = text.rsplit("\n## ", 1)[1]
    assert last.startswith("Where to go next\n") and last.count("](") >= 3


@pytest.mark.parametrize("guide", all_guides(), ids=lambda p: p.stem)
def test_outputs_fit_a_screen(guide):
    for kind, body in parts(guide.read_text(encoding="utf-8")):
        wide = [line for line in body.splitlines() if len(line) > MAX_WIDTH]
        assert kind not in ("", "text", "python") or not wide


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        for path in sys.argv[2:]:
            with tempfile.TemporaryDirectory() as folder:
                done = run_main(folder, "write", Path(path).absolute())
            print(path, done.stderr.strip() or "is written")
    else:
        main(sys.argv[2], sys.argv[1] == "write")
