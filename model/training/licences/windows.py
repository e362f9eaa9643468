"""Cuts long documents into windows, as the model reads them, each labelled with the licences that it shows.

A checkpoint reads some hundred tokens at once, and a longer file in windows whose highest scores count. Most windows
of a long file begin in the middle of something. The rule that makes windows agree with the whole:

* A short statement (a notice, a name, MIT's text) counts where most of it is seen.
* A long text counts where its beginning is seen, and nowhere else: its title and first words tell it, while much of
  its rest (of the GPL family's above all) could be another's just as well.

So each statement counts in at least one of any windows that overlap by an eighth.
"""

import random
import re

from marks import Statement

# What the server's windows share is an eighth of 512 tokens: some 280 characters of a licence.
_SEEN_BEGINNING = 230
_LONG_STATEMENT = 2200
_SEEN_SHARE = 0.55

# Tokens of a byte-level BPE of 12,000 ids by the length of the word: within a fifth for nine in ten files.
_WORD = re.compile(r"\w+|[^\w\s]")
_TOKENS_BY_LENGTH = ((4, 1.0), (8, 1.2), (13, 1.6))
_TOKENS_OF_LONGER = 3.5

_SHORTEST, _LONGEST = 380, 490  # tokens of a window
_OVERLAP = 0.125
_MOST_OF_ONE = 5
_EMPTY_SHARE = 0.2


def _tokens(word: str) -> float:
    return next((tokens for length, tokens in _TOKENS_BY_LENGTH if len(word) <= length), _TOKENS_OF_LONGER)


def is_shown(statement: Statement, begin: int, end: int) -> bool:
    """Whether the characters [begin, end) of the document show the statement."""
    length = statement.end - statement.begin
    seen = min(end, statement.end) - max(begin, statement.begin)
    if length > _LONG_STATEMENT:
        return begin <= statement.begin and seen >= _SEEN_BEGINNING
    return seen > 0 and seen >= _SEEN_SHARE * length


def plan(rng: random.Random, text: str) -> list[tuple[int, int]]:
    """Ranges of characters, of one window or of several that overlap and are as even as the server's."""
    words = [(match.start(), match.end(), _tokens(match.group())) for match in _WORD.finditer(text)]
    total = sum(tokens for _, _, tokens in words)
    size = rng.uniform(_SHORTEST, _LONGEST)
    if total <= size:
        return [(0, len(text))]
    count = 1 + -int(-(total - size) // (size * (1 - _OVERLAP)))
    step = (total - size) / (count - 1)
    begins, ends = [0] * count, [len(text)] * count
    before = 0.0
    window_to_begin, window_to_end = 1, 0
    for begin, end, tokens in words:
        if window_to_begin < count and before >= window_to_begin * step:
            begins[window_to_begin] = begin
            window_to_begin += 1
        before += tokens
        if window_to_end < count - 1 and before >= window_to_end * step + size:
            ends[window_to_end] = end
            window_to_end += 1
    return list(zip(begins, ends))


def cut(rng: random.Random, text: str, statements: list[Statement]) -> list[tuple[str, set[str]]]:
    """Some windows of the document with the labels that each shows: those that show any first, few of the others."""
    ranges = plan(rng, text)
    windows = [(text[begin:end], {each.label for each in statements if is_shown(each, begin, end)})
               for begin, end in ranges]
    if len(windows) > 1:
        windows = [window for window in windows if window[1] or rng.random() < _EMPTY_SHARE]
    rng.shuffle(windows)
    return sorted(windows, key=lambda window: not window[1])[:_MOST_OF_ONE]
