"""The choice of a pool: each place that can name one, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_engine import FakeEngine
from zfstune.engine.pools import choose_pool, datasets_below, ready_pool
from zfstune.values.errors import InvalidName, NotFound, PlanError, PoolSuspended

if TYPE_CHECKING:
    from pathlib import Path

SEVERAL = FakeEngine("a", "b", "c", "d").seam


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    """Return an installer's manifest that names pool d."""
    path = tmp_path / "install-manifest.env"
    path.write_text("KLDLOAD_HOST=x\nKLDLOAD_POOL_NAME=d\n")
    return str(path)


def test_each_place_in_its_order(manifest: str) -> None:
    """The order is: argument, ZFSTUNE_POOL, the installer's variable, its file."""
    environ = {"ZFSTUNE_POOL": "b", "KLDLOAD_POOL_NAME": "c"}
    assert choose_pool(SEVERAL, "a", environ=environ, manifest=manifest) == "a"
    assert choose_pool(SEVERAL, environ=environ, manifest=manifest) == "b"
    del environ["ZFSTUNE_POOL"]
    assert choose_pool(SEVERAL, environ=environ, manifest=manifest) == "c"
    environ["KLDLOAD_POOL_NAME"] = ""
    assert choose_pool(SEVERAL, environ=environ, manifest=manifest) == "d"


def test_the_only_one(tmp_path: Path) -> None:
    """Without a choice, the only pool is chosen."""
    missing = str(tmp_path / "none")
    assert choose_pool(FakeEngine("tank/x").seam, environ={}, manifest=missing) == "tank"


def test_several_or_none(tmp_path: Path) -> None:
    """Several pools are listed; with none, the hint says how to get one."""
    missing = str(tmp_path / "none")
    with pytest.raises(PlanError, match="several are imported") as refused:
        choose_pool(SEVERAL, environ={}, manifest=missing)
    assert "a, b, c, d" in refused.value.hint
    assert "--pool" in refused.value.hint
    with pytest.raises(PlanError, match="none is imported") as refused:
        choose_pool(FakeEngine().seam, environ={}, manifest=missing)
    assert "zpool import" in refused.value.hint


def test_unknown_and_senseless_names() -> None:
    """A pool that is not imported is an error that lists those that are."""
    with pytest.raises(NotFound, match="'tank'") as refused:
        choose_pool(SEVERAL, "tank", environ={})
    assert "a, b, c, d" in refused.value.hint
    with pytest.raises(InvalidName):
        choose_pool(SEVERAL, "tank/data", environ={})
    with pytest.raises(InvalidName):
        choose_pool(SEVERAL, environ={"ZFSTUNE_POOL": "tank/data"})
    with pytest.raises(InvalidName, match="cannot use '' as a pool name"):
        choose_pool(FakeEngine("tank").seam, "", environ={"ZFSTUNE_POOL": "tank"})


def test_whose_name_it_is(tmp_path: Path) -> None:
    """The error for a name that nobody typed says where the name stands."""
    manifest = tmp_path / "manifest"
    manifest.write_text("KLDLOAD_POOL_NAME=bpool\n")
    missing = str(tmp_path / "none")
    for environ, path, source in (
        ({}, str(manifest), f"KLDLOAD_POOL_NAME in {manifest}"),
        ({"KLDLOAD_POOL_NAME": "bpool"}, missing, "$KLDLOAD_POOL_NAME"),
        ({"ZFSTUNE_POOL": "bpool"}, str(manifest), "$ZFSTUNE_POOL"),
    ):
        with pytest.raises(NotFound) as refused:
            choose_pool(SEVERAL, environ=environ, manifest=path)
        assert str(refused.value) == (
            f"cannot use pool 'bpool': no such pool is imported ({source} names it)"
        )
        assert (
            refused.value.hint == f"imported pools: a, b, c, d; --pool overrides {source}"
        )
    with pytest.raises(InvalidName, match=r"\(\$ZFSTUNE_POOL names it\)"):
        choose_pool(SEVERAL, environ={"ZFSTUNE_POOL": "tank/data"}, manifest=missing)
    with pytest.raises(NotFound) as refused:
        choose_pool(SEVERAL, "bpool", environ={}, manifest=missing)
    assert str(refused.value) == "cannot use pool 'bpool': no such pool is imported"
    assert refused.value.hint == "imported pools: a, b, c, d"


@pytest.mark.parametrize(
    "line",
    [
        "KLDLOAD_POOL_NAME=c",
        "export KLDLOAD_POOL_NAME=c",
        '  KLDLOAD_POOL_NAME="c"  ',
        "KLDLOAD_POOL_NAME='c' # the pool",
        "KLDLOAD_POOL_NAME=a\nKLDLOAD_POOL_NAME=c",
        "# KLDLOAD_POOL_NAME=a\nKLDLOAD_POOL_NAME=c\nOTHER_KLDLOAD_POOL_NAME=b",
    ],
)
def test_manifest_is_read_as_a_shell_would(line: str, tmp_path: Path) -> None:
    """Quotes, export, comments and a second assignment mean what they mean to a shell."""
    path = tmp_path / "manifest"
    path.write_text(line + "\n")
    assert choose_pool(SEVERAL, environ={}, manifest=str(path)) == "c"


def test_manifest_is_not_run(tmp_path: Path) -> None:
    """A command in the manifest is not run; it is read as a name, which is refused."""
    path = tmp_path / "manifest"
    path.write_text(f"KLDLOAD_POOL_NAME=$(touch {tmp_path}/ran)\n")
    with pytest.raises(InvalidName):
        choose_pool(SEVERAL, environ={}, manifest=str(path))
    assert not (tmp_path / "ran").exists()


def test_manifest_that_cannot_be_read(tmp_path: Path) -> None:
    """A manifest that is a folder is an error that names it."""
    with pytest.raises(PlanError, match="cannot read") as refused:
        choose_pool(SEVERAL, environ={}, manifest=str(tmp_path))
    assert refused.value.hint == (
        "name the pool with --pool or ZFSTUNE_POOL, and this file is not read"
    )


def test_suspended_pool_is_not_ready() -> None:
    """A suspended pool is refused before a change is begun."""
    engine = FakeEngine("tank")
    assert ready_pool(engine.seam, "tank", operation="prune pool").name == "tank"
    engine.suspended = True
    with pytest.raises(PoolSuspended, match="cannot prune pool 'tank'") as refused:
        ready_pool(engine.seam, "tank", operation="prune pool")
    assert "zpool clear tank" in refused.value.hint
    engine = FakeEngine("my pool")
    engine.suspended = True
    with pytest.raises(PoolSuspended) as refused:
        ready_pool(engine.seam, "my pool", operation="prune pool")
    assert "`zpool clear 'my pool'`" in refused.value.hint


def test_datasets_below_their_roots() -> None:
    """Each dataset is there once, also below two roots; by default all pools are read."""
    engine = FakeEngine("tank", "tank/a", "tank/a/b", "tank/c", "dozer").seam
    below = ["tank/a", "tank/a/b"]
    assert list(datasets_below(engine, ["tank/a"])) == below
    assert list(datasets_below(engine, ["tank/a/b", "tank/a"])) == ["tank/a/b", "tank/a"]
    found = datasets_below(engine)
    assert set(found) == {"tank", *below, "tank/c", "dozer"}
    assert all(dataset.name == name for name, dataset in found.items())
    with pytest.raises(NotFound):
        datasets_below(engine, ["tank/none"])
