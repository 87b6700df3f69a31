"""Values of sharenfs: the hosts they name, and no others."""

from __future__ import annotations

import re
from ipaddress import ip_interface

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zfstune.values.errors import InvalidProperty, InvalidValue
from zfstune.values.share_options import Client, parse_share


def clients(text: str) -> list[tuple[str, str, str]]:
    """Return access, host and security of each client of a value."""
    share = parse_share(text)
    assert share is not None
    return [(c.access, c.host, c.security) for c in share.clients]


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("on", ["*"]),
        ("rw", ["*"]),
        ("rw=*", ["*"]),
        ("ro=*.example.org:host?:db[1-3].lan", ["*.example.org", "host?", "db[1-3].lan"]),
        ("rw=NODE-X.Example.ORG:z_9", ["NODE-X.Example.ORG", "z_9"]),
        ("rw=@10.0.0.0/24:192.0.2.7", ["10.0.0.0/24", "192.0.2.7"]),
        ("rw=10.0.0.0/255.255.255.0", ["10.0.0.0/255.255.255.0"]),
        ("rw=@@admins:gss/krb5i", ["@admins", "gss/krb5i"]),
        ("rw=[2001:db8::]/32", ["2001:db8::/32"]),
        ("rw=[2001:db8::/32]", ["2001:db8::/32"]),
        ("rw=[::1]/128:[fe80::1%eth0]:b", ["::1/128", "fe80::1%eth0", "b"]),
        ("rw=a:b:c:d:e:f:a", ["a", "b", "c", "d", "e", "f", "a"]),
        ("rw=a:b:c:d:e:f:a:host", ["a", "b", "c", "d", "e", "f", "a", "host"]),
        ("rw=[0.0.0.0]/0", ["0.0.0.0/0"]),
    ],
)
def test_hosts(text: str, hosts: list[str]) -> None:
    """Each host of a value is a client, as exportfs writes it."""
    assert [host for _, host, _ in clients(text)] == hosts


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("rw=", "would serve everybody"),
        ("ro=", "would serve everybody"),
        ("rw=@", "would serve everybody"),
        ("rw=:a", "would serve everybody"),
        ("rw=a:", "would serve everybody"),
        ("rw=a::b", "would serve everybody"),
        ("rw=2001:db8::1", "would serve everybody"),
        ("rw=::1", "would serve everybody"),
        ("rw=[::1]:", "would serve everybody"),
        ("rw=2001:db8:0:0:0:0:0:1", "IPv6 address without brackets"),
        ("rw=host:@2001:DB8:0:0:0:0:0:1/64", "IPv6 address without brackets"),
        ("rw=@[2001:db8::]/32", r"'@\[2001' names no host"),
        ("rw=@[::1]", "names no host"),
        ("rw=a]", "names no host"),
        ("rw=-sync", "names no host"),
        ("rw=@-sync", "names no host"),
        ("rw=<world>", "names no host"),
        ("rw=[::1", "has no end"),
        ("rw=[::1]x", "has no end"),
        ("rw=[::1]X", "has no end"),
        ("rw=[]", "neither an address nor a network"),
        ("rw=[]/64", "neither an address nor a network"),
        ("rw=[host]", "neither an address nor a network"),
        ("rw=[::1]/129", "neither an address nor a network"),
        ("rw=10.0.0.0/", "neither an address nor a network"),
        ("rw=10.0.0.0/33", "neither an address nor a network"),
        ("rw=host/24", "neither an address nor a network"),
        ("rw=gss/", "neither an address nor a network"),
        ("rw=10.0.0.0/0.0.0.255", "no netmask"),
        ("sec,rw", "no security flavour"),
        ("sec=,rw", "no security flavour"),
        ("sec=krb5:,rw", "no security flavour"),
        ("rw,nosuch", "no option 'nosuch'"),
        ("rw=a,root=neo", "no option 'root'"),
        ("RW", "no option 'RW'"),
        ("rw=h,refer=/a *(rw", "blank, parenthesis"),
        ("rw=h\u2028x", "control characters"),
        ("rw\n/etc *(rw)", "control characters"),
    ],
)
def test_what_names_no_host_is_refused(text: str, reason: str) -> None:
    """Values that libshare would write without a host, or exportfs misread, are refused."""
    with pytest.raises(InvalidValue, match=reason) as refused:
        parse_share(text)
    assert str(refused.value).startswith("cannot export by 'sharenfs=")
    with pytest.raises(InvalidProperty, match="cannot set 'sharenfs="):
        parse_share(text, verb="set", error=InvalidProperty)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("rw=@[2001:db8::]/32", "stands in brackets"),
        ("rw=2001:db8::1", "stands in brackets"),
        ("rw=[::1", "stands in brackets"),
        ("rw=", "write a plain `rw` to serve everybody"),
        ("ro=a:", "write a plain `ro` to serve everybody"),
        ("rw=@-x", ""),
        ("rw=@x[", "stands in brackets"),
        ("", ""),
        ("rw=a b", ""),
        ("rw=10.0.0.300/8", ""),
        ("sec=*", "as in sec=sys or sec=krb5"),
        ("speed=9", "see `man zfsprops` and `man exports`"),
        ("rw=10.0.0.7/0.0.0.255", "as in 10.0.0.0/24"),
    ],
)
def test_the_hint_says_how_to_write_it(text: str, hint: str) -> None:
    """The hint shows how the client that was meant is written."""
    with pytest.raises(InvalidValue) as refused:
        parse_share(text)
    assert hint in refused.value.hint
    assert bool(hint) == bool(refused.value.hint)


def test_access_and_security_stand_before_their_hosts() -> None:
    """A flavour counts for the hosts behind it, up to the next flavour."""
    assert clients("rw=a,sec=krb5:krb5i,ro=b:c,sec=sys,rw") == [
        ("rw", "a", "sys"),
        ("ro", "b", "krb5:krb5i"),
        ("ro", "c", "krb5:krb5i"),
        ("rw", "*", "sys"),
    ]


@pytest.mark.parametrize(
    ("text", "unused"),
    [
        ("rw=a,sec=krb5", "krb5"),
        ("sec=sys", "sys"),
        ("sec=krb5,rw", ""),
        ("rw", ""),
        ("crossmnt", ""),
    ],
)
def test_a_flavour_behind_all_hosts_has_no_effect(text: str, unused: str) -> None:
    """A value is read from the left to the right, as libshare reads it."""
    share = parse_share(text)
    assert share is not None
    assert share.unused == unused


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("anon=99,nosub,,sync", ("anonuid=99", "subtree_check", "sync")),
        ("root_mapping=7", ("root_squash", "anonuid=7")),
        ("fsid=1,refer=/a@host", ("fsid=1", "refer=/a@host")),
        ("on", ("crossmnt",)),
    ],
)
def test_options_have_the_names_that_linux_gives_them(
    text: str, options: tuple[str, ...]
) -> None:
    """Options of Solaris are renamed; options hold for all clients."""
    share = parse_share(text)
    assert share is not None
    assert share.options == options


LINUX = (
    "all_squash anongid anonuid async auth_nlm crossmnt fsid fsuid hide insecure "
    "insecure_locks mountpoint mp no_acl no_all_squash no_auth_nlm no_root_squash "
    "no_subtree_check no_wdelay nohide refer replicas root_squash secure secure_locks "
    "subtree_check sync wdelay"
)


def test_every_option_that_libshare_lets_pass() -> None:
    """All valid_keys of get_linux_shareopts_cb() are taken, alone and with a value."""
    for option in LINUX.split():
        for text in (option, f"{option}=1"):
            share = parse_share(f"rw,{text}")
            assert share is not None
            assert share.options == (text,)


def test_off_and_nobody() -> None:
    """Off is no share; a value without rw and ro has no clients."""
    assert parse_share("off") is None
    for text in ("no_root_squash", "crossmnt", "sec=sys", ","):
        assert clients(text) == []
    assert parse_share("rw") != parse_share("on")
    assert Client("rw", "*") == Client("rw", "*", "sys")


WORDS = "rw ro sec = , : @ [ ] / * - a 10.0.0.0 24 2001 db8 :: sys sync ::1 32 . ? % # ("


@given(st.lists(st.sampled_from(WORDS.split()), max_size=14).map("".join))
@example("rw=@")
@example("rw=a:,ro")
def test_each_client_was_named(text: str) -> None:
    """Every value is refused, or each of its clients has a host that the value names."""
    try:
        share = parse_share(text)
    except InvalidValue:
        return
    assert share is not None
    assert all(client.host for client in share.clients)
    for client in share.clients:
        assert client.host in text.replace("]", "").replace("[", "") or (
            client.host == "*" and re.search(r"(^|,)(rw|ro)(,|$)", text)
        )
        if client.host == "*":
            assert re.search(r"(^|,)(rw|ro)(,|$|=.*\*)", text)
        elif ":" in client.host:
            assert ip_interface(client.host).version == 6
        assert not client.host.startswith("-")
