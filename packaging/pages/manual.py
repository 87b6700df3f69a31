"""Manual pages from the parser: one of the command, and one of each verb.

argparse-manpage walks over a parser; here its page is brought into the form that
``mandoc -T lint`` has no complaint about, and the text that ends each help becomes
sections of its own.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from typing import TYPE_CHECKING

from argparse_manpage.manpage import Manpage

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SECTION", "pages"]

# Commands for administrators, as zfs(8) and zpool(8).
SECTION = "8"
_TITLE = "System Manager's Manual"
_WIDTH = 78
# What no parser knows.
_OF_THE_COMMAND = {
    "environment": """\
.TP
.B ZFSTUNE_IMAGE
The pool in a plain file that commands work on, as with
.BR \\-\\-image .
.TP
.B ZFSTUNE_POOL
The pool that
.B apply
and others use where none is named.
.B KLDLOAD_POOL_NAME
comes next.
.TP
.B ZFSTUNE_CACHE
The folder of the notes that make a prune fast; empty: none are kept.""",
    "files": """\
.TP
.I /etc/zfstune/profiles.d/*.toml
Profiles of this site; each takes the place of one that ships under its name.
.TP
.I /etc/kldload/install-manifest.env
The name of the pool and of the host, where the environment has none.
.TP
.I /etc/systemd/system/zfstune\\-*
Timers and services that
.B schedule install
has written.
.TP
.I /var/lib/zfstune
Notes on the runs of schedules.""",
}


def pages(parser: argparse.ArgumentParser, *, version: str, date: str) -> dict[str, str]:
    """Write the pages.

    Args:
        parser: The parser of the command, with all options of all verbs. It is changed:
            a parser that serves another purpose has to be built anew.
        version: The version of zfstune.
        date: The date of the pages, as in ``2026-11-30``.

    Returns:
        The text of each page by the name of its file.
    """
    verbs = _verbs_of(parser)
    listed = {action.dest: action.help or "" for action in verbs._get_subactions()}
    made = {}
    for verb, below in verbs.choices.items():
        page = _Page(f"{parser.prog}-{verb}", listed[verb], below, version, date)
        made[f"{page.name}.{SECTION}"] = page.text(seen_also=parser.prog)
    for held in (parser._actions, *(g._group_actions for g in parser._action_groups)):
        if verbs in held:
            held.remove(verbs)
    page = _Page(parser.prog, parser.description or "", parser, version, date)
    page.summary = page.summary.partition(":")[0]
    page.usage = f"{page.usage} {verbs.metavar} ..."
    page.sections["commands"] = "\n".join(
        f".TP\n.BR {_escaped(parser.prog)}\\-{_escaped(verb)} ({SECTION})\n{_escaped(line)}"
        for verb, line in listed.items()
    )
    page.sections |= _OF_THE_COMMAND
    made[f"{page.name}.{SECTION}"] = page.text(seen_also="zfs zpool zfsprops")
    return made


def _verbs_of(
    parser: argparse.ArgumentParser,
) -> argparse._SubParsersAction[argparse.ArgumentParser]:
    [verbs] = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return verbs


class _Page:
    """One page in the making.

    Attributes:
        name: Its name, as in ``zfstune-apply``.
        summary: What the command does, in a line.
        usage: The words of its synopsis.
        sections: More sections by heading, in the language of pages.
    """

    def __init__(
        self,
        name: str,
        summary: str,
        parser: argparse.ArgumentParser,
        version: str,
        date: str,
    ) -> None:
        self.name = name
        self.summary = summary
        self.parser = parser
        self.version = version
        self.date = date
        self.usage = " ".join(parser.format_usage().split()[1:])
        # The texts that end the helps of a verb and of its actions, each line once.
        found: dict[str, dict[str, None]] = {}
        for each in (parser, *_parsers_below(parser)):
            for heading, block in _blocks(each.epilog):
                found.setdefault(heading, {}).update(dict.fromkeys(block.splitlines()))
            each.epilog = None
        self.sections = {
            heading: "\n".join((".nf", *map(_escaped, lines), ".fi"))
            for heading, lines in found.items()
        }

    def text(self, *, seen_also: str) -> str:
        """Write the page; `seen_also` names other pages of its section."""
        page = Manpage(
            self.parser,
            _data={"date": self.date, "version": self.version},
            format="single-commands-section",
        )
        # What follows the description; what stands before it is written here.
        body = str(page).partition(".SH DESCRIPTION\n")[2]
        others = ",\n".join(
            f".BR {_escaped(name)} ({SECTION})" for name in seen_also.split()
        )
        also = others.replace(",\n", " ,\n")
        sections = "".join(
            f".SH {heading.upper()}\n{text}\n"
            for heading, text in {**self.sections, "see also": also}.items()
        )
        summary = f"{_escaped(self.name)} \\- {_escaped(self.summary)}"
        return (
            f'.TH {self.name.upper()} {SECTION} {self.date} "zfstune {self.version}" '
            f'"{_TITLE}"\n'
            f".SH NAME\n{_folded(summary)}\n"
            f".SH SYNOPSIS\n{_folded(_escaped(self.usage))}\n"
            f".SH DESCRIPTION\n{_tidied(body)}{sections}"
        )


def _parsers_below(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield below
                yield from _parsers_below(below)


def _blocks(epilog: str | None) -> Iterator[tuple[str, str]]:
    """Give each heading of the text that ends a help, with the lines below it."""
    block = re.compile(r"^(\w[^\n:]*):\n((?: .*\n?|\n)+)", re.MULTILINE)
    for found in block.finditer(epilog or ""):
        yield found[1], textwrap.dedent(found[2]).rstrip()


def _escaped(text: str) -> str:
    """Write text so that roff shows it as it is, and a hyphen can be pasted."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def _folded(text: str) -> str:
    """Fold a paragraph; a line that begins with a dot would be taken for a macro."""
    folded = textwrap.fill(text, _WIDTH, break_on_hyphens=False, break_long_words=False)
    return re.sub(r"(?<=\n)(?=[.'])", r"\\&", folded)


def _tidied(body: str) -> str:
    """Mend what mandoc complains about in a page of argparse-manpage."""
    body = body.replace(".SH\n", ".SH ").replace("POSITIONAL ARGUMENTS", "ARGUMENTS")
    body = body.replace(".SH ARGUMENTS\n.SS", ".SH ACTIONS\n.SS")
    body = re.sub(r"^usage: ((?:.+\n)+)", _usage, body, flags=re.MULTILINE)
    # Space is roff's business: an empty line is a paragraph, and none stands at a macro.
    body = re.sub(r"\n{2,}(?=[.])", "\n", body)
    body = re.sub(r"\n{2,}", "\n.PP\n", body)
    body = re.sub(r"^(\.(?:SH|SS|TP|RS|RE).*\n)\.PP\n", r"\1", body, flags=re.MULTILINE)
    # A term that is followed by no text would take the next macro for its text.
    body = re.sub(r"^\.TP\n(.*)\n(?=\.)", r".PP\n\1\n", body, flags=re.MULTILINE)
    lines = [line if line.startswith(".") else _folded(line) for line in body.splitlines()]
    # What was folded may have left a paragraph without text.
    body = re.sub(
        r"^\.PP\n(?=\.(?:PP|SH|SS|RS|RE|TP))", "", "\n".join(lines), flags=re.MULTILINE
    )
    return body.strip("\n") + "\n"


def _usage(found: re.Match[str]) -> str:
    return _folded(" ".join(found[1].split())) + "\n\n"
