"""The end of a crontab's line that destroys snapshots, and the loops around a line."""

from __future__ import annotations

import pytest

from crontab_lines import TREE, line, refused, said


@pytest.mark.parametrize(
    "end",
    [
        "xargs -n1 zfs destroy",
        "xargs -r -t -n 1 /sbin/zfs destroy -v",
        "xargs --no-run-if-empty -L1 sudo zfs destroy -fp > /dev/null 2>&1",
        "xargs -I{} zfs destroy {} || true",
        "xargs -I % zfs destroy % 2>> /var/log/x || :",
        "xargs -P 4 -L 1 zfs destroy;",
        "xargs -P4 -n1 /usr/local/sbin/zfs destroy -v -p",
        "xargs -r -I{} sudo /sbin/zfs destroy -f {}",
        "sudo /usr/bin/xargs -n1 zfs destroy",
        'while read -r s; do zfs destroy "$s"; done',
        "while read s; do zfs destroy ${s} 2>/dev/null; done >/dev/null",
    ],
)
def test_what_destroys_one_after_the_other(end: str) -> None:
    """Either xargs or a loop destroys the snapshots one by one."""
    assert said(line("head -n -2", end=end)) == {"tank/db": "match=* keep=2"}


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("xargs zfs destroy", "without -n1"),
        ("xargs -n 2 zfs destroy", "'-n' is not known"),
        ("xargs -0 -n1 zfs destroy", "'-0' is not known"),
        ("xargs -n1 -P x zfs destroy", "'-P' is not known"),
        ("xargs -I{} zfs destroy", "without -n1"),
        ("xargs -I{} zfs destroy x{}", "without -n1"),
        ("xargs -I% -I{} zfs destroy {}", "'-I{}' is not known"),
        ("xargs -n # zfs destroy", "'-n' is not known"),
        ("xargs -n1 # zfs destroy", "it runs '', not zfs destroy"),
        ("xargs -n1 zfs # zfs destroy", "it runs 'zfs', not zfs destroy"),
        ("xargs -n1 zfs destroy -vr", "all datasets below"),
        ("xargs -n1 zfs destroy -v x", "has 'x' as another argument"),
        ("sudo # zfs destroy", "ends in 'sudo', not in xargs zfs destroy"),
        ("while read s; do sudo zfs destroy -R $s; done", "destroys clones"),
        ("while read s; do for d in a; do zfs destroy $s; done; done", "does more than zf"),
        ("xargs -n1 zfs destroy x", "has 'x' as another argument"),
        ("xargs -n1 zfs destroy -r", "all datasets below"),
        ("xargs -n1 zfs destroy -R", "destroys clones"),
        ("xargs -n1 zfs destroy -d", "with clones or holds later"),
        ("xargs -n1 zfs destroy -n", "destroys nothing"),
        ("xargs -n1 zfs destroy -x", "option '-x' is not known"),
        ("xargs -n1 zfs destroy -", "has '-' as another argument"),
        ("xargs -n1 echo zfs destroy", "runs 'echo zfs destroy', not zfs destroy"),
        ("tee x; zfs destroy tank", "ends in 'tee x', not in xargs zfs destroy"),
        ("while read s; do echo $s; done; zfs destroy x", "runs 'echo', not zfs destroy"),
        ("while read s; do zfs destroy $s; rm x; done", "does more than zfs destroy"),
        ("while read s; do zfs destroy x; done", "does not end in zfs destroy $s"),
        ("while read s; do zfs destroy $s | cat; done", "does more than zfs destroy"),
        ("for s in a; do zfs destroy $s; done", "does not read a loop behind a pipe"),
        ("xargs -n1 zfs destroy &", "'&' is not expected"),
        ("xargs -n1 zfs destroy && reboot", "'&&' is not expected"),
        ("xargs -n1 zfs destroy || reboot", "'||' is not expected"),
        ("xargs -n1 zfs destroy < x", "'<' is not expected"),
        ("xargs -n1 zfs destroy |", "goes on in the next line"),
        ("xargs -n1 zfs destroy \\", "goes on in the next line"),
    ],
)
def test_what_destroys_otherwise(end: str, reason: str) -> None:
    """An end that destroys more, less or several at once is refused."""
    assert reason in refused(line("head -n -2", end=end))


def test_loops() -> None:
    """Loops over words, in each other and over a command's output are read."""
    body = "zfs list -Ht snapshot -o name {} | grep $k | head -n -2 | xargs -n1 zfs destroy"
    nested = (
        "for d in 'tank/db' tank/www; do for k in hour day; do "
        f"{body.format('$d')}; done; done 2>/dev/null"
    )
    both = "regex=.*hour.* keep=2; regex=.*day.* keep=2"
    assert said(nested) == {"tank/www": both, "tank/db": both}
    listed = "zfs list -Ht snapshot -o name -S creation tank/{} | tail -n +3"
    over = f"for s in $({listed.format('db')}); do zfs destroy $s; done"
    assert said(over) == {"tank/db": "match=* keep=2"}
    assert said(over.replace("$(", "`").replace(")", "`")) == {"tank/db": "match=* keep=2"}
    each = over.replace("/db", "/$d")
    inner = f"for d in db www; do {each}; done"
    assert set(said(inner)) == {"tank/db", "tank/www"}
    assert "is no plain word" in refused(nested.replace("'tank/db'", "'tank db'"))
    assert "is no plain word" in refused(nested.replace("'tank/db'", "'tank\\db'"))
    assert "the value of $e" in refused(nested.replace("$d", "$e"))
    assert "is no plain word" in refused(over.replace(")", ") x"))
    assert "more than one command" in refused(over.replace("$(", "$(true; "))
    assert "is not expected" in refused(over.replace("; done", ""))
    assert "is not expected" in refused(over.replace("in ", ""))
    assert "not made of plain words" in refused(over.replace("$s;", "$((1));"))


def test_a_long_loop_is_refused_at_once() -> None:
    """A loop that is too long is refused before its words are read, nested or not."""
    words = " ".join(f"w{n}" for n in range(20_000))
    body = line("head -n -2", "tank/$d")
    assert "run more than 1000 times" in refused(f"for d in {words}; do {body}; done")
    some = " ".join(f"w{n}" for n in range(40))
    text = f"for d in {some}; do for e in {some}; do {body}; done; done"
    assert "run more than 1000 times" in refused(text)
    # The loop itself counts as well.
    tree = (*TREE, *[f"tank/w{n}" for n in range(999)])
    most = f"for d in {' '.join(tree[len(TREE) :])}; do {body.replace('tank/', '')}; done"
    assert len(said(most, tree)) == 999
    assert "run more than 1000 times" in refused(most.replace("in ", "in tank/db "))
    tree = (*TREE, *[f"tank/w{n}" for n in range(1000)])
    ten = " ".join(f"w{n}" for n in range(900))
    assert len(said(f"for d in {ten}; do {body}; done", tree)) == 900
    deep = "for d in a; do " * 5 + body + "; done" * 5
    assert "nested too deeply" in refused(deep)
