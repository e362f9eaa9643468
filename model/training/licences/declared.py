"""Which licence a package's licence file is declared to hold, by form alone: no text is read for it.

* A file whose name holds an SPDX id (LICENSE.Apache-2.0, LICENSES/MIT.txt) has that licence.
* A file whose name hints at one (LICENSE-APACHE, COPYING.LESSER) has the one declared licence that fits.
* A licence file with a plain name that is the package's only one has all that the package declares.
* Every other file, and every file of a package that declares anything unknown, has no fair truth.
"""

import re

import families

_LICENCE_FILE = re.compile(r"^(?:un)?licen[cs]es?(?=$|[-_. ])|^copying(?=$|[-_. ])|^mit-licen[cs]e", re.IGNORECASE)
_CODE_ENDING = re.compile(
    r"\.(?:[ch]|cc|cpp|hpp|py|rs|[cm]?[jt]sx?|json|xml|ya?ml|toml|java|class|pl|pm|sh|spdx|svg|png)$", re.IGNORECASE)
_FILE_ENDING = re.compile(r"\.(?:txt|md|rst|markdown|html?)$", re.IGNORECASE)
_NAME_PARTS = re.compile(r"^(?:licen[cs]es?|copying)[-_. ]*|[-_. ]*licen[cs]e$", re.IGNORECASE)

# What a name's rest hints at, and how the families begin that it may be.
_HINTS = {
    "apache": "Apache-", "apache2": "Apache-", "apache20": "Apache-", "apl2": "Apache-", "apache-2": "Apache-",
    "mit": "MIT", "x11": "MIT", "bsd": "BSD-", "bsd2": "BSD-2", "bsd3": "BSD-3", "isc": "ISC", "zlib": "Zlib",
    "boost": "BSL-", "bsl": "BSL-", "mpl": "MPL-", "mpl2": "MPL-", "mpl-2": "MPL-", "gpl": "GPL-", "gpl2": "GPL-2",
    "gpl3": "GPL-3", "gplv2": "GPL-2", "gplv3": "GPL-3", "gpl-2": "GPL-2", "gpl-3": "GPL-3", "lgpl": "LGPL-",
    "lesser": "LGPL-", "lib": "LGPL-", "lgplv3": "LGPL-3", "lgpl-3": "LGPL-3", "lgpl3": "LGPL-3", "agpl": "AGPL-",
    "cc0": "CC0-", "ofl": "OFL-", "unicode": "Unicode-", "psf": "PSF-", "python": "PSF-", "epl": "EPL-",
    "cc-by": "CC-BY-", "un": "Unlicense",
}

_CLASSIFIERS = {
    "MIT License": "MIT", "MIT No Attribution License (MIT-0)": "MIT-0", "ISC License (ISCL)": "ISC",
    "Apache Software License": "Apache-2.0", "Zope Public License": "ZPL-2.1",
    "Python Software Foundation License": "PSF-2.0", "The Unlicense (Unlicense)": "Unlicense",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0", "GNU General Public License v3 (GPLv3)": "GPL-3.0",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0",
    "GNU Affero General Public License v3": "AGPL-3.0",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0",
    "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0", "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0", "zlib/libpng License": "Zlib",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0", "PostgreSQL License": "PostgreSQL",
    "SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1", "Universal Permissive License (UPL)": "UPL-1.0",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "Historical Permission Notice and Disclaimer (HPND)": "HPND",
    "CEA CNRS Inria Logiciel Libre License, version 2.1 (CeCILL-2.1)": "CECILL-2.1",
    "University of Illinois/NCSA Open Source License": "NCSA", "BSD License": "",
}


# Full names that poms and others declare, in debian_short_name()'s form.
_FULL_NAMES = {
    "apache-software-2.0": "Apache-2.0", "apache-software-license-2.0": "Apache-2.0",
    "eclipse-public-1.0": "EPL-1.0", "eclipse-public-2.0": "EPL-2.0", "eclipse-public-v-1.0": "EPL-1.0",
    "eclipse-public-v-2.0": "EPL-2.0", "eclipse-distribution-1.0": "BSD-3-Clause",
    "eclipse-distribution-v-1.0": "BSD-3-Clause", "mozilla-public-2.0": "MPL-2.0", "mozilla-public-1.1": "MPL-1.1",
    "gpl2-w/-cpe": "GPL-2.0", "gnu-lesser-general-public-2.1": "LGPL-2.1", "gnu-lesser-general-public-3.0": "LGPL-3.0",
    "gnu-lesser-general-public-3": "LGPL-3.0", "gnu-library-general-public-2.1": "LGPL-2.1",
    "gnu-lesser-general-public-(lgpl)-2.1": "LGPL-2.1",
    "gnu-general-public-2": "GPL-2.0", "gnu-general-public-3": "GPL-3.0", "gnu-affero-general-public-3": "AGPL-3.0",
    "universal-permissive-1.0": "UPL-1.0", "public-domain-per-creative-commons-cc0": "CC0-1.0",
    "bsd-3-clause-new": "BSD-3-Clause", "gnu-gpl-3.0": "GPL-3.0", "gnu-gpl-2.0": "GPL-2.0",
    "common-public-1.0": "CPL-1.0", "common-development-and-distribution-1.0": "CDDL-1.0",
}


def labels_of_expression(expression):
    """The families of an SPDX expression, or of one plain name; None where any part of it is in none."""
    labels = set()
    for part in re.split(r"[()/]|(?<![\w-])(?:AND|OR)(?![\w-])", expression or "", flags=re.IGNORECASE):
        known = families.families(part) if part.strip() else set()
        if part.strip() and len(known) != 1:
            return _labels_of_plain_name(expression)
        labels |= known
    return labels or None


def _labels_of_plain_name(name):
    if len(name) > 80:
        return None
    name = re.sub(r"[,\s]+|\s+-\s+", " ", name)
    full = _FULL_NAMES.get(families.debian_short_name(name))
    known = {full} if full else families.debian_name_families(name)
    return known if len(known) == 1 else None


def labels_of_python_metadata(metadata):
    """The families that a wheel's METADATA declares, or None.

    The expression counts alone where there is one. Else all licence classifiers, each of which must be known;
    one that names no version of its family ("BSD License", or none at all) needs a License field that does.
    """
    if metadata["License-Expression"]:
        return labels_of_expression(metadata["License-Expression"])
    of_field = labels_of_expression((metadata["License"] or "").strip())
    classifiers = [value.split(" :: ")[-1] for value in metadata.get_all("Classifier", [])
                   if value.startswith("License ::") and value != "License :: OSI Approved"]
    if any(classifier not in _CLASSIFIERS for classifier in classifiers):
        return None
    of_classifiers = {_CLASSIFIERS[classifier] for classifier in classifiers} - {""}
    if "BSD License" in classifiers or not classifiers:
        return of_field | of_classifiers if of_field else None
    return of_classifiers if of_field is None or of_field == of_classifiers else None


def is_licence_file(path):
    folder, _, name = path.rpartition("/")
    if _CODE_ENDING.search(name):
        return False
    return bool(_LICENCE_FILE.match(name)) or folder.lower() in ("licenses", "license", "licences")


def labels_of_file(path, paths, declared):
    """The labels of one licence file, or None.

    path, paths: the file and all licence files of its package, relative to the package's top folder.
    declared: what the package declares as a whole.
    """
    rest = _NAME_PARTS.sub("", _FILE_ENDING.sub("", path.rpartition("/")[2]))
    if families.family(rest):
        return {families.family(rest)}
    start = _HINTS.get(rest.lower())
    if start:
        fitting = {label for label in declared if label.startswith(start)}
        return fitting if len(fitting) == 1 else None
    return set(declared) if not rest and len(paths) == 1 else None
