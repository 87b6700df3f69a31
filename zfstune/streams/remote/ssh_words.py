"""The command line of ssh, words for the shell of the other host, and ssh's complaints."""

from __future__ import annotations

from zfstune.values.errors import InvalidValue
from zfstune.values.frozen import frozen
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["SSH_FAILED", "Complaint", "complaint", "remote_line", "ssh_argv", "untold"]

SSH_FAILED = 255  # ssh(1): its own errors; else the status of the command there
_MOST_SAID = 200
_SPECIAL = frozenset("!\\")

_OPTIONS = (
    "-T",  # no terminal there, so that bytes pass as they are
    "-a",  # no agent
    "-x",  # no X11
    "-oBatchMode=yes",  # nobody is there to answer a question
    "-oClearAllForwardings=yes",
    "-oPermitLocalCommand=no",
    "-oConnectTimeout=20",
    "-oServerAliveInterval=15",
    "-oServerAliveCountMax=4",
)

# What ssh says, in lower case, with a reason and a hint. The hint may have {host}.
_COMPLAINTS = (
    (
        "host key verification failed",
        "its host key is not known here, or has changed",
        "connect once by hand, `ssh {host}`, and compare the fingerprint",
    ),
    (
        "permission denied",
        "it refused the login",
        "let `ssh -o BatchMode=yes {host}` work without a password first: it takes a key",
    ),
    ("too many authentication failures", "it refused the login", "name one key for it"),
    ("connection refused", "nothing listens on its ssh port", ""),
    ("could not resolve hostname", "no address is known for that name", ""),
    ("name or service not known", "no address is known for that name", ""),
    ("no route to host", "no network leads to it", ""),
    ("network is unreachable", "no network leads to it", ""),
    ("timed out", "it did not answer in time", ""),
    ("not responding", "it does not answer any more", "run the command again: it goes on"),
    ("bad configuration option", "ssh does not take its configuration", ""),
)


@frozen
class Complaint:
    """The reason why a connection failed.

    Attributes:
        reason: Half a sentence.
        hint: What may help; empty where nothing does.
    """

    reason: str
    hint: str = ""


def ssh_argv(
    program: Sequence[str],
    host: str,
    line: str,
    *,
    options: Iterable[str] = (),
    control_path: str = "",
    master: bool = False,
) -> list[str]:
    """Return the words that start ssh.

    Args:
        program: ssh itself, with options of the user's.
        host: The host, which does not begin with ``-``.
        line: The command line for the shell there.
        options: Further options of the user's, as for ``ssh -o``.
        control_path: The socket of a connection that several sessions share.
        master: Whether this session opens that connection.
    """
    words = [*program, *_OPTIONS, *(f"-o{option}" for option in options)]
    if control_path:
        words += [
            f"-oControlPath={control_path}",
            f"-oControlMaster={'yes' if master else 'no'}",
            "-oControlPersist=no",
        ]
    return [*words, "--", host, line]


def remote_line(words: Iterable[str]) -> str:
    """Write a command for the shell of the other host, which takes each word as it is.

    The shell may be any of the common ones, csh and fish too, in whose quotes ``!`` and
    the backslash are special. The path is widened, for a login without a terminal may
    lack the folders of zfs. A status of 255 becomes 1: ssh says by it that it failed
    itself, and `zfs set` of OpenZFS 2.4 ends with it where a permission is missing.

    Raises:
        InvalidValue: A word holds a character that not every shell takes in quotes.
    """
    script = (
        "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C; export PATH LC_ALL; "
        '"$@"; status=$?; case $status in 255) status=1 ;; esac; exit $status'
    )
    checked = [_plain(word) for word in words]
    return " ".join(["sh", "-c", for_shell(script), "zfstune", *map(for_shell, checked)])


def _plain(word: str) -> str:
    if not word.isascii() or not word.isprintable() or not _SPECIAL.isdisjoint(word):
        raise InvalidValue(
            f"cannot pass '{shown(word)}' to the shell of another host",
            hint="printable characters of ASCII without ! and \\ are passed on",
        )
    return word


def untold(said: str) -> str:
    """Return the failure that a command told of and yet ended with status 0; may be empty.

    A listing ends at a dataset that cannot be read, and what is behind it is missing:
    zfs_callback() in cmd/zfs/zfs_iter.c does not look at what iterating returned.

    Args:
        said: All that ssh, and the command there, wrote to stderr.
    """
    lines = (line.strip() for line in said.splitlines())
    found = next((line for line in lines if line.startswith("cannot ")), "")
    return shown(found)[:_MOST_SAID]


def complaint(said: str, status: int, host: str) -> Complaint:
    """Find the reason why a session ended.

    Args:
        said: All that ssh, and the command there, wrote to stderr.
        status: The exit status of ssh.
        host: The host.
    """
    lines = [shown(line.strip()) for line in said.splitlines() if line.strip()]
    # zfs explains itself on further lines, and zfstune has a hint on one.
    said_first = next((line for line in lines if "cannot " in line), "")
    last = (said_first or (lines[-1] if lines else ""))[:_MOST_SAID]
    if status == SSH_FAILED:
        lowered = said.lower()
        for words, reason, hint in _COMPLAINTS:
            if words in lowered:
                advice = hint.format(host=for_shell(host))
                return Complaint(f"{reason}: {last}" if last else reason, advice)
        return Complaint(
            last or "the connection ended", "run the command again: it goes on"
        )
    if status < 0:
        return Complaint(f"ssh was ended by signal {-status}", "run the command again")
    return Complaint(last or f"the command there ended with exit status {status}")
