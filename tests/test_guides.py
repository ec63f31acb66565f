"""What the guides in nbs/guides say is so: their Python runs, their commands exist, and their links lead somewhere.

Each guide is followed from top to bottom in one fresh process and a folder of its own, on the starter catalogue.
A Python block or a line of shell that has "# not run here" in it is left out, with the reader seeing so; of a command that is
not run, every option must be one that the command has. What a fence without a language shows below a Python block is what the block prints.
"""

import contextlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

GUIDES = Path(__file__).parent.parent / "nbs" / "guides"
NOT_RUN = "# not run here"
QUICK = {
    "build",
    "recommend",
    "suggest",
    "clusters",
    "for-me",
    "evaluate",
    "batch",
    "clean",
    "info",
}  # the commands that are run
FENCE = re.compile(r"^(`{3,})[ \t]*(.*?)[ \t]*\n(.*?)^\1[ \t]*$", re.M | re.S)


def parts(text):
    """The fenced blocks of a page in order: (language, what is in it); Quarto's ```{.python} is ```python."""
    return [
        (re.sub(r"^\{\.?([\w-]+).*\}$", r"\1", info), body) for _, info, body in FENCE.findall(text)
    ]


def lines_of(body):
    """The command lines of a block of shell; a backslash at the end goes on in the next."""
    return [
        l.strip()
        for l in body.replace("\\\n", " ").splitlines()
        if l.strip() and not l.lstrip().startswith("#")
    ]


def words_of(line):
    """A command line as words, without its comment."""
    return shlex.split(line, comments=True)


def steps_of(text):
    """What is done to follow a page: (kind, what, what it prints or None)."""
    blocks, out = parts(text), []
    for (kind, body), (below, shown) in zip(blocks, [*blocks[1:], ("end", "")]):
        if kind == "python" and NOT_RUN not in body:
            out.append(("python", body, shown if below == "" else None))
        if kind == "sh":
            out += [("sh", words_of(l), None) for l in lines_of(body) if is_quick(l)]
    return out


def is_quick(line):
    words = words_of(line)
    return (
        words[:1] == ["mediarec"] and len(words) > 1 and words[1] in QUICK and NOT_RUN not in line
    )


def follow(steps):
    """Take the steps, in this process and this folder; ends with what went wrong, if anything did."""
    from mediarec.cli.options import app

    scope = {"__name__": "__main__"}
    for kind, what, shown in steps:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            if kind == "python":
                exec(compile(what, "<guide>", "exec"), scope)
            elif code := app(args=what[1:], standalone_mode=False):
                sys.exit(f"{shlex.join(what)}: ended with {code}")
        if (
            shown is not None and said.getvalue().split() != shown.split()
        ):  # how wide a column is, is pandas' affair
            sys.exit(f"{what}\nprinted\n{said.getvalue()}\nand the guide shows\n{shown}")


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
    from mediarec.core import package_path

    env = {k: v for k, v in os.environ.items() if not k.startswith(("MEDIAREC_", "TMDB_"))}
    root = str(GUIDES.parent.parent)
    env |= {
        "MEDIAREC_CATALOG": str(package_path("starter.csv")),
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "100",
        "PYTHONWARNINGS": "ignore",
        "MEDIAREC_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join(filter(None, [root, env.get("PYTHONPATH")])),
    }
    done = subprocess.run(
        [sys.executable, __file__, guide],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def command_lines(text):
    """The lines of a page that begin with mediarec, in shell, in a systemd unit and in a container file, as words."""
    lines = [words_of(l) for kind, body in parts(text) if kind == "sh" for l in lines_of(body)]
    lines += [shlex.split(l) for l in re.findall(r"^ExecStart=(.*)", text, re.M)] + [
        json.loads(l) for l in re.findall(r"^CMD (\[.*\])", text, re.M)
    ]
    return [l for l in lines if l and Path(l[0]).name == "mediarec"]


@pytest.mark.parametrize("guide", all_guides(), ids=lambda p: p.stem)
def test_commands_exist(guide, commands):
    wrong = {
        shlex.join(l): bad
        for l in command_lines(guide.read_text(encoding="utf-8"))
        if (bad := wrong_words(l, commands))
    }
    assert not wrong


def test_variables_of_the_page_exist():
    """The settings that the guide to the web page names are all that there are but for `every`, with their defaults."""
    from dataclasses import fields

    from mediarec.apps.web_app import ServerConfig

    text = (GUIDES / "deploy-the-page.qmd").read_text(encoding="utf-8")
    named = set(re.findall(r"MEDIAREC_WEB_(\w+)", text))
    assert named == {f.name.upper() for f in fields(ServerConfig)} - {"EVERY"}
    for f in fields(ServerConfig):
        if row := re.search(
            rf"^\|.*`MEDIAREC_WEB_{f.name.upper()}` *\| *`?([\w.]*)`? *\|", text, re.M
        ):
            assert row[1] == str(f.default), row[0]


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
    local = [l for l in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", prose) if "://" not in l]
    missing = [l for l in local if not (guide.parent / l).exists()]
    assert local and not missing


if __name__ == "__main__":
    follow(steps_of(Path(sys.argv[1]).read_text(encoding="utf-8")))
