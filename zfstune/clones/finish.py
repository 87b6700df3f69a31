"""Finish one stamped clone: out of reach, take the image's identity from it; then mount it.

The clone is mounted in a folder that root alone may enter, so that nothing uses it while
it still is another system. A run that was killed leaves it there, marked as unfinished,
and the next run begins anew.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from hashlib import sha256

from zfstune.clones.clone import mount_if_wanted
from zfstune.host.device_nodes import wait_for_node
from zfstune.host.file_systems import give_new_uuid
from zfstune.host.system_identity import reset_identity
from zfstune.host.walk import make_private
from zfstune.values.errors import Busy, EngineError, NotSupported
from zfstune.values.names import pool_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.clones.stamp_plan import StampPlan
    from zfstune.engine.protocol import Engine

__all__ = ["Finisher"]

_PRIVATE = "/run/zfstune/clones"


class Finisher:
    """Finishes the clones of one plan, in any number of threads.

    Args:
        engine: Where the clones are.
        plan: The plan.
        wait_s: How long to wait for the device node of a volume.
        say: Called with a sentence while a node is waited for.
    """

    def __init__(
        self,
        engine: Engine,
        plan: StampPlan,
        *,
        wait_s: float,
        say: Callable[[str], object] | None = None,
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._wait_s = wait_s
        self._say = say
        pool = engine.pool(pool_of(plan.image))
        self._mountable = pool.mountable
        self._found = engine.mounts()  # slow, where a thousand are mounted
        self._private = (
            f"{'' if pool.altroot in ('', '-', '/') else pool.altroot}{_PRIVATE}"
        )

    def finish(self, name: str) -> None:
        """Finish a clone that was made.

        Raises:
            EngineError, PlanError: It could not be finished, and stays marked so.
        """
        if self._plan.kind == "volume":
            self._finish_volume(name)
        else:
            self._unmount_private(name)
            if self._plan.to_open:
                self._finish_inside(name)
        end = self._plan.at_end(name)
        here = self._engine.dataset(name).local("mountpoint") or ""
        if "mountpoint" not in end and here.startswith(_PRIVATE):
            self._engine.inherit(name, "mountpoint")
        self._engine.set(name, end)
        self.mount(name)

    def mount(self, name: str) -> None:
        """Mount a finished filesystem, if it is to be mounted and is not."""
        if self._mountable and self._plan.kind == "filesystem":
            mount_if_wanted(self._engine, name)

    def _finish_volume(self, name: str) -> None:
        """Wait for the device node, and give the file system its own UUID."""
        chosen = self._plan.choices
        if not self._mountable:
            if chosen.new_uuid:
                raise self._not_here(name)
            return
        waits = self._wait_s > 0 or chosen.new_uuid
        if waits and self._engine.dataset(name).value("volmode") != "none":
            node = wait_for_node(name, self._wait_s, self._say)
            if chosen.new_uuid:
                give_new_uuid(node, name)

    def _finish_inside(self, name: str) -> None:
        """Reset identity and owner, while nobody else can reach the clone."""
        if not self._mountable:
            raise self._not_here(name)
        with self._mounted(name) as path:
            owner = self._plan.choices.owner
            if owner is not None:
                self._engine.give(name, uid=owner.uid, gid=owner.gid, mode=owner.mode)
            if self._plan.resets:
                reset_identity(path, name)

    @contextmanager
    def _mounted(self, name: str) -> Iterator[str]:
        """Mount a clone in the private folder during a block."""
        try:
            make_private(self._private)
        except OSError as error:
            reason = f"'{self._private}' is not private: {error.strerror}"
            raise EngineError(operation="finish", target=name, reason=reason) from None
        folder = sha256(name.encode()).hexdigest()[:32]
        self._engine.set(name, {"mountpoint": f"{_PRIVATE}/{folder}"})
        path = self._engine.mount(name, hide=False)
        try:
            yield path
        finally:
            self._engine.unmount(name)
            with suppress(OSError):
                os.rmdir(path)

    def _unmount_private(self, name: str) -> None:
        """Unmount a clone that a run which was killed left in the private folder."""
        mount = self._found.get(name)
        if mount is None:
            return
        if not mount.path.startswith(f"{self._private}/"):
            reason = f"it is mounted at {mount.path}"
            raise Busy(operation="finish", target=name, reason=reason)
        self._engine.unmount(name)

    def _not_here(self, name: str) -> NotSupported:
        return NotSupported(
            operation="finish",
            target=name,
            reason="it lies in an image, where nobody can mount it or open its device",
            hint="stamp it again where a kernel has imported the pool, or keep the image's "
            "identity with --keep-identity",
        )
