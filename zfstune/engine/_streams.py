"""The calls of ZfsEngine for streams, their sizes, and channel programs."""

from __future__ import annotations

import errno
import sys

from zfstune.engine._arguments import check_text
from zfstune.engine._arrival_values import (
    ArrivalRequest,
    arrival_values,
    check_arrival,
    unset_error,
)
from zfstune.engine._binding import lib
from zfstune.engine._checks import check_name
from zfstune.engine._errno import STREAM_TRUNCATED, engine_error
from zfstune.engine._history import receive_line
from zfstune.engine._nvlist import Int64, encode
from zfstune.engine._receive_losses import check_losses, foreign, misfit
from zfstune.engine._send_pipe import carry
from zfstune.engine.read_exactly import read_exactly
from zfstune.values import names
from zfstune.values.errors import InvalidName, InvalidValue, NotFound
from zfstune.values.marks import BEGUN
from zfstune.values.state import Partial
from zfstune.values.stream_record import RECORD_BYTES, parse_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from zfstune.engine._resume_token import ResumeState
    from zfstune.values.state import Dataset, Snapshot
    from zfstune.values.stream_record import StreamHeader

__all__ = ["ZfsStreams"]

# enum lzc_send_flags, include/libzfs_core.h. LZC_SEND_FLAG_EMBED_DATA is never set:
# with it OpenZFS 2.3 and 2.4 send a spill block that fits into its pointer as data of the
# file, and the receiver loses the file's attributes and ACL
# (do_dump() in module/zfs/dmu_send.c; openzfs/zfs#18239).
_LARGE, _COMPRESS, _RAW, _SAVED = 2, 4, 8, 16

# include/sys/fs/zfs.h, ZCP_DEFAULT_INSTRLIMIT and ZCP_DEFAULT_MEMLIMIT
_INSTRUCTIONS = 10_000_000
_MEMORY_BYTES = 10 << 20
_MOST_NESTING = 20  # ZCP_NVLIST_MAX_DEPTH, module/zfs/zcp.c


class ZfsStreams:
    """The calls, for ZfsEngine to inherit, which has the attributes below."""

    _swaps_bytes = True  # the streams of machines of the other byte order
    _zfs: Any
    _log: Callable[[str], None]
    dataset: Callable[[str], Dataset]
    snapshot: Callable[[str], Snapshot]

    def send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str = "",
        raw: bool = False,
        compressed: bool = True,
        redaction: str = "",
    ) -> None:
        """Write a snapshot as a stream, or the changes since `base`."""
        check_name(snapshot)
        mark = _redaction_mark(snapshot, redaction)
        flags = self._flags(snapshot, raw=raw)
        if flags & _RAW and "@" not in snapshot:
            # Only a snapshot has a set of IVs, which a raw stream begins with
            # (dsl_crypto_populate_key_nvlist() in module/zfs/dsl_crypt.c).
            raise InvalidValue(
                f"cannot send '{snapshot}' raw: it is no snapshot",
                hint="take a snapshot of it, and send that",
            )
        if not compressed:
            flags &= ~_COMPRESS
        self._send(snapshot, fd, base=base, flags=flags, redaction=mark)

    def send_resumed(self: Any, token: str, fd: int) -> str:
        """Write the rest of a stream; return the name of its snapshot."""
        from zfstune.engine._resume_base import find_sources  # noqa: PLC0415 (few resume)
        from zfstune.engine._resume_token import read_token  # noqa: PLC0415 (it loads zlib)

        state = read_token(token, self._zfs.unpack)
        snapshot, base = find_sources(self, state)
        resume_at = (state.object, state.offset)
        self._send(snapshot, fd, base=base, flags=_flags_of(state), resume_at=resume_at)
        return str(snapshot)

    def send_saved(self: Any, name: str, fd: int) -> None:
        """Write the part of a stream that a receive kept; no record ends that stream."""
        from zfstune.engine._resume_base import find_saved_base  # noqa: PLC0415 (few save)
        from zfstune.engine._resume_token import read_token  # noqa: PLC0415 (it loads zlib)

        names.check_dataset(name)
        token = self.dataset(name).value("receive_resume_token")
        if not token:
            raise _no_partial("send the saved part of", name)
        state = read_token(token, self._zfs.unpack)
        base = find_saved_base(self, name, state)
        # The kernel finds the part by the name of its dataset: dmu_send() in
        # module/zfs/dmu_send.c.
        self._carry(name, fd, base=base, flags=_flags_of(state) | _SAVED)

    def read_token(self, token: str) -> Partial:
        """Read a resume token: the stream that broke off."""
        from zfstune.engine._resume_token import read_token  # noqa: PLC0415 (it loads zlib)

        state = read_token(token, self._zfs.unpack)
        raw = "rawok" in state.flags
        return Partial(state.toname, state.toguid, state.fromguid, raw)

    def abort_receive(self: Any, name: str) -> None:
        """Give up the part of a stream that a receive kept when it broke off."""
        names.check_dataset(name)
        # A dataset that had snapshots before keeps the part in a hidden child; otherwise
        # it is nothing but that part itself (zfs_do_receive() in cmd/zfs/zfs_main.c).
        error = self._zfs.call(lib.zt_destroy, f"{name}/%recv")
        if error == errno.ENOENT:
            found = self.dataset(name)
            if found.kind != BEGUN and not found.value("receive_resume_token"):
                raise _no_partial("abort the receive of", name)
            error = self._zfs.call(lib.zt_destroy, name)
        if error:
            raise engine_error("abort the receive of", name, error)
        self._log(f"zfstune receive -A {name}")

    def _flags(self, snapshot: str, *, raw: bool) -> int:
        # Blocks go as they lie on disk, as with `zfs send -Lc`. A raw stream of an
        # unencrypted dataset differs only in that it has embedded data.
        read = self.snapshot if "@" in snapshot else self.dataset
        raw = raw and read(snapshot).value("encryption") not in {None, "off"}
        return _LARGE | _COMPRESS | _RAW * raw

    def _send(
        self,
        snapshot: str,
        fd: int,
        *,
        base: str,
        flags: int,
        resume_at: tuple[int, int] = (0, 0),
        redaction: str = "",
    ) -> None:
        _check_base(snapshot, base)
        self._carry(
            snapshot, fd, base=base, flags=flags, resume_at=resume_at, redaction=redaction
        )

    def _carry(
        self,
        name: str,
        fd: int,
        *,
        base: str,
        flags: int,
        resume_at: tuple[int, int] = (0, 0),
        redaction: str = "",
    ) -> None:
        error, copy_error = carry(
            lambda pipe: self._zfs.stream(
                lib.zt_send, pipe, name, base, flags, *resume_at, redaction
            ),
            fd,
        )
        if copy_error is not None:  # the kernel only knows that the pipe was closed
            raise engine_error("send", name, copy_error.errno or errno.EIO)
        if error:
            raise engine_error("send", name, error)

    def send_size(
        self,
        snapshot: str,
        *,
        base: str = "",
        raw: bool = False,
        compressed: bool = True,
        redaction: str = "",
    ) -> int:
        """Estimate the bytes of a stream."""
        names.check_snapshot(snapshot)
        _check_base(snapshot, base)
        mark = _redaction_mark(snapshot, redaction)
        flags = self._flags(snapshot, raw=raw)
        if not compressed:
            flags &= ~_COMPRESS
        error, size = self._zfs.read(lib.zt_send_space, snapshot, base, flags, mark)
        if error:
            raise engine_error("send", snapshot, error)
        return int(size)

    def receive(
        self: Any,
        snapshot: str,
        fd: int,
        *,
        header: bytes = b"",
        origin: str = "",
        force: bool = False,
        losing: Iterable[str] = (),
        raw: bool = False,
        resumable: bool = False,
        properties: Mapping[str, str] | None = None,
        received: Mapping[str, str] | None = None,
        excluded: Iterable[str] = (),
    ) -> None:
        """Read a stream into a snapshot; its dataset must be new or unchanged."""
        names.check_snapshot(snapshot, creating=True)
        if origin:
            names.check_snapshot(origin)
        accepted = frozenset(map(names.check_snapshot, losing))
        arrival = ArrivalRequest(properties or {}, received, tuple(excluded))
        check_arrival(arrival)
        header = header or read_exactly(fd, RECORD_BYTES)
        parsed = self._check_header(snapshot, header)
        dataset = snapshot.partition("@")[0]
        passed = arrival_values(self, dataset, parsed.kind, arrival)
        if force:
            check_losses(self, snapshot, parsed, accepted)
        error, errors = self._zfs.stream_change(
            lib.zt_receive,
            fd,
            snapshot,
            origin,
            int(force),
            int(raw),
            int(resumable),
            header,
            b"" if passed.received is None else encode(passed.received),
            encode(passed.local) if passed.local else b"",
        )
        if error:
            for name in passed.covered:
                self._zfs.call(lib.zt_inherit, dataset, name, int(True))
        if error == errno.EINVAL:
            raise misfit(snapshot, parsed, raw=raw)
        if error:
            # A new dataset takes the rights on its parent: zfs_ioc_recv_new().
            new = error == errno.EPERM and not self.exists(dataset)
            example = (names.parent_of(dataset) or "") if new else ""
            raise engine_error("receive", snapshot, error, example=example)
        self._log(receive_line(arrival.properties, arrival.excluded, snapshot))
        if unset := unset_error(snapshot, errors or {}, arrival):
            raise unset

    def _check_header(self, snapshot: str, header: bytes) -> StreamHeader:
        if len(header) < RECORD_BYTES:
            raise engine_error("receive", snapshot, STREAM_TRUNCATED)
        parsed = parse_header(header)
        # A module without assertions accepts some bad records.
        if parsed is None or parsed.package:
            raise engine_error("receive", snapshot, errno.EINVAL)
        if parsed.big_endian != (sys.byteorder == "big") and not self._swaps_bytes:
            raise foreign(snapshot)
        return parsed

    def redact(self, snapshot: str, bookmark: str, snapshots: Iterable[str]) -> None:
        """Make a bookmark of the data of a snapshot that other snapshots lack."""
        names.check_snapshot(snapshot)
        names.check_bookmark(bookmark, creating=True)
        mark = _redaction_mark(snapshot, bookmark)
        lacking = dict.fromkeys(map(names.check_snapshot, snapshots))
        error = self._zfs.call(lib.zt_redact, snapshot, mark, lacking)
        if error:
            raise engine_error("redact", snapshot, error)
        self._log(f"zfstune redact {snapshot} {mark} {' '.join(lacking)}")

    def heal(self, snapshot: str, fd: int, *, raw: bool = False) -> None:
        """Repair the damaged blocks of a snapshot from a stream of it."""
        names.check_snapshot(snapshot)
        header = read_exactly(fd, RECORD_BYTES)
        if len(header) < RECORD_BYTES:
            raise engine_error("heal", snapshot, STREAM_TRUNCATED)
        if parse_header(header) is None:
            raise engine_error("heal", snapshot, errno.EINVAL)
        error, _ = self._zfs.stream_change(lib.zt_heal, fd, snapshot, int(raw), header)
        if error:
            raise engine_error("heal", snapshot, error)
        self._log(f"zfstune receive -c {snapshot}")

    def exercise(self, name: str, fd: int) -> int:
        """Carry out operations on bare objects; return how many."""
        names.check_dataset(name)
        error, count = self._zfs.stream_change(lib.zt_exercise, fd, name)
        if error:
            raise engine_error("exercise", name, error)
        return int(count)

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
        """Run a channel program; return its result."""
        names.check_pool(pool)
        check_text("program of run_program()", program)
        error, out = self._zfs.change(
            lib.zt_channel_program,
            pool,
            program,
            int(sync),
            instructions,
            memory_bytes,
            _with_signed_numbers(arguments or {}),
        )
        out = out or {}
        if error:
            raise engine_error(
                "run program in pool", pool, error, detail=out.get("error", "")
            )
        return out.get("return")


def _flags_of(state: ResumeState) -> int:
    """Return the flags that a broken stream was sent with."""
    flags = _LARGE * ("largeblockok" in state.flags)
    return (
        flags | _COMPRESS * ("compressok" in state.flags) | _RAW * ("rawok" in state.flags)
    )


def _no_partial(operation: str, name: str) -> NotFound:
    return NotFound(
        operation=operation,
        target=name,
        reason="no receive broke off there, or it was not resumable",
    )


def _check_base(snapshot: str, base: str) -> None:
    """Check the names of what is sent and its base, a snapshot, a bookmark or empty."""
    check_name(snapshot)
    if base:
        (names.check_bookmark if "#" in base else names.check_snapshot)(base)


def _redaction_mark(snapshot: str, bookmark: str) -> str:
    """Return the short name of a snapshot's redaction bookmark; empty: there is none."""
    if not bookmark:
        return ""
    dataset, _, short = names.check_bookmark(bookmark).partition("#")
    if snapshot.partition("@")[0] != dataset:
        raise InvalidName(
            f"cannot redact '{snapshot}' by '{bookmark}': they are of different datasets"
        )
    return short


def _with_signed_numbers(values: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Make integers signed: a channel program takes no others (module/zfs/zcp.c)."""
    if depth > _MOST_NESTING:
        raise InvalidValue(
            "cannot pass arguments to a program: they are nested more than "
            f"{_MOST_NESTING} levels deep"
        )
    signed: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, int) and not isinstance(value, bool):
            signed[name] = Int64(value)
        elif hasattr(value, "items"):
            signed[name] = _with_signed_numbers(value, depth + 1)
        else:
            signed[name] = value
    return signed
