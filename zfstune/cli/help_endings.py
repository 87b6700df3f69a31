"""How the help of each verb ends: with examples, and with its own exit statuses.

The table is read only where a help is printed, since a timer would pay for it.
"""

from __future__ import annotations

from zfstune.cli.exit_status import (
    DONE,
    FAILED,
    NO_ZFS,
    PARTLY,
    PENDING,
    SIGNAL,
    TEXTS,
    USAGE,
)
from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ENDINGS", "Ending", "ending_of"]

_LEFT = "some targets were left as they are; each of them is named"
_SKIPPED = "some datasets could not be read; each of them is named"


@frozen
class Ending:
    """The end of one help.

    Attributes:
        examples: Command lines, without the name of the program.
        statuses: The statuses that the verb has beside the common ones, or words them
            otherwise.
        needs_zfs: Whether the verb opens ZFS.
    """

    examples: tuple[str, ...] = ()
    statuses: Mapping[int, str] = {}
    needs_zfs: bool = True

    def text(self) -> str:
        """Write the end of the help."""
        common = (DONE, FAILED, USAGE, *((NO_ZFS,) if self.needs_zfs else ()))
        numbers = sorted({*common, *self.statuses})
        lines = [f"  {n}  {self.statuses.get(n) or TEXTS[n]}" for n in numbers]
        status = "\n".join(["exit status:", *lines, SIGNAL]) + "\n"
        if not self.examples:
            return status
        shown = "".join(f"  zfstune {words}\n" for words in self.examples)
        return f"examples:\n{shown}\n{status}"


ENDINGS = {
    "apply": Ending(
        (
            "apply postgres -n",
            "apply web --root tank/srv -o quota=20G",
            "apply mysql --at tank/mysql --move-in /var/lib/mysql -n",
        )
    ),
    "unmanage": Ending(
        ("unmanage rpool/pgdata", "unmanage -r tank/data/postgres -n"),
    ),
    "plan": Ending(
        ("plan postgres", "plan web --check", "plan --role web --json"),
        {PENDING: "changes are pending (--check)"},
    ),
    "status": Ending(
        ("status", "status --json", "status --html status.html"),
        {PENDING: "something is not as it should be"},
    ),
    "verify": Ending(
        ("verify", "verify postgres --json", "verify tank/data/www --files 0"),
        {
            PARTLY: "a dataset cannot be read",
            PENDING: "something is not as it should be",
        },
    ),
    "doctor": Ending(
        ("doctor", "doctor --json", "--image pool.img doctor"),
        {
            PENDING: "a danger or a fault was found",
            NO_ZFS: "there is no ZFS here; the rest was looked at, and is well",
        },
    ),
    "explain": Ending(("explain postgres", "explain postgres --variant seed")),
    "profiles": Ending(
        ("profiles", "profiles --json"),
        {PARTLY: "some profiles could not be read; each of them is named"},
        needs_zfs=False,
    ),
    "profile check": Ending(
        ("profile check shop.toml", "profile check shop.toml logs.toml"),
        {FAILED: "a file is not sound"},
        needs_zfs=False,
    ),
    "profile show": Ending(
        ("profile show postgres", "profile show postgres --json"), needs_zfs=False
    ),
    "profile new": Ending(
        (
            "profile new shop > shop.toml",
            "profile new shop --extends postgres > shop.toml",
        ),
        needs_zfs=False,
    ),
    "profile schema": Ending(
        ("profile schema", "profile schema > profile.json"), needs_zfs=False
    ),
    "roles": Ending(("roles", "roles --json"), needs_zfs=False),
    "list": Ending(
        ("list", "list -t snapshot tank/home", "list -H tank"), {PARTLY: _SKIPPED}
    ),
    "snapshot": Ending(
        (
            "snapshot tank/home",
            "snapshot -r tank/data/postgres",
            "snapshot -r tank/data/postgres --postgres postgres",
        ),
        {PARTLY: _LEFT},
    ),
    "snapshots": Ending(
        ("snapshots tank/home", "snapshots tank/home --json"), {PARTLY: _SKIPPED}
    ),
    "checkpoint": Ending(
        ("checkpoint before-upgrade", "checkpoint before-upgrade tank/home")
    ),
    "checkpoints": Ending(
        (
            "checkpoints",
            "checkpoints --drop-copies before-upgrade-20261123T101500Z -n",
        )
    ),
    "rollback": Ending(
        (
            "rollback before-upgrade -n",
            "rollback tank/home@monday --lose snapshots",
            "rollback -r tank/data/postgres@zfstune-20261123T030000Z -n",
        ),
        {PARTLY: "some datasets were not brought back; each of them is named"},
    ),
    "restore": Ending(
        (
            "restore tank/home@monday ann/thesis.odt",
            "restore tank/home@monday /home/ann/thesis.odt --to /tmp",
            "restore rpool/etc@zfstune-20261123T030000Z nginx -n",
        )
    ),
    "diff": Ending(
        ("diff tank/home@monday tank/home@friday", "diff before-upgrade after-upgrade")
    ),
    "compare": Ending(
        (
            "compare tank/home@monday backup/home@monday",
            "compare tank/home@monday",
        ),
        {PENDING: "the two differ"},
    ),
    "hold": Ending(
        (
            "hold keep tank/home@monday",
            "hold -r audit tank/data@zfstune-20261123T030000Z",
        )
    ),
    "release": Ending(
        (
            "release keep tank/home@monday",
            "release -r audit tank/data@zfstune-20261123T030000Z -n",
        )
    ),
    "destroy": Ending(
        (
            "destroy tank/old -n",
            "destroy tank/old --lose datasets --lose snapshots",
            "destroy -r tank/home@before-upgrade --lose snapshots",
        )
    ),
    "prune": Ending(
        (
            "prune -n",
            "prune --keep 48 tank/home",
            "prune --keep-hourly 48 --keep-daily 30 -r tank/home -n",
        ),
        {PARTLY: "some snapshots could not be destroyed; each of them is named"},
    ),
    "policy set": Ending(
        (
            "policy set tank/home hourly=48 daily=30",
            "policy set tank/home within=7d tz=Europe/Berlin",
        )
    ),
    "policy show": Ending(("policy show", "policy show tank/home")),
    "policy clear": Ending(("policy clear tank/home -n", "policy clear tank/home")),
    "policy simulate": Ending(
        (
            "policy simulate --keep-hourly 48 --keep-daily 30 --until 1y",
            "policy simulate tank/home --svg home.svg",
        )
    ),
    "policy import": Ending(
        (
            "policy import sanoid /etc/sanoid/sanoid.conf",
            "policy import zrepl /etc/zrepl/zrepl.yml",
        ),
        {PARTLY: "some settings could not be kept; each of them is named"},
    ),
    "schedule set": Ending(
        (
            "schedule set tank/home --every hourly",
            "schedule set tank/home --every daily --replicate backup:tank/home",
        )
    ),
    "schedule install": Ending(
        (
            "schedule install tank/home --every hourly",
            "schedule install --role web -n",
        )
    ),
    "schedule show": Ending(
        ("schedule show", "schedule show tank/home"),
        {PARTLY: "some schedules could not be read; each of them is named"},
    ),
    "schedule remove": Ending(
        ("schedule remove tank/home -n", "schedule remove tank/home")
    ),
    "schedule run": Ending(
        ("schedule run", "schedule run --once prune tank/home"),
        {PARTLY: "a part of the job failed; the rest was done"},
    ),
    "replicate": Ending(
        (
            "replicate tank/home backup/home -n",
            "replicate -r tank/data backup:tank/data",
        ),
        {
            PARTLY: "some datasets were not sent; each of them is named",
            PENDING: "the target lacks something (--check)",
        },
    ),
    "failover": Ending(
        ("failover backup/home -n", "failover tank/home --standby -n"),
        {PARTLY: "some datasets were left as they are; each of them is named"},
    ),
    "replicas": Ending(("replicas", "replicas tank/home --json")),
    "serve": Ending(
        (
            "serve",
            "serve --allow backup/ann --receive",
        )
    ),
    "clone": Ending(
        (
            "clone tank/home@monday tank/try",
            "clone tank/db@monday tank/a tank/b -o mountpoint=/srv/{} -n",
        )
    ),
    "golden create": Ending(
        ("golden create tank/debian", "golden create tank/debian --disk debian.qcow2 -n")
    ),
    "golden stamp": Ending(
        (
            "golden stamp tank/debian tank/vm1 -n",
            "golden stamp tank/debian tank/vm1 tank/vm2",
        ),
        {PARTLY: "some clones were not made or not finished; each of them is named"},
    ),
    "golden list": Ending(("golden list", "golden list --json")),
    "golden export": Ending(
        (
            "golden export tank/debian /srv/images/debian",
            "golden export tank/debian --disk debian.raw",
        )
    ),
    "golden restore": Ending(
        (
            "golden restore /srv/images/debian tank/debian -n",
            "golden restore /srv/images/debian tank/debian",
        )
    ),
    "golden retire": Ending(
        ("golden retire tank/debian -n", "golden retire tank/debian --lose image"),
        {PENDING: "clones keep the image (--lose)"},
    ),
    "send": Ending(
        (
            "send tank/home@monday > home.zfs",
            "send --base tank/home@monday tank/home@friday --output home.zfs",
        )
    ),
    "receive": Ending(("receive tank/copy -n < home.zfs", "receive tank/copy < home.zfs")),
    "measure": Ending(("measure postgres -n", "measure postgres --report postgres.html")),
    "retune": Ending(
        ("retune tank/data/postgres -n", "retune tank/data/postgres"),
        {
            PARTLY: "some files were left as they are; each of them is named",
            PENDING: "there was no room for all files",
        },
    ),
    "check": Ending(
        ("check", "check tank/home --warning 2h --critical 1d"),
        {
            0: "OK",
            1: "WARNING: a snapshot or a target is late",
            2: "CRITICAL: it is long overdue, a run failed, a pool lost its devices, or a\n"
            "     dataset cannot be read",
            3: "UNKNOWN: no dataset has a schedule or a target, ZFS did not answer, or a\n"
            "     critical age comes before its warning",
        },
        needs_zfs=False,
    ),
    "metrics": Ending(("metrics", "metrics tank/home"), {PARTLY: _SKIPPED}),
    "schema": Ending(("schema", "schema prune"), needs_zfs=False),
    "image create": Ending(
        ("image create pool.img --size 4G", "image create pool.img --size 4G --pool rpool")
    ),
    "image info": Ending(
        ("image info pool.img", "image info pool.img --json"), {PARTLY: _SKIPPED}
    ),
}


def ending_of(words: str) -> str:
    """Return the end of a verb's help, or of the program's own.

    Args:
        words: The words that choose the verb, as in ``policy set``; empty: the program.
    """
    ending = ENDINGS.get(words)
    if ending is not None:
        return ending.text()
    every = {PARTLY: TEXTS[PARTLY], PENDING: TEXTS[PENDING]}
    if not words:
        return Ending(statuses=every).text()
    below = [name for name in ENDINGS if name.startswith(f"{words} ")]
    return Ending(tuple(ENDINGS[name].examples[0] for name in below)).text()
