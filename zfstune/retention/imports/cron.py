"""Read lines of a crontab that list snapshots and destroy all but the newest.

::

    zfs list -t snapshot -o name -H tank/www | grep daily | head -n -48 | xargs -n1 zfs destroy
    for s in $(zfs list ... -S creation tank/db | tail -n +31); do zfs destroy "$s"; done

A line is read as crontab(5), a POSIX shell, xargs(1) and zfs-destroy(8) read it, or
left out with the reason. A line that runs another program which prunes is left out as
well. All other commands are counted in a note, since a script may prune too.
"""  # noqa: E501 (a line of a crontab)

from __future__ import annotations

import re
from itertools import combinations

from zfstune.retention.imports.pruning_programs import prunes_by_itself
from zfstune.retention.imports.reading import Imported, LeftOut, NotKeptError, Reading
from zfstune.retention.imports.shell_words import (
    Command,
    ForLoop,
    Pipeline,
    ReadLoop,
    parse_line,
)
from zfstune.retention.imports.snapshot_list import read_listing
from zfstune.retention.imports.tree import work_out_by_name
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Last
from zfstune.values.errors import PolicyError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from zfstune.retention.imports.snapshot_list import Listed

__all__ = ["read"]

# Lines that are no commands: settings like MAILTO=root, and ends of parts of a script.
_SETTING = re.compile(r"[A-Za-z_]\w*[ \t]*=[ \t]*(?:\"[^\"$`]*\"|'[^']*'|[^ \t\"'$`;&|]*)")
_SHELL_ENDS = ("do", "done", "else", "esac", "fi", "then", "{", "}", ";;")
_HERE_DOCUMENT = re.compile(r"<<-?[ \t]*[\"'\\]?(\w+)")
_OTHERS = "{} not read, and may prune snapshots too"
_DESTROYS = re.compile(r"\bdestroy\b")
# The five fields of a time, of which months and days of the week may be names.
_TIMES = re.compile(
    r"(?:@[a-z]+|(?:[\d*/,-]+[ \t]+){3}[\d*/,A-Za-z-]+[ \t]+[\d*/,A-Za-z-]+)[ \t]+(?=\S)",
    re.ASCII,
)
_USER = re.compile(r"[a-z_][a-z0-9_-]*[ \t]+(?=(?:sudo|for|/\S*|zfs)[ \t])", re.ASCII)
_BARE_PERCENT = re.compile(r"(?<!\\)%")
_VALUE = re.compile(r"[\w./:-]+", re.ASCII)
_MOST_PIPELINES = 1000
_ITEM = "\0"  # stands for the name that a loop hands on; no word can hold it

_ANYBODY = (
    "the crontab's lines destroy the snapshots that they list no matter which program made "
    "them, and so does this policy"
)
_FUTURE = "zfstune keeps snapshots dated after now, and does not count them"
_BY_CLOCK = (
    "the crontab's line sorts snapshots by their time of creation, this policy by the "
    "order in which they were taken: the two differ after a clock was set back"
)
_BOTH_WORDS = (
    "a snapshot whose name matches both {} stays while either rule keeps it; the crontab "
    "destroys it as soon as one of the two rules does not keep it"
)
_SEVERAL = "the crontab's lines keep different numbers of the same snapshots"


def read(text: str, datasets: Collection[str] | None) -> Reading:
    """Read a crontab, or a script that writes one."""
    by_dataset: dict[str, list[Listed]] = {}
    left_out: list[LeftOut] = []
    others = 0
    for number, line in _lines(text):
        if not (_DESTROYS.search(line) and "zfs" in line.lower()):
            program = _other_program(number, line)
            others += program is None
            left_out += [program] if program else []
            continue
        try:
            for listed in _read_line(line, datasets):
                by_dataset.setdefault(listed.dataset, []).append(listed)
        except NotKeptError as error:
            left_out.append(LeftOut(line, error.reason, hint=error.hint))
    notes = [_OTHERS.format(_count(others))] if others else []
    if notes and not by_dataset and not left_out:
        raise PolicyError(
            f"cannot import from cron: no line destroys snapshots; {notes[0]}"
        )
    # A line that was not read may be for any dataset.
    whole = not (others or left_out)
    reading = work_out_by_name(
        "cron" if whole else "the part of the crontab that was read",
        lambda name: _together(name, by_dataset.get(name, ())),
        by_dataset,
        datasets,
    )
    return Reading(reading.policies, (*left_out, *reading.left_out), tuple(notes))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that hold a command, with their numbers."""
    ends = {*_SHELL_ENDS, *_HERE_DOCUMENT.findall(text)}
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.strip(" \t\r")
        if line and line[0] != "#" and line not in ends and not _SETTING.fullmatch(line):
            yield number, line


def _other_program(number: int, line: str) -> LeftOut | None:
    """Leave out a line that runs another program which prunes; None: it runs none."""
    times = _TIMES.match(line)
    command = line[times.end() :] if times else line
    pruner = prunes_by_itself(command, has_user=times is not None)
    if pruner is None:
        return None
    program, does, reader = pruner
    hint = f"`zfstune policy import {reader} FILE` reads its settings" if reader else ""
    reason = f"line {number} runs {shown(program)}, which {does} by settings of its own"
    return LeftOut(line, reason, hint=hint)


def _count(others: int) -> str:
    return "1 other command was" if others == 1 else f"{others} other commands were"


def _read_line(line: str, datasets: Collection[str] | None) -> list[Listed]:
    """Read one line, with or without a time and a user at its beginning."""
    times = _TIMES.match(line)
    if times is not None:
        line = line[times.end() :]
        if _BARE_PERCENT.search(line):
            raise NotKeptError("cron ends the command at its %, which has no \\ before it")
        line = line.replace("\\%", "%")
        user = _USER.match(line)
        line = line[user.end() :] if user else line
    if line.endswith(("\\", "|", "&&")):
        raise NotKeptError(
            "the command goes on in the next line, and zfstune reads single lines"
        )
    return list(_Runner(datasets).pipelines(parse_line(line), {}))


class _Runner:
    """Follows a line's commands, as far as they list and destroy snapshots."""

    def __init__(self, datasets: Collection[str] | None) -> None:
        self._datasets = datasets
        self._run = 0

    def pipelines(
        self, pipelines: Sequence[Pipeline], values: Mapping[str, str]
    ) -> Iterator[Listed]:
        """Yield the snapshots that each pipeline lists, and the number that it leaves."""
        for pipeline in pipelines:
            self._run += 1
            if self._run > _MOST_PIPELINES:
                raise NotKeptError(f"its loops run more than {_MOST_PIPELINES} times")
            yield from self._pipeline(pipeline, values)

    def _pipeline(self, pipeline: Pipeline, values: Mapping[str, str]) -> Iterator[Listed]:
        *listing, last = pipeline.stages
        if isinstance(last, ForLoop) and not listing:
            yield from self._for(last, values)
        elif isinstance(last, ReadLoop):
            _check_body(last.body, last.name, values)
            yield self._listed(listing, values)
        elif isinstance(last, Command):
            _check_xargs(_words(last, values))
            yield self._listed(listing, values)
        else:
            raise NotKeptError("zfstune does not read a loop behind a pipe")

    def _for(self, loop: ForLoop, values: Mapping[str, str]) -> Iterator[Listed]:
        command = loop.words[0].command if len(loop.words) == 1 else ""
        if command:
            _check_body(loop.body, loop.name, values)
            [*before, inner] = parse_line(command) or (Pipeline(()),)
            if before:
                raise NotKeptError("more than one command makes the words of its loop")
            yield self._listed(inner.stages, values)
            return
        if len(loop.words) > _MOST_PIPELINES:
            raise NotKeptError(f"its loops run more than {_MOST_PIPELINES} times")
        for word in loop.words:
            value = word.expand(values)
            if not _VALUE.fullmatch(value):
                raise NotKeptError(
                    f"its loop takes '{shown(value)}', which is no plain word"
                )
            yield from self.pipelines(loop.body, {**values, loop.name: value})

    def _listed(
        self, stages: Sequence[Command | ForLoop | ReadLoop], values: Mapping[str, str]
    ) -> Listed:
        commands = []
        for stage in stages:
            if not isinstance(stage, Command):
                raise NotKeptError("zfstune does not read a loop before a pipe")
            if any(sign != "2>" or to[:1] == "&" for sign, to in stage.redirects):
                raise NotKeptError(
                    "its output is redirected, or its errors go into its output"
                )
            commands.append(_words(stage, values))
        if not commands:
            raise NotKeptError("it does not begin with zfs list")
        return read_listing(commands, self._datasets)


def _words(command: Command, values: Mapping[str, str]) -> list[str]:
    """Return a command's words, without sudo and without its program's folder."""
    words = [word.expand(values) for word in command.words]
    if words[0] == "sudo" and len(words) > 1:
        del words[0]
    if words[0].startswith("/"):
        words[0] = words[0].rpartition("/")[2]
    if words[0] in ("egrep", "fgrep"):
        words[:1] = ["grep", f"-{words[0][0].upper()}"]
    return words


def _check_body(body: Sequence[Pipeline], name: str, values: Mapping[str, str]) -> None:
    """Refuse a loop that does not just destroy each name that it gets."""
    stages = body[0].stages if len(body) == 1 else ()
    if len(stages) != 1 or not isinstance(stages[0], Command):
        raise NotKeptError("its loop does more than zfs destroy")
    words = _words(stages[0], {**values, name: _ITEM})
    if words[-1] != _ITEM:
        raise NotKeptError(f"its loop does not end in zfs destroy ${shown(name)}")
    _check_destroy(words[:-1])


def _check_xargs(words: list[str]) -> None:
    """Refuse a command that does not hand the names to zfs destroy one at a time."""
    if words[0] != "xargs":
        raise NotKeptError(
            f"it ends in '{shown(' '.join(words))}', not in xargs zfs destroy"
        )
    left = words[:0:-1]
    one_by_one = False
    item = ""
    while left and left[-1][:1] == "-":
        option = left.pop()
        if option in ("-r", "-t", "--no-run-if-empty"):
            continue
        value = option[2:] or (left.pop() if left else "")
        if option[:2] in ("-n", "-L") and value == "1":
            one_by_one = True
        elif option[:2] == "-I" and value and not item:
            item = value
        elif option[:2] != "-P" or not value.isdigit():
            raise NotKeptError(f"xargs' option '{shown(option)}' is not known")
    command = left[::-1]
    if item and command[-1:] == [item]:
        command.pop()
        one_by_one = True
    if not one_by_one:
        raise NotKeptError(
            "without -n1, xargs hands zfs destroy several names at once, which it refuses"
        )
    if command[:1] == ["sudo"]:
        del command[0]
    if command and command[0].endswith("/zfs"):
        command[0] = "zfs"
    _check_destroy(command)


_DESTROY_OPTIONS = {
    "r": "-r also destroys the snapshots of that name in all datasets below",
    "R": "-R also destroys clones",
    "d": "-d destroys a snapshot with clones or holds later; with zfstune it stays",
    "n": "-n destroys nothing",
}


def _check_destroy(words: Sequence[str]) -> None:
    if list(words[:2]) != ["zfs", "destroy"]:
        raise NotKeptError(f"it runs '{shown(' '.join(words))}', not zfs destroy")
    for word in words[2:]:
        if word[:1] != "-" or not word[1:]:
            raise NotKeptError(f"zfs destroy has '{shown(word)}' as another argument")
        for letter in word[1:]:
            if letter in _DESTROY_OPTIONS:
                raise NotKeptError(f"zfs destroy {_DESTROY_OPTIONS[letter]}")
            if letter not in "fpv":
                raise NotKeptError(f"zfs destroy's option '{shown(word)}' is not known")


def _together(dataset: str, lines: Sequence[Listed]) -> Imported | LeftOut | None:
    """Combine all lines for a dataset in one policy; None: there are no lines."""
    if not lines:
        return None
    least: dict[str, Listed] = {}
    for listed in lines:
        known = least.get(listed.scope)
        if known is None or listed.keep < known.keep:
            least[listed.scope] = listed
    notes = [_ANYBODY, _FUTURE]
    scopes = list(least.values())
    for first, second in combinations(scopes, 2):
        if first.words is None or second.words is None:
            return LeftOut(dataset, _SEVERAL, dataset)
        apart = first.words.apart(second.words)
        if apart is False:
            return LeftOut(dataset, _SEVERAL, dataset)
        if apart is None:
            both = f"'{first.words.shape}' and '{second.words.shape}'"
            notes.append(_BOTH_WORDS.format(both))
    if any(each.by_clock for each in scopes):
        notes.append(_BY_CLOCK)
    groups = [
        Group((Last(each.keep),), regex=each.scope)
        if each.scope
        else Group((Last(each.keep),), match="*")
        for each in scopes
    ]
    return Imported(dataset, Policy(tuple(groups)), tuple(notes))
