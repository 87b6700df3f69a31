"""What becomes of each stream that arrives: it is received, or passed over, or refused.

A receive only appends. It needs a dataset that does not exist yet, or one whose newest
snapshot is the base, with nothing written since; it never rolls back, renames or destroys
anything. A snapshot that is there already, by its guid, is passed over, so that a package
which was cut short can be received again. The rules are those of zfs_receive_one() in
lib/libzfs/libzfs_sendrecv.c and of module/zfs/dmu_recv.c, and where zfstune is stricter the
refusal says so.

:class:`Reception` goes from stream to stream, and knows after each decision what is there
then: a plan and a receive read the same decisions.
"""

from __future__ import annotations

from zfstune.streams.arrival import decide_arrival
from zfstune.streams.ends import missing_end
from zfstune.streams.receive_plan import Received, Skipped
from zfstune.streams.unwelcome import (
    base_missing,
    base_missing_here,
    brings_another_key,
    deduplicated,
    diverged,
    exists_already,
    has_partial,
    has_taken_over,
    name_taken,
    no_origin,
    no_partial,
    other_kind,
    outside,
)
from zfstune.streams.wrapping_key import uses_another_key
from zfstune.values.errors import InvalidName
from zfstune.values.frozen import frozen, replace
from zfstune.values.names import check_snapshot, parent_of
from zfstune.values.properties import DEFAULT_LIMITS, find
from zfstune.values.state import Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zfstune.streams.arrival import Arrival
    from zfstune.streams.ends import End
    from zfstune.streams.landing import Landing
    from zfstune.streams.package import Package
    from zfstune.streams.receive_plan import ReceiveStep
    from zfstune.values.state import Limits
    from zfstune.values.stream_record import StreamHeader

__all__ = ["ReceiveChoices", "Reception"]


@frozen
class ReceiveChoices:
    """The caller's choices for what is received.

    Attributes:
        landing: Where it is received.
        properties: Values that are set here.
        without: Names of properties that are left to be inherited.
        take_properties: Whether the properties in a package are taken from it, as far as
            they are harmless.
    """

    landing: Landing
    properties: Mapping[str, str]
    without: tuple[str, ...] = ()
    take_properties: bool = False


class Reception:
    """Decides on each stream, one after the other.

    Args:
        choices: The caller's.
        package: The package that the streams are in; None: there is one stream alone.
        ends: What is there before, by name: the dataset that the first one becomes, and
            all datasets below it.
        limits: The limits of the receiving release.
        image: The path of the image that the datasets lie in, for hints.

    Raises:
        InvalidName: One snapshot is named, and several come.
    """

    def __init__(
        self,
        choices: ReceiveChoices,
        package: Package | None,
        ends: Mapping[str, End],
        limits: Limits = DEFAULT_LIMITS,
        *,
        image: str = "",
    ) -> None:
        target = choices.landing.target
        if "@" in target and package is not None and not package.is_of_one:
            raise InvalidName(
                f"cannot receive several snapshots as '{target}'",
                hint="name a dataset, and they keep their names",
            )
        self._choices = choices
        self._root = None if package is None else package.root
        self._raw = package is not None and package.raw
        self._packed = {} if package is None else {d.name: d for d in package.datasets}
        self._ends = dict(ends)
        self._limits = limits
        self._image = image
        # The names here of the sender's datasets, as far as they have come.
        self._names: dict[str, str] = {}

    def decide(self, header: StreamHeader, elsewhere: Callable[[int], str]) -> ReceiveStep:
        """Decide on the next stream.

        Args:
            header: Its first record.
            elsewhere: Finds the full name of a snapshot in the pool by its guid; empty:
                there is none.

        Raises:
            PlanError: The stream cannot be received; nothing has changed for it.
            InvalidName: No dataset or snapshot can have such a name.
        """
        sent = check_snapshot(header.toname, creating=True)
        dataset, _, short = sent.partition("@")
        first = not self._names
        end = self._end_for(dataset, header)
        received = f"{end.name}@{self._choices.landing.snapshot_name(short)}"
        check_snapshot(received, creating=True)
        self._names[dataset] = end.name
        if header.deduplicated:
            raise deduplicated(end.name, header)
        there = next((s for s in end.snapshots if s.guid == header.toguid), None)
        if there is not None:
            return Skipped(sent, there.name, header.toguid)
        origin = self._origin(end, header, elsewhere) if header.clone else ""
        self._check_fit(end, header, received)
        step = Received(
            sent=sent,
            received=received,
            guid=header.toguid,
            base_guid=header.fromguid,
            origin=origin,
            raw=header.raw,
            rest=header.rest,
            new=not end.exists,
            arrival=self._arrival(end, header, dataset, first=first),
        )
        self._ends[end.name] = _after(end, header, received)
        return step

    def _end_for(self, dataset: str, header: StreamHeader) -> End:
        """Return the dataset here that a stream belongs to, as it is before the stream."""
        root = dataset if self._root is None else self._root
        if dataset != root and not dataset.startswith(f"{root}/"):
            raise outside(header.toname, root)
        above = parent_of(dataset)
        if dataset != root and above in self._names:
            name = f"{self._names[above]}/{dataset.rpartition('/')[2]}"
        else:
            name = self._choices.landing.of_dataset(root, dataset)
        end = self._ends.get(name) or missing_end(name)
        if end.exists or dataset == root or not header.fromguid or header.clone:
            return end
        # It has another name here: it was renamed since the base.
        for other in self._ends.values():
            if any(s.guid == header.fromguid for s in other.snapshots):
                return other
        return end

    def _origin(
        self, end: End, header: StreamHeader, elsewhere: Callable[[int], str]
    ) -> str:
        """Return the full name of the snapshot that a new dataset is a clone of."""
        for other in self._ends.values():
            for snapshot in other.snapshots:
                if snapshot.guid == header.fromguid:
                    return snapshot.name
        found = elsewhere(header.fromguid)
        if not found:
            raise no_origin(end.name, header)
        return found

    def _check_fit(self, end: End, header: StreamHeader, received: str) -> None:
        """Refuse a stream that does not fit what is there."""
        if end.live:
            raise has_taken_over(end, header, image=self._image)
        goes_on = header.raw and header.fromguid and not header.clone
        if goes_on and uses_another_key(end) and not self._comes_too(end.key_root):
            raise brings_another_key(end, header)
        if header.rest:
            partial = end.partial
            if partial is None:
                raise no_partial(end, header)
            if (partial.toguid, partial.fromguid) != (header.toguid, header.fromguid):
                raise has_partial(end, header, other=True, image=self._image)
            return
        if end.partial is not None:
            other = end.partial.toguid != header.toguid
            raise has_partial(end, header, other=other, image=self._image)
        if not header.fromguid or header.clone:
            if end.exists:
                raise exists_already(end, header, image=self._image)
            return
        if not end.exists:
            raise base_missing(end, header)
        if end.kind != header.kind:
            raise other_kind(end, header)
        base = next((s for s in end.snapshots if s.guid == header.fromguid), None)
        if base is None:
            raise base_missing_here(end, header)
        victims = tuple(s for s in end.snapshots if s.createtxg > base.createtxg)
        if victims or end.written_bytes:
            raise diverged(end, header, base, victims, image=self._image)
        if any(s.name == received for s in end.snapshots):
            raise name_taken(received, header)

    def _comes_too(self, key_root: str) -> bool:
        """Tell whether a package brings the key of an encryption root as well."""
        return any(
            name == key_root and dataset in self._packed
            for dataset, name in self._names.items()
        )

    def _arrival(
        self, end: End, header: StreamHeader, dataset: str, *, first: bool
    ) -> Arrival:
        """Decide the properties of the dataset that a stream is received into."""
        chosen, without = self._choices.properties, self._choices.without
        if not first:
            chosen, without = _below_the_first(chosen, without, header.kind)
        above = self._ends.get(parent_of(end.name) or "")
        packed = self._packed.get(dataset)
        sent: Mapping[str, str] = {}
        if self._choices.take_properties and packed is not None and packed.properties:
            sent = packed.properties
        return decide_arrival(
            header.kind,
            # What is there may be no more than the part of a stream that broke off.
            new=not end.snapshots,
            sealed=header.raw or header.clone or end.exists,
            opened=self._raw and above is not None and above.encrypted,
            sent=sent,
            chosen=chosen,
            dropped=without,
            limits=self._limits,
        )


def _below_the_first(
    chosen: Mapping[str, str], without: tuple[str, ...], kind: str
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what the caller's choices mean for the datasets below the first one.

    A value that can be inherited is set on the first one alone, and the others inherit it;
    any other value is set on each dataset that can have it. The encryption of the first
    one is that of the others (zfs_setup_cmdline_props() in libzfs_sendrecv.c).
    """
    own: dict[str, str] = {}
    inherited: list[str] = []
    for name, value in chosen.items():
        prop = find(name)
        if prop is None or (prop.inheritable and not prop.create_only):
            inherited.append(name)
        elif kind in prop.kinds and not prop.create_only:
            own[name] = value
    return own, (*without, *inherited)


def _after(end: End, header: StreamHeader, received: str) -> End:
    """Return what is there once a stream has been received."""
    createtxg = end.newest.createtxg + 1 if end.newest is not None else 1
    arrived = Snapshot(received, header.toguid, createtxg)
    return replace(
        end,
        exists=True,
        kind=header.kind,
        snapshots=(*end.snapshots, arrived),
        encrypted=end.encrypted or header.raw,
        partial=None,
        written_bytes=0,
    )
