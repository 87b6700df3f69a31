"""The calls of ZfsEngine that change a whole pool, or wait for what it does."""

from __future__ import annotations

import errno

from zfstune.engine._arguments import check_number, check_text
from zfstune.engine._binding import lib
from zfstune.engine._errno import batch_error, engine_error
from zfstune.engine._pool import leaf_guids
from zfstune.values.errors import InvalidValue, NotSupported
from zfstune.values.names import check_dataset, check_pool
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from zfstune.values.property_table import Release
    from zfstune.values.state import Limits

__all__ = ["ZfsUpkeep"]

# Each number is that of an enumeration of include/sys/fs/zfs.h.
_ACTIVITIES = {  # zpool_wait_activity_t
    "discard": 0,
    "free": 1,
    "initialize": 2,
    "replace": 3,
    "remove": 4,
    "resilver": 5,
    "scrub": 6,
    "trim": 7,
    "raidz_expand": 8,
}
_DELETE_QUEUE = 0  # zfs_wait_activity_t
_INITIALIZE = {"start": 0, "cancel": 1, "suspend": 2, "uninit": 3}
_TRIM = {"start": 0, "cancel": 1, "suspend": 2}
_SCRUB = {"start": 1, "pause": 1, "stop": 0}  # pool_scan_func_t
_ERROR_SCRUB = 3
_PAUSE = 1  # pool_scrub_cmd_t
_TABLES = {"ddt": 1, "brt": 2}  # zpool_prefetch_type_t
_BY_AGE, _BY_PERCENTAGE = 1, 2  # zpool_ddt_prune_unit_t
_MOST_PERCENT = 100
_BOOT_VERSION = 1  # VB_NVLIST, include/sys/vdev_impl.h; 0 is the text of GRUB alone


class ZfsUpkeep:
    """The calls, for ZfsEngine to inherit, which has the attributes below."""

    _zfs: Any
    _limits: Limits
    _log: Callable[[str], None]
    _raise_if_failed: Callable[[str, str, int], None]

    def sync(self, pool: str, *, force: bool = False) -> None:
        """Write all changes of a pool to its devices."""
        check_pool(pool)
        error = self._zfs.call(lib.zt_sync, pool, {"force": force})
        self._raise_if_failed("sync", pool, error)

    def wait(self, pool: str, activity: str, *, device: str = "") -> bool:
        """Wait until an activity has ended; tell whether it was under way."""
        check_pool(pool)
        number = _number_of(_ACTIVITIES, "activity of wait()", activity)
        self._needs((2, 3), "wait for", pool, asked=activity == "raidz_expand")
        guid = self._guid(pool, device) if device else 0
        return self._waited(lib.zt_wait, pool, number, guid)

    def wait_deleted(self, name: str) -> bool:
        """Wait until the space of deleted files is freed; tell whether there was any."""
        check_dataset(name)
        return self._waited(lib.zt_wait_fs, name, _DELETE_QUEUE)

    def _waited(self, call: Callable[..., int], name: str, *more: int) -> bool:
        # A signal ends the call. The handler runs between two rounds, and what it raises,
        # as Ctrl-C does, ends the loop.
        error = errno.EINTR
        while error == errno.EINTR:
            error, waited = self._zfs.read(call, name, *more)
        self._raise_if_failed("wait for", name, error)
        return bool(waited)

    def pool_checkpoint(self, pool: str) -> None:
        """Keep the state of a whole pool, to which an import can go back."""
        self._checkpoint("checkpoint", pool, "zfstune checkpoint")

    def discard_pool_checkpoint(self, pool: str) -> None:
        """Give up a pool's checkpoint."""
        self._checkpoint("discard the checkpoint of", pool, "zfstune checkpoint -d")

    def _checkpoint(self, operation: str, pool: str, line: str) -> None:
        check_pool(pool)
        discard = int(operation != "checkpoint")
        error = self._zfs.call(lib.zt_pool_checkpoint, pool, discard)
        self._raise_if_failed(operation, pool, error)
        self._log(f"{line} {pool}")

    def scrub(self, pool: str, action: str = "start", *, errors_only: bool = False) -> None:
        """Start, pause or stop a scrub."""
        check_pool(pool)
        function = _number_of(_SCRUB, "action of scrub()", action)
        if errors_only and function:
            self._needs((2, 2), "scrub the known errors of", pool)
            function = _ERROR_SCRUB
        command = _PAUSE if action == "pause" else 0
        error = self._zfs.call(lib.zt_scrub, pool, function, command)
        # ECANCELED: a paused scrub goes on (zpool_scan() in lib/libzfs/libzfs_pool.c)
        if error and not (error == errno.ECANCELED and action == "start"):
            raise engine_error(f"{action} the scrub of", pool, error)
        self._log(f"zfstune scrub {_OPTIONS[action]}{pool}")

    def initialize(
        self, pool: str, action: str = "start", *, devices: Iterable[str] = ()
    ) -> None:
        """Write to all free space of devices."""
        check_pool(pool)
        command = _number_of(_INITIALIZE, "action of initialize()", action)
        self._needs((2, 2), "uninitialize", pool, asked=action == "uninit")
        self._on_devices("initialize", lib.zt_initialize, pool, list(devices), command)
        self._log(f"zfstune initialize {_OPTIONS[action]}{pool}")

    def trim(
        self,
        pool: str,
        action: str = "start",
        *,
        devices: Iterable[str] = (),
        rate_bytes: int = 0,
        secure: bool = False,
    ) -> None:
        """Tell devices which space is free."""
        check_pool(pool)
        command = _number_of(_TRIM, "action of trim()", action)
        chosen, settings = list(devices), (command, rate_bytes, int(secure))
        # Of all devices, those are meant that can (check_trim_errs() in libzfs_pool.c).
        allowed = 0 if chosen or secure else errno.EOPNOTSUPP
        self._on_devices("trim", lib.zt_trim, pool, chosen, *settings, allowed=allowed)
        self._log(f"zfstune trim {_OPTIONS[action]}{pool}")

    def _on_devices(
        self,
        operation: str,
        call: Callable[..., int],
        pool: str,
        devices: list[str],
        *settings: int,
        allowed: int = 0,
    ) -> None:
        """Make a call on some devices, or on all; not all of them may fail as `allowed`."""
        guids = self._guids(pool)
        targets = {path: self._guid(pool, path, guids) for path in devices} or guids
        error, written = self._zfs.change(call, pool, *settings, targets)
        by_guid: dict[str, int] = next(iter((written or {}).values()), {})
        errors = {
            path: by_guid[str(guid)]
            for path, guid in targets.items()
            if str(guid) in by_guid
        }
        spared = set(errors.values()) == {allowed} and len(errors) < len(targets)
        if error and not spared:
            raise batch_error(operation, error, errors, [pool])

    def reopen(self, pool: str, *, restart_scrub: bool = True) -> None:
        """Open all devices of a pool again."""
        check_pool(pool)
        error = self._zfs.call(lib.zt_reopen, pool, int(restart_scrub))
        self._raise_if_failed("reopen", pool, error)
        self._log(f"zfstune reopen {'' if restart_scrub else '-n '}{pool}")

    def prefetch(self, pool: str, table: str = "ddt") -> None:
        """Read a table into memory before it is needed."""
        check_pool(pool)
        number = _number_of(_TABLES, "table of prefetch()", table)
        self._needs((2, 4), "prefetch the brt of", pool, asked=table == "brt")
        self._raise_if_failed(
            "prefetch", pool, self._zfs.call(lib.zt_prefetch, pool, number)
        )

    def prune_dedup(self, pool: str, *, percent: int = 0, older_than_s: int = 0) -> None:
        """Forget entries of the deduplication table that stand for one block."""
        check_pool(pool)
        check_number("percent of prune_dedup()", percent, most=_MOST_PERCENT)
        if bool(percent) == bool(older_than_s):
            raise InvalidValue(
                f"cannot prune the dedup table of '{pool}': it takes a percentage or an age"
            )
        unit = _BY_PERCENTAGE if percent else _BY_AGE
        error = self._zfs.call(lib.zt_ddt_prune, pool, unit, percent or older_than_s)
        self._raise_if_failed("prune the dedup table of", pool, error)

    def device_properties(self, pool: str, device: str) -> dict[str, str | int]:
        """Return the properties that were set on a device."""
        check_pool(pool)
        asked = {"vdevprops_get_vdev": self._guid(pool, device)}
        error, found = self._zfs.change(lib.zt_get_vdev_prop, pool, asked)
        self._raise_if_failed("read the device properties of", pool, error)
        return {name: prop["value"] for name, prop in found.items() if "value" in prop}

    def set_device_properties(
        self, pool: str, device: str, properties: Mapping[str, str]
    ) -> None:
        """Set properties of a device."""
        check_pool(pool)
        values = {name: _device_value(name, text) for name, text in properties.items()}
        wanted = {
            "vdevprops_set_vdev": self._guid(pool, device),
            "vdevprops_set_props": values,
        }
        error, _ = self._zfs.change(lib.zt_set_vdev_prop, pool, wanted)
        self._raise_if_failed("set the device properties of", pool, error)

    def boot_environment(self, pool: str) -> dict[str, object]:
        """Return what a boot loader keeps in the labels of a pool."""
        check_pool(pool)
        error, values = self._zfs.read(lib.zt_get_bootenv, pool)
        self._raise_if_failed("read the boot environment of", pool, error)
        return dict(values)

    def set_boot_environment(self, pool: str, values: Mapping[str, object]) -> None:
        """Replace what a boot loader keeps in the labels of a pool."""
        check_pool(pool)
        wanted = {"version": _BOOT_VERSION, **values}
        parameter = "the version of a boot environment"
        check_number(parameter, wanted["version"], most=_BOOT_VERSION)
        error = self._zfs.call(lib.zt_set_bootenv, pool, wanted)
        self._raise_if_failed("set the boot environment of", pool, error)

    def _needs(
        self, least: Release, operation: str, pool: str, *, asked: bool = True
    ) -> None:
        """Refuse what the running release does not know, and might not refuse itself."""
        if asked and self._limits.release < least:
            raise NotSupported(
                operation=operation,
                target=pool,
                reason=f"it takes OpenZFS {least[0]}.{least[1]}",
                errno=errno.ENOTSUP,
            )

    def _guids(self, pool: str) -> dict[str, int]:
        error, config = self._zfs.read(lib.zt_pool_config, pool)
        self._raise_if_failed("read pool", pool, error)
        return leaf_guids(config)

    def _guid(self, pool: str, device: str, guids: Mapping[str, int] | None = None) -> int:
        found = (self._guids(pool) if guids is None else guids).get(device)
        if found is None:
            raise InvalidValue(
                f"cannot use the device '{shown(device)}': the pool '{pool}' has none of "
                "that name",
                hint=f"`zpool status -P {for_shell(pool)}` lists its devices",
            )
        return found


_OPTIONS = {
    "start": "",
    "cancel": "-c ",
    "suspend": "-s ",
    "uninit": "-u ",
    "pause": "-p ",
    "stop": "-s ",
}


def _number_of(words: Mapping[str, int], parameter: str, word: str) -> int:
    number = words.get(word)
    if number is None:
        *others, last = words
        known = f"{', '.join(others)} or {last}"
        raise InvalidValue(
            f"cannot take '{shown(word)}' for {parameter}: it must be {known}"
        )
    return number


def _device_value(name: str, text: str) -> str | int:
    """Return a device's property as the kernel takes it: most of them are numbers."""
    check_text(f"the value of '{shown(name)}'", text)
    if ":" in name or name == "path":
        return text
    if text in ("on", "off"):
        return int(text == "on")
    if not (text.isascii() and text.isdigit()):
        raise InvalidValue(
            f"cannot set '{shown(f'{name}={text}')}': it must be a number, on or off"
        )
    return int(text)
