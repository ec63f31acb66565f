"""The renderer of the reference pages: quartodoc's Markdown with the headings of this site."""

from docs_reference import import_line, is_module, notebook_link
from plum import dispatch
from quartodoc import MdRenderer, layout
from quartodoc._griffe_compat import dataclasses, docstrings


class ReferenceRenderer(MdRenderer):
    """Write an object with the line that imports it, and sections of docstrings in bold.

    It also renders the section `Warns`, which quartodoc 0.11 does not know.
    """

    style = "mediarec"

    @dispatch
    def render_header(self, el: layout.Doc) -> str:
        """Return the heading of an object, its import and a link to its notebook."""
        name = el.obj.path
        module, _, short = name.rpartition(".")
        heading = f"{'#' * self.crnt_header_level} {short} {{#{name}}}"
        if not is_module(module):
            return heading
        return f"{heading}\n\n{import_line(name)}\n\n{notebook_link(module)}"

    @dispatch
    def render_header(self, el: docstrings.DocstringSection) -> str:  # noqa: F811
        """Return the name of a section of a docstring."""
        return f"**{el.title or el.kind.value.title()}**"

    @dispatch
    def signature(self, el: dataclasses.Attribute, source: dataclasses.Alias | None = None) -> str:
        """Return an attribute; a constant of a module with its value."""
        value = f" = {el.value}" if is_module(el.path.rpartition(".")[0]) else ""
        return f"```python\n{el.name}{value}\n```"

    @dispatch
    def render(self, el: docstrings.DocstringSectionWarns) -> str:
        """Return the warnings of a function as a list."""
        rows = list(map(self.render, el.value))
        return self._render_table(rows, ["Name", "Type", "Description"], "returns")

    @dispatch
    def render(self, el: docstrings.DocstringWarn):  # noqa: F811
        """Return one warning as a row."""
        raised = docstrings.DocstringRaise(annotation=el.annotation, description=el.description)
        return self.render(raised)
