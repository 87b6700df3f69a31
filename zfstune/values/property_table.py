"""The native dataset properties of OpenZFS 2.1 to 2.4, as data.

The table follows ``module/zcommon/zfs_prop.c`` and the headers that give its numbers.
The meaning of a number on disk never changes, so one table serves every release; an
entry that came later names its first release. ``tests/lab`` compares the table with the
libzfs of each release.

Properties that ZFS keeps for other systems or no longer uses are left out
(``iscsioptions``, ``stmf_sbd_lu``, ``remaptxg``).
"""

from __future__ import annotations

from types import MappingProxyType

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["INDEX", "NUMBER", "STRING", "TABLE", "Property", "Release"]

Release = tuple[int, ...]

NUMBER = "number"
INDEX = "index"
STRING = "string"


_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@frozen
class Property:
    """One native property of OpenZFS.

    Attributes:
        name: Its name in ``zfs get``; the short column names are not taken.
        type: :data:`NUMBER`, :data:`INDEX` (a number behind a word) or
            :data:`STRING`.
        kinds: The kinds that have it: filesystem, volume, snapshot, bookmark.
        default: Value where none is set, as `zfs get -p` prints it; empty for
            read-only properties and where ZFS has none.
        readonly: ZFS alone sets it.
        create_only: It can be set only at creation.
        inheritable: Children inherit it.
        hidden: `zfs get all` does not list it.
        words: Word to number, for an index. Of several words for one number the first
            is printed.
        texts: Number to the word that is printed.
        features: Word to the short name of the pool feature that it needs. Sizes need
            one too: see :func:`zfstune.values.properties.feature_for`.
        since: First release that has the property.
        words_since: First release of each word that came later.
        former_default: First release with the present default, and the default before.
    """

    name: str
    type: str
    kinds: frozenset[str]
    default: str = ""
    readonly: bool = False
    create_only: bool = False
    inheritable: bool = False
    hidden: bool = False
    words: Mapping[str, int] = _NOTHING
    texts: Mapping[int, str] = _NOTHING
    features: Mapping[str, str] = _NOTHING
    since: Release = (2, 1)
    words_since: Mapping[str, Release] = _NOTHING
    former_default: tuple[Release, str] | None = None


_F = frozenset({"filesystem"})
_V = frozenset({"volume"})
_S = frozenset({"snapshot"})
_B = frozenset({"bookmark"})
_FV = _F | _V
_FS = _F | _S
_FVS = _F | _V | _S
_ALL = _FVS | _B

_ON_OFF = {"off": 0, "on": 1}

# include/sys/zio.h, enum zio_checksum
_CHECKSUMS = {"sha256": 8, "sha512": 11, "skein": 12, "edonr": 13, "blake3": 14}
_CHECKSUM_FEATURES = ("sha512", "skein", "edonr", "blake3")
_VERIFY = 1 << 8  # ZIO_CHECKSUM_VERIFY

_CHECKSUM = {
    "on": 1,
    "off": 2,
    "fletcher2": 6,
    "fletcher4": 7,
    "sha256": 8,
    "noparity": 10,
    "sha512": 11,
    "skein": 12,
    "edonr": 13,
    "blake3": 14,
}
_DEDUP = {"on": 1, "off": 2, "verify": 1 | _VERIFY}
for _name, _number in _CHECKSUMS.items():
    if _name != "edonr":  # ZFS dedups by edonr only after comparing the blocks
        _DEDUP[_name] = _number
    _DEDUP[f"{_name},verify"] = _number | _VERIFY

# include/sys/zio_compress.h, enum zio_compress and enum zio_zstd_levels; a level
# stands SPA_COMPRESSBITS (7) above the method.
_ZSTD = 16
_ZSTD_FAST = (*range(1, 11), *range(20, 101, 10), 500, 1000)
_COMPRESSION = {
    "on": 1,
    "off": 2,
    "lzjb": 3,
    "gzip": 10,
    **{f"gzip-{level}": 4 + level for level in range(1, 10)},
    "zle": 14,
    "lz4": 15,
    "zstd": _ZSTD,
    "zstd-fast": _ZSTD | 103 << 7,
    **{f"zstd-{level}": _ZSTD | level << 7 for level in range(1, 20)},
    **{f"zstd-fast-{level}": _ZSTD | 103 + i << 7 for i, level in enumerate(_ZSTD_FAST)},
}

# include/sys/fs/zfs.h, enum zio_encrypt
_ENCRYPTION = {
    "on": 1,
    "off": 2,
    "aes-128-ccm": 3,
    "aes-192-ccm": 4,
    "aes-256-ccm": 5,
    "aes-128-gcm": 6,
    "aes-192-gcm": 7,
    "aes-256-gcm": 8,
}
_ACLTYPE = {"off": 0, "posix": 1, "nfsv4": 2, "disabled": 0, "noacl": 0, "posixacl": 1}
_ACLINHERIT = {
    "discard": 0,
    "noallow": 1,
    "restricted": 4,
    "passthrough": 3,
    "secure": 4,
    "passthrough-x": 5,
}
# include/sys/u8_textprep.h: decomposition and composition flags
_NORMALIZATION = {"none": 0, "formD": 0x10, "formKC": 0x60, "formC": 0x50, "formKD": 0x20}
_DNODESIZE = {"legacy": 0, "auto": 1, **{f"{1 << n}k": 1024 << n for n in range(5)}}
_CACHE = {"none": 0, "metadata": 1, "all": 2}
_VERSION = {**{str(n): n for n in range(1, 6)}, "current": 5}


def _texts(words: Mapping[str, int]) -> Mapping[int, str]:
    """Map each number to its word; of two words for one number, to the first."""
    return MappingProxyType({words[word]: word for word in reversed(list(words))})


def _index(
    name: str, kinds: frozenset[str], default: str, words: Mapping[str, int], **more: Any
) -> Property:
    """Describe a property that is a number behind a word."""
    fixed = MappingProxyType(dict(words))
    inheritable = bool(more.pop("inheritable", not more.get("readonly")))
    return Property(
        name,
        INDEX,
        kinds,
        default,
        inheritable=inheritable,
        words=fixed,
        texts=_texts(fixed),
        **more,
    )


def _readonly(type_: str, names: str, kinds: frozenset[str], **more: Any) -> list[Property]:
    """Describe properties that ZFS alone sets."""
    return [Property(name, type_, kinds, readonly=True, **more) for name in names.split()]


def _need(feature: str, words: Mapping[str, int], but: tuple[str, ...]) -> dict[str, str]:
    """Map all words to one pool feature, except the words in `but`."""
    return {word: feature for word in words if word not in but}


def _checksum_features(words: Mapping[str, int]) -> dict[str, str]:
    """Return the feature of each checksum that needs one (zio_checksum_to_feature)."""
    methods = {word: word.partition(",")[0] for word in words}
    return {
        word: method for word, method in methods.items() if method in _CHECKSUM_FEATURES
    }


_INHERITED_INDEXES = [
    _index(
        "redundant_metadata",
        _FV,
        "all",
        {"all": 0, "most": 1, "some": 2, "none": 3},
        words_since={"some": (2, 1, 7), "none": (2, 1, 7)},
    ),
    _index("sync", _FV, "standard", {"standard": 0, "always": 1, "disabled": 2}),
    _index(
        "checksum",
        _FV,
        "on",
        _CHECKSUM,
        features=_checksum_features(_CHECKSUM),
        words_since={"blake3": (2, 2)},
    ),
    _index(
        "dedup",
        _FV,
        "off",
        _DEDUP,
        features=_checksum_features(_DEDUP),
        words_since={"blake3": (2, 2), "blake3,verify": (2, 2)},
    ),
    _index(
        "compression",
        _FV,
        "on",
        _COMPRESSION,
        features={
            "lz4": "lz4_compress",
            **{word: "zstd_compress" for word in _COMPRESSION if word.startswith("zstd")},
        },
        former_default=((2, 2), "off"),
    ),
    _index(
        "snapdir",
        _F,
        "hidden",
        {"hidden": 0, "visible": 1, "disabled": 2},
        words_since={"disabled": (2, 3)},
    ),
    _index("snapdev", _FV, "hidden", {"hidden": 0, "visible": 1}),
    _index(
        "aclmode",
        _F,
        "discard",
        {"discard": 0, "groupmask": 2, "passthrough": 3, "restricted": 4},
    ),
    _index("acltype", _FS, "off", _ACLTYPE),
    _index("aclinherit", _F, "restricted", _ACLINHERIT),
    _index("copies", _FV, "1", {"1": 1, "2": 2, "3": 3}),
    _index("primarycache", _FVS, "all", _CACHE),
    _index("secondarycache", _FVS, "all", _CACHE),
    _index("prefetch", _FVS, "all", _CACHE, since=(2, 2, 4)),
    _index("logbias", _FV, "latency", {"latency": 0, "throughput": 1}),
    # Up to 2.2, "on" meant "dir" and was printed for it; see properties.py.
    _index(
        "xattr",
        _FS,
        "sa",
        {"off": 0, "sa": 2, "on": 2, "dir": 1},
        former_default=((2, 3), "dir"),
    ),
    _index(
        "dnodesize",
        _F,
        "legacy",
        _DNODESIZE,
        features=_need("large_dnode", _DNODESIZE, but=("legacy",)),
    ),
    _index(
        "volmode", _FV, "default", {"default": 0, "full": 1, "geom": 1, "dev": 2, "none": 3}
    ),
    _index(
        "direct", _F, "standard", {"disabled": 0, "standard": 1, "always": 2}, since=(2, 3)
    ),
    _index("atime", _F, "on", _ON_OFF),
    _index("relatime", _F, "on", _ON_OFF, former_default=((2, 2), "off")),
    *(_index(name, _FS, "on", _ON_OFF) for name in ("devices", "exec", "setuid")),
    _index("readonly", _FV, "off", _ON_OFF),
    _index("zoned", _F, "off", _ON_OFF),
    _index("vscan", _F, "off", _ON_OFF),
    _index("nbmand", _FS, "off", _ON_OFF),
    _index("overlay", _F, "on", _ON_OFF),
    _index("longname", _F, "off", _ON_OFF, since=(2, 3), features={"on": "longname"}),
]

_OTHER_INDEXES = [
    _index("version", _FS, "5", _VERSION, inheritable=False),
    _index("canmount", _F, "on", {"off": 0, "on": 1, "noauto": 2}, inheritable=False),
    _index("volthreading", _V, "on", _ON_OFF, inheritable=False, since=(2, 3)),
    # The one boolean that is printed as yes and no (zfs_prop_get).
    _index("mounted", _F, "", {"no": 0, "yes": 1}, readonly=True),
    _index("defer_destroy", _S, "", _ON_OFF, readonly=True),
    _index(
        "keystatus", _FVS, "", {"none": 0, "unavailable": 1, "available": 2}, readonly=True
    ),
    _index("normalization", _FS, "none", _NORMALIZATION, create_only=True),
    _index(
        "casesensitivity",
        _FS,
        "sensitive",
        {"sensitive": 0, "insensitive": 1, "mixed": 2},
        create_only=True,
    ),
    _index(
        "keyformat",
        _FV,
        "none",
        {"none": 0, "raw": 1, "hex": 2, "passphrase": 3},
        create_only=True,
        inheritable=False,
        features=dict.fromkeys(("raw", "hex", "passphrase"), "encryption"),
    ),
    _index(
        "encryption",
        _FVS,
        "off",
        _ENCRYPTION,
        create_only=True,
        features=_need("encryption", _ENCRYPTION, but=("off",)),
    ),
    _index("utf8only", _FS, "off", _ON_OFF, create_only=True),
]

_STRINGS = [
    Property("mountpoint", STRING, _F, "/", inheritable=True),
    Property("sharenfs", STRING, _F, "off", inheritable=True),
    Property("sharesmb", STRING, _F, "off", inheritable=True),
    Property("mlslabel", STRING, _FVS, "none", inheritable=True),
    *(
        Property(name, STRING, _FVS, "none")
        for name in ("context", "fscontext", "defcontext", "rootcontext")
    ),
    Property("keylocation", STRING, _FV, "none"),
    *_readonly(STRING, "type redact_snaps", _ALL),
    *_readonly(STRING, "origin receive_resume_token", _FV),
    *_readonly(STRING, "clones", _S),
    *_readonly(STRING, "encryptionroot", _FVS),
    *_readonly(STRING, "name", _ALL, hidden=True),
    *_readonly(STRING, "prevsnap", _FV, hidden=True),
]

_DEFAULT_QUOTAS = [
    Property(f"default{account}{counted}quota", NUMBER, _FS, "0", since=(2, 4))
    for account in ("user", "group", "project")
    for counted in ("", "obj")
]

_NUMBERS = [
    Property("quota", NUMBER, _F, "0"),
    Property("reservation", NUMBER, _FV, "0"),
    Property("volsize", NUMBER, _V | _S, "0"),
    Property("refquota", NUMBER, _F, "0"),
    Property("refreservation", NUMBER, _FV, "0"),
    Property("filesystem_limit", NUMBER, _F, "none"),
    Property("snapshot_limit", NUMBER, _FV, "none"),
    *_DEFAULT_QUOTAS,
    Property("recordsize", NUMBER, _F, "131072", inheritable=True),
    # On volumes since 2.4 only; see properties.py.
    Property("special_small_blocks", NUMBER, _FV, "0", inheritable=True),
    Property(
        "volblocksize",
        NUMBER,
        _V,
        "16384",
        create_only=True,
        inheritable=True,
        former_default=((2, 2), "8192"),
    ),
    Property("pbkdf2iters", NUMBER, _FV, "0", create_only=True),
    Property("pbkdf2salt", NUMBER, _FV, "0", create_only=True, hidden=True),
    *_readonly(NUMBER, "referenced compressratio logicalreferenced guid createtxg", _ALL),
    *_readonly(NUMBER, "creation", _ALL),
    *_readonly(NUMBER, "used refcompressratio written objsetid", _FVS),
    *_readonly(NUMBER, "available usedbysnapshots usedbydataset usedbychildren", _FV),
    *_readonly(NUMBER, "usedbyrefreservation logicalused snapshot_count", _FV),
    *_readonly(NUMBER, "snapshots_changed", _FV, since=(2, 2)),
    *_readonly(NUMBER, "filesystem_count", _F),
    *_readonly(NUMBER, "userrefs", _S),
    *_readonly(NUMBER, "numclones", _S, hidden=True),
    *_readonly(
        NUMBER, "useraccounting unique inconsistent keyguid redacted", _FVS, hidden=True
    ),
    *_readonly(NUMBER, "ivsetguid", _ALL, hidden=True),
]

TABLE: Mapping[str, Property] = MappingProxyType(
    {
        entry.name: entry
        for entry in (*_INHERITED_INDEXES, *_OTHER_INDEXES, *_STRINGS, *_NUMBERS)
    }
)
