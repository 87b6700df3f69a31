"""Open an engine: the ZFS of the running kernel, or a pool in a plain file.

The extension is loaded only when an engine is opened, so that importing zfstune needs
no ZFS.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os

    from zfstune.engine.protocol import Engine

__all__ = ["open_engine", "using"]


def open_engine(
    image: str | os.PathLike[str] | None = None,
    *,
    create_bytes: int | None = None,
    take_over_from: str = "",
) -> Engine:
    """Open the ZFS of the running kernel, or a pool in a plain file.

    Args:
        image: The file; it needs neither a kernel module nor root.
        create_bytes: Make the file, of this size, with an empty pool `tank`.
        take_over_from: The host that had the image open when it stopped. Only right
            where that host never opens it again.

    Raises:
        ZfsUnavailable: No module is loaded, no library is installed, or the module
            is of a release this zfstune does not know.
        EngineError: The file holds no pool, a damaged one, or one that another
            process or another host has open.
        AlreadyExists: The file to make is there already.
    """
    if image is None:
        from zfstune.engine.kernel import KernelEngine  # noqa: PLC0415 (the extension)

        return KernelEngine()
    from zfstune.engine.image import ImageEngine, create_image  # noqa: PLC0415 (the same)

    if create_bytes is None:
        return ImageEngine(image, take_over_from=take_over_from)
    return create_image(image, size_bytes=create_bytes)


class using:  # noqa: N801 (read as a word: with using(engine) as zfs)
    """Use the caller's engine in a block, or one that is closed at its end.

    Args:
        engine: The caller's engine, which stays open; None: open the running kernel's.
    """

    def __init__(self, engine: Engine | None) -> None:
        self._given = engine
        self._own: Engine | None = None

    def __enter__(self) -> Engine:
        if self._given is not None:
            return self._given
        self._own = open_engine()
        return self._own

    def __exit__(self, *exc: object) -> None:
        if self._own is not None:
            self._own.close()
