"""Applications whose files stay as they are while they run.

Such an application takes the files of its folder for its own: it opens and closes them
as it likes, keeps notes on them in memory, and writes to several of them as one.
"""

from __future__ import annotations

from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NAMES", "running_hint", "running_reason"]

# Application to the names that the kernel has for its program (15 characters at most),
# and the unit that stops it.
_APPLICATIONS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "postgres": (("postgres", "postmaster"), "postgresql"),
    "mysql": (("mysqld", "mariadbd"), "mariadb"),
    "mongodb": (("mongod",), "mongod"),
    "redis": (("redis-server", "valkey-server"), "redis-server"),
    "etcd": (("etcd",), "etcd"),
    "prometheus": (("prometheus",), "prometheus"),
    "grafana": (("grafana", "grafana-server"), "grafana-server"),
    "docker": (("dockerd",), "docker"),
    "containerd": (("containerd",), "containerd"),
    "kubelet": (("kubelet",), "kubelet"),
    "minio": (("minio",), "minio"),
    "dovecot": (("dovecot",), "dovecot"),
    "openldap": (("slapd",), "slapd"),
    "influxdb": (("influxd",), "influxdb"),
    "clickhouse": (("clickhouse-serv",), "clickhouse-server"),
    "a Java server": (("java",), ""),  # Kafka, Elasticsearch, Cassandra
    "a virtual machine": (
        ("qemu-system-x86", "qemu-system-aar", "qemu-kvm", "kvm"),
        "",
    ),
}
_BY_PROGRAM = {
    program: (application, unit)
    for application, (programs, unit) in _APPLICATIONS.items()
    for program in programs
}
NAMES = frozenset(_BY_PROGRAM)


def running_reason(running: Mapping[int, str]) -> str:
    """Say which applications run.

    Args:
        running: Process to the name of its program, one of NAMES.
    """
    first: dict[str, int] = {}
    for pid, program in sorted(running.items()):
        first.setdefault(_BY_PROGRAM[program][0], pid)
    return " and ".join(
        f"{shown(application)} uses it (process {pid})"
        for application, pid in first.items()
    )


def running_hint(running: Mapping[int, str]) -> str:
    """Say how the applications are stopped."""
    units = sorted({_BY_PROGRAM[program][1] for program in running.values()} - {""})
    if not units:
        return "stop it, and try again"
    return f"`systemctl stop {' '.join(map(for_shell, units))}`, and try again"
