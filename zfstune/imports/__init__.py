"""Other tools' retention settings, as policies that keep exactly the same.

A module a tool; each has one function that takes the text of its settings. What
cannot be kept exactly (month lengths, edges, zones, what is out of scope) is refused
with the reason, or said in the notes. These are readings of settings, not of code:
the tests hold the result against the tools themselves.
"""

from __future__ import annotations

from zfstune.errors import PolicyError
from zfstune.frozen import frozen
from zfstune.policy_text import format_policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.policy import Policy

__all__ = ["FORMATS", "Imported", "convert"]

FORMATS = ("bzfs", "cron", "pyznap", "sanoid", "zfs-autobackup", "znapzend", "zrepl")


@frozen
class Imported:
    """One policy that was found.

    Attributes:
        dataset: The dataset it was for; empty where the settings do not say.
        policy: What keeps the same.
        notes: What differs, or what the reader should know.
    """

    dataset: str
    policy: Policy
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The policy as it is stored."""
        return format_policy(self.policy)


def convert(tool: str, text: str) -> tuple[Imported, ...]:
    """Read another tool's settings.

    Args:
        tool: One of :data:`FORMATS`.
        text: For sanoid, pyznap and zrepl their configuration file; for cron a crontab with
            ``zfs list | head | xargs zfs destroy`` lines; for bzfs the plan of
            ``--delete-dst-snapshots-except-plan``; for zfs-autobackup its schedule,
            as in ``10,1d1w,1w1m``; for znapzend its plan, as in ``7d=>1h,30d=>4h``.

    Raises:
        PolicyError: The text cannot be read, or says what no policy here keeps exactly.
    """
    found = _reader(tool)(text)
    if not found:
        raise PolicyError(f"cannot import from {tool}: nothing in it prunes a snapshot")
    for one in found:
        one.text  # noqa: B018 (refuses what has no text)
    return tuple(found)


def _reader(tool: str) -> Callable[[str], list[Imported]]:
    if tool not in FORMATS:
        raise PolicyError(
            f"cannot import from '{tool}': no reader of its settings",
            hint=f"there are: {', '.join(FORMATS)}",
        )
    from importlib import import_module  # noqa: PLC0415 (only what is asked for)

    module = import_module(f"zfstune.imports.{tool.replace('-', '_')}")
    reader: Callable[[str], list[Imported]] = module.read
    return reader
