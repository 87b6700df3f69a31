"""Tell a host that is short of something from a file that cannot be used."""

from __future__ import annotations

import errno

__all__ = ["shortage_hint"]

_HINTS = {
    errno.EMFILE: "allow more, as with `ulimit -n 1024`",
    errno.ENFILE: "",
    errno.ENOMEM: "",
}


def shortage_hint(error: OSError) -> str | None:
    """Return a hint where descriptors or memory are short; None: it is something else."""
    return None if error.errno is None else _HINTS.get(error.errno)
