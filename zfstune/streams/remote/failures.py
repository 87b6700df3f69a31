"""Errors as messages: what failed on the other host, told on this one."""

from __future__ import annotations

from types import MappingProxyType

from zfstune.streams.remote.fields import object_in, text_in
from zfstune.values import errors
from zfstune.values.errors import BatchError, EngineError, InvalidValue, PlanError
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.values.errors import ZfstuneError

__all__ = ["lost_error", "read_failure", "write_failure"]

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
_FIELDS = ("kind", "operation", "target", "reason", "hint")


def write_failure(error: ZfstuneError) -> dict[str, str]:
    """Return an error in JSON's types; one of a kind that is not known there is plain."""
    if isinstance(error, BatchError) and error.failures:
        # The first stands for all: a replication's batches are of one dataset.
        error = error.failures[0]
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
