"""The part of a crontab's line that lists snapshots and leaves out the newest."""

from __future__ import annotations

import pytest

from crontab_lines import ENDS, TREE, line, refused, said
from zfstune.retention.imports.line_search import Search
from zfstune.retention.imports.reading import UNKNOWN_TREE
from zfstune.retention.imports.snapshot_list import Listed, read_listing


@pytest.mark.parametrize(
    ("filters", "policy"),
    [
        ("head -n -48", "match=* keep=48"),
        ("head -n-48", "match=* keep=48"),
        ("head --lines=-048", "match=* keep=48"),
        ("head -n '-48'", "match=* keep=48"),
        ("/usr/bin/head -n -1", "match=* keep=1"),
        ("tac | tail -n +8", "match=* keep=7"),
        ("tac | tail -n+2", "match=* keep=1"),
        ("tac | tac | head -n -2", "match=* keep=2"),
        ("grep hourly | head -n -2", "regex=.*hourly.* keep=2"),
        ("grep 'hourly$' | head -n -2", "regex=.*hourly keep=2"),
        ("grep -F a.b | head -n -2", "regex=.*a\\.b.* keep=2"),
        ("fgrep a.b | head -n -2", "regex=.*a\\.b.* keep=2"),
        ("grep h.b | head -n -2", "regex=.*h.b.* keep=2"),
        ("grep 'a\\.b' | head -n -2", "regex=.*a\\.b.* keep=2"),
        ("grep 'hu*[0-9]' | head -n -2", "regex=.*hu*[0-9].* keep=2"),
        ("egrep 'h[^1x]*$' | head -n -2", "regex=.*h[^1x]* keep=2"),
        ("grep 'a+' | head -n -2", "regex=.*a\\+.* keep=2"),
        ("grep -e h | head -n -2", "regex=.*h.* keep=2"),
        ("grep -Ee h | head -n -2", "regex=.*h.* keep=2"),
        ("grep -eh | head -n -2", "regex=.*h.* keep=2"),
        ("grep -- -daily | head -n -2", "regex=.*\\-daily.* keep=2"),
        ("grep @daily | head -n -2", "regex=daily.* keep=2"),
        ("grep '@daily$' | head -n -2", "regex=daily keep=2"),
        ("grep ^tank/db@d | head -n -2", "regex=d.* keep=2"),
        ("grep k/db@d | head -n -2", "regex=d.* keep=2"),
        ("grep tank/db@ | head -n -2", "match=* keep=2"),
        ("grep tank/db@ | grep x | head -n -2", "regex=.*x.* keep=2"),
        ("grep x | grep x | head -n -2", "regex=.*x.* keep=2"),
        ("grep x 2>/dev/null | head -n -2", "regex=.*x.* keep=2"),
    ],
)
def test_what_lets_lines_through(filters: str, policy: str) -> None:
    """Counts follow the order of the list, and patterns mean the same as to grep."""
    assert said(line(filters)) == {"tank/db": policy}


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ("cat", "'cat' is not supported in that place"),
        ("grep x", "no `head -n -N` says how many snapshots stay"),
        ("sort | head -n -2", "it sorts by name"),
        ("sort -V | head -n -2", "it sorts by name"),
        ("awk '{print $1}' | head -n -2", "'awk {print $1}' is not supported in that"),
        ("head -n 2", "does not say how many stay"),
        ("head -2", "the option '-2' is not known"),
        ("head -n -2k", "head -n takes a number, not '2k'"),
        ("tac | tail -n +2k", "tail -n takes a number, not '2k'"),
        ("head -n -9999999999", "takes a number"),
        ("head -n", "-n lacks its value"),
        ("head -X -n -2", "the option '-X' is not known"),
        ("head -n -2 -", "'head -n -2 -' is not supported"),
        ("head -n -2 -- x", "'head -n -2 -- x' is not supported"),
        ("head -n -2 x", "'head -n -2 x' is not supported"),
        ("head -n -2 -n -3", "-n is given twice"),
        ("head -c -2", "the option '-c' is not known"),
        ("head", "'head ' is not supported"),
        ("head -n -2 | head -n -3", "'head -n -3' is not supported"),
        ("head -n -0", "no snapshot stays"),
        ("tac | tail -n +1", "no snapshot stays"),
        ("tac | tail -n +0", "no snapshot stays"),
        ("tail -n +3", "the oldest snapshots stay"),
        ("tac | head -n -3", "the oldest snapshots stay"),
        ("tac | tail -n 3", "does not say how many"),
        ("tac x | tail -n +3", "'tac x' is not supported in that place"),
        ("head -n -2 | grep x", "after the lines were counted"),
        ("grep h | grep z | head -n -2", "cannot combine two greps"),
    ],
)
def test_what_no_policy_says(filters: str, reason: str) -> None:
    """A pipeline that no policy reproduces, or that is not read here, is refused."""
    assert reason in refused(line(filters))
    assert said(line(filters)) == {}


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ("grep -v x | head -n -2", "grep's option '-v' is not known"),
        ("grep -i x | head -n -2", "grep's option '-i' is not known"),
        ("grep x y | head -n -2", "does not search for exactly one pattern"),
        ("grep -e | head -n -2", "does not search for exactly one pattern"),
        ("grep -eh x | head -n -2", "does not search for exactly one pattern"),
        ("grep -e h x | head -n -2", "does not search for exactly one pattern"),
        ("grep x -- y | head -n -2", "does not search for exactly one pattern"),
        ("grep '' | head -n -2", "does not search for exactly one pattern"),
        ("grep db | head -n -2", "finds 'db' in the dataset's name, so in every line"),
        ("grep ^daily | head -n -2", "in the dataset's name, before the @"),
        ("grep '.daily' | head -n -2", "in the dataset's name, before the @"),
        ("grep tank/www@x | head -n -2", "never finds 'tank/www@x'"),
        ("grep '^db@' | head -n -2", "different datasets|no such dataset|never finds"),
        ("grep 'd.@x' | head -n -2", "may match more than one dataset"),
        ("grep x/y | head -n -2", "never finds 'x/y' in a line"),
        ("grep -E 'a|b' | head -n -2", "in a way that zfstune does not"),
        ("grep 'a\\|b' | head -n -2", "in a way that zfstune does not"),
        ("grep 'a\\+' | head -n -2", "in a way that zfstune does not"),
        ("grep '[a-z]' | head -n -2", "in a way that zfstune does not"),
        ("grep '*a' | head -n -2", "has nothing to repeat"),
        ("grep 'a**' | head -n -2", "has nothing to repeat"),
        ("grep ü | head -n -2", "is not made of plain words"),
        ("grep 'ü' | head -n -2", "no snapshot's name can contain"),
        ("grep a* | head -n -2", "is not made of plain words"),
        ("grep $X | head -n -2", "the value of $X is not known"),
        ("grep x > y | head -n -2", "its output is redirected"),
        ("grep x 2>&1 | head -n -2", "its errors go into its output"),
        ("| head -n -2", "'|' is not expected"),
        ("while read x; do echo $x; done | head -n -2", "does not read a loop before"),
    ],
)
def test_greps_that_no_policy_says(filters: str, reason: str) -> None:
    """A grep that no policy reproduces, or whose pattern may mean more, is refused."""
    found = refused(line(filters))
    assert any(each in found for each in reason.split("|")), found
    assert said(line(filters)) == {}


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        ("zfs list -t snapshot -o name -H", "it names no dataset"),
        ("zfs list -t snapshot -o name -H tank/www tank/db", "of 2 datasets together"),
        ("zfs list -t snapshot -o name -H -- tank/www tank/db", "of 2 datasets together"),
        ("zfs list -t snapshot -o name -H - tank/db", "of 2 datasets together"),
        ("zfs list", "without -H, zfs list prints a header line, too"),
        ("zfs list -t snapshot -o name -H tank/db@x", "'@'"),
        ("zfs list -t snapshot -o name -H /tank/db", "slash"),
        (
            "zfs list -t snapshot -o name -Hr tank/www",
            "a dataset and of those below it together",
        ),
        (
            "zfs list -t snapshot -o name -H -d2 tank/www",
            "a dataset and of those below it together",
        ),
        ("zfs list -t snapshot -o name -H -d 0 tank/db", "a dataset and of those below it"),
        ("zfs list -t snapshot -o name -H -d x tank/db", "-d takes a number"),
        ("zfs list -t snapshot -o name tank/db", "without -H"),
        ("zfs list -t snapshot -H tank/db", "-o name is missing"),
        ("zfs list -t snapshot -Ho name,used tank/db", "-o name is missing"),
        ("zfs list -t all -Ho name tank/db", "-t snapshot is missing"),
        ("zfs list -Ho name tank/db", "-t snapshot is missing"),
        ("zfs list -t snapshot -Ho name -s name tank/db", "sorts by 'name', not by age"),
        ("zfs list -t snapshot -Ho name -S used tank/db", "sorts by 'used', not by age"),
        ("zfs list -t snapshot -Ho name -s creation -S creation tank/db", "in two ways"),
        ("zfs list -t snapshot -Ho name -x tank/db", "the option '-x' is not known"),
        ("zfs list -t snapshot -Ho name --json tank/db", "the option '--json'"),
        ("zfs get -t snapshot -Ho name tank/db", "does not begin with zfs list"),
        ("zfs", "does not begin with zfs list"),
        ("zpool list -t snapshot -Ho name tank/db", "does not begin with zfs list"),
        ("zfs list -t snapshot -Ho name $DS", "the value of $DS is not known"),
        ("zfs list -t snapshot -Ho name tank/gone", "there is no such dataset here"),
        ("zfs list -t snapshot -Ho name 'tank/db", "is not made of plain words"),
        ("cd / && zfs list -t snapshot -Ho name tank/db", "'&&' is not expected"),
        ("X=1 zfs list -t snapshot -Ho name tank/db", "does not begin with zfs list"),
        ("(zfs list -t snapshot -Ho name tank/db)", "'(' is not expected"),
    ],
)
def test_lists_that_are_not_of_one_dataset(listed: str, reason: str) -> None:
    """A list of several datasets, or of more than names of snapshots, is refused."""
    assert reason in refused(f"{listed} | head -n -2 | {ENDS}")


@pytest.mark.parametrize(
    ("options", "filters"),
    [
        ("", "head -n -2"),
        ("-p", "head -n -2"),
        ("-d 1", "head -n -2"),
        ("-d1 -r", "head -n -2"),
        ("-s creation", "head -n -2"),
        ("-s createtxg", "head -n -2"),
        ("-S creation", "tail -n +3"),
        ("-S creation", "tac | head -n -2"),
        ("-r", "head -n -2"),
        ("-r -d 3", "head -n -2"),
    ],
)
def test_lists_of_one_dataset(options: str, filters: str) -> None:
    """The order may be either, and -r is fine if no dataset lies below."""
    assert said(line(filters, options=options)) == {"tank/db": "match=* keep=2"}


@pytest.mark.parametrize(
    ("options", "filters", "by_clock"),
    [
        ((), ("head", "-n", "-2"), False),
        (("-s", "creation"), ("head", "-n", "-2"), True),
        (("-S", "creation"), ("tail", "-n", "+3"), True),
        (("-s", "createtxg"), ("head", "-n", "-2"), False),
        (("-S", "createtxg"), ("tail", "-n", "+3"), False),
    ],
)
def test_what_a_listing_is_read_as(
    options: tuple[str, ...], filters: tuple[str, ...], *, by_clock: bool
) -> None:
    """A listing has its dataset, the scope of its grep, its count, and its clock."""
    first = ("zfs", "list", "-H", "-t", "snapshot", "-o", "name", *options, "tank/db")
    search = Search.parse(["@a"])
    found = read_listing([first, ("grep", "@a"), filters], TREE)
    assert found == Listed("tank/db", "a.*", search, 2, by_clock)
    found = read_listing([first, filters], TREE)
    assert found == Listed("tank/db", "", None, 2, by_clock)


def test_the_dataset_that_grep_seeks() -> None:
    """A list of all pools is for one dataset if grep lets no other dataset through."""
    all_of_it = "zfs list -H -t snapshot -o name"
    anchored = f"{all_of_it} | grep ^tank/db@auto | head -n -2 | {ENDS}"
    assert said(anchored) == {"tank/db": "regex=auto.* keep=2"}
    assert said(anchored.replace("^", "")) == {"tank/db": "regex=auto.* keep=2"}
    assert "matches 2 datasets" in refused(anchored.replace("^tank/", ""))
    assert refused(anchored.replace("^", ""), None) == UNKNOWN_TREE
    assert refused(f"zfs list -Hrt snapshot -o name tank | head -n -2 | {ENDS}", None) == (
        UNKNOWN_TREE
    )
    filters = "grep '^tank/db@' | tac | tail -n +3"
    below = f"zfs list -Hrt snapshot -o name tank | {filters} | {ENDS}"
    assert said(below) == {"tank/db": "match=* keep=2"}
    assert "different datasets" in refused(below.replace("tac", "grep ^tank/www@ | tac"))
