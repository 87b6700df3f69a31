"""What zfstune notes on a dataset: which values it set there.

The note is the text of :data:`zfstune.names.APPLIED_PROPERTY`: a JSON object of
property to canonical value. It tells a value that was changed by hand from one
that the profile has changed its mind about. Whoever may set user properties may
write anything there, so reading it never fails and trusts nothing.
"""

from __future__ import annotations

from zfstune.names import PROFILE_PROPERTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OWN_PREFIX", "read_record", "write_record"]

# The user properties that are zfstune's to write, and nobody else's.
OWN_PREFIX = PROFILE_PROPERTY.partition(":")[0] + ":"


def read_record(text: str | None) -> dict[str, str]:
    """Read a note; one that makes no sense is no note.

    Args:
        text: The property's value, or None where it is not set.

    Returns:
        Property to the canonical value that zfstune set.
    """
    if not text:
        return {}
    import json  # noqa: PLC0415 (a first apply reads no note)

    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)}


def write_record(values: Mapping[str, str]) -> str:
    """Write a note: compact, keys sorted, so that equal notes are equal text."""
    import json  # noqa: PLC0415

    return json.dumps(dict(values), sort_keys=True, separators=(",", ":"))
