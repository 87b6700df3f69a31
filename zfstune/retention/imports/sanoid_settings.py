"""The settings that sanoid computes from its sanoid.conf for each dataset.

The rules are those of init() in sanoid's one program, `sanoid`, and of its file
sanoid.defaults.conf (github.com/jimsalterjrs/sanoid, 2.0 to 2.3):

- Sections are applied in the order of the file. A recursive section overwrites the
  settings of all datasets below its own, whatever earlier sections set there. A later
  section for a dataset below changes that dataset alone.
- The settings of a section begin with sanoid's defaults and the file's own
  [template_default], unless an earlier recursive section has set some. Then come the
  templates that it uses, in their order, and its own keys. A missing template is
  skipped.
- A comment after a value is part of the value: `no # for now` is not `no`.
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

    # A tuple is a key that stands several times, in a version that keeps all of them.
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
    """A value that is one of sanoid's defaults, and not from the file."""

    __slots__ = ()


# The defaults of sanoid.defaults.conf, which are the same in all versions from 2.0 on.
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

# All keys that sanoid.defaults.conf lists; sanoid stops at any other key.
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
    """A version of sanoid, by how it reads values.

    Attributes:
        tidies: Whether it takes the first value of a key that stands several times, and
            strips its blanks. Versions before 2.2 took a reference to all values, which
            is true and a huge number. Version 2.2 took the first value with its blanks;
            where that matters, the other two kinds of version differ as well.
    """

    tidies: bool


VERSIONS = (Version(tidies=False), Version(tidies=True))  # 2.0 and 2.1, and 2.3

_TRUE = ("1", "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON")
_FALSE = ("0", "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF")
_TOGGLES = ("autoprune", "process_children_only")
_NOT_FROM_TEMPLATES = frozenset({"use_template", "recursive"})
_NOT_OF_THE_SECTION = _NOT_FROM_TEMPLATES | {"skip_children"}
_NOT_FOR_CHILDREN = _NOT_FROM_TEMPLATES | {"process_children_only"}


def is_true(value: Value | None) -> bool:
    """Tell whether a value is true in Perl."""
    return value not in (None, "", "0")


def templates_of(value: Value | None) -> list[str]:
    """List the names of the sections that a value of `use_template` asks for."""
    if not isinstance(value, str):
        return []
    names = re.split(" *, *", value)
    while names and not names[-1]:  # Perl's split() drops empty fields at the end
        names.pop()
    return ["template_" + re.sub(r"\s+\Z", "", name, flags=re.ASCII) for name in names]


def settings_in_force(
    ini: Ini, datasets: Iterable[str], version: Version
) -> dict[str, dict[str, Value]]:
    """Compute the settings of each section and of each dataset below a recursive one.

    Args:
        ini: The file, its sections in order.
        datasets: All existing datasets.
        version: The version of sanoid to follow.

    Returns:
        Settings by section, with the dataset that they are for as `path`; the settings
        of a dataset without a section stand under its own name.

    Raises:
        NotKeptError: sanoid takes a value for a regular expression that is not read
            here.
    """
    tree = sorted(datasets)
    written: dict[str, dict[str, Value]] = {
        name: {key: _joined(values) for key, values in section.items()}
        for name, section in ini.items()
    }
    in_force: dict[str, dict[str, Value]] = {}
    begun: set[str] = set()
    for section, own in written.items():
        # sanoid tidies a section when it reaches it, so a template further down the
        # file is used untidied.
        if version.tidies:
            own.update({key: _tidied(value) for key, value in own.items()})
        if section.startswith("template_"):
            continue
        settings = in_force.setdefault(section, {})
        if section not in begun:
            settings.update(DEFAULTS)
            settings.update(
                _without(written.get("template_default", {}), _NOT_FROM_TEMPLATES)
            )
        for name in templates_of(own.get("use_template")):
            template = _without(written.get(name, {}), _NOT_FROM_TEMPLATES)
            if version.tidies:  # of a template it takes the first value, blanks and all
                template = {key: _first(value) for key, value in template.items()}
            settings.update(template)
        settings.update(_without(own, _NOT_OF_THE_SECTION))
        for toggle in _TOGGLES:
            settings[toggle] = _toggled(settings.get(toggle, ""))
        path = own.get("path", section)
        settings["path"] = path
        for child in _to_change(own, path, tree):
            if _is_to_skip(own):
                in_force.pop(child, None)
                begun.discard(child)
                continue
            below = in_force.setdefault(child, {})
            below.update(_without(settings, _NOT_FOR_CHILDREN))
            below["path"] = child
            begun.add(child)
    return in_force


def _joined(values: Sequence[str]) -> Value:
    return values[0] if len(values) == 1 else tuple(values)


def _first(value: Value) -> str:
    return value if isinstance(value, str) else value[0]


def _tidied(value: Value) -> str:
    return re.sub(r"\A\s+|\s+\Z", "", _first(value), flags=re.ASCII)


def _toggled(value: Value) -> Value:
    """Replace a word for no with 0; all other words are true in Perl as they are."""
    return "0" if value in _FALSE else value


def _without(settings: Mapping[str, Value], keys: frozenset[str]) -> dict[str, Value]:
    return {key: value for key, value in settings.items() if key not in keys}


def _to_change(own: Mapping[str, Value], path: Value, tree: Sequence[str]) -> Iterator[str]:
    """Yield the datasets below that of a section if the section has a say on them."""
    if not (_is_recursive(own) or _is_to_skip(own)) or not isinstance(path, str):
        return
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.:/-]*", path, re.ASCII):
        # sanoid hands the name to a shell, and without a name zfs lists every pool.
        raise NotKeptError(
            f"nobody can tell which datasets sanoid lists below '{shown(path)}'"
        )
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
    """Tell whether a value, taken as a regular expression, matches a word for yes."""
    if not isinstance(value, str):
        return False
    if re.fullmatch(r"[^\\^$.|?*+()\[\]{}]*", value):
        return value in _TRUE
    try:
        # Python and Perl agree on expressions without these constructs.
        if not re.search(r"\\|\(\?|\{|\[\[|[*+?]\+", value):
            return any(re.search(f"^{value}$", word) for word in _TRUE)
    except re.error:
        pass
    raise NotKeptError(f"sanoid takes '{shown(value)}' for a regular expression")
