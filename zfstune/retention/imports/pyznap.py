"""Read pyznap's configuration: sections of datasets with counts of each kind of snapshot.

The rules are those of read_config() in pyznap/utils.py and clean_config() in
pyznap/clean.py (1.6.0, github.com/yboetz/pyznap), which reads the file with Python's
configparser:

- A key that a section lacks comes from a section above it; of several sections above,
  the first in the file counts.
- A section is for its dataset and all below it, except for datasets that have a section
  of their own, whatever is in it, and all below those. pyznap compares beginnings of
  names there, so that a section of tank/a excludes tank/ab/c as well, if tank/a
  exists, but not tank/ab.
- All snapshots of a kind without a count are destroyed, as with a count of 0.
"""

from __future__ import annotations

from configparser import ConfigParser, Error
from io import StringIO

from zfstune.retention.imports.reading import (
    LEAVE_ALONE,
    Imported,
    LeftOut,
    Reading,
    complete,
    in_force,
)
from zfstune.retention.imports.tree import listed, with_notes, work_out
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Last
from zfstune.values.errors import PolicyError
from zfstune.values.names import parent_of
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    Config = dict[str, dict[str, int | bool | None]]

__all__ = ["read"]

_KINDS = ("frequent", "hourly", "daily", "weekly", "monthly", "yearly")
# Keys whose values must be numbers too: pyznap stops if they are not.
_NUMBERS = ("retries", "retry_interval")
_MOST = 1_000_000  # a count that no dataset reaches, so all snapshots of the kind stay
_WORDS = {"yes": True, "no": False}
# The other keys that pyznap looks up: configparser interpolates percent signs in these.
_OTHERS = (
    *("key", "dest", "dest_keys", "compress", "exclude", "raw_send", "resume"),
    "dest_auto_create",
)
_ZERO = (
    "pyznap destroys all snapshots of a kind whose count is 0 or missing; --all-of-them "
    "consents to that"
)
_FUTURE = (
    "zfstune keeps a snapshot dated after now, and does not count it; pyznap counts it"
)


def read(text: str, datasets: Collection[str] | None) -> Reading:
    """Read a pyznap.conf.

    Args:
        text: The file's text.
        datasets: The existing datasets; None if they are not known.

    Raises:
        PolicyError: pyznap itself would stop at it.
    """
    config = _passed_on(_parsed(text))
    local = [name for name in config if not name.startswith("ssh")]
    reading = work_out("pyznap", lambda tree: _kept(config, local, tree), local, datasets)
    reading = with_notes(reading, _notes_on_beginnings(reading, local))
    remote = [
        _elsewhere(name) for name, settings in sorted(config.items()) if settings["clean"]
    ]
    left_out = (*reading.left_out, *(each for each in remote if each is not None))
    return Reading(reading.policies, left_out)


def _parsed(text: str) -> Config:
    """Read the keys of each section; the value of a missing key is None."""
    parser = ConfigParser()
    config: Config = {}
    try:
        # pyznap opens the file in text mode, which takes any kind of line end.
        parser.read_file(StringIO(text, newline=None))
        for name in parser.sections():
            section = parser[name]
            settings: dict[str, int | bool | None] = {}
            for kind in _KINDS:
                value = section.get(kind)
                settings[kind] = None if value is None else _number(name, kind, value)
            settings["clean"] = _WORDS.get((section.get("clean") or "").lower())
            for key in (*_NUMBERS, "snap", *_OTHERS):
                value = section.get(key) or ""
                if key in _NUMBERS and key in section:
                    for part in value.split(","):
                        _number(name, key, part)
            config[name] = settings
    except Error as error:
        reason = " ".join(str(error).split())
        raise PolicyError(f"cannot import from pyznap: {shown(reason)}") from None
    return config


def _number(section: str, key: str, value: str) -> int:
    try:
        return int(value)  # pyznap calls int() too, which allows blanks and underscores
    except ValueError:
        raise PolicyError(
            f"cannot import from pyznap '{shown(section)}': {key}={shown(value)} is no "
            "number, and pyznap stops there"
        ) from None


def _passed_on(config: Config) -> Config:
    """Fill in missing keys from the sections above, in the order of the file."""
    for above, settings in config.items():
        for name, own in config.items():
            if name != above and name.rpartition("/")[0].startswith(above):
                for key, value in settings.items():
                    if own[key] is None:
                        own[key] = value
    return config


def _kept(
    config: Config, local: Collection[str], tree: Collection[str]
) -> dict[str, Imported | LeftOut]:
    """Find the policy of each dataset that pyznap cleans."""
    ordered = sorted(tree)
    results: dict[str, Imported | LeftOut] = {}
    for name in local:
        if not config[name]["clean"]:
            continue
        kept = _policy(name, config[name])
        below = [each for each in ordered if each.startswith(f"{name}/")]
        named = [each for each in below if each in config]
        covered = [
            each
            for each in below
            if each not in config
            and not any(each.rpartition("/")[0].startswith(other) for other in named)
        ]
        for dataset in (name, *covered):
            if isinstance(kept, Imported):
                results[dataset] = Imported(dataset, kept.policy, kept.notes)
            else:
                results[dataset] = LeftOut(dataset, kept.reason, dataset)
    return results


def _notes_on_beginnings(reading: Reading, local: Collection[str]) -> Iterator[str]:
    """Note the unknown datasets that pyznap leaves alone since it compares beginnings.

    For the datasets that are known, the policies take account of it.
    """
    stored = in_force(complete(reading, None), {parent_of(name) or "" for name in local})
    taken_out = [n for n in local if stored[parent_of(n) or ""] not in (None, LEAVE_ALONE)]
    if taken_out:
        yield (
            "pyznap leaves alone the datasets below a dataset whose name begins with "
            f"{listed(taken_out)}, such as {taken_out[0]}-2/x; with zfstune, one that "
            "does not exist yet, or is not known, inherits a policy"
        )


def _policy(name: str, settings: dict[str, int | bool | None]) -> Imported | LeftOut:
    groups = []
    for kind in _KINDS:
        count = settings[kind] or 0
        if count < 0:
            # pyznap destroys snapshots[count:] of the newest first: the oldest go
            reason = (
                f"with {kind}={count}, pyznap destroys {-count} of the oldest snapshots at "
                "each run"
            )
            return LeftOut(name, reason, name)
        kept = Last(count if count < _MOST else None)
        groups.append(Group((kept,), regex=f"(pyznap|autosnap).*_{kind}"))
    consents = any(Last(0) in group.rules for group in groups)
    notes = (_FUTURE, _ZERO) if consents else (_FUTURE,)
    return Imported(name, Policy(tuple(groups), allow_zero=consents), notes)


def _elsewhere(name: str) -> LeftOut | None:
    """Leave out a section for another host; None: pyznap would skip it as well."""
    if not name.startswith("ssh"):
        return None
    parts = name.split(":", maxsplit=3)
    if len(parts) < len(("ssh", "port", "host", "dataset")) or "@" not in parts[2]:
        return None  # pyznap cannot read such a name either, and goes on
    host, dataset = parts[2].partition("@")[2], parts[3]
    return LeftOut(
        name,
        f"it is for the host '{shown(host)}'",
        hint=f"import these settings there, with the section named [{shown(dataset)}]",
    )
