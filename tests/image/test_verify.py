"""verify on an image: what the command finds, prints, and exits with."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import zfstune
from zfstune.cli.main import main
from zfstune.retention.policy_text import parse_policy
from zfstune.retention.store import set_policy

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from zfstune.engine.image import ImageEngine


def test_drift_is_found_and_repaired(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is 0 after an apply, 4 after a change, which the shown command repairs."""
    zfstune.apply("logs", "images", properties={"quota": "1G"}, engine=engine)
    engine.set("tank/data/images", {"recordsize": "128K"})
    engine.inherit("tank/data/logs", "compression")
    engine.close()

    def run(*argv: str) -> tuple[int, str]:
        status = main(["--image", os.fspath(file), *argv])
        return status, capsys.readouterr()[0]

    status, out = run("verify")
    assert status == 4, out
    [images] = [line for line in out.splitlines() if line.startswith("tank/data/images")]
    assert "drift-local" in images
    assert "recordsize is 128K, set by hand, and was set to 1M" in images
    status, out = run("verify", "logs", "--json")
    assert status == 4
    document = json.loads(out)
    [logs] = document["datasets"]
    assert (logs["name"], logs["state"]) == ("tank/data/logs", "drift-inherited")
    drift, quota = logs["findings"]
    assert drift["property"] == "compression"
    assert drift["source"] in ("default", "inherited")
    assert (quota["state"], quota["found"]) == ("overridden", str(1 << 30))
    for line in (images, drift["hint"]):
        words = line.rpartition("zfstune ")[2].split()
        assert run(*words, "-o", "quota=1G")[0] == 0
    status, out = run("verify")
    assert status == 0, out
    assert "all as they should be" in out
    assert run("verify", "postgres")[0] == 4
    assert run("verify", "no-such-profile")[0] == 1


def test_missing_and_late(engine: ImageEngine) -> None:
    """A destroyed dataset and snapshots that were never whole are found on real ZFS."""
    zfstune.apply("postgres", owner=False, engine=engine)
    engine.destroy("tank/data/postgres/backups")
    set_policy(engine, "tank/data/postgres", parse_policy("keep=3"))
    zfstune.snapshot("tank/data/postgres", recursive=True, engine=engine)
    found = zfstune.verify(engine=engine)
    pending = {v.name: v.state for v in found if v.pending}
    assert pending == {"tank/data/postgres/backups": "missing"}
    zfstune.snapshot("tank/data/postgres/data", engine=engine)
    found = zfstune.verify("tank/data/postgres", engine=engine)
    pending = {v.name: v.state for v in found if v.pending}
    assert pending["tank/data/postgres/data"] == "torn-snapshots"


def test_a_volume_in_the_way(
    engine: ImageEngine, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A volume of that name is no drift of values: applying again would not end it."""
    zfstune.apply("web", owner=False, engine=engine)
    engine.destroy("tank/data/www")
    engine.create("tank/data/www", properties={"volsize": "8M"}, volume=True)
    engine.close()
    assert main(["--image", str(file), "verify", "--role", "web"]) == 4
    [line] = [li for li in capsys.readouterr().out.splitlines() if "missing" in li]
    assert "asks for it, and a volume of that name is in the way -> on a host" in line
    assert line.endswith(": zfs rename tank/data/www tank/data/www-old")
    assert main(["--image", str(file), "verify", "--role", "vpn"]) == 0
    assert "this role has no datasets" in capsys.readouterr().out


def test_a_remedy_that_the_zfs_command_has(engine: ImageEngine) -> None:
    """It cannot reach an image, and the remedy says where it can be run."""
    engine.create("tank/a", properties={"org.zfstune:profile": "of-mine"})
    engine.set("tank/a", {"sync": "disabled"})
    [finding] = next(v for v in zfstune.verify(engine=engine) if v.pending).findings
    assert finding.hint.startswith("on a host that has imported this pool: zfs set sync=")
