"""The snapshots that a rule speaks of, by what stands behind their ``@``."""

from __future__ import annotations

from zfstune.errors import PolicyError
from zfstune.quoting import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.pattern_text import PatternError

__all__ = ["glob_scope", "regex_scope"]


def glob_scope(match: str) -> Callable[[str], bool]:
    """Give a test whether a glob matches the whole of a short name.

    Raises:
        PolicyError: The glob matches no name that there can be.
    """
    if not match:
        msg = "cannot use policy 'match=': an empty glob matches nothing"
        raise PolicyError(msg, hint="leave --match out for zfstune's own snapshots")
    if "@" in match or "/" in match:
        msg = f"cannot use policy 'match={match}': no snapshot's name holds '@' or '/'"
        hint = "the glob is held against what stands behind the @; name datasets apart"
        raise PolicyError(msg, hint=hint)
    from zfstune.name_pattern import glob_matcher  # noqa: PLC0415 (few ask for one)

    return _matching(f"match={match}", match, glob_matcher)


def regex_scope(regex: str) -> Callable[[str], bool]:
    """Give a test whether a regular expression matches the whole of a short name.

    Raises:
        PolicyError: It is none; the test raises it where it takes too many steps.
    """
    if not regex:
        raise PolicyError(
            "cannot use policy 'regex=': an empty expression matches nothing",
            hint="leave --regex out for zfstune's own snapshots",
        )
    from zfstune.name_pattern import regex_matcher  # noqa: PLC0415 (few ask for one)

    return _matching(f"regex={regex}", regex, regex_matcher)


def _matching(
    word: str, pattern: str, compiled: Callable[[str], Callable[[str], bool]]
) -> Callable[[str], bool]:
    """Give a test of names whose errors say which word of a policy is at fault."""
    from zfstune.pattern_text import PatternError  # noqa: PLC0415 (as above)

    def matches(short_name: str) -> bool:
        try:
            return whole(short_name)
        except PatternError as error:
            raise _bad(word, error) from None

    try:
        whole = compiled(pattern)
    except PatternError as error:
        raise _bad(word, error) from None
    return matches


def _bad(word: str, error: PatternError) -> PolicyError:
    return PolicyError(f"cannot use policy '{shown(word)}': {error.reason}")
