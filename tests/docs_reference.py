"""Generate the pages of the reference: the public API by quartodoc, and the command line.

The section `quartodoc` of _quarto.yml says which names are on which page. `reference_errors` says
which public names are missing there, and what is missing in their docstrings.
"""

import ast
import importlib
import logging
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from docs_stage import ROOT, page_names, reference_pages, settings, site_config

# quartodoc writes a colon before the type of a returned value and of an error.
LONELY_COLON = re.compile(r"(<code>)(?:\[\]\{\.parameter-name\} )?\[:\]\{[^}]*\} ")
# Names of `__all__` that are on the page of the command line instead.
COMMAND_LINE_NAMES = {"EXIT_ERROR", "EXIT_OUTPUT", "EXIT_STOPPED", "main"}


# --- the public names


def own_names(path: Path) -> set[str]:
    """Return the public names that a module defines itself: those of its `__all__`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    exported, imported = set(), set()
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            exported = set(ast.literal_eval(node.value))
        if isinstance(node, ast.ImportFrom):
            imported |= {alias.asname or alias.name for alias in node.names}
    return exported - imported


def public_objects() -> set[str]:
    """Return the public names of the package with their modules, such as `data.clean.clean`."""
    names = set()
    for path in (ROOT / "mediarec").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT / "mediarec").with_suffix("").parts)
        if path.name != "__init__.py":
            names |= {f"{module}.{name}" for name in own_names(path) - COMMAND_LINE_NAMES}
    return names


def listed_objects() -> Iterator[dict]:
    """Yield the objects that _quarto.yml lists, each with its name and its options."""
    for _, items in reference_pages():
        yield from items


def unlisted_objects() -> list[str]:
    """Return public names that are on no page, and names on a page that are not public."""
    listed = [item["name"] for item in listed_objects()]
    public = public_objects()
    wrong = [f"_quarto.yml: {name} is on no page of the reference" for name in public - {*listed}]
    wrong += [f"_quarto.yml: {name} is not public" for name in {*listed} - public]
    wrong += [f"_quarto.yml: {name} is listed twice" for name in listed if listed.count(name) > 1]
    return sorted(set(wrong))


# --- docstrings


@cache
def griffe_package():
    """Return the package as griffe reads it from its source."""
    import griffe

    return griffe.load("mediarec", search_paths=[str(ROOT)], docstring_parser="numpy")


def documented_parameters(sections) -> set[str]:
    """Return the names of the parameters that a parsed docstring describes."""
    names = set()
    for section in sections:
        if section.kind.value in ("parameters", "attributes"):
            for item in section.value:
                names |= {name.strip(" *") for name in item.name.split(",")}
    return names


def docstring_errors(item, label: str) -> list[str]:
    """Return what is missing in the docstring of a function, a method or a class."""
    if item.docstring is None:
        return [f"{label}: no docstring"]
    sections = item.docstring.parse("numpy")
    kinds = {section.kind.value for section in sections}
    if not item.is_function and not item.is_class:
        return []
    parameters = [
        parameter.name.strip("*")
        for parameter in item.parameters
        if parameter.name not in ("self", "cls")
    ]
    known = documented_parameters(sections)
    wrong = [
        f"{label}: parameter {name} is not documented" for name in parameters if name not in known
    ]
    if item.is_class:
        is_error = item.name.endswith(("Error", "Warning"))  # mediarec creates them
        return [] if is_error else wrong
    wrong += [f"{label}: {name} is no parameter" for name in known - {*parameters}]
    if str(item.returns) not in ("None", "") and not kinds & {"returns", "yields"}:
        wrong.append(f"{label}: what it returns is not documented")
    if "examples" not in kinds:
        wrong.append(f"{label}: no example")
    return wrong


def reference_errors() -> list[str]:
    """Return what is missing in the reference: names, and parts of their docstrings."""
    logging.getLogger("griffe").setLevel(logging.ERROR)
    package = griffe_package()
    wrong = unlisted_objects()
    for listed in listed_objects():
        item = package[listed["name"]]
        if item.is_attribute:
            continue
        wrong += docstring_errors(item, listed["name"])
        for member in listed.get("members", []):
            found = item.all_members.get(member)
            label = f"{listed['name']}.{member}"
            wrong += (
                docstring_errors(found, label) if found is not None else [f"{label}: not there"]
            )
    return wrong


# --- the pages of the API


def import_line(name: str) -> str:
    """Return the line that imports an object, from the package if it is there."""
    module, _, short = name.rpartition(".")
    package = importlib.import_module("mediarec")
    source = "mediarec" if short in package.__all__ else module
    return f"```python\nfrom {source} import {short}\n```"


def notebook_link(module: str) -> str:
    """Return a Markdown link to the notebook that is the source of a module."""
    inside = module.removeprefix("mediarec.")
    for source, page in page_names().items():
        if page == f"{inside}.html":
            return f"[Notebook](../{source})"
    own = settings()
    path = module.replace(".", "/")
    return f"[Source]({own['git_url']}/blob/{own['branch']}/{path}.py)"


def is_module(name: str) -> bool:
    """Return whether a module of the package has a name."""
    return (ROOT / name.replace(".", "/")).with_suffix(".py").exists()


def unlink_missing(text: str) -> str:
    """Return a page whose links to names without a heading, such as attributes, are code."""
    anchors = set(re.findall(r"\{#([\w.]+)\}", text))

    def replace(found: re.Match) -> str:
        return found[0] if found[2] in anchors else f"`{found[1]}`"

    return re.sub(r"\[(\w+)\]\(#([\w.]+)\)", replace, text)


def finish_page(text: str, title: str, description: str) -> str:
    """Return a page of quartodoc with front matter in place of its heading and its first line."""
    body = text.partition("\n")[2].strip().removeprefix(description)
    body = LONELY_COLON.sub(r"\1", body)
    body = re.sub(r"^#+ (Attributes|Methods)$", r"**\1**", body, flags=re.M)
    body = re.sub(r"^#### (?=.*\{#mediarec)", "### ", body, flags=re.M)
    body = unlink_missing(body)
    body = re.sub(r"\[\(([^()]*)\)\](\{\.parameter-annotation\})", r"[\1]\2", body)
    return f'---\ntitle: "{title}"\ndescription: "{description}"\n---\n\n{body}\n'


def index_page() -> str:
    """Return the first page of the reference: all pages, with the names on them."""
    section = site_config()["quartodoc"]["sections"][0]
    lines = ["---", "title: Reference", f'description: "{section["desc"]}"', "---", ""]
    for page, items in reference_pages():
        names = []
        for item in items:
            short = item["name"].rpartition(".")[2]
            names.append(f"[`{short}`]({page['path']}.qmd#mediarec.{item['name']})")
        lines += [f"## [{page['summary']['name']}]({page['path']}.qmd)", ""]
        lines += [page["summary"]["desc"], "", ", ".join(names), ""]
    lines += ["## [Command line](command-line.qmd)", ""]
    lines += ["Every command of the program `mediarec`, with its options and examples.", ""]
    return "\n".join(lines)


def write_reference(project: Path) -> list[str]:
    """Write the pages of the API into a project; return what is missing in the reference."""
    from docs_renderer import ReferenceRenderer
    from quartodoc import Builder

    logging.getLogger("quartodoc").setLevel(logging.ERROR)
    config = site_config()
    builder = Builder.from_quarto_config({"quartodoc": {**config["quartodoc"], "sidebar": None}})
    builder.renderer = ReferenceRenderer(header_level=2, table_style="description-list")
    builder.dir = str(project / config["quartodoc"]["dir"])
    builder.source_dir = str(ROOT)
    builder.out_inventory = str(project / "objects.json")
    builder.build()
    folder = Path(builder.dir)
    for page, _ in reference_pages():
        path = folder / f"{page['path']}.qmd"
        about = page["summary"]
        text = finish_page(path.read_text(encoding="utf-8"), about["name"], about["desc"])
        path.write_text(text, encoding="utf-8")
    (folder / "index.qmd").write_text(index_page(), encoding="utf-8")
    return reference_errors()


# --- the page of the command line


def table_cell(text: str) -> str:
    """Return a text for a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ").replace("\\[", "[").strip()


def options_table(records: list[tuple[str, str]], heading: str) -> list[str]:
    """Return a Markdown table of arguments or of options."""
    if not records:
        return []
    lines = [f"| {heading} | meaning |", "|---|-----|"]  # the widths are 3 to 5
    lines += [f"| `{table_cell(name)}` | {table_cell(text)} |" for name, text in records]
    return [*lines, ""]


def command_page(name: str, command, program: str) -> list[str]:
    """Return the section of a command: what it does, its usage, its options, examples."""
    context = command.make_context(f"{program} {name}", [], resilient_parsing=True)
    paragraphs = command.help.replace("\\[", "[").split("\n\n")
    examples = [
        text.removeprefix("Example: ") for text in paragraphs if text.startswith("Example:")
    ]
    prose = [text for text in paragraphs if not text.startswith("Example:")]
    usage = command.get_usage(context).removeprefix("Usage: ")
    arguments, options = [], []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            is_option = record[0].startswith("-")
            (options if is_option else arguments).append(record)
    return [
        f"## {program} {name} {{#{name}}}",
        "",
        *[line for text in prose for line in (" ".join(text.split()), "")],
        f"```text\n{usage}\n```",
        "",
        *([f"```sh\n{chr(10).join(examples)}\n```", ""] if examples else []),
        *options_table(arguments, "argument"),
        *options_table(options, "option"),
    ]


def write_command_line(project: Path) -> None:
    """Write the page of the command line, from the help of each command."""
    from typer.main import get_command

    from mediarec.cli.options import app

    program = get_command(app)
    lines = [
        "---",
        "title: Command line",
        "description: Every command of mediarec, with its options and examples.",
        "---",
        "",
        "`mediarec COMMAND --help` prints the same in a terminal. " + (program.epilog or ""),
        "",
        "| command | what it does |",
        "|---|---|",
    ]
    for name, command in program.commands.items():
        first = table_cell(command.help.split("\n\n")[0])
        lines.append(f"| [`{name}`](#{name}) | {first} |")
    lines.append("")
    for name, command in program.commands.items():
        lines += command_page(name, command, "mediarec")
    folder = project / "reference"
    folder.mkdir(exist_ok=True)
    (folder / "command-line.qmd").write_text("\n".join(lines), encoding="utf-8")
