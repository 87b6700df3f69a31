"""Commands in messages can be pasted: names in them are quoted for the shell."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

from source_tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A command that a reader may paste, up to where the first name of it stands. What is
# written to `zpool history` begins likewise and is logged, not shown.
_PROGRAMS = "zfs|zpool|zfstune|findmnt|umount|mount|mv|cp|rm|namei|chown|chmod|systemctl"
COMMAND = re.compile(rf"(?:^|[`:;,&] ?|\b(?:then|or|let root run) )(?:{_PROGRAMS}) [a-z-]")
QUOTES = {"for_shell", "quote", "join"}
# Words that stand for no name: properties and their values by word, options, dates.
PLAIN = {
    "zfstune/cli/checkpoint.py": {"action"},
    "zfstune/cli/policy.py": {"consent"},
    "zfstune/cli/schedule.py": {"removed", "present"},
    "zfstune/datasets/difference.py": {"name"},
    "zfstune/datasets/draft.py": {"name", "unsafe"},
    "zfstune/health/drift.py": {"name", "unsafe"},
    "zfstune/schedules/replicate_to.py": {"_PROPERTIES", "_EXCLUDE"},
    "zfstune/streams/marking.py": {"REPLICA_PROPERTY", "mark", "text", "identity"},
    "zfstune/values/permissions.py": {"words"},
    "zfstune/schedules/policy_fit.py": {"consent"},
    "zfstune/retention/imports/cron.py": {
        *("shown", "word", "letter", "_DESTROY_OPTIONS", "reader")
    },
    "zfstune/retention/imports/sanoid.py": {"consent"},
}


def functions(tree: ast.AST) -> Iterator[ast.AST]:
    """Give each function, innermost last."""
    yield from (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))


def quoted_names(function: ast.AST) -> set[str]:
    """Give the variables of a function whose values were quoted."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and calls(node.value) & QUOTES
        for each in node.targets
        for target in ast.walk(each)
        if isinstance(target, ast.Name)
    }


def calls(node: ast.AST) -> set[str]:
    """Give the names of the functions that are called somewhere in an expression."""
    found = (n.func for n in ast.walk(node) if isinstance(n, ast.Call))
    return {
        f.id if isinstance(f, ast.Name) else f.attr
        for f in found
        if isinstance(f, (ast.Name, ast.Attribute))
    }


def unquoted(source: str, plain: set[str]) -> list[str]:
    """Give each name that stands in a command of a message as it is."""
    found = []
    for function in functions(ast.parse(source)):
        fine = quoted_names(function) | plain
        logged = {
            id(inner)
            for node in ast.walk(function)
            if isinstance(node, ast.Call) and calls(node) & {"_log"}
            for inner in ast.walk(node)
        }
        for text in ast.walk(function):
            if not isinstance(text, ast.JoinedStr) or id(text) in logged:
                continue
            within = False
            for part in text.values:
                if isinstance(part, ast.Constant):
                    words = str(part.value)
                    started = COMMAND.search(words)
                    if started:
                        within = words.count("`", started.end()) == 0
                    elif "`" in words:
                        within = False
                elif within and isinstance(part, ast.FormattedValue):
                    names = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
                    if not calls(part) & QUOTES and not names <= fine:
                        found.append(f"{text.lineno}: {ast.unparse(part.value)}")
    return found


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("zfstune/**/*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_names_in_commands_are_quoted(path: Path) -> None:
    """A name with a blank is one word of whatever command a message shows."""
    plain = PLAIN.get(str(path.relative_to(ROOT)), set())
    assert unquoted(path.read_text(encoding="utf-8"), plain) == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('hint = f"run `zpool clear {name}`"', ["2: name"]),
        ('hint = f"then: zfstune apply {a} --pool {b.name}"', ["2: a", "2: b.name"]),
        ('hint = f"`zfs set x=1 {for_shell(name)}`, and {more}"', []),
        ('a = for_shell(name); hint = f"`zfs set x=1 {a}`"', []),
        ('hint = f"the zfs of {name} says"', []),
        ('self._log(f"zfstune destroy {name}")', []),
    ],
)
def test_the_scan_finds_what_it_is_for(line: str, found: list[str]) -> None:
    """It sees a bare name, and not one that is quoted or outside of a command."""
    assert unquoted(f"def f(name):\n    {line}\n", set()) == found
