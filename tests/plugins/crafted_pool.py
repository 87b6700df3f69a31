"""Set properties as somebody does who wants to do harm: with no check, of any type.

Run as a program, ``crafted_pool.py IMAGE``, with a JSON object on stdin: dataset or
snapshot to property to value. It calls libzpool itself, so that what the checks of the
extension and the kernel's ioctls refuse is in the file all the same.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

from zfstune.engine._binding import Binding

_LOCAL = 8  # ZPROP_SRC_LOCAL, include/sys/fs/zfs.h
_UNIQUE = 1  # NV_UNIQUE_NAME


def main() -> None:
    """Open the image, set what stdin says, and export it."""
    binding = Binding.of_image(str(Path(sys.argv[1]).absolute()), create=None)
    with Path("/proc/self/maps").open(encoding="utf-8") as maps:
        mapped = {line.split()[-1] for line in maps if "/" in line}
    pool, pairs = (
        ctypes.CDLL(next(path for path in mapped if f"/{name}.so" in path))
        for name in ("libzpool", "libnvpair")
    )
    for target, values in json.load(sys.stdin).items():
        made = ctypes.c_void_p()
        assert pairs.nvlist_alloc(ctypes.byref(made), _UNIQUE, 0) == 0
        for name, value in values.items():
            if isinstance(value, int):
                number = ctypes.c_uint64(value)
                assert pairs.nvlist_add_uint64(made, name.encode(), number) == 0
            else:
                text = value.encode("utf-8", "surrogateescape")
                assert pairs.nvlist_add_string(made, name.encode(), text) == 0
        assert pool.dsl_props_set(target.encode(), _LOCAL, made) == 0
        pairs.nvlist_free(made)
    binding.close()
    del binding
    sys.stdout.flush()
    os._exit(0)  # libzpool's threads are still there


if __name__ == "__main__":
    main()
