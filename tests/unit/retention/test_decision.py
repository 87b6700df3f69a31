"""Decisions: which snapshots stay, and that no listing makes more of them go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zfstune.retention.decision import DEFAULT_BATCH, Policy, decide, interleave
from zfstune.retention.rule_kinds import Last
from zfstune.values.errors import PolicyError
from zfstune.values.state import Snapshot

if TYPE_CHECKING:
    from random import Random

    from zfstune.retention.decision import Decision

AUTO = "zfstune-20260101T{:06}Z"


def _snapshot(
    short: str,
    txg: int,
    *,
    dataset: str = "tank/a",
    clones: int = 0,
    guid: int | None = None,
) -> Snapshot:
    return Snapshot(f"{dataset}@{short}", txg if guid is None else guid, txg, clones)


def _autos(count: int, dataset: str = "tank/a") -> list[Snapshot]:
    return [_snapshot(AUTO.format(i), i + 1, dataset=dataset) for i in range(count)]


def _destroyed(decisions: tuple[Decision, ...]) -> set[str]:
    return {d.snapshot.name for d in decisions if not d.keep}


@st.composite
def _listings(draw: st.DrawFn) -> list[Snapshot]:
    """Snapshots of a few datasets in any order, names in and out of scope."""
    found = []
    for dataset in draw(
        st.lists(st.sampled_from(["tank/a", "tank/ab", "tank"]), unique=True)
    ):
        txgs = draw(st.lists(st.integers(1, 60), unique=True, max_size=15))
        for txg in txgs:
            # A clock that jumps: names and transaction groups disagree.
            short = draw(
                st.sampled_from([AUTO.format(txg), AUTO.format(59 - txg % 60), "daily"])
            )
            name = f"{short}-{txg}" if draw(st.booleans()) else short
            clones = draw(st.sampled_from([0, 0, 0, 1, 2]))
            found.append(_snapshot(name, txg, dataset=dataset, clones=clones))
    unique = {s.name: s for s in found}
    return draw(st.permutations(list(unique.values())))


_policies = st.builds(
    Policy.last,
    st.integers(0, 6),
    match=st.sampled_from([None, "daily*", "zfstune-*", "*"]),
    allow_zero=st.just(value=True),
)


@given(_listings(), _policies)
def test_every_snapshot_is_decided_once(listing: list[Snapshot], policy: Policy) -> None:
    """Each snapshot that went in comes out with a reason, by dataset, newest first."""
    decisions = decide(listing, policy)
    assert sorted(d.snapshot.name for d in decisions) == sorted(s.name for s in listing)
    order = [
        (d.snapshot.dataset, -d.snapshot.createtxg, d.snapshot.name) for d in decisions
    ]
    assert order == sorted(order)
    assert all(d.reasons and all(d.reasons) for d in decisions)


@given(_listings(), _policies)
def test_the_newest_in_scope_stay(listing: list[Snapshot], policy: Policy) -> None:
    """Of each dataset, the newest so many in scope are kept; the rest go, clones apart."""
    kept = {d.snapshot.name for d in decide(listing, policy) if d.keep}
    for dataset in {s.dataset for s in listing}:
        ours = [s for s in listing if s.dataset == dataset and policy.covers(s.short_name)]
        ours.sort(key=lambda s: s.createtxg, reverse=True)
        assert {s.name for s in ours[: policy.keep]} <= kept
        for snapshot in ours[policy.keep :]:
            assert (snapshot.name in kept) == (snapshot.clones > 0)


@given(_listings(), _policies)
def test_out_of_scope_is_never_destroyed(listing: list[Snapshot], policy: Policy) -> None:
    """A snapshot that the policy does not cover stays, however old it is."""
    gone = _destroyed(decide(listing, policy))
    assert not [s for s in listing if s.name in gone and not policy.covers(s.short_name)]


@given(_listings(), _policies, st.randoms())
def test_order_of_the_list_does_not_matter(
    listing: list[Snapshot], policy: Policy, random: Random
) -> None:
    """A shuffled list, with repetitions, gives the same decisions."""
    again = [*listing, *listing[: len(listing) // 2]]
    random.shuffle(again)
    assert decide(again, policy) == decide(listing, policy)


@given(_listings(), _policies)
def test_deciding_again_destroys_nothing(listing: list[Snapshot], policy: Policy) -> None:
    """The next prune leaves all that the first one left."""
    left = [d.snapshot for d in decide(listing, policy) if d.keep]
    assert not _destroyed(decide(left, policy))


@given(_listings(), _policies, st.integers(1, 5))
def test_keeping_more_destroys_no_more(
    listing: list[Snapshot], policy: Policy, more: int
) -> None:
    """A larger `keep` destroys a subset."""
    larger = Policy.last((policy.keep or 0) + more, policy.match)
    assert _destroyed(decide(listing, larger)) <= _destroyed(decide(listing, policy))


@given(_listings(), _policies, st.data())
def test_datasets_do_not_lean_on_each_other(
    listing: list[Snapshot], policy: Policy, data: st.DataObject
) -> None:
    """The decisions on a dataset are the same without the other datasets."""
    dataset = data.draw(st.sampled_from(["tank/a", "tank/ab", "tank"]))
    alone = [s for s in listing if s.dataset == dataset]
    whole = {n for n in _destroyed(decide(listing, policy)) if n.startswith(dataset + "@")}
    assert _destroyed(decide(alone, policy)) == whole


def test_reasons_say_rank_and_scope() -> None:
    """A reader learns from the reasons alone why each snapshot stays or goes."""
    listing = [*_autos(3), _snapshot("by-hand", 9)]
    reasons = {d.snapshot.short_name: d.reasons for d in decide(listing, Policy.last(2))}
    assert reasons["by-hand"] == ("its name is not one that zfstune gives",)
    assert reasons[AUTO.format(2)] == ("number 1 of the newest 2",)
    assert reasons[AUTO.format(0)] == ("number 3, beyond the newest 2",)


def test_a_clone_keeps_its_snapshot() -> None:
    """A snapshot past its rank stays while clones hang on it, and says so."""
    old = _snapshot(AUTO.format(0), 1, clones=2)
    newest, kept = decide([old, _snapshot(AUTO.format(1), 2, clones=1)], Policy.last(1))
    assert newest.reasons == ("number 1 of the newest 1", "a clone hangs on it")
    assert (kept.keep, kept.reasons) == (True, ("clones hang on it",))


def test_a_name_listed_with_two_guids_stays() -> None:
    """A snapshot that was made anew during the listing is nobody's to destroy."""
    twice = [
        _snapshot(AUTO.format(0), 1, guid=1),
        _snapshot(AUTO.format(0), 9, guid=2),
    ]
    decisions = decide(twice, Policy.last(0, allow_zero=True))
    assert [d.keep for d in decisions] == [True, True]


@pytest.mark.parametrize("name", ["daily-reports", "before-daily", "DAILY", "xdaily", ""])
def test_a_glob_matches_whole_names_only(name: str) -> None:
    """A name that only contains a match of the glob is out of scope."""
    assert not Policy.last(1, "daily").covers(name)
    assert Policy.last(1, "daily").covers("daily")


@pytest.mark.parametrize(
    ("glob", "inside", "outside"),
    [
        ("daily-*", "daily-1", "xdaily-1"),
        ("*-auto", "a-auto", "a-auto-1"),
        ("d?", "d1", "d12"),
        ("d[0-9]", "d5", "dx"),
        ("d[!0-9]", "dx", "d5"),
        ("a.b", "a.b", "aXb"),
        ("[", "[", "a"),
        ("a$", "a$", "a"),
        ("a", "a", "a\n"),
    ],
)
def test_globs_are_globs(glob: str, inside: str, outside: str) -> None:
    """Stars, marks and sets work as in a shell; nothing else means anything."""
    policy = Policy.last(1, glob)
    assert policy.covers(inside)
    assert not policy.covers(outside)


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"count": -1}, "never negative"),
        ({"count": 0}, "every snapshot in scope"),
        ({"count": True}, "whole number"),
        ({"count": 1.5}, "whole number"),
        ({"count": "5"}, "whole number"),
        ({"count": 1, "match": ""}, "empty glob"),
        ({"count": 1, "match": "tank@*"}, "no snapshot's name holds"),
        ({"count": 1, "match": "tank/*"}, "no snapshot's name holds"),
    ],
)
def test_nonsense_policies_are_refused(policy: dict[str, object], reason: str) -> None:
    """A policy that keeps nothing or has no rule is an error, not a prune."""
    with pytest.raises(PolicyError, match=reason):
        Policy.last(**policy)  # type: ignore[arg-type]


def test_keeping_none_takes_consent() -> None:
    """With consent, zero destroys all in scope and nothing else."""
    listing = [*_autos(3), _snapshot("by-hand", 9)]
    gone = _destroyed(decide(listing, Policy.last(0, allow_zero=True)))
    assert gone == {s.name for s in _autos(3)}


def test_policies_compare_by_what_they_say() -> None:
    """Two policies with the same words are equal and print them."""
    assert Policy.last(3, "a*") == Policy.last(3, "a*")
    assert Policy.last(3, "a*") != Policy.last(3, "b*")
    assert repr(Last(3)) == "Last(count=3)"


_victims = st.dictionaries(
    st.sampled_from(["tank/a", "tank/b", "tank/c", "tank/d"]), st.integers(0, 40)
).map(lambda counts: {name: _autos(count, name) for name, count in counts.items()})


@given(_victims, st.integers(1, 60))
def test_batches_hold_each_victim_once(
    victims: dict[str, list[Snapshot]], batch: int
) -> None:
    """Every victim lies in one batch, no batch is too large, and only the last is small."""
    batches = interleave(victims, batch)
    dealt = [s for one in batches for s in one]
    assert sorted(s.name for s in dealt) == sorted(
        s.name for found in victims.values() for s in found
    )
    assert all(len(one) == batch for one in batches[:-1])
    assert all(0 < len(one) <= batch for one in batches)


@given(_victims, st.integers(1, 60))
def test_batches_take_turns_and_go_oldest_first(
    victims: dict[str, list[Snapshot]], batch: int
) -> None:
    """Within a dataset the oldest go first, and datasets take equal turns."""
    dealt = [s for one in interleave(victims, batch) for s in one]
    taken: dict[str, int] = dict.fromkeys(victims, 0)
    for snapshot in dealt:
        assert snapshot.createtxg == taken[snapshot.dataset] + 1
        taken[snapshot.dataset] += 1
        for other, found in victims.items():
            behind = taken[snapshot.dataset] - taken[other]
            assert behind <= 1 or taken[other] == len(found)


def test_few_datasets_take_turns_at_once() -> None:
    """A batch opens few datasets that have many victims, or many that have few."""
    for each, most in ((20, 10), (1, 50)):
        victims = {f"tank/{i:03}": _autos(each, f"tank/{i:03}") for i in range(100)}
        batches = interleave(victims)
        assert {len({s.dataset for s in batch}) for batch in batches} == {most}


def test_a_batch_is_of_the_measured_size() -> None:
    """A call takes 50 snapshots unless another number is given."""
    assert [len(b) for b in interleave({"tank/a": _autos(120)})] == [DEFAULT_BATCH, 50, 20]
    with pytest.raises(PolicyError, match="at least one"):
        interleave({}, 0)
