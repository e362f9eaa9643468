"""Ways in which people print one and the same licence text: wrapped, quoted, numbered, commented out, cut."""

import random
import re
import textwrap

import holders

_ITEM = re.compile(
    r"^\s*(?:\(?[0-9a-zA-Z]{1,3}[.)]|[*•-]|\[[0-9]+\])\s+|"
    r"^\s*(?:copyright\b|portions copyright|\(c\)|©|licen[cs]e:|spdx-)", re.IGNORECASE)
_COPYRIGHT = re.compile(
    r"^[^\w\n(©]{0,4}(?:portions )?(?:copyright\b|\(c\)|©)(?=.*(?:\d{4}|<|\[|year|\(c\)|©)).*$", re.IGNORECASE)
_NAMES_CLAUSE = re.compile(
    r"(neither\s+the\s+names?\s+of\s+)(.{3,120}?)(\s+nor\s+the\s+names?\s+of)", re.IGNORECASE | re.DOTALL)
_LIABLE = re.compile(r"\b(IN NO EVENT SHALL )(.{3,80}?)( BE LIABLE)", re.IGNORECASE | re.DOTALL)
_PROVIDED = re.compile(r"(SOFTWARE IS PROVIDED BY )(.{3,90}?)(\s+[\"'`“]+AS IS)", re.IGNORECASE | re.DOTALL)
COMMENTS = [
    ("", "# ", ""), ("", "# ", ""), ("", "// ", ""), ("", "// ", ""), ("/*", " * ", " */"),
    ("/*", " * ", " */"), ("/**", " * ", " */"), ("/*", "", "*/"), ("", "-- ", ""), ("", ";; ", ""),
    ("", "% ", ""), ("", "REM ", ""), ("", "dnl ", ""), ("<!--", "  ", "-->"), ("(*", " * ", " *)"),
    ('"""', "", '"""'), ("", "! ", ""), ("", '.\\" ', ""), ("{-", "", "-}"), ("=begin", "", "=end"),
    ("", "' ", ""), ("", "*> ", ""),
]

_QUOTES = [("“", "”"), ("``", "''"), ("'", "'"), ('"', '"'), ("&quot;", "&quot;"), ("*", "*")]


def paragraphs(text: str) -> list[str]:
    return [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text) if part.strip()]


def _is_layout(paragraph: str) -> bool:
    """Whether the lines of the paragraph are not to be joined: headings, tables, lists of short lines."""
    lines = paragraph.split("\n")
    if len(lines) == 1:
        return True
    return sum(len(line.strip()) < 42 for line in lines[:-1]) > 0.5 * (len(lines) - 1)


def _pieces(paragraph: str) -> list[str]:
    """The paragraph cut before each item of a list."""
    pieces = []
    for line in paragraph.split("\n"):
        if pieces and not _ITEM.match(line):
            pieces[-1].append(line)
        else:
            pieces.append([line])
    return ["\n".join(piece) for piece in pieces]


def rewrap(text: str, width: int | None) -> str:
    """The text in lines of up to `width` characters; None puts each paragraph on one line."""
    out = []
    for paragraph in paragraphs(text):
        if _is_layout(paragraph) and len(max(paragraph.split("\n"), key=len)) < 100:
            out.append(paragraph)
            continue
        lines = []
        for piece in _pieces(paragraph):
            flat = " ".join(piece.split())
            lines += [flat] if width is None else textwrap.wrap(flat, width, break_long_words=False) or [""]
        out.append("\n".join(lines))
    return "\n\n".join(out)


def indent(text: str, prefix: str) -> str:
    return "\n".join(prefix + line if line.strip() else line for line in text.split("\n"))


def comment(rng: random.Random, text: str) -> str:
    """The text as a comment of some language."""
    opening, prefix, closing = rng.choice(COMMENTS)
    lines = [(prefix + line).rstrip() for line in text.split("\n")]
    return "\n".join(([opening] if opening else []) + lines + ([closing] if closing else []))


def _requote(rng: random.Random, text: str) -> str:
    opening, closing = rng.choice(_QUOTES)
    text = re.sub(r"[“”]|``|''", '"', text)
    return re.sub(r'"([^"\n]{1,60}(?:\n[^"\n]{1,60})?)"', lambda match: opening + match.group(1) + closing, text)


def _renumber(rng: random.Random, text: str) -> str:
    """Other bullets or numbers before the items of short lists."""
    style = rng.choice(["* ", "- ", "{n}. ", "({n}) ", "{n}) ", "{l}. ", "({l}) ", "", "  * ", "  - ", "o ", "• "])
    count = 0

    def replace(match):
        nonlocal count
        count += 1
        return match.group(1) + style.format(n=count, l="abcdefghijklmnopqrstuvwxyz"[(count - 1) % 26])

    return re.sub(r"(?m)^([ ]*)(?:\(?[0-9a-z]{1,2}[.)]|[*-])[ ]+(?=\S)", replace, text)


def _replaced_name(rng: random.Random, shouted: bool) -> str:
    name = rng.choice(["the copyright holder", "the author", "the copyright owner", "the authors",
                       "the copyright holders", holders.company(rng), holders.person(rng),
                       holders.project(rng), f"the {holders.company(rng)}"])
    return name.upper() if shouted else name


def rename_holders(rng: random.Random, text: str) -> str:
    """Other names where a licence has its holder's: BSD's third clause and the disclaimers."""
    if rng.random() < 0.6:
        text = _NAMES_CLAUSE.sub(lambda m: m.group(1) + _replaced_name(rng, m.group(2).isupper()) + m.group(3), text)
    if rng.random() < 0.35:
        text = _PROVIDED.sub(lambda m: m.group(1) + _replaced_name(rng, m.group(1).isupper()) + m.group(3), text)
    if rng.random() < 0.25:
        text = _LIABLE.sub(lambda m: m.group(1) + _replaced_name(rng, m.group(1).isupper()) + m.group(3), text)
    return text


def without_copyright(text: str) -> str:
    """The text without its own copyright lines."""
    lines = [line for line in text.split("\n") if not _COPYRIGHT.match(line)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def cut(text: str, kept: float) -> str:
    """The text without its end, a share `kept` of its lines left."""
    lines = text.split("\n")
    return "\n".join(lines[: max(3, int(len(lines) * kept))])


def _html(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs(escaped))


def _layout(rng: random.Random, text: str) -> str:
    form = rng.random()
    if form < 0.5:
        return text
    if form < 0.65:
        return rewrap(text, None)
    return rewrap(text, rng.choice([60, 65, 68, 70, 72, 74, 75, 76, 77, 78, 79, 80, 90, 100, 120]))


def disturb(rng: random.Random, text: str) -> str:
    """One licence text as it may stand in a file; what it says stays."""
    text = _layout(rng, rename_holders(rng, text))
    if rng.random() < 0.25:
        text = _requote(rng, text)
    if rng.random() < 0.2 and len(text) < 5000:
        text = _renumber(rng, text)
    if rng.random() < 0.12:
        text = indent(text, rng.choice(["  ", "    ", "   ", "        ", "> ", "| ", "      "]))
    form = rng.random()
    if form < 0.01:
        text = text.upper()
    elif form < 0.02:
        text = text.lower()
    elif form < 0.035:
        text = _html(text)
    elif form < 0.06:
        text = re.sub(r"\n\n", "\n", text)
    return text
