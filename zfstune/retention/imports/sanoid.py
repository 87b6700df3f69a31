"""Read sanoid's configuration: sections of datasets, and the templates that they use.

The rules are those of prune_snapshots() in sanoid's one program, `sanoid`
(github.com/jimsalterjrs/sanoid, 2.0 to 2.3). A snapshot is destroyed when it is older
than N periods and more than N of its kind are left. A month has 31 days and a year
365.25, whatever the calendar says. The end of a snapshot's name tells its kind; a few
names that nobody uses, such as ``autosnap_1_daily-weekly``, are a daily to sanoid and
out of the policy's scope, so that they stay.

The settings in force on a dataset depend on the datasets that exist, and the versions
of sanoid differ in details. So :mod:`zfstune.retention.imports.sanoid_settings` computes
them for each version.
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
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Last, Within
from zfstune.values.duration import DAY, HOUR, MINUTE, WEEK
from zfstune.values.errors import PolicyError
from zfstune.values.frozen import frozen, replace
from zfstune.values.text import did_you_mean, for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from zfstune.retention.imports.reading import Reading
    from zfstune.retention.imports.sanoid_settings import Ini, Value, Version

__all__ = ["read"]

_PERIODS = {
    "frequently": MINUTE,  # frequent_period holds the number of minutes
    "hourly": HOUR,
    "daily": DAY,
    "weekly": WEEK,
    "monthly": 31 * DAY,
    "yearly": DAY * 1461 // 4,
}
# Keys that decide about destroying, and that versions may read differently.
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
    "zfstune finds the newest snapshots by createtxg, sanoid by creation: the two differ "
    "where a clock was set back and among snapshots of the same second; zfstune keeps a "
    "snapshot dated after now, and does not count it"
)
_ZERO = (
    "sanoid destroys all snapshots of a kind whose count is 0; --all-of-them consents to "
    "that"
)


@frozen
class _Outcome:
    """A policy for a dataset, or the reason why none does what sanoid does there."""

    policy: Policy | None = None
    notes: tuple[str, ...] = ()
    reason: str = ""
    hint: str = ""


def read(text: str, datasets: Collection[str] | None) -> Reading:
    """Read a sanoid.conf.

    Args:
        text: The file's text.
        datasets: The existing datasets; None if they are not known.

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
    """Find the policy of each dataset, or leave it out if versions of sanoid differ."""
    by_version = [_of_version(ini, tree, version) for version in VERSIONS]
    wanted: dict[str, Imported | LeftOut] = {}
    for dataset in dict.fromkeys(name for outcomes in by_version for name in outcomes):
        outcome, *others = (each.get(dataset, _Outcome()) for each in by_version)
        if any(
            (each.policy, each.reason) != (outcome.policy, outcome.reason)
            for each in others
        ):
            hint = "; ".join(_ambiguous(ini))
            reason = "versions of sanoid keep different snapshots there"
            wanted[dataset] = LeftOut(dataset, reason, dataset, hint)
        elif outcome.policy is not None:
            wanted[dataset] = Imported(dataset, outcome.policy, outcome.notes)
        elif outcome.reason:
            wanted[dataset] = LeftOut(dataset, outcome.reason, dataset, outcome.hint)
    return wanted


def _of_version(ini: Ini, tree: Collection[str], version: Version) -> dict[str, _Outcome]:
    """Find the outcome for each dataset that one version of sanoid prunes."""
    by_path: dict[str, _Outcome] = {}
    for section, settings in settings_in_force(ini, tree, version).items():
        path = settings["path"]
        # sanoid skips each section that begins with `template`, even one of a pool.
        if section.startswith("template") or not isinstance(path, str):
            continue
        if not is_true(settings.get("autoprune")):
            continue
        if is_true(settings.get("process_children_only")):
            continue
        try:
            outcome = _outcome(path, settings)
        except NotKeptError as error:
            outcome = _Outcome(reason=error.reason, hint=error.hint)
        before = by_path.setdefault(path, outcome)
        if (before.policy, before.reason) != (outcome.policy, outcome.reason):
            by_path[path] = _Outcome(reason="two sections give it different settings")
    return by_path


def _outcome(dataset: str, settings: Mapping[str, Value]) -> _Outcome:
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
            continue  # all snapshots of this kind stay
        if kind == "frequently" and count:
            minutes = _number("frequent_period", settings["frequent_period"], notes)
            if minutes is None:
                continue
            seconds *= minutes  # noqa: PLW2901 (the period gets its length in the file)
        age = count * seconds
        if age >= _OLDEST:
            continue  # no snapshot is ever so old, so all of this kind stay
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
        return _Outcome()
    policy = Policy(tuple(groups), allow_zero=consents)
    if _is_deferred(dataset, settings["prune_defer"], policy):
        return _Outcome()
    return _Outcome(policy, tuple(dict.fromkeys(notes)))


def _refuse_script(script: str, notes: list[str]) -> None:
    if script == "pre_pruning_script":
        raise NotKeptError("its pre_pruning_script decides what is destroyed")
    notes.append("pruning_script: zfstune does not run it after it destroyed a snapshot")


def _number(key: str, value: Value, notes: list[str]) -> int | None:
    """Read the number at the beginning of a value, as Perl does; None: it is huge."""
    if not isinstance(value, str):
        return None  # Perl has a reference to several values here: an address
    match = re.match(
        r"\s*([+-]?[0-9]{1,15})(?:[eE]\+?([0-9]))?(?![0-9.eE])", value, re.ASCII
    )
    if match is None:
        if re.match(r"\s*[+-]?(\.?[0-9]|inf|nan)", value, re.ASCII | re.IGNORECASE):
            raise NotKeptError(f"{key}={shown(value)} is no whole number")
        number = 0
    else:
        number = int(match[1]) * 10 ** int(match[2] or 0)
    if value != str(number):
        notes.append(f"{key} = {shown(value)}: sanoid takes it for {number}")
    return max(number, 0)


def _is_deferred(dataset: str, value: Value, policy: Policy) -> bool:
    """Tell whether sanoid never prunes a dataset, as its pool can never be so full.

    Raises:
        NotKeptError: It prunes once the pool is so full, which no policy does.
    """
    if value == "0":
        return False
    limit = _percent(value)
    if limit == _WHOLE:
        return True
    sparing = replace(policy, free_target=FreeTarget(percent=min(_WHOLE - limit, 99)))
    consent = " --all-of-them" * policy.allow_zero
    text = Imported(dataset, sparing).text
    raise NotKeptError(
        f"with prune_defer={shown(str(value))} sanoid waits until so many percent of the "
        "pool are in use, and then prunes all at once",
        "for a policy that destroys only as many snapshots as keep the pool below that: "
        "zfstune policy set"
        f"{consent} {for_shell(dataset)} {for_shell(text)}",
    )


def _percent(value: Value) -> int:
    if isinstance(value, str) and re.fullmatch(r"0*([0-9]{1,2}|100)", value, re.ASCII):
        return int(value[-3:])
    raise NotKeptError("prune_defer is no number from 0 to 100, and sanoid stops there")


def _ambiguous(ini: Ini) -> list[str]:
    """List how to mend the keys that versions of sanoid read differently."""
    advice = []
    for name, section in ini.items():
        for key, values in section.items():
            if key not in _DECIDING:
                continue
            if len(values) > 1:
                advice.append(f"write '{key}' in [{shown(name)}] once")
            elif values[0] != values[0].strip():
                advice.append(f"remove the blanks behind '{key}' in [{shown(name)}]")
    return advice


def _missing_templates(ini: Ini) -> Iterable[str]:
    """Note the templates that are used and do not exist: sanoid skips them."""
    for name, section in ini.items():
        if name.startswith("template_"):
            continue
        for template in templates_of(section.get("use_template", [""])[0]):
            if template not in ini:
                yield (
                    f"[{shown(name)}] uses the template "
                    f"'{shown(template.removeprefix('template_'))}', which does not exist; "
                    "sanoid ignores it"
                )
