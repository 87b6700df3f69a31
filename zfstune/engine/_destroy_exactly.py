"""Destroy snapshots by name and guid, both checked in the transaction that destroys.

``lzc_destroy_snaps`` goes by name alone. After a snapshot was looked at, somebody may
destroy it and take another one of that name, or destroy the snapshots that were meant
to survive. A channel program looks and destroys in one transaction group, while nothing
else changes the pool's datasets (module/zfs/zcp.c).
"""

from __future__ import annotations

import errno

from zfstune.engine._errno import engine_error
from zfstune.engine._history import targets_line
from zfstune.engine._meanings import IOC_CMD_UNAVAIL
from zfstune.engine.protocol import InUse, ProgramError
from zfstune.values import names
from zfstune.values.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

__all__ = ["ExactCalls", "program_error", "refusal"]

_OPERATION = "destroy snapshot"

# These errors say that the program could not run, or not to its end. Other errors, such
# as those of a suspended or read-only pool, would stop any other call too.
_PROGRAM_ERRORS = frozenset(
    {
        errno.EPERM,
        errno.EACCES,
        errno.EINVAL,
        errno.ENOSPC,
        errno.ENOTSUP,
        errno.ECHRNG,
        errno.ETIME,
        IOC_CMD_UNAVAIL,
    }
)

# The program returns errno values by snapshot, with the meanings that
# _special_meanings.py has for "destroy snapshot"; 116 is ESTALE and 87 EUSERS, for which
# Lua has no names here.
# Each zfs.* call opens its snapshot, which is slow, so the program makes as few as it can.
# zfs.exists() comes first because reading the guid of a missing snapshot ends the program.
# A snapshot that is mounted below .zfs counts as in use; ZFS_IOC_DESTROY_SNAPS would
# unmount it first.
_PROGRAM = """\
local stay, go = {}, {}
local all = ...
for _, parts in pairs(all) do
    local of_survivors = 0
    for name in pairs(parts.survivors) do
        if not zfs.exists(name) then of_survivors = ECANCELED end
    end
    for name, guid in pairs(parts.snapshots) do
        local errno = of_survivors
        if not zfs.exists(name) then errno = ENOENT
        elseif zfs.get_prop(name, 'guid') ~= guid then errno = 116 end
        if errno == 0 then go[#go + 1] = name else stay[name] = errno end
    end
end
for _, name in ipairs(go) do
    local errno = zfs.sync.destroy(name)
    if errno == EBUSY and zfs.get_prop(name, 'userrefs') > 0 then errno = 87 end
    if errno ~= 0 then stay[name] = errno end
end
for dataset, parts in pairs(all) do
    for name, value in pairs(parts.marks) do zfs.sync.set_prop(dataset, name, value) end
end
return stay
"""


class ExactCalls:
    """The call, for ZfsEngine to inherit, which has the attributes below."""

    run_program: Callable[..., Any]
    _log: Callable[[str], None]

    def destroy_exactly(
        self,
        snapshots: Mapping[str, int],
        *,
        survivors: Iterable[str] = (),
        marks: Mapping[str, Mapping[str, str]] | None = None,
    ) -> dict[str, EngineError]:
        """Destroy the snapshots that still have their guids; see Engine."""
        if not snapshots:
            return {}
        by_dataset: dict[str, dict[str, dict[str, Any]]] = {}
        for name, guid in snapshots.items():
            dataset = names.check_snapshot(name).partition("@")[0]
            parts = by_dataset.setdefault(
                dataset, {"snapshots": {}, "survivors": {}, "marks": {}}
            )
            parts["snapshots"][name] = _signed_64_bits(guid)
        for name in survivors:
            dataset = names.check_snapshot(name).partition("@")[0]
            if dataset in by_dataset:
                by_dataset[dataset]["survivors"][name] = True
        for dataset, values in (marks or {}).items():
            if dataset in by_dataset:
                by_dataset[dataset]["marks"].update(values)
        pool = names.pool_of(next(iter(by_dataset)))
        try:
            errnos = self.run_program(pool, _PROGRAM, by_dataset) or {}
        except EngineError as error:
            raise program_error(error) from None
        # An image's process may return anything where a stranger's image owns it.
        if type(errnos) is not dict or any(type(n) is not int for n in errnos.values()):
            detail = "it returned no errno values"
            raise engine_error("run program in pool", pool, errno.ECHRNG, detail=detail)
        destroyed = [name for name in snapshots if name not in errnos]
        if destroyed:
            self._log(targets_line(_OPERATION, destroyed))
        return {name: refusal(name, code) for name, code in errnos.items()}


def program_error(error: EngineError) -> EngineError:
    """Return an error as a ProgramError where it stopped the program alone."""
    return _as_class(ProgramError, error) if error.errno in _PROGRAM_ERRORS else error


def refusal(snapshot: str, code: int) -> EngineError:
    """Return the error for a snapshot that the program did not destroy."""
    error = engine_error(_OPERATION, snapshot, code)
    return _as_class(InUse, error) if code == errno.EBUSY else error


def _as_class(kind: type[EngineError], error: EngineError) -> EngineError:
    """Return the same error as an object of another class."""
    return kind(
        operation=error.operation,
        target=error.target,
        errno=error.errno,
        reason=error.reason,
        hint=error.hint,
    )


def _signed_64_bits(guid: int) -> int:
    """Return the same 64 bits as a signed number: Lua has no unsigned ones there."""
    return guid - (1 << 64) if guid >> 63 else guid
