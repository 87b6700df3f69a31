"""The network between two guests, as far as it can be judged without them."""

from __future__ import annotations

import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab_wire import Wire

LAB = Path(__file__).resolve().parents[1] / "lab"
sys.path.insert(0, str(LAB))

from zfslab import cli, qemu  # noqa: E402 (the path above comes first)
from zfslab.image import Image  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = Image("trixie", Path("/cache/images/trixie-0"))
FRAME = bytes(100)
PATIENCE_S = 30.0


class Guest:
    """The end of a guest: frames go out and come in."""

    def __init__(self, here: Path, there: Path) -> None:
        self.there = there
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(here))
        self.socket.settimeout(PATIENCE_S)

    def send(self, *frames: bytes) -> None:
        """Send frames."""
        for frame in frames:
            self.socket.sendto(frame, str(self.there))

    def take(self) -> bytes:
        """Give the next frame."""
        return self.socket.recv(1 << 16)


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Give a wire."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        made = Wire(Path(folder))
        yield made
        made.close()


@pytest.fixture
def guests(wire: Wire) -> Iterator[tuple[Guest, Guest]]:
    """Give a guest at either end."""
    near, far = Guest(*wire.ends[0]), Guest(*wire.ends[1])
    yield near, far
    near.socket.close()
    far.socket.close()


def test_frames_pass_both_ways(guests: tuple[Guest, Guest]) -> None:
    """Each arrives whole, in its order."""
    near, far = guests
    near.send(b"one", b"two" * 3000)
    assert [far.take(), far.take()] == [b"one", b"two" * 3000]
    far.send(b"back")
    assert near.take() == b"back"


def test_it_stands_still(wire: Wire, guests: tuple[Guest, Guest]) -> None:
    """After so many bytes; what came meanwhile is passed on when it moves again."""
    near, far = guests
    wire.stand_still_after(250)
    assert not wire.wait_for_stop(0)
    near.send(FRAME, FRAME, b"third" * 10)
    assert wire.wait_for_stop(PATIENCE_S)
    assert [far.take(), far.take()] == [FRAME, FRAME]
    far.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        far.take()
    far.socket.settimeout(PATIENCE_S)
    wire.move()
    assert far.take() == b"third" * 10
    near.send(*[FRAME] * 5)
    assert [far.take() for _ in range(5)] == [FRAME] * 5


def test_it_is_cut(wire: Wire, guests: tuple[Guest, Guest]) -> None:
    """What is on the way is lost, and nothing else."""
    near, far = guests
    wire.stand_still_after(1)
    near.send(b"lost")
    assert wire.wait_for_stop(PATIENCE_S)
    wire.cut()
    # The wire takes frames in order: once this one has come, the first one has gone.
    wire.stand_still_after(1)
    near.send(b"kept")
    assert wire.wait_for_stop(PATIENCE_S)
    wire.mend()
    wire.move()
    assert far.take() == b"kept"
    far.send(b"kept as well")
    assert near.take() == b"kept as well"


def test_a_guest_that_is_off(wire: Wire, guests: tuple[Guest, Guest]) -> None:
    """Frames to it are lost; it takes part again once it is back."""
    near, far = guests
    far.socket.close()
    near.send(b"lost")
    wire.ends[1][0].unlink()
    back = Guest(*wire.ends[1])
    back.send(b"here")
    assert near.take() == b"here"
    near.send(b"seen")
    while (frame := back.take()) == b"lost":
        pass
    assert frame == b"seen"
    back.socket.close()


def test_no_network_unasked() -> None:
    """A guest without a link has no card."""
    assert not [word for word in qemu.argv(IMAGE, []) if "net" in word]


def test_link() -> None:
    """Two guests have the same sockets the other way round, and cards of their own."""
    one, two = (
        qemu.argv(IMAGE, [], link=qemu.Link(Path(here), Path(there), address))
        for here, there, address in (
            ("/s/a,b", "/s/c", "10.77.0.1/24"),
            ("/s/c", "/s/a,b", "10.77.0.2/24"),
        )
    )
    assert "local.path=/s/a,,b,remote.type=unix,remote.path=/s/c" in one[-3]
    assert "local.path=/s/c,remote.type=unix,remote.path=/s/a,,b" in two[-3]
    assert one[-1] != two[-1]
    assert "lab.address=10.77.0.1/24" in one[one.index("-append") + 1].split()


def test_forward() -> None:
    """The host reaches the guest's sshd on a card of its own, and the guest nobody."""
    link = qemu.Link(Path("/s/a"), Path("/s/b"), "10.77.0.1/24")
    line = qemu.argv(IMAGE, [], link=link, forward=2222)
    assert line.index(link.words()[1]) < line.index(line[-3])
    assert line[-3].startswith("user,")
    assert "restrict=on" in line[-3].split(",")
    assert "hostfwd=tcp:127.0.0.1:2222-:22" in line[-3].split(",")
    kernel = line[line.index("-append") + 1]
    assert f"lab.forward={qemu.FORWARD_MAC}" in kernel.split()
    assert f"mac={qemu.FORWARD_MAC}" in line[-1].split(",")


@pytest.mark.parametrize(
    "words",
    [
        ["--in", "dev", "--forward", "2222"],
        ["--link", "/s/a", "/s/b"],
        ["--address", "10.77.0.1/24"],
        ["--link", "/s/a", "/s/b", "--address", "here"],
        ["--in", "dev", "--link", "/s/a", "/s/b"],
    ],
)
def test_half_a_link(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A link without an address, or of a guest that runs already, makes no sense."""
    with pytest.raises(SystemExit):
        cli.parse([*words, "--", "true"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert "address" in said or "belong to --serve" in said
