"""A pool with a golden image, made of dicts and folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clone_engine import CloneEngine
from zfstune.clones import create, finish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CloneEngine:
    """Give a pool with a system in tank/node, a volume and a place for clones."""
    monkeypatch.setattr(finish, "_PRIVATE", str(tmp_path / "run" / "clones"))
    engine = CloneEngine(tmp_path)
    system = engine.add("tank/node")
    (system / "etc" / "ssh").mkdir(parents=True)
    (system / "etc" / "machine-id").write_text("0123456789abcdef\n")
    (system / "etc" / "ssh" / "ssh_host_ed25519_key").write_text("secret")
    (system / "etc" / "ssh" / "sshd_config").write_text("Port 22\n")
    engine.add("tank/nodes")
    engine.add("tank/disk", size=4 * 16384)
    engine.blocks["tank/disk"] = {16384: b"x" * 16384}
    return engine


@pytest.fixture
def sealed(tank: CloneEngine) -> CloneEngine:
    """Give the same with the system and the volume sealed."""
    for name in ("tank/node", "tank/disk"):
        create.create(name, engine=tank.zfs)
    tank.changes.clear()
    return tank
