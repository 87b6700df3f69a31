"""The steps that a plan is made of, each a value.

Values of properties in them are canonical, as ``zfs get -p`` prints them (``8192``);
:meth:`describe` writes them for people.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.frozen import frozen
from zfstune.values.marks import (
    APPLIED_PROPERTY,
    PROFILE_PROPERTY,
    STANDS_FOR_PROPERTY,
)
from zfstune.values.property_rules import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "OWN_PROPERTIES",
    "Action",
    "Adjust",
    "Change",
    "Create",
    "Export",
    "MountDataset",
    "Remount",
    "SetOwner",
]

_NO_REASONS: Mapping[str, str] = MappingProxyType({})

OWN_PROPERTIES = (PROFILE_PROPERTY, APPLIED_PROPERTY, STANDS_FOR_PROPERTY)


def _property_text(values: Mapping[str, str]) -> str:
    shown = (f"{n}={display(n, v)}" for n, v in values.items() if n not in OWN_PROPERTIES)
    return " ".join(shown)


@frozen
class Change:
    """One property that gets another value.

    Attributes:
        property: Its name.
        old: Canonical value in force now, None where there is none.
        new: Canonical value to set; None: drop the local value and inherit again.
        why: Why it should have that value.
        source: Who says so: a URL or a file of OpenZFS; may be empty.
        drift: Somebody else changed the value that zfstune had set.
        note: Why the value in force differs, as in ``drift: set by hand to 16K``.
    """

    property: str
    old: str | None
    new: str | None
    why: str
    source: str = ""
    drift: bool = False
    note: str = ""

    def describe(self) -> str:
        """Return ``recordsize 128K -> 8K``."""
        old = "unset" if self.old is None else display(self.property, self.old)
        new = "inherit" if self.new is None else display(self.property, self.new)
        return f"{self.property} {old} -> {new}" if old != new else f"{self.property}={new}"

    def to_dict(self) -> dict[str, object]:
        """Return the change as JSON takes it: the attributes by name."""
        return {
            "property": self.property,
            "old": self.old,
            "new": self.new,
            "why": self.why,
            "source": self.source,
            "drift": self.drift,
            "note": self.note,
        }


@frozen
class Create:
    """Make a filesystem with these properties, zfstune's own notes among them.

    Attributes:
        dataset: Full name.
        properties: Canonical values, in one call with the creation.
        why: The purpose of the dataset, half a sentence.
        reasons: Property to the sentence that defends its value.
    """

    dataset: str
    properties: Mapping[str, str]
    why: str
    reasons: Mapping[str, str] = _NO_REASONS

    def describe(self) -> str:
        """Return ``create tank/data/postgres (recordsize=8K compression=lz4)``."""
        pairs = _property_text(self.properties)
        return f"create {self.dataset} ({pairs})" if pairs else f"create {self.dataset}"

    def to_dict(self) -> dict[str, object]:
        """Return the action as JSON takes it."""
        return {
            "action": "create",
            "dataset": self.dataset,
            "properties": dict(self.properties),
            "why": self.why,
            "reasons": dict(self.reasons),
        }


@frozen
class Adjust:
    """Change properties of a dataset that exists.

    Properties to inherit again come first, one call each and in this order; then all
    others, in one call; then zfstune's own notes. In that order a note never names a
    value that was not set, and the note of a value that was set stays until the
    property is inherited again.

    Attributes:
        dataset: Full name.
        changes: Changes to inherit come first, zfstune's own notes last.
    """

    dataset: str
    changes: tuple[Change, ...]

    @property
    def inherited(self) -> tuple[str, ...]:
        """The names of the properties to inherit again."""
        return tuple(c.property for c in self.changes if c.new is None)

    @property
    def values(self) -> dict[str, str]:
        """The properties to set, in one call, without zfstune's own notes."""
        return self._new(notes=False)

    @property
    def notes(self) -> dict[str, str]:
        """Notes of zfstune itself, to set once the changes that they describe are made."""
        return self._new(notes=True)

    def _new(self, *, notes: bool) -> dict[str, str]:
        return {
            change.property: change.new
            for change in self.changes
            if change.new is not None and (change.property in OWN_PROPERTIES) is notes
        }

    def describe(self) -> str:
        """Return ``change tank/data/logs (recordsize 16K -> 128K)``."""
        shown = [c.describe() for c in self.changes if c.property not in OWN_PROPERTIES]
        if not shown:
            return f"update zfstune's own notes on {self.dataset}"
        return f"change {self.dataset} ({', '.join(shown)})"

    def to_dict(self) -> dict[str, object]:
        """Return the action as JSON takes it."""
        return {
            "action": "adjust",
            "dataset": self.dataset,
            "changes": [change.to_dict() for change in self.changes],
        }


@frozen
class MountDataset:
    """Mount a filesystem where its properties say.

    Attributes:
        dataset: Full name.
        path: The mountpoint, alternate root included.
    """

    dataset: str
    path: str

    def describe(self) -> str:
        """Return ``mount tank/data/logs at /data/logs``."""
        return f"mount {self.dataset} at {self.path}"

    def to_dict(self) -> dict[str, object]:
        """Return the action as JSON takes it."""
        return {"action": "mount", "dataset": self.dataset, "path": self.path}


@frozen
class Remount:
    """Make a mount anew in place, so that it follows the properties as they are now.

    No application has to stop: files stay open. A mount namespace that was made since,
    as systemd makes for some services, keeps the old options until the service restarts.

    Attributes:
        dataset: Full name.
        path: Where it is mounted.
        changes: Options to add and to drop, as in ``+noexec -relatime``.
    """

    dataset: str
    path: str
    changes: str

    def describe(self) -> str:
        """Return ``remount tank/data/logs at /data/logs (+noexec)``."""
        return f"remount {self.dataset} at {self.path} ({self.changes})"

    def to_dict(self) -> dict[str, object]:
        """Return the action as JSON takes it."""
        return {
            "action": "remount",
            "dataset": self.dataset,
            "path": self.path,
            "changes": self.changes,
        }


@frozen
class Export:
    """Have NFS serve a mounted filesystem as ``sharenfs`` says, or stop serving it.

    Attributes:
        dataset: Full name.
        path: Where it is mounted.
        options: The value of ``sharenfs``.
        lines: Arguments of exportfs, a line a host; none: stop serving it.
    """

    dataset: str
    path: str
    options: str
    lines: tuple[str, ...]

    def describe(self) -> str:
        """Return ``export /data/share over NFS (rw=@10.0.0.0/24)``."""
        if not self.lines:
            return f"withdraw {self.path} from NFS"
        return f"export {self.path} over NFS ({self.options})"

    def to_dict(self) -> dict[str, object]:
        """Return the action as JSON takes it."""
        return {
            "action": "export" if self.lines else "withdraw",
            "dataset": self.dataset,
            "path": self.path,
            "options": self.options,
            "lines": list(self.lines),
        }


@frozen
class SetOwner:
    """Give a mounted root directory its owner and mode; nothing below is touched.

    Attributes:
        dataset: Full name of the filesystem mounted there.
        path: The directory.
        owner: User's name, None: leave it.
        group: Group's name, None: leave it.
        uid: The user's number; None where `owner` is None.
        gid: The group's number; None where `group` is None.
        mode: Permission bits, None: leave them.
    """

    dataset: str
    path: str
    owner: str | None
    group: str | None
    uid: int | None
    gid: int | None
    mode: int | None

    def describe(self) -> str:
        """Return ``give /data/postgres to postgres:postgres, mode 0700``."""
        return f"give {self.path} {'to ' if self.owner or self.group else ''}{self.account}"

    @property
    def account(self) -> str:
        """Owner, group and mode: ``postgres:postgres, mode 0700``."""
        account = (self.owner or "") + (f":{self.group}" if self.group else "")
        mode = "" if self.mode is None else f"mode {self.mode:04o}"
        return ", ".join(part for part in (account, mode) if part)

    def to_dict(self) -> dict[str, object]:
        """Return the action as JSON takes it; the mode is octal text."""
        return {
            "action": "own",
            "dataset": self.dataset,
            "path": self.path,
            "owner": self.owner,
            "group": self.group,
            "uid": self.uid,
            "gid": self.gid,
            "mode": None if self.mode is None else f"{self.mode:04o}",
        }


Action = Create | Adjust | MountDataset | Remount | SetOwner | Export
