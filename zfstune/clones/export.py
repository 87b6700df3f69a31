"""Export a golden image to files: its stream with a manifest, or the disk of a volume."""

from __future__ import annotations

import os
from hashlib import sha256

from zfstune.clones.export_manifest import MANIFEST_FILE, STREAM_FILE, Manifest
from zfstune.clones.survey import find_image
from zfstune.clones.volume_stream import read_blocks
from zfstune.engine.open import using
from zfstune.engine.sent import sent
from zfstune.host.drafts import drafted_file, drafted_folder
from zfstune.host.files import replace_file
from zfstune.streams.digest import digest
from zfstune.streams.meter import Meter
from zfstune.values.errors import AlreadyExists, PlanError
from zfstune.values.properties import is_user
from zfstune.values.text import for_shell, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.clones.seal import GoldenImage
    from zfstune.engine.protocol import Engine
    from zfstune.streams.progress import SendProgress
    from zfstune.values.errors import ZfstuneError

__all__ = ["export_disk", "export_image"]

_PART_BYTES = 1 << 20
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def export_image(
    image: str,
    folder: str,
    *,
    engine: Engine | None = None,
    on_progress: Callable[[SendProgress], object] | None = None,
) -> Manifest:
    """Export an image to a new folder, with what proves it whole: see :func:`restore`.

    The folder appears when all is in it. The image is read twice: as the stream that is
    written, compressed as on disk, and for the digest of its content. An encrypted image
    stays encrypted.

    Args:
        image: The golden image; it may be retired.
        folder: The folder to make.
        engine: Default: the running kernel's ZFS.
        on_progress: Called about once a second, with the bytes of both readings.

    Returns:
        What was written to the manifest.

    Raises:
        PlanError: The dataset is no image, or the folder cannot be written.
        AlreadyExists: The folder is there already.
        EngineError: The image cannot be read.
    """
    with using(engine) as zfs:
        found = _readable(zfs, image)
        try:
            with drafted_folder(folder) as draft:
                return _write(zfs, found, draft, on_progress)
        except OSError as error:
            raise _failed(folder, error) from None


def export_disk(
    image: str,
    path: str,
    *,
    engine: Engine | None = None,
    on_progress: Callable[[SendProgress], object] | None = None,
) -> int:
    """Write the disk that a volume holds to a new file; return its size in bytes.

    The file is raw, and sparse where the disk holds zeros.

    Args:
        image: The golden image, a volume.
        path: The file to make.
        engine: Default: the running kernel's ZFS.
        on_progress: Called about once a second while the disk is written.

    Raises:
        PlanError: The dataset is no image or no volume, or the file cannot be written.
        AlreadyExists: The file is there already.
        EngineError: The image cannot be read, as while its key is not loaded.
    """
    with using(engine) as zfs:
        found = _readable(zfs, image)
        if found.kind != "volume":
            raise PlanError(
                f"cannot export '{image}' as a disk: it is a filesystem",
                hint=f"export its stream: zfstune golden export {for_shell(image)} FOLDER",
            )
        size = int(zfs.snapshot(found.snapshot).value("volsize") or 0)
        try:
            with drafted_file(path) as draft:
                meter = Meter(size, 1, on_progress=on_progress)
                _write_disk(zfs, found.snapshot, draft, size, meter)
        except OSError as error:
            raise _failed(path, error) from None
        return size


def _readable(engine: Engine, name: str) -> GoldenImage:
    found = find_image(engine, name, "export")
    if not found.snapshot:
        raise PlanError(
            f"cannot export '{name}': its sealed snapshot is gone",
            hint=f"seal it anew: zfstune golden create {for_shell(name)}",
        )
    return found


def _write(
    engine: Engine,
    image: GoldenImage,
    folder: str,
    on_progress: Callable[[SendProgress], object] | None,
) -> Manifest:
    """Write stream and manifest; the manifest is the last to be on disk."""
    dataset = engine.dataset(image.name)
    raw = dataset.value("encryption") not in (None, "off")
    total = None
    if on_progress is not None:
        both = (
            engine.send_size(image.snapshot, raw=raw, compressed=packed)
            for packed in (True, False)
        )
        total = sum(both)
    meter = Meter(total, 1, on_progress=on_progress)
    passed = meter.telling()
    hashed, length = sha256(), 0
    with (
        sent(lambda fd: engine.send(image.snapshot, fd, raw=raw)) as fd,
        open(os.open(f"{folder}/{STREAM_FILE}", _NEW, 0o600), "wb") as file,
    ):
        while piece := os.read(fd, _PART_BYTES):
            hashed.update(piece)
            file.write(piece)
            length += len(piece)
            passed(len(piece))
        file.flush()
        os.fsync(file.fileno())
    manifest = Manifest(
        name=image.name,
        snapshot=image.snapshot.partition("@")[2],
        kind=image.kind,
        guid=image.seal.guid,
        raw=raw,
        digest=digest(engine, image.snapshot, raw=raw, on_bytes=passed).text,
        stream_bytes=length,
        stream_sha256=hashed.hexdigest(),
        properties={
            name: value
            for name in sorted(dataset.properties)
            if not is_user(name) and (value := dataset.local(name)) is not None
        },
    )
    replace_file(
        f"{folder}/{MANIFEST_FILE}",
        manifest.to_json(),
        mode=0o600,
    )
    return manifest


def _write_disk(engine: Engine, snapshot: str, draft: int, size: int, meter: Meter) -> None:
    reached, passed = 0, meter.telling()
    with (
        sent(lambda fd: engine.send(snapshot, fd, compressed=False)) as fd,
        open(fd, "rb", buffering=_PART_BYTES, closefd=False) as stream,
        open(draft, "wb", closefd=False) as file,
    ):
        os.ftruncate(file.fileno(), size)
        for offset, data in read_blocks(stream.read, snapshot):
            if data.strip(b"\0"):
                file.seek(offset)
                file.write(data)
            end = offset + len(data)
            passed(max(0, end - reached))
            reached = max(reached, end)


def _failed(path: str, error: OSError) -> ZfstuneError:
    if isinstance(error, FileExistsError):
        return AlreadyExists(
            operation="export to",
            target=path,
            reason="it is there already",
            hint="choose another name",
        )
    return PlanError(f"cannot export to '{shown(path)}': {error.strerror}")
