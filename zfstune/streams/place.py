"""The place of a target, which its source notes, so that lists and checks can name it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.side import Side

__all__ = ["place_of"]


def place_of(target: str, sending: Side, receiving: Side, here: str) -> str:
    """Write the place of a target, as in ``tank/copy`` or ``host:tank/copy``.

    It is read on the source's host, so a target of that host has none of a host, and one
    of this host has its name where the source is on another one.
    A target in an image that its source is not in has the image's path instead of a
    host; it begins with a slash, as no host does.

    Args:
        target: Name of the target.
        sending: The source's side.
        receiving: The target's side.
        here: The name of this host.
    """
    if receiving.host != sending.host:
        where = receiving.host or here
    else:
        where = receiving.file if receiving.file != sending.file else ""
    return f"{where}:{target}" if where else target
