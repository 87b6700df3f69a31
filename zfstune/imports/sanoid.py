"""sanoid's configuration: sections of datasets, and templates they use.

A snapshot goes when it is older than N periods and more than N of its kind are left.
The month has 31 days and the year 365.25, whatever the calendar says.
"""

from __future__ import annotations

from configparser import ConfigParser, Error

from zfstune.errors import PolicyError
from zfstune.imports.reading import Imported, Reading
from zfstune.policy import Group, Last, Policy, Within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

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
_CHILDREN_ONLY = "process_children_only"
_REFUSED = {
    _CHILDREN_ONLY: "leaves the dataset itself alone, and a policy is for it too: "
    "say what is to be kept in sections of those below",
    "skip_children": "takes back what a section above says of those below",
}


def read(text: str, datasets: Collection[str] | None) -> Reading:  # noqa: ARG001 (not yet)
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
    found: list[Imported] = []
    above: dict[str, dict[str, str]] = {}
    for section in parser.sections():
        if section.startswith("template_") or section == "version":
            continue
        settings = _settings(parser, section, above)
        dataset = settings.pop("path", section)
        recursive = parser[section].get("recursive", "").lower() in (_YES | {"zfs"})
        if recursive:
            above[dataset] = settings
        # sanoid's own defaults say yes
        if settings.get("autoprune", "yes").lower() in _YES:
            found.append(_imported(dataset, settings, recursive=recursive))
    return Reading(tuple(found))


def _settings(
    parser: ConfigParser, section: str, above: dict[str, dict[str, str]]
) -> dict[str, str]:
    """Give a section's settings over those of its templates, later ones over earlier.

    Below them all is the last recursive section above, else the default template.
    """
    base = parser["template_default"] if parser.has_section("template_default") else {}
    for dataset, settings in above.items():
        if section.startswith(f"{dataset}/"):
            base = {k: v for k, v in settings.items() if k != _CHILDREN_ONLY}
    merged = dict(base)
    used = parser[section].get("use_template", "")
    for name in (name.strip() for name in used.split(",") if name.strip()):
        if not parser.has_section(f"template_{name}"):
            raise PolicyError(
                f"cannot import from sanoid '{section}': its template '{name}' is not there"
            )
        merged.update(parser[f"template_{name}"])
    merged.update(parser[section])
    return merged


def _imported(dataset: str, settings: dict[str, str], *, recursive: bool) -> Imported:
    where = f"cannot import from sanoid '{dataset}'"
    if settings.get("prune_defer", "0") not in ("", "0"):
        raise PolicyError(
            f"{where}: prune_defer={settings['prune_defer']} waits until the pool fills up"
        )
    for key, reason in _REFUSED.items():
        if settings.get(key, "").lower() in _YES:
            raise PolicyError(f"{where}: {key} {reason}")
    notes = []
    if recursive:
        notes.append(
            "recursive: those below inherit the policy, unless they have their own"
        )
    else:
        notes.append(f"{dataset}: those below inherit the policy; sanoid leaves them alone")
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
    return Imported(dataset, Policy(tuple(groups), allow_zero=consents), tuple(notes))


def _minutes(where: str, settings: dict[str, str]) -> int:
    value = settings.get("frequent_period", "15")
    if not (value.isascii() and value.isdigit() and int(value)):
        raise PolicyError(f"{where}: frequent_period={value} is no number of minutes")
    return int(value)
