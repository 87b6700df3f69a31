"""What the pool takes, and that does not do there what it seems to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_pool import Model, app_profile, pool_info, said
from zfstune import profile as profiles
from zfstune.frozen import replace
from zfstune.properties import DEFAULT_LIMITS
from zfstune.state import Vdev

if TYPE_CHECKING:
    from zfstune.state import PoolInfo


def _pool(*, special: bool) -> PoolInfo:
    pool = pool_info()
    fast = Vdev("mirror", 12, "special", ("/dev/nvme0",), rotational=False)
    return replace(pool, vdevs=(*pool.vdevs, fast)) if special else pool


@pytest.mark.parametrize(
    ("special", "recordsize", "small", "words"),
    [
        (False, "128K", "32K", "special_small_blocks does nothing: 'tank' has no special"),
        (False, "128K", "0", ""),
        (True, "128K", "64K", ""),
        (True, "128K", "128K", "all data goes to the special vdev"),
        (True, "64K", "128K", "all data goes to the special vdev"),
        (True, "128K", "0", ""),
    ],
)
def test_small_blocks_and_the_special_vdev(
    *, special: bool, recordsize: str, small: str, words: str
) -> None:
    """It takes such a vdev to matter, and records that are larger not to fill it."""
    wanted = app_profile(recordsize=recordsize, special_small_blocks=small)
    plan = Model(pool=_pool(special=special)).plan(wanted)
    assert [words in each.message for each in plan.warnings] == [True] * bool(words)


def test_smb_is_not_served() -> None:
    """The property is set as asked, and the plan says that nobody acts on it."""
    plan = Model().plan(app_profile(sharesmb="on"))
    assert said(plan, "zfstune speaks to NFS alone").hint.startswith("`zfs share")
    assert Model().plan(app_profile(sharesmb="off")).warnings == ()


@pytest.mark.parametrize(("release", "told"), [((2, 1, 11), True), ((2, 2), False)])
def test_what_an_earlier_release_cannot_serve(
    release: tuple[int, ...], *, told: bool
) -> None:
    """A profile says which release it takes; the plan, which one runs."""
    limits = replace(DEFAULT_LIMITS, release=release)
    plan = Model().plan(profiles.load("docker"), owner=False, limits=limits)
    cautions = [c for c in plan.warnings if "takes OpenZFS" in c.message]
    assert [c.dataset for c in cautions] == ["tank/data/docker"] * told
    if told:
        [caution] = cautions
        assert caution.message == "profile docker takes OpenZFS 2.2, and this is 2.1.11"
        assert caution.hint == "overlay2 cannot lie on an earlier one"
