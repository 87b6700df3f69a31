"""The refusals of a receive: they name what is in the way, and a command that helps."""

from __future__ import annotations

import pytest

from stream_ends import snap, target
from zfstune.streams import unwelcome
from zfstune.streams.ends import missing_end
from zfstune.values.errors import PlanError
from zfstune.values.frozen import replace
from zfstune.values.state import Partial
from zfstune.values.stream_record import StreamHeader

HEADER = StreamHeader(9, 5, "filesystem", "tank/a@9")
ODD = replace(target(1, 2), name="back/a b", written_bytes=77)
WAITS = replace(ODD, partial=Partial("tank/a@8", 8))


@pytest.mark.parametrize(
    ("error", "reason", "hint"),
    [
        (unwelcome.outside("tank/\x1bb", "tank/a"), r"'tank/\\x1bb'", ""),
        (unwelcome.no_origin("back/a", HEADER), "guid 5", "without --base"),
        (
            unwelcome.no_partial(ODD, HEADER),
            "its beginning is not here",
            "without --resume",
        ),
        (unwelcome.has_partial(WAITS, HEADER, other=True), "another stream", "'back/a b'`"),
        (unwelcome.has_partial(WAITS, HEADER, other=False), "very stream", "--abort"),
        (
            unwelcome.exists_already(ODD, HEADER),
            "backup/a@1, backup/a@2, and a full stream",
            "zfs rename 'back/a b' 'back/a b-aside'`",
        ),
        (unwelcome.exists_already(target(), HEADER), "has no snapshot", "aside"),
        (
            unwelcome.exists_already(target(1), replace(HEADER, clone=True)),
            "and a clone makes",
            "aside",
        ),
        (unwelcome.base_missing(missing_end("back/a"), HEADER), "no such dataset", "base"),
        (unwelcome.base_missing_here(ODD, HEADER), "guid 5; its newest is", "guids"),
        (unwelcome.base_missing_here(target(), HEADER), "guid 5\nhint: ", "guids"),
        (unwelcome.other_kind(ODD, HEADER), "is a filesystem, and the", "another name"),
        (
            unwelcome.diverged(ODD, HEADER, snap(1, dataset="b c"), [snap(2), snap(3)]),
            "after 'b c@1', which both .* own: tank/a@2, tank/a@3; 77 bytes .* 'tank/a@3'",
            "`zfstune rollback 'b c@1' --lose snapshots -n`",
        ),
        (
            unwelcome.diverged(ODD, HEADER, snap(1), []),
            "after 'tank/a@1', which both sides have, 77 bytes were written to it",
            "`zfstune rollback tank/a@1 -n`",
        ),
        (
            unwelcome.has_taken_over(ODD, HEADER),
            "taken over",
            "failover --standby 'back/a b'`",
        ),
        (unwelcome.deduplicated("back/a b", HEADER), "is deduplicated", "redup FILE"),
        (unwelcome.name_taken("back/a@9", HEADER), "has that name", "back/a@9-other`"),
    ],
)
def test_refusals(error: PlanError, reason: str, hint: str) -> None:
    """Each says what is wrong and what may help."""
    with pytest.raises(PlanError, match=reason):
        raise error
    assert str(error).startswith("cannot receive 'tank/")
    assert hint in error.hint


def test_a_diverged_dataset_of_an_image() -> None:
    """Both ways on name the image; the sender's name comes from the stream, so quoted."""
    header = replace(HEADER, toname="tank/a b@9")
    error = unwelcome.diverged(ODD, header, snap(1), [], image="/a b")
    assert "`zfstune --image '/a b' rollback tank/a@1 -n`" in error.hint
    aside = "`zfstune --image '/a b' replicate 'tank/a b' 'back/a b' --keep-aside`"
    assert aside in error.hint


def test_many_are_cut() -> None:
    """Of hundreds of snapshots the first twenty are named, and the others counted."""
    many = target(*range(1, 100))
    assert "backup/a@20 and 79 more" in str(unwelcome.exists_already(many, HEADER))


def test_no_pool_is_moved_aside() -> None:
    """Its root dataset can have no other name."""
    root = replace(target(1), name="backup")
    hint = unwelcome.exists_already(root, HEADER).hint
    assert "zfs rename" not in hint
    assert "backup/copy" in hint


def test_the_way_on() -> None:
    """Both ends of the rest, and the way to give it up, can be pasted."""
    hint = unwelcome.way_on("back/a b", "1-2-3")
    assert "`zfstune send --resume 1-2-3`" in hint
    assert "`zfstune receive 'back/a b'`" in hint
    assert "`zfstune receive --abort 'back/a b'`" in hint


def test_the_way_on_in_an_image() -> None:
    """A command that is pasted works on the pool in that file, and on no other."""
    hint = unwelcome.way_on("back/a b", "1-2-3", "/srv/my image")
    assert "`zfstune send --resume 1-2-3`" in hint
    assert "`zfstune --image '/srv/my image' receive 'back/a b'`" in hint
    assert "`zfstune --image '/srv/my image' receive --abort 'back/a b'`" in hint
    hint = unwelcome.has_partial(WAITS, HEADER, other=True, image="/srv/i").hint
    assert "`zfstune --image /srv/i receive --abort 'back/a b'`" in hint
    assert "zfs get" not in hint
