"""Questions to the zfs command of another host, by which a copy is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from zfstune.streams.remote.read_zfs import ZfsReader
from zfstune.values.errors import EngineError
from zfstune.values.state import Partial

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.streams.remote.ssh import RemoteCommand, SshHost

GET = (
    "back/a\ttype\tfilesystem\t-\nback/a\tguid\t9\t-\nback/a\tcreatetxg\t1\t-\n"
    "back/a\tencryption\taes-256-gcm\t-\nback/a\tencryptionroot\t{root}\t-\n"
    "back/a\tpbkdf2salt\t5\t-\nback/a\treadonly\ton\tlocal\n"
    "back/a\tcanmount\ton\tdefault\nback/a\texec\ton\tinherited from back\n"
    "back/a\tsetuid\ton\tdefault\nback/a\tvolmode\t-\t-\n"
    "back/a\torg.zfstune:replica-opened\tsetuid\tlocal\n"
)


class Host:
    """A host where one dataset is, without a snapshot."""

    host = "far"

    def __init__(self, root: str) -> None:
        self.root = root

    def run(self, words: Iterable[str], *, most_bytes: int) -> bytes:
        """Answer the first question alone."""
        assert most_bytes
        asked = " ".join(words)
        return GET.format(root=self.root).encode() if "pbkdf2salt" in asked else b""


def reader(root: str) -> ZfsReader:
    """Ask about a dataset whose key a root has."""
    host, keeper = cast("SshHost", Host(root)), cast("RemoteCommand", None)
    return ZfsReader(host, keeper, lambda _: Partial("tank/a@1", 7))


def test_a_copy() -> None:
    """What it lacks to be inert, and whose key it has."""
    (end,) = reader("back").ends("back/a")
    assert end.lacking == ("canmount", "exec")
    assert (end.key_root, end.key_salt) == ("back", 5)


def test_a_key_from_nowhere() -> None:
    """No dataset of another pool has the key of one."""
    with pytest.raises(EngineError, match="is said to have its key"):
        reader("tank/a").ends("back/a")
