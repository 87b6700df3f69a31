"""The file of a profile: TOML text in, a checked profile out.

A file is untrusted until all of it has been checked. Single fields are checked in
:mod:`zfstune.profiles.file_fields`, the structure of the file here.
"""

from __future__ import annotations

import tomllib

from zfstune.profiles.file_fields import FieldReader
from zfstune.profiles.pool_rules import FACTS
from zfstune.profiles.profile import (
    MAX_PROFILE_BYTES,
    DatasetProfile,
    Needs,
    PoolRule,
    Profile,
    Setting,
    Snapshots,
    Variant,
)
from zfstune.retention.policy_text import parse_policy
from zfstune.schedules.cadence import parse_cadence
from zfstune.values import properties as props
from zfstune.values.errors import InvalidProperty, PolicyError, ProfileError
from zfstune.values.frozen import replace
from zfstune.values.marks import OWN_PREFIX
from zfstune.values.property_rules import UNSAFE, is_unsafe
from zfstune.values.text import did_you_mean, shown
from zfstune.values.whole_number import NumberError, read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


__all__ = ["read_profile"]

_MOST_DOTS = 500
_MOST_PARTS = 3  # of a release
_TOP_KEYS = ("name", "summary", "advice", "needs", "extends", "dataset", "variant")
_DATASET_KEYS = ("path", "owner", "group", "mode", "snapshots", "properties")


def read_profile(text: str, origin: str, load_base: Callable[[str], Profile]) -> Profile:
    """Read a profile out of TOML text, checking all of it.

    Args:
        text: The file's content, 64 KiB at the most.
        origin: The file's name, for messages.
        load_base: Loads the profile that this one extends.

    Raises:
        ProfileError: It cannot be read; the message names origin, table and key.
    """
    reader = _Reader(origin, load_base)
    if (
        len(text) > MAX_PROFILE_BYTES
        or len(text.encode(errors="replace")) > MAX_PROFILE_BYTES
    ):
        reader.refuse("top level", f"it is larger than {MAX_PROFILE_BYTES // 1024} KiB")
    return reader.profile(_parse(text, reader))


def _parse(text: str, reader: _Reader) -> Mapping[str, object]:
    if text.startswith("\ufeff"):
        hint = "save it as UTF-8 without a byte order mark"
        reader.refuse("line 1, column 1", "it begins with a byte order mark", hint)
    # tomllib takes quadratic time for the parts of a key: 20 seconds for 30000 of them.
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > _MOST_DOTS:
            reader.refuse(f"line {number}", f"it has more than {_MOST_DOTS} dots")
    try:
        return tomllib.loads(text)
    except RecursionError:
        reader.refuse("TOML", "it is nested too deeply")
    except ValueError as error:
        if not isinstance(error, tomllib.TOMLDecodeError):
            reader.refuse("TOML", "a number in it has thousands of digits")
        reason, _, place = str(error).rpartition(" (at ")
        reader.refuse(place.rstrip(")"), shown(reason[:1].lower() + reason[1:]))


class _Reader(FieldReader):
    """Reads one file, table by table."""

    __slots__ = ("_load_base",)

    def __init__(self, origin: str, load_base: Callable[[str], Profile]) -> None:
        super().__init__(origin)
        self._load_base = load_base

    def profile(self, table: Mapping[str, object]) -> Profile:
        where = "top level"
        self.only(table, where, _TOP_KEYS)
        name = self.word(self.text(table, where, "name"), where, "key 'name'")
        summary = self.prose(table, where, "summary")
        advice = self.prose(table, where, "advice") if "advice" in table else ""
        extended = self.base(table, where)
        base = {d.path: d for d in extended.datasets} if extended else {}
        rows = table.get("dataset", [] if base else None)
        if not isinstance(rows, list) or not (rows or base):
            self.refuse(
                where, "there is no [[dataset]] table", "a profile has at least one dataset"
            )
        datasets = {**base, **self.datasets(rows, base)}
        variants = self.table(table.get("variant", {}), "variant")
        return Profile(
            name,
            summary,
            tuple(datasets.values()),
            self.origin,
            tuple(self.variant(n, v, datasets) for n, v in variants.items()),
            advice or (extended.advice if extended else ""),
            self.needs(table) or (extended.needs if extended else None),
        )

    def needs(self, table: Mapping[str, object]) -> Needs | None:
        if "needs" not in table:
            return None
        where = "needs"
        own = self.table(
            table[where], where, '{ openzfs = "2.2", why = "...", source = "..." }'
        )
        self.only(own, where, ("openzfs", "why", "source"))
        release = self.text(own, where, "openzfs")
        parts = release.split(".")
        try:
            numbers = tuple(map(read_whole, parts))
        except NumberError:
            numbers = ()
        if not numbers or len(parts) > _MOST_PARTS:
            reason = f"key 'openzfs': '{shown(release)}' is no release such as 2.2"
            self.refuse(where, reason)
        why, source = (self.prose(own, where, key) for key in ("why", "source"))
        return Needs(numbers, why, source)

    def base(self, table: Mapping[str, object], where: str) -> Profile | None:
        """Return the profile that this one extends, None: it extends none."""
        if "extends" not in table:
            return None
        name = self.text(table, where, "extends")
        try:
            return self._load_base(name)
        except ProfileError as error:
            self.refuse(where, f"key 'extends': {error.message}", error.hint)

    def datasets(
        self, rows: list[object], base: Mapping[str, DatasetProfile]
    ) -> dict[str, DatasetProfile]:
        datasets: dict[str, DatasetProfile] = {}
        for number, row in enumerate(rows, 1):
            spot = f"dataset {number}"
            dataset = self.dataset(self.table(row, spot), spot)
            spot = f"dataset '{dataset.path}'"
            if dataset.path in datasets:
                self.refuse(spot, "key 'path': an earlier dataset has the same path")
            child = next((p for p in datasets if p.startswith(dataset.path + "/")), None)
            if child is not None:
                reason = f"it comes after its child '{child}'"
                self.refuse(spot, reason, "put the parent first")
            if dataset.path in base:
                dataset = _merged(base[dataset.path], dataset)
                self.check({s.property: s.value for s in dataset.settings}, spot)
            datasets[dataset.path] = dataset
        return datasets

    def variant(
        self, name: str, value: object, datasets: Mapping[str, DatasetProfile]
    ) -> Variant:
        where = f"variant '{shown(name)}'"
        self.word(name, where, "its name")
        table = self.table(value, where)
        self.only(table, where, ("summary", "source", "only", "dataset"))
        summary = self.prose(table, where, "summary")
        if "source" in table:
            self.prose(table, where, "source")
        only = table.get("only", False)
        if not isinstance(only, bool):
            self.refuse(where, "key 'only': it must be true or false")
        changed = self.table(table.get("dataset"), f"{where}, dataset")
        self.only(changed, f"{where}, dataset", tuple(datasets))
        varied = []
        for path, dataset in datasets.items():
            if path not in changed:
                if not only:
                    varied.append(dataset)
                continue
            spot = f"{where}, dataset '{path}'"
            listed = self.table(changed[path], spot)
            asked = {
                n: self.variant_setting(n, v, dataset, spot, table)
                for n, v in listed.items()
            }
            kept = {} if only else {s.property: s for s in dataset.settings}
            settings = {**kept, **asked}
            self.check({n: s.value for n, s in settings.items()}, spot)
            varied.append(replace(dataset, settings=tuple(settings.values())))
        return Variant(name, summary, tuple(varied))

    def variant_setting(
        self,
        name: str,
        value: object,
        dataset: DatasetProfile,
        where: str,
        variant: Mapping[str, object],
    ) -> Setting:
        """Read a value of a variant; the profile's own value may stand without reasons."""
        if not isinstance(value, str):
            table = dict(self.table(value, f"{where}, property {shown(name)}"))
            if "source" in variant:
                table.setdefault("source", variant["source"])
            return self.setting(name, table, where, unsafe=True)
        base = dataset.setting(name)
        spot = f"{where}, property {shown(name)}"
        if base is None or not _same(name, base.value, value):
            hint = 'as in { value = "...", why = "..." }'
            self.refuse(spot, "a value that the profile does not have needs a reason", hint)
        return replace(base, value=value, rules=())

    def dataset(self, table: Mapping[str, object], where: str) -> DatasetProfile:
        path = self.path(self.text(table, where, "path"), where)
        where = f"dataset '{path}'"
        self.only(table, where, _DATASET_KEYS)
        listed = self.table(table.get("properties", {}), f"{where}, properties")
        settings = tuple(self.setting(n, v, where) for n, v in listed.items())
        # Values that are valid by themselves may contradict each other.
        self.check({s.property: s.value for s in settings}, where)
        return DatasetProfile(
            path=path,
            settings=settings,
            owner=self.account(table, where, "owner"),
            group=self.account(table, where, "group"),
            mode=self.mode(table, where),
            snapshots=self.snapshots(table, where),
        )

    def snapshots(self, table: Mapping[str, object], where: str) -> Snapshots | None:
        """Read schedule and policy, each in the form that the command line takes."""
        if "snapshots" not in table:
            return None
        where = f"{where}, snapshots"
        own = self.table(table["snapshots"], where)
        self.only(own, where, ("every", "keep", "why", "source", "disagrees"))
        every = self.text(own, where, "every")
        keep = self.text(own, where, "keep") if "keep" in own else ""
        why, source = (self.prose(own, where, key) for key in ("why", "source"))
        disagrees = self.prose(own, where, "disagrees") if "disagrees" in own else ""
        try:
            cadence = parse_cadence(every)
            if keep:
                parse_policy(keep)
        except PolicyError as error:
            self.refuse(where, error.message, error.hint)
        if cadence is not None and not keep:
            hint = 'as in keep = "hourly=48", or keep = "never" to keep all of them'
            self.refuse(where, "key 'keep' is missing: the snapshots would pile up", hint)
        return Snapshots(every, keep, why, source, disagrees)

    def setting(
        self, name: str, value: object, where: str, *, unsafe: bool = False
    ) -> Setting:
        where = f"{where}, property {shown(name)}"
        table = self.table(value, where, '{ value = "...", why = "...", source = "..." }')
        misplaced = next(
            (key for key in table if key in (*_TOP_KEYS, *_DATASET_KEYS)), None
        )
        if misplaced is not None:
            hint = "a line belongs to the [table] above it: move this line up"
            self.refuse(where, f"unknown key '{misplaced}'", hint)
        self.only(table, where, ("value", "why", "source", "disagrees", "where"))
        given = self.text(table, where, "value")
        why, source = (self.prose(table, where, key) for key in ("why", "source"))
        disagrees = self.prose(table, where, "disagrees") if "disagrees" in table else ""
        setting = Setting(name, given, why, source, disagrees)
        if name == "mountpoint" or (name == "canmount" and setting.value != "off"):
            hint = "its datasets appear below the root that apply is given"
            self.refuse(
                where, "a profile cannot choose where its datasets are mounted", hint
            )
        if name.startswith(OWN_PREFIX):
            self.refuse(
                where, f"names that begin with {OWN_PREFIX} are zfstune's own notes"
            )
        if is_unsafe(name, setting.value) and not unsafe:
            reason = f"a profile may not {UNSAFE[name].doing}"
            hint = f"with it, {UNSAFE[name].loss}; a variant may, with the user's consent"
            self.refuse(where, reason, hint)
        self.check({name: setting.value}, where)
        rules = table.get("where", [])
        if not isinstance(rules, list):
            self.refuse(where, "key 'where': it must be [[...where]] tables")
        return replace(setting, rules=tuple(self.rule(setting, r, where) for r in rules))

    def rule(self, setting: Setting, value: object, where: str) -> PoolRule:
        where = f"{where}, where"
        table = dict(self.table(value, where))
        table.setdefault("source", setting.source)
        self.only(table, where, ("pool", "value", "why", "source"))
        fact = self.text(table, where, "pool")
        if fact not in FACTS:
            hint = did_you_mean(fact, FACTS, "known facts: " + ", ".join(FACTS))
            reason = f"key 'pool': there is no fact '{shown(fact)}' of pools"
            self.refuse(where, reason, hint)
        del table["pool"]
        other = self.setting(setting.property, table, where)
        return PoolRule(fact, other.value, other.why, other.source)


def _merged(base: DatasetProfile, own: DatasetProfile) -> DatasetProfile:
    """Lay a dataset over the one that it extends."""
    settings = {s.property: s for s in (*base.settings, *own.settings)}
    return DatasetProfile(
        own.path,
        tuple(settings.values()),
        owner=own.owner if own.owner is not None else base.owner,
        group=own.group if own.group is not None else base.group,
        mode=own.mode if own.mode is not None else base.mode,
        snapshots=own.snapshots or base.snapshots,
    )


def _same(name: str, value: str, other: str) -> bool:
    """Tell whether two texts are the same value."""
    try:
        return props.canonical(name, value) == props.canonical(name, other)
    except InvalidProperty:
        return False
