"""Readings on datasets that have a stored policy of their own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.decision import decide
from zfstune.retention.imports.convert import convert
from zfstune.retention.imports.reading import (
    LEAVE_ALONE,
    Imported,
    LeftOut,
    Reading,
    complete,
    cover,
)
from zfstune.retention.imports.stored import out_of_reach, with_stored
from zfstune.retention.policy import Policy
from zfstune.retention.policy_text import MAX_POLICY_BYTES, parse_policy, stored_form
from zfstune.values.errors import PolicyError
from zfstune.values.names import ancestors_of
from zfstune.values.state import Snapshot

TREE = ("tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/z")
TOOL = "match=mole_* keep=2"
NEVER = "match=* never"

# The tool's policies and the stored policies by dataset; then the policies to store. All
# other datasets with a stored policy are told in a note.
TABLE = [
    pytest.param(
        {"tank/a": TOOL, "tank/a/b": TOOL},
        {"tank/a/b": "match=mole_* keep=1"},
        {"tank/a": TOOL, "tank/a/b": TOOL, "tank/a/b/c": NEVER},
        id="what it would inherit is said on it",
    ),
    pytest.param(
        {"tank/a": TOOL, "tank/a/b": TOOL, "tank/a/b/c": TOOL},
        {"tank/a/b": TOOL},
        {"tank/a": TOOL},
        id="it has that already",
    ),
    pytest.param(
        {"tank/a/b/c": TOOL},
        {"tank/z": "match=mole_* keep=1", "tank/a/b/c": "regex=mole.* keep=9"},
        {"tank/a/b/c": TOOL, "tank/z": NEVER},
        id="the tool leaves it alone",
    ),
    pytest.param(
        {"tank/a/b/c": TOOL},
        {"tank/z": "daily=30", "tank": "match=x never", "tank/a": "keep=3 free-target=9%"},
        {"tank/a/b/c": TOOL},
        id="nothing of the tool's goes by it",
    ),
    pytest.param(
        {"tank/a/b/c": TOOL},
        {"tank/z": "nonsense", "tank/a": "match=mole_* keep=0", "tank": NEVER},
        {"tank/a/b/c": TOOL, "tank/a": NEVER, "tank/z": NEVER},
        id="it is not followed, or is the same",
    ),
    pytest.param(
        {"tank/a/b/c": TOOL},
        {"tank/a/b/c": "daily=3 tz=Europe/Berlin", "tank/z": "keep=4; match=mole_* keep=1"},
        {"tank/a/b/c": f"daily=3; {TOOL} tz=Europe/Berlin", "tank/z": "keep=4"},
        id="zfstune's own snapshots are still spoken of",
    ),
    pytest.param(
        {"tank/a/b/c": "match=mole_* daily=3 tz=Asia/Tokyo", "tank/z": TOOL},
        {"tank/a/b/c": "daily=3 tz=Europe/Berlin", "tank/z": "keep=2 free-target=9%"},
        {"tank/a/b/c": "match=mole_* daily=3 tz=Asia/Tokyo", "tank/z": TOOL},
        id="no policy says both",
    ),
    pytest.param(
        {"tank/a/b/c": TOOL, "tank/z": "match=mole_* keep=0 all-of-them"},
        {"tank/a/b/c": "keep=0 all-of-them", "tank/z": "keep=0"},
        {
            "tank/a/b/c": f"keep=0; {TOOL} all-of-them",
            "tank/z": "match=mole_* keep=0 all-of-them",
        },
        id="consent is kept, and none is made up",
    ),
    pytest.param(
        {"tank/a/b": TOOL},
        {"tank": "keep=5"},
        {"tank/a/b": f"keep=5; {TOOL}", "tank/a/b/c": "keep=5"},
        id="what was inherited is still said",
    ),
]


def reading(wanted: dict[str, str]) -> Reading:
    """Make a reading that gives the datasets of the tree these policies, and no others."""
    said = {name: Imported(name, parse_policy(text)) for name, text in wanted.items()}
    return complete(cover(said, TREE, "mole"), TREE)


def texts(read: Reading) -> dict[str, str]:
    """Return the texts of the policies to store, by dataset."""
    return {each.dataset: stored_form(each.policy) for each in read.policies}


def prunes(each: Imported) -> bool:
    """Tell whether a policy lets the tool's snapshots go."""
    return each.policy != LEAVE_ALONE


def said_of(each: Imported) -> str:
    """Return the notes of one policy."""
    return "\n".join(each.notes)


def said(read: Reading) -> str:
    """Return all notes of a reading."""
    return "\n".join([*(n for each in read.policies for n in each.notes), *read.notes])


@pytest.mark.parametrize(("wanted", "stored", "expected"), TABLE)
def test_stored_policies(
    wanted: dict[str, str], stored: dict[str, str], expected: dict[str, str]
) -> None:
    """Each stored policy is replaced or noted to stay; a second import changes nothing."""
    read = with_stored(reading(wanted), stored, TREE, "mole")
    assert texts(read) == expected
    for each in read.policies:
        old = stored.get(each.dataset)
        assert each.replaces == (None if old == expected[each.dataset] else old)
        assert (each.replaces is not None) == ("replaces its stored" in said(read)) or (
            each.dataset not in stored
        )
    again = with_stored(reading(wanted), {**stored, **expected}, TREE, "mole")
    assert not any(each.replaces for each in again.policies)
    assert texts(again).items() <= expected.items()
    # A second import prints the same policies of the tool.
    assert {each.dataset for each in reading(wanted).policies if prunes(each)} <= {
        each.dataset for each in again.policies
    }
    for each in read.policies:
        assert each.policy.allow_zero == ("all-of-them" in texts(read)[each.dataset])


def test_notes_name_what_is_replaced_and_what_stays() -> None:
    """Notes have the old policy and the reason, with control characters escaped."""
    stored = {"tank/a": "match=\x1b* keep=1", "tank/z": "keep=3", "tank": "keep=1 tz=A/B"}
    wanted = {"tank": "match=mole_* daily=2", **dict.fromkeys(TREE[1:4], TOOL)}
    read = with_stored(reading(wanted), stored, TREE, "mole")
    assert texts(read)["tank"] == "keep=1; match=mole_* daily=2"
    assert "tank/a: this replaces its stored policy 'match=\\x1b* keep=1'" in said(read)
    (note,) = read.notes
    assert note.startswith("tank/z: its stored policy 'keep=3' stays: ")
    read = with_stored(reading(wanted), {"tank": "daily=1 tz=A/B"}, TREE, "mole")
    assert "'daily=1 tz=A/B' no longer decides on zfstune's own" in said(read)
    read = with_stored(reading({}), {"tank/a": TOOL}, TREE, "mole")
    assert said(read).endswith(f"stored policy '{TOOL}'; mole leaves the dataset alone")


@pytest.mark.parametrize(
    ("stored", "stays"),
    [
        ("keep=0", True),  # without consent, so it cannot be followed as it is
        ("keep=0; match=a* never", True),
        ("match=* keep=0", False),
        ("nonsense", False),
    ],
)
def test_what_lets_go_only_zfstunes_snapshots_stays(stored: str, *, stays: bool) -> None:
    """A policy that a prune with consent would follow counts as if it had that consent."""
    read = with_stored(reading({}), {"tank/a": stored}, TREE, "mole")
    assert texts(read) == ({} if stays else {"tank/a": NEVER})
    note = (
        f"tank/a: its stored policy '{stored}' stays: it lets go only snapshots that "
        "zfstune made"
    )
    assert read.notes == ((note,) if stays else ())


def test_a_policy_that_would_be_too_long() -> None:
    """A policy is not combined beyond the length that a property holds."""
    full = "; ".join(f"match={number:03}{'x' * 67}* keep=1" for number in range(95))
    wide = Reading((Imported("tank", parse_policy(full)),))
    short, long = "keep=1", "hourly=10000 daily=10000"
    assert len(f"{short}; {full}") <= MAX_POLICY_BYTES < len(f"{long}; {full}")
    read = with_stored(wide, {"tank": short}, TREE, "mole")
    assert texts(read) == {"tank": f"{short}; {full}"}
    read = with_stored(wide, {"tank": long}, TREE, "mole")
    assert texts(read) == {"tank": full}
    assert "no longer decides on zfstune's own" in said(read)


def test_a_part_that_is_left_out_keeps_its_snapshots() -> None:
    """The stored policy of a dataset that is left out is replaced by one that keeps all."""
    read = Reading((), (LeftOut("job", "why", "tank/a"),))
    done = with_stored(read, {"tank/a": TOOL, "pool": TOOL}, TREE, "mole")
    assert texts(done) == {"tank/a": NEVER}
    assert done.left_out == read.left_out


def test_a_received_policy_is_in_the_way() -> None:
    """A received policy keeps a dataset from inheriting, though it counts for nothing."""
    wanted = {"tank": TOOL, "tank/a": TOOL, "tank/z": "match=rat* keep=1"}
    stored = dict.fromkeys(TREE[1:])
    read = with_stored(reading(wanted), stored, TREE, "mole")
    assert texts(read) == {**wanted, "tank/a/b": NEVER}
    assert [each.dataset for each in read.policies if "it received" in said_of(each)] == [
        "tank/a"
    ]
    assert not any(each.replaces for each in read.policies)
    assert not read.notes


def test_lines_keep_their_order() -> None:
    """Policies of datasets below come first, and one for no named dataset last."""
    read = Reading((Imported("tank", parse_policy(TOOL)), Imported("", Policy.last(1))))
    done = with_stored(read, {"tank/a/b": NEVER, "tank/z": NEVER}, TREE, "mole")
    assert [each.dataset for each in done.policies] == ["tank/a/b", "tank/z", "tank", ""]


def test_who_has_a_policy_is_not_known_or_no_matter() -> None:
    """One note tells of stored policies; a plan without datasets replaces none."""
    read = convert("sanoid", "[tank]\nrecursive = yes\nhourly = 3\n")
    assert len(read.notes) == 1
    assert "policy of its own keeps following it" in read.notes[0]
    read = convert("znapzend", "7d=>1h", TREE, {"tank/a": TOOL})
    assert [each.dataset for each in read.policies] == [""]
    assert "stored above them: tank/a; store" in read.notes[0]
    assert not convert("znapzend", "7d=>1h", TREE).notes
    assert not out_of_reach(Reading(), None).notes


def test_settings_that_prune_nothing_any_more() -> None:
    """Settings that prune nothing replace older policies; if there are none, they fail."""
    text = "[tank]\nautoprune = no\n"
    assert texts(convert("sanoid", text, TREE, {"tank": TOOL})) == {"tank": NEVER}
    with pytest.raises(PolicyError, match="nothing in it prunes"):
        convert("sanoid", text, TREE)


SNAPSHOTS = ("mole_1", "rat_1", "mole_2", "rat_2", "mole_3", "mole_4", "rat_3")
OWN = tuple(f"zfstune-2026112{number}T030000Z" for number in range(6))
NOW = datetime(2026, 11, 29, tzinfo=UTC)
some_policies = st.sampled_from(
    [
        TOOL,
        NEVER,
        "match=mole_* keep=3",
        "regex='rat.*' keep=1",
        "match=* keep=0 all-of-them",
        "match=rat_1 never; match=mole_* keep=0 all-of-them",
    ]
)
some_stored = some_policies | st.sampled_from(
    [
        "keep=2",
        "keep=0 all-of-them",
        "keep=0",
        "daily=1 tz=Asia/Tokyo",
        "keep=1 free-target=9%",
        "keep=3; match=* keep=1",
        "keep=3; match=mole_1 keep=0",
        "nonsense",
    ]
)


def let_go(dataset: str, policies: dict[str, str], names: tuple[str, ...]) -> set[str]:
    """Return the snapshots of a dataset that the nearest stored policy lets go."""
    above = (dataset, *reversed(ancestors_of(dataset)))
    text = next((policies[name] for name in above if name in policies), NEVER)
    try:
        policy = parse_policy(text, allow_zero=True)  # --all-of-them
    except PolicyError:
        return set()
    listed = [
        Snapshot(f"{dataset}@{name}", number, number, creation=number)
        for number, name in enumerate(names)
    ]
    return {
        each.snapshot.name.partition("@")[2]
        for each in decide(listed, policy, NOW)
        if not each.keep
    }


@given(
    st.dictionaries(st.sampled_from(TREE), some_policies),
    st.dictionaries(st.sampled_from(TREE), some_stored),
)
def test_nothing_goes_that_the_tool_keeps(
    wanted: dict[str, str], stored: dict[str, str]
) -> None:
    """No snapshot goes that the tool keeps, nor zfstune's own if no policy lets it go."""
    read = with_stored(reading(wanted), stored, TREE, "mole")
    after = {**stored, **texts(read)}
    for dataset in TREE:
        meant = {dataset: wanted.get(dataset, NEVER)}
        gone = let_go(dataset, after, SNAPSHOTS)
        assert gone == let_go(dataset, meant, SNAPSHOTS)
        own = let_go(dataset, after, OWN)
        assert own <= let_go(dataset, stored, OWN) | let_go(dataset, meant, OWN)
