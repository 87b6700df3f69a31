"""Roles: what a machine is for, as a set of profiles.

The table holds the kldload postinstallers and the roles of their dispatcher, which
goes by what stands before the first dash of the host's name: ``web-prod-01`` is a
``web``. Roles compose: where two ask for the same dataset, they ask for the same.
"""

from __future__ import annotations

from zfstune.values.errors import ProfileError
from zfstune.values.frozen import frozen
from zfstune.values.text import did_you_mean, shown

__all__ = ["AUTO", "ROLES", "Role", "find_role", "role_of_host"]

# Stands for the role that the host's name says.
AUTO = "auto"


@frozen
class Role:
    """What a machine is for.

    Attributes:
        name: What ``--role`` calls it, and the first part of a host's name.
        profiles: Names of its profiles; none where it stores nothing of its own.
        summary: One line.
        aliases: What else it is called.
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
    """Give the role of that name, or of that other name.

    Raises:
        ProfileError: There is none; the hint lists what there is.
    """
    role = _BY_NAME.get(name)
    if role is None:
        listed = "there are: " + ", ".join((AUTO, *(role.name for role in ROLES)))
        hint = did_you_mean(name, _BY_NAME, listed)
        message = f"cannot use role '{shown(name)}': there is no such role"
        raise ProfileError(message, hint=hint)
    return role


def role_of_host(hostname: str) -> Role:
    """Give the role that a host's name says; a name that says none means ``base``.

    Args:
        hostname: With its domain or without, as in ``web-prod-01.example.org``.
    """
    first = hostname.partition(".")[0].partition("-")[0]
    return _BY_NAME.get(first.lower(), _BY_NAME["base"])
