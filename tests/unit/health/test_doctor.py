"""The facts that are read of a host and its pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from heirs import Heirs
from zfstune.health import doctor as doctor_module
from zfstune.health.diagnosis import diagnose
from zfstune.health.doctor import doctor
from zfstune.values.errors import ZfsUnavailable

if TYPE_CHECKING:
    from zfstune.engine.protocol import Engine
    from zfstune.health.diagnosis import Diagnosis
    from zfstune.health.host_facts import HostFacts


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[HostFacts]:
    """Return the facts that were judged."""
    facts: list[HostFacts] = []

    def note(found: HostFacts) -> Diagnosis:
        facts.append(found)
        return diagnose(found)

    monkeypatch.setattr(doctor_module, "diagnose", note)
    return facts


def test_pools_and_datasets(seen: list[HostFacts]) -> None:
    """Zones of policies, targets on other hosts, and the youngest thing are read."""
    engine = Heirs("tank", "tank/a", "tank/b")
    engine.set("tank/a", {"org.zfstune:policy": "daily=3 tz=Mars/Olympus"})
    engine.set("tank/b", {"org.zfstune:policy": "nonsense"})
    engine.set("tank/b", {"org.zfstune:replica-target-00000000000000aa": "host:tank/copy"})
    found = doctor(cast("Engine", engine))
    [facts] = seen
    assert [dataset.name for dataset in facts.datasets] == ["tank", "tank/a", "tank/b"]
    assert facts.zones == {"Mars/Olympus": False}
    assert facts.remote
    assert "zone-unknown" in {finding.name for finding in found.findings}


def test_no_zfs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is looked at, and the diagnosis says what was not."""

    def refuse() -> None:
        raise ZfsUnavailable("cannot use ZFS: no module")

    monkeypatch.setattr(doctor_module, "open_engine", refuse)
    expected = ("pools and datasets: cannot use ZFS: no module",)
    assert doctor().unseen == expected
    assert doctor(no_zfs="cannot use ZFS: no module").unseen == expected


@pytest.mark.parametrize(
    ("place", "is_remote"),
    [("host:tank/a", True), ("tank/a", False), ("/x.zpool:tank", False), ("ta/b:c", False)],
)
def test_places(place: str, *, is_remote: bool) -> None:
    """An image's path begins with a slash, which no host's name does."""
    assert doctor_module._is_remote(place) is is_remote
