"""Build ``zfstune._zfs``: needs a C compiler, and nothing of ZFS."""

from __future__ import annotations

import re
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
SOURCES = (
    "buf",
    "image",
    "image_arrival",
    "image_change",
    "image_confine",
    "image_exercise",
    "image_file",
    "image_inside",
    "image_key",
    "image_label",
    "image_layout",
    "image_pool",
    "image_props",
    "image_read",
    "image_snapshot",
    "image_state",
    "image_stream",
    "image_upkeep",
    "kernel",
    "kernel_pool",
    "libzpool",
    "list",
    "nvl",
    "nvl_flat",
    "nvl_json",
    "nvl_packed",
    "object",
    "stream_check",
    "stream_checked",
    "stream_content",
    "stream_descriptors",
    "stream_record",
    "stream_thread",
    "zfs_ioctl",
    "zt",
    "zt_change",
    "zt_content",
    "zt_host",
    "zt_key",
    "zt_pool",
    "zt_snapshot",
    "zt_stream",
)

# cffi reads the declarations that the compiler reads.
declarations = "".join(
    (HERE / name).read_text(encoding="utf-8") for name in ("buf.cdef.h", "zt.cdef.h")
)

ffibuilder = FFI()
ffibuilder.cdef(re.sub(r"/\*.*?\*/", "", declarations, flags=re.DOTALL))
ffibuilder.set_source(
    "zfstune._zfs",
    '#include "zt.h"\n',
    # setuptools wants paths relative to setup.py
    sources=[f"native/{name}.c" for name in SOURCES],
    depends=[f"native/{path.name}" for path in sorted(HERE.glob("*.h"))],
    include_dirs=["native"],
    define_macros=[("_GNU_SOURCE", None)],
    extra_compile_args=["-std=gnu11", "-Wall", "-Wextra", "-fvisibility=hidden"],
    libraries=["dl"],
    py_limited_api=True,
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
