"""Replications by a user who has some of the permissions that docs/howto/ssh.md names."""

from __future__ import annotations

import re
import subprocess
from contextlib import suppress
from functools import partial
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import pytest

from other_user import alice
from ssh_host import USER, documented_grants
from zfstune.streams.replicate import replicate
from zfstune.values.errors import BatchError, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zfstune.engine.protocol import Engine
    from zfstune.values.errors import ZfstuneError

    Replicate = Callable[..., object]

__all__ = [
    "RECEIVES",
    "SENDS",
    "Granted",
    "by_alice",
    "each_word_of_a_receiver",
    "each_word_of_a_sender",
    "named",
]

SENDS, RECEIVES = (frozenset(words.split(",")) for words in documented_grants())
_ACTIONS = ("receive", "create", "mount")
# Of a filesystem, and of a volume below it.
_PROPERTIES = {
    "": RECEIVES - {*_ACTIONS, "destroy", "volmode", "snapdev"},
    "/volume": {"readonly", "volmode", "snapdev", "userprop"},
}
_GRANT = re.compile(r"`zfs allow USER (\S+) (\S+)`")


def by_alice(engine: Engine, source: str, target: str, **options: object) -> object:
    """Replicate with the rights of a user, as a `zfstune serve` of that user would."""
    with alice():
        return replicate(source, target, engine=engine, **options)  # type: ignore[arg-type]


def named(error: ZfstuneError) -> dict[str, str]:
    """Give the permissions that an error names, with the dataset that they are for."""
    failures = error.failures if isinstance(error, BatchError) else [error]
    found = [match for failure in failures for match in _GRANT.finditer(failure.hint)]
    return {word: match[2] for match in found for word in match[1].split(",")}


class Granted:
    """A dataset on which a user has permissions."""

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset

    def only(self, words: Iterable[str]) -> None:
        """Grant these permissions and no others."""
        self._zfs("unallow", "-u", USER, self.dataset)
        self._zfs("allow", "-u", USER, ",".join(words), self.dataset)

    @staticmethod
    def _zfs(*words: str) -> None:
        subprocess.run(["zfs", *words], check=True)

    def lacks(self, words: Iterable[str], missing: str, work: Callable[[], object]) -> None:
        """See that work fails without one of some permissions, in words that name it."""
        self.only(frozenset(words) - {missing})
        with pytest.raises((EngineError, BatchError)) as refused:
            work()
        assert "permission denied" in str(refused.value)
        place = named(refused.value).get(missing, "")
        assert f"{place}/".startswith(f"{self.dataset}/"), refused.value


def each_word_of_a_sender(
    engine: Engine,
    source: str,
    work: Callable[..., object],
    *,
    words: frozenset[str] = SENDS,
    dropped: frozenset[str] = SENDS,
) -> None:
    """See that the set of a sender is enough, and that words of it are needed.

    Args:
        engine: Takes the snapshots.
        source: A dataset with a snapshot.
        work: Replicates it with the user's rights to a target of the name that it is
            given; takes the options of replicate().
        words: The set.
        dropped: Those of its words without which it is tried.
    """
    granted = Granted(source)
    for missing in sorted(words & dropped - {"destroy"}):
        # A target of its own: what a run has done for one is not done again.
        granted.lacks(words, missing, partial(work, missing))
    granted.only(words)
    work("all")
    engine.take_snapshots([f"{source}@next"])
    more = words | {"snapshot"}
    if "destroy" in dropped:
        granted.lacks(words, "destroy", lambda: work("all"))
        granted.lacks(more, "snapshot", lambda: work("all", snapshot="own"))
    granted.only(more)
    work("all", snapshot="own")
    assert engine.exists(f"{source}@own")
    # What the set does not have: without `mount`, `destroy` is for bookmarks alone.
    with alice(), pytest.raises((EngineError, BatchError)):
        engine.destroy_snapshots([f"{source}@next"])
    assert engine.exists(f"{source}@next")


def each_word_of_a_receiver(
    engine: Engine,
    source: str,
    parent: str,
    work: Callable[[str], object],
    *,
    dropped: frozenset[str] = RECEIVES,
) -> None:
    """See that the set of a receiver is enough, and that words of it are needed.

    Args:
        engine: Makes what is to be sent, and looks at what arrives.
        source: A dataset with a snapshot, and a volume called `volume` below it.
        parent: The dataset on which the user gets rights.
        work: Replicates the source to `copy` below that one with the user's rights, or
            the dataset below the source that is named to the one below `copy`.
        dropped: Those of its words without which it is tried, beside all properties.
    """
    granted = Granted(parent)
    for missing in sorted(dropped.intersection(_ACTIONS)):
        granted.lacks(RECEIVES, missing, lambda: work(""))
    assert not engine.exists(f"{parent}/copy")
    for below, needed in _PROPERTIES.items():
        granted.only({*_ACTIONS, "destroy"})
        with pytest.raises((EngineError, BatchError), match="arrived without") as refused:
            work(below)
        assert named(refused.value).keys() == needed
    subprocess.run(["zfs", "destroy", "-r", f"{parent}/copy"], check=True)
    # What a receive could not set is set by the next run that may.
    for rights, value in ((RECEIVES - {"canmount"}, None), (RECEIVES, "noauto")):
        granted.only(rights)
        with suppress(EngineError, BatchError):
            work("")
        assert engine.dataset(f"{parent}/copy").local("canmount") == value
    subprocess.run(["zfs", "destroy", "-r", f"{parent}/copy"], check=True)
    _leave_a_part(engine, f"{source}@gone", f"{parent}/copy")
    if "destroy" in dropped:
        granted.lacks(RECEIVES, "destroy", lambda: work(""))
    granted.only(RECEIVES)
    for below in _PROPERTIES:
        work(below)
    copy = engine.dataset(f"{parent}/copy")
    assert (copy.local("readonly"), copy.local("canmount")) == ("on", "noauto")
    assert engine.dataset(f"{parent}/copy/volume").local("volmode") == "none"


def _leave_a_part(engine: Engine, snapshot: str, target: str) -> None:
    """Have a receive break off whose snapshot is gone then."""
    engine.take_snapshots([snapshot])
    with TemporaryFile() as stream:
        engine.send(snapshot, stream.fileno())
        stream.truncate(stream.tell() // 2)
        stream.seek(0)
        with pytest.raises(EngineError):
            engine.receive(f"{target}@gone", stream.fileno(), resumable=True)
    engine.destroy_snapshots([snapshot])
    assert engine.dataset(target).value("receive_resume_token")
