"""What another host may ask for: the calls that ``zfstune serve --allow`` answers."""

from __future__ import annotations

import re
from types import MappingProxyType

from zfstune.streams.arrival import is_harmless, may_travel
from zfstune.streams.base import read_mark
from zfstune.streams.ends import read_placeholder, read_replica
from zfstune.streams.remote.answers import lies_within
from zfstune.streams.remote.requests import names_in
from zfstune.streams.taken_properties import is_note
from zfstune.values.frozen import frozen, replace
from zfstune.values.inert import INERT, PLACEHOLDER, is_opened_note
from zfstune.values.marks import OPENED_PROPERTY, REPLICA_PROPERTY, TAKEN_PROPERTY
from zfstune.values.names import pool_of
from zfstune.values.properties import is_user
from zfstune.values.state import Bookmark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.streams.ends import End
    from zfstune.streams.remote.requests import SideCall

__all__ = ["Grant", "is_inert", "is_placeholder", "verb_of"]

# The calls by the right that they take, each with its verb in messages.
_READING = MappingProxyType(
    dict.fromkeys(
        (
            *("limits", "ends", "with_properties", "own_properties", "copies"),
            *("pool_guid", "bookmarks", "guid"),
        ),
        "read",
    )
    | {"digest": "compare"}
)
_SENDING = MappingProxyType(
    {
        **dict.fromkeys(("send_size", "send", "send_resumed"), "send"),
        "take_snapshots": "take a snapshot of",
        "note_target": "note a target on",
        "change_bookmarks": "change the bookmarks of",
    }
)
_RECEIVING = MappingProxyType(
    {
        **dict.fromkeys(("available_bytes", "token"), "read"),
        "receive": "receive",
        "change_properties": "set properties of",
        "abort_receive": "abort the receive of",
        "rename": "rename",
        "make_placeholder": "create",
        "put_aside": "put aside",
        "take_over": "promote",
    }
)
_GUID_DIGITS = 16
# The time, and the target's guid where another one was put aside in that second.
_ASIDE = re.compile(r"-aside-\d{8}T\d{6}Z(-[0-9a-f]{1,16})?")


@frozen
class Grant:
    """The rights of a client.

    Attributes:
        dataset: All that it names is this dataset, or lies below it.
        sends: It may read streams of what is there, and keep bookmarks for them.
        receives: It may add to what is there by streams.
        properties: It may set user properties on copies, and not only those properties
            that say how blocks are stored.
        loses: A receive of its may roll a dataset back, and destroy the snapshots that it
            names for that.
    """

    dataset: str
    sends: bool = False
    receives: bool = False
    loses: bool = False
    properties: bool = False

    def covers(self, name: str) -> bool:
        """Tell whether a dataset, snapshot or bookmark lies within."""
        return lies_within(name, self.dataset)

    def visible(self, end: End) -> End:
        """Return an end without the names of an origin and a key that lie elsewhere."""
        root = end.key_root
        if root and not self.covers(root):
            end = replace(end, key_root=pool_of(root))  # which this key cannot read
        origin = end.origin
        return (
            end if origin is None or self.covers(origin.name) else replace(end, origin=None)
        )

    def refusal(self, request: SideCall) -> str:
        """Return the reason why a request is refused; empty: it is granted."""
        call, arguments = request.call, request.arguments
        if not (
            call in _READING
            or (self.sends and call in _SENDING)
            or (self.receives and call in _RECEIVING)
        ):
            verb = "send" if call in _SENDING else "receive"
            return f"this key may not {verb}"
        if arguments.get("pool", pool_of(self.dataset)) != pool_of(self.dataset):
            return f"this key is for '{self.dataset}' alone"
        outside = [name for name in names_in(request) if not self.covers(name)]
        if outside:
            return (
                f"'{outside[0]}' is not within '{self.dataset}', all that this key is for"
            )
        if call == "receive":
            return self._receive_refusal(arguments["losing"], arguments["properties"])
        if call == "change_properties":
            return self._change_refusal(arguments["values"], arguments["inherited"])
        if call == "change_bookmarks":
            names = (*arguments["make"], *arguments["drop"])
            strange = [name for name in names if not _is_mark(name)]
            return f"'{strange[0]}' is no bookmark of zfstune's" if strange else ""
        if call == "make_placeholder":
            fine = is_placeholder(arguments["properties"])
            return "" if fine else "this key makes no dataset without a stream but a parent"
        if call == "put_aside":
            rest = arguments["aside"].removeprefix(arguments["name"])
            return "" if _ASIDE.fullmatch(rest) else "a target is put aside beside itself"
        return ""

    def _receive_refusal(
        self, losing: list[str] | None, properties: Mapping[str, str] | None
    ) -> str:
        if losing is not None and not self.loses:
            return "this key may not roll a dataset back"
        for name, value in (properties or {}).items():
            if name == REPLICA_PROPERTY:
                replica = read_replica(value)
                fine = replica is not None and not replica.live
            elif name == OPENED_PROPERTY:  # a new dataset has to be inert all the same
                fine = is_opened_note(value)
            else:
                fine = _is_inert_value(name, value)
            if not fine and not self._may_take(name, value):
                return self._not_taken(name, value)
        return ""

    def _change_refusal(self, values: Mapping[str, str], inherited: list[str]) -> str:
        for name, value in values.items():
            if not (_is_inert_value(name, value) or self._may_take(name, value)):
                return self._not_taken(name, value)
        for name in inherited:
            user = self.properties or not is_user(name)
            if name != TAKEN_PROPERTY and not (user and may_travel(name)):
                return f"this key may not inherit '{name}'"
        return ""

    def _may_take(self, name: str, value: str) -> bool:
        """Tell whether a copy may take a value from the client's source."""
        if name == TAKEN_PROPERTY:
            return is_note(value)
        if is_user(name):
            return self.properties and may_travel(name)
        return is_harmless(name, value)

    def _not_taken(self, name: str, value: str) -> str:
        reason = f"this key may not set '{name}' to '{value}'"
        if is_user(name) and may_travel(name) and not self.properties:
            reason += f"; `serve --properties` allows it, and `-x {name}` leaves it behind"
        return reason


def _is_inert_value(name: str, value: str) -> bool:
    """Tell whether a value is one of those that make a copy inert."""
    return any(kind.get(name, ("",))[0] == value for kind in INERT.values())


def _is_mark(name: str) -> bool:
    """Tell whether a bookmark is called as zfstune calls its own."""
    try:
        guid = int(name[-_GUID_DIGITS:], 16)
    except ValueError:
        return False
    return read_mark(Bookmark(name, guid, 0, 0)) is not None


def verb_of(call: str) -> str:
    """Return the verb for a call in messages."""
    return {**_READING, **_SENDING, **_RECEIVING}[call]


def is_placeholder(properties: Mapping[str, str]) -> bool:
    """Tell whether these are the properties of a target without data, and no others."""
    mark = properties.get(REPLICA_PROPERTY, "")
    return bool(read_placeholder(mark)) and properties == {
        **PLACEHOLDER,
        REPLICA_PROPERTY: mark,
    }


def is_inert(kind: str, properties: Mapping[str, str] | None) -> bool:
    """Tell whether a new dataset of a kind is inert with these properties."""
    given = {} if properties is None else properties
    return all(given.get(name) == value for name, (value, _) in INERT[kind].items())
