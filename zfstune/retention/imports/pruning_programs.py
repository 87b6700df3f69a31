"""Find programs in a command line that destroy snapshots by settings of their own.

A line is cut loosely: it only matters whether such a program is run, since its own
settings decide what it does. A name that is an argument of another command
(``echo sanoid``, ``zfs list tank/zrepl``) is not a program that is run.
"""

from __future__ import annotations

import re

__all__ = ["prunes_by_itself"]

# Programs that prune, or can be told to, each with its reader in this package, if any.
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
# snap installs packages, and snapraid does not touch snapshots of file systems.
_OTHERS = {"snap", "snapd", "snapraid"}
_SUSPECT = re.compile(r"snap|prune|zfs.*(?:clean|destroy|expire|purge|rotate|thin)")
_COMMANDS = re.compile(r"[;&|(){}`\n]|\$\(")
_QUOTES = re.compile(r"[\"'\\]")
_ENDINGS = re.compile(r"\.(?:bash|pl|py|rb|service|sh|timer)$")
_USER = re.compile(r"[a-z_][a-z0-9_-]*", re.ASCII)
# Options, redirections, assignments, and numbers as nice and timeout take them.
_SKIPPED = re.compile(r"[-<>]|[A-Za-z_]\w*=|\+?\d+(?:\.\d+)?[smhd]?$")
# Programs that run the program named after them.
_RUNNERS = {
    *("!", "bash", "chronic", "chrt", "command", "cronic", "dash", "do", "doas", "elif"),
    *("else", "env", "exec", "flock", "if", "ionice", "nice", "nohup", "perl", "python"),
    *("python3", "ruby", "run-one", "setsid", "sh", "ssh", "su", "sudo", "systemctl"),
    *("systemd-cat", "systemd-inhibit", "systemd-run", "then", "time", "timeout", "until"),
    *("while", "zsh"),
}
# Programs whose next word is a file or a host.
_ARGUMENTS = {"flock": 1, "ssh": 1}
_STARTS = {"restart", "start"}
_WITH_VALUE = {"-F", "-g", "-i", "-l", "-o", "-p", "-u", "--user"}
_PRINTS = {"cat", "echo", "killall", "logger", "mail", "man", "pkill", "printf", "which"}


def prunes_by_itself(
    command: str, *, has_user: bool = False
) -> tuple[str, str, str] | None:
    """Tell which program of a command line prunes snapshots by settings of its own.

    Args:
        command: The command line, as a shell reads it.
        has_user: Whether a user's name may stand before it, as in ``/etc/crontab``.

    Returns:
        The program's name, ``prunes`` or ``may prune``, and the reader of its settings,
        which is empty if there is none. None: the line runs no such program.
    """
    for part in _COMMANDS.split(command):
        words = _QUOTES.sub(" ", part).split()
        pruner = _judge(_program(words))
        if pruner is None and has_user and words:
            is_user = _USER.fullmatch(words[0]) and words[0] not in _PRINTS
            pruner = _judge(_program(words[1:])) if is_user else None
            if pruner is not None and pruner[1] == "may prune" and not _is_file(words[1]):
                pruner = None  # an argument, as in `zfs snapshot`
        has_user = False  # a user stands before the first command alone
        if pruner is not None:
            return pruner
    return None


def _is_file(word: str) -> bool:
    return "/" in word or _base(word) in _RUNNERS


def _program(words: list[str]) -> str:
    """Find the program that a simple command runs in the end, as in `sudo nice sanoid`."""
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
