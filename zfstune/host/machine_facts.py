"""What the kernel says of this machine: files of its own, and facts for a report."""

from __future__ import annotations

import os

__all__ = ["kernel_text", "machine_facts"]

_GIB = 1 << 30


def machine_facts() -> dict[str, str]:
    """Return the kernel, the OpenZFS module, processors, memory, and whether it is a guest.

    A guest's disks may be answered by the cache of its host.
    """
    system = os.uname()
    processor = kernel_text("/proc/cpuinfo")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    product = kernel_text("/sys/class/dmi/id/product_name").strip()
    return {
        "kernel": system.release,
        "architecture": system.machine,
        "openzfs": kernel_text("/sys/module/zfs/version").strip(),
        "processor": _field(processor, "model name"),
        "processors": str(os.cpu_count() or 1),
        "memory": f"{pages / _GIB:.1f} GiB",
        "product": product,
        "guest": "yes" if "hypervisor" in _field(processor, "flags").split() else "no",
        "init_on_alloc": _boot_option("init_on_alloc"),
    }


def _boot_option(name: str) -> str:
    """Return an option that the kernel was booted with, else ``default``."""
    words = (word.partition("=") for word in kernel_text("/proc/cmdline").split())
    return next((value for key, _, value in words if key == name), "default")


def _field(text: str, name: str) -> str:
    """Return the first value of a field of ``/proc/cpuinfo``."""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def kernel_text(path: str) -> str:
    """Return what a file of the kernel says; empty: this release has none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
