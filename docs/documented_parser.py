"""The command's parser, as the page of its verbs shows it."""

from __future__ import annotations

import argparse

from zfstune.cli.parser import build_parser

__all__ = ["documented_parser"]


def documented_parser() -> argparse.ArgumentParser:
    """Return the parser; texts of several lines stay as they are in each help."""
    parser = build_parser()
    keep_lines(parser)
    return parser


def keep_lines(parser: argparse.ArgumentParser) -> None:
    """Have a parser and those below it say that their texts are not to be wrapped."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    for action in parser._actions:  # noqa: SLF001 (argparse has no public way to its verbs)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for below in action.choices.values():
                keep_lines(below)
