"""Documents as files of packages are: one licence, a notice in a source file, several licences, one in a long text.

Each composer draws everything from the generator given and returns a Document, whose labels are all that it put in and
whose text has marks where each is stated, until finished() reads them off.
"""

import dataclasses
import random
import re

import holders
import marks
import noise
from marks import mark
from priors import Priors
from prose import Prose
from rulebook import Rulebook


@dataclasses.dataclass
class Document:
    text: str
    labels: set[str]
    kind: str
    statements: list[marks.Statement] = dataclasses.field(default_factory=list)  # once it is finished


@dataclasses.dataclass(frozen=True)
class Material:
    """What documents are made of. `short` asks for pieces of long texts in place of the whole."""

    book: Rulebook
    prose: Prose
    priors: Priors
    short: bool = False


_BRACKETS = re.compile(r"[\[{<]yyyy[\]}>] +[\[{<]name of copyright owner[\]}>]")
_ASIDES = [
    "The {n} was considered and not chosen.", "This is not the {n}.",
    "These terms are compatible with the {n}.", "Releases up to {v} were under the {n}; this one is not.",
    "It resembles the {n}, yet is not the same.", "Please do not send code that is under the {n}.",
    "Upstream was asked about the {n} and declined.", "Note: the {n} does not apply here.",
    "Combining {p} with programs under the {n} is possible.",
    "Users often ask whether {p} may be linked with software under the {n}.",
    "Unlike the {n}, it asks for nothing of the kind.",
]
_SHORT_WORDS = 320
_LONG_WORDS = 1300
_PREAMBLES = [
    "{p} is licensed under the following terms:", "{p} is distributed under the terms of the {n}:",
    "This project is covered by the {n}.",
    "The following license applies to all parts of this software except as noted below:",
    "{p} is released under the {n}, reproduced below.", "License for {p}", "{p} license",
    "All files in {p} are under the license below.", "This is the license of {p}, version {v}.",
    "Unless otherwise noted, everything here is provided under these terms:", "{p} - {d}", "{p} {v}",
    "Terms under which {p} may be used:", "This software is licensed as described below.", "LICENSE",
    "LICENCE", "License", "COPYING", "Copyright and License", "---- License ----", "License Agreement",
    "The {p} package, including its documentation, is subject to the {n}:", "See {u} for more information.",
]
_TITLES = [
    "{n}", "{n}", "The {n}", "# {n}", "## {n}", "{n}\n{bar}", "{N}", "License: {n}", "    {n}", "**{n}**",
    "The {n} License", "= {n} =", "/* {n} */",
]
_MENTIONS = [
    "## License\n\n{n}",
    "## License\n\nThis project is licensed under the {n}. See the LICENSE file for details.", "License: {n}",
    "Licensed under the {n}.", "{p} is free software under the {n}.", "License\n-------\n\n{n}",
    "Released under the {n}.", "# License\n\n[{n}](LICENSE)", "SPDX-License-Identifier: {s}",
    '"license": "{s}",', 'license = "{s}"', "<license>\n  <name>{n}</name>\n</license>",
    "License-Expression: {s}", "License :: {n}",
    "Copyright lines above apply; the terms are those of the {n}.", "{p} is made available under the {n}",
    "%license {s}", "@license {s}", "The source is available under {n}.",
    "Distributed under {n}, see the accompanying file.", "__license__ = '{s}'", "pkg license: {s}",
    "This work is licensed under the {n}.", "LICENSE={s}",
]
_DUAL = [
    "Licensed under either of\n\n * {a}\n * {b}\n\nat your option.", "Dual-licensed under {a} or {b}.",
    "{p} is available under the {a} and the {b}; choose the one that suits you.",
    "Licensed under the {a} <LICENSE-{A}> or the {b} <LICENSE-{B}>, at your option. Files of this project may "
    "not be copied, modified or distributed except according to those terms.",
    "SPDX-License-Identifier: {A} OR {B}", "License: {A} OR {B}", '"license": "({A} OR {B})"',
    'license = "{A} OR {B}"', "This crate is distributed under the terms of both the {a} and the {b}.",
    "You may use {p} under the terms of the {a}; alternatively, under the {b}.",
    "SPDX-License-Identifier: {A} AND {B}", "Code is under the {a}, documentation under the {b}.",
]
_DUAL_PAIRS = [("MIT", "Apache-2.0")] * 6 + [("MIT", "GPL-2.0"), ("MIT", "GPL-3.0"), ("Apache-2.0", "BSD-3-Clause"),
               ("GPL-2.0", "LGPL-2.1"), ("Artistic-1.0", "GPL-1.0"), ("MPL-2.0", "GPL-2.0"), ("EPL-2.0", "GPL-2.0"),
               ("CDDL-1.0", "GPL-2.0"), ("CDDL-1.1", "GPL-2.0"), ("EPL-1.0", "LGPL-2.1"), ("EPL-2.0", "Apache-2.0"),
               ("MIT", "Unlicense"), ("BSD-2-Clause", "GPL-2.0"), ("Ruby", "GPL-2.0"), ("Ruby", "BSD-2-Clause"),
               ("Apache-2.0", "BSL-1.0"), ("MIT", "CC-BY-4.0"), ("MIT", "OFL-1.1"), ("Apache-2.0", "LGPL-3.0")]
_SUFFIXES = ["", "", "", "-only", "-or-later", "+"]
_SUFFIXED = ("GPL", "LGPL", "AGPL", "GFDL")


def finished(document: Document) -> Document:
    """The document with a plain text, and its marks as statements."""
    text, statements = marks.read(document.text)
    return dataclasses.replace(document, text=text, statements=statements)


def spdx_id(rng: random.Random, label: str) -> str:
    return label + rng.choice(_SUFFIXES) if label.startswith(_SUFFIXED) else label


def excerpt(text: str, words: int) -> str:
    """The text's first whole paragraphs, about `words` words."""
    kept, count = [], 0
    for part in noise.paragraphs(text):
        kept.append(part)
        count += len(part.split())
        if count >= words:
            break
    whole = "\n\n".join(kept)
    return whole if len(whole.split()) <= 2 * words else " ".join(whole.split()[: 2 * words])


def _signed(rng: random.Random, text: str) -> str:
    """The text with a holder where its appendix, as Apache's, has brackets for one."""
    if rng.random() < 0.4:
        return text
    return _BRACKETS.sub(lambda _: f"{holders.years(rng)} {holders.holder(rng)}", text)


def licence_text(rng: random.Random, material: Material, label: str) -> str:
    """A disturbed full text of the family (a notice or reference where no text is known)."""
    rule = material.book.text(rng, label) or material.book.notice(rng, label) or material.book.reference(rng, label)
    text = _signed(rng, rule.text)
    if rule.words < 700 and rng.random() < 0.75:
        text = noise.without_copyright(text) or text
        if rng.random() < 0.9:
            lines = holders.copyright_lines(rng)
            text = f"{lines}\n\n{text}" if rng.random() < 0.92 else f"{text}\n\n{lines}"
    if material.short and rule.words > _SHORT_WORDS:
        text = excerpt(text, rng.randint(120, _SHORT_WORDS))
    elif rule.words > _LONG_WORDS and rng.random() < 0.45:
        text = excerpt(text, rng.randint(200, _LONG_WORDS))
    elif rule.words > 200 and rng.random() < 0.1:
        text = noise.cut(text, rng.uniform(0.35, 0.95))
    return mark(noise.disturb(rng, text), label)


def titled(rng: random.Random, material: Material, label: str, text: str) -> str:
    name = material.book.name(rng, label)
    title = rng.choice(_TITLES).format(n=mark(name, label), N=mark(name.upper(), label), bar="=" * len(name))
    return f"{title}\n\n{text}"


def _preamble(rng: random.Random, material: Material, label: str) -> str:
    project = holders.project(rng)
    return rng.choice(_PREAMBLES).format(p=project, n=mark(material.book.name(rng, label), label),
                                         v=holders.version(rng), d=material.prose.line(rng), u=holders.url(rng, project))


def mention(rng: random.Random, material: Material, label: str) -> str:
    """A short statement that names the licence: of the rules, or in words of ours."""
    reference = material.book.reference(rng, label)
    if reference is not None and rng.random() < 0.45:
        return mark(reference.text, label)
    name = material.book.name(rng, label)
    return mark(rng.choice(_MENTIONS).format(n=name, s=spdx_id(rng, label), p=holders.project(rng)), label)


def aside(rng: random.Random, material: Material) -> str:
    """A sentence that names a licence and does not grant it."""
    label = material.priors.draw(rng)
    return rng.choice(_ASIDES).format(n=material.book.name(rng, label), v=holders.version(rng), p=holders.project(rng))


def notice_text(rng: random.Random, material: Material, label: str) -> str:
    notice = material.book.notice(rng, label)
    if notice is None or rng.random() < 0.12:
        return mention(rng, material, label)
    return mark(notice.text, label)


def dual(rng: random.Random, material: Material) -> Document:
    a, b = rng.choice(_DUAL_PAIRS) if rng.random() < 0.75 else (material.priors.draw(rng), material.priors.draw(rng))
    if rng.random() < 0.5:
        a, b = b, a
    text = rng.choice(_DUAL).format(
        a=mark(material.book.name(rng, a), a), b=mark(material.book.name(rng, b), b), A=mark(spdx_id(rng, a), a),
        B=mark(spdx_id(rng, b), b), p=holders.project(rng))
    return Document(text, {a, b}, "notice")


def text_document(rng: random.Random, material: Material) -> Document:
    """One licence, as a LICENSE file."""
    label = material.priors.draw(rng)
    text = licence_text(rng, material, label)
    if rng.random() < 0.4:
        text = titled(rng, material, label, text)
    if rng.random() < 0.2:
        text = f"{_preamble(rng, material, label)}\n\n{text}"
    if rng.random() < 0.03:
        text = rng.choice(["{0}\n\n{1}", "{1}\n\n{0}"]).format(text, aside(rng, material))
    if rng.random() < 0.05:
        text = noise.comment(rng, text)
    return Document(text, {label}, "text")


def _statement(rng: random.Random, material: Material) -> Document:
    """A notice of one or of several licences."""
    form = rng.random()
    if form < 0.12:
        return dual(rng, material)
    if form < 0.22:
        rule = material.book.mixed(rng)
        return Document(mark(rule.text, *rule.labels), set(rule.labels), "notice")
    label = material.priors.draw(rng)
    if form < 0.45:
        return Document(mention(rng, material, label), {label}, "notice")
    return Document(notice_text(rng, material, label), {label}, "notice")


def notice_document(rng: random.Random, material: Material) -> Document:
    """The head of a source file, a README's section, a NOTICE file."""
    document = _statement(rng, material)
    text = noise.disturb(rng, document.text)
    if rng.random() < 0.5:
        text = f"{holders.copyright_lines(rng)}\n\n{text}"
    form = rng.random()
    if form < 0.35:
        text = f"{noise.comment(rng, text)}\n\n{material.prose.some(rng, rng.randint(10, 200), 'source')}"
    elif form < 0.45:
        text = noise.comment(rng, text)
    elif form < 0.7:
        text = f"{holders.project(rng)}\n\n{material.prose.some(rng, rng.randint(20, 150))}\n\n{text}"
    return Document(text, document.labels, "notice")


def long_document(rng: random.Random, material: Material) -> Document:
    """Much text about other things with one short statement in it."""
    document = _statement(rng, material)
    words = rng.randint(80, 350) if material.short else int(150 + min(3500, rng.expovariate(1 / 450)))
    before = int(words * rng.random())
    kind = rng.choice([None, "source", "document", "description", "manual"])
    statement = noise.disturb(rng, document.text)
    if kind == "source":
        statement = noise.comment(rng, statement)
    head = material.prose.some(rng, max(5, before), kind)
    tail = material.prose.some(rng, max(5, words - before), kind)
    return Document(f"{head}\n\n{statement}\n\n{tail}", document.labels, "long")


def foreign_document(rng: random.Random, material: Material) -> Document:
    """A licence that is no label, alone or in prose."""
    rule = material.book.foreign(rng, 4, 400 if material.short else 3000)
    text = noise.disturb(rng, rule.text)
    if rng.random() < 0.5:
        text = f"{holders.copyright_lines(rng)}\n\n{text}"
    if rng.random() < 0.25:
        text = f"{material.prose.some(rng, rng.randint(20, 150))}\n\n{text}"
    return Document(text, set(), "foreign")
