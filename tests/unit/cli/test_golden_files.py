"""``zfstune golden export`` and ``restore``: what is printed was done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from clone_engine import CloneEngine
from zfstune.clones.create import create
from zfstune.clones.export import export_image
from zfstune.engine import open as opening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def tank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloneEngine:
    """Let the command open a pool with an image, which was exported to a folder."""
    engine = CloneEngine(tmp_path)
    engine.add("tank/disk", size=65536)
    create("tank/disk", engine=engine.zfs)
    export_image("tank/disk", str(tmp_path / "out"), engine=engine.zfs)
    monkeypatch.setattr(opening, "open_engine", lambda *_, **__: engine)
    return engine


@pytest.mark.usefixtures("tank")
def test_a_plan_is_printed_with_n(run: Run, tmp_path: Path) -> None:
    """And the steps without it, each as it is done; the second time there is none."""
    words = ("golden", "restore", str(tmp_path / "out"), "tank/back")
    planned = run(*words, "-n")[1]
    assert [line.split()[0] for line in planned.splitlines()] == [
        "receive",
        "compare",
        "hold",
    ]
    assert run(*words) == (0, planned, "")
    assert run(*words) == (0, "tank/back is this image already\n", "")


@pytest.mark.parametrize(("left", "printed"), [(0, []), (1, ["receive", "compare"])])
def test_after_an_error_what_is_printed_was_done(
    run: Run, tank: CloneEngine, tmp_path: Path, left: int, printed: list[str]
) -> None:
    """Wherever it ends, and so does what is said after an interruption."""
    tank.left = left
    tank.end = KeyboardInterrupt
    status, out, err = run("golden", "restore", str(tmp_path / "out"), "tank/back")
    assert (status, [line.split()[0] for line in out.splitlines()]) == (130, printed)
    assert ("the next run compares and holds it" in err) == bool(printed)


def test_what_is_taken_away_again_is_printed(
    run: Run, tank: CloneEngine, tmp_path: Path
) -> None:
    """The dataset arrived, and was destroyed, since its content is another one."""
    manifest = tmp_path / "out" / "manifest.json"
    values = json.loads(manifest.read_text())
    values["digest"] = "zfstune-content-1:" + "0" * 64
    manifest.write_text(json.dumps(values))
    status, out, _ = run("golden", "restore", str(tmp_path / "out"), "tank/back")
    assert (status, [line.split()[0] for line in out.splitlines()]) == (
        1,
        ["receive", "destroy"],
    )
    assert "tank/back" not in tank.kinds
