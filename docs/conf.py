"""How Sphinx makes pages of this folder: `make docs`."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

import zfstune

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# Sphinx runs this file without its folder on the path.
sys.path.insert(0, str(Path(__file__).parent))

project = "zfstune"
copyright = "the authors of zfstune, Apache License 2.0"  # noqa: A001 (Sphinx's name)
release = zfstune.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_argparse_cli",
]

html_theme = "furo"
html_title = f"zfstune {release}"
html_copy_source = False
html_show_sourcelink = False

# Pages link to headings of others by the anchors that a forge gives them, too.
myst_heading_anchors = 3
myst_enable_extensions = ["substitution"]

# Docstrings have names and values in single backticks.
default_role = "code"
autodoc_member_order = "alphabetical"
napoleon_numpy_docstring = False
# A signature names types of the standard library, and a docstring names of its own module
# and modules of the inside: none of them has a page. A link to zfstune.NAME has to lead
# somewhere.
nitpick_ignore_regex = [(r"py:.*", r"(?!zfstune\.\w+$).*")]


def documented(names: list[str], *options: str) -> str:
    """Return the block that documents public names from their docstrings."""
    lines = ["```{eval-rst}"]
    for name in names:
        value = getattr(zfstune, name)
        if inspect.ismodule(value):
            lines += [f".. automodule:: {value.__name__}", "   :members:", ""]
        else:
            kind = "autoclass" if inspect.isclass(value) else "autofunction"
            lines += [f".. {kind}:: zfstune.{name}", *(f"   {o}" for o in options), ""]
    return "\n".join([*lines, "```"])


def public(kind: str) -> list[str]:
    """Return the names of zfstune that are functions, classes or errors."""
    found: dict[str, list[str]] = {"function": [], "class": [], "error": []}
    for name in zfstune.__all__:
        value = getattr(zfstune, name)
        if inspect.isclass(value):
            found["error" if issubclass(value, Exception) else "class"].append(name)
        elif not name.startswith("_"):
            found["function"].append(name)
    return found[kind]


INHERITED = ":inherited-members: object, Exception, BaseException, Generic, Protocol, tuple"
myst_substitutions = {
    "functions": documented(public("function")),
    "classes": documented(public("class"), ":members:", INHERITED),
    "errors": documented(public("error"), ":members:"),
}

# A link that leaves this folder, to a file of the source tree.
OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./){2,}[^)]*\)")


def without_links_outside(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Leave of a link to the source tree its words: a reader of the pages has no tree."""
    source[0] = OUTSIDE.sub(r"\1", source[0])


def with_code(app: Sphinx, page: nodes.document) -> None:
    """Make code of what stands in backticks in the help of the command, which is plain."""
    if app.env.docname != "reference/verbs":
        return
    for text in list(page.findall(nodes.Text)):
        parts = text.split("`")
        if isinstance(text.parent, nodes.paragraph) and len(parts) % 2 and len(parts) > 1:
            new: list[nodes.Node] = [
                nodes.literal(text=part) if number % 2 else nodes.Text(part)
                for number, part in enumerate(parts)
            ]
            text.parent.replace(text, new)


def setup(app: Sphinx) -> None:
    """Tell Sphinx what is to be done to each page that it reads."""
    app.connect("source-read", without_links_outside)
    app.connect("doctree-read", with_code)
