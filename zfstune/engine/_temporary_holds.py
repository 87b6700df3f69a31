"""Holds that end with a block of code, and by themselves when the process dies."""

from __future__ import annotations

import os
from contextlib import contextmanager

from zfstune.engine._binding import lib
from zfstune.engine._errno import batch_error, engine_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zfstune.engine._binding import Binding
    from zfstune.engine._image_process import ImageBinding

__all__ = ["until_closed", "until_released"]

# Of an image, any number but -1 says that the hold is temporary: native/image_snapshot.c.
_TEMPORARY = 0


@contextmanager
def until_closed(binding: Binding, targets: Mapping[str, str]) -> Iterator[None]:
    """Hold snapshots until a descriptor of the kernel's is closed.

    Args:
        binding: Passes the calls on to C.
        targets: Each snapshot and its tag.

    Raises:
        BatchError: A snapshot could not be held; none is.
    """
    try:
        # lzc_hold() in lib/libzfs_core/libzfs_core.c asks for O_EXCL.
        descriptor = os.open("/dev/zfs", os.O_RDWR | os.O_EXCL | os.O_CLOEXEC)
    except OSError as why:
        raise engine_error("hold", next(iter(targets)), why.errno or 0) from None
    try:
        error, missing = binding.change(lib.zt_hold, targets, descriptor)
        if error or missing:
            raise batch_error("hold", error, missing or {}, targets)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def until_released(binding: ImageBinding, targets: Mapping[str, str]) -> Iterator[None]:
    """Hold snapshots of an image until they are released, or it is opened again.

    Args:
        binding: Passes the calls on to the process of the image.
        targets: Each snapshot and its tag.

    Raises:
        BatchError: A snapshot could not be held; none is.
    """
    error, missing = binding.change(lib.zt_hold, targets, _TEMPORARY)
    missing = missing or {}
    # The call succeeds although snapshots are missing, and names those.
    held = {
        name: {tag: None}
        for name, tag in targets.items()
        if not error and name not in missing
    }
    try:
        if error or missing:
            raise batch_error("hold", error, missing, targets)
        yield
    finally:
        if held:
            binding.change(lib.zt_release, held)
