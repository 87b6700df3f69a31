"""The properties of a dataset that is being received, as libzfs_core takes them.

The kernel keeps two lists: what came with the stream (source ``received``), and what is
set here (source ``local``) or excluded. In two cases it takes local values of an existing
dataset away, which nobody asked for, and in a third it leaves some behind (`Passed`); all
are prevented here (zfs_ioc_recv_impl() in module/zfs/zfs_ioctl.c):

- When a dataset gets received properties for the first time, all of its local values go.
  So they are set again in the same call.
- A property that is excluded loses its local value. libzfs excludes none that has one
  (zfs_setup_cmdline_props() in lib/libzfs/libzfs_sendrecv.c).
"""

from __future__ import annotations

from zfstune.engine._arguments import check_text
from zfstune.engine._checks import check_properties
from zfstune.engine._errno import engine_error
from zfstune.values.errors import InvalidProperty, NotFound
from zfstune.values.frozen import frozen
from zfstune.values.state import LOCAL, RECEIVED
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.engine.protocol import Engine
    from zfstune.values.errors import EngineError
    from zfstune.values.state import Dataset

    Values = dict[str, int | str | None]

__all__ = ["ArrivalRequest", "Passed", "arrival_values", "check_arrival", "unset_error"]

# Both come in the stream's data; libzfs refuses them, too (zfs_receive_checkprops()).
_FROM_THE_DATA = frozenset({"version", "volsize"})
_ENCRYPTION, _OFF = "encryption", "off"


@frozen
class ArrivalRequest:
    """The properties of a receive, as the caller gave them.

    Attributes:
        properties: Properties to set here.
        received: Properties that came with the stream; None: leave those of before.
        excluded: Properties of the stream that are not to count.
    """

    properties: Mapping[str, str]
    received: Mapping[str, str] | None
    excluded: tuple[str, ...]

    def asks(self) -> bool:
        """Tell whether the receive touches any property."""
        return bool(self.properties or self.excluded) or self.received is not None


@frozen
class Passed:
    """The properties of a receive as the kernel takes them.

    Attributes:
        received: Values that came with the stream; None: leave those of before.
        local: Values to set here; None stands for a property that is excluded.
        covered: Those of `local` whose value was a received one. Where a receive fails,
            the kernel leaves the new local values of these behind (zfs_ioc_recv_impl()).
    """

    received: Values | None
    local: Values
    covered: tuple[str, ...] = ()


def check_arrival(arrival: ArrivalRequest) -> None:
    """Check those parts of an arrival that no stream is needed for.

    Raises:
        InvalidValue: A value is no text, a property that is to be excluded does not exist
            or is to be set as well, or one comes in the stream's data.
    """
    for values in (arrival.properties, arrival.received or {}):
        for name, value in values.items():
            check_text("a property of receive()", value)
            if name in _FROM_THE_DATA:
                raise InvalidProperty(f"cannot set '{name}': it comes in the stream")
    for name in arrival.excluded:
        _check_excluded(name, arrival.properties)


def arrival_values(
    engine: Engine, dataset: str, kind: str, arrival: ArrivalRequest
) -> Passed:
    """Check the properties of a receive, as set() checks them.

    Args:
        engine: Reads the dataset, where it exists.
        dataset: The dataset that is received.
        kind: ``filesystem`` or ``volume``, by the stream.
        arrival: The properties.

    Raises:
        InvalidProperty: A property is unknown, not for this kind, or has an invalid value.
    """
    if not arrival.asks():
        return Passed(None, {})
    target = _existing(engine, dataset)
    local: Values = {}
    if target is not None and arrival.received is not None:
        local.update(_local_values(target))
    properties = dict(arrival.properties)
    if properties.get(_ENCRYPTION) == _OFF and (target is None or _is_plain(target)):
        del properties[_ENCRYPTION]
        if target is None:
            local.update(_opened())
    local.update(_checked(properties, kind, engine, target))
    for name in arrival.excluded:
        if _inherits(name, kind) and (target is None or target.local(name) is None):
            local[name] = None
    covered = tuple(name for name in local if target and _is_received(target, name))
    if arrival.received is None:
        return Passed(None, local, covered)
    kept = {n: text for n, text in arrival.received.items() if n not in arrival.excluded}
    return Passed(dict(_checked(kept, kind, engine, target)), local, covered)


def unset_error(
    snapshot: str, errors: Mapping[str, int], arrival: ArrivalRequest
) -> EngineError | None:
    """Return the error for the first property that could not be set, if there is one.

    Local values that were only set again do not count: who may not set them could not
    take them away either.
    """
    received = arrival.received or {}
    asked = {**dict.fromkeys(arrival.excluded, ""), **received, **arrival.properties}
    for prop, code in errors.items():
        if prop in asked:
            pair = f"{prop}={shown(asked[prop])}" if asked[prop] else prop
            return engine_error(
                "set",
                snapshot.partition("@")[0],
                code,
                permission=",".join(p for p in asked if errors.get(p) == code),
                detail=f"{pair}; '{snapshot}' has arrived without it",
            )
    return None


def _existing(engine: Engine, dataset: str) -> Dataset | None:
    try:
        return engine.dataset(dataset)
    except NotFound:
        return None


def _checked(
    wanted: Mapping[str, str], kind: str, engine: Engine, target: Dataset | None
) -> dict[str, int | str]:
    from zfstune.values.properties import (  # noqa: PLC0415 (its tables take milliseconds)
        AUTO_RESERVATION,
    )

    encrypted = not _is_plain(target) if target else None
    values = check_properties(
        wanted, kind=kind, creating=False, limits=engine.limits, encrypted=encrypted
    )
    if values.get("refreservation") == AUTO_RESERVATION:
        raise InvalidProperty(
            "cannot set 'refreservation' to 'auto': the size comes in the stream",
            hint="set it once the volume has arrived",
        )
    return values


def _is_plain(target: Dataset) -> bool:
    return target.value(_ENCRYPTION) in {None, _OFF}


def _opened() -> Values:
    """Return the value by which a new dataset does without its parent's encryption."""
    from zfstune.values.raw_value import to_raw  # noqa: PLC0415 (the same tables)

    return {_ENCRYPTION: to_raw(_ENCRYPTION, _OFF)}


def _check_excluded(name: str, properties: Mapping[str, str]) -> None:
    """Check the name of an excluded property, which may be of any kind of dataset."""
    from zfstune.values.properties import find, is_user  # noqa: PLC0415 (the same tables)

    if name in properties:
        raise InvalidProperty(f"cannot exclude '{shown(name)}': it is to be set as well")
    prop = find(name)
    if not is_user(name) and (prop is None or prop.hidden):
        raise InvalidProperty(f"cannot exclude '{shown(name)}': there is no such property")


def _is_received(target: Dataset, name: str) -> bool:
    prop = target.properties.get(name)
    return prop is not None and prop.source == RECEIVED


def _inherits(name: str, kind: str) -> bool:
    """Tell whether an excluded property can get its parent's value.

    Any other is only left out of what was received: the kernel passes over it.
    """
    from zfstune.values.properties import find  # noqa: PLC0415 (the same tables)

    prop = find(name)
    if prop is None:
        return True
    return prop.inheritable and not prop.create_only and kind in prop.kinds


def _local_values(target: Dataset) -> Values:
    """Return the local values of a dataset as the kernel takes them, unchecked."""
    from zfstune.values.raw_value import to_raw  # noqa: PLC0415 (the same tables)

    return {
        name: to_raw(name, value.value)
        for name, value in target.properties.items()
        if value.source == LOCAL and _is_stored(name)
    }


def _is_stored(name: str) -> bool:
    """Tell whether a property lies among the properties that the kernel clears."""
    from zfstune.values.properties import find  # noqa: PLC0415 (the same tables)

    if name in _FROM_THE_DATA or (name.startswith("default") and name.endswith("quota")):
        return False
    prop = find(name)
    return prop is None or not (prop.readonly or prop.create_only or prop.hidden)
