"""What zfstune notes on a dataset: which values it set there.

The note is the text of :data:`zfstune.values.marks.APPLIED_PROPERTY`: a JSON object of
property to canonical value. It tells a value that was changed by hand from one
that the profile has changed its mind about. Under the key ``-o``, which is no name
of a property, stand the names of those that the call gave, and not the profile.
Whoever may set user properties may write anything there, so reading it never fails
and trusts nothing.
"""

from __future__ import annotations

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

# Where things mount is the administrator's: zfstune sets it when asked, and does
# not take it back when it is no longer asked.
ADMINISTRATORS = frozenset({"mountpoint", "canmount"})
_GIVEN = "-o"


def passes_on(name: str) -> bool:
    """Tell whether a value that is set on a dataset is meant for what lies below, too."""
    if name in ADMINISTRATORS or name.startswith(OWN_PREFIX):
        return False
    known = props.find(name)
    if known is None:
        return props.is_user(name)
    return known.inheritable and not (known.readonly or known.create_only)


def read_record(text: str | None) -> dict[str, str]:
    """Read a note; one that makes no sense is no note.

    Args:
        text: The property's value, or None where it is not set.

    Returns:
        Property to the canonical value that zfstune set.
    """
    found = _read(text)
    found.pop(_GIVEN, None)
    return found


def read_given(text: str | None) -> dict[str, str]:
    """Read from a note what the call gave, with ``-o``: property to canonical value."""
    found = _read(text)
    names = found.pop(_GIVEN, "").split(",")
    return {name: found[name] for name in names if name in found}


def write_record(values: Mapping[str, str], given: Iterable[str] = ()) -> str:
    """Write a note: compact, keys sorted, so that equal notes are equal text.

    Args:
        values: Property to canonical value.
        given: Names of those that were given with the call.
    """
    import json  # noqa: PLC0415 (a first apply reads no note)

    names = ",".join(sorted(set(given) & values.keys()))
    noted = {**values, _GIVEN: names} if names else dict(values)
    return json.dumps(noted, sort_keys=True, separators=(",", ":"))


def standing_record(
    before: str | None, meant: str, standing: Callable[[str], str | None]
) -> str:
    """Write the note for a change that failed half way.

    Args:
        before: The note so far.
        meant: The note that the whole change would have had.
        standing: Gives the value that is set on the dataset now.

    Returns:
        A note of what was noted before, and of what of the change was done.
    """
    done = {n: v for n, v in read_record(meant).items() if standing(n) == v}
    stays = {n: v for n, v in read_record(before).items() if n not in done}
    given = (read_given(meant).keys() & done) | (read_given(before).keys() & stays)
    return write_record({**stays, **done}, given)


def _read(text: str | None) -> dict[str, str]:
    if not text:
        return {}
    import json  # noqa: PLC0415 (as above)

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)}
