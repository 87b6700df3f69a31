"""Streams of this kernel, changed at random, that it receives again: it lives."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from mutated_stream import receive_changed

if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.engine.protocol import Engine

WAYS = {"plain": (), "packed": ("-c",), "embedded": ("-e",), "large": ("-L", "-c")}


def test_changed_at_random(
    pool: str, engine: Engine, command: Callable[..., str], tmp_path: Path
) -> None:
    """Each stream is taken or refused, and afterwards the pool is as sound as before."""
    content = Random(1)  # noqa: S311 (the same in each run)
    engine.create(f"{pool}/files", properties={"xattr": "sa", "dnodesize": "auto"})
    folder = Path(engine.mount(f"{pool}/files"))
    for number in range(12):
        (folder / f"{number}").write_bytes(content.randbytes(3000) * (number + 1))
    os.setxattr(folder / "1", "user.large", b"v" * 3000)
    (folder / "link").symlink_to("nowhere")
    engine.create(f"{pool}/volume", properties={"volsize": "1M"}, volume=True)
    script = "yes 12345678 | head -2 | zfs create -o encryption=on -o keyformat=passphrase"
    command("sh", "-c", f"{script} -o pbkdf2iters=100000 {pool}/secret")
    (Path(f"/{pool}/secret") / "file").write_bytes(content.randbytes(100_000))
    names = [f"{pool}/{name}@1" for name in ("files", "volume", "secret")]
    engine.take_snapshots(names)
    lines = {name: (*words, names[0]) for name, words in WAYS.items()}
    lines |= {"volume": (names[1],), "raw": ("-w", names[2])}
    file = tmp_path / "stream"
    streams = {}
    for name, words in lines.items():
        command("sh", "-c", f"zfs send {' '.join(words)} >{file}")
        streams[name] = file.read_bytes()
    assert receive_changed(engine, pool, streams) > 5
    command("zpool", "scrub", "-w", pool)
    assert "errors: No known data errors" in command("zpool", "status", pool)
