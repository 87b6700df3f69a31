"""The parts of a ``sharenfs`` value: who may mount the filesystem, with which options.

The grammar is that of foreach_nfs_shareopt() and its callbacks in
lib/libshare/os/linux/nfs.c of OpenZFS 2.1 to 2.4. libshare writes a line for
exportfs even where a host is empty, and a line without a host serves everybody
(exports(5)). Such a value is refused here, before a dataset has it: ``zfs share -a``
would serve the whole world at the next boot.
"""

from __future__ import annotations

import re

from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Client", "Share", "parse_share"]

# The options that get_linux_shareopts_cb() takes, and the new names that it gives some.
_WORDS = (
    "all_squash anongid anonuid async auth_nlm crossmnt fsid fsuid hide insecure "
    "insecure_locks mountpoint mp no_acl no_all_squash no_auth_nlm no_root_squash "
    "no_subtree_check no_wdelay nohide refer replicas root_squash secure secure_locks "
    "subtree_check sync wdelay"
)
_OPTIONS = frozenset(_WORDS.split())
_RENAMED = {"anon": "anonuid", "nosub": "subtree_check", "root_mapping": "anonuid"}
_ACCESS = ("ro", "rw")
# To exportfs these end a word, a host, or the line.
_FORBIDDEN = frozenset(" ()#'\"\\")

# A host's name, with the wildcards of exports(5); "@group" is a netgroup.
_NAME = re.compile(r"@?[A-Za-z0-9_*?\[][A-Za-z0-9_.*?\[\]!^-]*")
_FLAVOURS = re.compile(r"[a-z0-9]+(:[a-z0-9]+)*")
_KERBEROS = re.compile(r"gss/[a-z0-9]+")
# Eight groups are a whole IPv6 address; a shortened one has an empty host in it.
_BARE_IPV6 = re.compile(r"(^|:)@?[0-9A-Fa-f]{1,4}(:[0-9A-Fa-f]{1,4}){7}(/|:|$)")
_IPV6_HINT = "an IPv6 address or network stands in brackets, as in rw=[2001:db8::]/32"


@frozen
class Client:
    """One host, network or pattern that a value names.

    Attributes:
        access: ``ro`` or ``rw``.
        host: Its name as exportfs takes it; ``*`` is everybody.
        security: Flavours of security, as in ``sys`` or ``krb5:krb5p``.
    """

    access: str
    host: str
    security: str = "sys"


@frozen
class Share:
    """The parts of a value of ``sharenfs``.

    Attributes:
        clients: The clients in their order.
        options: The options that hold for all of them, by the names of exports(5).
        unused: A security flavour behind the last client, where it has no effect; else
            empty.
    """

    clients: tuple[Client, ...]
    options: tuple[str, ...]
    unused: str = ""


def parse_share(
    text: str, *, verb: str = "export by", error: type[InvalidValue] = InvalidValue
) -> Share | None:
    """Read a value of ``sharenfs``; None for ``off``.

    Args:
        text: The value.
        verb: The verb of the message, as in ``cannot export by ...``.
        error: The class of the error.

    Raises:
        InvalidValue: The value has an unknown option, or a client that is no host.
    """
    if text == "off":
        return None
    try:
        return _parsed("rw,crossmnt" if text == "on" else text)
    except _Refused as refused:
        message = f"cannot {verb} 'sharenfs={shown(text)}': {refused.reason}"
        raise error(message, hint=refused.hint) from None


class _Refused(Exception):  # noqa: N818 (it never leaves this module)
    """The reason why a value is refused; parse_share() makes the error of it."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def _parsed(text: str) -> Share:
    """Read the options of a value that is neither ``on`` nor ``off``."""
    if not text or not text.isprintable():
        raise _Refused("it is empty or holds control characters")
    if not _FORBIDDEN.isdisjoint(text):
        # such a character could begin another line, which the server would obey
        raise _Refused("it has a blank, parenthesis, quote, # or backslash in it")
    clients: list[Client] = []
    options: list[str] = []
    security, unused = "sys", ""
    for name, value in _pairs(text):
        if name == "sec":
            if value is None or not _FLAVOURS.fullmatch(value):
                raise _Refused("sec names no security flavour", "as in sec=sys or sec=krb5")
            security = unused = value
        elif name in _ACCESS:
            unused = ""
            hosts = ["*"] if value is None else _hosts(name, value)
            clients += [Client(name, host, security) for host in hosts]
        else:
            options += _linux_option(name, value)
    return Share(tuple(clients), tuple(options), unused)


def _pairs(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield each option with its value; the value is None where it has no ``=``."""
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        yield name, value if equals else None


def _linux_option(name: str, value: str | None) -> Iterable[str]:
    """Yield an option for all clients by its name on Linux, with one that it implies."""
    option = _RENAMED.get(name, name)
    if option not in _OPTIONS:
        raise _Refused(
            f"there is no option '{shown(name)}'", "see `man zfsprops` and `man exports`"
        )
    if name == "root_mapping":
        yield "root_squash"
    yield option if value is None else f"{option}={value}"


def _hosts(access: str, text: str) -> list[str]:
    """Split a list of hosts at colons; an IPv6 address stands in brackets."""
    if _BARE_IPV6.search(text):
        raise _Refused(
            "an IPv6 address without brackets is read as eight hosts", _IPV6_HINT
        )
    hosts = []
    rest: str | None = text
    while rest is not None:
        if rest.startswith("["):
            address, bracket, rest = rest[1:].partition("]")
            if not bracket or (rest and rest[0] not in "/:"):
                raise _Refused(
                    "an address in brackets has no end, or text follows its bracket",
                    _IPV6_HINT,
                )
            mask, colon, rest = rest.partition(":")
            host = _address(address + mask)
        else:
            given, colon, rest = rest.partition(":")
            host = _host(access, given, text)
        hosts.append(host)
        rest = rest if colon else None
    return hosts


def _host(access: str, given: str, text: str) -> str:
    """Return a host of the list `text`, without the ``@`` of a network on Solaris."""
    host = given.removeprefix("@")
    if not host:
        raise _Refused(
            f"a host of '{access}={shown(text)}' is empty, which would serve everybody",
            _IPV6_HINT if "::" in text else f"write a plain `{access}` to serve everybody",
        )
    if _KERBEROS.fullmatch(host):
        return host
    if "/" in host:
        return _address(host)
    if not _NAME.fullmatch(host) or host.count("[") != host.count("]"):
        # A name that begins with "-" is refused too: exportfs would read it as options
        # of all hosts.
        raise _Refused(f"'{shown(given)}' names no host", _IPV6_HINT if "[" in text else "")
    return host


def _address(text: str) -> str:
    """Return the text of an address or a network, once it is known to be one."""
    from ipaddress import ip_interface  # noqa: PLC0415 (slow, and few share anything)

    try:
        interface = ip_interface(text)
    except ValueError:
        raise _Refused(f"'{shown(text)}' is neither an address nor a network") from None
    mask = text.partition("/")[2]
    if "." in mask and mask != str(interface.netmask):
        # Python reads 0.0.0.255 as /24; to exportfs it is a mask that most addresses of
        # the world match.
        raise _Refused(f"'{shown(mask)}' is no netmask", f"as in {interface.network}")
    return text
