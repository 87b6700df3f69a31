"""A side of a replication on a host that has zfstune."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext

from zfstune.streams.remote.requests import SideCall
from zfstune.values.frozen import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from zfstune.streams.ends import End
    from zfstune.streams.remote.session import ClientSession
    from zfstune.values.state import Bookmark, Limits, PropertyValue, Snapshot

__all__ = ["ServedSide"]


class ServedSide:
    """Another host's zfstune as a side; see :class:`zfstune.streams.side.Side`.

    Calls of several threads go through a session each; one that a call broke is not used
    again.

    Args:
        session: The first session.
        connect: Opens a further one.
    """

    file = ""
    forces = True

    def __init__(
        self, session: ClientSession, connect: Callable[[], ClientSession]
    ) -> None:
        self.host = session.host
        self._connect = connect
        self._lock = threading.Lock()
        self._free = [session]
        self._limits: Limits | None = None

    def close(self) -> None:
        """End all sessions."""
        with self._lock:
            sessions, self._free = self._free, []
        for session in sessions:
            session.close()

    @contextmanager
    def _session(self) -> Iterator[ClientSession]:
        with self._lock:
            session = self._free.pop() if self._free else None
        session = session or self._connect()
        try:
            yield session
        finally:
            if session.idle:
                with self._lock:
                    self._free.append(session)
            else:
                session.close(at_once=True)

    def _ask(self, call: str, **arguments: object) -> Any:
        with self._session() as session:
            return session.call(SideCall(call, arguments))

    @property
    def limits(self) -> Limits:
        """Limits of the release that runs there."""
        if self._limits is None:
            self._limits = self._ask("limits")
        return self._limits

    def ends(self, root: str, *, recursive: bool = False) -> list[End]:
        """Read a dataset, or it and all below it."""
        found: list[End] = self._ask("ends", root=root, recursive=recursive)
        return found

    def with_properties(self, end: End) -> End:
        """Read all properties of the snapshots as well."""
        return replace(end, snapshots=tuple(self._ask("with_properties", name=end.name)))

    def own_properties(
        self, root: str, *, recursive: bool = False, also: Collection[str] = ()
    ) -> dict[str, dict[str, PropertyValue]]:
        """Read the properties that were set on datasets."""
        found: dict[str, dict[str, PropertyValue]] = self._ask(
            "own_properties", root=root, recursive=recursive, also=[*also]
        )
        return found

    def copies(self, pool: str, guids: Collection[int]) -> dict[int, Snapshot]:
        """Find snapshots of a pool by guid."""
        if not guids:
            return {}
        found: dict[int, Snapshot] = self._ask("copies", pool=pool, guids=sorted(guids))
        return found

    def pool_guid(self, pool: str) -> int:
        """Return the guid of a pool."""
        return int(self._ask("pool_guid", pool=pool))

    def available_bytes(self, name: str) -> int:
        """Return the space that a dataset may still fill."""
        return int(self._ask("available_bytes", name=name))

    def bookmarks(self, name: str) -> list[Bookmark]:
        """Return the bookmarks of a dataset."""
        found: list[Bookmark] = self._ask("bookmarks", name=name)
        return found

    def guid(self, snapshot: str) -> int:
        """Return the guid of a snapshot."""
        return int(self._ask("guid", snapshot=snapshot))

    def take_snapshots(self, datasets: Collection[str], name: str) -> list[Snapshot]:
        """Take a snapshot of each dataset, all at one instant, or none."""
        taken: list[Snapshot] = self._ask("take_snapshots", datasets=[*datasets], name=name)
        return taken

    def holding(self, snapshots: Iterable[str]) -> AbstractContextManager[None]:  # noqa: ARG002
        """Do nothing: each send holds what it needs, as long as its session lasts."""
        return nullcontext()

    def send_size(self, snapshot: str, *, base: str = "", raw: bool = False) -> int:
        """Estimate the bytes of a stream."""
        return int(self._ask("send_size", snapshot=snapshot, base=base, raw=raw))

    def send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str = "",
        raw: bool = False,
        held: Iterable[str] = (),
    ) -> None:
        """Write a snapshot to a descriptor as a stream."""
        arguments = {"snapshot": snapshot, "base": base, "raw": raw, "held": [*held]}
        with self._session() as session:
            session.send(SideCall("send", arguments), fd)

    def send_resumed(
        self,
        token: str,
        fd: int,
        *,
        snapshot: str,
        base: str = "",
        raw: bool = False,
        held: Iterable[str] = (),
    ) -> None:
        """Write the rest of the stream of a resume token."""
        arguments = {"snapshot": snapshot, "base": base, "raw": raw, "held": [*held]}
        with self._session() as session:
            session.send(SideCall("send_resumed", {"token": token, **arguments}), fd)

    def token(self, name: str) -> str:
        """Return the resume token of a dataset."""
        return str(self._ask("token", name=name))

    def receive(
        self,
        snapshot: str,
        fd: int,
        *,
        origin: str = "",
        losing: Iterable[str] | None = None,
        raw: bool = False,
        properties: Mapping[str, str] | None = None,
    ) -> None:
        """Make a snapshot from a stream."""
        arguments = {
            "snapshot": snapshot,
            "origin": origin,
            "losing": None if losing is None else [*losing],
            "raw": raw,
            "properties": None if properties is None else dict(properties),
        }
        with self._session() as session:
            session.receive(SideCall("receive", arguments), fd)

    def change_properties(
        self, name: str, values: Mapping[str, str], inherited: Iterable[str]
    ) -> None:
        """Have a target inherit properties again, and set others."""
        self._ask(
            "change_properties", name=name, values=dict(values), inherited=[*inherited]
        )

    def digest(
        self,
        snapshot: str,
        *,
        raw: bool = False,
        stopped: Callable[[], bool] = lambda: False,
        on_bytes: Callable[[int], object] = lambda _: None,  # noqa: ARG002
    ) -> str:
        """Digest a snapshot's content there; only the digest comes here."""
        request = SideCall("digest", {"snapshot": snapshot, "raw": raw})
        try:
            with self._session() as session:
                return str(session.call(request, stopped=stopped))
        except BrokenPipeError:  # nobody waits for it any more
            return ""

    def abort_receive(self, name: str) -> None:
        """Give up the part of a stream that a receive kept."""
        self._ask("abort_receive", name=name)

    def change_bookmarks(self, make: Mapping[str, str], drop: Iterable[str]) -> None:
        """Make bookmarks, and then destroy others."""
        dropped = [*drop]
        if make or dropped:
            self._ask("change_bookmarks", make=dict(make), drop=dropped)

    def note_target(self, name: str, identity: int, place: str) -> None:
        """Note on a source where a target is."""
        self._ask("note_target", name=name, identity=identity, place=place)

    def rename(self, name: str, new: str, mark: str | None = None) -> None:
        """Give a target another name, and before that its mark."""
        self._ask("rename", name=name, new=new, mark=mark)

    def make_placeholder(self, name: str, properties: Mapping[str, str]) -> None:
        """Make a filesystem without data."""
        self._ask("make_placeholder", name=name, properties=dict(properties))

    def put_aside(self, name: str, aside: str) -> None:
        """Rename a target, and take the mark from it."""
        self._ask("put_aside", name=name, aside=aside)

    def take_over(self, name: str) -> None:
        """Promote a target that is a clone."""
        self._ask("take_over", name=name)
