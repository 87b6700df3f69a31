"""The properties that make a copy inert, and those of them that a copy lacks.

A receive sets them on the dataset that it makes. One of them may be refused there, as by
missing rights, and the data has arrived all the same: the kernel sets properties after the
stream has ended (zfs_ioc_recv_impl() in module/zfs/zfs_ioctl.c), and the zfs command ends
with status 0. So each later look at a copy asks what it lacks.

A value that was set on a copy by somebody stays, whatever it is. One that a copy was to
inherit, by ``-x`` as it was made, is noted on it (``org.zfstune:replica-opened``).
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.marks import OPENED_PROPERTY
from zfstune.values.state import LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from zfstune.values.state import Dataset

__all__ = ["INERT", "PLACEHOLDER", "is_opened_note", "lacking", "opened_note"]

# Property to value and reason, by kind of dataset. `mountpoint` is not among them: it is
# never taken from a stream, so a filesystem inherits the one of its new parent.
INERT: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "filesystem": {
            "readonly": ("on", "one write, and no further stream fits"),
            "canmount": ("noauto", "it is mounted only when somebody asks for it"),
            "exec": ("off", "no program of a copy is run by mistake"),
            "setuid": ("off", "no program of a copy gains rights here"),
            "devices": ("off", "no device node of a copy reaches a device here"),
            "sharenfs": ("off", "it is not served, though its new parent may be"),
            "sharesmb": ("off", "it is not served, though its new parent may be"),
        },
        "volume": {
            "readonly": ("on", "one write, and no further stream fits"),
            "volmode": ("none", "no scan of this machine finds disks and labels in it"),
            "snapdev": ("hidden", "no scan of this machine finds disks and labels in it"),
        },
    }
)

# The properties of a target without data, beside its mark.
PLACEHOLDER: Mapping[str, str] = MappingProxyType(
    {
        **{name: value for name, (value, _) in INERT["filesystem"].items()},
        "canmount": "off",
    }
)


def lacking(dataset: Dataset) -> tuple[str, ...]:
    """Return the names of properties that would make a dataset inert, and do not.

    Whether it is a copy at all is for the caller to know. One of which nobody can tell the
    kind, as a kill in the first moments of a receive may leave it, lacks none.
    """
    opened = (dataset.local(OPENED_PROPERTY) or "").split(",")
    return tuple(
        name
        for name, (value, _) in INERT.get(dataset.kind, {}).items()
        if name not in opened
        and (found := dataset.properties.get(name)) is not None
        and found.source != LOCAL
        and found.value != value
    )


def opened_note(kind: str, dropped: Collection[str]) -> str:
    """Return the note of those properties that a new copy is not to have; may be empty."""
    return ",".join(sorted(INERT[kind].keys() & set(dropped)))


def is_opened_note(text: str) -> bool:
    """Tell whether a text is such a note."""
    return any(kind.keys() >= {*text.split(",")} for kind in INERT.values())
