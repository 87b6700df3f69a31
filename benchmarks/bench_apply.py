"""Apply: the datasets of PostgreSQL, by profile and by the seed's commands."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from zfstune.datasets.apply import apply

if TYPE_CHECKING:
    from collections.abc import Callable

YARDSTICK = "library"
SEED = "zfs create x 3, chown, chmod"
LAPS = {"apply postgres": {SEED: 7, "library": 7, "command": 7}}
TARGETS = [("library", SEED, 1)]


def bench_apply(
    measure: Callable[..., None],
    command: Callable[..., str],
    peers: dict[str, str],
    pool: str,
    peer: str,
) -> None:
    """From an empty POOL/data to mounted datasets that have their owner.

    zfstune makes one dataset more than the seed: ``data``, where the database goes.
    """
    data = f"{pool}/data"
    command("zfs", "create", "-o", "canmount=off", "-o", "mountpoint=/data", data)
    if peer == "library":
        measure(lambda: apply("postgres", pool=pool))
    else:
        argv = {
            SEED: [peers["postgres"], pool],
            "command": ["zfstune", "apply", "postgres", "--pool", pool],
        }[peer]
        measure(lambda: subprocess.run(argv, stdout=subprocess.DEVNULL, check=True))
    mounted = command("zfs", "list", "-Hro", "name,mounted", f"{data}/postgres")
    assert mounted.count("\tyes") == (3 if peer == SEED else 4)
    command("zfs", "destroy", "-r", data)
