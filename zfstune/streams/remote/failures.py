"""Errors as messages: what failed on the other host, told on this one."""

from __future__ import annotations

from types import MappingProxyType

from zfstune.streams.remote.fields import BadMessageError, list_in, object_in, text_in
from zfstune.values import errors
from zfstune.values.errors import (
    BatchError,
    EngineError,
    InvalidValue,
    NotSupported,
    PlanError,
)
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.values.errors import ZfstuneError

__all__ = ["forced_error", "lost_error", "read_failure", "write_failure"]

_KINDS: Mapping[str, type[EngineError]] = MappingProxyType(
    {
        name: getattr(errors, name)
        for name in (
            *("EngineError", "NotFound", "AlreadyExists", "Busy", "NotPermitted"),
            *("NoSpace", "ReadOnly", "PoolSuspended", "Damaged", "NotSupported"),
            "RefusedValue",
        )
    }
)
# Errors that are raised before ZFS is asked, and have a message alone.
_WORDED: Mapping[str, type[InvalidValue | PlanError]] = MappingProxyType(
    {"InvalidValue": InvalidValue, "PlanError": PlanError}
)
_OPERATION, _FAILURES = "operation", "failures"
_FIELDS = ("kind", _OPERATION, "target", "reason", "hint")


def write_failure(error: ZfstuneError) -> dict[str, object]:
    """Return an error in JSON's types; one of a kind that is not known there is plain."""
    if isinstance(error, BatchError) and error.failures:
        failures = [write_failure(failure) for failure in error.failures]
        return {_OPERATION: error.operation, _FAILURES: failures}
    if isinstance(error, EngineError):
        named = [name for name, kind in _KINDS.items() if isinstance(error, kind)]
        words = (named[-1], error.operation, error.target, error.reason, error.hint)
    else:
        kind = "PlanError" if isinstance(error, PlanError) else "InvalidValue"
        words = (kind, "", "", error.message, error.hint)
    return dict(zip(_FIELDS, words, strict=True))


def read_failure(value: object, host: str) -> ZfstuneError:
    """Return the error that another host tells of, fit to be printed.

    Args:
        value: What :func:`write_failure` returned there.
        host: The host, which the error names.

    Raises:
        BadMessageError: It is no error.
    """
    if isinstance(value, dict) and _FAILURES in value:
        return _read_batch(value, host)
    return _read_one(value, host)


def _read_batch(value: object, host: str) -> BatchError:
    fields = object_in(value, (_OPERATION, _FAILURES))
    failures = [_read_one(failure, host) for failure in list_in(fields[_FAILURES])]
    named = [failure for failure in failures if isinstance(failure, EngineError)]
    if not named or len(named) != len(failures):
        raise BadMessageError("a batch failed without the error of an engine")
    operation = shown(text_in(fields[_OPERATION]))
    return BatchError(operation=operation, failures=named)


def _read_one(value: object, host: str) -> EngineError | InvalidValue | PlanError:
    fields = object_in(value, _FIELDS)
    kind, operation, target, reason, hint = (shown(text_in(fields[n])) for n in _FIELDS)
    advice = f"{host} says: {hint}" if hint else ""
    if kind in _WORDED:
        return _WORDED[kind](f"{reason} (on {host})", hint=advice)
    return _KINDS.get(kind, EngineError)(
        operation=operation, target=f"{host}:{target}", reason=reason, hint=advice
    )


def lost_error(host: str, reason: str, hint: str = "") -> EngineError:
    """Return the error for a connection that cannot be used any more."""
    return EngineError(operation="work with host", target=host, reason=reason, hint=hint)


def forced_error(host: str, dataset: str) -> NotSupported:
    """Return the error for a receive by force on a host that has the zfs command alone."""
    return NotSupported(
        operation="roll back",
        target=f"{host}:{dataset}",
        reason="`zfs receive -F` there could destroy more than was named",
        hint="use --keep-aside, install zfstune there, or run there by hand: "
        f"`zfs list -t snapshot {for_shell(dataset)}`, then `zfs rollback`",
    )
