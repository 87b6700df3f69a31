"""pyznap's configuration; tests/oracles/ compares the reader with pyznap itself."""

from __future__ import annotations

import pytest

from imported_sections import all_notes, counts, summary, written
from zfstune.retention.decision import decide
from zfstune.retention.imports.convert import Reading, convert
from zfstune.retention.imports.reading import LEAVE_ALONE, in_force
from zfstune.retention.policy_text import parse_policy
from zfstune.values.errors import PolicyError
from zfstune.values.state import Snapshot

TREE = ("pool", "sshpool", "tank", "tank/a", "tank/a/b", "tank/ab", "tank/ab/c", "tank/z")


def read(sections: str, tree: tuple[str, ...] | None = TREE) -> Reading:
    """Import settings; check that each policy can be stored."""
    reading = convert("pyznap", written(sections), tree)
    for each in reading.policies:
        assert parse_policy(each.text, allow_zero=True).groups == each.policy.groups
    return reading


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        ("tank: clean=yes, hourly=3", "tank tank/a tank/a/b tank/ab tank/ab/c tank/z h3"),
        # A section of its own excludes a dataset, whatever is in it.
        ("tank: clean=yes, daily=1; tank/z: clean=no", ("tank tank/a tank/a/b tank/ab "
         "tank/ab/c d1")),
        ("tank: clean=yes, daily=1; tank/z: clean=maybe, daily=2",
         "tank tank/a tank/a/b tank/ab tank/ab/c d1, tank/z d2"),
        ("tank: clean=no, daily=1; tank/z: clean=yes, hourly=2", "tank/z h2 d1"),
        # It excludes the datasets below too, found by the beginnings of names.
        ("tank: clean=yes, daily=1; tank/a: clean=no", "tank tank/ab tank/z d1"),
        ("tank: clean=yes, daily=1; tank/a: daily=2",
         "tank tank/ab tank/z d1, tank/a tank/a/b d2"),
        ("tank: clean=yes, daily=1; tank/a/b: clean=no",
         "tank tank/a tank/ab tank/ab/c tank/z d1"),
        # A missing key comes from the first section in the file that is above.
        ("tank: daily=1, weekly=3; tank/a: daily=4, clean=yes; tank/a/b: hourly=5",
         "tank/a d4 w3, tank/a/b h5 d1 w3"),
        ("tank/a: daily=4, clean=yes; tank: daily=1, weekly=3; tank/a/b: hourly=5",
         "tank/a d4 w3, tank/a/b h5 d4 w3"),
        ("tank/ab/c: clean=yes; tank/a: daily=4; tank: daily=1", "tank/ab/c d4"),
        ("tank/ab: clean=yes; tank/a: daily=4; tank: daily=1", "tank/ab tank/ab/c d1"),
        ("tank: yearly=7; tank/z: clean=yes, frequent=6, monthly=5, yearly=0",
         "tank/z f6 m5"),
        ("DEFAULT: clean=yes, daily=3; tank/z: hourly=2; pool: daily=1",
         "pool d1, tank/z h2 d3"),
        # Keys and values are read as configparser and int() read them.
        ("tank/z: Clean:YES, DAILY : +4, hourly=1_0, weekly= 05", "tank/z h10 d4 w5"),
        ("tank/z: clean=yes, daily=4, # hourly=2, ; weekly=3, snap=no", "tank/z d4"),
        ("tank/z: clean=yes, other=50%, daily=4", "tank/z d4"),
        ("tank/z: clean=yes, daily=%(hourly)s, hourly=2", "tank/z h2 d2"),
        ("tank/z: daily=4, snap=yes,  clean=no; tank: clean=yes, hourly=1; tank/a: snap=a",
         "tank tank/a tank/a/b tank/ab h1, tank/z h1 d4"),
        # pyznap takes this pool for another host, cannot read that, and skips it.
        ("sshpool: clean=yes, daily=4; tank/z: clean=yes, daily=5", "tank/z d5"),
    ],
)  # fmt: skip
def test_whose_settings_hold(sections: str, expected: str) -> None:
    """Each dataset gets the counts that pyznap computes for it."""
    reading = read(sections)
    assert reading.left_out == ()
    assert summary(reading, TREE) == expected


def test_what_names_are_of_a_kind() -> None:
    """Names of pyznap and sanoid have a kind; a kind without a count is destroyed whole."""
    [imported] = read("pool: clean=yes, daily=1").policies
    gone = {"pyznap_x_hourly", "autosnap_hourly", "pyznap_1_daily", "pyznapx_frequent",
            "autosnap_weekly", "pyznap_monthly", "pyznap__yearly"}  # fmt: skip
    stay = {
        "pyznap_2_daily",
        "pyznap",
        "xpyznap_1_daily",
        "pyznap_1_other",
        "pyznap-hourly",
    }
    listing = [
        Snapshot(f"pool@{short}", txg, txg)
        for txg, short in enumerate([*sorted(gone), *sorted(stay)], 1)
    ]
    decided = decide(listing, imported.policy)
    assert {d.snapshot.short_name for d in decided if not d.keep} == gone
    assert imported.policy.allow_zero
    assert "--all-of-them consents" in all_notes(Reading((imported,)))


def test_what_is_noted() -> None:
    """Notes tell where zfstune differs, and nothing else."""
    kinds = ("frequent", "hourly", "daily", "weekly", "monthly", "yearly")
    reading = read("tank: clean=yes, " + ", ".join(f"{kind}=1" for kind in kinds))
    [imported] = reading.policies
    assert not imported.policy.allow_zero
    assert imported.notes == (
        "zfstune keeps a snapshot dated after now, and does not count it; pyznap counts it",
    )
    two = all_notes(read("tank: clean=yes, daily=1; tank/z: clean=no; pool: clean=yes"))
    assert "whose name begins with tank/z, such as tank/z-2/x" in two
    assert "created later" not in two


def test_a_dataset_that_is_not_cleaned_below_one_that_is() -> None:
    """A dataset that is not cleaned gets a policy of its own below one that is."""
    for tree in (None, ("tank", "tank/a", "tank/a/b")):
        reading = read("tank: clean=yes, daily=1; tank/a: clean=no", tree)
        assert [each.dataset for each in reading.policies] == ["tank/a", "tank"]
        assert reading.policies[0].policy == LEAVE_ALONE
        assert reading.left_out == ()
    alone = read("tank/z: clean=yes; tank/a: clean=no", None)
    assert [each.dataset for each in alone.policies] == ["tank/z"]


def test_a_section_for_another_host() -> None:
    """A section for another host is left out if it cleans, with advice for that host."""
    reading = read(
        "tank: clean=yes; ssh:22:root@nas:back/up: clean=yes; ssh::me@other:x: clean=no"
    )
    [left_out] = reading.left_out
    assert (left_out.name, left_out.dataset) == ("ssh:22:root@nas:back/up", "")
    assert left_out.reason == "it is for the host 'nas'"
    assert left_out.hint == "import these settings there, with the section named [back/up]"
    assert [each.dataset for each in reading.policies] == ["tank"]
    [only] = read("ssh::a@b:x/y: clean=yes; tank: snap=yes").left_out
    assert "section named [x/y]" in only.hint
    [colon] = read("ssh::a@b:x:y: clean=yes; tank: snap=yes").left_out
    assert "section named [x:y]" in colon.hint
    inherited = read("ssh:1:a@b:x: clean=yes; ssh:1:a@b:x/y: daily=1").left_out
    assert [each.name for each in inherited] == ["ssh:1:a@b:x", "ssh:1:a@b:x/y"]


def test_numbers_beyond_all_bounds() -> None:
    """A count that no dataset reaches keeps all snapshots of the kind."""
    [imported] = read(
        "pool: clean=yes, hourly=999999, daily=1000000, weekly=" + "9" * 50
    ).policies
    assert counts(imported.policy) == "h999999 dNone wNone"


def test_a_dataset_that_is_not_there() -> None:
    """A section of a missing dataset is named, and excludes no other dataset."""
    reading = read("tank/q: clean=yes; tank/z: clean=yes, daily=2")
    assert [(each.name, each.reason) for each in reading.left_out] == [
        ("tank/q", "there is no such dataset here")
    ]
    tree = ("tank", "tank/ab", "tank/ab/c")
    assert counts(in_force(read("tank: clean=yes, daily=1; tank/a: clean=no", tree), tree)
                  ["tank/ab/c"]) == "d1"  # fmt: skip


def test_a_number_below_zero() -> None:
    """A count below zero destroys the oldest at each run, which no policy does."""
    reading = read("tank: clean=yes, daily=1; tank/a: daily=-2, hourly=0")
    reason = "with daily=-2, pyznap destroys 2 of the oldest snapshots at each run"
    assert [(each.name, each.dataset, each.reason) for each in reading.left_out] == [
        ("tank/a", "tank/a", reason)
    ]  # The datasets below it are left out too.
    assert in_force(reading, TREE)["tank/a"] == LEAVE_ALONE
    assert in_force(reading, TREE)["tank/a/b"] == LEAVE_ALONE
    assert counts(in_force(reading, TREE)["tank/z"]) == "d1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[tank]\nclean=yes\ndaily=3 # x\n", "'tank': daily=3 # x is no number"),
        ("[tank]\nclean=yes\ndaily=\n", "'tank': daily= is no number"),
        ("[tank]\ndaily=3\n    hourly=2\n", "daily=3\\nhourly=2 is no number"),
        ("[tank]\nclean=yes\nretries=1,x\n", "retries=x is no number"),
        ("[tank]\nretry_interval=\n", "retry_interval= is no number"),
        ("[tank]\nclean=yes\n[tank]\n", "already exists"),
        ("[tank]\nclean=yes\nclean=no\n", "already exists"),
        ("clean=yes\n", "no section headers"),
        ("\ufeff[tank]\nclean=yes\n", "no section headers"),
        ("[tank]\nclean\n", "parsing errors"),
        ("[tank]\nclean=yes\ndest=50%\n", "'%' must be followed"),
        ("[tank]\nsnap=%(x)s\n", "Bad value substitution"),
        ("[tank]\nclean=no\ndaily=3\n", "nothing in it prunes"),
        ("[tank]\ndaily=3\nhourly=" + "9" * 5000, "is no number"),
    ],
)
def test_files_that_are_refused(text: str, reason: str) -> None:
    """Nothing is imported from a file at which pyznap stops."""
    with pytest.raises(PolicyError, match=r"^cannot import from pyznap") as no:
        convert("pyznap", text, TREE)
    assert reason in no.value.message
    assert no.value.message.isprintable()


LOOKED_UP = (
    *("key", "snap", "clean", "dest", "dest_keys", "compress", "exclude", "raw_send"),
    *("resume", "dest_auto_create", "retries", "daily"),
)


@pytest.mark.parametrize("key", LOOKED_UP)
def test_a_percent_sign_stops_pyznap(key: str) -> None:
    """A percent sign is a reference to configparser, in each value that pyznap looks up."""
    with pytest.raises(PolicyError, match="'%' must be followed"):
        convert("pyznap", f"[pool]\nclean=yes\n[tank]\n{key}=50%\n", TREE)


def test_any_line_end_is_one() -> None:
    """Each kind of line end is read, since pyznap opens its file as text."""
    text = written("tank: clean=yes, daily=3")
    for end in ("\r\n", "\r"):
        assert convert("pyznap", text.replace("\n", end)) == convert("pyznap", text)
