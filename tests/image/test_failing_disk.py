"""A file of which only a part takes no more, as on a disk that begins to fail."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from native_code import compile_c
from zfstune.engine.image import ImageEngine, create_image
from zfstune.values.errors import ImageDied

if TYPE_CHECKING:
    from pathlib import Path

SIZE_BYTES = 64 << 20
# Writes fail behind the first tenth of the file once the file `on` is there. An errno of
# /dev/full counts as a write of the process, as that of a failing disk does.
FAILING = """
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

ssize_t
pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off64_t);

    *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
    if (offset < FIRST_BAD || offset > LAST_BAD || access(ON, F_OK) != 0)
        return (real(fd, data, size, offset));
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    ssize_t none = write(full, data, 1);
    (void) close(full);
    errno = EIO;
    return (none < 0 ? none : -1);
}
"""


def test_a_part_that_fails(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenZFS would try for ever; nothing done before is lost."""
    on = tmp_path / "on"
    source, shim = tmp_path / "failing.c", tmp_path / "failing.so"
    source.write_text(FAILING)
    bad = (
        f"-DFIRST_BAD={SIZE_BYTES // 10}",
        f"-DLAST_BAD={SIZE_BYTES * 9 // 10}",
        f'-DON="{on}"',
    )
    compile_c("-D_GNU_SOURCE", "-shared", "-fPIC", *bad, "-o", shim, source)
    monkeypatch.setenv("LD_PRELOAD", str(shim))
    engine = create_image(file, size_bytes=SIZE_BYTES)
    monkeypatch.delenv("LD_PRELOAD")
    engine.create("tank/a")
    on.touch()
    with pytest.raises(ImageDied, match="its file system gives I/O errors") as caught:
        engine.create("tank/b")
    assert caught.value.errno == errno.EIO
    engine.close()
    with ImageEngine(file) as again:
        assert again.exists("tank/a")
