"""A side by the zfs command: what is asked, and what is made of the answers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

import pytest

from zfstune.streams.remote.ssh import CommandFailed
from zfstune.streams.remote.zfs_side import ZfsSide
from zfstune.values.errors import (
    BatchError,
    EngineError,
    InvalidValue,
    NotFound,
    NotSupported,
)
from zfstune.values.state import LOCAL, Partial, PropertyValue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zfstune.streams.remote.ssh import RemoteCommand, SshHost

VALUES = (
    "{0}\ttype\tfilesystem\t-\n{0}\tguid\t9\t-\n{0}\tcreatetxg\t1\t-\n"
    "{0}\treceive_resume_token\t{1}\t-\n{0}\torigin\t-\t-\n"
)
NOTES = (
    "back/a\torg.zfstune:replica-target-0000000000000005\tfar:x/y\tlocal\n"
    "back/a\tcom.example:note\ttwo\nlines\tand a tab\tlocal\n"
)
PARTIAL = Partial("tank/a@1", 7)


class Host:
    """A host that has these answers to commands that begin so."""

    host = "far"

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.ran: list[str] = []

    def run(self, words: Iterable[str], *, most_bytes: int) -> bytes:
        """Give an answer, or fail as zfs does."""
        assert most_bytes
        line = " ".join(words)
        self.ran.append(line)
        for beginning, answer in self.answers.items():
            if line.startswith(beginning):
                if answer.startswith("cannot"):
                    raise CommandFailed(answer)
                return answer.encode()
        return b""


def side(**answers: str) -> tuple[ZfsSide, Host]:
    """Give a side on a host with answers by subcommand."""
    host = Host({f"zfs {word}": text for word, text in answers.items()})
    keeper = cast("RemoteCommand", None)
    return ZfsSide(cast("SshHost", host), keeper, lambda _: PARTIAL), host


def test_an_end() -> None:
    """Three commands read it, however many snapshots it has."""
    far, host = side(
        get=VALUES.format("back/a", "1-a-b"),
        list="back/a@2\t6\t5\t0\t-\nback/a@1\t7\t4\t0\t-\nback/a#m\t7\t4\t0\t3\n"
        "back/a/new@1\t1\t1\t1\t-\n",
    )
    notes = "get -Hp -o name,property,value,source -r -t filesystem,volume -s local all"
    host.answers = {f"zfs {notes}": NOTES, **host.answers}
    (end,) = far.ends("back/a", recursive=True)
    assert (end.guid, end.partial) == (9, PARTIAL)
    assert [snapshot.guid for snapshot in end.snapshots] == [7, 6]
    assert [(m.name, m.ivsetguid) for m in end.bookmarks] == [("back/a#m", 3)]
    assert (end.createtxg, end.places) == (1, {5: "far:x/y"})
    assert len(host.ran) == 3


def test_no_end() -> None:
    """A dataset that is not there has none; another failure is one."""
    assert side(get="cannot open 'back/a': dataset does not exist")[0].ends("back/a") == []
    with pytest.raises(EngineError, match="'far:back/a': permission denied"):
        side(get="cannot open 'back/a': permission denied")[0].ends("back/a")


@pytest.mark.parametrize(
    ("get", "listed"),
    [
        (VALUES.format("back/b", "-"), ""),
        (VALUES.format("back/a", "$(x)"), ""),
        (VALUES.format("back/a", "-"), "back/b@1\t1\t1\t1\t-\n"),
        (VALUES.format("back/a", "-"), "back/a@1\t0\t1\t1\t-\n"),
        ("nonsense\n", ""),
    ],
)
def test_a_lie(get: str, listed: str) -> None:
    """A name from elsewhere, or one that cannot be, ends the run, and says whose it is."""
    with pytest.raises(EngineError, match="cannot work with host 'far'"):
        side(get=get, list=listed)[0].ends("back/a")


def test_a_receive_is_never_forced() -> None:
    """What it would destroy could change before it begins."""
    far, host = side()
    with pytest.raises(NotSupported, match="-F"):
        far.receive("back/a@1", 0, losing=["back/a@2"])
    assert host.ran == []


def test_bookmarks() -> None:
    """One that is gone already is no failure; one that cannot be made is."""
    far, host = side(destroy="cannot destroy: bookmark 'tank/a#1' does not exist")
    far.change_bookmarks({"tank/a#2": "tank/a@2"}, ["tank/a#1"])
    assert host.ran == ["zfs bookmark tank/a@2 tank/a#2", "zfs destroy tank/a#1"]
    far, host = side(bookmark="cannot open 'tank/a@2': dataset does not exist")
    with pytest.raises(BatchError) as failed:
        far.change_bookmarks({"tank/a#2": "tank/a@2"}, ["tank/a#1"])
    assert [type(failure) for failure in failed.value.failures] == [NotFound]
    assert len(host.ran) == 1  # the old one stays
    far, _ = side(bookmark="cannot create bookmark 'tank/a#2': bookmark exists")
    far.change_bookmarks({"tank/a#2": "tank/a@2"}, ())  # of an earlier run


def test_aside_and_taken_over() -> None:
    """The marks go with the rename; a conflict of names leaves a clone a clone."""
    far, host = side(
        get="back/o@1\n", promote="cannot promote 'back/a': conflicting snapshot '1'"
    )
    notes = "get -Hp -o name,property,value,source -d 0 -t filesystem,volume -s local all"
    aside = NOTES.replace("back/a\t", "back/a-aside\t")
    host.answers = {f"zfs {notes}": aside, **host.answers}
    far.put_aside("back/a", "back/a-aside")
    far.take_over("back/a")
    assert [line for line in host.ran if "zfs get" not in line][:3] == [
        "zfs rename back/a back/a-aside",
        "zfs set org.zfstune:replica=aside back/a-aside",
        "zfs inherit org.zfstune:replica-target-0000000000000005 back/a-aside",
    ]
    assert host.ran[-1] == "zfs promote back/a"
    far.rename("back/a-aside", "back/a", "plain:0000000000000005")
    far.rename("back/a-aside", "back/a", "")
    assert host.ran[-4:] == [
        "zfs set org.zfstune:replica=plain:0000000000000005 back/a-aside",
        "zfs rename back/a-aside back/a",
        "zfs inherit org.zfstune:replica back/a-aside",
        "zfs rename back/a-aside back/a",
    ]
    far, host = side(get="-\n")
    far.take_over("back/a")
    assert len(host.ran) == 1


def test_properties() -> None:
    """Two commands read what was set, one for each change but all that is set at once."""
    get = "get -Hp -o name,property,value,source -r -t filesystem,volume -s local,received"
    far, host = side(version="zfs-2.2.9-1\n")
    host.answers[f"zfs {get} all back/a"] = "back/a/b\tcom.x:y\t1\tlocal\n"
    host.answers[f"zfs {get}"] = "back/a\txattr\ton\tlocal\n"
    found = far.own_properties("back/a", recursive=True)
    assert found == {
        "back/a": {"xattr": PropertyValue("dir", LOCAL)},
        "back/a/b": {"com.x:y": PropertyValue("1", LOCAL)},
    }
    far.change_properties("back/a", {"atime": "off"}, ["xattr"])
    assert host.ran[-2:] == ["zfs inherit xattr back/a", "zfs set atime=off back/a"]
    host.answers[f"zfs {get}"] = "back/ab\tatime\toff\tlocal\n"
    with pytest.raises(EngineError, match="named in an answer about 'back/a'"):
        far.own_properties("back/a", recursive=True)
    gone = side(get="cannot open 'back/a': dataset does not exist")[0]
    assert gone.own_properties("back/a") == {}


def test_a_tree_takes_no_more_than_commands() -> None:
    """A snapshot of several datasets is one command; a parent is made and renamed."""
    taken = "{0}@now\tguid\t{1}\t-\n{0}@now\tcreatetxg\t9\t-\n"
    get = "get -Hp -o name,property,value,source -d 0 -t snapshot"
    far, host = side()
    wanted = "guid,createtxg,written,encryption,ivsetguid"
    for name, guid in (("tank/a", 3), ("tank/b", 4)):
        host.answers[f"zfs {get} {wanted} {name}@now"] = taken.format(name, guid)
    found = far.take_snapshots(["tank/a", "tank/b"], "now")
    assert [(s.name, s.guid) for s in found] == [("tank/a@now", 3), ("tank/b@now", 4)]
    with far.holding(["tank/a@now"]):
        far.make_placeholder("back/m", {"readonly": "on", "canmount": "off"})
        far.rename("back/m", "back/n")
        far.note_target("tank/a", 5, "far:back/a")
    assert host.ran[0] == (
        "zfs snapshot -o org.zfstune:snapshot=auto tank/a@now tank/b@now"
    )
    assert host.ran[3:] == [
        "zfs create -o readonly=on -o canmount=off back/m",
        "zfs rename back/m back/n",
        "zfs set org.zfstune:replica-target-0000000000000005=far:back/a tank/a",
    ]


def test_single_questions() -> None:
    """Each is one command."""
    far, host = side(get="12\n", send="size\t99\n", version="zfs-2.4.1-1\n")
    assert (far.guid("tank/a@1"), far.available_bytes("tank/a")) == (12, 12)
    assert far.send_size("tank/a@1") == 99
    assert far.limits.release == (2, 4, 1)
    assert far.limits.release == (2, 4, 1)
    assert len(host.ran) == 4
    assert far.copies("tank", ()) == {}
    with pytest.raises(InvalidValue):
        far.send_resumed("1-$(x)", os.devnull.count("x"), snapshot="tank/a@1")
