"""Snapshots destroyed by name and guid: the program's arguments and its answer."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from scripted_binding import ScriptedBinding
from zfstune.engine._destroy_exactly import program_error, refusal
from zfstune.engine._errno import engine_error
from zfstune.engine.protocol import InUse, ProgramError
from zfstune.values.errors import Busy, EngineError, InvalidName, NotFound, PoolSuspended

IOC_CMD_UNAVAIL = 1029  # ZFS_ERR_IOC_CMD_UNAVAIL, include/sys/fs/zfs.h


def binding(stay: dict[str, int] | None = None, code: int = 0) -> ScriptedBinding:
    """Return a binding whose programs leave these snapshots, or fail."""
    return ScriptedBinding(zt_channel_program=(code, {"return": stay or {}}))


def test_the_arguments_of_the_program() -> None:
    """Arguments go by dataset; a dataset without a snapshot to destroy is left out."""
    table = binding()
    table.engine().destroy_exactly(
        {"tank/a@1": 5, "tank/a@2": 1 << 63, "tank/b@1": (1 << 64) - 1},
        survivors=["tank/a@3", "tank/other@1"],
        marks={"tank/b": {"org.x:y": "1"}, "tank/other": {"org.x:y": "1"}},
    )
    arguments: Any = table.asked[0][1][-1]
    assert arguments == {
        "tank/a": {
            "snapshots": {"tank/a@1": 5, "tank/a@2": -(1 << 63)},
            "survivors": {"tank/a@3": True},
            "marks": {},
        },
        "tank/b": {
            "snapshots": {"tank/b@1": -1},
            "survivors": {},
            "marks": {"org.x:y": "1"},
        },
    }


def test_each_reason_to_stay() -> None:
    """For each reason the class of the error tells the caller a remedy."""
    names = [f"tank/a@{n}" for n in range(6)]
    codes = (errno.ENOENT, errno.EBUSY, errno.EUSERS, errno.EEXIST, errno.ESTALE)
    table = binding(dict(zip(names, codes, strict=False)))
    stay = table.engine().destroy_exactly(dict.fromkeys(names, 1))
    kinds = [NotFound, InUse, Busy, Busy, EngineError]
    assert [type(stay[name]) for name in names[:5]] == kinds
    told = [(e.operation, e.target, e.errno) for e in stay.values()]
    assert told == [("destroy snapshot", *each) for each in zip(names, codes, strict=False)]
    assert table.history() == ["zfstune destroy tank/a@5"]


@pytest.mark.parametrize(
    "code",
    [
        *(errno.EPERM, errno.EACCES, errno.EINVAL, errno.ENOSPC, errno.ENOTSUP),
        *(errno.ECHRNG, errno.ETIME, IOC_CMD_UNAVAIL),
    ],
)
def test_a_program_that_cannot_run(code: int) -> None:
    """A program that cannot run is a ProgramError: another call may do the same."""
    with pytest.raises(ProgramError) as caught:
        binding(code=code).engine().destroy_exactly({"tank/a@1": 1})
    assert caught.value.errno == code
    assert caught.value.reason


def test_an_error_of_another_class() -> None:
    """An error that gets a class of its own keeps all that it says."""
    stopped = engine_error("run program", "tank", errno.EPERM)
    in_use = engine_error("destroy snapshot", "tank/a@1", errno.EBUSY)
    for error, kind, plain in (
        (program_error(stopped), ProgramError, stopped),
        (refusal("tank/a@1", errno.EBUSY), InUse, in_use),
    ):
        assert type(error) is kind
        assert vars(error) == vars(plain)
        assert str(error) == str(plain)


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.EROFS, errno.EIO, errno.ENOENT])
def test_a_pool_that_takes_no_change(code: int) -> None:
    """An error of the pool stays as it is, for another call would fail too."""
    with pytest.raises(EngineError) as caught:
        binding(code=code).engine().destroy_exactly({"tank/a@1": 1})
    assert not isinstance(caught.value, ProgramError)
    assert isinstance(caught.value, PoolSuspended) == (code == errno.EAGAIN)


def test_nothing_to_destroy() -> None:
    """Without snapshots no program runs, nor with a name that is no snapshot's."""
    table = binding()
    assert table.engine().destroy_exactly({}) == {}
    with pytest.raises(InvalidName):
        table.engine().destroy_exactly({"tank/a": 1})
    assert table.asked == []
