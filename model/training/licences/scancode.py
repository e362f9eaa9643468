"""Reads ScanCode's licence rules from its wheel, as downloaded from PyPI, without unpacking it.

A rule is a text with YAML front matter that says which licences the text states (an expression of ScanCode's keys) and
what kind of statement it is. `read_rules` gives them with the expression turned into label families: exceptions after
WITH add none, nor do licences that are no label. Rules that the data no longer uses (deprecated) are left out.
"""

import collections
import dataclasses
import functools
import hashlib
import pathlib
import re
import subprocess
import sys
import zipfile

import families

WHEEL = "scancode_toolkit-32.5.0-cp311-none-any.whl"
REQUIREMENT = "scancode-toolkit==32.5.0"
SHA256 = "327d20a0de71d49930d8a6919c2b6d54c2acf4dd0a1d48da9a71dd4ce7b97b78"

_DATA = "licensedcode/data/"
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)(.*)\Z", re.DOTALL)
_FIELD = re.compile(r"^(\w+):[ \t]*(.*)$")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_KINDS = ("text", "notice", "reference", "tag", "intro", "clue")
# Keys that stand for a licence without a version too, and what shows that the version is meant.
_LOWEST_VERSIONS = {
    "gpl-1.0-plus": r"(?<![\d.])1(?![\d])",
    "lgpl-2.0-plus": r"(?<![\d.])2(?![\d])(?!\.[1-9])",
    "gfdl-1.1-plus": r"1\.1(?!\d)",
}
_COMMENT = re.compile(r"^ *([*#%;!]|//|--|dnl|REM)(?= |$|[*#%;]+(?: |$))")
# Perl's own terms are the GPL and the Artistic licence, whatever ScanCode makes of the version.
_PERL = re.compile(r"terms\s+as\s+(?:the\s+)?perl\b", re.IGNORECASE)
_TRANSLATION = re.compile(r"-(?:en|fr)$")


@dataclasses.dataclass(frozen=True)
class Rule:
    """One labelled text: `keys` are ScanCode's, `labels` the families they stand for, in LABELS' order."""

    name: str
    kind: str  # one of _KINDS, or "none" for what looks like a statement and is none
    text: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    is_canonical: bool = False  # the licence's own text, not a variant that somebody met
    is_phrase: bool = False  # a name by which the licence goes: "MIT License"

    @functools.cached_property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def is_or_later(self) -> bool:
        return any(key.endswith("-plus") for key in self.keys)


def fetch_wheel(cache: pathlib.Path) -> pathlib.Path:
    """The pinned wheel in `cache`, downloaded with pip where it is not there yet; exits where the hash differs."""
    wheel = cache / WHEEL
    if not wheel.exists():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
             "--python-version", "3.11", "--implementation", "cp", "--abi", "none", "--platform", "any",
             "--dest", str(cache), REQUIREMENT],
            check=True)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != SHA256:
        sys.exit(f"{wheel}: its SHA-256 is {digest}, not {SHA256}; remove it and try again")
    return wheel


def parse_front_matter(content: str) -> tuple[dict[str, str], str]:
    """The scalar fields of the front matter, and the text after it; ({}, "") where there is none."""
    match = _FRONT_MATTER.match(content.replace("\r\n", "\n").lstrip("\ufeff"))
    if match is None:
        return {}, ""
    fields, name = {}, None
    for line in match.group(1).split("\n"):
        field = _FIELD.match(line)
        if field:
            name = field.group(1)
            fields[name] = field.group(2).strip().strip("'\"")
        elif name and line.startswith(" ") and not line.lstrip().startswith("- "):
            fields[name] = f"{fields[name]} {line.strip()}".strip()
    return fields, match.group(2).strip("\n")


def expression_keys(expression: str) -> tuple[str, ...]:
    """The licence keys of an expression in order, exceptions after WITH left out."""
    keys, skip_next = [], False
    for word in _KEY.findall(expression):
        if word.upper() == "WITH":
            skip_next = True
        elif word.upper() not in ("AND", "OR"):
            if not skip_next and word not in keys:
                keys.append(word)
            skip_next = False
    return tuple(keys)


def _uncommented(lines: list[str]) -> list[str]:
    """The lines without the comment prefix that nearly all of them have."""
    filled = [line for line in lines if line]
    prefixes = collections.Counter(match.group(1) for line in filled if (match := _COMMENT.match(line)))
    if len(filled) < 3 or not prefixes:
        return lines
    prefix, count = prefixes.most_common(1)[0]
    if count < 0.7 * len(filled):
        return lines
    return [re.sub(rf"^ *{re.escape(prefix)}{{1,3}} ?", "", line) for line in lines]


def _clean(text: str) -> str:
    """A rule's text without the braces around the phrases it requires, and without Debian's dots for empty lines."""
    text = text.replace("{{", "").replace("}}", "").replace("\t", "    ").replace("\r", "")
    text = re.sub(r"(?m)^[ ]*\.[ ]*$", "", text)
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(_uncommented(lines)).strip("\n")


def _is_stated(key: str, keys: tuple[str, ...], text: str) -> bool:
    """Whether the text tells the version that the key has: ScanCode gives "under the GPL" the lowest one."""
    if key not in _LOWEST_VERSIONS or "artistic-perl-1.0" in keys or not text:
        return True
    return re.search(_LOWEST_VERSIONS[key], text) is not None


def labels_of(keys: tuple[str, ...], text: str, spdx_ids: dict[str, str]) -> tuple[str, ...]:
    """The families, in LABELS' order, of the licences that the text states with their version."""
    found = {families.family(spdx_ids[key]) for key in keys if key in spdx_ids and _is_stated(key, keys, text)}
    if _PERL.search(text) and found & {"Artistic-1.0", "Artistic-2.0", "GPL-1.0"}:
        found = (found | {"Artistic-1.0", "GPL-1.0"}) - {"Artistic-2.0"}
    return tuple(label for label in families.LABELS if label in found)


def _kind_of(fields: dict[str, str]) -> str:
    if "is_false_positive" in fields:
        return "none"
    return next((kind for kind in _KINDS if f"is_license_{kind}" in fields), "none")


def _parse_rule(name: str, content: str, spdx_ids: dict[str, str]) -> Rule | None:
    fields, text = parse_front_matter(content)
    text = _clean(text)
    if not text or "is_deprecated" in fields:
        return None
    keys = expression_keys(fields.get("license_expression", ""))
    return Rule(name, _kind_of(fields), text, keys, labels_of(keys, text, spdx_ids),
                is_phrase="is_required_phrase" in fields)


def _parse_licence(name: str, content: str, spdx_ids: dict[str, str]) -> Rule | None:
    fields, text = parse_front_matter(content)
    text = _clean(text)
    if not text or {"is_deprecated", "is_exception"} & fields.keys():
        return None
    keys = (fields.get("key", name),)
    labels = labels_of(keys, "", spdx_ids)
    if fields.get("language", "en") != "en" and not labels:
        return None
    return Rule(f"licence:{name}", "text", text, keys, labels, is_canonical=True)


def _spdx_ids(licences: dict[str, str]) -> dict[str, str]:
    """The SPDX id of each ScanCode key; a translation ("cecill-b-en") has the id of what it translates."""
    ids = {}
    for name, content in licences.items():
        fields, _ = parse_front_matter(content)
        if fields.get("spdx_license_key"):
            ids[fields.get("key", name)] = fields["spdx_license_key"]
    for key in ids:
        original = _TRANSLATION.sub("", key)
        if original != key and original in ids:
            ids[key] = ids[original]
    return ids


def read_rules(wheel: pathlib.Path) -> list[Rule]:
    """All rules and licence texts of the wheel, by name."""
    with zipfile.ZipFile(wheel) as archive:
        contents = {name: archive.read(name).decode("utf-8", "replace") for name in sorted(archive.namelist())
                    if name.startswith((f"{_DATA}rules/", f"{_DATA}licenses/"))}
    licences = {pathlib.PurePath(name).stem: content for name, content in contents.items() if name.endswith(".LICENSE")}
    rules = {pathlib.PurePath(name).stem: content for name, content in contents.items() if name.endswith(".RULE")}
    spdx_ids = _spdx_ids(licences)
    parsed = [_parse_licence(name, content, spdx_ids) for name, content in licences.items()]
    parsed += [_parse_rule(name, content, spdx_ids) for name, content in rules.items()]
    return [rule for rule in parsed if rule is not None]
