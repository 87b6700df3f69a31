"""Programs that prune by themselves are found where they are run, not where named."""

from __future__ import annotations

import pytest

from zfstune.retention.imports.pruning_programs import prunes_by_itself


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("/usr/sbin/zfs-auto-snapshot --quiet --label=daily --keep=31 //", ""),
        ("which zfs-auto-snapshot > /dev/null || exit 0 ; zfs-auto-snapshot //", ""),
        ("zfs-prune-snapshots -p auto 4w tank", ""),
        ("/usr/local/sbin/zfSnap -d -a 1w tank", ""),
        ("zfsnap.sh destroy -r tank", ""),
        ("TZ=UTC /usr/sbin/sanoid --cron", ""),
        ('"/usr/sbin/sanoid" --cron', "sanoid"),
        ("flock -n /run/sanoid.lock /usr/sbin/sanoid --cron", ""),
        ("nice -n 19 ionice -c3 /usr/bin/pyznap snap", ""),
        ("test -x /usr/bin/zrepl && zrepl signal wakeup x", "zrepl"),
        ("bash -c 'cd /; zfs-autobackup --keep-source 10 home'", "zfs-autobackup"),
        ("/usr/bin/env python3 /opt/zfs_autobackup x", "zfs_autobackup"),
        ("sudo -u root bzfs tank/a tank/b --delete-dst-snapshots", ""),
        ("[ -x /x ] && { timeout 10m bzfs_jobrunner --prune-src-snapshots; }", ""),
        ("znapzend --runonce=tank", ""),
        ("systemctl start sanoid.service", "sanoid.service"),
        ("ssh -p 22 backup@snaphost sanoid --cron", "sanoid"),
        ("syncoid tank/a b:tank/a", ""),
    ],
)
@pytest.mark.parametrize("user", ["", "root ", "backup-1 "])
def test_known_programs(command: str, program: str, user: str) -> None:
    """A known program is found behind a user, a folder, and programs that run others."""
    if user and not command.startswith(("/", "zfs-prune", "zfsnap", "bash", "syncoid")):
        user = ""  # Words of the shell's grammar are no programs.
    found = prunes_by_itself(user + command, has_user=True)
    assert found is not None
    assert found[1] == "prunes"
    assert found[0] in (program or command)
    assert prunes_by_itself(command) == found


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("/root/bin/prune.sh", "prune.sh"),
        ("sh /root/snapshots tank", "snapshots"),
        ("python3 /opt/my_Snap.py", "my_Snap.py"),
        ("/opt/zfs-cleanup", "zfs-cleanup"),
        ("root /opt/snap-hourly", "snap-hourly"),
        ("root bash prune", "prune"),
    ],
)
def test_names_that_say_snap_or_prune(command: str, program: str) -> None:
    """A script whose name says snap or prune may prune."""
    assert prunes_by_itself(command, has_user=True) == (program, "may prune", "")


@pytest.mark.parametrize(
    "command",
    [
        *("", "zfs snapshot tank@snap", "root zfs snapshot tank@a", "echo sanoid"),
        *("sudo zfs snapshot tank@snap", "zfs list -t snapshot tank/zrepl", "snap refresh"),
        *("cat /var/log/sanoid", "root cat sanoid", "docker system prune", "flock /snap a"),
        *("rsync -a /etc/sanoid/ b:", "systemctl stop sanoid", "ssh snaphost uptime"),
        *(
            "nice",
            "root",
            "root cd /; tar sanoid",
            "cd / && root sanoid",
            "root echo; root sanoid",
        ),
        *("/opt/backup.sh --prune", "zpool scrub tank", "mail -s 'snap' root", "git prune"),
    ],
)
def test_what_only_names_one(command: str) -> None:
    """A program's name as an argument does not run it."""
    assert prunes_by_itself(command, has_user=True) is None


@pytest.mark.parametrize("command", ["root sanoid", "restart sanoid", "x; root sanoid"])
def test_where_no_user_stands_before_a_command(command: str) -> None:
    """The first word is the program then, and `restart` alone is none of systemd's."""
    assert prunes_by_itself(command) is None


@pytest.mark.parametrize(
    ("command", "reader"),
    [("sanoid", "sanoid"), ("bzfs_jobrunner", "bzfs"), ("zfSnap", "")],
)
def test_a_reader_of_its_settings_is_named(command: str, reader: str) -> None:
    """The reader of a program's settings is named if there is one."""
    found = prunes_by_itself(command)
    assert found is not None
    assert found[2] == reader
