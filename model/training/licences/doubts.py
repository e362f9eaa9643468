"""Which rules are left out, because their text does not say what their label does.

ScanCode labels what it knows of a file, not only what one can read in it: links to licences that it looked up, versions
that only a web page names. A model taught on those learns to guess.
"""

import collections
import re

from scancode import Rule

# A statement shorter than this must say a word of the licence's name, and its version.
_SHORT_WORDS = 25
_VERSIONED_WORDS = 220
_LONGEST_WORDS = 7000
_MARKERS = {
    "0BSD": "0bsd|zero.clause|free public", "Apache": "apache|asl", "APSL": "apple|apsl",
    "BSD": "bsd|berkeley|clause", "BSL": "boost|bsl", "BUSL": "business source|busl",
    "CC0": "cc.?0|creative ?commons|zero", "AGPL": "affero|agpl", "CC": r"cc\b|cc-|creative ?commons",
    "CDDL": "cddl|common development", "CECILL": "cecill", "CPAL": "cpal|attribution",
    "CPL": "cpl|common public", "ECL": "ecl|educational", "EPL": "epl|eclipse", "EUPL": "eupl|european",
    "FTL": "ftl|freetype", "GFDL": "fdl|free documentation", "GPL": "gpl|general public|gnu",
    "LGPL": "lgpl|lesser|library general|lgplv|gnu", "HPND": "hpnd|historical|ntp|cmu|smlnj",
    "ICU": "icu|x.?license|ibm", "IJG": "ijg|jpeg", "IPL": "ipl|ibm", "Info": "info-?zip", "ISC": "isc",
    "JSON": "json", "LPPL": "lppl|latex", "MIT": "mit|expat|x11|x\\b", "MPL": "mpl|mozilla",
    "MS": r"ms-?(?:pl|rl)|microsoft|ms\b", "MulanPSL": "mulan", "NCSA": "ncsa|illinois",
    "ODbL": "odbl|open database", "OFL": "ofl|open font|sil", "OLDAP": "ldap", "OSL": "osl|open software",
    "PSF": "python|psf", "QPL": "qpl|q public", "RSA": "rsa|md5", "SGI": "sgi|free ?b|silicon",
    "SSPL": "sspl|server side", "TCL": "tcl", "UPL": "upl|universal perm", "W3C": "w3c", "ZPL": "zpl|zope",
    "AFL": "afl|academic free", "FSFAP": "fsf|permissive", "FSFULLR": "fsf|unlimited", "Elastic": "elastic",
    "bzip2": "bzip", "PHP": "php", "Bitstream": "bitstream|vera", "BlueOak": "blue ?oak",
}
_UNSAID = re.compile(r"nuget|sourceforge\.net/p/|/blob/|/raw/|raw\.githubusercontent", re.IGNORECASE)
# Families that people mean where they give no version.
_UNVERSIONED = {
    "AGPL-3.0", "Apache-2.0", "Artistic-1.0", "BlueOak-1.0.0", "BSL-1.0", "BUSL-1.1", "CC0-1.0", "CDDL-1.0",
    "CPAL-1.0", "CPL-1.0", "ECL-2.0", "IPL-1.0", "ODbL-1.0", "OFL-1.1", "PHP-3.01", "PSF-2.0", "QPL-1.0",
    "SGI-B-2.0", "SSPL-1.0", "Unicode-3.0", "UPL-1.0",
}
_VERSION = re.compile(r"-(\d+\.\d+)[a-z]?$")
_CC_PARTS = {"SA": r"share|by-?(?:nc-?)?sa\b", "NC": r"non.?commercial|by-?nc\b|by-?nc-", "ND": r"no.?deriv|-nd\b"}
# What the full texts of families that are easily confused must say, and must not.
_CLAUSES = {
    "BSD-4-Clause": ("advertis", "$^"), "BSD-3-Clause": ("endorse|promote", "all advertising materials"),
    "BSD-2-Clause": ("redistributions? in binary", "endorse or promote|advertising materials"),
    "BSD-1-Clause": ("redistributions? of source", "endorse or promote|redistributions? in binary"),
    "MIT-0": ("permission", "shall be included"), "0BSD": ("permission", "shall be included|appear in all copies"),
}
# Keys of ScanCode's that stand for anything, and names that their short texts must not say.
_ANYTHING = re.compile(
    r"^(?:proprietary-license|commercial-license|other-|free-unknown|unknown|generic-|warranty|see-license)")
_NAMES = re.compile(
    r"\b(?:mit|x11|bsd|apache|asl|[al]?gpl\w*|mpl|isc|zlib|artistic|epl|cddl|boost|python|cc0?|creative|gnu|"
    r"general public|mozilla|eclipse|unlicense|wtfpl)\b", re.IGNORECASE)
_SHINGLE = 5
_MOSTLY = 0.7


def marker_of(family: str) -> str:
    """A pattern that a short statement of the family's licence matches."""
    for length in (len(family.split("-")[0]), 3):
        if family[:length] in _MARKERS:
            return _MARKERS[family[:length]]
    return re.escape(family.split("-")[0].lower())


def says_version(family: str, text: str) -> bool:
    """Whether the text has the family's version number; True for families that have none or need none."""
    version = _VERSION.search(family)
    if version is None or family in _UNVERSIONED:
        return True
    number = version.group(1)
    number = re.escape(number[:-2]) + r"(?:\.0)?" if number.endswith(".0") else re.escape(number)
    return re.search(rf"(?<![\d.]){number}(?!\d)(?!\.\d)", text) is not None


def _agrees_with_parts(family: str, text: str) -> bool:
    """Whether a Creative Commons name has just the family's parts: BY-SA is not BY."""
    if not family.startswith("CC-BY"):
        return True
    return all((f"-{part}" in family) == (re.search(pattern, text) is not None)
               for part, pattern in _CC_PARTS.items())


def _has_clauses(rule: Rule) -> bool:
    if len(rule.labels) != 1 or rule.kind != "text" or rule.labels[0] not in _CLAUSES or rule.words < 80:
        return True
    needed, forbidden = _CLAUSES[rule.labels[0]]
    text = " ".join(rule.text.lower().split())
    return re.search(needed, text) is not None and re.search(forbidden, text) is None


def is_telling(rule: Rule) -> bool:
    """Whether one can tell from the rule's text, without ScanCode's data, which licences it states."""
    text = rule.text.lower()
    if rule.words > _LONGEST_WORDS or not _has_clauses(rule):
        return False
    if rule.kind != "text" and rule.words < _VERSIONED_WORDS and not all(says_version(label, text) for label in rule.labels):
        return False
    if rule.words >= _SHORT_WORDS or not rule.labels:
        return True
    return not _UNSAID.search(rule.text) and all(
        re.search(marker_of(label), text) and _agrees_with_parts(label, text) for label in rule.labels)


def is_plainly_foreign(rule: Rule) -> bool:
    """Whether a rule without labels is no exception to, or vague word on, a licence that is one."""
    if any("exception" in key or key.startswith("psf-") for key in rule.keys):
        return False
    return not (rule.words < _VERSIONED_WORDS and _NAMES.search(rule.text) and any(map(_ANYTHING.match, rule.keys)))


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[index: index + _SHINGLE]) for index in range(len(words) - _SHINGLE + 1)}


class Likeness:
    """Tells texts that are, but for some words, the own text of a family."""

    def __init__(self, canonical: list[Rule]):
        self._families = collections.defaultdict(set)
        for rule in canonical:
            for shingle in _shingles(rule.text):
                self._families[shingle].update(rule.labels)

    def is_like_a_label(self, text: str) -> bool:
        shingles = _shingles(text)
        shared = collections.Counter(family for shingle in shingles for family in self._families.get(shingle, ()))
        return bool(shared) and shared.most_common(1)[0][1] > _MOSTLY * len(shingles)
