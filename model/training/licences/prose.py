"""Text of this machine that says nothing of licences: what licences stand in, and what must get no label.

Sources, as any Debian 12 has them: Python's standard library, manual pages, READMEs and changelogs below
/usr/share/doc, and the descriptions that apt knows. Never a file of copyrights or licences; and every paragraph that
has a word of the law is left out.
"""

import collections
import dataclasses
import gzip
import pathlib
import random
import re
import subprocess
import sysconfig

from rulebook import is_held_out

_LEGAL = re.compile(
    r"licen[cs]|copyright|copyleft|\bgpl|lgpl|gplv|©|\(c\)|warrant|permi[st]|redistribut|liab|merchantab|as.is\b|"
    r"all rights|free software|public domain|disclaim|endorse|provided that|spdx|patent|trademark|"
    r"terms and conditions|terms of|fitness for|derivative|sublicen|proprietary|common-licenses|open source",
    re.IGNORECASE)
_FILE_NAMES = re.compile(r"copyright|licen[cs]e|copying|notice|authors|credits|legal|patents", re.IGNORECASE)
_LAYOUT_MACRO = re.compile(
    r"(?m)^[.'](?:TP|PP|P|LP|IP|HP|sp|br|Pp|Bl|El|nf|fi|RS|RE|ad|in|if|ie|el|de|ds|nr|na|hy|TH|Dd|Dt|Os|so)\b.*$")
_CHARACTERS = {"aq": "'", "lq": '"', "rq": '"', "bu": "*"}
_FILES = {"source": 320, "manual": 900, "document": 700}
_DESCRIPTIONS = 6000
_SAME_STEM = 12
_LONGEST_FILE = 120_000
_LONGEST_PARAGRAPH = 1500


@dataclasses.dataclass(frozen=True)
class Passage:
    """Paragraphs of one source, in its order."""

    kind: str  # source, manual, document or description
    name: str
    paragraphs: tuple[str, ...]


def is_legal(paragraph: str) -> bool:
    return _LEGAL.search(paragraph) is not None


def clean_paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs without a word of the law; a comment's bare prefix lines part paragraphs, too."""
    text = re.sub(r"(?m)^[ \t]*(?:\*|#|//|;;?|--)[ \t]*$", "", text.replace("\t", "    "))
    parts = [part.strip("\n") for part in re.split(r"\n[ ]*\n", text)]
    return tuple(part for part in parts if part.strip() and not is_legal(part))


def _plain_manual(text: str) -> str:
    """A manual page from its first section on, without most of its markup."""
    first = re.search(r"(?m)^\.S[Hh]\b", text)
    text = text[first.start():] if first else text
    text = re.sub(r"(?m)^[.']\\\".*$", "", text)
    text = re.sub(r"(?m)^\.(?:SH|SS|Sh|Ss|It) *", "\n", text)
    text = _LAYOUT_MACRO.sub("\n", text)
    text = re.sub(r"(?m)^\.[A-Za-z]+ *", "", text)
    text = re.sub(r"\\f(?:\[\w*\]|\(..|.)|\\[&|^/]|\\s[+-]?\d|\\m\[\w*\]", "", text)
    text = re.sub(r"\\\((\w\w)", lambda match: _CHARACTERS.get(match.group(1), ""), text)
    return re.sub(r"\n{3,}", "\n\n", text.replace("\\-", "-").replace("\\", ""))


def _read(path: pathlib.Path) -> str:
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                return file.read(_LONGEST_FILE).decode("utf-8", "replace")
        with path.open("rb") as file:
            return file.read(_LONGEST_FILE).decode("utf-8", "replace")
    except (OSError, EOFError, gzip.BadGzipFile):
        return ""


def _candidates() -> dict[str, list[pathlib.Path]]:
    library = pathlib.Path(sysconfig.get_paths()["stdlib"])
    documents = pathlib.Path("/usr/share/doc")
    return {
        "source": [path for path in library.glob("*.py")] + [path for path in library.glob("*/*.py")
                                                              if "packages" not in str(path.parent)],
        "manual": list(pathlib.Path("/usr/share/man").glob("man[1578]/*.gz")),
        "document": [path for pattern in ("README*", "NEWS*", "changelog*", "TODO*", "FAQ*")
                     for path in documents.glob(f"*/{pattern}")],
    }


def _diverse(paths: list[pathlib.Path]) -> list[pathlib.Path]:
    """The paths without the bulk of those that one program brings by the thousand."""
    kept, counts = [], collections.Counter()
    for path in paths:
        stem = (path.parent.name if path.parent.parent.name == "doc" else path.name)[:6]
        counts[stem] += 1
        if counts[stem] <= _SAME_STEM:
            kept.append(path)
    return kept


def _read_files(rng: random.Random) -> list[Passage]:
    passages = []
    for kind, paths in _candidates().items():
        paths = _diverse(sorted(path for path in paths if path.is_file() and not _FILE_NAMES.search(path.name)))
        for path in sorted(rng.sample(paths, min(len(paths), _FILES[kind]))):
            text = _read(path)
            parts = clean_paragraphs(_plain_manual(text) if kind == "manual" else text)
            if parts:
                passages.append(Passage(kind, str(path), parts))
    return passages


def _read_descriptions(rng: random.Random) -> list[Passage]:
    """Package descriptions as apt knows them; none where apt is missing."""
    try:
        listing = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    passages = []
    for record in listing.decode("utf-8", "replace").split("\n\n"):
        name = re.search(r"(?m)^Package: (\S+)", record)
        words = re.search(r"(?m)^Description(?:-en)?: (.*(?:\n .*)*)", record)
        if name and words:
            parts = clean_paragraphs(re.sub(r"(?m)^ ?\.?$", "", words.group(1)).replace("\n ", "\n"))
            if parts:
                passages.append(Passage("description", name.group(1), parts))
    return rng.sample(passages, min(len(passages), _DESCRIPTIONS))


class Prose:
    """Draws passages. `passages` as collect_passages gives them, or a test's own."""

    def __init__(self, passages: list[Passage]):
        self._by_kind = {}
        for passage in passages:
            self._by_kind.setdefault(passage.kind, []).append(passage)

    def some(self, rng: random.Random, words: int, kind: str | None = None) -> str:
        """About `words` words, in order, from one passage, or from several where one is too short."""
        kinds = sorted(self._by_kind)
        parts, count = [], 0
        chosen = kind if kind in self._by_kind else rng.choice(kinds)
        while count < words:
            passage = rng.choice(self._by_kind[chosen])
            start = rng.randrange(len(passage.paragraphs))
            for paragraph in passage.paragraphs[start:]:
                if len(paragraph) > _LONGEST_PARAGRAPH:
                    paragraph = paragraph[:_LONGEST_PARAGRAPH].rsplit("\n", 1)[0]
                parts.append(paragraph)
                count += max(1, len(paragraph.split()))
                if count >= words:
                    break
        return "\n\n".join(parts)

    def line(self, rng: random.Random) -> str:
        """One sentence or so."""
        return " ".join(self.some(rng, 5, "description").split()[: rng.randint(6, 24)])


def collect_passages(seed: int) -> tuple[list[Passage], list[Passage]]:
    """(to train on, to evaluate with) of what this machine has."""
    rng = random.Random(seed)
    passages = _read_files(rng) + _read_descriptions(rng)
    held_out = [passage for passage in passages if is_held_out(passage.name)]
    return [passage for passage in passages if not is_held_out(passage.name)], held_out
