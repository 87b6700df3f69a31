"""A workload in a fio job file: its options say what it does, its comments who says so.

The comments at the head have a key and a value each::

    # summary: one line
    # profile: the profile that it belongs to
    # dataset: the dataset of that profile, as its path there
    # file: 16K                      (optional: the size of each file; else there is one)
    # pattern: append                (optional: it writes behind the end of the file)
    # compressed: 4K=0.6 8K=0.5      (compressed size over size, by record size)
    # spread: 0.4 0.5 0.6            (optional: of pages of 8K, at equal shares)
    # symbols: 64                    (optional: how many values a byte has)
    # like: whose data that is like, and where that was measured
    # source: who says that the application does what the job does

The job itself is fio's. zfstune sets the variables ``DIRECTORY``, ``FILES``, ``FILE_SIZE``,
``SIZE`` (of all files), ``RUNTIME``, ``RAMP``, ``SEED`` and ``COMPRESS`` for it, and so can
anybody else: ``DIRECTORY=/tank/try FILES=1 FILE_SIZE=1g SIZE=1g ... fio postgres.fio``.
"""

from __future__ import annotations

from configparser import ConfigParser
from configparser import Error as ConfigError

from zfstune.measurement.data_shape import DataShape
from zfstune.measurement.results import WorkloadFacts
from zfstune.values.errors import ProfileError
from zfstune.values.frozen import frozen
from zfstune.values.size import parse_size
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["APPEND", "RANDOM", "SEQUENTIAL", "Workload", "read_job"]

RANDOM, SEQUENTIAL, APPEND = "random", "sequential", "append"

_UNSYNCED = ("0", "none")  # of fio's sync=
_HALF = 50
_WHOLE = 100
_KEYS = frozenset(
    {
        *("summary", "profile", "dataset", "file", "compressed", "spread", "symbols"),
        *("like", "pattern", "source"),
    }
)
# What each kind of fio's rw= does: random or not, and the share that reads; None: a mix.
_KINDS = {
    "read": (False, 1.0),
    "write": (False, 0.0),
    "rw": (False, None),
    "readwrite": (False, None),
    "randread": (True, 1.0),
    "randwrite": (True, 0.0),
    "randrw": (True, None),
}


@frozen
class Workload:
    """A workload that can be measured.

    Attributes:
        facts: What it does.
        profile: The profile that it belongs to; may be empty.
        dataset: The dataset of that profile; may be empty.
        file_bytes: The size of each of its files; None: it has one, as large as it gets.
        shape: The data that it is measured with unless the user has a sample.
        direct: Whether fio opens the files with O_DIRECT.
    """

    facts: WorkloadFacts
    profile: str
    dataset: str
    file_bytes: int | None
    shape: DataShape
    direct: bool = False


def read_job(text: str, name: str) -> Workload:
    """Read a job file.

    Args:
        text: Its content.
        name: Its name, without folder and ending, for messages and as the workload's.

    Raises:
        ProfileError: It is no such job.
    """
    notes = _notes(text)
    jobs = _jobs(text, name)
    try:
        return Workload(
            facts=_facts(text, name, notes, jobs),
            profile=notes.get("profile", ""),
            dataset=notes.get("dataset", ""),
            file_bytes=parse_size(notes["file"]) if "file" in notes else None,
            shape=_shape(notes),
            direct=any(map(_is_direct, jobs)),
        )
    except KeyError as error:
        _refuse(name, f"it does not say {error}")
    except ValueError as error:
        _refuse(name, shown(str(error)))


def _notes(text: str) -> dict[str, str]:
    """Return the keys and values of the comments."""
    notes = {}
    for line in text.splitlines():
        key, colon, value = line.removeprefix("#").partition(":")
        if line[:1] == "#" and colon and key.strip() in _KEYS:
            notes[key.strip()] = value.strip()
    return notes


def _jobs(text: str, name: str) -> list[dict[str, str]]:
    """Return the options of each job, with those that all jobs share."""
    parser = ConfigParser(
        interpolation=None, allow_no_value=True, comment_prefixes=("#", ";"), strict=False
    )
    try:
        parser.read_string(text)
    except ConfigError as error:
        _refuse(name, shown(str(error)))
    shared = dict(parser["global"]) if parser.has_section("global") else {}
    names = [section for section in parser.sections() if section != "global"]
    if not names:
        _refuse(name, "it has no job")
    return [{**shared, **dict(parser[job])} for job in names]


def _facts(
    text: str, name: str, notes: dict[str, str], jobs: list[dict[str, str]]
) -> WorkloadFacts:
    """Put together what the first job does, and what the others do beside it."""
    options = jobs[0]
    is_random, _ = _kind(options, name)
    pattern = notes.get("pattern", RANDOM if is_random else SEQUENTIAL)
    if pattern not in (RANDOM, SEQUENTIAL, APPEND):
        _refuse(name, f"it has an unknown pattern '{shown(pattern)}'")
    syncs = [int(options[key]) for key in ("fsync", "fdatasync") if key in options]
    if options.get("sync", "0") not in _UNSYNCED:
        syncs = [1]  # O_SYNC or O_DSYNC: each write is waited for
    processes = [int(job.get("numjobs", 1)) for job in jobs]
    reading = [
        count * _kind(job, name)[1] for count, job in zip(processes, jobs, strict=True)
    ]
    return WorkloadFacts(
        name=name,
        summary=notes["summary"],
        page_bytes=_size(options["bs"]),
        align_bytes=_size(options.get("blockalign") or options.get("ba") or options["bs"]),
        pattern=pattern,
        read_share=sum(reading) / sum(processes),
        sync_every=max(syncs, default=0),
        depth=sum(
            count * int(job.get("iodepth", 1))
            for count, job in zip(processes, jobs, strict=True)
        ),
        source=notes["source"],
        job=text,
    )


def _kind(options: dict[str, str], name: str) -> tuple[bool, float]:
    """Return whether a job is random, and the share of it that reads."""
    kind = options["rw"] if "rw" in options else options["readwrite"]
    if kind not in _KINDS:
        _refuse(name, f"rw={shown(kind)} is none of {', '.join(_KINDS)}")
    is_random, share = _KINDS[kind]
    if share is None:
        share = int(options.get("rwmixread", _HALF)) / _WHOLE
    return is_random, share


def _is_direct(options: dict[str, str]) -> bool:
    """Tell whether fio opens a job's files with O_DIRECT; buffered=0 says the same."""
    return options.get("direct", "0") != "0" or options.get("buffered", "1") == "0"


def _size(text: str) -> int:
    """Read a size as fio writes it: 8k and 8K are 8192."""
    return parse_size(text.upper())


def _shape(notes: dict[str, str]) -> DataShape:
    pairs = (word.partition("=") for word in notes["compressed"].split())
    return DataShape(
        fractions={parse_size(size): float(part) for size, _, part in pairs},
        spread=tuple(float(word) for word in notes.get("spread", "").split()),
        symbols=int(notes.get("symbols", 256)),
        source=notes["like"],
    )


def _refuse(name: str, reason: str) -> NoReturn:
    raise ProfileError(f"cannot read job '{shown(name)}': {reason}")
