"""Completions of bash, zsh and fish, which shtab writes from the parser.

The words that an argument takes are told by its place in the help (DATASET, FILE), and
the names of datasets, snapshots and profiles are asked of ``zfstune complete``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import shtab

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["completions"]

HERE = Path(__file__).resolve().parent
# What stands before this line is defined before shtab's functions, the rest behind them.
_MARK = "# -- what shtab writes --\n"
_KINDS = ("dataset", "pool", "profile", "role", "snapshot", "target")
# The word that stands for an argument in the help, to what it takes.
_BY_METAVAR: dict[str, str] = {
    "DATASET": "dataset",
    "SOURCE": "dataset",
    "IMAGE": "dataset",
    "DATASET@SNAP": "snapshot",
    "FIRST": "snapshot",
    "SECOND": "snapshot",
    "SNAPSHOT": "snapshot",
    "SNAPSHOT|BOOKMARK": "snapshot",
    "PROFILE": "profile",
    "ROLE": "role",
    "FILE": "file",
    "JOB": "file",
    "JSON": "file",
    "PATH": "file",
    "DIR": "directory",
    "FOLDER": "directory",
    "folder": "directory",
    "pool": "pool",
}
# The same word stands for other things in these verbs.
_BY_VERB: dict[tuple[str, str], str] = {
    ("verify", "TARGET"): "target",
    ("compare", "OTHER"): "snapshot",
    ("replicate", "TARGET"): "dataset",
    ("receive", "TARGET"): "dataset",
    ("schedule set", "TARGET"): "dataset",
    ("schedule install", "TARGET"): "dataset",
    ("destroy", "NAME"): "dataset",
    ("clone", "NAME"): "dataset",
    ("golden stamp", "NAME"): "dataset",
    ("retune", "TARGET"): "dataset",
    ("schedule run", "JOB"): "",
}


def completions(parser: argparse.ArgumentParser, shell: str) -> str:
    """Write the completion of one shell.

    Args:
        parser: The parser of the command, with all options of all verbs; it is changed.
        shell: ``bash``, ``zsh`` or ``fish``.
    """
    everywhere = [action for action in parser._actions if action.option_strings]
    for words, below in list(_walk(parser)):
        for action in below._actions:
            _complete(action, words)
            _describe(action)
        if words:
            _add_options(below, everywhere)
    ours = (HERE / f"zfstune.{shell}").read_text(encoding="utf-8")
    before, _, behind = ours.partition(_MARK)
    written = shtab.complete(parser, shell, preamble=before)
    if shell == "zsh":
        # shtab has zsh complete the first of a list alone: "(*)" is what excludes others,
        # where "*" is what stands for all that follow (_arguments in zshcompsys(1)).
        written = written.replace('"(*):', '"*:')
    return f"{written}\n{behind}"


def _walk(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Give each parser with the words that lead to it."""
    yield words, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, below in action.choices.items():
                yield from _walk(below, (*words, word))


def _complete(action: argparse.Action, words: tuple[str, ...]) -> None:
    """Tell shtab what an argument takes."""
    if action.nargs == 0 or action.choices is not None:
        return
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest
    kind = _BY_VERB.get((" ".join(words), metavar), _BY_METAVAR.get(metavar, ""))
    if kind in _KINDS:
        names = dict.fromkeys(("bash", "zsh"), f"_zfstune_{kind}s")
        value: object = names | {"fish": f"(_zfstune_names {kind})"}
    elif kind:
        value = {"file": shtab.FILE, "directory": shtab.DIRECTORY}[kind]
    else:
        return
    action.complete = value  # type: ignore[attr-defined]


def _describe(action: argparse.Action) -> None:
    """Have verbs described by their line in the help: shtab takes the longer text."""
    if isinstance(action, argparse._SubParsersAction):
        for listed in action._get_subactions():
            action.choices[listed.dest].description = listed.help


def _add_options(parser: argparse.ArgumentParser, options: list[argparse.Action]) -> None:
    """Add the options that may stand behind a verb, except where it has its own."""
    for action in options:
        if not set(action.option_strings) & set(parser._option_string_actions):
            parser._add_action(action)
