"""Programs that destroy snapshots by themselves, where a command line runs one.

A line is cut loosely: what a program of that kind would do takes its own settings to
tell, so that it is enough to know that it is run. A name that is an argument of
something else (``echo sanoid``, ``zfs list tank/zrepl``) is not a program that is run.
"""

from __future__ import annotations

import re

__all__ = ["prunes_by_itself"]

# Each prunes when run, or may be told to; a reader of this package where there is one.
_KNOWN = {
    "bzfs": "bzfs",
    "bzfs-jobrunner": "bzfs",
    "pve-zsync": "",
    "pyznap": "pyznap",
    "sanoid": "sanoid",
    "sanoid-portable": "sanoid",
    "simplesnap": "",
    "syncoid": "",
    "zap": "",
    "zettarepl": "zettarepl",
    "zfs-auto-snap": "",
    "zfs-auto-snapshot": "",
    "zfs-autobackup": "zfs-autobackup",
    "zfs-cleanup-snapshots": "",
    "zfs-periodic": "",
    "zfs-prune-snapshots": "",
    "zfs-snapshot-mgmt": "",
    "zfsnap": "",
    "znapzend": "znapzend",
    "zrep": "",
    "zrepl": "zrepl",
    "zsnapd": "",
    "zxfer": "",
}
# snap installs packages, snapraid knows no file system's snapshots.
_OTHERS = {"snap", "snapd", "snapraid"}
_SUSPECT = re.compile(r"snap|prune|zfs.*(?:clean|destroy|expire|purge|rotate|thin)")
_COMMANDS = re.compile(r"[;&|(){}`\n]|\$\(")
_QUOTES = re.compile(r"[\"'\\]")
_ENDINGS = re.compile(r"\.(?:bash|pl|py|rb|service|sh|timer)$")
_USER = re.compile(r"[a-z_][a-z0-9_-]*", re.ASCII)
# Options, redirections, assignments, and numbers as nice and timeout take them.
_SKIPPED = re.compile(r"[-<>]|[A-Za-z_]\w*=|\+?\d+(?:\.\d+)?[smhd]?$")
# Programs that run the one that stands behind them.
_RUNNERS = {
    *("!", "bash", "chronic", "chrt", "command", "cronic", "dash", "do", "doas", "elif"),
    *("else", "env", "exec", "flock", "if", "ionice", "nice", "nohup", "perl", "python"),
    *("python3", "ruby", "run-one", "setsid", "sh", "ssh", "su", "sudo", "systemctl"),
    *("systemd-cat", "systemd-inhibit", "systemd-run", "then", "time", "timeout", "until"),
    *("while", "zsh"),
}
# The first word behind these is a file, a host or a verb.
_ARGUMENTS = {"flock": 1, "ssh": 1}
_STARTS = {"restart", "start"}
_WITH_VALUE = {"-F", "-g", "-i", "-l", "-o", "-p", "-u", "--user"}
_PRINTS = {"cat", "echo", "killall", "logger", "mail", "man", "pkill", "printf", "which"}


def prunes_by_itself(
    command: str, *, has_user: bool = False
) -> tuple[str, str, str] | None:
    """Tell which program of a command line prunes snapshots by settings of its own.

    Args:
        command: As a shell takes it.
        has_user: The name of a user may stand before it, as in ``/etc/crontab``.

    Returns:
        The program's name, how sure that is (``prunes`` or ``may prune``), and the
        reader of its settings, empty where there is none. None: no program that is
        run is known to.
    """
    for part in _COMMANDS.split(command):
        words = _QUOTES.sub(" ", part).split()
        program = _program(words)
        found = _judge(program)
        if found is None and has_user and len(words) > 1:
            is_user = _USER.fullmatch(words[0]) and words[0] not in _PRINTS
            found = _judge(_program(words[1:])) if is_user else None
            if found is not None and found[1] == "may prune" and not _is_file(words[1]):
                found = None  # an argument, as of zfs snapshot
        has_user = False  # it stands before the first one alone
        if found is not None:
            return found
    return None


def _is_file(word: str) -> bool:
    return "/" in word or _base(word) in _RUNNERS


def _program(words: list[str]) -> str:
    """Give the program that a simple command runs, behind those that run another one."""
    left = words[::-1]
    arguments = 0
    systemctl = False
    while left:
        word = left.pop()
        if word in _WITH_VALUE and left:
            left.pop()
        elif _SKIPPED.match(word) or (systemctl and word in _STARTS):
            continue
        elif arguments:
            arguments -= 1
        elif _base(word) in _RUNNERS:
            arguments = _ARGUMENTS.get(_base(word), 0)
            systemctl = _base(word) == "systemctl"
        else:
            return word
    return ""


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def _judge(word: str) -> tuple[str, str, str] | None:
    shown_name = _base(word)
    name = _ENDINGS.sub("", shown_name).lower().replace("_", "-")
    if name in _KNOWN:
        return shown_name, "prunes", _KNOWN[name]
    if name not in _OTHERS and _SUSPECT.search(name):
        return shown_name, "may prune", ""
    return None
