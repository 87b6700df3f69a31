"""Roles: sets of profiles, each for one purpose of a machine.

The table holds the kldload postinstallers and the roles of their dispatcher, which
takes the part of the host's name before the first dash: ``web-prod-01`` is a ``web``.
Roles compose: where two ask for the same dataset, they ask for the same values.
"""

from __future__ import annotations

from zfstune.values.errors import ProfileError
from zfstune.values.frozen import frozen
from zfstune.values.text import did_you_mean, shown

__all__ = ["AUTO", "ROLES", "Role", "find_role", "role_of_host"]

# Stands for the role in this host's name.
AUTO = "auto"


@frozen
class Role:
    """A purpose of a machine.

    Attributes:
        name: Its name, for ``--role`` and as the first part of a host's name.
        profiles: Names of its profiles; none where it stores nothing of its own.
        summary: One line.
        aliases: Other names of the role.
    """

    name: str
    profiles: tuple[str, ...]
    summary: str
    aliases: tuple[str, ...] = ()


ROLES = (
    Role("base", (), "Any machine: nothing beyond what its installer made"),
    Role("bastion", ("audit",), "A jump host that records its sessions"),
    Role("ci", ("docker", "ci"), "A build runner with Docker", ("ci-runner",)),
    Role(
        "cp",
        ("containerd", "kubelet", "etcd"),
        "A control plane of Kubernetes",
        ("control-plane",),
    ),
    Role("db", ("postgres",), "A database server", ("database", "postgres")),
    Role("docker", ("docker", "podman"), "A host of containers"),
    Role("k8s", ("containerd", "kubelet"), "A node of Kubernetes", ("kubernetes",)),
    Role("lb", (), "A load balancer: it stores nothing of its own", ("loadbalancer",)),
    Role("mail", ("mail",), "A mail server"),
    Role("mon", ("prometheus", "grafana"), "A monitoring server", ("monitoring",)),
    Role("nfs", ("nfs", "images"), "A file server"),
    Role("vpn", (), "A VPN gateway: it stores nothing of its own", ("vpn-gateway",)),
    Role("web", ("web",), "A web server", ("webserver",)),
    Role("worker", ("containerd", "kubelet"), "A worker of Kubernetes"),
    Role(
        "workstation",
        ("docker", "projects", "vm-images"),
        "A developer's machine",
        ("dev",),
    ),
)

_BY_NAME = {name: role for role in ROLES for name in (role.name, *role.aliases)}


def find_role(name: str) -> Role:
    """Return the role of a name or of an alias.

    Raises:
        ProfileError: There is no such role; the hint lists the roles there are.
    """
    role = _BY_NAME.get(name)
    if role is None:
        listed = "known roles: " + ", ".join((AUTO, *(role.name for role in ROLES)))
        hint = did_you_mean(name, _BY_NAME, listed)
        message = f"cannot use role '{shown(name)}': there is no such role"
        raise ProfileError(message, hint=hint)
    return role


def role_of_host(hostname: str) -> Role:
    """Return the role in a host's name; a name without one means ``base``.

    Args:
        hostname: With its domain or without, as in ``web-prod-01.example.org``.
    """
    first = hostname.partition(".")[0].partition("-")[0]
    return _BY_NAME.get(first.lower(), _BY_NAME["base"])
