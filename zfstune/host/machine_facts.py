"""Facts about this machine that a report of times must have."""

from __future__ import annotations

import os

__all__ = ["machine_facts"]

_GIB = 1 << 30


def machine_facts() -> dict[str, str]:
    """Return the kernel, the OpenZFS module, processors, memory, and whether it is a guest.

    A guest's disks may be answered by the cache of its host.
    """
    system = os.uname()
    processor = _text("/proc/cpuinfo")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    product = _text("/sys/class/dmi/id/product_name").strip()
    return {
        "kernel": system.release,
        "architecture": system.machine,
        "openzfs": _text("/sys/module/zfs/version").strip(),
        "processor": _field(processor, "model name"),
        "processors": str(os.cpu_count() or 1),
        "memory": f"{pages / _GIB:.1f} GiB",
        "product": product,
        "guest": "yes" if "hypervisor" in _field(processor, "flags").split() else "no",
    }


def _field(text: str, name: str) -> str:
    """Return the first value of a field of ``/proc/cpuinfo``."""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
