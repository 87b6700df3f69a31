"""An nvlist of the kernel, turned into Python."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from zfstune.engine._binding import Binding

if TYPE_CHECKING:
    from collections.abc import Callable

YARDSTICK = "zfstune"
# one lap of pyzfs takes minutes, and it is far away
LAPS = {"nvlist, 20,000 datasets x 6 properties": {"zfstune": 5, "pyzfs": 1}}
TARGETS = [("zfstune", "pyzfs", 1 / 50)]
DATASETS = 20_000


@cache
def packed(datasets: int) -> bytes:
    """Pack a listing such as the kernel gives, with a source for each value."""
    values: dict[str, Any] = {}
    for number in range(datasets):
        name = f"tank/data/project{number:05}/postgres"
        values[name] = {
            "recordsize": {"value": 8192, "source": name},
            "compression": {"value": 15, "source": "tank/data"},
            "mountpoint": {"value": f"/data/project{number:05}", "source": "tank"},
            "used": {"value": 123_456_789 + number, "source": ""},
            "createtxg": {"value": 1000 + number, "source": ""},
            "org.zfstune:profile": {"value": "postgres", "source": name},
        }
    return Binding("zt_open_nvpair").pack(values)


def bench_nvlist(
    measure: Callable[..., None], scaled: Callable[[int], int], peer: str
) -> None:
    """From packed bytes to nested dicts."""
    from libzfs_core._nvlist import packed_nvlist_out  # noqa: PLC0415 (guests alone)

    data = packed(scaled(DATASETS))
    if peer == "pyzfs":
        measure(lambda: packed_nvlist_out(data, len(data)))
    else:
        binding = Binding("zt_open_nvpair")
        measure(lambda: binding.unpack(data))
        binding.close()
