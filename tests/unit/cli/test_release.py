"""``zfstune release``: names that make no sense, before anything changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_no_name(run: Run, tank: Heirs) -> None:
    """A tag alone, or a dataset in place of a snapshot."""
    assert run("release", "keep")[0] == 2
    status, _, err = run("release", "keep", "tank/a")
    assert status == 1
    assert "it has no '@'" in err
    assert tank.calls == []
