"""The doctor on a real kernel: its release, its module's parameters, and this guest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import zfstune
from zfstune.health.host_facts import read_release
from zfstune.host.zfs_installation import library_version, running_among, zfs_parameters

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

_VERSION = "/sys/module/zfs/version"
_TIMEOUT = Path("/sys/module/zfs/parameters/zfs_txg_timeout")


def test_versions(command: Command) -> None:
    """The library's own text is the version that `zfs version` prints first."""
    userland, kernel = command("zfs", "version").split()
    assert f"zfs-{library_version()}" == userland
    version = Path(_VERSION).read_text(encoding="ascii").strip()
    assert f"zfs-kmod-{version}" == kernel
    assert len(read_release(version)) == 3


def test_what_concerns_this_guest(engine: Engine, pool: str) -> None:
    """A dataset brings a fault of this release up; one of Debian's fixes keeps another."""
    release = engine.limits.release
    before = {finding.name for finding in zfstune.doctor(engine).findings}
    engine.create(f"{pool}/large", properties={"recordsize": "1M"})
    found = {finding.name: finding for finding in zfstune.doctor(engine).findings}
    if release < (2, 4, 1):
        assert f"{pool}/large" in found["large-blocks-sent-back"].concerns
    else:
        assert "large-blocks-sent-back" not in found
    assert "holes-in-dirty-files" not in found
    assert ("mapped-and-read" in found) is (release < (2, 1, 12))
    assert not {"library-differs", "device-closed", "release-too-new"} & before
    assert ("no-zed" in found) is (running_among(["zed"]) == frozenset())


def test_a_parameter(engine: Engine) -> None:
    """A value that somebody sets in the running module is found."""
    usual = zfs_parameters(["zfs_txg_timeout"])["zfs_txg_timeout"]
    _TIMEOUT.write_text("60", encoding="ascii")
    try:
        found = zfstune.doctor(engine)
    finally:
        _TIMEOUT.write_text(usual, encoding="ascii")
    assert "parameter-zfs_txg_timeout" in {finding.name for finding in found.findings}
    after = zfstune.doctor(engine)
    assert "parameter-zfs_txg_timeout" not in {finding.name for finding in after.findings}
