"""zfstune's reader of Config::IniFiles' grammar compared with the Perl module itself."""

from __future__ import annotations

import os
import subprocess
from random import Random
from typing import TYPE_CHECKING

from zfstune.retention.imports.ini_files import IniError, read_ini

if TYPE_CHECKING:
    from pathlib import Path

    Ini = dict[str, dict[str, list[str]]]

FILES = 2000
FIRST = int(os.environ.get("ZFSTUNE_ORACLE_SEED", "0"))
# Reasons for which zfstune refuses a text that Config::IniFiles may accept.
REFUSED_HERE = ("(<<)", "CR", "control character")

# Prints what is read from each file, as `S section`, `K key`, `V value` and `D` for a file
# that is refused; each ends in a NUL.
_PERL = r"""
use Config::IniFiles;
$SIG{__WARN__} = sub {};
for my $file (@ARGV) {
    print "F\0";
    my $read = tie my %ini, "Config::IniFiles", (-file => $file);
    if (!$read) { print "D\0"; next }
    for my $section (keys %ini) {
        print "S$section\0";
        for my $key (keys %{$ini{$section}}) {
            print "K$key\0";
            my $value = $ini{$section}{$key};
            print "V$_\0" for ref $value ? @$value : ($value);
        }
    }
}
"""
PIECES = (
    *("\n",) * 8,
    *("\r\n", "[tank]", "[ x ]", "[[a]]", "[]", "[a", " [tank] ", "[tank] # c", "daily"),
    *("=", "= 3", "daily = 3", "daily=4 # c", " hourly = ", "autoprune = no", "# c", "; d"),
    *("  # e", " ", "\t", "\\\n", "<<EOT", "a = b = c", "\x0b", "\xa0", "é", "x y = z w "),
    *("\u2028", "\x85", "k=[v]", "=x", "#", "Daily = 3"),
)


def some_text(rng: Random) -> str:
    """Write a file that is right, or nearly so."""
    text = "".join(rng.choices(PIECES, k=rng.randint(1, 16)))
    if rng.randint(0, 2):
        text = f"[s]\n{text}\n"
    if not rng.randint(0, 4):
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return text


def perl_reads(texts: list[str], folder: Path) -> list[Ini | None]:
    """Let Config::IniFiles read each text; None stands for a text that it refuses."""
    files = []
    for number, text in enumerate(texts):
        files.append(folder / str(number))
        files[-1].write_bytes(text.encode())
    done = subprocess.run(["perl", "-e", _PERL, *files], capture_output=True, check=False)
    assert not done.returncode, f"{done.stderr.decode()}; hint: make host"
    readings: list[Ini | None] = []
    section: dict[str, list[str]] = {}
    values: list[str] = []
    for item in done.stdout.decode().split("\0")[:-1]:
        kind, rest = item[0], item[1:]
        if kind == "F":
            whole: Ini = {}
            readings.append(whole)
        elif kind == "D":
            readings[-1] = None
        elif kind == "S":
            section = whole.setdefault(rest, {})
        elif kind == "K":
            values = section.setdefault(rest, [])
        else:
            values.append(rest)
    return readings


def test_random_texts(tmp_path: Path) -> None:
    """Both read the same sections, keys and values in the same order, or refuse."""
    rng = Random(FIRST)  # noqa: S311 (no secret)
    texts = [some_text(rng) for _ in range(FILES)]
    alike = 0
    for text, by_perl in zip(texts, perl_reads(texts, tmp_path), strict=True):
        try:
            by_reader = read_ini(text)
        except IniError as error:
            if not any(words in str(error) for words in REFUSED_HERE):
                assert by_perl is None, text
            continue
        assert by_perl is not None, text
        assert by_reader == by_perl, text
        assert list(by_reader) == list(by_perl), text
        alike += 1
    assert alike > FILES // 8
