"""The snapshots that rules speak of, by their short names (behind the ``@``)."""

from __future__ import annotations

from functools import lru_cache

from zfstune.values.errors import PolicyError
from zfstune.values.marks import is_auto_name
from zfstune.values.text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from zfstune.retention.name_pattern import Budget
    from zfstune.retention.pattern_text import PatternError

    # A glob and a regular expression, one of which is None, or both.
    Pattern = tuple[str | None, str | None]

__all__ = ["check_scope", "scope_tests"]


def check_scope(match: str | None, regex: str | None) -> None:
    """Refuse a scope that no snapshot can be in.

    Raises:
        PolicyError: It is a glob and an expression at once, one of them cannot be
            matched, or it matches no possible name.
    """
    if match is not None and regex is not None:
        raise PolicyError(
            "cannot use policy 'match' and 'regex' at once: a rule has one scope",
            hint="a semicolon divides rules: match=auto-* keep=5; regex='day-.*' keep=9",
        )
    if match is None and regex is None:
        return
    if match == "":
        msg = "cannot use policy 'match=': an empty glob matches nothing"
        raise PolicyError(msg, hint="leave --match out for zfstune's own snapshots")
    if match is not None and ("@" in match or "/" in match):
        msg = f"cannot use policy 'match={match}': no snapshot's name holds '@' or '/'"
        hint = "a glob matches the part of the name after the @; name the dataset apart"
        raise PolicyError(msg, hint=hint)
    if regex == "":
        raise PolicyError(
            "cannot use policy 'regex=': an empty expression matches nothing",
            hint="leave --regex out for zfstune's own snapshots",
        )
    from zfstune.retention.name_pattern import (  # noqa: PLC0415 (few policies have a pattern)
        PatternError,
        check_glob,
        check_regex,
    )

    try:
        if match is not None:
            check_glob(match)
        else:
            check_regex(regex or "")
    except PatternError as error:
        raise _bad(match, regex, error) from None


# A policy keeps its tests. The cache is for policies that are parsed from the same text
# again, so that they share the budget that is partly spent.
@lru_cache(maxsize=32)
def scope_tests(patterns: tuple[Pattern, ...]) -> tuple[Callable[[str], bool], ...]:
    """Make a test of short names for each scope of one policy.

    All of them share one budget (:class:`zfstune.retention.name_pattern.Budget`), so
    that a policy costs no more for having many expressions. A test raises
    :class:`~zfstune.values.errors.PolicyError` where the budget is spent.

    Args:
        patterns: Scopes that :func:`check_scope` accepts. One without glob and
            expression holds the names that zfstune gives.
    """
    if all(match is None and regex is None for match, regex in patterns):
        return (is_auto_name,) * len(patterns)
    from zfstune.retention.name_pattern import Budget  # noqa: PLC0415 (few policies have a pattern)

    budget = Budget()
    tests = {pattern: _test(*pattern, budget) for pattern in dict.fromkeys(patterns)}
    return tuple(tests[pattern] for pattern in patterns)


def _test(match: str | None, regex: str | None, budget: Budget) -> Callable[[str], bool]:
    """Make a test whose states are built when it is first called.

    Its errors name the word of the policy that is at fault.
    """
    if match is None and regex is None:
        return is_auto_name
    from zfstune.retention.name_pattern import (  # noqa: PLC0415 (few policies have a pattern)
        PatternError,
        glob_matcher,
        regex_matcher,
    )

    whole: Callable[[str], bool] | None = None

    def matches(short_name: str) -> bool:
        nonlocal whole
        try:
            if whole is None and match is not None:
                whole = glob_matcher(match, budget)
            elif whole is None:
                whole = regex_matcher(regex or "", budget)
            return whole(short_name)
        except PatternError as error:
            raise _bad(match, regex, error) from None

    return matches


def _bad(match: str | None, regex: str | None, error: PatternError) -> PolicyError:
    word = f"regex={regex}" if match is None else f"match={match}"
    return PolicyError(f"cannot use policy '{shown(word)}': {error.reason}")
