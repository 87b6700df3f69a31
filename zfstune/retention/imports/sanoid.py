"""sanoid's configuration: sections of datasets, and templates they use.

A snapshot goes when it is older than N periods and more than N of its kind are left.
The month has 31 days and the year 365.25, whatever the calendar says. The kind is
told by the end of the name; a few names that nobody gives, such as
``autosnap_1_daily-weekly``, are a daily to sanoid and nothing to the policy: they stay.

What sanoid does on a dataset depends on the datasets that are there, and on little
things in which its versions differ. So the settings are worked out for each version
on the datasets that are there.
"""

from __future__ import annotations

import re

from zfstune.retention.free_target import FreeTarget
from zfstune.retention.imports.ini_files import IniError, read_ini
from zfstune.retention.imports.reading import Imported, LeftOut, NotKeptError
from zfstune.retention.imports.sanoid_settings import (
    KEYS,
    VERSIONS,
    Default,
    is_true,
    settings_in_force,
    templates_of,
)
from zfstune.retention.imports.tree import with_notes, work_out
from zfstune.retention.policy import Group, Last, Policy, Within
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen, replace
from zfstune.values.text import did_you_mean, for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from zfstune.retention.imports.reading import Reading
    from zfstune.retention.imports.sanoid_settings import Ini, Value, Version

__all__ = ["read"]

_DAY = 86400
_PERIODS = {
    "frequently": 60,  # a minute of its frequent_period
    "hourly": 3600,
    "daily": _DAY,
    "weekly": 7 * _DAY,
    "monthly": 31 * _DAY,
    "yearly": _DAY * 1461 // 4,
}
# Keys that change what is destroyed, where the versions may differ.
_DECIDING = frozenset(_PERIODS) | {
    "autoprune",
    "frequent_period",
    "path",
    "process_children_only",
    "prune_defer",
    "recursive",
    "skip_children",
    "use_template",
}
_WHOLE = 100  # percent
_OLDEST = 1 << 32  # seconds, which is more than a century
_NEWEST = (
    "the newest are told by createtxg here and by creation by sanoid: they differ where "
    "a clock was set back and among snapshots of one second; one dated after now stays "
    "here and does not count"
)
_ZERO = "a kind of which 0 are kept is destroyed whole; --all-of-them consents to that"


@frozen
class _Kept:
    """What sanoid keeps on one dataset: a policy, or why there is none."""

    policy: Policy | None = None
    notes: tuple[str, ...] = ()
    reason: str = ""
    hint: str = ""


def read(text: str, datasets: Collection[str] | None) -> Reading:
    """Read a sanoid.conf.

    Args:
        text: Its text.
        datasets: Those that are there; None: nobody knows.

    Raises:
        PolicyError: sanoid itself would stop at it.
    """
    try:
        ini = read_ini(text)
    except IniError as error:
        raise PolicyError(f"cannot import from sanoid: {error}") from None
    _check_keys(ini)
    named = {*ini, *(path for each in ini.values() for path in each.get("path", ()))}
    try:
        reading = work_out(
            "sanoid",
            lambda tree: _of_all_versions(ini, tree),
            map(str.strip, named),
            datasets,
        )
    except NotKeptError as error:
        raise PolicyError(f"cannot import from sanoid: {error.reason}") from None
    return with_notes(reading, _missing_templates(ini))


def _check_keys(ini: Ini) -> None:
    for name, section in ini.items():
        for key in section:
            if key not in KEYS:
                raise PolicyError(
                    f"cannot import from sanoid '{shown(name)}': sanoid stops at "
                    f"'{shown(key)}', which it does not know",
                    hint=did_you_mean(key, tuple(sorted(KEYS)), ""),
                )


def _of_all_versions(ini: Ini, tree: Collection[str]) -> dict[str, Imported | LeftOut]:
    """Give what is kept on each dataset, where all versions of sanoid agree on that."""
    by_version = [_of_version(ini, tree, version) for version in VERSIONS]
    wanted: dict[str, Imported | LeftOut] = {}
    for dataset in dict.fromkeys(name for kept in by_version for name in kept):
        kept, *others = (each.get(dataset, _Kept()) for each in by_version)
        if any((each.policy, each.reason) != (kept.policy, kept.reason) for each in others):
            hint = "; ".join(_ambiguous(ini))
            reason = "versions of sanoid differ on what it keeps there"
            wanted[dataset] = LeftOut(dataset, reason, dataset, hint)
        elif kept.policy is not None:
            wanted[dataset] = Imported(dataset, kept.policy, kept.notes)
        elif kept.reason:
            wanted[dataset] = LeftOut(dataset, kept.reason, dataset, kept.hint)
    return wanted


def _of_version(ini: Ini, tree: Collection[str], version: Version) -> dict[str, _Kept]:
    found: dict[str, _Kept] = {}
    for section, settings in settings_in_force(ini, tree, version).items():
        path = settings["path"]
        # whatever begins with `template` is passed over, a pool of that name as well
        if section.startswith("template") or not isinstance(path, str):
            continue
        if not is_true(settings.get("autoprune")):
            continue
        if is_true(settings.get("process_children_only")):
            continue
        try:
            kept = _kept(path, settings)
        except NotKeptError as error:
            kept = _Kept(reason=error.reason, hint=error.hint)
        before = found.setdefault(path, kept)
        if (before.policy, before.reason) != (kept.policy, kept.reason):
            found[path] = _Kept(reason="two sections are for it, and say different things")
    return found


def _kept(dataset: str, settings: Mapping[str, Value]) -> _Kept:
    groups = []
    notes = [_NEWEST]
    defaults = []
    consents = False
    for kind, seconds in _PERIODS.items():
        value = settings[kind]
        count = _number(kind, value, notes)
        if isinstance(value, Default):
            defaults.append(f"{kind}={value}")
        if count is None:
            continue  # all stay
        if kind == "frequently" and count:
            minutes = _number("frequent_period", settings["frequent_period"], notes)
            if minutes is None:
                continue
            seconds *= minutes  # noqa: PLW2901 (of the period that is said here)
        age = count * seconds
        if age >= _OLDEST:
            continue  # nothing is ever so old
        rules = (Last(count), Within(age)) if age > 0 else (Last(count),)
        consents = consents or not count
        groups.append(Group(rules, match=f"autosnap*_{kind}"))
    if defaults:
        notes.append(
            f"{', '.join(defaults)}: not in the file; that is sanoid's own default"
        )
    if consents:
        notes.append(_ZERO)
    for script in ("pruning_script", "pre_pruning_script"):
        if is_true(settings.get(script)):
            _refuse_script(script, notes)
    if not groups:
        return _Kept()
    policy = Policy(tuple(groups), allow_zero=consents)
    if _is_deferred(dataset, settings["prune_defer"], policy):
        return _Kept()
    return _Kept(policy, tuple(dict.fromkeys(notes)))


def _refuse_script(script: str, notes: list[str]) -> None:
    if script == "pre_pruning_script":
        raise NotKeptError("its pre_pruning_script decides what is destroyed")
    notes.append("pruning_script: nothing runs it after a snapshot was destroyed")


def _number(key: str, value: Value, notes: list[str]) -> int | None:
    """Read a number as Perl does: what the value begins with; None: beyond all bounds."""
    if not isinstance(value, str):
        return None  # a reference to several values, whose number is an address
    found = re.match(
        r"\s*([+-]?[0-9]{1,15})(?:[eE]\+?([0-9]))?(?![0-9.eE])", value, re.ASCII
    )
    if found is None:
        if re.match(r"\s*[+-]?(\.?[0-9]|inf|nan)", value, re.ASCII | re.IGNORECASE):
            raise NotKeptError(f"{key}={shown(value)} is no whole number")
        number = 0
    else:
        number = int(found[1]) * 10 ** int(found[2] or 0)
    if value != str(number):
        notes.append(f"{key} = {shown(value)}: sanoid takes it for {number}")
    return max(number, 0)


def _is_deferred(dataset: str, value: Value, policy: Policy) -> bool:
    """Tell whether sanoid never comes to prune a dataset, since no pool is so full."""
    if value == "0":
        return False
    limit = _percent(value)
    if limit == _WHOLE:
        return True

    free = replace(policy, free_target=FreeTarget(percent=min(_WHOLE - limit, 99)))
    consent = " --all-of-them" * policy.allow_zero
    text = Imported(dataset, free).text
    raise NotKeptError(
        f"prune_defer={shown(str(value))} waits until the pool is so full, and then all "
        "goes at once",
        "no more than it takes to have so much free goes with: zfstune policy set"
        f"{consent} {for_shell(dataset)} {for_shell(text)}",
    )


def _percent(value: Value) -> int:
    if isinstance(value, str) and re.fullmatch(r"0*([0-9]{1,2}|100)", value, re.ASCII):
        return int(value[-3:])
    raise NotKeptError("prune_defer is no number from 0 to 100, and sanoid stops there")


def _ambiguous(ini: Ini) -> list[str]:
    """Name what versions of sanoid read differently."""
    found = []
    for name, section in ini.items():
        for key, values in section.items():
            if key not in _DECIDING:
                continue
            if len(values) > 1:
                found.append(f"say '{key}' of [{shown(name)}] once")
            elif values[0] != values[0].strip():
                found.append(f"leave no blanks behind '{key}' of [{shown(name)}]")
    return found


def _missing_templates(ini: Ini) -> Iterable[str]:
    """Name the templates that are used and are not there; sanoid passes them over."""
    for name, section in ini.items():
        if name.startswith("template_"):
            continue
        for template in templates_of(section.get("use_template", [""])[0]):
            if template not in ini:
                yield (
                    f"[{shown(name)}] uses a template that is not there, "
                    f"'{shown(template.removeprefix('template_'))}'; sanoid passes it over"
                )
