"""Parse command lines of a shell, as far as lines that prune snapshots need it.

The grammar is the part of POSIX' Shell Command Language (XCU 2) that such lines use:
words with quotes and variables, pipelines, redirections, and loops over words, over a
command's output or over lines that are read. All else (patterns, arithmetic, conditions,
subshells) is refused, never guessed. The tests hold the words against bash.
"""

from __future__ import annotations

import re

from zfstune.retention.imports.reading import NotKeptError
from zfstune.values.frozen import frozen
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

__all__ = ["Command", "ForLoop", "Pipeline", "ReadLoop", "Word", "parse_line"]

_TOKEN = re.compile(
    r"(?P<blank>[ \t]+)"
    r"|(?P<redirect>[0-9]?>>?(?:&[0-9])?)"
    r"|(?P<operator>\|\||&&|[|;&()<\n])"
    r"|(?P<comment>(?<![^ \t;|])\#.*)"
    r"|'(?P<single>[^']*)'"
    r"|\"(?P<double>(?:[^\"\\]|\\.)*)\""
    r"|\$\((?P<inner>[^()`]*)\)|`(?P<ticks>[^`\\]*)`"
    r"|\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)\})"
    r"|\\(?P<escaped>.)"
    r"|(?P<plain>(?:\{\}|[\w/.,:@%+=^\]-]|(?<=[\w/.,:@%+=^-])~)+)",
    re.ASCII,
)
_IN_DOUBLE = re.compile(
    r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})|\\([$`\"\\])|(\\?[^$`\\]+|\\)", re.ASCII
)
_DEEPEST = 4
# Words of the shell's grammar, which cannot be the first word of a command.
_RESERVED = {
    *("if", "then", "elif", "else", "fi", "case", "esac", "until", "do", "done", "in", "!"),
    *("function", "select", "time", "{", "}", "[[", "coproc"),
}


@frozen
class Word:
    """One word: parts that are ``text``, a ``variable`` or a ``command``'s output."""

    parts: tuple[tuple[str, str], ...]
    quoted: bool = False

    def expand(self, values: Mapping[str, str]) -> str:
        """Return the word with its variables replaced by their values."""
        return "".join(
            _value(text, values) if kind == "variable" else text
            for kind, text in self.parts
        )

    @property
    def command(self) -> str:
        """The command whose output is all of the word; empty: the word is another kind."""
        [*rest, (kind, text)] = self.parts or (("text", ""),)
        return text if kind == "command" and not rest and not self.quoted else ""

    @property
    def bare(self) -> str:
        """The word, if all of it is unquoted text; else empty."""
        texts = [text for kind, text in self.parts if kind == "text"]
        return "".join(texts) if not self.quoted and len(texts) == len(self.parts) else ""


@frozen
class Command:
    """A command's words, and its redirections: the sign, as in ``2>``, and the target."""

    words: tuple[Word, ...]
    redirects: tuple[tuple[str, str], ...] = ()


@frozen
class ForLoop:
    """``for NAME in WORDS; do BODY; done``."""

    name: str
    words: tuple[Word, ...]
    body: tuple[Pipeline, ...]


@frozen
class ReadLoop:
    """``while read NAME; do BODY; done``."""

    name: str
    body: tuple[Pipeline, ...]


@frozen
class Pipeline:
    """Commands of which each reads the output of the one before."""

    stages: tuple[Command | ForLoop | ReadLoop, ...]


def parse_line(line: str) -> tuple[Pipeline, ...]:
    """Parse a line into pipelines that a shell carries out one after the other.

    Raises:
        NotKeptError: It holds something beyond this grammar.
    """
    parser = _Parser(_tokens(line))
    pipelines = parser.pipelines(())
    if parser.left:
        _refuse(parser.left[-1])
    return pipelines


_Token = Word | str | tuple[str]  # a word, an operator or a redirection


def _value(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise NotKeptError(f"the value of ${name} is not known")
    return values[name]


def _tokens(line: str) -> list[_Token]:
    """Cut a line into words, operators and redirections."""
    tokens: list[_Token] = []
    parts: list[tuple[str, str]] = []
    quoted = begun = False

    def end() -> None:
        nonlocal parts, quoted, begun
        if begun:
            tokens.append(Word(tuple(parts), quoted))
        parts, quoted, begun = [], False, False

    position = 0
    while position < len(line):
        match = _TOKEN.match(line, position)
        if match is None:
            rest = line[position : position + 20]
            raise NotKeptError(f"'{shown(rest)}' is not made of plain words")
        kind, text = str(match.lastgroup), str(match[match.lastgroup or 0])
        if kind == "redirect" and begun and text[0] != ">":
            raise NotKeptError(f"'{shown(text)}' stands behind a quote")
        position = match.end()
        if kind in ("blank", "comment", "operator", "redirect"):
            end()
        if kind == "operator":
            tokens.append(text)
        elif kind == "redirect":
            tokens.append((text,))
        elif kind not in ("blank", "comment"):
            begun = True
            quoted = quoted or kind in ("single", "double", "escaped")
            parts += _parts(kind, text)
    end()
    return tokens


def _parts(kind: str, text: str) -> list[tuple[str, str]]:
    if kind in ("name", "braced"):
        return [("variable", text)]
    if kind in ("inner", "ticks"):
        return [("command", text)]
    if kind != "double":
        return [("text", text)]
    parts: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _IN_DOUBLE.match(text, position)
        if match is None:
            raise NotKeptError(f'"{shown(text)}" is not made of plain words')
        name = match[1] or match[2]
        parts.append(("variable", name) if name else ("text", match[3] or match[4]))
        position = match.end()
    return parts


class _Parser:
    """Builds pipelines from tokens, of which `left` holds those to come."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.left = tokens[::-1]  # a stack: the next one is last
        self._depth = 0

    def pipelines(self, ends: tuple[str, ...]) -> tuple[Pipeline, ...]:
        """Parse pipelines up to a word that ends them, which stays in `left`."""
        pipelines: list[Pipeline] = []
        while self.left:
            if self._next() in ends:
                break
            pipelines.append(self._pipeline())
            if self._next() == "||":  # `|| true` does nothing about a failure
                self._take("||")
                if self._next() not in ("true", ":"):
                    _refuse("||")
                self.left.pop()
            if self._next() not in (";", "\n"):
                break
            self.left.pop()
            while self._next() == "\n":
                self.left.pop()
        return tuple(pipelines)

    def _pipeline(self) -> Pipeline:
        stages = [self._stage()]
        while self._next() == "|":
            self.left.pop()
            stages.append(self._stage())
        return Pipeline(tuple(stages))

    def _stage(self) -> Command | ForLoop | ReadLoop:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotKeptError("its loops are nested too deeply")
        word = self._next()
        stage: Command | ForLoop | ReadLoop
        if word == "for":
            stage = self._for()
        elif word == "while":
            stage = self._while()
        else:
            stage = self._command()
        self._depth -= 1
        return stage

    def _command(self) -> Command:
        if self._next() in _RESERVED:
            _refuse(self.left[-1])
        words: list[Word] = []
        redirects: list[tuple[str, str]] = []
        while self.left and not isinstance(self.left[-1], str):
            token = self.left.pop()
            if isinstance(token, Word):
                words.append(token)
            else:
                redirects.append(self._redirect(token[0]))
        if not words:
            _refuse(self.left[-1] if self.left else "the end")
        return Command(tuple(words), tuple(redirects))

    def _redirect(self, sign: str) -> tuple[str, str]:
        if "&" in sign:
            before, _, after = sign.partition("&")
            return before, f"&{after}"
        if not self.left or not isinstance(self.left[-1], Word):
            _refuse(sign)
        return sign, self._word().expand({})

    def _for(self) -> ForLoop:
        self._take("for")
        name = self._word().bare
        self._take("in")
        words = []
        while self.left and isinstance(self.left[-1], Word):
            words.append(self._word())
        return ForLoop(name, tuple(words), self._body())

    def _while(self) -> ReadLoop:
        self._take("while")
        self._take("read")
        if self._next() == "-r":
            self.left.pop()
        return ReadLoop(self._word().bare, self._body())

    def _body(self) -> tuple[Pipeline, ...]:
        if self._next() == ";":
            self.left.pop()
        while self._next() == "\n":
            self.left.pop()
        self._take("do")
        body = self.pipelines(("done",))
        self._take("done")
        while self.left:
            token = self.left[-1]
            if not isinstance(token, tuple):
                break
            self.left.pop()
            self._redirect(token[0])  # nothing reads the output of zfs destroy
        return body

    def _next(self) -> str:
        token = self.left[-1] if self.left else ""
        return token.bare if isinstance(token, Word) else str(token)

    def _take(self, word: str) -> None:
        if self._next() != word:
            _refuse(self.left[-1] if self.left else "the end")
        self.left.pop()

    def _word(self) -> Word:
        token = self.left.pop() if self.left else "the end"
        if not isinstance(token, Word):
            _refuse(token)
        return token


def _refuse(token: _Token) -> NoReturn:
    if isinstance(token, Word):
        text = "".join(text for _, text in token.parts)
    else:
        text = token if isinstance(token, str) else token[0]
    raise NotKeptError(f"'{shown(text)}' is not expected in that place")
