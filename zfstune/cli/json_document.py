"""The JSON documents of the command: one envelope around what each verb found.

A document is an object. These keys are its envelope, and the others are the verb's own::

    format       "zfstune.VERB", as in zfstune.prune and zfstune.policy-set
    version      a number; another one means that old readers would misread it
    exit_status  the status that the command ends with
    dry_run      whether nothing was changed, as -n asks; only verbs with -n have it
    changed      whether something was changed, or would be; only verbs that change have it
    notes        what was said on stderr besides, each a message and a hint
    errors       what went wrong; empty where all was done

A command that found nothing because something went wrong prints a document of the format
``zfstune.error``, which has the envelope and the verb alone.
"""

from __future__ import annotations

import json

from zfstune.values.errors import BatchError, EngineError, PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.values.errors import ZfstuneError

    Fields = dict[str, object]

__all__ = [
    "FORMAT_VERSION",
    "Said",
    "enveloped",
    "error_fields",
    "error_objects",
    "failure",
    "json_line",
    "json_text",
]

# Another number means that readers of this one would misread the document. A new key is
# no reason for it.
FORMAT_VERSION = 1
_ENVELOPE = ("format", "version", "exit_status", "dry_run", "changed", "notes", "errors")


class Said:
    """What a run said on stderr, which its document repeats.

    Attributes:
        notes: A message and a hint each.
        errors: Objects of :func:`error_fields`.
    """

    def __init__(self) -> None:
        self.notes: list[Fields] = []
        self.errors: list[Fields] = []

    def note(self, message: str, hint: str) -> None:
        """Add a message that is no error."""
        self.notes.append({"message": message, "hint": hint or None})


def enveloped(
    verb: str,
    body: Mapping[str, object],
    said: Said,
    *,
    exit_status: int,
    dry_run: bool | None = None,
    changed: bool | None = None,
) -> Fields:
    """Put the envelope around what a verb found.

    Args:
        verb: Its words, joined by dashes.
        body: What it found, by keys of its own.
        said: What it said on stderr.
        exit_status: The status that the command ends with.
        dry_run: Whether nothing was changed; None: the verb has no -n.
        changed: Whether something was changed or, in a dry run, would be; None: the verb
            never changes anything.
    """
    taken = set(body).intersection(_ENVELOPE)
    if taken:
        message = f"'{verb}' has keys that belong to the envelope: {sorted(taken)}"
        raise ValueError(message)
    head: Fields = {
        "format": f"zfstune.{verb}",
        "version": FORMAT_VERSION,
        "exit_status": exit_status,
    }
    if dry_run is not None:
        head["dry_run"] = dry_run
    if changed is not None:
        head["changed"] = changed
    return {**head, **body, "notes": said.notes, "errors": said.errors}


def failure(verb: str, said: Said, *, exit_status: int) -> Fields:
    """Make the document of a run that found nothing, because something went wrong.

    Where nothing was called an error, the last note says why: a command line that makes
    no sense is told in a note.
    """
    if said.notes and not said.errors:
        last = said.notes.pop()
        message, hint = str(last["message"]), str(last["hint"] or "")
        said.errors.append(error_fields("UsageError", message, hint))
    return enveloped("error", {"verb": verb or None}, said, exit_status=exit_status)


def error_fields(
    kind: str, message: str, hint: str = "", *, operation: str = "", target: str = ""
) -> Fields:
    """Return an error in JSON's types."""
    return {
        "kind": kind,
        "message": message,
        "hint": hint or None,
        "operation": operation or None,
        "target": target or None,
        "reason": None,
    }


def error_objects(error: ZfstuneError) -> list[Fields]:
    """Return an error in JSON's types: an object for each target that failed."""
    kind = type(error).__name__
    if isinstance(error, BatchError):
        found = [fields for each in error.failures for fields in error_objects(each)]
        if error.suppressed:
            rest = f"{error.suppressed} more that ZFS did not name"
            found.append(error_fields(kind, f"cannot {error.operation} {rest}"))
        return found or [error_fields(kind, error.message, error.hint)]
    if isinstance(error, EngineError):
        fields = error_fields(
            kind,
            error.message,
            error.hint,
            operation=error.operation,
            target=error.target,
        )
        return [fields | {"reason": error.reason}]
    target = error.dataset if isinstance(error, PolicyError) else ""
    return [error_fields(kind, error.message, error.hint, target=target)]


def json_text(fields: object) -> str:
    """Write a document; a byte that is not UTF-8 becomes an escaped surrogate."""
    return json.dumps(fields, indent=2)


def json_line(fields: Mapping[str, object]) -> str:
    """Write a document that stands in a line of its own."""
    return json.dumps(fields)
