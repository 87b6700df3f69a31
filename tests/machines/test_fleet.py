"""A fleet by Ansible: twelve hosts' worth of roles on two guests, over ssh."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_runs import Playbooks
from lab_pair import Pair

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.machines, pytest.mark.timeout(3000)]

FOLDER = Path(__file__).parent
# Names of hosts and their roles, by the machine that they share.
HOSTS = {
    "elder": {"web": "web", "db": "db", "mon": "mon", "mail": "mail"}
    | {"gate": "bastion", "balance": "lb"},
    "newer": {"files": "nfs", "build": "ci", "cp": "cp", "docks": "docker"}
    | {"vpn": "vpn", "desk": "workstation"},
}
LINE = re.compile(r"^(\w+) +: .*?changed=(\d+) .*?failed=(\d+)", re.MULTILINE)


class Fleet:
    """Twelve hosts on two machines.

    Attributes:
        pair: The machines.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        folder = pair.folder / "ansible"
        folder.mkdir()
        self._playbooks = Playbooks(folder, self._hosts())

    def _hosts(self) -> dict[str, dict[str, Any]]:
        """Give the variables of the machines and of the hosts on them."""
        known = self.pair.folder / "known"
        key = (self.pair.folder / "host.pub").read_text(encoding="utf-8")
        known.write_text(f"far {key}", encoding="utf-8")
        hosts: dict[str, dict[str, Any]] = {}
        for name, services in HOSTS.items():
            machine = self.pair.machines[name]
            reached = {
                "ansible_host": "127.0.0.1",
                "ansible_port": machine.forward,
                "ansible_user": "root",
                "ansible_ssh_private_key_file": str(self.pair.folder / "key"),
                "ansible_ssh_common_args": f"-o UserKnownHostsFile={known} "
                "-o HostKeyAlias=far -o KexAlgorithms=curve25519-sha256",
                "ansible_python_interpreter": "/usr/bin/python3",
                "pool": name,
            }
            for host, role in services.items():
                hosts[host] = {**reached, "zfstune_role": role}
        return hosts

    def run(self, *options: str, playbook: str = "fleet.yml") -> dict[str, int]:
        """Run a playbook; return how many tasks changed something, by host."""
        services = [host for hosts in HOSTS.values() for host in hosts]
        said = self._playbooks.run(
            FOLDER / playbook, *options, groups={"services": services}
        )
        rows = LINE.findall(said)
        assert not [row for row in rows if row[2] != "0"], said
        return {host: int(changed) for host, changed, _ in rows}


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """Boot the machines."""
    with tempfile.TemporaryDirectory(prefix="lab-", dir="/var/tmp") as folder:
        pair = Pair(Path(folder), reached=True, systemd=True)
        try:
            pair.boot()
            yield Fleet(pair)
        finally:
            pair.close()


def test_a_fleet(fleet: Fleet) -> None:
    """One playbook makes all of it, changes nothing again, and repairs what drifted."""
    elder, newer = (fleet.pair.machines[name] for name in HOSTS)
    for machine in (elder, newer):  # no month is to begin meanwhile, which a timer sees
        machine.run("date", "-u", "--set", "12:00")
    newer.run("zfs", "create", "-o", "canmount=off", "newer/copies")
    first = fleet.run()
    assert len(first) == 12
    # A load balancer and a VPN gateway store nothing of their own.
    idle = {host for host, changed in first.items() if not changed}
    assert idle == {"balance", "vpn"}
    sites = ("elder/web/www@first", "newer/copies/www@first")
    guids = [
        machine.run("zfs", "get", "-H", "-o", "value", "guid", site)
        for machine, site in zip((elder, newer), sites, strict=True)
    ]
    assert guids[0] == guids[1]
    timers = elder.run("systemctl", "list-timers", "--full", "--no-legend", "zfstune-*")
    for job in ("snapshot", "replicate", "prune"):
        assert f"zfstune-{job}-elder-web-www.timer" in timers

    assert not any(fleet.run().values())

    elder.run("zfs", "set", "recordsize=16K", "elder/db/postgres")
    newer.run("zfs", "set", "compression=off", "newer/files/share")
    elder.run("systemctl", "stop", "zfstune-snapshot-elder-web-www.timer")
    drifted = {"db": 1, "files": 1, "web": 1}
    assert fleet.run("--diff", "--limit", ",".join(drifted)) == drifted
    value = ("zfs", "get", "-H", "-o", "value")
    assert elder.run(*value, "recordsize", "elder/db/postgres") == "8K\n"
    assert "active" in elder.run(
        "systemctl", "is-active", "zfstune-snapshot-elder-web-www.timer"
    )


def test_figures(fleet: Fleet) -> None:
    """A timer writes the figures of a host, and a second run changes nothing."""
    elder = fleet.pair.machines["elder"]
    assert fleet.run(playbook="figures.yml")["web"] > 1
    elder.run("systemctl", "start", "zfstune-metrics.service")
    figures = elder.run("cat", "/var/lib/prometheus/node-exporter/zfstune.prom")
    assert 'zfstune_pool_size_bytes{pool="elder"}' in figures
    timers = elder.run("systemctl", "list-timers", "--full", "--no-legend", "zfstune-*")
    assert "zfstune-metrics.timer" in timers
    assert fleet.run(playbook="figures.yml") == {"web": 0}
