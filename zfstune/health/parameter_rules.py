"""Values of the zfs module's parameters that endanger data, or cost speed."""

from __future__ import annotations

from zfstune.health.host_finding import HostFinding
from zfstune.health.trap import ADVICE, DANGER, FAULT
from zfstune.values.frozen import frozen
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from zfstune.health.host_facts import HostFacts

__all__ = ["PARAMETERS", "parameter_findings"]

_SOURCE = "man/man4/zfs.4"
_LONG_GROUP_S = 30
_ANY = 1 << 62


@frozen
class _Parameter:
    """A range of a parameter's values that asks for a word.

    Attributes:
        name: The parameter.
        low: The lowest value in question.
        high: The highest value in question.
        severity: How bad it is.
        what: What such a value does.
        usual: The value to set.
    """

    name: str
    low: int
    high: int
    severity: str
    what: str
    usual: str


PARAMETERS = (
    _Parameter(
        "zfs_nocacheflush",
        1,
        _ANY,
        DANGER,
        "devices are not told to write their caches out, so that a power cut can destroy "
        "the pool unless each cache has a battery",
        "0",
    ),
    _Parameter(
        "zil_nocacheflush",
        1,
        _ANY,
        DANGER,
        "devices are not told to write their caches out after synced writes, so that a "
        "power cut loses those unless each cache has a battery",
        "0",
    ),
    _Parameter(
        "zil_replay_disable",
        1,
        _ANY,
        DANGER,
        "synced writes of before a crash are thrown away when a filesystem is mounted",
        "0",
    ),
    _Parameter(
        "zfs_recover",
        1,
        _ANY,
        FAULT,
        "some fatal errors become warnings, and the pool goes on with what is wrong",
        "0",
    ),
    _Parameter(
        "zfs_no_scrub_io",
        1,
        _ANY,
        FAULT,
        "a scrub walks through the pool without reading its data, and finds nothing",
        "0",
    ),
    _Parameter(
        "zfs_compressed_arc_enabled",
        0,
        0,
        ADVICE,
        "the cache keeps blocks uncompressed, so that it holds fewer of them",
        "1",
    ),
    _Parameter(
        "zfs_txg_timeout",
        _LONG_GROUP_S + 1,
        _ANY,
        ADVICE,
        "writes that are not synced stay in memory for longer than half a minute, and a "
        "crash loses them",
        "5",
    ),
    _Parameter(
        "zfs_abd_scatter_enabled",
        0,
        0,
        ADVICE,
        "each cached block needs one stretch of memory, which gets scarce with time",
        "1",
    ),
)


def parameter_findings(facts: HostFacts) -> Iterator[HostFinding]:
    """Yield a finding for each parameter that is set to something harmful."""
    for row in PARAMETERS:
        value = _number(facts, row.name)
        if value is not None and row.low <= value <= row.high:
            yield HostFinding(
                f"parameter-{row.name}",
                row.severity,
                f"{row.name} is {value}: {row.what}",
                _set(row.name, row.usual),
                _SOURCE,
            )
    largest = _number(facts, "zfs_arc_max")
    if largest and facts.memory_bytes and largest >= facts.memory_bytes:
        yield HostFinding(
            "parameter-zfs_arc_max",
            FAULT,
            "zfs_arc_max lets the cache grow as large as the machine's memory",
            _set("zfs_arc_max", "0"),
            _SOURCE,
        )


def _set(name: str, value: str) -> str:
    return (
        f"echo {value} > /sys/module/zfs/parameters/{name}, and remove it from "
        "/etc/modprobe.d"
    )


def _number(facts: HostFacts, name: str) -> int | None:
    try:
        return read_whole(facts.parameters.get(name, ""))
    except NumberError:
        return None
