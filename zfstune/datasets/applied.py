"""The note that zfstune leaves on a dataset: the values that it set there.

The note is the text of :data:`zfstune.values.marks.APPLIED_PROPERTY`: a JSON object of
property to canonical value. With it, a value that was changed by hand can be told from
one that the profile has changed since. The key ``-o``, which is no name of a property,
lists the properties whose values came from the call and not from a profile.
Anybody who may set user properties can write anything there, so reading it never fails
and trusts nothing.
"""

from __future__ import annotations

import json

from zfstune.values import properties as props
from zfstune.values.marks import OWN_PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


__all__ = [
    "ADMINISTRATORS",
    "passes_on",
    "read_given",
    "read_record",
    "standing_record",
    "write_record",
]

# The administrator decides where datasets mount: zfstune sets these two when asked, and
# leaves them as they are when it is no longer asked.
ADMINISTRATORS = frozenset({"mountpoint", "canmount"})
_GIVEN = "-o"


def passes_on(name: str) -> bool:
    """Tell whether a value that is set on a dataset is meant for those below it, too."""
    if name in ADMINISTRATORS or name.startswith(OWN_PREFIX):
        return False
    known = props.find(name)
    if known is None:
        return props.is_user(name)
    return known.inheritable and not (known.readonly or known.create_only)


def read_record(text: str | None) -> dict[str, str]:
    """Read a note; text that cannot be understood counts as no note.

    Args:
        text: The property's value, or None where it is not set.

    Returns:
        Property to the canonical value that zfstune set.
    """
    noted = _read(text)
    noted.pop(_GIVEN, None)
    return noted


def read_given(text: str | None) -> dict[str, str]:
    """Read from a note the values that came from the call (``-o``), by property."""
    noted = _read(text)
    names = noted.pop(_GIVEN, "").split(",")
    return {name: noted[name] for name in names if name in noted}


def write_record(values: Mapping[str, str], given: Iterable[str] = ()) -> str:
    """Write a note: compact, keys sorted, so that equal notes are equal text.

    Args:
        values: Property to canonical value.
        given: Names of the properties whose values came from the call.
    """
    names = ",".join(sorted(set(given) & values.keys()))
    noted = {**values, _GIVEN: names} if names else dict(values)
    return json.dumps(noted, sort_keys=True, separators=(",", ":"))


def standing_record(
    before: str | None, meant: str, current: Callable[[str], str | None]
) -> str:
    """Write the note for a change that failed half way.

    Args:
        before: The note so far.
        meant: The note that the whole change would have had.
        current: Returns the value that is set on the dataset now.

    Returns:
        A note of the values noted before and of those that the change has set.
    """
    done = {n: v for n, v in read_record(meant).items() if current(n) == v}
    kept = {n: v for n, v in read_record(before).items() if n not in done}
    given = (read_given(meant).keys() & done) | (read_given(before).keys() & kept)
    return write_record({**kept, **done}, given)


def _read(text: str | None) -> dict[str, str]:
    if not text:
        return {}
    try:
        noted = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(noted, dict):
        return {}
    return {name: value for name, value in noted.items() if isinstance(value, str)}
