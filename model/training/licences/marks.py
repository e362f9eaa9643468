"""Where in a composed document each licence is stated: invisible signs around what states it, until they are read off.

Composers nest and wrap texts, number their lines and indent them; signs that stand in the text itself survive all of
that. Read off at the end, they say which licences a window of a long document shows.
"""

import dataclasses

import families

# Of a plane for private use, which no text of licences has signs of.
_OPENING, _CLOSING = 0xF0000, 0xF1000
_INDEX = {label: index for index, label in enumerate(families.LABELS)}


@dataclasses.dataclass(frozen=True)
class Statement:
    """A licence is stated by the characters [begin, end)."""

    label: str
    begin: int
    end: int


def mark(text: str, *labels: str) -> str:
    """The text with signs that it states these licences."""
    indices = [_INDEX[label] for label in labels]
    opening = "".join(chr(_OPENING + index) for index in indices)
    return opening + text + "".join(chr(_CLOSING + index) for index in reversed(indices))


def read(text: str) -> tuple[str, list[Statement]]:
    """The text without signs, and what they say. A sign whose counterpart was cut off reaches to the text's end."""
    plain, statements = [], []
    opened = {}
    length = 0
    for character in text:
        index = ord(character) - _OPENING
        if not 0 <= index < len(families.LABELS) + _CLOSING - _OPENING:
            plain.append(character)
            length += 1
        elif index < len(families.LABELS):
            opened.setdefault(index, []).append(length)
        elif opened.get(index - (_CLOSING - _OPENING)):
            index -= _CLOSING - _OPENING
            statements.append(Statement(families.LABELS[index], opened[index].pop(), length))
    for index, begins in opened.items():
        statements += [Statement(families.LABELS[index], begin, length) for begin in begins]
    return "".join(plain), statements
