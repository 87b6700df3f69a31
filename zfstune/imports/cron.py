"""Lines of a crontab that list snapshots, leave out the newest and destroy the rest.

::

    zfs list -t snapshot -o name -H tank/www | grep daily | head -n -48 | xargs zfs destroy
"""

from __future__ import annotations

import re

from zfstune.errors import PolicyError
from zfstune.imports.reading import Imported, Reading
from zfstune.policy import Group, Last, Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["read"]

_LOOP = re.compile(r"\bfor (\w+) in ([^;]+); *do (.*?); *done")
_PLAIN = re.compile(r"[\w@:. -]+", re.ASCII)
_NOTES = (
    "the line destroys what it lists, whoever made it, and so does the policy",
    "the line goes by the order of the list, the policy by age",
    "those below inherit the policy; the line leaves them alone",
)


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (not yet)
    """Read a crontab, or a script that writes one."""
    found: list[Imported] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#") or "zfs destroy" not in line:
            continue
        found += [_pipeline(command, line.strip()) for command in _unrolled(line)]
    return Reading(tuple(found))


def _unrolled(line: str) -> Iterator[str]:
    loop = _LOOP.search(line)
    if loop is None:
        yield line
        return
    name, values, body = loop.groups()
    for value in values.split():
        yield re.sub(rf"\$(?:{name}\b|{{{name}}})", value, body)


def _pipeline(command: str, line: str) -> Imported:
    stages = [" ".join(stage.split()) for stage in command.split("|")]
    listing, destroy, filters = stages[0], stages[-1], stages[1:-1]
    words = listing.split()
    if "list" not in words or "snapshot" not in words:
        raise _bad(line, "it does not begin with zfs list -t snapshot")
    options = [word for word in words[words.index("list") + 1 :] if word[0] == "-"]
    if set("".join(options)) - set("-Hto"):
        raise _bad(line, f"of zfs list, only -H, -t and -o are known, not {options}")
    dataset = words[-1]
    if not _PLAIN.fullmatch(dataset.replace("/", "")):
        raise _bad(line, f"'{dataset}' is no dataset")
    if not re.fullmatch(r"xargs (-\S+ )*(-n ?1 )?zfs destroy( 2>.*)?", destroy):
        raise _bad(line, f"'{destroy}' is not xargs zfs destroy")
    return Imported(dataset, Policy((_group(filters, dataset, line),)), _NOTES)


def _group(filters: list[str], dataset: str, line: str) -> Group:
    count = None
    regex = ""
    for stage in filters:
        kept = re.fullmatch(r"head -n ?-(\d+)", stage, re.ASCII)
        sought = re.fullmatch(r"grep (?:-F )?(['\"]?)([^'\"]+)\1", stage)
        if kept and count is None:
            count = int(kept[1])
        elif sought and count is None and not regex:
            regex = _sought(sought[2], dataset, line)
        else:
            raise _bad(line, f"'{stage}' is not known, or not in that place")
    if not count:
        raise _bad(line, "no `head -n -N` says what stays")
    if regex:
        return Group((Last(count),), regex=regex)
    return Group((Last(count),), match="*")


def _sought(word: str, dataset: str, line: str) -> str:
    """Turn what grep seeks in a whole line into what a short name must be."""
    if not _PLAIN.fullmatch(word) or word[0] == "-" or "." in word:
        raise _bad(line, f"'{word}' means more to grep than its letters")
    if word in dataset:
        raise _bad(line, f"grep finds '{word}' in the dataset's name, so in each line")
    head, at, short = word.partition("@")
    if not at:
        return f".*{re.escape(word)}.*"
    if not dataset.endswith(head):
        raise _bad(line, f"grep never finds '{word}' in a line")
    return f"{re.escape(short)}.*"


def _bad(line: str, reason: str) -> PolicyError:
    return PolicyError(f"cannot import from cron '{line}': {reason}")
