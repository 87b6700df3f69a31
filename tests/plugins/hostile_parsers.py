"""The parsers of text that strangers write, each with sound inputs to begin with.

Each takes bytes, and may refuse them by the errors that its callers know.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from source_tree import ROOT
from told_image import ASKED, TOLD, WRITINGS, ask, hear_answers, hear_writing
from zfstune.clones.export_manifest import parse_manifest
from zfstune.engine._binding import Binding
from zfstune.engine._image_messages import NonsenseError
from zfstune.engine._resume_token import read_token
from zfstune.measurement.traces.read_trace import read_lines
from zfstune.profiles.load import load_text
from zfstune.retention.imports.convert import FORMATS, convert
from zfstune.retention.policy_text import format_policy, parse_policy
from zfstune.schedules.cadence import parse_cadence
from zfstune.schedules.last_run import LastRun
from zfstune.streams import packed_list
from zfstune.streams.ends import End
from zfstune.streams.remote import zfs_output
from zfstune.streams.remote.address import read_address
from zfstune.streams.remote.answers import read_answer, write_answer
from zfstune.streams.remote.fields import BadMessageError, parse_json
from zfstune.streams.remote.frames import MOST_REQUEST_BYTES, FrameReader
from zfstune.streams.remote.greeting import read_greeting
from zfstune.streams.remote.requests import CALLS, SideCall, read_request
from zfstune.values.errors import ZfstuneError
from zfstune.values.fletcher4 import fletcher4
from zfstune.values.state import Limits, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PARSERS", "Parser"]

NVPAIR = Binding("zt_open_nvpair")
TOKEN = {"toname": "tank/a@s", "toguid": 1, "object": 2, "offset": 3, "compressok": None}
TREE = ("tank", "tank/a", "tank/a/b", "pool")


@dataclass(frozen=True)
class Parser:
    """A parser, and what it is fed.

    Attributes:
        parse: Takes any bytes.
        seeds: Inputs that it accepts, or refuses late.
    """

    parse: Callable[[bytes], object]
    seeds: tuple[bytes, ...]

    def feed(self, data: bytes) -> bool:
        """Parse bytes; tell whether they were accepted."""
        try:
            self.parse(data)
        except (ZfstuneError, BadMessageError, NonsenseError):
            return False
        return True


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _of_text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(_text(data))


def _policy(text: str) -> None:
    # What is accepted can be stored, and is the same when it is read again.
    policy = parse_policy(text, allow_zero=True)
    assert parse_policy(format_policy(policy), allow_zero=True) == policy


def _settings(tool: str, text: str) -> None:
    for each in convert(tool, text, TREE).policies:
        parse_policy(each.text, allow_zero=True)


def _trace(text: str) -> None:
    read_lines(text.splitlines(keepends=True), "x")


def _token(data: bytes) -> None:
    # A stranger can reckon the checksum, too.
    squeezed = zlib.compress(data, 1)
    text = f"1-{fletcher4(squeezed)[0]:x}-{len(data):x}-{squeezed.hex()}"
    read_token(text, NVPAIR.unpack)


def _frames(data: bytes) -> None:
    reader = FrameReader(MOST_REQUEST_BYTES)
    for start in range(0, len(data), 7):
        reader.feed(data[start : start + 7])
        while reader.next_frame() is not None:
            pass


def _request(data: bytes) -> None:
    request = read_request(data)
    assert request.call in CALLS


def _answer(request: SideCall, data: bytes) -> None:
    read_answer(request, parse_json(data))


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


CRONTAB = """\
5 * * * * root zfs list -t snapshot -o name -H tank | head -n -8 | xargs -n1 zfs destroy
@daily for d in a; do zfs list -Ht snap -oname $d | head -n -3 | xargs -n1 zfs destroy; done
"""
SANOID = """\
[tank/a]
use_template = p
recursive = yes
[template_p]
hourly = 36
daily = 30
autosnap = yes
autoprune = yes
"""
ZETTAREPL = """\
periodic-snapshot-tasks:
  src:
    dataset: tank/a
    recursive: true
    lifetime: P30D
    naming-schema: s-%Y-%m-%d-%H-%M
    schedule:
      minute: "0"
"""
ZREPL = """\
jobs:
- name: a
  type: snap
  filesystems: {"tank<": true}
  snapshotting:
    type: periodic
    interval: 10m
    prefix: z_
  pruning:
    keep:
      - type: grid
        grid: 1x1h(keep=all) | 24x1h
        regex: "^z_.*"
"""
TASK = {
    "dataset": "tank/a",
    "recursive": True,
    "lifetime_value": 2,
    "lifetime_unit": "WEEK",
    "enabled": True,
    "exclude": [],
    "naming_schema": "auto-%Y-%m-%d_%H-%M",
    "allow_empty": True,
    "schedule": {"minute": "00", "hour": "*", "dom": "*"},
}
SETTINGS: dict[str, str] = {
    "bzfs": "{'backup': {'': {'hourly': 36, 'daily': 31, '5minutely': 7}}}",
    "cron": CRONTAB,
    "pyznap": "[tank/a]\nfrequent = 2\nhourly = 6\nsnap = yes\nclean = yes\n",
    "sanoid": SANOID,
    "truenas": json.dumps([TASK]),
    "zettarepl": ZETTAREPL,
    "zfs-autobackup": "10,1d1w,1w1m,1m1y",
    "znapzend": "7d=>1h,30d=>4h,90d=>1d",
    "zrepl": ZREPL,
}
STRACE = (
    b'12 1700000000.000001 openat(AT_FDCWD, "/a", O_RDWR|O_DSYNC) = 3 <0.000010>\n'
    b'12 1700000000.000100 pwrite64(3, ""..., 8192, 16384) = 8192 <0.000020>\n'
    b"12 1700000000.000200 fdatasync(3) = 0 <0.001>\n12 1700000000.3 close(3) = 0 <0.1>\n"
)
PERF = (
    b"     0.001 ( 0.002 ms): x/12 openat(dfd: CWD, filename: a, flags: RDWR) = 3\n"
    b"     0.010 ( 0.004 ms): x/12 pwrite64(fd: 3</a>, count: 8192, pos: 0) = 8192\n"
)
IOLOG = (
    b"fio version 2 iolog\n/a add\n/a open\n/a write 0 8192\n/a sync 0 0\n/a close\n",
    b"fio version 3 iolog\n1 /a add\n2 /a open\n3 /a read 4096 512\n9 /a close\n",
)
DATASETS = (
    b"tank\ttype\tfilesystem\t-\ntank\tguid\t12\t-\ntank\tcreatetxg\t1\t-\n"
    b"tank\torg.zfstune:replica\tx\tlocal\n"
)
MANIFEST = {
    "format": "zfstune-golden-1",
    "kind": "volume",
    "name": "tank/a",
    "snapshot": "golden",
    "guid": 7,
    "raw": False,
    "digest": "zfstune-content-1:00",
    "stream_bytes": 1000,
    "stream_sha256": "0" * 64,
    "properties": {"compression": "zstd"},
}
ENDS = {"root": "tank/a", "recursive": True}
REQUESTS = (
    {"call": "ends", "arguments": ENDS},
    {"call": "guid", "arguments": {"snapshot": "tank/a@s"}},
    {
        "call": "receive",
        "arguments": {
            "snapshot": "tank/a@s",
            "origin": "",
            "losing": ["tank/a@x"],
            "raw": False,
            "properties": {"atime": "off"},
        },
    },
)
SNAPSHOT = Snapshot("tank/a@s", 7, 8, creation=9)
COPIES = SideCall("copies", {"pool": "tank", "guids": [7]})
OWN = SideCall("own_properties", {**ENDS, "also": []})
ANSWERS: dict[str, tuple[Any, ...]] = {
    "ends": (
        SideCall("ends", ENDS),
        write_answer("ends", [End("tank/a", exists=True, guid=1, kind="volume")]),
    ),
    "limits": (SideCall("limits", {}), write_answer("limits", Limits())),
    "copies": (COPIES, write_answer("copies", {7: SNAPSHOT})),
    "own_properties": (OWN, {"tank/a": {"atime": ["off", "local"]}}),
    "token": (SideCall("token", {"name": "tank/a"}), "1-2-3-4", ""),
}

PARSERS: dict[str, Parser] = {
    "policy": Parser(
        _of_text(_policy),
        (b"keep=12 hourly=48 within=2d tz=Europe/Berlin", b"match=a-* grid='1x1h | 24x1h'"),
    ),
    "cadence": Parser(_of_text(parse_cadence), (b"daily@02:05", b"15m", b"weekly")),
    "profile": Parser(
        lambda data: load_text(_text(data), "x.toml"),
        tuple((ROOT / "profiles" / f"{n}.toml").read_bytes() for n in ("logs", "vm-zvol")),
    ),
    **{
        f"settings of {tool}": Parser(
            _of_text(partial(_settings, tool)), (SETTINGS[tool].encode(),)
        )
        for tool in FORMATS
    },
    "text of a token": Parser(
        lambda data: read_token(_text(data), NVPAIR.unpack), (b"1-f-98-789c", b"1-0-0-")
    ),
    "token": Parser(_token, (NVPAIR.pack(TOKEN),)),
    "manifest": Parser(lambda data: parse_manifest(_text(data), "m"), (_json(MANIFEST),)),
    "note": Parser(
        _of_text(LastRun.from_json),
        (LastRun("tank/a", "prune", 1, 2, dataset_guid=7, destroyed=1).to_json().encode(),),
    ),
    "packed list": Parser(
        packed_list.unpack, (packed_list.pack({"fss": {"a": {"snaps": {"b": 1}}}}),)
    ),
    "request": Parser(_request, tuple(map(_json, REQUESTS))),
    **{
        f"answer to {call}": Parser(partial(_answer, asked), tuple(map(_json, answers)))
        for call, (asked, *answers) in ANSWERS.items()
    },
    "frames": Parser(_frames, (b"M\0\0\0\2{}D\0\0\0\1xE\0\0\0\0P\0\0\0\0",)),
    "request to an image": Parser(ask, ASKED),
    "answers of an image": Parser(hear_answers, TOLD),
    "what an image's calls write": Parser(hear_writing, WRITINGS),
    "greeting": Parser(read_greeting, (b"zfstune-serve 3 0.1.0", b"zfs-alone")),
    "address": Parser(_of_text(read_address), (b"root@[fe80::1]:tank/a", b"h:tank")),
    "datasets that zfs prints": Parser(zfs_output.read_datasets, (DATASETS,)),
    "snapshots that zfs prints": Parser(
        zfs_output.read_listed, (b"tank@a\t1\t2\t3\t-\n", b"tank#a\t1\t2\t3\t4\n")
    ),
    "notes that zfs prints": Parser(zfs_output.read_notes, (DATASETS,)),
    "release that zfs prints": Parser(zfs_output.limits_told, (b"zfs-2.2.3-1\n",)),
    "trace of strace": Parser(_of_text(_trace), (STRACE,)),
    "trace of perf": Parser(_of_text(_trace), (PERF,)),
    "trace of fio": Parser(_of_text(_trace), IOLOG),
}
