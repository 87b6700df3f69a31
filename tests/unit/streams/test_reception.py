"""What becomes of each stream that arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ends import snap
from zfstune.streams.ends import End
from zfstune.streams.landing import Landing
from zfstune.streams.package import Package, PackedDataset
from zfstune.streams.receive_plan import Received, Skipped
from zfstune.streams.reception import ReceiveChoices, Reception
from zfstune.values.errors import InvalidName, PlanError, ZfstuneError
from zfstune.values.frozen import replace
from zfstune.values.state import Partial
from zfstune.values.stream_record import StreamHeader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.streams.receive_plan import ReceiveStep

TREE = Package("tank/a@9", "", tree=True)


def header(toname: str, guid: int, base: int = 0, **more: bool) -> StreamHeader:
    """Make the first record of a stream."""
    return StreamHeader(guid, base, "filesystem", toname, **more)


def there(name: str, *guids: int, partial: Partial | None = None, written: int = 0) -> End:
    """Make a dataset with snapshots."""
    snapshots = tuple(snap(guid, dataset=name) for guid in guids)
    return End(
        name,
        exists=True,
        guid=1,
        kind="filesystem",
        snapshots=snapshots,
        partial=partial,
        written_bytes=written,
    )


def reception(
    *ends: End,
    package: Package | None = None,
    target: str = "back/b",
    properties: Mapping[str, str] | None = None,
    take_properties: bool = False,
) -> Reception:
    """Begin a receive where these datasets are."""
    choices = ReceiveChoices(Landing(target), properties or {}, (), take_properties)
    return Reception(choices, package, {end.name: end for end in ends})


def nowhere(_guid: int) -> str:
    """Find no snapshot."""
    return ""


def received(step: ReceiveStep) -> Received:
    """See that a stream is received."""
    assert isinstance(step, Received)
    return step


def test_a_new_dataset_and_what_follows() -> None:
    """A full stream makes it, inert; then incrementals fit, as if it were there."""
    run = reception()
    step = received(run.decide(header("tank/a@1", 1), nowhere))
    assert (step.received, step.new, step.base_guid) == ("back/b@1", True, 0)
    assert step.arrival.properties["readonly"] == "on"
    step = received(run.decide(header("tank/a@2", 2, 1), nowhere))
    assert (step.received, step.new, step.arrival.properties) == ("back/b@2", False, {})
    assert run.decide(header("tank/a@1", 1), nowhere) == Skipped("tank/a@1", "back/b@1", 1)
    with pytest.raises(PlanError, match="own: back/b@2"):
        run.decide(header("tank/a@3", 3, 1), nowhere)


def test_a_volume() -> None:
    """It is hidden from scans of disks."""
    step = reception().decide(replace(header("tank/a@1", 1), kind="volume"), nowhere)
    assert received(step).arrival.properties["volmode"] == "none"


def test_what_is_there_is_passed_over() -> None:
    """By its guid, whatever its name, even where the dataset has changed since."""
    run = reception(there("back/b", 1, 2, written=5))
    step = run.decide(header("tank/a@other", 1), nowhere)
    assert step == Skipped("tank/a@other", "back/b@1", 1)


@pytest.mark.parametrize(
    ("ends", "head", "reason"),
    [
        ([], header("tank/a@2", 2, 1), "no such dataset"),
        ([there("back/b", 1)], header("tank/a@2", 2), "it exists"),
        ([there("back/b")], header("tank/a@2", 2), "has no snapshot"),
        ([there("back/b", 1)], header("tank/a@3", 3, 2), "none of its snapshots"),
        ([there("back/b", 1, 2)], header("tank/a@3", 3, 1), "own: back/b@2"),
        ([there("back/b", 1, written=9)], header("tank/a@3", 3, 1), "9 bytes"),
        ([there("back/b", 1)], header("tank/a@1", 3, 1), "has that name"),
        ([there("back/b", 1)], header("tank/a@3", 3, 1, clone=True), "it exists"),
        ([], header("tank/a@3", 3, 1, clone=True), "does not have"),
        ([], header("tank/a@3", 3, rest=True), "beginning is not here"),
        ([], header("tank/a@3", 3, deduplicated=True), "is deduplicated"),
        (
            [there("back/b", 1)],
            header("tank/a@3", 3, 1, rest=True),
            "beginning is not here",
        ),
        (
            [there("back/b", 1, partial=Partial("tank/a@2", 2, 1))],
            header("tank/a@3", 3, 1),
            "of another stream",
        ),
        (
            [there("back/b", 1, partial=Partial("tank/a@3", 3, 1))],
            header("tank/a@3", 3, 1),
            "of this very stream",
        ),
        (
            [there("back/b", 1, partial=Partial("tank/a@3", 3, 1))],
            header("tank/a@3", 3, 2, rest=True),
            "of another stream",
        ),
        (
            [there("back/b", 1)],
            replace(header("tank/a@3", 3, 1), kind="volume"),
            "is a filesystem",
        ),
    ],
)
def test_refusals(ends: list[End], head: StreamHeader, reason: str) -> None:
    """Nothing that is there ever goes for a stream."""
    with pytest.raises(PlanError, match=reason):
        reception(*ends).decide(head, nowhere)


@pytest.mark.parametrize("name", ["", "tank", "tank/a", "tank/a@b@c", "tank/..@1", "a/%@1"])
def test_names_that_cannot_be(name: str) -> None:
    """A name that no snapshot has is refused, whatever it would become."""
    with pytest.raises(InvalidName):
        reception().decide(header(name, 1), nowhere)


def test_the_rest_of_a_stream() -> None:
    """It fits the part that waits; where that is all there is, the dataset stays inert."""
    waits = there("back/b", partial=Partial("tank/a@3", 3))
    step = received(reception(waits).decide(header("tank/a@3", 3, rest=True), nowhere))
    assert (step.rest, step.new) == (True, False)
    assert step.arrival.properties["canmount"] == "noauto"
    waits = there("back/b", 1, partial=Partial("tank/a@3", 3, 1))
    step = received(reception(waits).decide(header("tank/a@3", 3, 1, rest=True), nowhere))
    assert step.arrival.properties == {}


def test_clones() -> None:
    """The origin is looked for in what has come, and then in the pool."""
    run = reception(package=TREE)
    run.decide(header("tank/a@1", 1), nowhere)
    step = received(run.decide(header("tank/a/b@2", 2, 1, clone=True), nowhere))
    assert (step.received, step.origin) == ("back/b/b@2", "back/b@1")
    other = received(
        run.decide(header("tank/a/c@3", 3, 77, clone=True), {77: "back/x@y"}.__getitem__)
    )
    assert other.origin == "back/x@y"
    with pytest.raises(PlanError, match="does not have"):
        run.decide(header("tank/a/d@4", 4, 78, clone=True), nowhere)


def test_a_tree_under_other_names() -> None:
    """What was renamed here is found by its base, and new datasets go below it."""
    run = reception(there("back/b", 1), there("back/b/moved", 2), package=TREE)
    run.decide(header("tank/a@5", 5, 1), nowhere)
    step = received(run.decide(header("tank/a/x@6", 6, 2), nowhere))
    assert step.received == "back/b/moved@6"
    step = received(run.decide(header("tank/a/x/new@7", 7), nowhere))
    assert step.received == "back/b/moved/new@7"
    with pytest.raises(PlanError, match="no such dataset"):
        run.decide(header("tank/a/y@8", 8, 99), nowhere)


def test_outside_of_the_package() -> None:
    """A stream of another dataset than the package's is refused."""
    run = reception(package=TREE)
    for name in ("tank/ab@1", "tank@1", "other/a@1"):
        with pytest.raises(PlanError, match="lies outside"):
            run.decide(header(name, 1), nowhere)


def test_one_snapshot_by_name() -> None:
    """A package of several has names of its own."""
    one = Package("tank/a@1", datasets=(PackedDataset("tank/a", 1, {"1": 1}),))
    run = reception(package=one, target="back/b@mine")
    step = received(run.decide(header("tank/a@1", 1), nowhere))
    assert step.received == "back/b@mine"
    for several in (TREE, Package("tank/a@2")):
        with pytest.raises(InvalidName, match="several snapshots"):
            reception(package=several, target="back/b@mine")


def test_properties_of_a_package() -> None:
    """They are taken by word, and for their own dataset."""
    packed = PackedDataset("tank/a", 1, {}, {"compression": "lz4", "quota": "5"})
    package = replace(TREE, datasets=(packed,))
    for taken in (True, False):
        run = reception(package=package, take_properties=taken)
        step = received(run.decide(header("tank/a@1", 1), nowhere))
        assert step.arrival.received == ({"compression": "lz4"} if taken else {})
        step = received(run.decide(header("tank/a/b@2", 2), nowhere))
        assert step.arrival.received == {}


def test_choices_below_the_first_dataset() -> None:
    """They inherit what can be; a quota is set on each; a volume has no mountpoint."""
    chosen = {"readonly": "off", "own:x": "y", "quota": "1G", "canmount": "on"}
    run = reception(package=TREE, properties=chosen)
    first = received(run.decide(header("tank/a@1", 1), nowhere)).arrival
    assert first.properties.items() >= chosen.items()
    below = received(run.decide(header("tank/a/b@2", 2), nowhere)).arrival
    assert below.properties.items() >= {("quota", "1G"), ("canmount", "on")}
    assert not below.properties.keys() & {"readonly", "own:x"}
    assert {"readonly", "own:x"} <= set(below.excluded)
    volume = replace(header("tank/a/v@3", 3), kind="volume")
    third = received(run.decide(volume, nowhere)).arrival
    assert not third.properties.keys() & {"readonly", "quota", "canmount"}


def test_encryption_of_the_first_dataset_is_that_of_all() -> None:
    """Those below are made within its encryption root."""
    chosen = {"encryption": "on", "keyformat": "passphrase"}
    run = reception(package=TREE, properties=chosen)
    first = received(run.decide(header("tank/a@1", 1), nowhere)).arrival
    assert first.properties["encryption"] == "on"
    below = received(run.decide(header("tank/a/b@2", 2), nowhere)).arrival
    assert not below.properties.keys() & chosen.keys()


NAMES = st.sampled_from(["tank/a@1", "tank/a@2", "tank/a/b@1", "tank/a/b/c@2", "tank/c@1"])
GUIDS = st.integers(0, 4)
HEADERS = st.builds(
    header, NAMES, st.integers(1, 4), GUIDS, clone=st.booleans(), rest=st.booleans()
)
ENDS = st.lists(
    st.builds(
        lambda name, guids: there(name, *sorted(guids)),
        st.sampled_from(["back/b", "back/b/b", "back/b/x"]),
        st.sets(st.integers(1, 4)),
    ),
    unique_by=lambda end: end.name,
)


@given(ENDS, st.lists(HEADERS, max_size=8), st.sampled_from([None, TREE]))
def test_streams_of_strangers(
    ends: list[End], heads: list[StreamHeader], package: Package | None
) -> None:
    """Whatever comes in whatever order: it only appends, and never outside the target."""
    run = reception(*ends, package=package)
    guids = {end.name: [s.guid for s in end.snapshots] for end in ends}
    for head in heads:
        try:
            step = run.decide(head, nowhere)
        except ZfstuneError:
            continue
        if isinstance(step, Skipped):
            assert step.guid in guids[step.there.partition("@")[0]]
            continue
        assert f"{step.dataset}/".startswith("back/b/")
        before = guids.setdefault(step.dataset, [])
        assert step.new == (not before and step.dataset not in {e.name for e in ends})
        if step.base_guid and not step.origin:
            assert before[-1] == step.base_guid
        else:
            assert not before
        before.append(step.guid)


def test_a_tree_of_both_kinds() -> None:
    """In a raw tree a dataset that is not encrypted stays so below one that is."""
    raw = Package("tank/a@9", "", tree=True, raw=True)
    for package, encryption in ((raw, "off"), (TREE, None)):
        made = reception(package=package)
        received(made.decide(header("tank/a@1", 1, raw=True), nowhere))
        below = received(made.decide(header("tank/a/b@1", 2), nowhere))
        assert below.arrival.properties.get("encryption") == encryption
        further = received(made.decide(header("tank/a/b/c@1", 3), nowhere))
        assert "encryption" not in further.arrival.properties
