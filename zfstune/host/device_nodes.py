"""The device nodes of volumes, which udev makes some time after the volume."""

from __future__ import annotations

import os
import time

from zfstune.values.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["device_node", "wait_for_node"]

_LOOK_S = 0.05
_SAY_AFTER_S = 1.0


def device_node(volume: str) -> str:
    """Return the path of a volume's device node."""
    return f"/dev/zvol/{volume}"


def wait_for_node(
    volume: str, limit_s: float, say: Callable[[str], object] | None = None
) -> str:
    """Wait for the device node of a volume; return its path.

    Args:
        volume: The volume.
        limit_s: How long to wait, in seconds.
        say: Called with a sentence if the node is not there within a second.

    Raises:
        EngineError: The node did not appear.
    """
    path = device_node(volume)
    start = time.monotonic()
    said = False
    while not os.path.exists(path):
        waited = time.monotonic() - start
        if waited >= limit_s:
            raise EngineError(
                operation="find the device node of",
                target=volume,
                reason=f"{path} did not appear within {limit_s:g} s",
                hint="udev makes it: see `udevadm settle` and `zfs get volmode`; "
                "--wait SECONDS waits longer, and --wait 0 does not wait",
            )
        if say is not None and not said and waited >= _SAY_AFTER_S:
            said = True
            say(f"waiting for {path}, {limit_s:g} s at the most")
        time.sleep(_LOOK_S)
    return path
