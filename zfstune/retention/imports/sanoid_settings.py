"""What sanoid makes of its sanoid.conf: the settings in force on each dataset.

This follows init() of sanoid (github.com/jimsalterjrs/sanoid), version 2.0 to 2.3,
whose rules are these:

- Sections are taken in the order of the file. One that is recursive writes what it
  has over all that is below its dataset, whatever earlier sections said of that; a
  later section of a dataset below changes that dataset alone.
- A section that no recursive one came before begins with sanoid's defaults, then the
  file's own [template_default]; then come the templates that it uses, in their order,
  and its own keys. A template that is not there is passed over.
- A key means what its whole value says: `no # for now` is not `no`.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from zfstune.retention.imports.reading import NotKeptError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    # Several where a key stands several times, and that version keeps them all.
    Value = str | tuple[str, ...]
    Ini = Mapping[str, Mapping[str, Sequence[str]]]

__all__ = [
    "DEFAULTS",
    "KEYS",
    "VERSIONS",
    "Default",
    "Version",
    "is_true",
    "settings_in_force",
    "templates_of",
]


class Default(str):
    """A value that comes with sanoid, and not from the file."""

    __slots__ = ()


# Of sanoid.defaults.conf, the same in all versions from 2.0 on.
DEFAULTS: dict[str, Value] = {
    key: Default(value)
    for key, value in {
        "autoprune": "yes",
        "frequent_period": "15",
        "frequently": "0",
        "hourly": "48",
        "daily": "90",
        "weekly": "0",
        "monthly": "6",
        "yearly": "0",
        "prune_defer": "0",
    }.items()
}

# All that sanoid.defaults.conf lists; at any other key sanoid stops.
_KEYS = """
    path recursive use_template process_children_only skip_children pre_snapshot_script
    post_snapshot_script pre_pruning_script pruning_script script_timeout
    no_inconsistent_snapshot force_post_snapshot_script frequent_period autoprune
    frequently hourly daily weekly monthly yearly prune_defer autosnap hourly_min
    daily_hour daily_min weekly_wday weekly_hour weekly_min monthly_mday monthly_hour
    monthly_min yearly_mon yearly_mday yearly_hour yearly_min monitor monitor_dont_warn
    monitor_dont_crit frequently_warn frequently_crit hourly_warn hourly_crit daily_warn
    daily_crit weekly_warn weekly_crit monthly_warn monthly_crit yearly_warn yearly_crit
    capacity_warn capacity_crit
"""
KEYS = frozenset(_KEYS.split())


@frozen
class Version:
    """What sanoid's versions do differently.

    Attributes:
        tidies: Of a key that stands several times the first value holds, without the
            blanks behind it. Before, it was a reference to all of them, which is true,
            and a huge number. Version 2.2 took the first value and kept the blanks;
            where that matters the other two differ as well.
    """

    tidies: bool


VERSIONS = (Version(tidies=False), Version(tidies=True))  # 2.0 and 2.1, and 2.3

_TRUE = ("1", "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON")
_FALSE = ("0", "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF")
_TOGGLES = ("autoprune", "process_children_only")
_ABOUT_CHILDREN = ("recursive", "skip_children")
_NOT_FROM_TEMPLATES = frozenset({"use_template", "recursive"})
_NOT_OF_THE_SECTION = _NOT_FROM_TEMPLATES | {"skip_children"}
_NOT_FOR_CHILDREN = _NOT_FROM_TEMPLATES | {"process_children_only"}


def is_true(value: Value | None) -> bool:
    """Tell whether Perl takes a value for true."""
    return value not in (None, "", "0")


def templates_of(value: Value | None) -> list[str]:
    """Give the names of the sections that `use_template` asks for."""
    if not isinstance(value, str):
        return []
    names = re.split(" *, *", value)
    while names and not names[-1]:  # Perl's split() drops empty fields at the end
        names.pop()
    return ["template_" + re.sub(r"\s+\Z", "", name, flags=re.ASCII) for name in names]


def settings_in_force(
    ini: Ini, datasets: Iterable[str], version: Version
) -> dict[str, dict[str, Value]]:
    """Give the settings of each section and each dataset below a recursive one.

    Args:
        ini: The file, its sections in order.
        datasets: All that are there.
        version: Of sanoid.

    Returns:
        Settings by section, with the dataset they are for as `path`; a dataset that
        has no section stands under its own name.

    Raises:
        NotKeptError: sanoid takes a value for an expression that is not read here.
    """
    tree = sorted(datasets)
    said: dict[str, dict[str, Value]] = {
        name: {key: _joined(values) for key, values in section.items()}
        for name, section in ini.items()
    }
    found: dict[str, dict[str, Value]] = {}
    begun: set[str] = set()
    for section, own in said.items():
        # sanoid tidies each section as it comes to it, so a template that stands
        # further down is used as it is
        if version.tidies:
            own.update({key: _tidied(value) for key, value in own.items()})
        if section.startswith("template_"):
            continue
        settings = found.setdefault(section, {})
        if section not in begun:
            settings.update(DEFAULTS)
            settings.update(_but(said.get("template_default", {}), _NOT_FROM_TEMPLATES))
        for name in templates_of(own.get("use_template")):
            template = _but(said.get(name, {}), _NOT_FROM_TEMPLATES)
            if version.tidies:  # the first of a template's values, and no more than that
                template = {key: _first(value) for key, value in template.items()}
            settings.update(template)
        settings.update(_but(own, _NOT_OF_THE_SECTION))
        for toggle in _TOGGLES:
            settings[toggle] = _toggled(settings.get(toggle, ""))
        path = own.get("path", section)
        settings["path"] = path
        for child in _to_change(own, path, tree):
            if _is_to_skip(own):
                found.pop(child, None)
                begun.discard(child)
                continue
            below = found.setdefault(child, {})
            below.update(_but(settings, _NOT_FOR_CHILDREN))
            below["path"] = child
            begun.add(child)
    return found


def _joined(values: Sequence[str]) -> Value:
    return values[0] if len(values) == 1 else tuple(values)


def _first(value: Value) -> str:
    return value if isinstance(value, str) else value[0]


def _tidied(value: Value) -> str:
    return re.sub(r"\A\s+|\s+\Z", "", _first(value), flags=re.ASCII)


def _toggled(value: Value) -> Value:
    """Turn a word for no into what is false; all others are true as they are."""
    return "0" if value in _FALSE else value


def _but(settings: Mapping[str, Value], keys: frozenset[str]) -> dict[str, Value]:
    return {key: value for key, value in settings.items() if key not in keys}


def _to_change(own: Mapping[str, Value], path: Value, tree: Sequence[str]) -> Iterator[str]:
    """Give the datasets below the one of a section, if it says something of them."""
    if not (_is_recursive(own) or _is_to_skip(own)) or not isinstance(path, str):
        return
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.:/-]*", path, re.ASCII):
        # sanoid hands it to a shell, and without a name zfs lists every pool
        raise NotKeptError(f"sanoid may list any dataset at all below '{shown(path)}'")
    first = bisect_left(tree, path + "/")
    for child in tree[first:]:
        if not child.startswith(path + "/"):
            break
        yield child


def _is_recursive(own: Mapping[str, Value]) -> bool:
    return _by_zfs(own) or _is_word_for_true(own.get("recursive"))


def _is_to_skip(own: Mapping[str, Value]) -> bool:
    return not _by_zfs(own) and _is_word_for_true(own.get("skip_children"))


def _by_zfs(own: Mapping[str, Value]) -> bool:
    value = own.get("recursive")
    return isinstance(value, str) and "zfs" in value.lower()


def _is_word_for_true(value: Value | None) -> bool:
    """Tell whether the value, taken for an expression as sanoid does, is a true word."""
    if not isinstance(value, str):
        return False
    if re.fullmatch(r"[^\\^$.|?*+()\[\]{}]*", value):
        return value in _TRUE
    try:
        # what Python and Perl read alike
        if not re.search(r"\\|\(\?|\{|\[\[|[*+?]\+", value):
            return any(re.search(f"^{value}$", word) for word in _TRUE)
    except re.error:
        pass
    raise NotKeptError(f"sanoid takes '{shown(value)}' for a regular expression")
