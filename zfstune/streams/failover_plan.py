"""The plan of a change of roles: a copy takes over from its source, or stands by again.

A copy that takes over loses what makes it inert, and only that: a value that somebody
chose for it stays. It keeps a bookmark of the snapshot that it took over with, under its
own number: the source that comes back may still have it, and all that was done since is
sent from there, whatever was pruned in the meantime.
A dataset that stands by gets the properties of a copy. It keeps its snapshots, for it
takes streams onto the newest one that both sides have.
"""

from __future__ import annotations

from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen, replace
from zfstune.values.inert import INERT
from zfstune.values.marks import OWN_PREFIX, REPLICA_PROPERTY, SCHEDULE_PROPERTY
from zfstune.values.mountpoint import effective_mountpoint, mount_blocker, with_inherited
from zfstune.values.replication_marks import (
    ASIDE,
    BaseMark,
    Replica,
    notes_on,
    read_mark,
    read_replica,
)
from zfstune.values.state import LOCAL, RECEIVED, PropertyValue
from zfstune.values.text import for_shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from zfstune.values.state import Bookmark, Dataset, Snapshot

__all__ = ["FailoverPlan", "Member", "RoleChange", "plan_standby", "plan_takeover"]

# Where the administrator has said so, a filesystem is not mounted, and nothing is amiss.
_UNMOUNTED = ("none", "legacy")


@frozen
class Member:
    """A dataset of the tree as it is.

    Attributes:
        dataset: The dataset.
        newest: Its newest snapshot, or None.
        bookmarks: Its bookmarks.
        path: Where it is mounted; empty: nowhere.
    """

    dataset: Dataset
    newest: Snapshot | None = None
    bookmarks: tuple[Bookmark, ...] = ()
    path: str = ""

    @property
    def mark(self) -> str:
        """The mark of replication that was set on it here; empty: none."""
        return self.dataset.local(REPLICA_PROPERTY) or ""


@frozen
class RoleChange:
    """The changes to one dataset.

    Attributes:
        dataset: Its name.
        newest: Full name of its newest snapshot; empty: it has none.
        values: Properties to set, zfstune's mark among them.
        inherited: Names of properties to inherit.
        make: The full name of each bookmark to make, with its snapshot.
        drop: Full names of bookmarks to destroy.
        abort: Whether the part of a stream that waits there is given up.
        unmount: The path that it is unmounted from; empty: it stays as it is.
        mount: The path that it is mounted at; empty: it stays as it is.
        blocked: The reason why it is not mounted, and the way on; empty: nothing is amiss.
        cautions: What the caller should know or do, a sentence each.
    """

    dataset: str
    newest: str
    values: Mapping[str, str]
    inherited: tuple[str, ...] = ()
    make: Mapping[str, str] | None = None
    drop: tuple[str, ...] = ()
    abort: bool = False
    unmount: str = ""
    mount: str = ""
    blocked: str = ""
    cautions: tuple[str, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether there is anything to do."""
        changes = (self.values, self.inherited, self.make, self.drop, self.abort)
        return any(changes) or bool(self.unmount or self.mount)

    def to_dict(self) -> dict[str, object]:
        """Return its values in JSON's types."""
        return {
            "dataset": self.dataset,
            "newest": self.newest or None,
            "set": dict(self.values),
            "inherit": list(self.inherited),
            "bookmarks": dict(self.make or {}),
            "drop": list(self.drop),
            "abort": self.abort,
            "unmount": self.unmount or None,
            "mount": self.mount or None,
            "blocked": self.blocked or None,
            "cautions": list(self.cautions),
        }

    def lines(self) -> Iterator[str]:
        """Yield the steps for people, a line each; zfstune's own marks go unsaid."""
        if self.abort:
            yield "abort the receive that broke off there"
        if self.unmount:
            yield f"unmount {self.unmount}"
        values = {n: v for n, v in self.values.items() if not n.startswith(OWN_PREFIX)}
        if values:
            yield f"set {' '.join(f'{name}={value}' for name, value in values.items())}"
        inherited = [name for name in self.inherited if not name.startswith(OWN_PREFIX)]
        if inherited:
            yield f"inherit {' '.join(inherited)}"
        if self.mount:
            yield f"mounted at {self.mount}"


@frozen
class FailoverPlan:
    """A change of roles.

    Attributes:
        dataset: Name of the root of the tree.
        standby: Whether it becomes a copy; otherwise it takes over.
        changes: The changes to each dataset, parents before children.
        left: The datasets that are left as they are, with the reason.
    """

    dataset: str
    standby: bool
    changes: tuple[RoleChange, ...]
    left: Mapping[str, str]

    @property
    def pending(self) -> bool:
        """Whether there is anything to do."""
        return any(change.pending for change in self.changes)

    @property
    def partial(self) -> bool:
        """Whether a dataset is left as it is, or cannot be mounted."""
        return bool(self.left) or any(change.blocked for change in self.changes)

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "dataset": self.dataset,
            "standby": self.standby,
            "changes": [change.to_dict() for change in self.changes],
            "left": dict(self.left),
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Yield the plan for people."""
        verb = "stands by" if self.standby else "takes over"
        if not self.pending:
            yield f"nothing to do: {self.dataset} {verb} already"
        for change in self.changes:
            if change.pending:
                newest = f" with {change.newest}" if change.newest else ""
                yield f"{change.dataset} {verb}{newest}"
                yield from (f"    {line}" for line in change.lines())


def plan_takeover(
    members: Sequence[Member],
    above: Dataset | None,
    chosen: Mapping[str, str],
    *,
    altroot: str = "",
    mountable: bool = True,
) -> FailoverPlan:
    """Plan how a copy, and the copies below it, take over.

    Args:
        members: All datasets of the tree, the root first, parents before children.
        above: The parent of the root; None: the root is a pool.
        chosen: Values for the root, in place of those that it would inherit.
        altroot: The pool's alternate root.
        mountable: Whether filesystems can be mounted there.

    Raises:
        PlanError: The root is no copy, or nothing has arrived in it.
    """
    root = members[0].dataset.name
    if not members[0].mark or members[0].mark == ASIDE:
        raise PlanError(
            f"cannot fail over to '{root}': it is no copy that zfstune made",
            hint=f"`zfs get readonly,canmount {for_shell(root)}` shows what keeps it from "
            "being used",
        )
    after: dict[str, Dataset] = {} if above is None else {above.name: above}
    changes, left = [], {}
    for member in members:
        name = member.dataset.name
        parent = after.get(name.rpartition("/")[0])
        if not member.mark or member.mark == ASIDE:
            after[name] = _below(member.dataset, parent)
            continue
        if member.newest is None and member.dataset.value("receive_resume_token"):
            left[name] = "its first stream has not arrived"
            continue
        values, inherited = _awakened(
            member.dataset, parent, chosen if name == root else {}
        )
        after[name] = _changed(member.dataset, parent, values, inherited)
        change = _takeover(member, after[name], values, inherited)
        if mountable:
            change = _mounted(change, member, after[name], altroot)
        changes.append(change)
    if root in left:
        raise PlanError(f"cannot fail over to '{root}': {left[root]}")
    return FailoverPlan(root, False, tuple(changes), left)


def plan_standby(members: Sequence[Member]) -> FailoverPlan:
    """Plan how a dataset, and all below it, become copies that take streams.

    Args:
        members: All datasets of the tree, the root first, parents before children.
    """
    root = members[0].dataset.name
    changes = [_standby(m) for m in members if m.mark != ASIDE or m is members[0]]
    return FailoverPlan(root, True, tuple(changes), {})


def _awakened(
    dataset: Dataset, parent: Dataset | None, chosen: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the properties to set on a copy that takes over, and those to inherit."""
    values = {n: value for n, value in chosen.items() if dataset.local(n) != value}
    inert = [
        name
        for name, (value, _) in INERT[dataset.kind].items()
        if dataset.local(name) == value and name not in chosen
    ]
    if "canmount" in inert:  # it is never inherited: zfsprops(7)
        inert.remove("canmount")
        values["canmount"] = "on"
    after = _changed(dataset, parent, values, inert)
    if after.value("readonly") == "on" and "readonly" not in chosen:
        inert = [name for name in inert if name != "readonly"]
        values["readonly"] = "off"
    return values, tuple(inert)


def _changed(
    dataset: Dataset,
    parent: Dataset | None,
    values: Mapping[str, str],
    inherited: Sequence[str],
) -> Dataset:
    """Return a dataset as it is with other properties, below a parent that changed."""
    properties = {n: p for n, p in dataset.properties.items() if n not in inherited}
    if parent is not None:
        properties |= {n: _passed_on(parent, n) for n in inherited}
    properties |= {name: PropertyValue(value, LOCAL) for name, value in values.items()}
    return _below(replace(dataset, properties=properties), parent)


def _passed_on(parent: Dataset, name: str) -> PropertyValue:
    """Return the value that a child without one of its own has."""
    above = parent.properties.get(name)
    if above is None:
        return PropertyValue("off" if name == "readonly" else "")
    if above.source in (LOCAL, RECEIVED):
        return PropertyValue(above.value, "inherited", parent.name)
    return above


def _below(dataset: Dataset, parent: Dataset | None) -> Dataset:
    if parent is None:
        return dataset
    return replace(dataset, properties=with_inherited(dataset, parent))


def _takeover(
    member: Member, after: Dataset, values: Mapping[str, str], inherited: tuple[str, ...]
) -> RoleChange:
    """Return the changes to a copy that takes over, all but its mount."""
    name, newest = member.dataset.name, member.newest
    replica = read_replica(member.mark)
    make: dict[str, str] = {}
    if replica is None:  # a placeholder: what is written to it now is nobody's to replace
        inherited = (*inherited, REPLICA_PROPERTY)
    elif not replica.live:
        values = {**values, REPLICA_PROPERTY: replace(replica, live=True).text}
        if newest is not None:
            bookmark = BaseMark(replica.identity, newest.guid).on(name)
            if bookmark not in {mark.name for mark in member.bookmarks}:
                make[bookmark] = newest.name
    cautions = []
    if (after.value("sharenfs") or "off") != "off":
        cautions.append(f"'{name}' is to be served: `zfs share {for_shell(name)}`")
    return RoleChange(
        dataset=name,
        newest="" if newest is None else newest.name,
        values=values,
        inherited=inherited,
        make=make,
        abort=bool(member.dataset.value("receive_resume_token")),
        cautions=tuple(cautions),
    )


def _mounted(
    change: RoleChange, member: Member, after: Dataset, altroot: str
) -> RoleChange:
    """Add the mount of a filesystem, or the reason why there is none."""
    wanted = (
        after.kind == "filesystem"
        and after.value("canmount") == "on"
        and after.value("mountpoint") not in _UNMOUNTED
    )
    if not wanted or (member.path and not change.pending):
        return change
    # By then the part of a stream is gone.
    whole = {n: p for n, p in after.properties.items() if n != "receive_resume_token"}
    blocker = mount_blocker(replace(after, properties=whole))
    if blocker is None:
        return replace(change, mount=effective_mountpoint(after, altroot) or "")
    name = for_shell(change.dataset)
    load = f": `zfs load-key {name}`, then again" if "key" in blocker else ""
    return replace(change, blocked=f"{blocker}{load}")


def _standby(member: Member) -> RoleChange:
    """Return the changes to a dataset that becomes a copy."""
    dataset, newest = member.dataset, member.newest
    values = {
        name: value
        for name, (value, _) in INERT[dataset.kind].items()
        if dataset.local(name) != value
        and not (name == "canmount" and dataset.value(name) == "off")
    }
    encrypted = dataset.value("encryption") not in (None, "off")
    replica = read_replica(member.mark) or Replica(dataset.guid, raw=encrypted)
    mark = replace(replica, live=False).text
    if mark != member.mark:
        values[REPLICA_PROPERTY] = mark
    marks = {b.name: read_mark(b) for b in member.bookmarks}
    own = [n for n, m in marks.items() if m is not None and m.target == replica.identity]
    cautions = []
    written = dataset.value("written") or "0"
    if newest is not None and written != "0":
        cautions.append(
            f"{written} bytes were written to '{dataset.name}' after '{newest.name}': they "
            "are in no snapshot, and no stream fits onto them"
        )
    if dataset.value(SCHEDULE_PROPERTY) not in (None, "none"):
        remove = f"`zfstune schedule remove {for_shell(dataset.name)}`"
        cautions.append(
            f"'{dataset.name}' has a schedule, and a copy with snapshots of its own takes "
            f"no stream: {remove}"
        )
    return RoleChange(
        dataset=dataset.name,
        newest="" if newest is None else newest.name,
        values=values,
        inherited=notes_on(dataset),
        drop=tuple(own),
        unmount=member.path,
        cautions=tuple(cautions),
    )
