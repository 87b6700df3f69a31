"""The plan of a send: which streams, in which order, and the list that stands before them.

A tree is sent so that each stream finds what it needs: parents before children, and the
dataset of an origin before its clones. A clone whose origin is not sent with it, nor was
before, is sent in full.
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.streams.package import Package, PackedDataset
from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.names import parent_of
from zfstune.values.properties import find, is_user
from zfstune.values.size import format_size
from zfstune.values.state import LOCAL, RECEIVED, Bookmark
from zfstune.values.text import comma_list, for_shell, snapshot_hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from zfstune.streams.ends import End
    from zfstune.values.state import Dataset, PropertyValue, Snapshot

__all__ = ["SendChoices", "SendPlan", "SendStep", "Sender", "decide_send"]


@frozen
class Sender:
    """A dataset that may be sent.

    Attributes:
        end: What there is of it; its snapshots have their properties where those are
            wanted.
        dataset: The dataset with its properties.
    """

    end: End
    dataset: Dataset


@frozen
class SendChoices:
    """The caller's choices for a send; :func:`zfstune.send` explains them."""

    snapshot: str
    base: str = ""
    every: bool = False
    tree: bool = False
    properties: bool = False
    raw: bool | None = None


@frozen
class SendStep:
    """One stream.

    Attributes:
        snapshot: The snapshot.
        base: The snapshot or bookmark that it builds on; None: the stream is a full one.
        raw: Whether encrypted blocks are sent as they are.
        clone: Whether the base is the origin of the dataset.
        bytes: The estimated bytes of the stream; None: not asked.
    """

    snapshot: Snapshot
    base: Snapshot | Bookmark | None
    raw: bool
    clone: bool = False
    bytes: int | None = None

    def describe(self) -> str:
        """Return the step for people."""
        kind = "full" if self.base is None else "clone" if self.clone else "incremental"
        base = f" from {self.base.name}" if self.base is not None else ""
        size = (
            f"  ({format_size(self.bytes, exact=False)})" if self.bytes is not None else ""
        )
        return f"{'raw ' * self.raw}{kind} {self.snapshot.name}{base}{size}"

    def to_dict(self) -> dict[str, object]:
        """Return the step in JSON's types."""
        return {
            "snapshot": self.snapshot.name,
            "guid": str(self.snapshot.guid),
            "base": None if self.base is None else self.base.name,
            "base_guid": None if self.base is None else str(self.base.guid),
            "raw": self.raw,
            "estimated_bytes": self.bytes,
        }


@frozen
class SendPlan:
    """All that a send writes.

    Attributes:
        steps: The streams, in their order.
        package: What stands before them; None: there is one stream alone.
        passed_over: Names of datasets that were made after the snapshot, and are not sent.
    """

    steps: tuple[SendStep, ...]
    package: Package | None = None
    passed_over: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        sizes = [step.bytes for step in self.steps if step.bytes is not None]
        return {
            "package": self.package is not None,
            "streams": [step.to_dict() for step in self.steps],
            "estimated_bytes": sum(sizes) if len(sizes) == len(self.steps) else None,
            "passed_over": list(self.passed_over),
        }

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """Yield the plan for people, a stream a line."""
        for step in self.steps:
            yield step.describe()
        for name in self.passed_over:
            yield f"pass over {name}: it was made later"


def decide_send(senders: Iterable[Sender], choices: SendChoices) -> SendPlan:
    """Decide what is sent.

    Args:
        senders: The dataset of the snapshot first; then, for a tree, all datasets below
            it, parents before children.
        choices: The caller's.

    Raises:
        PlanError: A snapshot or the base is missing, or the base is not older.
    """
    first, *others = senders
    short = choices.snapshot.partition("@")[2]
    last = _named(first, short)
    if last is None:
        raise PlanError(
            f"cannot send '{choices.snapshot}': there is no such snapshot",
            hint=snapshot_hint(
                first.end.name, short, [s.short_name for s in first.end.snapshots]
            ),
        )
    late = [s for s in others if _named(s, short) is None]
    early = [s.end.name for s in late if s.dataset.createtxg <= last.createtxg]
    if early:
        raise PlanError(
            f"cannot send the tree of '{choices.snapshot}': these have no such snapshot: "
            f"{comma_list(early)}",
            hint="take one of all at once: `zfstune snapshot -r`; or send them one by one",
        )
    sent = [first, *(s for s in others if _named(s, short) is not None)]
    base = _base_of(first, last, choices)
    branches = {s.end.name: _Branch(s, choices, base, first=s is first) for s in sent}
    _join_clones(branches)
    steps = tuple(step for name in _order(branches) for step in branches[name].steps())
    return SendPlan(
        steps,
        _package(base, branches, choices) if _is_package(choices, steps) else None,
        tuple(s.end.name for s in late),
    )


def _named(sender: Sender, short: str) -> Snapshot | None:
    return next((s for s in sender.end.snapshots if s.short_name == short), None)


def _base_of(
    first: Sender, last: Snapshot, choices: SendChoices
) -> Snapshot | Bookmark | None:
    """Find the base that the caller names, for the first dataset."""
    if not choices.base:
        return None
    end = first.end
    name = choices.base if choices.base[0] not in "@#" else end.name + choices.base
    if choices.tree and "#" in name:
        raise PlanError(
            f"cannot send a tree from '{name}': the base of a tree is a snapshot that each "
            "of its datasets has",
            hint="name a snapshot: --base @SNAPSHOT (in Python: base='@SNAPSHOT')",
        )
    known: list[Snapshot | Bookmark] = [*end.snapshots, *end.bookmarks]
    if end.origin is not None and not choices.tree:
        known.append(end.origin)
    base = next((item for item in known if item.name == name), None)
    if base is None:
        raise PlanError(
            f"cannot send from '{name}': '{end.name}' has no such snapshot or bookmark",
            hint="see `zfstune list -t snapshots`",
        )
    if base.createtxg >= last.createtxg and base is not end.origin:
        raise PlanError(
            f"cannot send '{last.name}' from '{name}': it is not older",
            hint=f"`zfstune list -t snapshots {for_shell(end.name)}` shows the order",
        )
    return base


class _Branch:
    """One dataset of a send: its snapshots to send, and what the first one builds on."""

    def __init__(
        self,
        sender: Sender,
        choices: SendChoices,
        base: Snapshot | Bookmark | None,
        *,
        first: bool,
    ) -> None:
        self.sender = sender
        self.end = sender.end
        last = _named(sender, choices.snapshot.partition("@")[2])
        assert last is not None  # noqa: S101 (the caller has looked)
        self.last = last
        self.base = base
        if base is not None and not first:
            self.base = _named(sender, base.name.partition("@")[2])
        after = self.base.createtxg if self.base is not None else 0
        self.snapshots = [
            s
            for s in self.end.snapshots
            if (s is last or choices.every) and after < s.createtxg <= last.createtxg
        ]
        self.clone = self.base is not None and self.base is self.end.origin
        self.raw = self.end.encrypted and choices.raw is not False
        self.needs: list[str] = []  # names of branches that come before

    def include(self, origin: Snapshot) -> bool:
        """See that the origin of a clone is sent, or was; False: it cannot be."""
        after = self.base.createtxg if self.base is not None else 0
        if origin.createtxg > self.last.createtxg:
            return False
        if origin.createtxg > after and origin.guid not in {s.guid for s in self.snapshots}:
            self.snapshots.append(origin)
            self.snapshots.sort(key=lambda snapshot: snapshot.createtxg)
        return True

    def steps(self) -> Iterator[SendStep]:
        """Yield a step for each snapshot, which has the one before as its base."""
        base, clone = self.base, self.clone
        for snapshot in self.snapshots:
            yield SendStep(snapshot, base, self.raw, clone)
            base, clone = snapshot, False


def _join_clones(branches: Mapping[str, _Branch]) -> None:
    """Let each clone build on its origin, where that is sent too."""
    for branch in branches.values():
        origin = branch.end.origin
        owner = None if origin is None else branches.get(origin.dataset)
        if origin is None or owner is None or branch.base is not None:
            continue
        if owner.include(origin):
            branch.base, branch.clone = origin, True
            branch.needs.append(owner.end.name)


def _order(branches: Mapping[str, _Branch]) -> Iterator[str]:
    """Yield the names of all branches, each after those that it needs.

    Where that goes round in a circle, as for a clone of a dataset below itself, the clone
    is sent in full.
    """
    left = dict(branches)
    done: set[str] = set()
    while left:
        ready = [
            name
            for name, branch in left.items()
            if parent_of(name) not in left and done.issuperset(branch.needs)
        ]
        if not ready:
            name = next(name for name in left if parent_of(name) not in left)
            left[name].base, left[name].clone, left[name].needs = None, False, []
            continue
        for name in ready:
            del left[name]
            done.add(name)
            yield name


def _is_package(choices: SendChoices, steps: tuple[SendStep, ...]) -> bool:
    return choices.tree or choices.properties or len(steps) != 1


def _package(
    base: Snapshot | Bookmark | None,
    branches: Mapping[str, _Branch],
    choices: SendChoices,
) -> Package:
    if not choices.tree and not choices.properties:
        return Package(choices.snapshot)
    named = base is not None and not isinstance(base, Bookmark)
    return Package(
        choices.snapshot,
        base.name.partition("@")[2] if base is not None and named else "",
        tree=choices.tree,
        raw=any(branch.raw for branch in branches.values()),
        datasets=tuple(_packed(b, branches, choices) for b in branches.values()),
    )


def _packed(
    branch: _Branch, branches: Mapping[str, _Branch], choices: SendChoices
) -> PackedDataset:
    end, dataset = branch.end, branch.sender.dataset
    known = [s for s in end.snapshots if s.createtxg <= branch.last.createtxg]
    snapshots = known if choices.tree else branch.snapshots
    above = branches.get(parent_of(end.name) or "")
    parent_base = 0
    if above is not None:
        parent_base = (above.last if above.base is None else above.base).guid
    root = dataset.value("encryptionroot") == end.name
    properties: dict[str, str] | None = None
    if choices.properties:
        properties = _set_there(dataset.properties)
    elif branch.raw:
        properties = {}
    if properties is not None and branch.raw and root:
        # zfs receive expects this one of each dataset with a key of its own.
        properties["keylocation"] = dataset.value("keylocation") or "prompt"
    return PackedDataset(
        name=end.name,
        guid=end.guid,
        snapshots={s.short_name: s.guid for s in snapshots},
        properties=properties,
        snapshot_properties={s.short_name: _set_there(s.properties) for s in snapshots}
        if choices.properties
        else MappingProxyType({}),
        origin=0 if end.origin is None else end.origin.guid,
        encryption_root=branch.raw and root,
        parent_base=parent_base,
    )


def _set_there(properties: Mapping[str, PropertyValue]) -> dict[str, str]:
    """Return the properties that zfs send -p would send: those with an own value."""
    own = {}
    for name, prop in properties.items():
        # A volume's size comes with its data; zfs receive would set it once more, and
        # take the volume for changed.
        if prop.source not in (LOCAL, RECEIVED) or name == "volsize":
            continue
        known = find(name)
        if is_user(name) or (
            known is not None and not (known.readonly or known.create_only or known.hidden)
        ):
            own[name] = prop.value
    return own
