"""``zfstune metrics``: figures on stdout or in a file that is replaced whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from heirs import Heirs

    Run = Callable[..., tuple[int, str, str]]


def test_a_file_has_what_stdout_has(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """With --output nothing is printed, and the file ends with a newline."""
    tank.set("tank/a", {"org.zfstune:schedule": "hourly"})
    tank.take("tank/a", [2])
    words = ("metrics", "--state", str(tmp_path / "state"))
    status, out, err = run(*words)
    assert (status, err) == (0, "")
    assert 'zfstune_snapshots{dataset="tank/a",made_by="zfstune"} 1' in out
    target = tmp_path / "x.prom"
    assert run(*words, "--output", str(target)) == (0, "", "")
    assert target.read_text() == out


@pytest.mark.usefixtures("_no_zfs")
def test_without_zfs_the_file_stays(run: Run, tmp_path: Path) -> None:
    """Old figures, whose age is seen, are better than none."""
    target = tmp_path / "x.prom"
    target.write_text("old\n")
    status, out, err = run("metrics", "--output", str(target))
    assert (status, out, target.read_text()) == (5, "", "old\n")
    assert "hint: load it" in err


def test_a_schedule_that_cannot_be_read(run: Run, tank: Heirs, tmp_path: Path) -> None:
    """The other figures are printed, and the status is 3."""
    tank.set("tank/a", {"org.zfstune:schedule": "now and then"})
    status, out, err = run("metrics", "--state", str(tmp_path))
    assert (status, "zfstune_build_info" in out, "'tank/a'" in err) == (3, True, True)
