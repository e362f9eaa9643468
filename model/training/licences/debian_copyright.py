"""Reads the licences that a Debian copyright file in the machine-readable form (DEP-5) declares.

The truth is the union of the License fields of the header, of all Files paragraphs, and of the paragraphs of
their own that those refer to. It is taken from the fields' first lines alone; the licence texts are not read.
"""

import re

import families

_FORMAT = re.compile(r"^Format(?:-Specification)?:.*(?:copyright-format|dep-?5)", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)$")
_PUBLIC_DOMAIN = re.compile(r"public[-_ ]?domain|(?:^|[-_])pd(?:$|[-_~])", re.IGNORECASE)


def is_machine_readable(text):
    return bool(_FORMAT.search(text[:2000]))


def paragraphs(text):
    """The paragraphs as dictionaries, field names in lower case; a value keeps its line breaks."""
    found = [{}]
    field = None
    for line in text.replace("\r\n", "\n").split("\n"):
        match = _FIELD.match(line)
        if not line.strip():
            found.append({})
            field = None
        elif match:
            field = match.group(1).lower()
            found[-1][field] = match.group(2)
        elif field and line[0] in " \t":
            found[-1][field] += "\n" + line.strip()
    return [paragraph for paragraph in found if paragraph]


def _labels_of_field(value):
    """The families of one License field, or None where a name in it is none that we know."""
    labels = set()
    names = families.debian_names(value)
    for name in names:
        known = families.debian_name_families(name)
        if not known and not _PUBLIC_DOMAIN.search(name.strip()):
            return None
        labels |= known
    return labels if names else None


def declared_labels(text):
    """The families that the file declares; the empty set where all of it is in the public domain.

    None, for "no fair truth", where the file is not of the form, declares nothing, uses a name of its own for a
    licence (its text may be of any family), or holds a licence paragraph that no Files paragraph refers to.
    """
    if not is_machine_readable(text):
        return None
    used, of_its_own = [], []
    for index, paragraph in enumerate(paragraphs(text)):
        if "license" in paragraph:
            (used if index == 0 or "files" in paragraph else of_its_own).append(_labels_of_field(paragraph["license"]))
        elif "files" in paragraph:
            return None
    if not used or None in used or None in of_its_own:
        return None
    labels = set().union(*used)
    return labels if set().union(*of_its_own) <= labels else None
