"""Lines of a crontab: each is read as a shell reads it, or left out with the reason."""

from __future__ import annotations

import pytest

from crontab_lines import TREE, line, refused, said
from zfstune.retention.imports.convert import convert
from zfstune.retention.imports.reading import UNKNOWN_TREE
from zfstune.values.errors import PolicyError

# Lines of the kind that postinstallers and wikis have.
CRON = r"""
MAILTO=root
0 * * * * root zfs snapshot tank/www@auto-$(date +\%Y) 2>/dev/null
5 * * * * root zfs list -t snapshot -o name -H tank/www | head -n -48 | xargs -r -n1 zfs destroy 2>/dev/null
10 2 * * * root /sbin/zfs list -t snapshot -o name -H tank/db | grep nightly | head -n -30 | xargs -r -n1 sudo zfs destroy
@daily for ds in daily a; do zfs list -Ht snap -o name tank/w$ds | grep @day | head -n -3 | xargs -n1 zfs destroy; done
# 5 4 * * * root zfs list -t snapshot -o name -H tank | head -n -1 | xargs -n1 zfs destroy
"""  # noqa: E501 (lines of a crontab)


def test_lines_of_a_crontab() -> None:
    """Users, folders, sudo and loops are read; comments and other commands are skipped."""
    tree = (*TREE, "tank/wdaily", "tank/wa")
    assert said(CRON, tree) == {
        "tank/www": "match=* keep=48",
        "tank/db": "regex=.*nightly.* keep=30",
        "tank/wdaily": "regex=day.* keep=3",
        "tank/wa": "regex=day.* keep=3",
    }
    assert convert("cron", CRON, tree).left_out == ()


def test_those_below_are_left_alone() -> None:
    """A line is for one dataset; if those below are not known, it is left out."""
    text = line("head -n -2", "tank/www")
    reading = convert("cron", text, TREE)
    assert [(each.dataset, each.text) for each in reading.policies] == [
        ("tank/www/a", "match=* never"),
        ("tank/www", "match=* keep=2"),
    ]
    [left_out] = convert("cron", text).left_out
    assert (left_out.name, left_out.reason) == ("tank/www", UNKNOWN_TREE)
    assert left_out.hint.endswith("for 'tank/www' alone, the policy is 'match=* keep=2'")


def test_notes() -> None:
    """Notes always tell of all makers and the future, and of the clock where it decides."""
    [imported] = convert("cron", line("head -n -2"), TREE).policies
    assert "no matter which program made them" in imported.notes[1]
    assert "dated after now" in imported.notes[2]
    assert len(imported.notes) == 3
    assert imported.notes[0].startswith(
        "a dataset that is created later below tank/db inherits"
    )
    [imported] = convert("cron", line("head -n -2", options="-s creation"), TREE).policies
    assert "after a clock was set back" in imported.notes[3]
    [imported] = convert("cron", line("tail -n +2", options="-S createtxg"), TREE).policies
    assert len(imported.notes) == 3


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
    """Two lines become one policy if neither counts snapshots that the other keeps."""
    text = f"{line(first)}\n{line(second)}"
    assert said(text) == {"tank/db": policy}
    [imported] = convert("cron", text, TREE).policies
    assert any(
        "matches both 'hour' and 'day' stays" in note for note in imported.notes
    ) == ("day" in policy)


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
    """Lines that count the same snapshots are left out: each counts what the other left."""
    assert "different numbers of the same" in refused(f"{line(first)}\n{line(second)}")


def test_a_line_that_is_left_out_is_named() -> None:
    """A line that is left out is named, and the other lines are read."""
    text = f"{line('head -n -2')}\n0 1 * * * {line('sort | head -n -2', 'tank/www')}"
    reading = convert("cron", text, TREE)
    assert [each.dataset for each in reading.policies] == ["tank/db"]
    assert reading.left_out[0].name.startswith("0 1 * * * zfs list -t")


@pytest.mark.parametrize(
    "times", ["0 1 * * *", "*/5 0-6,22 1 jan,feb MON-FRI", "@hourly", "0\t1\t*\t*\t*"]
)
@pytest.mark.parametrize("user", ["", "root ", "backup_1 "])
def test_times_and_users(times: str, user: str) -> None:
    """Times and users may stand before the command."""
    text = f"{times} {user}{line('head -n -2')}"
    assert said(text) == {"tank/db": "match=* keep=2"}


def test_percent_signs() -> None:
    """In a crontab, but not in a script, a bare percent sign ends the command."""
    text = line("head -n -2", end="xargs -I% zfs destroy %")
    assert "ends the command at its %" in refused(f"@daily {text}")
    assert said("@daily " + text.replace("%", "\\%")) == {"tank/db": "match=* keep=2"}
    assert said(text) == {"tank/db": "match=* keep=2"}


def test_nothing_that_prunes() -> None:
    """A text that prunes nothing is an error, which counts the commands in it."""
    for text in ("", "# zfs destroy\n", "MAILTO=root\nSHELL = /bin/sh\n"):
        with pytest.raises(PolicyError, match="nothing in it prunes a snapshot"):
            convert("cron", text, TREE)
    for text in ("virsh destroy x\n", "zfs snapshot x@destroyed", "@daily root /opt/a.sh"):
        with pytest.raises(PolicyError, match=r"; 1 other command was not read, and may "):
            convert("cron", text, TREE)
    with pytest.raises(PolicyError, match="2 other commands were not read"):
        convert("cron", "cat > /etc/cron.d/x <<'EOF'\n0 1 * * * root a\nEOF\n", TREE)


OWN = "0 * * * * root /usr/sbin/zfs-auto-snapshot -q -g --label=hourly --keep=24 //"


def test_a_line_that_prunes_by_another_program_is_left_out() -> None:
    """A program that prunes by itself is named, whether other lines are read or not."""
    reading = convert("cron", f"MAILTO=root\n{OWN}\n{line('head -n -2')}\n", TREE)
    assert [each.dataset for each in reading.policies] == ["tank/db"]
    [left_out] = reading.left_out
    assert left_out.name == OWN
    assert left_out.reason == (
        "line 2 runs zfs-auto-snapshot, which prunes by settings of its own"
    )
    alone = convert("cron", OWN, TREE)
    assert (alone.policies, len(alone.left_out)) == ((), 1)
    [left_out] = convert("cron", "@hourly root sanoid --cron", TREE).left_out
    assert left_out.hint == "`zfstune policy import sanoid FILE` reads its settings"


def test_other_commands_are_counted() -> None:
    """Other commands are counted in one note, also if there is no policy."""
    text = "0 1 * * * root /opt/backup.sh\n@daily root apt update\n"
    note = "2 other commands were not read, and may prune snapshots too"
    assert convert("cron", f"{text}{line('head -n -2')}", TREE).notes == (note,)
    assert convert("cron", f"{text}{OWN}", TREE).notes == (note,)
    assert convert("cron", line("head -n -2"), TREE).notes == ()


@pytest.mark.parametrize("more", [OWN, "@daily root /opt/x", line("sort | head -n -2")])
def test_cron_is_not_said_to_leave_alone_what_was_not_read(more: str) -> None:
    """A note does not claim that cron leaves a dataset alone if a line was not read."""
    text = line("head -n -2", "tank/www")

    def notes(crontab: str) -> str:
        reading = convert("cron", crontab, TREE)
        assert [each.dataset for each in reading.policies] == ["tank/www/a", "tank/www"]
        return " ".join(note for each in reading.policies for note in each.notes)

    assert "tank/www/a: cron leaves it alone" in notes(text)
    assert "cron leaves it alone" not in notes(f"{text}\n{more}")
    assert "the part of the crontab that was read leaves it alone" in notes(
        f"{text}\n{more}"
    )


def test_percent_signs_of_a_command() -> None:
    """A backslash before a percent sign is one for cron, where cron reads the line."""
    text = line("grep 'a\\%b' | head -n -2")
    assert said(f"0 1 * * * {text}") == {"tank/db": "regex=.*a%b.* keep=2"}
    assert "ends the command at its %" in refused(f"0 1 * * * {line('grep a%b')}")
    assert said(line("grep 'a%b' | head -n -2")) == {"tank/db": "regex=.*a%b.* keep=2"}
