"""The decoders of untrusted bytes, fuzzed by coverage, and by what was found before."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from decoder_seeds import DECODERS, write_seeds
from lots import fuzz_seconds, seed, tally, whole
from native_code import DIALECT, ROOT, SANITIZERS, compile_c, native, run

if TYPE_CHECKING:
    from pathlib import Path

HERE = ROOT / "tests" / "native"
CORPUS = HERE / "corpus"
SEED = seed(20261201)
SECONDS = fuzz_seconds(0)
CLANG = "clang-14"
PARTS = (
    *("buf", "nvl", "nvl_flat", "nvl_json", "nvl_packed"),
    *("stream_check", "stream_content", "stream_record", "zt_content"),
)
# ASan looks up what it intercepts of XDR before main.
LIBRARIES = ("-Wl,--wrap=stream_sum_is", "-Wl,--no-as-needed", "-l:libnvpair.so.3", "-ldl")
# What a host of strangers may send is longer, but says nothing new.
MOST_BYTES = 4096
QUIET = {"ASAN_OPTIONS": "detect_leaks=1"}


def sources(decoder: str) -> list[str]:
    """Give the words of the compiler that all builds share."""
    files = map(str, (HERE / "decoders.c", *native(*PARTS)))
    return [*DIALECT, "-g", f"-DDECODER=decode_{decoder}", *files, *LIBRARIES]


@pytest.mark.parametrize("decoder", DECODERS)
def test_what_was_found_before(tmp_path: Path, decoder: str) -> None:
    """Seeds, and the corpus of earlier runs: no overrun, no leak, no failed check."""
    program = tmp_path / decoder
    compile_c(*SANITIZERS, "-O1", "-DREPLAY", *sources(decoder), "-o", program)
    files = [*write_seeds(tmp_path / "seeds", decoder), *(CORPUS / decoder).iterdir()]
    assert len(files) > 30
    assert run([program, *files], env=QUIET) == f"{len(files)}\n"


def fuzzed_by_coverage(tmp_path: Path, decoder: str) -> None:
    """Let libFuzzer look for new ways through a decoder, for some seconds."""
    program = tmp_path / decoder
    words = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all", "-O2"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CC", CLANG)
        compile_c(*words, *sources(decoder), "-o", program)
    corpus = tmp_path / "corpus"
    shutil.copytree(CORPUS / decoder, corpus)
    write_seeds(corpus, decoder)
    done = subprocess.run(
        [
            *(program, f"-seed={SEED % (1 << 32)}", f"-max_total_time={SECONDS}"),
            *(f"-max_len={MOST_BYTES}", "-rss_limit_mb=2048", "-timeout=20"),
            *(f"-artifact_prefix={tmp_path}/", corpus),
        ],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    # On a finding it prints the input, in base64 as well.
    assert done.returncode == 0, done.stderr[-20_000:]
    [count] = re.findall(r"^Done (\d+) runs", done.stderr, re.MULTILINE)
    assert int(count) > 0
    tally(inputs=int(count))


if whole():  # it takes clang
    test_fuzzed_by_coverage = pytest.mark.parametrize("decoder", DECODERS)(
        fuzzed_by_coverage
    )
