"""Just enough of PromQL's grammar to take an alert's expression apart.

An alert that is quiet returns nothing, so that its expression alone cannot show whether what it
watches exists. `operands` gives the parts that must return data: what stands on the sides of its
comparisons and of `and`, `or`, `unless` outside of any parentheses, and the argument where a side
is absent(...).
"""

import re

_SEPARATOR = re.compile(
    r"\b(?:and|or|unless)\b(?:\s+(?:on|ignoring)\s*\([^)]*\))?|==|!=|>=|<=|[<>]"
)
_OPENING, _CLOSING = "([{", ")]}"


def _end_of_string(expression: str, start: int) -> int:
    """The index after the quoted string that begins at `start`."""
    quote, i = expression[start], start + 1
    while expression[i] != quote:
        i += 2 if expression[i] == "\\" else 1
    return i + 1


def _split_outside_parentheses(expression: str) -> list[str]:
    parts, depth, begin, i = [], 0, 0, 0
    while i < len(expression):
        character = expression[i]
        if character in "\"'`":
            i = _end_of_string(expression, i)
            continue
        depth += (character in _OPENING) - (character in _CLOSING)
        separator = _SEPARATOR.match(expression, i) if depth == 0 else None
        if separator:
            parts.append(expression[begin:i])
            begin = i = separator.end()
        else:
            i += 1
    return parts + [expression[begin:]]


def _is_number(part: str) -> bool:
    return re.fullmatch(r"[\d\s.*/+()e-]+", part) is not None


def operands(expression: str) -> list[str]:
    """The parts of a comparison that must return data for the comparison to mean anything."""
    parts = [part.strip() for part in _split_outside_parentheses(expression)]
    absent = re.compile(r"absent\((.*)\)", re.DOTALL)
    parts = [match.group(1) if (match := absent.fullmatch(part)) else part for part in parts]
    return [part for part in parts if part and not _is_number(part)]


def metric_names(expression: str) -> set[str]:
    """Names of the server's series, and of those recorded from them, that an expression reads."""
    return set(re.findall(r"\b(?:job_\w+:)?(?:diffuser|process)_\w+(?::\w+)?", expression))
