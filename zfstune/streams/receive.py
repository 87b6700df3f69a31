"""Receive a stream, or a package of streams, from any file."""

from __future__ import annotations

import os
from contextlib import suppress

from zfstune.engine.feed import feed
from zfstune.engine.open import using
from zfstune.engine.stream_file import has_an_end
from zfstune.streams.landing import AS_TARGET, Landing
from zfstune.streams.local_side import LocalSide
from zfstune.streams.receive_plan import ReceivePlan, Skipped
from zfstune.streams.reception import ReceiveChoices, Reception
from zfstune.streams.unwelcome import way_on
from zfstune.streams.unwrap import Unwrapped
from zfstune.values.errors import Busy, EngineError, PlanError, ZfstuneError
from zfstune.values.names import ancestors_of, pool_of
from zfstune.values.text import making_hint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.engine.stream_file import Stream
    from zfstune.streams.ends import End
    from zfstune.streams.receive_plan import Received, ReceiveStep

__all__ = ["receive"]


def receive(
    target: str,
    source: Stream,
    *,
    engine: Engine | None = None,
    keep: str = AS_TARGET,
    properties: Mapping[str, str] | None = None,
    without: Iterable[str] = (),
    take_properties: bool = False,
    dry_run: bool = False,
    on_step: Callable[[ReceiveStep], None] | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> ReceivePlan:
    """Receive a stream, or a package of streams as ``zfs send -R``, -p and -I write it.

    Nothing is rolled back, renamed or destroyed for it. A snapshot that is there already,
    by its guid, is passed over. A new dataset is inert: read-only, mounted only when
    somebody asks for it, neither shared nor scanned (:mod:`zfstune.streams.arrival`). A
    stream that breaks off is kept as far as it came, and can be resumed.

    Args:
        target: The dataset that receives, or the full name of the one snapshot that is
            received. Its parent exists.
        source: A file for bytes, a socket, or a descriptor. It may be read too far.
        engine: The receiving engine; default: the running kernel's.
        keep: ``target``: the first dataset of the stream becomes `target`; ``path`` or
            ``last``: it is received below, by its name without the pool or its last part.
        properties: Values for the first dataset; those below it get them as well.
        without: Names of properties that are to be inherited instead.
        take_properties: Take the properties in a package as far as they are harmless.
        dry_run: Read the stream and change nothing.
        on_step: Called after each stream.
        on_bytes: Called with the number of bytes each time some were read.

    Returns:
        What has become of each stream.

    Raises:
        InvalidValue: The data is no stream, or a package that contradicts itself.
        PlanError: A stream does not fit what is there; the streams before it have arrived.
        Damaged: The list of a package has a wrong checksum.
        EngineError: A stream broke off, was silent for a socket's timeout, or did not fit.
    """
    landing = Landing(target, keep)
    choices = ReceiveChoices(landing, properties or {}, tuple(without), take_properties)
    with using(engine) as zfs:
        run = _Run(zfs, choices, has_an_end(source), dry_run=dry_run, on_step=on_step)
        try:
            return feed(source, run.carry_out, on_bytes)
        except KeyboardInterrupt as stop:
            for note in run.way_on():
                stop.add_note(note)
            raise
        except Busy:
            raise  # a part that waits there is another stream's, maybe a running one's
        except EngineError as error:
            error.hint = next(run.way_on(), error.hint)
            raise


class _Run:
    """Reads the streams one after the other, and carries out what is decided on each."""

    def __init__(
        self,
        engine: Engine,
        choices: ReceiveChoices,
        has_an_end: bool,  # noqa: FBT001 (it goes with the source)
        *,
        dry_run: bool,
        on_step: Callable[[ReceiveStep], None] | None,
    ) -> None:
        self._engine = engine
        self._choices = choices
        self._target = choices.landing.target
        self._dry_run = dry_run
        self._on_step = on_step
        self._under_way = ""  # the dataset that a stream is being received into
        self._side = LocalSide(engine)
        self._has_an_end = has_an_end
        self._origins: dict[int, str] = {}

    def carry_out(self, fd: int) -> ReceivePlan:
        """Read all streams, and receive those that are not there."""
        came = Unwrapped(fd, self._target)
        package = came.package
        root = came.name.partition("@")[0]
        first = self._choices.landing.of_dataset(root, root)
        tree = package is not None and package.tree
        ends = self._read_ends(first, tree=tree)
        limits, image = self._engine.limits, self._side.file
        reception = Reception(self._choices, package, ends, limits, image=image)
        parents = () if first in ends else self._missing_parents(first)
        steps: list[ReceiveStep] = []
        while came.header is not None:
            step = reception.decide(came.header, self._elsewhere)
            if isinstance(step, Skipped) or self._dry_run:
                came.pass_over(came.header)
            else:
                if not steps:
                    self._make_parents(parents)
                self._receive(step, fd, came.record)
            steps.append(step)
            if self._on_step is not None:
                self._on_step(step)
            came.advance()
        # zfs_receive_impl() in lib/libzfs/libzfs_sendrecv.c reads no more either.
        more = self._has_an_end and bool(os.read(fd, 1))
        return ReceivePlan(tuple(steps), parents, more)

    def way_on(self) -> Iterator[str]:
        """Yield the hint for a stream that broke off, if one was kept."""
        with suppress(ZfstuneError):
            if self._under_way:
                dataset = self._engine.dataset(self._under_way)
                token = dataset.value("receive_resume_token")
                if token:
                    yield way_on(self._under_way, token, self._side.file)

    def _read_ends(self, first: str, *, tree: bool) -> dict[str, End]:
        """Read what is there of the datasets that may come."""
        return {end.name: end for end in self._side.ends(first, recursive=tree)}

    def _missing_parents(self, first: str) -> tuple[str, ...]:
        """Return the datasets that have to be made before the first one.

        Only those are made that a name from the stream has below the target.
        """
        above = ancestors_of(first)
        if not above:
            raise PlanError(
                f"cannot receive into '{first}': a receive makes no pool",
                hint=making_hint(first),
            )
        missing = tuple(name for name in above if not self._engine.exists(name))
        for name in missing:
            if not name.startswith(f"{self._target}/"):
                raise PlanError(
                    f"cannot receive into '{first}': '{name}' does not exist",
                    hint=making_hint(name),
                )
        return missing

    def _make_parents(self, parents: Iterable[str]) -> None:
        for name in parents:
            self._engine.create(name, properties={"canmount": "off"})

    def _elsewhere(self, guid: int) -> str:
        """Find a snapshot of the pool by its guid."""
        if guid not in self._origins:
            found = self._side.copies(pool_of(self._target), {guid}).get(guid)
            self._origins[guid] = "" if found is None else found.name
        return self._origins[guid]

    def _receive(self, step: Received, fd: int, record: bytes) -> None:
        arrival = step.arrival
        self._under_way = step.dataset
        self._engine.receive(
            step.received,
            fd,
            header=record,
            origin=step.origin,
            raw=step.raw,
            resumable=True,
            properties=arrival.properties,
            received=arrival.received if self._choices.take_properties else None,
            excluded=arrival.excluded,
        )
        self._under_way = ""
