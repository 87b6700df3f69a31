"""Streams, what they would take, and channel programs: calls of NativeEngine."""

from __future__ import annotations

import errno
import os

from zfstune import names
from zfstune.engine._binding import lib
from zfstune.engine._errno import engine_error
from zfstune.engine._nvlist import Int64
from zfstune.errors import InvalidValue
from zfstune.quoting import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Self

    from zfstune.engine._token import ResumeState
    from zfstune.state import Snapshot

__all__ = ["StreamCalls"]

# enum lzc_send_flags, include/libzfs_core.h. LZC_SEND_FLAG_EMBED_DATA is never asked
# for: with it OpenZFS 2.3 and 2.4 send a spill block that fits into its pointer as data
# of the file, and what receives the stream loses the file's attributes and ACL
# (do_dump() in module/zfs/dmu_send.c; openzfs/zfs#18239).
_LARGE, _COMPRESS, _RAW = 2, 4, 8

# include/sys/fs/zfs.h, ZCP_DEFAULT_INSTRLIMIT and ZCP_DEFAULT_MEMLIMIT
_INSTRUCTIONS = 10_000_000
_MEMORY_BYTES = 10 << 20


class StreamCalls:
    """The calls; `_zfs` passes them on, and `_log` writes the pool's history."""

    _zfs: Any
    _log: Callable[[str], None]
    snapshot: Callable[[str], Snapshot]
    snapshots: Callable[[str], list[Snapshot]]

    def send(self, snapshot: str, fd: int, *, base: str = "", raw: bool = False) -> None:
        """Write a snapshot as a stream, or what has changed since `base`."""
        self._send(snapshot, fd, base=base, flags=self._flags(snapshot, raw=raw))

    def send_resumed(self, token: str, fd: int) -> str:
        """Write the rest of a stream; give the name of the snapshot it is of."""
        from zfstune.engine._token import read_token  # noqa: PLC0415 (it loads zlib)

        state = read_token(token, self._zfs.unpack)
        snapshot, base = self._find(state)
        flags = _LARGE * ("largeblockok" in state.flags)
        flags |= _COMPRESS * ("compressok" in state.flags) | _RAW * ("rawok" in state.flags)
        place = (state.object, state.offset)
        self._send(snapshot, fd, base=base, flags=flags, place=place)
        return snapshot

    def _flags(self, snapshot: str, *, raw: bool) -> int:
        # As `zfs send -Lc` does: blocks as they lie on disk. Of what is not encrypted
        # a raw stream is the same, but for the embedded data that comes along.
        raw = raw and self.snapshot(snapshot).value("encryption") not in {None, "off"}
        return _LARGE | _COMPRESS | _RAW * raw

    def _find(self, state: ResumeState) -> tuple[str, str]:
        """Find the snapshot of a token, and its base, by guid: names may have changed."""
        dataset = names.check_dataset(state.toname.partition("@")[0])
        known = {s.guid: s.name for s in self.snapshots(dataset)}
        snapshot = known.get(state.toguid)
        if snapshot is None:
            raise InvalidValue(
                f"cannot resume the send of '{shown(state.toname)}': that snapshot is gone",
                hint="abort the partial receive on the other side and send in full",
            )
        if not state.fromguid:
            return snapshot, ""
        base = known.get(state.fromguid)
        if base is None:
            raise InvalidValue(f"cannot resume the send of '{snapshot}': its base is gone")
        return snapshot, base

    def _send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str,
        flags: int,
        place: tuple[int, int] = (0, 0),
    ) -> None:
        _check_base(snapshot, base)
        with _Pipe(fd) as pipe:
            error = self._zfs.stream(lib.zt_send, pipe.into, snapshot, base, flags, *place)
            pipe.finish()
        if pipe.error is not None:  # what the kernel saw of it is a closed pipe
            raise engine_error("send", snapshot, pipe.error.errno or errno.EIO)
        if error:
            raise engine_error("send", snapshot, error)

    def send_size(self, snapshot: str, *, base: str = "", raw: bool = False) -> int:
        """Estimate the bytes of a stream."""
        _check_base(snapshot, base)
        flags = self._flags(snapshot, raw=raw)
        error, size = self._zfs.read(lib.zt_send_space, snapshot, base, flags)
        if error:
            raise engine_error("send", snapshot, error)
        return int(size)

    def receive(
        self,
        snapshot: str,
        fd: int,
        *,
        origin: str = "",
        force: bool = False,
        raw: bool = False,
        resumable: bool = False,
    ) -> None:
        """Read a stream into a snapshot; its dataset must be new or unchanged."""
        names.check_snapshot(snapshot, creating=True)
        if origin:
            names.check_snapshot(origin)
        error = self._zfs.stream(
            lib.zt_receive, fd, snapshot, origin, int(force), int(raw), int(resumable)
        )
        if error:
            raise engine_error("receive", snapshot, error)
        self._log(f"zfstune receive {snapshot}")

    def reclaim_size(self, first: str, last: str) -> int:
        """Compute the bytes that destroying a run of snapshots would free."""
        names.check_snapshot(first)
        names.check_snapshot(last)
        error, size = self._zfs.read(lib.zt_snaprange_space, first, last)
        if error:
            raise engine_error("measure", last, error)
        return int(size)

    def run_program(
        self,
        pool: str,
        program: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        sync: bool = True,
        instructions: int = _INSTRUCTIONS,
        memory_bytes: int = _MEMORY_BYTES,
    ) -> Any:
        """Run a channel program; give what it returned."""
        names.check_pool(pool)
        error, out = self._zfs.change(
            lib.zt_channel_program,
            pool,
            program,
            int(sync),
            instructions,
            memory_bytes,
            _signed(arguments or {}),
        )
        out = out or {}
        if error:
            raise engine_error(
                "run program in pool", pool, error, detail=out.get("error", "")
            )
        return out.get("return")


class _Pipe:
    """A pipe into which a stream goes, and a thread that carries it on to `fd`.

    2.1 hands the descriptor to the kernel as it is, which on current Linux writes
    to few kinds of it; 2.2 and later splice, which a file opened for appending
    refuses (lib/libzfs_core/libzfs_core.c). A pipe is fine with all of them.
    """

    _PART_BYTES = 1 << 20

    def __init__(self, fd: int) -> None:
        import threading  # noqa: PLC0415 (only streams need it)

        self._to = fd
        self._out, self.into = os.pipe2(os.O_CLOEXEC)
        self.error: OSError | None = None
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.finish()

    def finish(self) -> None:
        """End the stream, and wait until all of it has been carried on."""
        if self.into >= 0:
            os.close(self.into)
            self.into = -1
            self._thread.join()

    def _carry(self) -> None:
        try:
            while part := os.read(self._out, self._PART_BYTES):
                rest = memoryview(part)
                while rest:
                    rest = rest[os.write(self._to, rest) :]
        except OSError as error:
            self.error = error
        finally:
            os.close(self._out)  # the sender then gets EPIPE, and ends


def _check_base(snapshot: str, base: str) -> None:
    names.check_snapshot(snapshot)
    if base:
        (names.check_bookmark if "#" in base else names.check_snapshot)(base)


def _signed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Make integers signed: a channel program takes no others (module/zfs/zcp.c)."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, int) and not isinstance(value, bool):
            made[name] = Int64(value)
        elif hasattr(value, "items"):
            made[name] = _signed(value)
        else:
            made[name] = value
    return made
