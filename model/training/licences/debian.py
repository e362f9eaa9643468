"""Debian copyright files: the machine-readable format (DEP-5) in all its sizes, and the older free form.

The labels of a machine-readable file are the families of the short names in its License fields.
"""

import dataclasses
import random

import compose
import debian_names
import families
import holders
import noise
import several
from compose import Document, Material
from marks import mark

_FORMATS = [
    "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
    "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
    "http://www.debian.org/doc/packaging-manuals/copyright-format/1.0/", "http://dep.debian.net/deps/dep5",
    "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0", "http://dep.debian.net/deps/dep5/",
    "http://svn.debian.org/wsvn/dep/web/deps/dep5.mdwn?op=file&rev=174",
]
_GLOBS = [
    "src/*", "lib/*", "doc/*", "docs/*", "tests/*", "examples/*", "contrib/*", "third_party/*", "include/*",
    "m4/*", "po/*", "configure", "Makefile.in", "install-sh", "config.guess\n       config.sub", "aclocal.m4",
    "ltmain.sh", "man/*", "vendor/*", "cmake/*", "tools/*", "*.c *.h", "src/*.js", "data/*", "icons/*",
    "build-aux/*", "scripts/*", "debian/patches/*",
]
# Licences that are often offered side by side.
_CHOICES = [("MIT", "Apache-2.0")] * 5 + [("Apache-2.0", "MIT")] * 4 + [
    ("GPL-2.0", "LGPL-2.1", "MPL-1.1"), ("MPL-1.1", "GPL-2.0", "LGPL-2.1"), ("LGPL-2.1", "GPL-2.0"),
    ("LGPL-3.0", "GPL-2.0"), ("GPL-2.0", "GPL-3.0"), ("BSD-3-Clause", "GPL-2.0"), ("GPL-2.0", "BSD-3-Clause"),
    ("MIT", "GPL-2.0"), ("GPL-2.0", "MIT"), ("Apache-2.0", "BSD-3-Clause"), ("Ruby", "BSD-2-Clause"),
    ("Ruby", "GPL-2.0"), ("LGPL-2.1", "LGPL-3.0"), ("Apache-2.0", "GPL-2.0"), ("GFDL-1.3", "GPL-3.0"),
    ("CC-BY-SA-3.0", "GPL-3.0"), ("CC-BY-SA-4.0", "GPL-2.0"), ("MIT", "Unlicense"), ("Apache-2.0", "BSL-1.0"),
]
_GNU_STEMS = ("GPL", "LGPL", "AGPL", "GFDL")


@dataclasses.dataclass(frozen=True)
class Licence:
    """What a License field says: its line, its labels, and the names that want a paragraph of their own."""

    line: str
    labels: frozenset[str]
    parts: tuple[tuple[str, str, bool], ...]  # (short name, label or "", or later)


def folded(text: str) -> str:
    """A field's body: each line after one space, a dot for an empty line."""
    return "\n".join(f" {line.rstrip()}" if line.strip() else " ." for line in text.split("\n"))


def _one(rng: random.Random, label: str) -> tuple[str, str, bool]:
    or_later = label.startswith(_GNU_STEMS) and rng.random() < 0.62 or label == "Artistic-1.0" and rng.random() < 0.02
    return mark(debian_names.short_name(rng, label, or_later), label), label, or_later


def draw_licence(rng: random.Random, material: Material, known: list[Licence]) -> Licence:
    """A License field: one met before in this file, a new one, a choice of two or three, or a name of no family."""
    form = rng.random()
    if known and form < 0.3:
        return rng.choice(known)
    if form < 0.36:
        name = rng.choice(debian_names.CUSTOM)
        labels = frozenset(families.debian_name_families(name))
        name = mark(name, *sorted(labels))
        return Licence(name, labels, ((name, "", False),))
    if form < 0.42:
        parts = ((mark("Artistic", "Artistic-1.0"), "Artistic-1.0", False), (mark("GPL-1+", "GPL-1.0"), "GPL-1.0", True))
        parts = parts if rng.random() < 0.7 else parts[::-1]
        return Licence(f"{parts[0][0]} or {parts[1][0]}", frozenset({"Artistic-1.0", "GPL-1.0"}), parts)
    count = 1 if form < 0.86 else rng.choice([2, 2, 2, 2, 3])
    labels = material.priors.draw_several(rng, count, "debian")
    if count > 1 and rng.random() < 0.4:
        labels = [label for label in rng.choice(_CHOICES) if label in material.book.labels]
    parts = tuple(_one(rng, label) for label in labels)
    joint = rng.choice([" or ", " and ", " or ", " and ", ", and ", " and/or ", " | "]) if len(parts) > 1 else ""
    return Licence(joint.join(part[0] for part in parts), frozenset(part[1] for part in parts), parts)


def licence_body(rng: random.Random, material: Material, label: str, or_later: bool) -> str:
    """The words below a License field: a notice and a pointer, the pointer alone, or the whole text."""
    if not label:
        return noise.disturb(rng, material.book.foreign(rng, 8, 250).text)
    return mark(_licence_words(rng, material, label, or_later), label)


def _licence_words(rng: random.Random, material: Material, label: str, or_later: bool) -> str:
    pointer = debian_names.pointer(rng, label)
    form = rng.random()
    if pointer and label not in ("BSD-3-Clause",) and form < 0.12:
        return pointer
    notice = material.book.notice(rng, label, or_later if label.startswith(_GNU_STEMS) else None, 18)
    if pointer and notice and label != "BSD-3-Clause" and form < 0.94:
        text = noise.disturb(rng, notice.text)
        return f"{text}\n\n{pointer}" if "common-licenses" not in text and rng.random() < 0.85 else text
    rule = material.book.text(rng, label) or notice or material.book.reference(rng, label)
    text = noise.without_copyright(rule.text) or rule.text
    if rule.words > 300 and (material.short or rule.words > 900 and rng.random() < 0.5):
        text = compose.excerpt(text, rng.randint(100, 300 if material.short else 900))
    return noise.disturb(rng, text)


def _maintainer(rng: random.Random) -> str:
    name = holders.person(rng)
    return f"{name} <{holders.mail(rng, name)}>"


def _header(rng: random.Random, material: Material) -> str:
    project = holders.project(rng)
    lines = [f"{rng.choice(['Format', 'Format', 'Format', 'Format-Specification'])}: {rng.choice(_FORMATS)}"]
    if rng.random() < 0.88:
        lines.append(f"{rng.choice(['Upstream-Name'] * 9 + ['Name'])}: {project}")
    if rng.random() < 0.6:
        field = rng.choice(["Upstream-Contact"] * 6 + ["Maintainer", "Upstream-Maintainer"])
        lines.append(f"{field}: {_maintainer(rng)}")
    if rng.random() < 0.85:
        lines.append(f"Source: {holders.url(rng, project)}")
    if rng.random() < 0.12:
        lines.append("Comment:\n" + folded(noise.rewrap(material.prose.some(rng, 15, "description"), 76)))
    if rng.random() < 0.06:
        lines.append(f"Files-Excluded: {' '.join(several.path(rng) for _ in range(rng.randint(1, 5)))}")
    if rng.random() < 0.03:
        lines.append("Disclaimer: This package is not part of the Debian distribution.")
    rest = lines[1:]
    if rng.random() < 0.15:
        rng.shuffle(rest)
    return "\n".join(lines[:1] + rest)


def _holders(rng: random.Random, many: bool) -> str:
    count = rng.randint(2, 30) if many else rng.choice([1, 1, 1, 2, 2, 3, 5])
    sign = rng.choice(["", "", "", "", "(c) ", "© ", "Copyright (C) "])
    lines = [f"{sign}{holders.years(rng)}{rng.choice([' ', ' ', ', '])}{holders.holder(rng)}" for _ in range(count)]
    pad = rng.choice(["           ", "           ", " ", "  "])
    first = "Copyright:\n" + pad if rng.random() < 0.08 else "Copyright: "
    return first + f"\n{pad}".join(lines)


def _globs(rng: random.Random) -> str:
    count = 1 if rng.random() < 0.6 else rng.randint(2, 8)
    globs = [rng.choice(_GLOBS) if rng.random() < 0.6 else several.path(rng) for _ in range(count)]
    joint = " " if rng.random() < 0.5 else "\n" + rng.choice(["       ", " ", "  "])
    return joint.join(globs)


def _stanza(rng: random.Random, material: Material, files: str, licence: Licence, body: str) -> str:
    lines = [f"Files: {files}", _holders(rng, rng.random() < 0.06), f"License: {licence.line}"]
    if body:
        lines[-1] += f"\n{folded(body)}"
    if rng.random() < 0.08:
        words = material.prose.some(rng, 12, "description") if rng.random() < 0.6 else compose.aside(rng, material)
        comment = f"Comment:\n{folded(noise.rewrap(words, 70))}"
        lines.insert(rng.choice([1, 2, 3]), comment)
    return "\n".join(lines)


def _joint_body(rng: random.Random, material: Material, licence: Licence) -> str:
    return "\n\n".join(licence_body(rng, material, label, or_later) for _, label, or_later in licence.parts)


def _standalone(rng: random.Random, material: Material, licences: list[Licence]) -> list[str]:
    """The License paragraphs that the stanzas refer to, one for each name."""
    parts = {name: (label, or_later) for licence in licences for name, label, or_later in licence.parts}
    names = sorted(parts, key=lambda _: rng.random()) if rng.random() < 0.5 else list(parts)
    return [f"License: {name}\n{folded(licence_body(rng, material, *parts[name]))}" for name in names]


def _stanza_count(rng: random.Random, short: bool) -> int:
    form = rng.random()
    if short:
        return 1 if form < 0.5 else 2
    if form < 0.55:
        return rng.randint(1, 3)
    return rng.randint(3, 9) if form < 0.9 else rng.randint(9, 40)


def machine_readable_document(rng: random.Random, material: Material) -> Document:
    """A DEP-5 file."""
    style = rng.choices(["standalone", "inline", "names"], [0.62, 0.27, 0.11])[0]
    paragraphs, known, inlined = [_header(rng, material)], [], set()
    count = _stanza_count(rng, material.short)
    # Long files repeat a few licences: what a file may hold at most grows slower than its stanzas.
    limit = rng.randint(1, 2 + count // 3)
    for index in range(count):
        licence = rng.choice(known) if len(known) >= limit else draw_licence(rng, material, known)
        files = "*" if index == 0 and rng.random() < 0.95 else _globs(rng)
        if index == count - 1 and index > 0 and rng.random() < 0.85:
            files = "debian/*"
        body = ""
        if style == "inline" and licence.line not in inlined:
            body = _joint_body(rng, material, licence)
            inlined.add(licence.line)
        if licence not in known:
            known.append(licence)
        paragraphs.append(_stanza(rng, material, files, licence, body))
    if style == "standalone":
        paragraphs += _standalone(rng, material, known)
    text = "\n\n".join(paragraphs)
    return Document(text, set().union(*(licence.labels for licence in known)), "dep5")


_DEBIANIZED = [
    "This package was debianized by {m} on\n{d}.", "This is the Debian package of {p}, made by {m} on {d}.",
    "This package was first put together by {m}.\nIt is now maintained by {m2}.",
    "This is {p}, packaged for Debian by {m}.", "{p} was packaged for Debian by {m} on {d}.",
    "This package was debianized by {m}.",
]
_SOURCES = [
    "It was downloaded from {u}", "The upstream sources were obtained from:\n\n  {u}", "Original source: {u}",
    "The sources came from {u} and were repacked.", "Upstream: {u}", "It was downloaded from:\n    {u}",
]
_DAYS, _MONTHS = "Mon Tue Wed Thu Fri Sat Sun".split(), "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def _date(rng: random.Random) -> str:
    clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    zone = rng.choice(["+0100", "-0500", "+0000", "+0200"])
    return (f"{rng.choice(_DAYS)}, {rng.randint(1, 28):2} {rng.choice(_MONTHS)} {rng.randint(1996, 2016)} "
            f"{clock} {zone}")


def _free_opening(rng: random.Random) -> list[str]:
    project = holders.project(rng)
    parts = [rng.choice(_DEBIANIZED).format(m=_maintainer(rng), m2=_maintainer(rng), d=_date(rng), p=project)]
    parts.append(rng.choice(_SOURCES).format(u=holders.url(rng, project)))
    if rng.random() < 0.8:
        people = "\n".join(f"    {_maintainer(rng)}" for _ in range(rng.choice([1, 1, 1, 2, 4])))
        title = rng.choice(["Upstream Author:", "Upstream Author(s):", "Upstream Authors:", "Author:", "Authors:"])
        parts.append(f"{title}\n\n{people}")
    return parts


def _packaging(rng: random.Random, material: Material, label: str) -> str:
    """What is said of debian/* itself."""
    holder = f"{holders.years(rng)}, {_maintainer(rng)}"
    if rng.random() < 0.5:
        name = mark(debian_names.short_name(rng, label, True), label)
        return (f"The Debian packaging is © {holder}, and is under the {name}.\n"
                f"{debian_names.pointer(rng, label)}").strip()
    name = mark(material.book.name(rng, label), label)
    return f"The Debian packaging is (C) {holder}\nand is licensed under the {name}."


def free_form_document(rng: random.Random, material: Material) -> Document:
    """The form before DEP-5: prose, then the licence's words."""
    parts, labels = _free_opening(rng), set()
    lines = noise.indent(holders.copyright_lines(rng), rng.choice(["", "    "]))
    title = rng.choice(["Copyright:", "Copyright Holder:", "Copyright"])
    parts.append(f"{title}\n\n{lines}" if rng.random() < 0.8 else lines)
    for index, label in enumerate(material.priors.draw_several(rng, rng.choice([1, 1, 1, 1, 2, 3]), "debian")):
        title = rng.choice(["License:", "License:", "Licence:", "Copyright:", "License", ""])
        if index:
            title = rng.choice(["{f}:", "Files in {f} are under other terms:", "License:"])
            title = title.format(f=several.path(rng))
        body = licence_body(rng, material, label, rng.random() < 0.6)
        parts.append(f"{title}\n\n{noise.indent(body, rng.choice(['', '    ', '  ', '   ']))}".strip("\n"))
        labels.add(label)
    if rng.random() < 0.3:
        label = rng.choice(["GPL-2.0", "GPL-2.0", "GPL-3.0", "GPL-3.0"] + sorted(labels))
        parts.append(_packaging(rng, material, label))
        labels.add(label)
    return Document("\n\n".join(parts), labels, "freeform")
