"""A side of a replication on a host that has the zfs command and no zfstune.

A snapshot that is being sent there is kept by the kernel itself: it refuses to destroy
one (dsl_destroy_snapshot_check_impl() in module/zfs/dsl_destroy.c asks for long holds,
which dmu_send_impl() takes). A hold by name would outlive a connection that breaks, so
none is made. A receive is never forced: what zfs would destroy then could change between
a look and the receive.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from datetime import UTC, datetime

from zfstune.streams.digest import digest_stream
from zfstune.streams.remote import zfs_output, zfs_words
from zfstune.streams.remote.failures import forced_error
from zfstune.streams.remote.read_zfs import ZfsReader
from zfstune.streams.remote.requests import check_token
from zfstune.streams.remote.ssh import NO_INPUT
from zfstune.streams.remote.ssh_words import remote_line
from zfstune.values.errors import (
    AlreadyExists,
    BatchError,
    EngineError,
    InvalidValue,
    NotFound,
)
from zfstune.values.marks import auto_name
from zfstune.values.names import check_dataset
from zfstune.values.replication_marks import ASIDE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from contextlib import AbstractContextManager

    from zfstune.values.state import Snapshot

__all__ = ["ZfsSide"]

_USERPROP = "userprop"  # the permission for zfstune's own properties


class ZfsSide(ZfsReader):
    """The zfs command as a side; see :class:`zfstune.streams.side.Side`."""

    file = ""
    forces = False

    def take_snapshots(self, datasets: Collection[str], name: str) -> list[Snapshot]:
        """Take a snapshot of each dataset, all at one instant, or none."""
        short = name or auto_name(datetime.now(UTC))
        taken = [f"{dataset}@{short}" for dataset in datasets]
        self._run("take a snapshot of", taken[0], zfs_words.snapshot_words(taken))
        return [found for name in taken for found in self._snapshots(name)]

    def holding(self, snapshots: Iterable[str]) -> AbstractContextManager[None]:  # noqa: ARG002
        """Do nothing (see above)."""
        return nullcontext()

    def send_size(self, snapshot: str, *, base: str = "", raw: bool = False) -> int:
        """Estimate the bytes of a stream."""
        words = zfs_words.send_words(snapshot, base, raw=raw, estimate=True)
        printed = self._run("send", snapshot, words)
        with self._checked():
            return zfs_output.size_told(printed)

    def send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str = "",
        raw: bool = False,
        held: Iterable[str] = (),  # noqa: ARG002 (see above)
    ) -> None:
        """Write a snapshot to a descriptor as a stream."""
        self._send(snapshot, zfs_words.send_words(snapshot, base, raw=raw), fd)

    def send_resumed(
        self,
        token: str,
        fd: int,
        *,
        snapshot: str,
        base: str = "",  # noqa: ARG002 (zfs finds it by the token)
        raw: bool = False,  # noqa: ARG002 (as the token says)
        held: Iterable[str] = (),  # noqa: ARG002 (see above)
    ) -> None:
        """Write the rest of the stream of a resume token."""
        self._send(snapshot, zfs_words.resume_words(token), fd)

    def _send(self, snapshot: str, words: list[str], fd: int) -> None:
        command = self._reached.start(remote_line(words), source=NO_INPUT)
        with self._told("send", snapshot):
            command.pass_output_to(fd)

    def token(self, name: str) -> str:
        """Return the resume token of a dataset."""
        printed = self._value("receive_resume_token", name)
        with self._checked():
            token = zfs_output.read_value(printed)
            return check_token(token) if token else ""

    def receive(
        self,
        snapshot: str,
        fd: int,
        *,
        origin: str = "",
        losing: Iterable[str] | None = None,
        raw: bool = False,  # noqa: ARG002 (zfs sees that by the stream)
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Make a snapshot from a stream."""
        dataset = snapshot.partition("@")[0]
        if losing is not None:
            raise forced_error(self.host, check_dataset(dataset))
        line = remote_line(zfs_words.receive_words(snapshot, origin, properties))
        command = self._reached.start(line, source=fd)
        with self._told("receive", snapshot):
            said = command.run_to_its_end()
        unset = zfs_output.unset_told(said, self.host, snapshot)
        if unset is not None:
            raise unset

    def change_properties(
        self, name: str, values: Mapping[str, str], inherited: Iterable[str]
    ) -> None:
        """Have a target inherit properties again, and set others."""
        changed = ",".join((*values, *inherited))
        for words in zfs_words.change_words(name, values, inherited):
            self._run("set", name, words, properties=changed)

    def digest(
        self,
        snapshot: str,
        *,
        raw: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        on_bytes: Callable[[int], object] = lambda _: None,
    ) -> str:
        """Digest a snapshot's content here; its whole stream is read for that."""
        line = remote_line(zfs_words.content_words(snapshot, raw=raw))
        command = self._reached.start(line, source=NO_INPUT)
        try:
            with self._told("send", snapshot), self._checked():
                try:
                    found = digest_stream(
                        command.out, snapshot, stopped=stopped, on_bytes=on_bytes
                    )
                except InvalidValue:
                    command.check()  # the stream ended early: zfs knows the reason
                    raise
                if not stopped():
                    command.check()
        finally:
            command.close(at_once=True)
        return found.text

    def abort_receive(self, name: str) -> None:
        """Give up the part of a stream that a receive kept."""
        self._run("abort the receive of", name, zfs_words.abort_words(name))

    def change_bookmarks(self, make: Mapping[str, str], drop: Iterable[str]) -> None:
        """Make bookmarks one by one, and then destroy others.

        One that is there already is of the same snapshot, whose guid its name has.

        Raises:
            BatchError: Some were not made; the others were.
        """
        failures: list[EngineError] = []
        for bookmark, words in zfs_words.bookmark_words(make, drop):
            done = AlreadyExists if bookmark in make else NotFound
            if failures and bookmark not in make:
                break  # nothing goes whose successor may be missing
            verb = "bookmark" if bookmark in make else "destroy bookmark"
            try:
                self._run(verb, bookmark, words)
            except done:
                pass
            except EngineError as error:
                failures.append(error)
        if failures:
            raise BatchError(operation="change bookmarks", failures=failures)

    def note_target(self, name: str, identity: int, place: str) -> None:
        """Note on a source where a target is."""
        words = zfs_words.note_words(name, identity, place)
        self._run("set", name, words, properties=_USERPROP)

    def rename(self, name: str, new: str, mark: str | None = None) -> None:
        """Give a target another name, and before that its mark."""
        if mark is not None:
            self._mark(name, mark)
        self._run("rename", name, zfs_words.rename_words(name, new))

    def _mark(self, name: str, mark: str) -> None:
        self._run("set", name, zfs_words.mark_words(name, mark), properties=_USERPROP)

    def make_placeholder(self, name: str, properties: Mapping[str, str]) -> None:
        """Make a filesystem without data."""
        self._run("create", name, zfs_words.create_words(name, properties))

    def put_aside(self, name: str, aside: str) -> None:
        """Rename a target, and mark it as neither target nor source."""
        self.rename(name, aside)
        self._mark(aside, ASIDE)
        noted = self._run("read", aside, zfs_words.notes_words(aside))
        for note in zfs_output.read_notes(noted).get(aside, ()):
            words = ["zfs", "inherit", note, aside]
            self._run("set", aside, words, properties=_USERPROP)

    def take_over(self, name: str) -> None:
        """Promote a target that is a clone."""
        printed = self._value("origin", name)
        with self._checked():
            origin = zfs_output.read_value(printed)
        if origin:
            with suppress(AlreadyExists):
                self._run("promote", name, ["zfs", "promote", check_dataset(name)])
