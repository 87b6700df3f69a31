"""The lab's runner, as far as it can be judged without an emulator."""

from __future__ import annotations

import json
import mmap
import sys
import tarfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

LAB = Path(__file__).resolve().parents[1] / "lab"
sys.path.insert(0, str(LAB))

from zfslab import channel, cli, image, qemu, wheel, worktree  # noqa: E402
from zfslab.errors import LabError  # noqa: E402
from zfslab.image import RELEASES, Image, recipe_key  # noqa: E402

if TYPE_CHECKING:
    from types import ModuleType

MARK = "0123456789abcdef0123456789abcdef"
BEGIN = f"\nbegin {MARK}\n".encode()


def frame(kind: str, payload: bytes) -> bytes:
    """Return a frame as the agent writes it."""
    return kind.encode() + len(payload).to_bytes(4, "big") + payload


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe of two files."""
    (tmp_path / "build").write_text("true\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "unit").write_text("unit\n")
    return tmp_path


class TestRecipeKey:
    """An image is as good as its key."""

    def test_same_recipe_same_key(self, recipe: Path) -> None:
        """The key depends on the recipe alone."""
        assert recipe_key("trixie", recipe) == recipe_key("trixie", recipe)

    def test_releases_differ(self, recipe: Path) -> None:
        """No two releases share an image."""
        assert len({recipe_key(release, recipe) for release in RELEASES}) == len(RELEASES)

    @pytest.mark.parametrize("name", ["build", "deep/unit"])
    def test_changed_byte(self, recipe: Path, name: str) -> None:
        """A changed byte anywhere makes a new image."""
        before = recipe_key("trixie", recipe)
        (recipe / name).write_text("false\n")
        assert recipe_key("trixie", recipe) != before

    def test_changed_mode(self, recipe: Path) -> None:
        """A script made executable makes a new image."""
        before = recipe_key("trixie", recipe)
        (recipe / "build").chmod(0o755)
        assert recipe_key("trixie", recipe) != before

    def test_moved_bytes(self, recipe: Path) -> None:
        """Bytes that move from one file to its neighbour make a new image."""
        (recipe / "a").write_text("12")
        (recipe / "b").write_text("3")
        before = recipe_key("trixie", recipe)
        (recipe / "a").write_text("1")
        (recipe / "b").write_text("23")
        assert recipe_key("trixie", recipe) != before

    def test_host_setup_is_not_in_the_image(self, recipe: Path) -> None:
        """What the host has installed does not make a new image."""
        before = recipe_key("trixie", recipe)
        (recipe / "host-setup").write_text("true\n")
        assert recipe_key("trixie", recipe) == before


class TestArgv:
    """The emulator's command line."""

    IMAGE = Image("trixie", Path("/cache/images/trixie-0"))

    def test_base_image_is_never_written(self) -> None:
        """Guests that run at the same time share the image, so each writes elsewhere."""
        drives = [word for word in qemu.argv(self.IMAGE, []) if word.startswith("file=")]
        assert len(drives) == 1
        assert "file=/cache/images/trixie-0/root.ext4," in drives[0]
        assert "snapshot=on" in drives[0]

    def test_disks_keep_their_order(self) -> None:
        """The disks follow the root in the order they were asked for."""
        disks = [qemu.Disk(Path(f"/disks/{name}"), temporary=True) for name in "abc"]
        drives = [word for word in qemu.argv(self.IMAGE, disks) if word.startswith("file=")]
        assert [word.split(",")[0] for word in drives[1:]] == [
            "file=/disks/a",
            "file=/disks/b",
            "file=/disks/c",
        ]

    def test_lasting_disk_flushes(self) -> None:
        """A disk that outlives the guest is not written with flushes ignored."""
        disk = qemu.Disk(Path("/disks/pool"), temporary=False)
        assert "cache=writeback" in qemu.argv(self.IMAGE, [disk])[-1]

    def test_comma_in_a_path(self) -> None:
        """A comma in a path does not end the value."""
        disk = qemu.Disk(Path("/disks/a,b"), temporary=True)
        assert "file=/disks/a,,b," in qemu.argv(self.IMAGE, [disk])[-1]

    def test_dies_with_the_runner(self) -> None:
        """The kernel ends the emulator when the runner is killed."""
        assert qemu.argv(self.IMAGE, [])[:3] == ["setpriv", "--pdeathsig", "KILL"]

    def test_panic_ends_the_emulator(self) -> None:
        """A panic reboots at once, and a reboot ends the emulator."""
        line = qemu.argv(self.IMAGE, [])
        assert "-no-reboot" in line
        assert "panic=-1" in line[line.index("-append") + 1].split()

    def test_processors(self) -> None:
        """The guest has as many processors as it was given."""
        line = qemu.argv(self.IMAGE, [], cpus=1)
        assert line[line.index("-smp") + 1] == "1"

    def test_systemd(self) -> None:
        """With systemd the initramfs hands over to it."""
        line = qemu.argv(self.IMAGE, [], systemd=True)
        assert "lab.init=/lib/systemd/systemd" in line[line.index("-append") + 1].split()

    def test_disk_names(self) -> None:
        """The root is vda, so the command's disks start at vdb."""
        assert qemu.disk_names(2) == ["/dev/vdb", "/dev/vdc"]

    @pytest.mark.parametrize(
        ("text", "value"), [("512", 512), ("4k", 4096), ("3M", 3 << 20), ("2G", 2 << 30)]
    )
    def test_size(self, text: str, value: int) -> None:
        """Sizes are powers of 1024, in either case."""
        assert qemu.size_bytes(text) == value

    @pytest.mark.parametrize("text", ["", "0", "-1G", "1.5G", "2GB", "G", "٣"])
    def test_no_size(self, text: str) -> None:
        """What is no size is refused."""
        with pytest.raises(ValueError, match="is no size"):
            qemu.size_bytes(text)


class TestDecoder:
    """The guest's answer, in pieces as they happen to come."""

    ANSWER = BEGIN + frame("r", b"") + frame("o", b"no newline") + frame("x", b"7")
    FRAMES = (
        channel.Frame("r", b""),
        channel.Frame("o", b"no newline"),
        channel.Frame("x", b"7"),
    )

    @pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 4096])
    def test_any_split(self, step: int) -> None:
        """The frames are the same however the bytes are cut."""
        decoder = channel.Decoder(MARK)
        stream = b"left over " * 10 + self.ANSWER
        pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
        assert [found for piece in pieces for found in decoder.feed(piece)] == [
            *self.FRAMES
        ]

    def test_another_requests_answer_is_no_answer(self) -> None:
        """An exit status before our token belongs to a host that has gone."""
        decoder = channel.Decoder(MARK)
        other = b"\nbegin " + b"f" * 32 + b"\n" + frame("x", b"0")
        assert list(decoder.feed(other)) == []
        assert not decoder.begun
        assert list(decoder.feed(self.ANSWER)) == [*self.FRAMES]

    def test_output_may_hold_anything(self) -> None:
        """Bytes that look like the protocol stay bytes."""
        inside = BEGIN + frame("x", b"0")
        decoder = channel.Decoder(MARK)
        assert list(decoder.feed(BEGIN + frame("o", inside))) == [
            channel.Frame("o", inside)
        ]

    def test_unknown_frame(self) -> None:
        """Noise on the line is an error, not silence."""
        with pytest.raises(channel.ProtocolError, match="unknown frame"):
            list(channel.Decoder(MARK).feed(BEGIN + b"?????"))

    @pytest.mark.parametrize("status", [0, 1, 130, 255])
    def test_exit_status(self, status: int) -> None:
        """A status passes as it is."""
        assert channel.exit_status(channel.Frame("x", str(status).encode())) == status

    @pytest.mark.parametrize("text", [b"", b"-1", b"256", b"0x0", b"0\n", b"\xff"])
    def test_no_exit_status(self, text: bytes) -> None:
        """What is no status never passes for success."""
        with pytest.raises(channel.ProtocolError, match="no exit status"):
            channel.exit_status(channel.Frame("x", text))

    def test_output_is_no_exit_status(self) -> None:
        """A status counts in its own frame alone."""
        with pytest.raises(channel.ProtocolError, match="no exit status"):
            channel.exit_status(channel.Frame("o", b"0"))


class TestRequest:
    """The line that the agent reads."""

    def test_one_line(self) -> None:
        """Any argument fits in one line, and arrives as it was."""
        argv = ["a b", "c'\"d", "$x\n", "", "\udcff", "é"]
        sent = channel.Request(MARK, argv, "/work", {"A": "1"}).encode()
        assert sent.count(b"\n") == 2
        assert sent[:1] == sent[-1:] == b"\n"
        assert json.loads(sent)["argv"] == argv


class TestBuilding:
    """An image is built with a sign of life, and says how it ended."""

    def test_it_says_that_it_is_alive(
        self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """A step that prints nothing for long is spoken for."""
        monkeypatch.setattr(image, "ALIVE_S", 0.05)
        image._step("sid", ["sleep", "0.5"])
        assert "sid: still building after 0 s" in capfd.readouterr().err

    def test_a_step_that_fails(self) -> None:
        """Its status is the reason."""
        with pytest.raises(LabError, match="'sid': false ended with status 1"):
            image._step("sid", ["false"])


class TestUnpacking:
    """What the agent does with an archive, in a folder instead of a guest."""

    @pytest.fixture
    def agent(self, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        """The guest's side, as a module."""
        monkeypatch.setattr(sys, "dont_write_bytecode", True)
        loader = SourceFileLoader("agent", str(LAB / "guest" / "agent"))
        spec = spec_from_loader("agent", loader)
        assert spec is not None
        module = module_from_spec(spec)
        loader.exec_module(module)
        return module

    def test_who_has_a_file_mapped_keeps_it(
        self, agent: ModuleType, tmp_path: Path
    ) -> None:
        """A library is replaced and not written over: a program may have it mapped."""
        root = tmp_path / "root"
        library = root / "opt" / "lib.so"
        library.parent.mkdir(parents=True)
        library.write_bytes(b"old" * 2000)
        with library.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        new = tmp_path / "new"
        new.write_bytes(b"new")
        link = tmp_path / "link"
        link.symlink_to("/")
        files = {"/opt/lib.so": new, "/work/deep/link": link, "/work/new": new}
        for _ in range(2):
            worktree.pack(tmp_path / "x.tar", files, files)
            assert agent.unpack(str(tmp_path / "x.tar"), str(root)) is None
        assert mapped[:] == b"old" * 2000
        assert library.read_bytes() == (root / "work/new").read_bytes() == b"new"
        assert (root / "work/deep/link").readlink() == Path("/")
        assert {path.name for path in root.iterdir()} == {"opt", "work"}

    def test_what_a_sync_before_left(self, agent: ModuleType, tmp_path: Path) -> None:
        """It is taken away, and nothing of it gets to its place."""
        stale = tmp_path / agent.STAGE / "work"
        stale.mkdir(parents=True)
        (stale / "stale").touch()
        new = tmp_path / "new"
        new.touch()
        worktree.pack(tmp_path / "x.tar", {"/work/fresh": new}, ["/work/fresh"])
        assert agent.unpack(str(tmp_path / "x.tar"), str(tmp_path)) is None
        assert [path.name for path in (tmp_path / "work").iterdir()] == ["fresh"]

    def test_what_cannot_be_replaced_is_named(
        self, agent: ModuleType, tmp_path: Path
    ) -> None:
        """An archive that is none, or a folder in a file's place, is said."""
        (tmp_path / "x.tar").write_text("no archive")
        assert agent.unpack(str(tmp_path / "x.tar"), str(tmp_path)) == (
            "tar ended with status 2"
        )
        (tmp_path / "work" / "file").mkdir(parents=True)
        new = tmp_path / "new"
        new.touch()
        worktree.pack(tmp_path / "x.tar", {"/work/file": new}, ["/work/file"])
        said = agent.unpack(str(tmp_path / "x.tar"), str(tmp_path))
        assert said == f"cannot replace '{tmp_path}/work/file': Is a directory"


class TestWorktree:
    """What goes to a guest."""

    def test_difference(self) -> None:
        """New and changed files are sent, vanished ones deleted, the rest left alone."""
        held = {"/same": "1", "/changed": "1", "/gone": "1"}
        wanted = {"/same": "1", "/changed": "2", "/new": "1"}
        assert worktree.difference(held, wanted) == (["/changed", "/new"], ["/gone"])

    def test_pack(self, tmp_path: Path) -> None:
        """Files arrive owned by root, with their mode and time."""
        script = tmp_path / "script"
        script.write_text("true\n")
        script.chmod(0o755)
        files = {"/work/zfstune/script": script}
        worktree.pack(tmp_path / "x.tar", files, files)
        with tarfile.open(tmp_path / "x.tar") as tar:
            (info,) = tar.getmembers()
        assert (info.name, info.mode, info.uid, info.uname, info.mtime) == (
            "work/zfstune/script",
            0o755,
            0,
            "root",
            int(script.stat().st_mtime),
        )

    def test_file_that_has_just_gone(self, tmp_path: Path) -> None:
        """A file that an editor takes away meanwhile stops nothing."""
        files = {"/work/zfstune/gone": tmp_path / "gone"}
        assert worktree.stamps(files) == {}
        worktree.pack(tmp_path / "x.tar", files, files)

    def test_wheel_and_tests(self, tmp_path: Path) -> None:
        """A change in the package makes a new wheel, one in the tests does not."""
        (tmp_path / "tests").mkdir()
        names = ["setup.py", "tests/test_it.py"]
        for name in names:
            (tmp_path / name).write_text("1\n")
        before = wheel.source_key(tmp_path, names)
        (tmp_path / names[1]).write_text("2\n")
        assert wheel.source_key(tmp_path, names) == before
        (tmp_path / names[0]).write_text("2\n")
        assert wheel.source_key(tmp_path, names) != before

    def test_build_requires(self) -> None:
        """The build's needs come from the project's own declaration."""
        text = '[build-system]\nrequires = ["setuptools>=77", "cffi"]\n'
        assert wheel.build_requires(text) == ["cffi", "setuptools>=77"]


class TestCommandLine:
    """Usage errors end with 2, before anything starts."""

    def test_command_keeps_its_options(self) -> None:
        """What follows -- is the command's, options included."""
        options = cli.parse(["--disk", "1G", "--", "pytest", "--disk", "-q", "--", "x"])
        assert options.command == ["pytest", "--disk", "-q", "--", "x"]
        assert options.disk == [1 << 30]
        assert options.timeout == cli.DEFAULT_TIMEOUT_S

    def test_serve_has_no_timeout(self) -> None:
        """A guest that stays up stays up."""
        assert cli.parse(["--serve", "dev"]).timeout is None

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["--release", "potato", "--", "true"],
            ["--disk", "some", "--", "true"],
            ["--disk", "/no/such/file", "--", "true"],
            ["--timeout", "0", "--", "true"],
            ["--timeout", "nan", "--", "true"],
            ["--serve", "a/b"],
            ["--serve", "dev", "--", "true"],
            ["--serve", "dev", "--in", "dev", "--", "true"],
            ["--in", "dev"],
            ["--in", "dev", "--release", "trixie", "--", "true"],
            [*["--disk", "1G"] * 21, "--", "true"],
        ],
    )
    def test_usage_error(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A senseless command line names what is wrong."""
        with pytest.raises(SystemExit) as ended:
            cli.parse(arguments)
        assert ended.value.code == 2
        assert "error:" in capsys.readouterr().err
