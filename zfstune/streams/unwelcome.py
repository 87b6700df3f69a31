"""The refusals of a receive: each names what is in the way, each loss, and a way on.

A receive destroys nothing, so each way on that does is a command of its own.
"""

from __future__ import annotations

from zfstune.streams.wrapping_key import closing, own_key
from zfstune.values.errors import PlanError
from zfstune.values.marks import BEGUN
from zfstune.values.text import comma_list, for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from zfstune.streams.ends import End
    from zfstune.values.state import Snapshot
    from zfstune.values.stream_record import StreamHeader

__all__ = [
    "base_missing",
    "base_missing_here",
    "brings_another_key",
    "deduplicated",
    "diverged",
    "exists_already",
    "has_partial",
    "has_taken_over",
    "name_taken",
    "no_origin",
    "no_partial",
    "other_kind",
    "outside",
    "way_on",
]


def way_on(target: str, token: str, image: str = "") -> str:
    """Return the hint for a receive that broke off and kept what had come.

    Args:
        target: The dataset.
        token: Its resume token.
        image: The path of the image that it lies in; empty: the kernel has its pool.
    """
    into, here = for_shell(target), _here(image)
    return (
        "what has arrived stays; go on with the rest: on the sender's side `zfstune send "
        f"--resume {for_shell(token)}`, here `{here} receive {into}`; or give it up: "
        f"`{here} receive --abort {into}`"
    )


def _here(image: str) -> str:
    """Return how a command begins that works on the pool of a target."""
    return f"zfstune --image {for_shell(image)}" if image else "zfstune"


def outside(sent: str, root: str) -> PlanError:
    """Return the error for a dataset that the package cannot have."""
    return PlanError(
        f"cannot receive '{shown(sent)}': the package is of '{root}', and it lies outside"
    )


def deduplicated(target: str, header: StreamHeader) -> PlanError:
    """Return the error for a stream of `zfs send -D`, which OpenZFS took until 2.0."""
    return _refused(
        target,
        header,
        "the stream is deduplicated, as no receive takes it any more",
        f"`zstream redup FILE | zfstune receive {for_shell(target)}` writes it out in full",
    )


def no_origin(target: str, header: StreamHeader) -> PlanError:
    """Return the error for a clone whose origin is not here."""
    return _refused(
        target,
        header,
        f"it is a clone of the snapshot with the guid {header.fromguid}, which this pool "
        "does not have",
        "receive that snapshot first, or send the clone without --base",
    )


def no_partial(end: End, header: StreamHeader) -> PlanError:
    """Return the error for the rest of a stream whose beginning is not here."""
    return _refused(
        end.name,
        header,
        "the stream is the rest of one that broke off, and its beginning is not here",
        "send it from the beginning: `zfstune send`, without --resume",
    )


def has_partial(
    end: End, header: StreamHeader, *, other: bool, image: str = ""
) -> PlanError:
    """Return the error for a dataset in which part of a stream waits.

    Args:
        end: The dataset.
        header: The stream that comes.
        other: Whether the part is of another stream.
        image: As for :func:`way_on`.
    """
    what = "of another stream" if other else "of this very stream"
    shown_name = f" ({shown(end.partial.toname)})" if end.partial is not None else ""
    name = for_shell(end.name)
    source = f"what `zfs get -H -o value receive_resume_token {name}` prints"
    if image:
        source = "what the receive that broke off has printed"
    return _refused(
        end.name,
        header,
        f"the part {what} that broke off waits there{shown_name}",
        f"send the rest with `zfstune send --resume TOKEN`, where TOKEN is {source}; or "
        f"give the part up: `{_here(image)} receive --abort {name}`",
    )


def exists_already(end: End, header: StreamHeader, *, image: str = "") -> PlanError:
    """Return the error for a full stream whose target is there.

    Args:
        end: The dataset.
        header: The stream that comes.
        image: As for :func:`way_on`.
    """
    if end.kind == BEGUN:
        return _refused(
            end.name,
            header,
            "a stream that broke off before anything was there has left it",
            f"give it up: `{_here(image)} receive --abort {for_shell(end.name)}`",
        )
    names = [snapshot.name for snapshot in end.snapshots]
    holds = f"with its snapshots {comma_list(names)}" if names else "and has no snapshot"
    what = "a clone" if header.clone else "a full stream"
    name = for_shell(end.name)
    hint = (
        f"choose another name, or move it aside: `zfs rename {name} "
        f"{for_shell(f'{end.name}-aside')}`"
    )
    if "/" not in end.name:
        hint = f"choose a name below it, as {name}/copy: nothing takes a pool's own place"
    return _refused(
        end.name,
        header,
        f"it exists, {holds}, and {what} makes a dataset of its own",
        hint,
    )


def base_missing(end: End, header: StreamHeader) -> PlanError:
    """Return the error for an incremental stream without a dataset."""
    return _refused(
        end.name,
        header,
        "the stream is an incremental one, and there is no such dataset",
        "receive its base first, or send in full: `zfstune send`, without --base",
    )


def base_missing_here(end: End, header: StreamHeader) -> PlanError:
    """Return the error for a dataset that lacks the base."""
    newest = f"; its newest is '{end.newest.name}'" if end.newest is not None else ""
    return _refused(
        end.name,
        header,
        f"none of its snapshots is the base, which has the guid {header.fromguid}{newest}",
        "send from a snapshot that both sides have; `zfstune list -t snapshots --json` "
        "prints guids",
    )


def other_kind(end: End, header: StreamHeader) -> PlanError:
    """Return the error for a volume in the place of a filesystem, or the reverse."""
    reason = f"it is a {end.kind}, and the stream is of a {header.kind}"
    return _refused(end.name, header, reason, "choose another name")


def diverged(
    end: End,
    header: StreamHeader,
    base: Snapshot,
    victims: Sequence[Snapshot],
    *,
    image: str = "",
) -> PlanError:
    """Return the error for a dataset that went on by itself after the base.

    Args:
        end: The dataset.
        header: The stream that comes.
        base: The snapshot that both sides have.
        victims: The dataset's snapshots after that one, oldest first.
        image: As for :func:`way_on`.
    """
    parts = []
    if victims:
        names = comma_list([snapshot.name for snapshot in victims])
        parts.append(f"it has snapshots of its own: {names}")
    if end.written_bytes:
        since = f" after '{victims[-1].name}'" if victims else ""
        parts.append(f"{end.written_bytes} bytes were written to it{since}")
    reason = f"after '{base.name}', which both sides have, {'; '.join(parts)}"
    lose = " --lose snapshots" if victims else ""
    back = f"{_here(image)} rollback {for_shell(base.name)}{lose}"
    sender = for_shell(shown(header.toname.partition("@")[0]))
    hint = (
        f"`{back} -n` shows what would go, and without -n gives it up, but for a copy of "
        f"the current files; `{_here(image)} replicate {sender} {for_shell(end.name)} "
        "--keep-aside`, where the source can be reached, gives nothing up: it puts the "
        "dataset aside and receives beside it"
    )
    return _refused(end.name, header, reason, hint)


def brings_another_key(end: End, header: StreamHeader) -> PlanError:
    """Return the error for a raw stream that nothing could open afterwards."""
    hint = (
        f"{own_key(end)}; or let `zfstune replicate` send it, which compares the keys of "
        "both sides"
    )
    return _refused(end.name, header, closing(end), hint)


def has_taken_over(end: End, header: StreamHeader, *, image: str = "") -> PlanError:
    """Return the error for a copy that is in use in the place of its source.

    Args:
        end: The dataset.
        header: The stream that comes.
        image: As for :func:`way_on`.
    """
    standby = f"{_here(image)} failover --standby {for_shell(end.name)}"
    return _refused(
        end.name,
        header,
        "it has taken over, and is no copy any more",
        f"receive into another dataset; or, if nobody needs it there any more, `{standby}` "
        "makes it a copy again",
    )


def name_taken(received: str, header: StreamHeader) -> PlanError:
    """Return the error for another snapshot that has the name."""
    other = for_shell(f"{received}-other")
    return _refused(
        received,
        header,
        "another snapshot has that name",
        f"`zfs rename {for_shell(received)} {other}` makes room",
    )


def _refused(target: str, header: StreamHeader, reason: str, hint: str) -> PlanError:
    sent = shown(header.toname)
    return PlanError(f"cannot receive '{sent}' into '{target}': {reason}", hint=hint)
