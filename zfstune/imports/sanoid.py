"""sanoid's configuration: sections of datasets, and templates they use.

A snapshot goes when it is older than N periods and more than N of its kind are left.
The month has 31 days and the year 365.25, whatever the calendar says.
"""

from __future__ import annotations

from configparser import ConfigParser, Error

from zfstune.errors import PolicyError
from zfstune.imports import Imported
from zfstune.policy import Group, Last, Policy, Within

__all__ = ["read"]

_DAY = 86400
_PERIODS = {
    "frequently": 60,
    "hourly": 3600,
    "daily": _DAY,
    "weekly": 7 * _DAY,
    "monthly": 31 * _DAY,
    "yearly": _DAY * 1461 // 4,
}
_YES = {"yes", "true", "on", "1"}


def read(text: str) -> list[Imported]:
    """Read a sanoid.conf; what it leaves out must not be left to its defaults file."""
    parser = ConfigParser(
        interpolation=None, strict=False, inline_comment_prefixes=("#", ";"), delimiters="="
    )
    try:
        parser.read_string(text)
    except Error as error:
        raise PolicyError(
            f"cannot import from sanoid: {error}".replace("\n", " ")
        ) from None
    found = []
    for section in parser.sections():
        if section.startswith("template_") or section == "version":
            continue
        settings = _settings(parser, section)
        if settings.get("autoprune", "").lower() in _YES:
            found.append(_imported(section, settings))
    return found


def _settings(parser: ConfigParser, section: str) -> dict[str, str]:
    """Give a section's settings over those of its templates, later ones over earlier."""
    merged: dict[str, str] = {}
    if parser.has_section("template_default"):
        merged.update(parser["template_default"])
    used = parser[section].get("use_template", "")
    for name in (name.strip() for name in used.split(",") if name.strip()):
        if not parser.has_section(f"template_{name}"):
            raise PolicyError(
                f"cannot import from sanoid '{section}': its template '{name}' is not there"
            )
        merged.update(parser[f"template_{name}"])
    merged.update(parser[section])
    return merged


def _imported(section: str, settings: dict[str, str]) -> Imported:
    where = f"cannot import from sanoid '{section}'"
    if settings.get("prune_defer", "0") not in ("", "0"):
        raise PolicyError(
            f"{where}: prune_defer={settings['prune_defer']} waits until the pool fills up"
        )
    notes = []
    if settings.get("recursive", "").lower() in (_YES | {"zfs"}):
        notes.append(
            "recursive: those below inherit the policy, unless they have their own"
        )
    groups = []
    consents = False
    for kind, seconds in _PERIODS.items():
        value = settings.get(kind)
        if value is None:
            notes.append(f"{kind}: not in this file, so sanoid's own default would hold")
            continue
        if not (value.isascii() and value.isdigit()):
            raise PolicyError(f"{where}: {kind}={value} is no number")
        count = int(value)
        each = seconds * _minutes(where, settings) if kind == "frequently" else seconds
        rules = (Last(count), Within(count * each)) if count else (Last(0),)
        consents = consents or not count
        groups.append(Group(rules, match=f"autosnap*_{kind}"))
    if not groups:
        raise PolicyError(f"{where}: it says of no kind how many to keep")
    if consents:
        notes.append(
            "a kind of which it keeps 0 is destroyed whole: it takes --all-of-them"
        )
    return Imported(section, Policy(tuple(groups), allow_zero=consents), tuple(notes))


def _minutes(where: str, settings: dict[str, str]) -> int:
    value = settings.get("frequent_period", "15")
    if not (value.isascii() and value.isdigit() and int(value)):
        raise PolicyError(f"{where}: frequent_period={value} is no number of minutes")
    return int(value)
