"""The place of a target, which its source notes, so that lists and checks can name it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from zfstune.streams.side import Side

__all__ = ["place_of"]


def place_of(target: str, sending: Side, receiving: Side) -> str:
    """Write the place of a target, as in ``tank/copy`` or ``host:tank/copy``.

    A target in an image that its source is not in has the image's path instead of a
    host; it begins with a slash, as no host does.
    """
    where = receiving.host
    if not where and receiving.file != sending.file:
        where = receiving.file
    return f"{where}:{target}" if where else target
