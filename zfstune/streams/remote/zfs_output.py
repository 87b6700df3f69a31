"""What the zfs command of another host prints, read into the values of an engine.

None of it is believed before it was checked: the host may be anybody's.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from zfstune.streams.remote.fields import MAX_NUMBER, BadMessageError
from zfstune.streams.taken_properties import own_values
from zfstune.values.errors import (
    AlreadyExists,
    Busy,
    EngineError,
    NoSpace,
    NotFound,
    NotPermitted,
    NotSupported,
)
from zfstune.values.frozen import replace
from zfstune.values.inert import INERT
from zfstune.values.marks import OPENED_PROPERTY, REPLICA_PROPERTY, REPLICATE_PROPERTY
from zfstune.values.names import check_bookmark, check_dataset, check_snapshot, parent_of
from zfstune.values.permissions import delegation_hint
from zfstune.values.properties import is_user
from zfstune.values.replication_marks import noted_target
from zfstune.values.state import (
    DEFAULT,
    INHERITED,
    LOCAL,
    NONE,
    RECEIVED,
    Bookmark,
    Dataset,
    Limits,
    PropertyValue,
    Snapshot,
)
from zfstune.values.text import shown
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = [
    "LISTED",
    "PROPERTIES",
    "SNAPSHOT_PROPERTIES",
    "limits_told",
    "read_datasets",
    "read_listed",
    "read_notes",
    "read_number",
    "read_own",
    "read_snapshots",
    "read_value",
    "refusal_of",
    "size_told",
    "unset_told",
]

# The columns of `zfs get` and the properties that are asked for.
PROPERTIES = (
    *("type", "guid", "createtxg", "origin", "written", "available"),
    *("encryption", "encryptionroot", "pbkdf2salt"),
    *dict.fromkeys(name for kind in INERT.values() for name in kind),
    *("receive_resume_token", REPLICA_PROPERTY, OPENED_PROPERTY, REPLICATE_PROPERTY),
)
SNAPSHOT_PROPERTIES = ("guid", "createtxg", "written", "encryption", "ivsetguid")
# The columns of `zfs list` for snapshots and bookmarks.
LISTED = ("name", "guid", "createtxg", "creation", "ivsetguid")

_SOURCES = frozenset({LOCAL, RECEIVED, DEFAULT})
_INHERITED_FROM = "inherited from "
_NO_VALUE = "-"
_NO_NOTES: Mapping[str, Mapping[str, PropertyValue]] = MappingProxyType({})
_NOTHING = PropertyValue("")
_REST = 3  # columns after the name
_ON_IS_SA = (2, 3)
_WIDE_RECORDS = (2, 2)  # zfs_max_recordsize became 16 MiB, module/zfs/dsl_dataset.c

# What zfs says (lib/libzfs/libzfs_util.c), with the error that it stands for.
_REFUSALS: tuple[tuple[str, type[EngineError]], ...] = (
    ("does not exist", NotFound),
    ("no such pool", NotFound),
    ("could not find any snapshots", NotFound),
    ("permission denied", NotPermitted),
    ("out of space", NoSpace),
    ("quota exceeded", NoSpace),
    ("already exists", AlreadyExists),
    ("' exists", AlreadyExists),
    ("bookmark exists", AlreadyExists),
    ("conflicting snapshot", AlreadyExists),
    ("is busy", Busy),
    ("unrecognized command", NotSupported),
    ("invalid option", NotSupported),
)
_NEW = "cannot receive new "  # a dataset that is not there yet
# What `zfs receive` says of a property that it could not set.
# The names stand in a command that somebody may paste, so they are nothing but names.
_UNSET = re.compile(r"cannot receive ([a-z0-9:+._-]{1,255}) property on [^ ]*: (.{1,200})")


def _rows(printed: bytes, columns: int) -> Iterator[list[str]]:
    text = printed.decode("utf-8", "surrogateescape")
    for line in text.split("\n")[:-1]:
        row = line.split("\t")
        if len(row) != columns:
            raise BadMessageError(f"it printed '{shown(line)}'")
        yield row


def _whole(text: str) -> int:
    try:
        return read_whole(text, MAX_NUMBER)
    except NumberError as error:
        raise BadMessageError(f"it printed '{shown(text)}': {error.reason}") from None


def _read_properties(printed: bytes) -> dict[str, dict[str, PropertyValue]]:
    """Read `zfs get -Hp -o name,property,value,source`."""
    found: dict[str, dict[str, PropertyValue]] = {}
    for name, prop, value, word in _rows(printed, 4):
        values = found.setdefault(name, {})
        if value != _NO_VALUE:
            values[prop] = PropertyValue(value, *_source(word))
    return found


def _source(word: str) -> tuple[str, str]:
    """Read the column of the source: its word, and where an inherited value was set."""
    if word.startswith(_INHERITED_FROM):
        return INHERITED, word.removeprefix(_INHERITED_FROM)
    if word == _NO_VALUE:
        return NONE, ""
    if word not in _SOURCES:
        raise BadMessageError(f"it printed the source '{shown(word)}'")
    return word, ""


def read_notes(printed: bytes) -> dict[str, dict[str, PropertyValue]]:
    """Read the places of targets among all that was set on datasets.

    Values of other properties may have line ends and tabs, so a line that is none is
    passed over. A place decides nothing but whether it is noted again.
    """
    found: dict[str, dict[str, PropertyValue]] = {}
    for line in printed.decode("utf-8", "surrogateescape").split("\n"):
        name, _, rest = line.partition("\t")
        prop, _, rest = rest.partition("\t")
        value, _, source = rest.partition("\t")
        if noted_target(prop) and source == LOCAL:
            found.setdefault(name, {})[prop] = PropertyValue(value, LOCAL)
    return found


def read_own(
    native: bytes, user: bytes, release: tuple[int, ...], also: Collection[str] = ()
) -> dict[str, dict[str, PropertyValue]]:
    """Read the properties that a copy may take, as :func:`zfs_words.own_words` asks.

    A user property whose value has a line end or a tab is left out.

    Args:
        native: The output of the first command.
        user: The output of the second one.
        release: The release of OpenZFS there.
        also: Names of further properties that were asked for.
    """
    found = {name: own_values(own, also) for name, own in _read_properties(native).items()}
    for name, own in found.items():
        # Before 2.3 the first name of a directory's attributes was "on" (zfs_prop.c).
        if release < _ON_IS_SA and own.get("xattr", _NOTHING).value == "on":
            found[name] = {**own, "xattr": replace(own["xattr"], value="dir")}
    for line in user.decode("utf-8", "surrogateescape").split("\n"):
        name, *rest = line.split("\t")
        if len(rest) == _REST and is_user(rest[0]) and rest[2] in (LOCAL, RECEIVED):
            value = PropertyValue(rest[1], rest[2])
            if own := own_values({rest[0]: value}, also):
                found.setdefault(name, {}).update(own)
    return {check_dataset(name): own for name, own in found.items() if own}


def read_datasets(
    printed: bytes, notes: Mapping[str, Mapping[str, PropertyValue]] = _NO_NOTES
) -> list[Dataset]:
    """Read filesystems and volumes with :data:`PROPERTIES`, and put their notes to them."""
    datasets = []
    for name, values in _read_properties(printed).items():
        kind = _needed(values, "type")
        if kind not in ("filesystem", "volume"):
            raise BadMessageError(f"'{shown(name)}' is no dataset")
        guid = _whole(_needed(values, "guid"))
        createtxg = _whole(_needed(values, "createtxg"))
        own = {**notes.get(name, {}), **values}
        datasets.append(Dataset(check_dataset(name), kind, guid, createtxg, own))
    return datasets


def read_snapshots(printed: bytes) -> list[Snapshot]:
    """Read snapshots with :data:`SNAPSHOT_PROPERTIES`."""
    return [
        Snapshot(
            check_snapshot(name),
            _whole(_needed(values, "guid")),
            _whole(_needed(values, "createtxg")),
            0,
            {prop: value for prop, value in values.items() if not _is_absent(prop, value)},
        )
        for name, values in _read_properties(printed).items()
    ]


def _is_absent(prop: str, value: PropertyValue) -> bool:
    """Tell whether a number that a snapshot does not have was printed as 0."""
    return prop == "ivsetguid" and value.value == "0"


def _needed(values: Mapping[str, PropertyValue], name: str) -> str:
    if name not in values:
        raise BadMessageError(f"it printed no '{name}'")
    return values[name].value


def read_listed(printed: bytes) -> tuple[list[Snapshot], list[Bookmark]]:
    """Read snapshots and bookmarks with the columns :data:`LISTED`."""
    snapshots, bookmarks = [], []
    for name, *numbers in _rows(printed, len(LISTED)):
        *others, ivs = ("0" if text == _NO_VALUE else text for text in numbers)
        guid, createtxg, creation, ivsetguid = map(_whole, (*others, ivs))
        if "#" in name:
            check_bookmark(name)
            bookmarks.append(Bookmark(name, guid, createtxg, creation, ivsetguid))
        else:
            snapshots.append(
                Snapshot(check_snapshot(name), guid, createtxg, creation=creation)
            )
    return snapshots, bookmarks


def read_value(printed: bytes) -> str:
    """Read the one value of `zfs get -Hp -o value`; empty where there is none."""
    values = [row[0] for row in _rows(printed, 1)]
    if len(values) != 1:
        raise BadMessageError("it printed not one value")
    return "" if values[0] == _NO_VALUE else values[0]


def read_number(printed: bytes) -> int:
    """Read the one number of `zfs get -Hp -o value`."""
    return _whole(read_value(printed))


def size_told(printed: bytes) -> int:
    """Read the estimate of `zfs send -nP`."""
    for line in printed.decode("ascii", "replace").splitlines():
        word, _, number = line.partition("\t")
        if word == "size":
            return _whole(number)
    raise BadMessageError("it printed no size of the stream")


def limits_told(printed: bytes) -> Limits:
    """Read the limits that follow from what `zfs version` prints."""
    first = printed.decode("ascii", "replace").partition("\n")[0]
    numbers = first.removeprefix("zfs-").split("-")[0].split(".")
    release = tuple(_whole(number) for number in numbers if number.isdigit())[:3]
    if len(release) < len(_WIDE_RECORDS):
        raise BadMessageError(f"'zfs version' printed '{shown(first)}'")
    most = 16 << 20 if release >= _WIDE_RECORDS else 1 << 20
    return Limits(max_recordsize_bytes=most, release=release)


def unset_told(said: str, host: str, snapshot: str) -> EngineError | None:
    """Return the error for properties that a receive could not set; None: it set all.

    zfs names each of them and ends with status 0 (zfs_receive_one() in
    lib/libzfs/libzfs_sendrecv.c). A copy without them is not inert.

    Args:
        said: What zfs printed to stderr.
        host: Its host.
        snapshot: What was received.
    """
    found = [match for line in said.splitlines() if (match := _UNSET.match(line.strip()))]
    if not found:
        return None
    names = ",".join(shown(match[1]) for match in found)
    return refusal_of(
        "set",
        host,
        snapshot.partition("@")[0],
        shown(found[0][2]),
        detail=f": {names}; '{snapshot}' has arrived without",
        properties=names,
    )


def refusal_of(
    operation: str,
    host: str,
    name: str,
    reason: str,
    *,
    detail: str = "",
    properties: str = "",
) -> EngineError:
    """Return the error for what zfs said as it failed.

    Args:
        operation: The verb.
        host: The host of zfs.
        name: The dataset, snapshot or bookmark.
        reason: The last line that zfs printed to stderr, fit to be shown.
        detail: What follows the reason.
        properties: The properties that could not be set, separated by commas.
    """
    kind = next((kind for words, kind in _REFUSALS if words in reason), EngineError)
    said = reason.rpartition("': ")[2] if reason.startswith("cannot ") else reason
    hint = ""
    if kind is NotPermitted:
        # A new dataset takes the rights on its parent: zfs_ioc_recv_new().
        parent = parent_of(name.partition("@")[0]) if _NEW in reason else None
        hint = f"on {host}: {delegation_hint(operation, parent or name, properties)}"
    return kind(
        operation=operation, target=f"{host}:{name}", reason=f"{said}{detail}", hint=hint
    )
