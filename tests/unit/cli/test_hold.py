"""``zfstune hold``: names that make no sense, before anything changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_no_name_and_no_tag(run: Run, tank: Heirs) -> None:
    """A tag alone, a dataset in place of a snapshot, a tag of ZFS's own."""
    assert run("hold", "keep")[0] == 2
    status, _, err = run("hold", "keep", "tank/a")
    assert status == 1
    assert "it has no '@'" in err
    status, _, err = run("hold", ".keep", "tank/a@one")
    assert status == 1
    assert "begin with '.'" in err
    assert tank.calls == []
