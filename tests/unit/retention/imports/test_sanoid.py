"""sanoid's configuration; tests/oracles/ compares the reader with sanoid itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from imported_sections import all_notes, counts, summary
from zfstune.retention.decision import decide
from zfstune.retention.imports.convert import Reading, convert
from zfstune.retention.imports.reading import LEAVE_ALONE, UNKNOWN_TREE, in_force
from zfstune.retention.policy_text import parse_policy
from zfstune.values.errors import PolicyError
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from zfstune.retention.policy import Policy

HOUR, DAY = 3600, 86400
NOW = 1_700_006_400
TREE = ("pool", "tank", "tank/a", "tank/a/b", "tank/ab", "tank/z")
# Counts of 0 for all kinds; a test replaces the counts that it is about.
NONE = "frequently = 0\nhourly = 0\ndaily = 0\nweekly = 0\nmonthly = 0\nyearly = 0\n"
KINDS = ("frequently", "hourly", "daily", "weekly", "monthly", "yearly")


def read(text: str, tree: tuple[str, ...] | None = TREE) -> Reading:
    """Import settings; check that each policy can be stored."""
    reading = convert("sanoid", text, tree)
    for each in reading.policies:
        assert parse_policy(each.text, allow_zero=True).groups == each.policy.groups
    return reading


def left(policy: Policy, listing: list[tuple[str, int]]) -> set[str]:
    """Return the short names that a policy keeps of snapshots of some ages."""
    snapshots = [
        Snapshot(f"tank@{short}", txg, txg, creation=NOW - age)
        for txg, (short, age) in enumerate(sorted(listing, key=lambda each: -each[1]), 1)
    ]
    decided = decide(snapshots, policy, datetime.fromtimestamp(NOW, UTC))
    return {d.snapshot.short_name for d in decided if d.keep}


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [
        ("frequently", 15 * 60),
        ("hourly", HOUR),
        ("daily", DAY),
        ("weekly", 7 * DAY),
        ("monthly", 31 * DAY),
        ("yearly", 365 * DAY + DAY // 4),
    ],
)
def test_what_a_number_keeps(kind: str, seconds: int) -> None:
    """A count keeps that many of the newest and those of as many periods, to the second."""
    [imported] = read(
        f"[tank]\n{NONE}recursive = yes\n{kind} = 3\n".replace(f"{kind} = 0\n", "")
    ).policies
    old = [(f"autosnap_{n}_{kind}", 4 * seconds + n) for n in range(5)]
    assert left(imported.policy, old) == {f"autosnap_{n}_{kind}" for n in range(3)}
    young = [(f"autosnap_{n}_{kind}", 3 * seconds - n) for n in range(5)]
    edge = (f"autosnap_x_{kind}", 3 * seconds + 1)
    assert left(imported.policy, [*young, edge]) == {short for short, _ in young}


def test_what_names_are_of_a_kind() -> None:
    """A kind has sanoid's names; a count of 0 destroys it whole, and is noted."""
    [imported] = read(f"[tank]\nrecursive = yes\n{NONE}").policies
    assert imported.policy.allow_zero
    assert "--all-of-them consents" in all_notes(Reading((imported,)))
    stay = {"autosnap_1_other", "x_autosnap_1_daily", "manual", "autosnap_1_dailyx"}
    gone = {f"autosnap_1_{kind}" for kind in KINDS}
    assert left(imported.policy, [(short, 9**9) for short in stay | gone]) == stay
    [some] = read("[tank]\nrecursive = yes\n" + NONE.replace("0", "1")).policies
    assert not some.policy.allow_zero
    assert "--all-of-them" not in all_notes(Reading((some,)))


def test_kinds_that_the_file_leaves_out() -> None:
    """A kind without a count has sanoid's default, and a note names it."""
    reading = read("[tank]\nrecursive = yes\nweekly = 5\n")
    assert counts(reading.policies[0].policy) == "h48 d90 w5 m6"
    assert "frequently=0, hourly=48, daily=90, monthly=6, yearly=0: not in" in all_notes(
        reading
    )
    [imported] = read("[tank]\nrecursive = yes\n").policies
    assert [note.partition(":")[0] for note in imported.notes[1:]] == [
        "frequently=0, hourly=48, daily=90, weekly=0, monthly=6, yearly=0",
        (
            "sanoid destroys all snapshots of a kind whose count is 0; --all-of-them "
            "consents to that"
        ),
    ]
    [whole] = read("[tank]\nrecursive = yes\n" + NONE).policies
    assert "sanoid's own default" not in all_notes(Reading((whole,)))


def test_how_a_frequent_snapshot_is_measured() -> None:
    """A frequent period has the file's minutes; without them only the count matters."""
    text = f"[tank]\nrecursive = yes\n{NONE}frequent_period = 5\n".replace(
        "y = 0", "y = 2", 1
    )
    [imported] = read(text).policies
    listing = [(f"autosnap_{n}_frequently", 600 + n) for n in range(-1, 4)]
    assert left(imported.policy, listing) == {f"autosnap_{n}_frequently" for n in (-1, 0)}
    listing = [(f"autosnap_{n}_frequently", 60 * n) for n in range(1, 8)]
    stay = {f"autosnap_{n}_frequently" for n in range(1, 8)}
    assert left(imported.policy, listing) == stay
    [none] = read(text.replace("period = 5", "period = 0")).policies
    assert left(none.policy, listing) == {f"autosnap_{n}_frequently" for n in (1, 2)}
    [sooner] = read(text.replace("period = 5", "period = 3")).policies
    assert left(sooner.policy, listing) == {f"autosnap_{n}_frequently" for n in range(1, 7)}


@pytest.mark.parametrize(
    "frequently",
    [
        "frequently = 99999999\n",
        "frequently = 99\nfrequent_period = 9999999\n",
        # Some versions of sanoid take the first value, and others an address.
        "frequently = 99999999\n" * 2,
        "frequently = 99\n" + "frequent_period = 9999999\n" * 2,
    ],
)
def test_a_kind_of_which_all_stay(frequently: str) -> None:
    """A kind whose snapshots never get too many has no rule; the others have theirs."""
    others = NONE.replace("frequently = 0\n", "").replace("daily = 0", "daily = 2")
    [imported] = read(f"[tank]\nrecursive = yes\n{frequently}{others}").policies
    assert imported.text == (
        "match=autosnap*_hourly keep=0; match=autosnap*_daily keep=2 within=2d; "
        "match=autosnap*_weekly keep=0; match=autosnap*_monthly keep=0; "
        "match=autosnap*_yearly keep=0"
    )


TEMPLATE = (
    "[template_p]\nhourly = 36\ndaily = 30\nweekly = 0\nmonthly = 3\nautoprune = yes\n"
)


def test_a_dataset_that_is_not_pruned_below_one_that_is() -> None:
    """An unpruned dataset gets a policy of its own, and so do pruned ones below it."""
    text = (
        f"[tank]\nuse_template = p\nrecursive = yes\n[tank/a]\nautoprune = no\n{TEMPLATE}"
    )
    reading = read(text)
    assert [each.dataset for each in reading.policies] == ["tank/a/b", "tank/a", "tank"]
    assert counts(reading.policies[0].policy) == "h36 d30 m3"
    assert reading.policies[1].policy == LEAVE_ALONE
    assert "sanoid leaves it alone" in all_notes(reading)
    assert reading.left_out == ()
    unknown = read(text, None)
    assert [each.dataset for each in unknown.policies] == ["tank/a", "tank"]
    assert unknown.policies[0].policy == LEAVE_ALONE
    [left_out] = unknown.left_out
    assert left_out.name == "tank/a"
    assert left_out.reason == UNKNOWN_TREE
    assert "--image" in left_out.hint


def test_a_dataset_that_is_not_pruned_below_none() -> None:
    """An unpruned dataset below no pruned one needs no policy."""
    reading = read("[tank/a]\nautoprune = no\n[pool]\ndaily = 3\n")
    assert summary(reading, TREE) == "pool h48 d3 m6"
    assert len(reading.policies) == 1


def test_a_line_that_is_indented_further_than_the_one_before() -> None:
    """An indented line is a line like any other."""
    text = "[tank]\n\tautosnap = yes\n        autoprune = no\n"
    with pytest.raises(PolicyError, match="nothing in it prunes"):
        read(text)


@pytest.mark.parametrize(
    ("value", "count", "noted"),
    [
        ("30", 30, ""),
        ("  30", 30, ""),
        ("30 days", 30, "takes it for 30"),
        ("30 # a month", 30, "takes it for 30"),
        ("030", 30, "takes it for 30"),
        ("+7", 7, "takes it for 7"),
        ("1e3", 1000, "takes it for 1000"),
        ("2E+1", 20, "takes it for 20"),
        ("-1", 0, ""),
        ("", 0, "takes it for 0"),
        ("many", 0, "takes it for 0"),
        ("e5", 0, "takes it for 0"),
    ],
)
def test_what_is_a_number(value: str, count: int, noted: str) -> None:
    """A number is read as Perl reads it, with a note if it looks like another one."""
    reading = read(
        f"[tank]\nrecursive = yes\n{NONE}".replace("daily = 0", f"daily = {value}")
    )
    [imported] = reading.policies
    assert counts(imported.policy) == (f"d{count}" if count else "")
    found = [note for note in imported.notes if note.startswith("daily = ")]
    assert len(found) == bool(noted)
    assert all(noted in note for note in found)


@pytest.mark.parametrize(
    "value", ["3.5", "3.", ".5", "1e", "1e10", "inf", "-NaN", "9" * 16]
)
def test_what_is_no_whole_number(value: str) -> None:
    """A dataset with a number that is not whole is left out, and inherits nothing."""
    text = f"[tank]\nrecursive = yes\n[tank/z]\ndaily = {value}\n"
    reading = read(text)
    [left_out] = reading.left_out
    assert left_out.dataset == "tank/z"
    assert left_out.reason == f"daily={value} is no whole number"
    assert in_force(reading, TREE)["tank/z"] == LEAVE_ALONE
    assert counts(in_force(reading, TREE)["tank/a"]) == "h48 d90 m6"


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("daily = 90\ndaily = 7\n", "write 'daily' in [tank/z] once"),
        ("daily = 90\n[tank/z]\ndaily = 90\n", "write 'daily' in [tank/z] once"),
        ("daily = 90\ndaily = 7\nhourly = 1 \n",
         "write 'daily' in [tank/z] once; remove the blanks behind 'hourly' in [tank/z]"),
        ("autoprune = no\nautoprune = no\n", "write 'autoprune' in [tank/z] once"),
        ("autoprune = no \n", "remove the blanks behind 'autoprune' in [tank/z]"),
        ("use_template = q\n[template_q]\nautoprune = no\nautoprune = no\n",
         "write 'autoprune' in [template_q] once"),
    ],
)  # fmt: skip
def test_what_versions_of_sanoid_differ_on(said: str, hint: str) -> None:
    """A dataset on which versions of sanoid differ is left out, with how to mend that."""
    reading = read(f"[tank]\nrecursive = yes\n[tank/z]\n{said}")
    [left_out] = reading.left_out
    assert (left_out.name, left_out.dataset) == ("tank/z", "tank/z")
    assert left_out.reason == "versions of sanoid keep different snapshots there"
    assert left_out.hint == hint
    assert in_force(reading, TREE)["tank/z"] == LEAVE_ALONE


def test_a_pool_that_must_be_full_first() -> None:
    """A dataset that waits for a full pool is left out, with the nearest policy."""
    reading = read("[tank/z]\nprune_defer = 60\n")
    assert not reading.policies
    [left_out] = reading.left_out
    assert "with prune_defer=60 sanoid waits" in left_out.reason
    _, _, command = left_out.hint.partition("zfstune policy set ")
    assert command.startswith("--all-of-them tank/z 'match=autosnap*_frequently keep=0; ")
    assert command.endswith(" free-target=40%'")
    [never] = read("[tank/z]\nprune_defer = 101\n").left_out
    assert "no number from 0 to 100" in never.reason
    [odd] = read("[tank/z]\nprune_defer = 00\n").left_out
    assert odd.hint.endswith(" free-target=99%'")
    [word] = read("[tank/z]\nprune_defer = no\n").left_out
    assert "no number from 0 to 100" in word.reason


def test_numbers_beyond_all_bounds() -> None:
    """A kind whose snapshots are never old enough stays whole."""
    text = "[tank]\nrecursive = yes\nhourly = 1193047\ndaily = 999999999\nweekly = 7101\n"
    [imported] = read(text).policies
    assert counts(imported.policy) == "w7101 m6"
    [other] = read(text.replace("1193047", "1193046")).policies
    assert counts(other.policy) == "h1193046 w7101 m6"
    forever = NONE.replace(" = 0", " = 99999999").replace("frequently = ", "frequently = 9")
    reading = read(f"[tank]\nrecursive = yes\n[tank/z]\n{forever}")
    assert in_force(reading, TREE)["tank/z"] == LEAVE_ALONE
    assert reading.left_out == ()


def test_scripts() -> None:
    """A script that may stop a prune is refused; one that is told afterwards is noted."""
    [left_out] = read("[tank/z]\npre_pruning_script = /x\n").left_out
    assert "pre_pruning_script decides" in left_out.reason
    assert "pruning_script: zfstune does not run it" in all_notes(
        read("[tank/z]\npruning_script = /x\n")
    )
    assert "pruning_script" not in all_notes(read("[tank/z]\npruning_script =\n"))


def test_two_sections_for_one_dataset() -> None:
    """A dataset that two sections prune is left out: no single policy does the same."""
    [left_out] = read("[x]\npath = tank/z\ndaily = 3\n[tank/z]\ndaily = 4\n").left_out
    assert left_out.dataset == "tank/z"
    assert "two sections" in left_out.reason


def test_a_dataset_that_is_not_there() -> None:
    """A missing dataset is named."""
    reading = read("[tank/q]\ndaily = 4\n[DEFAULT]\nhourly = 9\n[tank/z]\ndaily = 3\n")
    assert [(each.name, each.reason) for each in reading.left_out] == [
        ("DEFAULT", "there is no such dataset here"),
        ("tank/q", "there is no such dataset here"),
    ]
    assert counts(in_force(reading, TREE)["tank/z"]) == "h48 d3 m6"


def test_a_template_that_is_not_there() -> None:
    """A missing template is skipped as by sanoid, and noted."""
    reading = read(
        "[tank]\nuse_template = p # x, q\nrecursive = yes\n[template_p]\ndaily = 1\n"
    )
    assert counts(reading.policies[0].policy) == "h48 d90 m6"
    assert "[tank] uses the template 'p # x', which does not exist" in all_notes(reading)
    assert "[tank] uses the template 'q', which does not exist" in all_notes(reading)
    # A template's own use_template counts for nothing.
    text = "[tank]\nrecursive = yes\n[template_p]\nuse_template = none\n"
    assert "does not exist" not in all_notes(read(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[tank/z]\ndaily = 3\n", ["tank/z"]),
        ("[tank]\nrecursive = yes\nprocess_children_only = yes\n", ["tank"]),
        ("[tank]\nrecursive = yes\n[tank/a]\ndaily = 3\n", ["tank/a"]),
        ("[tank]\nrecursive = yes\n[tank/a]\ndaily = 3\nrecursive = yes\n", []),
        ("[tank/a/b]\nrecursive = yes\n[tank]\nrecursive = yes\nautoprune = no\n", []),
        ("[x]\npath = tank/z\nrecursive = yes\n", []),
    ],
)
def test_what_depends_on_the_datasets_that_are_there(text: str, names: list[str]) -> None:
    """A section that depends on unknown datasets is left out; later datasets are noted."""
    if "autoprune" in text:
        with pytest.raises(PolicyError, match="nothing in it prunes"):
            read(text, None)
        return
    reading = read(text, None)
    assert [each.name for each in reading.left_out] == names
    stored = in_force(reading, TREE)
    assert all(stored[name] in (None, LEAVE_ALONE) for name in names)
    known = read(text)
    assert not known.left_out
    assert ("created later below" in all_notes(known)) is bool(names)
    assert all(name in all_notes(known) for name in names)


def test_what_is_refused_below_a_dataset_that_is_left_alone() -> None:
    """A dataset below one that is left alone is refused by name, whether known or not."""
    text = (
        "[tank]\nuse_template = p\nrecursive = yes\nprocess_children_only = yes\n"
        "[template_p]\nautoprune = yes\nprune_defer = 50\n"
    )
    assert [(each.name, each.reason) for each in read(text, None).left_out] == [
        ("tank", UNKNOWN_TREE)
    ]
    known = read(text, ("tank", "tank/a"))
    assert [each.name for each in known.left_out] == ["tank/a"]


def test_edges_are_noted() -> None:
    """Notes tell where zfstune and sanoid may differ."""
    found = all_notes(read("[tank]\nrecursive = yes\n"))
    assert "createtxg" in found
    assert "dated after now" in found


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ("[tank]\ndayly = 3\n", "'tank': sanoid stops at 'dayly'", "did you mean 'daily'?"),
        ("[tank]\nDaily = 3\n", "'tank': sanoid stops at 'Daily'", "did you mean 'daily'?"),
        ("[template_p]\nversion = 2\n", "'template_p': sanoid stops at 'version'", ""),
        ("hourly = 2\n", "line 1: there is no [section] above it", ""),
        ("[tank]\nhourly\n", "line 2: it is neither", ""),
        ("[tank]\nrecursive = \\w+\n", "takes '\\w+' for a regular expression", ""),
        ("[tank]\nrecursive = (yes\n", "takes '(yes' for a regular expression", ""),
        ("[tank]\nrecursive = (?i)yes\n", "for a regular expression", ""),
        ("[tank]\nrecursive = yes++\n", "for a regular expression", ""),
        ("[a b]\nrecursive = yes\n", "which datasets sanoid lists below 'a b'", ""),
        ("[tank]\npath =\nrecursive = yes\n", "which datasets sanoid lists below ''", ""),
        ("[/tank]\nskip_children = yes\n", "which datasets sanoid lists below '/tank'", ""),
        ("[tank]\nautoprune = no\nhourly = 2\n", "nothing in it prunes a snapshot", ""),
    ],
)
def test_files_that_are_refused(text: str, reason: str, hint: str) -> None:
    """A file at which sanoid stops, or that cannot be understood, is refused."""
    with pytest.raises(PolicyError, match=r"^cannot import from sanoid") as no:
        read(text)
    assert reason in no.value.message
    assert hint in no.value.hint
    assert bool(no.value.hint) is bool(hint)
