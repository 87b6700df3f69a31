"""The lines by which NFS serves: libshare's lines, and no others."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zfstune.values.errors import InvalidValue
from zfstune.values.exports import (
    Exports,
    export_lines,
    join_lines,
    lines_by_path,
    needs_change,
    replace_lines,
    without_effect,
)

NOBODY = Exports({}, frozenset(), frozenset())
COMMON = "no_subtree_check,mountpoint"


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ("off", []),
        ("on", [f"*(sec=sys,rw,{COMMON},crossmnt)"]),
        (
            "rw=@10.0.0.0/24,sync,no_root_squash",
            [f"10.0.0.0/24(sec=sys,rw,{COMMON},sync,no_root_squash)"],
        ),
        (
            "ro=*.example.org:host,anon=99",
            [
                f"*.example.org(sec=sys,ro,{COMMON},anonuid=99)",
                f"host(sec=sys,ro,{COMMON},anonuid=99)",
            ],
        ),
        (
            "sec=krb5,rw=a,ro=[2001:db8::/32]",
            [f"a(sec=krb5,rw,{COMMON})", f"2001:db8::/32(sec=krb5,ro,{COMMON})"],
        ),
        (
            "rw=[::1]/128:[fe80::1]:b",
            [f"{host}(sec=sys,rw,{COMMON})" for host in ("::1/128", "fe80::1", "b")],
        ),
        ("root_mapping=7,rw", [f"*(sec=sys,rw,{COMMON},root_squash,anonuid=7)"]),
    ],
)
def test_lines(options: str, lines: list[str]) -> None:
    """Each host has a line, with the options that hold for all hosts."""
    assert export_lines("/data/a", options) == tuple(f"/data/a {line}" for line in lines)


@pytest.mark.parametrize(
    "options",
    [
        "rw,nosuch",
        "rw=[::1",
        "rw=[::1]x",
        "rw=host\n/ *(rw)",
        "rw=a b",
        "rw=a(rw)",
        "rw#",
        "rw=a\x00",
        'rw="a"',
    ],
)
def test_nonsense_and_worse(options: str) -> None:
    """Values are refused that libshare refuses, or that would add a line."""
    with pytest.raises(InvalidValue, match="cannot export"):
        export_lines("/data/a", options)


@given(st.text(st.sampled_from("rwo=,:@[]*/ \n()#\\ab"), max_size=30), st.just("/d a\n"))
def test_one_path_a_line(options: str, path: str) -> None:
    """Whatever the value, a line begins with the path and is one line."""
    try:
        lines = export_lines(path, options)
    except InvalidValue:
        return
    for line in lines:
        assert line.split(" ")[0] == r"/d\040a\012"
        assert line.count("(") == line.count(")") == line.count(" ") == 1
        assert "\n" not in line
    text = replace_lines("", path, lines)
    assert lines_by_path(text).get(path, ()) == lines


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
@example("a\u2028/etc *(rw,no_root_squash)", "")
@example("a\x85b", "\x1c\x1d\x1e\r\v\f")
@example('q"uote', "#")
@example(r"a\040b", "")
def test_a_path_is_one_line_whatever_is_in_it(name: str, after: str) -> None:
    """A file that libshare or zfstune wrote gives the lines that were written."""
    path = f"/{name}{after}"
    if "\0" in path or not _is_bytes(path):
        return
    try:
        lines = export_lines(path, "rw=h")
    except InvalidValue:
        assert '"' in path or re.search(r"\\\d{3}", path)
        return
    text = replace_lines("/b y(rw)\n", path, lines)
    assert lines_by_path(text) == {"/b": ("/b y(rw)",), path: lines}
    assert text.count("\n") == 4
    assert replace_lines(text, path, []).endswith("\n\n/b y(rw)\n")


def _is_bytes(text: str) -> bool:
    """Tell whether a text can come from bytes: each lone surrogate stands for one."""
    try:
        return (
            text.encode("utf-8", "surrogateescape").decode(errors="surrogateescape") == text
        )
    except UnicodeEncodeError:
        return False


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("/a host(rw)", "/a"),
        ("/a\thost(rw)", "/a"),
        ("  /a host(rw)", "/a"),
        ("/a", "/a"),
        (r"/a\040b host(rw)", "/a b"),
        (r"/a\043\042 host(rw)", '/a#"'),
        (r"/a\303\244 host(rw)", "/a\xe4"),
        (r"/a\134b host(rw)", r"/a\b"),
        (r"/a\134040 host(rw)", "/a "),
        (r"/a\400\09x host(rw)", r"/a\400\09x"),
        (r"/a\/12\18a\1/2 host(rw)", r"/a\/12\18a\1/2"),
        ('"/a b" host(rw)', "/a b"),
        ('/a" b"c host(rw)', "/a bc"),
        ("/a\x1cb\u2028c host(rw)", "/a\x1cb\u2028c"),
        ("/a#b host(rw)", "/a#b"),
        ("# /a host(rw)", None),
        ("  # /a host(rw)", None),
        ("  ", None),
        ("", None),
    ],
)
def test_the_path_of_a_line(line: str, path: str | None) -> None:
    """A path in quotes or with octal digits is read as exportfs reads it."""
    assert list(lines_by_path(line)) == ([] if path is None else [path])


def test_lines_that_go_on() -> None:
    """A backslash at its end continues a line of the administrator's file."""
    text = "/a x(ro) \\\n   /no y(ro)\n/b z(ro)\\\n"
    assert lines_by_path(join_lines(text)) == {
        "/a": ("/a x(ro)  /no y(ro)",),
        "/b": ("/b z(ro) ",),
    }


def test_what_has_no_effect_is_said() -> None:
    """A value without hosts serves nobody; a flavour behind the hosts has no effect."""
    for options in ("no_root_squash", "crossmnt", "sec=sys"):
        note, hint = without_effect(options)
        assert "neither rw nor ro" in note
        assert f"sharenfs=rw,{options} to everybody" in hint
        assert export_lines("/a", options) == ()
    assert without_effect("rw=a,sec=krb5")[1] == "put sec=krb5 before the hosts"
    for options in ("off", "on", "sec=krb5,rw=a", "ro"):
        assert without_effect(options) == ("", "")


def test_the_rest_of_the_file_stays() -> None:
    """Other paths keep their lines; a path that is no longer served has none."""
    text = replace_lines("# comment\n/a x(ro)\n/b y(rw)\n/a z(ro)\n", "/a", ["/a n(rw)"])
    assert text == "# !!! DO NOT EDIT THIS FILE MANUALLY !!!\n\n/b y(rw)\n/a n(rw)\n"
    assert replace_lines(text, "/a", []).endswith("\n\n/b y(rw)\n")


def test_what_is_to_do() -> None:
    """Both libshare's lines and the served paths count; the administrator's own do not."""
    line = export_lines("/a", "on")
    said = Exports({"/a": line}, frozenset(), frozenset())
    both = Exports({"/a": line}, frozenset(), frozenset({"/a"}))
    served = Exports({}, frozenset(), frozenset({"/a"}))
    own = Exports({}, frozenset({"/a"}), frozenset({"/a"}))
    assert [
        needs_change(exports, "/a", line) for exports in (NOBODY, said, both, served)
    ] == [
        True,
        True,
        False,
        True,
    ]
    assert [
        needs_change(exports, "/a", ()) for exports in (NOBODY, said, both, served, own)
    ] == [
        False,
        True,
        True,
        True,
        False,
    ]
