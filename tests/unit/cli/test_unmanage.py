"""``zfstune unmanage``: a dataset that is not managed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_not_managed(run: Run, tank: Heirs) -> None:
    """The error has the command that lists those that are."""
    status, out, err = run("unmanage", "tank/a")
    assert (status, out) == (1, "")
    assert "zfstune does not manage it" in err
    assert "zfstune list" in err
    assert tank.calls == []
