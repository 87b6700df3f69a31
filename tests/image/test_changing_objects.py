"""Objects that change in every way a stream has a record for arrive as they are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from changing_objects import ChangingObjects
from made_files import received, sent, with_files
from zfstune.engine.image import create_image
from zfstune.streams.digest import digest
from zfstune.values.key import Key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zfstune.engine.image import ImageEngine

SEEDS = range(int(os.environ.get("ZFSTUNE_ORACLE_CASES", "1")))
SIZE_BYTES = 1 << 30
GUID = 0x7654321
PASSPHRASE = {"encryption": "on", "keyformat": "passphrase", "pbkdf2iters": "100000"}


@pytest.fixture(scope="module")
def pools(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ImageEngine, ImageEngine]]:
    """Make two pools, whose sectors and compression differ."""
    folder = tmp_path_factory.mktemp("objects")
    with (
        create_image(folder / "tank", size_bytes=SIZE_BYTES, ashift=9) as tank,
        create_image(
            folder / "back", size_bytes=SIZE_BYTES, pool="back", ashift=12
        ) as back,
    ):
        tank.create("tank/secret", properties=PASSPHRASE, key=Key("correct horse"))
        back.create("back/secret", properties=PASSPHRASE, key=Key("another horse"))
        tank.create("tank/empty")
        tank.take_snapshots(["tank/empty@0"])
        yield tank, back


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", ["plain", "decrypted", "raw"])
def test_changes(
    pools: tuple[ImageEngine, ImageEngine], tmp_path: Path, seed: int, way: str
) -> None:
    """Each snapshot has the content that its owner wrote, on both sides, and in full."""
    tank, back = pools
    empty = with_files(sent(tank, tmp_path, "tank/empty@0", compressed=False), {})
    source = f"tank/{'plain' if way == 'plain' else 'secret/' + way}{seed}"
    copy = f"back/{'secret/' if way == 'decrypted' else ''}{way}{seed}"
    objects = ChangingObjects(empty, seed)
    received(tank, tmp_path, f"{source}@0", empty)
    raw: dict[str, Any] = {"raw": True} if way == "raw" else {}
    base, guid = "", tank.snapshot(f"{source}@0").guid
    for number in range(5):
        if number:
            objects.change()
            made = objects.stream(base=guid, guid=GUID + number)
            guid = GUID + number
            received(tank, tmp_path, f"{source}@{number}", made)
        stream = sent(tank, tmp_path, f"{source}@{number}", base, **raw)
        received(back, tmp_path, f"{copy}@{number}", stream, **raw)
        if raw and not number:
            back.load_key(copy, Key("correct horse"))
        base = f"{source}@{number}"
        assert digest(tank, base).text == objects.digest
        assert digest(back, f"{copy}@{number}").text == objects.digest
    whole = sent(back, tmp_path, f"{copy}@4", **raw)
    received(tank, tmp_path, f"{source}-back@4", whole, **raw)
    if raw:
        tank.load_key(f"{source}-back", Key("correct horse"))
    assert digest(tank, f"{source}-back@4").text == objects.digest
