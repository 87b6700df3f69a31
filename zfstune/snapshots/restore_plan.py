"""Plan how a file or a folder comes back out of a snapshot.

Nothing is overwritten: what stands in the way keeps its content under another name.
"""

from __future__ import annotations

from itertools import count

from zfstune.values.errors import PlanError
from zfstune.values.frozen import frozen
from zfstune.values.size import format_size
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

__all__ = ["PathPlan", "RestoredPath", "name_aside", "names_below"]

_MOST_NAME_BYTES = 255  # NAME_MAX
_KILO = 1024


@frozen
class PathPlan:
    """The plan of a restore.

    Attributes:
        snapshot: Its full name.
        path: The path of the file or folder below the dataset's mountpoint.
        target: The path that it gets.
        kind: ``file``, ``folder``, ``link``, or ``special`` for pipes and devices.
        files: How many files come back, links among them.
        folders: How many folders come back.
        size_bytes: The length of all files.
        aside: The path at which that is kept which stands in the way; empty: nothing
            stands there.
        makes: The folders above `target` that are gone and come back without their
            content.
        same: The target is as the snapshot has it already.
        cautions: What does not come back, a sentence each.
    """

    snapshot: str
    path: str
    target: str
    kind: str
    files: int
    folders: int
    size_bytes: int
    aside: str = ""
    makes: tuple[str, ...] = ()
    same: bool = False
    cautions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self.lines(dry_run=True))

    def lines(self, *, dry_run: bool = False) -> list[str]:
        """Return the plan for people."""
        would = "would " if dry_run else ""
        if self.same:
            return [f"nothing to do: {shown(self.target)} is as {self.snapshot} has it"]
        lines = [f"{would}restore {shown(self.target)} from {self.snapshot}: {self._sum()}"]
        lines += [f"  {would}make the folder {shown(path)}" for path in self.makes]
        if self.aside:
            lines.append(f"  {would}keep what is there now as {shown(self.aside)}")
        return lines

    def _sum(self) -> str:
        if self.kind in ("link", "special"):
            return "a link" if self.kind == "link" else "a special file"
        size = f"{self.size_bytes} bytes"
        if self.size_bytes >= _KILO:
            size = format_size(self.size_bytes, exact=False)
        if self.kind == "file":
            return size
        files = "1 file" if self.files == 1 else f"{self.files} files"
        folders = "1 folder" if self.folders == 1 else f"{self.folders} folders"
        return f"{folders}, {files}, {size}"

    def to_dict(self) -> dict[str, object]:
        """Return the plan in JSON's types."""
        return {
            "snapshot": self.snapshot,
            "path": self.path,
            "target": self.target,
            "kind": self.kind,
            "files": self.files,
            "folders": self.folders,
            "size_bytes": self.size_bytes,
            "aside": self.aside or None,
            "makes": list(self.makes),
            "same": self.same,
            "cautions": list(self.cautions),
        }


@frozen
class RestoredPath:
    """The result of a restore.

    Attributes:
        plan: The plan.
        done: Whether something was restored.
        recovered: Paths at which that is now which an earlier run, that was killed, had
            kept in a folder of its own.
    """

    plan: PathPlan
    done: bool = False
    recovered: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.done

    def __str__(self) -> str:
        if not self.done:
            return str(self.plan)
        return "\n".join([*self.plan.lines(), f"restored {shown(self.plan.target)}"])

    def to_dict(self) -> dict[str, object]:
        """Return the result in JSON's types."""
        return {
            **self.plan.to_dict(),
            "done": self.done,
            "recovered": list(self.recovered),
        }


def names_below(path: str, mountpoint: str, snapshot: str) -> tuple[str, ...]:
    """Return the names on the way from a mountpoint to a path; none: the mountpoint.

    Args:
        path: An absolute path, or one that is relative to the mountpoint.
        mountpoint: The place where the dataset is mounted.
        snapshot: Full name, for the error.

    Raises:
        PlanError: The path lies elsewhere, or leads out of the dataset.
    """
    below = path
    if path.startswith("/"):
        root = mountpoint.rstrip("/")
        if path.rstrip("/") != root and not path.startswith(f"{root}/"):
            dataset = snapshot.partition("@")[0]
            raise PlanError(
                f"cannot restore '{shown(path)}': it does not lie in '{dataset}', which is "
                f"mounted at '{shown(mountpoint)}'",
                hint=f"give a path relative to '{shown(mountpoint)}', or name the dataset "
                "in which it lies",
            )
        below = path[len(root) :]
    names = tuple(name for name in below.split("/") if name not in ("", "."))
    if ".." in names:
        raise PlanError(f"cannot restore '{shown(path)}': '..' leads out of the dataset")
    if not path:
        raise PlanError(
            f"cannot restore '' from '{snapshot}': the path is empty",
            hint="`.` is all of the dataset: "
            f"zfstune restore {for_shell(snapshot)} . --to DIR",
        )
    return names


def name_aside(name: str, stamp: str, taken: Container[str]) -> str:
    """Return a name for what stands in the way, as in ``x.before-restore-STAMP``.

    Args:
        name: Its name now.
        stamp: The time in UTC.
        taken: The names that are there.
    """
    ends = (f".before-restore-{stamp}{f'-{n}' if n else ''}" for n in count())
    return next(found for end in ends if (found := _ending(name, end)) not in taken)


def _ending(name: str, end: str) -> str:
    """Append an end to a name, which is cut where both would be too long."""
    start = name.encode("utf-8", "surrogateescape")[: _MOST_NAME_BYTES - len(end)]
    return start.decode("utf-8", "surrogateescape") + end
