"""Lines of a crontab: read as a shell would read them, or left out with the reason."""

from __future__ import annotations

import pytest

from zfstune.retention.imports.convert import convert
from zfstune.retention.imports.reading import UNKNOWN_TREE
from zfstune.values.errors import PolicyError

TREE = ("tank", "tank/daily", "tank/db", "tank/www", "tank/www/a", "pool/db")
ENDS = "xargs -r -n1 zfs destroy"

# as posted: hand-made schedules of postinstallers and wikis
CRON = r"""
MAILTO=root
0 * * * * root zfs snapshot tank/www@auto-$(date +\%Y) 2>/dev/null
5 * * * * root zfs list -t snapshot -o name -H tank/www | head -n -48 | xargs -r -n1 zfs destroy 2>/dev/null
10 2 * * * root /sbin/zfs list -t snapshot -o name -H tank/db | grep nightly | head -n -30 | xargs -r -n1 sudo zfs destroy
@daily for ds in daily a; do zfs list -Ht snap -o name tank/w$ds | grep @day | head -n -3 | xargs -n1 zfs destroy; done
# 5 4 * * * root zfs list -t snapshot -o name -H tank | head -n -1 | xargs -n1 zfs destroy
"""  # noqa: E501 (lines of a crontab)


def said(text: str, datasets: tuple[str, ...] | None = TREE) -> dict[str, str]:
    """Give the policies that are to keep something, by dataset."""
    reading = convert("cron", text, datasets)
    return {
        each.dataset: each.text for each in reading.policies if each.text != "match=* never"
    }


def refused(text: str, datasets: tuple[str, ...] | None = TREE) -> str:
    """Give the one reason."""
    [left_out] = convert("cron", text, datasets).left_out
    return left_out.reason


def line(filters: str, listed: str = "tank/db", end: str = ENDS, options: str = "") -> str:
    """Give a line that lists, filters and destroys."""
    return f"zfs list -t snapshot -o name -H {options} {listed} | {filters} | {end}"


def test_lines_of_a_crontab() -> None:
    """Users, folders, sudo, loops; comments and other commands are passed over."""
    tree = (*TREE, "tank/wdaily", "tank/wa")
    assert said(CRON, tree) == {
        "tank/www": "match=* keep=48",
        "tank/db": "regex=.*nightly.* keep=30",
        "tank/wdaily": "regex=day.* keep=3",
        "tank/wa": "regex=day.* keep=3",
    }
    assert convert("cron", CRON, tree).left_out == ()


def test_those_below_are_left_alone() -> None:
    """A line is for one dataset; where those below are not known, it is left out."""
    text = line("head -n -2", "tank/www")
    reading = convert("cron", text, TREE)
    assert [(each.dataset, each.text) for each in reading.policies] == [
        ("tank/www/a", "match=* never"),
        ("tank/www", "match=* keep=2"),
    ]
    [left_out] = convert("cron", text).left_out
    assert (left_out.name, left_out.reason) == ("tank/www", UNKNOWN_TREE)
    assert left_out.hint.endswith("for 'tank/www' alone it is 'match=* keep=2'")


def test_notes() -> None:
    """Whoever made it, and the future, always; the clock's order where that decides."""
    [one] = convert("cron", line("head -n -2"), TREE).policies
    assert "whoever made it" in one.notes[1]
    assert "dated after now" in one.notes[2]
    assert len(one.notes) == 3
    assert one.notes[0].startswith("a dataset that is made later below tank/db inherits")
    [one] = convert("cron", line("head -n -2", options="-s creation"), TREE).policies
    assert "after a clock was set back" in one.notes[3]
    [one] = convert("cron", line("tail -n +2", options="-S createtxg"), TREE).policies
    assert len(one.notes) == 3


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
    """Counts by the order of the list, and patterns as grep means them."""
    assert said(line(filters)) == {"tank/db": policy}


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ("cat", "'cat' is not known"),
        ("grep x", "no `head -n -N` says what stays"),
        ("sort | head -n -2", "it sorts by name"),
        ("sort -V | head -n -2", "it sorts by name"),
        ("awk '{print $1}' | head -n -2", "'awk {print $1}' is not known"),
        ("head -n 2", "does not say how many stay"),
        ("head -2", "the option '-2' is not known"),
        ("head -n -2k", "takes a number, not '2k'"),
        ("head -n -9999999999", "takes a number"),
        ("head -n", "-n lacks its value"),
        ("head -n -2 x", "'head -n -2 x' is not known"),
        ("head -n -2 -n -3", "-n is given twice"),
        ("head -c -2", "the option '-c' is not known"),
        ("head", "'head ' is not known here"),
        ("head -n -2 | head -n -3", "is not known here"),
        ("head -n -0", "no snapshot stays"),
        ("tac | tail -n +1", "no snapshot stays"),
        ("tac | tail -n +0", "no snapshot stays"),
        ("tail -n +3", "the oldest snapshots stay"),
        ("tac | head -n -3", "the oldest snapshots stay"),
        ("tac | tail -n 3", "does not say how many"),
        ("tac x | tail -n +3", "'tac x' is not known"),
        ("head -n -2 | grep x", "after the newest were counted"),
        ("grep h | grep z | head -n -2", "cannot combine two greps"),
    ],
)
def test_what_no_policy_says(filters: str, reason: str) -> None:
    """Or what nobody here reads."""
    assert reason in refused(line(filters))
    assert said(line(filters)) == {}


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        ("grep -v x | head -n -2", "grep's option '-v' is not known"),
        ("grep -i x | head -n -2", "grep's option '-i' is not known"),
        ("grep x y | head -n -2", "does not seek exactly one pattern"),
        ("grep -e | head -n -2", "does not seek exactly one pattern"),
        ("grep '' | head -n -2", "does not seek exactly one pattern"),
        ("grep db | head -n -2", "finds 'db' in the dataset's name, so in each line"),
        ("grep ^daily | head -n -2", "is sought before the @, too"),
        ("grep '.daily' | head -n -2", "is sought before the @, too"),
        ("grep tank/www@x | head -n -2", "never finds 'tank/www@x'"),
        ("grep '^db@' | head -n -2", "different datasets|no such dataset|never finds"),
        ("grep 'd.@x' | head -n -2", "may find more than one dataset"),
        ("grep x/y | head -n -2", "never finds 'x/y' in a line"),
        ("grep -E 'a|b' | head -n -2", "means more to grep"),
        ("grep 'a\\|b' | head -n -2", "means more to grep"),
        ("grep 'a\\+' | head -n -2", "means more to grep"),
        ("grep '[a-z]' | head -n -2", "means more to grep"),
        ("grep '*a' | head -n -2", "its star repeats nothing"),
        ("grep 'a**' | head -n -2", "its star repeats nothing"),
        ("grep ü | head -n -2", "is more than plain words"),
        ("grep 'ü' | head -n -2", "in no snapshot's name"),
        ("grep a* | head -n -2", "is more than plain words"),
        ("grep $X | head -n -2", "the value of $X is not known"),
        ("grep x > y | head -n -2", "its output is redirected"),
        ("grep x 2>&1 | head -n -2", "errors join the output"),
        ("| head -n -2", "'|' is not expected"),
        ("while read x; do echo $x; done | head -n -2", "a loop is not expected before"),
    ],
)
def test_greps_that_no_policy_says(filters: str, reason: str) -> None:
    """Or whose pattern may mean more."""
    found = refused(line(filters))
    assert any(each in found for each in reason.split("|")), found
    assert said(line(filters)) == {}


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        ("zfs list -t snapshot -o name -H", "no dataset is named"),
        ("zfs list -t snapshot -o name -H tank/www tank/db", "over 2 datasets at once"),
        ("zfs list -t snapshot -o name -H tank/db@x", "'@'"),
        ("zfs list -t snapshot -o name -H /tank/db", "slash"),
        ("zfs list -t snapshot -o name -Hr tank/www", "a dataset and those below it at"),
        ("zfs list -t snapshot -o name -H -d2 tank/www", "a dataset and those below it at"),
        ("zfs list -t snapshot -o name -H -d 0 tank/db", "a dataset and those below it"),
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
        ("zfs list -t snapshot -Ho name 'tank/db", "is more than plain words"),
        ("cd / && zfs list -t snapshot -Ho name tank/db", "'&&' is not expected"),
        ("X=1 zfs list -t snapshot -Ho name tank/db", "does not begin with zfs list"),
        ("(zfs list -t snapshot -Ho name tank/db)", "'(' is not expected"),
    ],
)
def test_lists_that_are_not_of_one_dataset(listed: str, reason: str) -> None:
    """Or that print something else than its snapshots."""
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
    """In either order; with -r as well, where nothing lies below."""
    assert said(line(filters, options=options)) == {"tank/db": "match=* keep=2"}


def test_the_dataset_that_grep_seeks() -> None:
    """A list of all of the machine is of one dataset, if grep lets no other through."""
    all_of_it = "zfs list -H -t snapshot -o name"
    anchored = f"{all_of_it} | grep ^tank/db@auto | head -n -2 | {ENDS}"
    assert said(anchored) == {"tank/db": "regex=auto.* keep=2"}
    assert said(anchored.replace("^", "")) == {"tank/db": "regex=auto.* keep=2"}
    assert "finds 2 datasets" in refused(anchored.replace("^tank/", ""))
    assert refused(anchored.replace("^", ""), None) == UNKNOWN_TREE
    assert refused(f"zfs list -Hrt snapshot -o name tank | head -n -2 | {ENDS}", None) == (
        UNKNOWN_TREE
    )
    filters = "grep '^tank/db@' | tac | tail -n +3"
    below = f"zfs list -Hrt snapshot -o name tank | {filters} | {ENDS}"
    assert said(below) == {"tank/db": "match=* keep=2"}
    assert "different datasets" in refused(below.replace("tac", "grep ^tank/www@ | tac"))


@pytest.mark.parametrize(
    ("first", "second", "policy"),
    [
        ("head -n -3", "head -n -2", "match=* keep=2"),
        ("grep h | head -n -2", "grep h | head -n -3", "regex=.*h.* keep=2"),
        (
            "grep @a | head -n -2",
            "grep @b | head -n -3",
            "regex=a.* keep=2; regex=b.* keep=3",
        ),
        (
            "grep hour | head -n -2",
            "grep day | head -n -3",
            "regex=.*hour.* keep=2; regex=.*day.* keep=3",
        ),
    ],
)
def test_two_lines_for_one_dataset(first: str, second: str, policy: str) -> None:
    """One policy, where each counts what the other one never touches."""
    text = f"{line(first)}\n{line(second)}"
    assert said(text) == {"tank/db": policy}
    [one] = convert("cron", text, TREE).policies
    assert any("'hour' and 'day' both find" in note for note in one.notes) == (
        "day" in policy
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("head -n -3", "grep h | head -n -3"),
        ("grep hz | head -n -3", "grep h | head -n -3"),
        ("grep h | head -n -3", "grep hz | head -n -3"),
        ("grep @ab | head -n -3", "grep @a | head -n -3"),
        ("grep @a | head -n -3", "grep @ab | head -n -3"),
        ("grep h.b | head -n -3", "grep x | head -n -3"),
    ],
)
def test_two_lines_that_count_the_same_snapshots(first: str, second: str) -> None:
    """Each counts what the other one left; no policy says that."""
    assert "different counts of the same" in refused(f"{line(first)}\n{line(second)}")


def test_a_line_that_is_left_out_is_named() -> None:
    """And the others are read."""
    text = f"{line('head -n -2')}\n0 1 * * * {line('sort | head -n -2', 'tank/www')}"
    reading = convert("cron", text, TREE)
    assert [each.dataset for each in reading.policies] == ["tank/db"]
    assert reading.left_out[0].name.startswith("0 1 * * * zfs list -t")


@pytest.mark.parametrize(
    "times", ["0 1 * * *", "*/5 0-6,22 1 jan,feb MON-FRI", "@hourly", "0\t1\t*\t*\t*"]
)
@pytest.mark.parametrize("user", ["", "root ", "backup_1 "])
def test_times_and_users(times: str, user: str) -> None:
    """Stand before the command, or do not."""
    text = f"{times} {user}{line('head -n -2')}"
    assert said(text) == {"tank/db": "match=* keep=2"}


def test_percent_signs() -> None:
    """In a crontab a command ends at one that has no backslash; not in a script."""
    text = line("head -n -2", end="xargs -I% zfs destroy %")
    assert "ends a command at a %" in refused(f"@daily {text}")
    assert said("@daily " + text.replace("%", "\\%")) == {"tank/db": "match=* keep=2"}
    assert said(text) == {"tank/db": "match=* keep=2"}


def test_nothing_that_prunes() -> None:
    """Is an error, which says so of commands alone that were read."""
    for text in ("", "# zfs destroy\n", "MAILTO=root\nSHELL = /bin/sh\n"):
        with pytest.raises(PolicyError, match="nothing in it prunes a snapshot"):
            convert("cron", text, TREE)
    for text in ("virsh destroy x\n", "zfs snapshot x@destroyed", "@daily root /opt/a.sh"):
        with pytest.raises(PolicyError, match=r"; 1 other command was not looked into: a "):
            convert("cron", text, TREE)
    with pytest.raises(PolicyError, match="2 other commands were not looked into"):
        convert("cron", "cat > /etc/cron.d/x <<'EOF'\n0 1 * * * root a\nEOF\n", TREE)


OWN = "0 * * * * root /usr/sbin/zfs-auto-snapshot -q -g --label=hourly --keep=24 //"


def test_a_line_that_prunes_by_another_program_is_left_out() -> None:
    """It is never passed over in silence, whether others are kept or not."""
    reading = convert("cron", f"MAILTO=root\n{OWN}\n{line('head -n -2')}\n", TREE)
    assert [each.dataset for each in reading.policies] == ["tank/db"]
    [left_out] = reading.left_out
    assert left_out.name == OWN
    assert left_out.reason == (
        "line 2 runs zfs-auto-snapshot, which prunes by itself: not read"
    )
    alone = convert("cron", OWN, TREE)
    assert (alone.policies, len(alone.left_out)) == ((), 1)
    [left_out] = convert("cron", "@hourly root sanoid --cron", TREE).left_out
    assert left_out.hint == "policy import sanoid reads its own settings"


def test_other_commands_are_counted() -> None:
    """In one note, which does not take a policy to be said."""
    text = "0 1 * * * root /opt/backup.sh\n@daily root apt update\n"
    note = "2 other commands were not looked into: a script may prune, too"
    assert convert("cron", f"{text}{line('head -n -2')}", TREE).notes == (note,)
    assert convert("cron", f"{text}{OWN}", TREE).notes == (note,)
    assert convert("cron", line("head -n -2"), TREE).notes == ()


@pytest.mark.parametrize("more", [OWN, "@daily root /opt/x", line("sort | head -n -2")])
def test_cron_is_not_said_to_leave_alone_what_was_not_read(more: str) -> None:
    """A line that was not read may speak of any dataset."""
    text = line("head -n -2", "tank/www")

    def notes(crontab: str) -> str:
        reading = convert("cron", crontab, TREE)
        assert [each.dataset for each in reading.policies] == ["tank/www/a", "tank/www"]
        return " ".join(note for each in reading.policies for note in each.notes)

    assert "tank/www/a: cron leaves it alone" in notes(text)
    assert "cron leaves it alone" not in notes(f"{text}\n{more}")
    assert "what was read of the crontab leaves it alone" in notes(f"{text}\n{more}")
