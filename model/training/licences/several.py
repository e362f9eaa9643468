"""Files with several licences one after the other: third-party notices, bundled lists, a licence and its appendix."""

import random

import compose
import holders
import noise
from compose import Document, Material

_RULES = ["-" * 72, "=" * 80, "*" * 60, "-" * 20, "#" * 40, "%%", "---", "_" * 50, "~" * 30, "", "=-" * 30, "* * *"]
_HEADS = [
    "{p}", "{p} {v}", "{i}. {p}", "{i}) {p} ({u})", "## {p}", "### {p} {v}", "{p}\n{u}", "{u}",
    "Component: {p}\nVersion: {v}", "Name: {p}\nFiles: {f}\nAvailability: {u}",
    "This product includes {p} ({u}).", "- {p}, located at {f}, is licensed as follows:",
    "The following software may be included in this product: {p}. It comes with this license and notice:",
    "License for {p}:", "{p} license\n{b}", "{f}", "Files under {f} come from {p}:", "[{p}@{v}]({u})",
    "For {p} ({v}):", "{p}\n  {u}\n  {h}", "Section {i}: {p}", "{f}:", "Third-party code: {p}, {u}",
]
_FILES = [
    "src/{s}/", "third_party/{s}", "vendor/{s}/*", "lib/{s}.c", "deps/{s}", "{s}.js", "external/{s}/{s}.h",
    "contrib/{s}", "node_modules/{s}", "3rdparty/{s}/", "include/{s}/*.hpp", "src/{s}.py", "assets/fonts/{s}",
    "docs/{s}", "{s}/*.po",
]
_OPENINGS = [
    "THIRD-PARTY SOFTWARE NOTICES", "Third party licenses",
    "This file lists the licenses of what {p} bundles.",
    "{p}\n\nThis product contains software developed by others. Their terms follow.", "NOTICE",
    "The following components are provided under the licenses given with each.", "Bundled software",
    "# Licenses of dependencies\n\nGenerated for {p} {v}.", "Open source components used by {p}",
    "Acknowledgements", "{p} incorporates third-party material from the projects listed below.",
    "Some parts of {p} are under other terms:",
]


def path(rng: random.Random) -> str:
    stem = holders.project(rng).lower().split("/")[-1]
    return rng.choice(_FILES).format(s=stem)


def _head(rng: random.Random, form: str, index: int) -> str:
    project = holders.project(rng)
    return form.format(p=project, v=holders.version(rng), u=holders.url(rng, project), i=index, f=path(rng),
                       b="-" * (len(project) + 8), h=holders.copyright_line(rng))


def _body(rng: random.Random, material: Material, label: str) -> str:
    """A text, a notice or a name; in short documents rarely a long text."""
    form = rng.random()
    if form < 0.25:
        return compose.mention(rng, material, label)
    if form < 0.45:
        notice = noise.disturb(rng, compose.notice_text(rng, material, label))
        return f"{holders.copyright_lines(rng)}\n\n{notice}" if rng.random() < 0.5 else notice
    text = compose.licence_text(rng, material, label)
    words = len(text.split())
    if words > 900 and rng.random() < 0.5:
        text = noise.disturb(rng, compose.notice_text(rng, material, label))
    return compose.titled(rng, material, label, text) if rng.random() < 0.4 else text


def _wrapped(rng: random.Random, body: str, style: float) -> str:
    if style < 0.08:
        return f'"""\n{body}\n"""'
    if style < 0.2:
        return noise.indent(body, "  ")
    if style < 0.25:
        return f"```\n{body}\n```"
    return body


def third_party_document(rng: random.Random, material: Material) -> Document:
    """A list of components, each with its licence."""
    low, high = (2, 4) if material.short else (2, 12)
    count = min(rng.randint(low, high), rng.randint(low, high))
    words_left = 500 if material.short else int(200 + min(5300, rng.expovariate(1 / 750)))
    form, rule, style = rng.choice(_HEADS), rng.choice(_RULES), rng.random()
    parts, labels = [], set()
    if rng.random() < 0.5:
        parts.append(rng.choice(_OPENINGS).format(p=holders.project(rng), v=holders.version(rng)))
    repeated = compose.Document("", set(), "")
    for index in range(1, count + 1):
        head = _head(rng, form, index)
        label = material.priors.draw(rng)
        if repeated.labels and rng.random() < 0.15:
            label = next(iter(repeated.labels))
        if rng.random() < 0.06:
            body, found = noise.disturb(rng, material.book.foreign(rng, 4, 300).text), set()
        else:
            body, found = _body(rng, material, label), {label}
        words_left -= len(body.split())
        if words_left < 0 and index > 1:
            break
        repeated = compose.Document(body, found, "")
        parts += [rule, head, _wrapped(rng, body, style)] if rule else [head, _wrapped(rng, body, style)]
        labels |= found
    return Document("\n\n".join(parts), labels, "several")


_APPENDICES = [
    "This project bundles code under other licenses:", "The files below are under different terms.",
    "Exceptions:", "Parts of this software are derived from other works:",
    "The documentation is covered separately:", "APPENDIX", "Additional terms",
]


def appendix_document(rng: random.Random, material: Material) -> Document:
    """A main licence, then one to three others that parts of the package have."""
    main = material.priors.draw(rng)
    text = compose.licence_text(rng, material, main)
    parts, labels = [compose.titled(rng, material, main, text) if rng.random() < 0.5 else text], {main}
    if rng.random() < 0.6:
        parts.append(rng.choice(_APPENDICES))
    for label in material.priors.draw_several(rng, rng.randint(1, 3)):
        if rng.random() < 0.6:
            parts.append(_head(rng, rng.choice(_HEADS), 1))
        parts.append(_body(rng, material, label))
        labels.add(label)
    return Document("\n\n".join(parts), labels, "several")


def dual_text_document(rng: random.Random, material: Material) -> Document:
    """A dual-licensing notice followed by the texts it offers."""
    document = compose.dual(rng, material)
    parts = [document.text]
    for label in sorted(sorted(document.labels), key=lambda _: rng.random()):
        parts += [rng.choice(_RULES), compose.licence_text(rng, material, label)]
    return Document("\n\n".join(part for part in parts if part), document.labels, "several")


def several_document(rng: random.Random, material: Material) -> Document:
    form = rng.random()
    if form < 0.6:
        return third_party_document(rng, material)
    return appendix_document(rng, material) if form < 0.87 else dual_text_document(rng, material)
