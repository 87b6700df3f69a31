"""What a measurement found, run by run.

Byte counts end in ``_bytes``, seconds in ``_s``. Application bytes are those that a program
passed to write() or got from read(); leaf bytes are those that passed between ZFS and the
devices at the leaves of the pool, parity, metadata and log included.
"""

from __future__ import annotations

from zfstune.values.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from zfstune.measurement.candidate import Candidate

__all__ = [
    "ByteCounts",
    "Measured",
    "Measurement",
    "Moment",
    "Prediction",
    "Procedure",
    "Run",
    "Times",
    "WorkloadFacts",
    "ZilCounts",
]


@frozen
class WorkloadFacts:
    """The workload that was measured.

    Attributes:
        name: Its name, which is that of its fio job: ``postgres``.
        summary: One line.
        page_bytes: The size of one write or read of the application.
        align_bytes: Offsets are multiples of this.
        pattern: ``random``, ``sequential``, or ``append``: behind the end of a file.
        read_share: The share of operations that read, from 0 to 1.
        sync_every: Writes from one fsync or fdatasync to the next; 0: none.
        depth: Operations that are under way at once.
        source: Who says that the application does this.
        job: The text of the fio job.
    """

    name: str
    summary: str
    page_bytes: int
    align_bytes: int
    pattern: str
    read_share: float
    sync_every: int
    depth: int
    source: str
    job: str


@frozen
class Procedure:
    """How it was measured.

    Attributes:
        size_bytes: The size of all files of a candidate together.
        files: How many files that are.
        runs: Runs of each candidate.
        seed: The seed of all that is random: offsets, data, the order of the runs.
        data: The data, in words, with its source.
        fractions: Compressed size over size, by lz4, that the data was made for, by the
            record size in bytes (JSON's keys are text).
        settled: Pages that were written over before the counting.
        pages: Pages that were written in the counted batch of each run.
        cold: How the cold reads were made cold.
        run_s: Seconds that fio ran in each run, without its warm-up; 0: it did not run.
        warmup_s: Seconds of each fio run that were dropped.
        command: The command that repeats it.
        started: The time of the start in UTC, as in ``2026-11-23T03:00:00Z``.
        seconds: How long it took.
        interrupted: Whether it was ended before all runs were done.
    """

    size_bytes: int
    files: int
    runs: int
    seed: int
    data: str
    fractions: Mapping[str, float]
    settled: int
    pages: int
    cold: str
    run_s: float
    warmup_s: float
    command: str
    started: str
    seconds: float
    interrupted: bool = False


@frozen
class ZilCounts:
    """What the intent log did during the counted writes.

    Attributes:
        of_host: The counters are those of all pools together: before OpenZFS 2.2 no
            dataset has its own.
        commits: Calls of fsync and the like that reached the log.
        copied_bytes: Data that was copied into log records as it was written.
        needcopy_bytes: Data that was copied into log records at the commit.
        indirect_bytes: Data that was written to its place, and only pointed to.
        main_bytes: Log blocks written to the vdevs that hold data.
        slog_bytes: Log blocks written to log vdevs.
    """

    of_host: bool
    commits: int
    copied_bytes: int
    needcopy_bytes: int
    indirect_bytes: int
    main_bytes: int
    slog_bytes: int


@frozen
class ByteCounts:
    """The bytes of one run: fixed offsets, transaction groups forced, idle share taken off.

    Attributes:
        written_bytes: What the application wrote in the counted batch.
        leaf_written_bytes: What the leaves wrote for it.
        leaf_read_bytes: What the leaves read meanwhile, from a cold start: records that
            were read in order to change a part of them.
        idle_bytes: What the leaves would have written anyway in the same transaction
            groups; it is taken off `leaf_written_bytes`.
        asked_bytes: What the application read in the cold batch.
        leaf_asked_bytes: What the leaves read for it.
        file_bytes: The length of the files.
        allocated_bytes: What the files occupy, as ``zfs list`` and ``st_blocks`` count it:
            on raidz and draid, parity shows only where it is more than records of 128K
            have.
        pinned_bytes: What a snapshot kept after the counted batch, ``usedbysnapshots``.
        zil: The intent log; None: nothing was synced.
        empty_bytes: What the leaves wrote for as many transaction groups in each of which
            one byte changed: labels and the pool's own metadata, space maps above all. It
            is taken off `leaf_written_bytes`.
    """

    written_bytes: int
    leaf_written_bytes: int
    leaf_read_bytes: int
    idle_bytes: int
    asked_bytes: int
    leaf_asked_bytes: int
    file_bytes: int
    allocated_bytes: int
    pinned_bytes: int
    zil: ZilCounts | None = None
    empty_bytes: int = 0


@frozen
class Moment:
    """One instant of an fio run.

    Attributes:
        at_s: Seconds since its start, warm-up included.
        bytes_s: Bytes of the application a second.
        leaf_written_bytes_s: Bytes that the leaves wrote a second.
    """

    at_s: float
    bytes_s: float
    leaf_written_bytes_s: float


@frozen
class Times:
    """The times of one fio run, without its warm-up.

    Attributes:
        seconds: Its length.
        done_bytes: Bytes that the application wrote and read.
        operations: Writes and reads.
        p50_s: The median latency: of fsync where the workload syncs, else of writes, or
            of reads where it only reads.
        p99_s: The latency that one in a hundred exceeds.
        p999_s: The latency that one in a thousand exceeds.
        cpu_s: Seconds that all processors together were busy, with whatever else ran.
        arc_hits: Demand reads that the ARC answered.
        arc_misses: Demand reads that it did not.
        moments: The run over time.
    """

    seconds: float
    done_bytes: int
    operations: int
    p50_s: float
    p99_s: float
    p999_s: float
    cpu_s: float
    arc_hits: int
    arc_misses: int
    moments: tuple[Moment, ...] = ()


@frozen
class Run:
    """One run of one candidate.

    Attributes:
        number: From 0; runs of one number were done one after another, and are compared.
        place: Its place in the order of all runs, from 0.
        counts: The bytes.
        times: The times; None where fio did not run.
        fragmentation_percent: Of the pool's free space, at the end of the run.
        fill_percent: Of the pool's space that is allocated, then.
        discarded: The reason why its times count for nothing; empty: they count.
    """

    number: int
    place: int
    counts: ByteCounts
    times: Times | None
    fragmentation_percent: int
    fill_percent: int
    discarded: str = ""


@frozen
class Prediction:
    """What the exact model of OpenZFS's records says about a candidate.

    Attributes:
        allocated_bytes: Of all files, as ``zfs list`` counts it.
        write_amplification: Data and parity alone, without metadata and log.
        cold_read_amplification: Data alone.
        records: How many records there are; a measured size is off by one sector a record
            at the most, and by a 32nd of what a packed record takes, or it is a finding.
        sector_bytes: What one sector of a record's data more takes at the most: on raidz
            with parity and padding, on draid a row.
    """

    allocated_bytes: int
    write_amplification: float
    cold_read_amplification: float
    records: int
    sector_bytes: int


@frozen
class Measured:
    """One candidate with its runs.

    Attributes:
        candidate: The record size and compression.
        predicted: What the model says; None where it knows no such compression.
        runs: Its runs by number.
    """

    candidate: Candidate
    predicted: Prediction | None
    runs: tuple[Run, ...]


@frozen
class Measurement:
    """All of it.

    Attributes:
        workload: The workload.
        procedure: How it was measured.
        profile: The profile that was asked about; may be empty.
        dataset: The dataset of the profile that the workload is for; may be empty.
        chosen: What the profile chooses for this pool; None: it says nothing.
        why: The reason that the profile gives for its record size; may be empty.
        measured: The candidates, smallest records first.
        pool: Facts about the pool: name, layout, ashift, size, fill ...
        machine: Facts about the machine: kernel, OpenZFS, processor, memory, guest or not.
        parameters: Parameters of the zfs module.
    """

    workload: WorkloadFacts
    procedure: Procedure
    profile: str
    dataset: str
    chosen: Candidate | None
    why: str
    measured: tuple[Measured, ...]
    pool: Mapping[str, str]
    machine: Mapping[str, str]
    parameters: Mapping[str, str]
