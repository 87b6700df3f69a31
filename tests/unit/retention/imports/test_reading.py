"""Readings of any tool's settings: a dataset has one policy, and inherits no wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.imports import reading as module
from zfstune.retention.imports.reading import (
    LEAVE_ALONE,
    UNKNOWN_TREE,
    Imported,
    LeftOut,
    Reading,
    complete,
    cover,
)
from zfstune.retention.policy import Group, Policy
from zfstune.retention.rule_kinds import Last
from zfstune.values.names import ancestors_of

ONE, TWO = Policy.last(1), Policy.last(2)
TREE = ("tank", "tank/a", "tank/a/b", "tank/a/b/c", "tank/ab", "tank/z")


def lines(reading: Reading) -> list[tuple[str, Policy]]:
    """Return the datasets and policies of a reading, in its order."""
    return [(each.dataset, each.policy) for each in reading.policies]


def in_force(reading: Reading, dataset: str) -> Policy | None:
    """Return the policy that a dataset follows once a reading is stored."""
    stored = {each.dataset: each.policy for each in reading.policies}
    above = (dataset, *reversed(ancestors_of(dataset)))
    return next((stored[name] for name in above if name in stored), None)


def test_datasets_below_come_first() -> None:
    """Policies of datasets below come first, so that none is inherited for a moment."""
    read = Reading((Imported("tank", ONE), Imported("tank/a", TWO), Imported("pool", ONE)))
    assert lines(complete(read, None)) == [("tank/a", TWO), ("tank", ONE), ("pool", ONE)]


def test_of_two_policies_for_one_dataset_neither_is_kept() -> None:
    """A dataset with two policies is left out, and inherits neither of them."""
    read = Reading(
        (Imported("tank", ONE), Imported("tank/a", TWO), Imported("tank/a", ONE))
    )
    done = complete(read, None)
    assert lines(done) == [("tank/a", LEAVE_ALONE), ("tank", ONE)]
    reason = "its settings give it two policies, and a dataset has one"
    assert done.left_out == (LeftOut("tank/a", reason, "tank/a"),)
    note = (
        "tank/a: its settings are left out, so it gets a policy that keeps all; else it "
        "would inherit a policy that is not meant for it"
    )
    assert done.policies[0] == Imported("tank/a", LEAVE_ALONE, (note,))


def test_the_same_policy_twice_is_one() -> None:
    """The same policy twice is one policy, with the notes of both."""
    read = Reading((Imported("a", ONE, ("x", "y")), Imported("a", ONE, ("y", "z"))))
    assert complete(read, None) == Reading((Imported("a", ONE, ("x", "y", "z")),))


def test_policies_that_no_dataset_is_named_for_are_kept() -> None:
    """Policies for no named dataset stay, since each is for elsewhere, and come last."""
    read = Reading((Imported("", ONE), Imported("", TWO), Imported("tank", TWO)))
    assert lines(complete(read, None)) == [("tank", TWO), ("", ONE), ("", TWO)]


@pytest.mark.parametrize(
    ("above", "is_stored"),
    [
        ((Imported("tank", ONE),), True),
        ((Imported("", ONE),), True),
        ((Imported("tank", LEAVE_ALONE),), False),
        ((Imported("tank", ONE), Imported("tank/a", LEAVE_ALONE)), False),
        ((Imported("tank", LEAVE_ALONE), Imported("tank/a", ONE)), True),
        ((Imported("tank/ab", ONE), Imported("tan", ONE)), False),
        ((), False),
    ],
)
def test_what_is_left_out_inherits_no_policy(
    above: tuple[Imported, ...], *, is_stored: bool
) -> None:
    """A dataset that is left out gets a policy only where it would inherit one."""
    done = complete(Reading(above, (LeftOut("s", "why", "tank/a/b"),)), None)
    assert (("tank/a/b", LEAVE_ALONE) in lines(done)) is is_stored
    assert len(done.policies) == len(above) + is_stored
    assert done.left_out == (LeftOut("s", "why", "tank/a/b"),)


def test_a_dataset_that_is_read_and_left_out_keeps_what_was_read() -> None:
    """A job that is left out does not take away the policy of another job."""
    read = Reading((Imported("tank", ONE), Imported("tank/a", TWO)),
                   (LeftOut("job", "why", "tank/a"),))  # fmt: skip
    assert lines(complete(read, None)) == [("tank/a", TWO), ("tank", ONE)]


def test_what_no_dataset_can_be_gets_no_line() -> None:
    """A name that ZFS refuses gets no policy, and neither does a missing dataset."""
    left = (LeftOut("s", "why", "tank/a@b"), LeftOut("t", "why", "tank/q"))
    done = complete(Reading((Imported("tank", ONE),), left), TREE)
    assert lines(done) == [("tank", ONE)]
    assert ("tank/q", LEAVE_ALONE) in lines(
        complete(Reading((Imported("tank", ONE),), left), None)
    )


LONG = Policy(tuple(Group((Last(1),), regex="x" * 1000) for _ in range(9)))


@pytest.mark.parametrize(
    ("each", "reason"),
    [
        (Imported("tank/$(reboot)", ONE), "is not allowed"),
        (Imported("tank/q", ONE), "no such dataset here"),
        (Imported("tank", Policy((Group((Last(1),), regex="it's"),))), "single quote"),
        (Imported("tank", Policy((Group((Last(1),), regex="\x1b2J"),))), "be printed"),
        (Imported("", Policy((Group((Last(1),), regex="a\nb"),))), "be printed"),
        (Imported("tank", LONG), "8191 bytes"),
    ],
)
def test_what_cannot_be_stored_is_left_out(each: Imported, reason: str) -> None:
    """A policy that cannot be stored is left out with the reason; the others stay."""
    done = complete(Reading((each, Imported("tank/a", ONE))), TREE)
    assert lines(done) == [("tank/a", ONE)]
    [left_out] = done.left_out
    assert reason in left_out.reason
    assert left_out.name == (each.dataset or each.text)


def test_a_policy_without_a_text_is_left_out_where_no_dataset_is_named() -> None:
    """A policy without a text or a dataset is left out with the reason."""
    quoted = Imported("", Policy((Group((Last(1),), regex="it's"),)))
    assert not quoted.is_writable
    done = complete(Reading((quoted, Imported("", ONE))), None)
    assert lines(done) == [("", ONE)]
    [left_out] = done.left_out
    assert (left_out.name, left_out.dataset) == ("a policy without a dataset", "")
    assert "single quote" in left_out.reason


def test_a_policy_that_reads_back_as_another_one_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A policy whose text is read back as another policy is left out."""
    monkeypatch.setattr(module, "parse_policy", lambda *_, **__: TWO)
    done = complete(Reading((Imported("tank", ONE),)), None)
    assert not done.policies
    assert "change of meaning" in done.left_out[0].reason


def test_cover_stores_as_little_as_it_can() -> None:
    """A dataset gets a policy only if it would inherit a wrong one, or none."""
    wanted: dict[str, Imported | LeftOut] = {
        "tank": Imported("tank", ONE, ("note",)),
        "tank/a": Imported("tank/a", ONE),
        "tank/a/b/c": Imported("tank/a/b/c", ONE),
        "tank/ab": Imported("tank/ab", TWO),
        "tank/z": LeftOut("z", "why", "tank/z"),
        "gone": Imported("gone", ONE),
    }
    read = cover(wanted, TREE, "mole")
    assert lines(read) == [
        ("tank", ONE),
        ("tank/a/b", LEAVE_ALONE),
        ("tank/a/b/c", ONE),
        ("tank/ab", TWO),
    ]
    assert read.policies[0].notes == ("note",)
    assert read.policies[1].notes == (
        "tank/a/b: mole leaves it alone, and so does its own policy",
    )
    assert read.left_out == (
        LeftOut("gone", "there is no such dataset here"),
        LeftOut("z", "why", "tank/z"),
    )
    assert ("tank/z", LEAVE_ALONE) in lines(complete(read, TREE))


@given(
    st.dictionaries(
        st.sampled_from(TREE), st.sampled_from([ONE, TWO, LEAVE_ALONE, "left out"])
    )
)
def test_cover_gives_each_dataset_what_is_wanted(
    wanted: dict[str, Policy | str],
) -> None:
    """On any tree, each dataset follows the policy that it should have."""
    said: dict[str, Imported | LeftOut] = {}
    for name, each in wanted.items():
        if isinstance(each, Policy):
            said[name] = Imported(name, each)
        else:
            said[name] = LeftOut(name, "why", name)
    read = cover(said, TREE, "mole")
    done = complete(read, TREE)
    for dataset in TREE:
        expected = wanted.get(dataset, "left alone")
        got = in_force(done, dataset)
        if isinstance(expected, str):
            assert got in (None, LEAVE_ALONE)
        else:
            assert got == expected
    stored = [each.dataset for each in done.policies]
    assert len(set(stored)) == len(stored)


def test_an_unknown_tree_is_said_to_be_that() -> None:
    """A part that depends on unknown datasets has a hint what to do."""
    left_out = LeftOut.unknown_tree("section", "tank/a")
    hint = "run this command on the host of the pool, or name an image with --image"
    assert left_out == LeftOut("section", UNKNOWN_TREE, "tank/a", hint)
    assert LeftOut.unknown_tree("section").dataset == ""


def test_notes_on_the_whole_reading_stay() -> None:
    """Neither completing a reading nor a policy that falls out loses its notes."""
    read = Reading((Imported("tank", ONE), Imported("tank", TWO)), (), ("mind",))
    assert complete(read, None).notes == ("mind",)
