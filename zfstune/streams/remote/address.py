"""Names of datasets on other hosts: ``[user@]host:dataset``.

A ``:`` before any ``/`` ends the name of a host, as in scp(1). OpenZFS allows that
character in the name of a pool too: a name that begins with ``:`` is one of this host,
so ``:my:pool/data`` is the dataset ``my:pool/data`` here.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address

from zfstune.values.errors import InvalidName
from zfstune.values.frozen import frozen
from zfstune.values.names import check_dataset
from zfstune.values.text import shown

__all__ = ["Address", "read_address"]

# A word that begins with '-' would be an option to ssh, and a shell of the user's
# configuration may see the rest: %h and %r in a ProxyCommand.
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}")
_ZONE = re.compile(r"[A-Za-z0-9_.-]{1,15}")


@frozen
class Address:
    """A dataset, and the host that has it.

    Attributes:
        host: The word for ssh, ``user@`` included; empty: this host.
        dataset: Full name of the dataset, which need not exist.
    """

    host: str
    dataset: str


def read_address(text: str) -> Address:
    """Read the name of a dataset, with or without a host.

    An IPv6 address stands in brackets: ``[fe80::1%eth0]:tank/data``.

    Raises:
        InvalidName: No such host or dataset can be.
    """
    bracketed = re.match(r"(?:([^@\[\]/:]*)@)?\[([^\]/]*)\]:(.*)", text, re.DOTALL)
    if bracketed is not None:
        user, host, dataset = bracketed[1], bracketed[2], bracketed[3]
        _check_ipv6(text, host)
    else:
        place, colon, dataset = text.partition(":")
        if not colon or "/" in place:
            return Address("", check_dataset(text, creating=True))
        if not place:
            return Address("", check_dataset(dataset, creating=True))
        before, at, host = place.rpartition("@")
        user = before if at else None
        if not _HOST.fullmatch(host):
            raise _refused(text, f"'{shown(host)}' is no name of a host")
    if user is not None and not _USER.fullmatch(user):
        raise _refused(text, f"'{shown(user)}' is no name of a user")
    word = host if user is None else f"{user}@{host}"
    return Address(word, check_dataset(dataset, creating=True))


def _check_ipv6(text: str, host: str) -> None:
    number, percent, zone = host.partition("%")
    try:
        IPv6Address(number)
    except ValueError:
        raise _refused(text, f"'{shown(host)}' is no IPv6 address") from None
    if percent and not _ZONE.fullmatch(zone):
        raise _refused(text, f"'{shown(zone)}' is no name of a network interface")


def _refused(text: str, reason: str) -> InvalidName:
    hint = (
        "write HOST:DATASET or USER@HOST:DATASET, an IPv6 address in brackets; a pool of "
        "this host whose name has a ':' is written with another one before it, :POOL"
    )
    return InvalidName(f"cannot use '{shown(text)}': {reason}", hint=hint)
