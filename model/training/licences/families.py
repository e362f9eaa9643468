"""The licence families that the default checkpoint names, and how declared licences map to them.

A family is an SPDX id without "-only", "-or-later" and "+". Three sorts of names lead to one:

    family("GPL-2.0-or-later")                        "GPL-2.0"
    families("(MIT OR Apache-2.0) AND Unicode-3.0")   {"MIT", "Apache-2.0", "Unicode-3.0"}
    debian_families("GPL-2+ or Artistic, and Expat")  {"GPL-2.0", "Artistic-1.0", "MIT"}

Ids are folded into one family where the texts are practically the same and people don't tell them apart
(the table FOLDED says which, and why). What is in no family gives "" or nothing, never an error.
"""

import re

LABELS = sorted("""
0BSD AFL-2.1 AFL-3.0 AGPL-3.0 Apache-1.0 Apache-1.1 Apache-2.0 APSL-2.0 Artistic-1.0 Artistic-2.0 Beerware
Bitstream-Vera BlueOak-1.0.0 BSD-1-Clause BSD-2-Clause BSD-3-Clause BSD-4-Clause BSL-1.0 BUSL-1.1 bzip2-1.0.6
CC0-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-3.0
CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CC-BY-SA-2.0 CC-BY-SA-2.5 CC-BY-SA-3.0 CC-BY-SA-4.0 CDDL-1.0 CDDL-1.1 CECILL-2.0
CECILL-2.1 CECILL-B CECILL-C CPAL-1.0 CPL-1.0 curl ECL-2.0 Elastic-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 FSFAP
FSFULLR FTL GFDL-1.1 GFDL-1.2 GFDL-1.3 GPL-1.0 GPL-2.0 GPL-3.0 HPND ICU IJG ImageMagick Info-ZIP IPL-1.0 ISC
JSON LGPL-2.0 LGPL-2.1 LGPL-3.0 Libpng libtiff LPPL-1.2 LPPL-1.3c MIT MIT-0 MPL-1.0 MPL-1.1 MPL-2.0 MS-PL MS-RL
MulanPSL-2.0 NCSA ODbL-1.0 OFL-1.1 OLDAP-2.8 OpenSSL OSL-3.0 PHP-3.01 PostgreSQL PSF-2.0 QPL-1.0 RSA-MD Ruby
SGI-B-2.0 SISSL Sleepycat SSPL-1.0 TCL Unicode-3.0 Unlicense UPL-1.0 Vim W3C WTFPL Zlib ZPL-2.1
""".split(), key=str.lower)

# Family: the SPDX ids that count as it, with the reason. Ids that differ only in the endings which family()
# drops, or in letter case, need no line.
FOLDED = {
    # The Perl and the "clause 8" printings are one text but for a paragraph.
    "Artistic-1.0": "Artistic-1.0-Perl Artistic-1.0-cl8",
    # Extra paragraphs (views, patents) after the same two clauses.
    "BSD-2-Clause": "BSD-2-Clause-FreeBSD BSD-2-Clause-NetBSD BSD-2-Clause-Views BSD-2-Clause-Patent "
                    "BSD-2-Clause-Darwin BSD-2-Clause-first-lines",
    # The same three clauses with a sentence more.
    "BSD-3-Clause": "BSD-3-Clause-Clear BSD-3-Clause-LBNL BSD-3-Clause-Attribution BSD-3-Clause-Modification "
                    "BSD-3-Clause-No-Nuclear-License BSD-3-Clause-No-Nuclear-License-2014 "
                    "BSD-3-Clause-No-Nuclear-Warranty BSD-3-Clause-Open-MPI BSD-3-Clause-Sun BSD-3-Clause-HP "
                    "BSD-3-Clause-flex BSD-3-Clause-acpica",
    # The University of California's and others' printings of the advertising clause.
    "BSD-4-Clause": "BSD-4-Clause-UC BSD-4-Clause-Shortened BSD-4.3RENO BSD-4.3TAHOE",
    # 1.0.5 differs in the version number that it names.
    "bzip2-1.0.6": "bzip2-1.0.5",
    # National printings of the same terms.
    "CC-BY-2.5": "CC-BY-2.5-AU",
    "CC-BY-3.0": "CC-BY-3.0-AT CC-BY-3.0-AU CC-BY-3.0-DE CC-BY-3.0-IGO CC-BY-3.0-NL CC-BY-3.0-US",
    "CC-BY-NC-3.0": "CC-BY-NC-3.0-DE",
    "CC-BY-NC-SA-3.0": "CC-BY-NC-SA-3.0-DE CC-BY-NC-SA-3.0-IGO",
    "CC-BY-SA-2.0": "CC-BY-SA-2.0-UK",
    "CC-BY-SA-3.0": "CC-BY-SA-3.0-AT CC-BY-SA-3.0-DE CC-BY-SA-3.0-IGO",
    # "Unlimited" and "with licence retention" are one sentence, with or without a few words.
    "FSFULLR": "FSFUL FSFULLRWD FSFULLRSD",
    # The front and back matter that may be invariant is a matter of use, not of text.
    "GFDL-1.1": "GFDL-1.1-invariants GFDL-1.1-no-invariants",
    "GFDL-1.2": "GFDL-1.2-invariants GFDL-1.2-no-invariants",
    "GFDL-1.3": "GFDL-1.3-invariants GFDL-1.3-no-invariants",
    # Deprecated ids that carry their exception in their name.
    "GPL-2.0": "GPL-2.0-with-autoconf-exception GPL-2.0-with-bison-exception GPL-2.0-with-classpath-exception "
               "GPL-2.0-with-font-exception GPL-2.0-with-GCC-exception",
    "GPL-3.0": "GPL-3.0-with-autoconf-exception GPL-3.0-with-GCC-exception",
    # One historical notice, with and without "sell", with one disclaimer or another.
    "HPND": "HPND-sell-variant HPND-sell-MIT-disclaimer-xserver HPND-sell-variant-MIT-disclaimer "
            "HPND-sell-variant-MIT-disclaimer-rev HPND-sell-regexpr HPND-MIT-disclaimer HPND-Markus-Kuhn HPND-DEC "
            "HPND-doc HPND-doc-sell HPND-export-US HPND-export-US-modify HPND-export2-US HPND-Fenneberg-Livingston "
            "HPND-INRIA-IMAG HPND-Intel HPND-Kevlin-Henney HPND-merchantability-variant HPND-Netrek HPND-Pbmplus "
            "HPND-UC HPND-UC-export-US HPND-SMC MIT-CMU NTP NTP-0 SMLNJ StandardML-NJ",
    # "ISC" and the printing by its older maintainers.
    "ISC": "ISC-Veillard",
    "Libpng": "libpng-2.0 libpng-1.6.35",
    # 1.3a was replaced by 1.3c within months.
    "LPPL-1.3c": "LPPL-1.3a",
    # X11 adds a sentence on the use of names; Debian and others call both "MIT/X11".
    "MIT": "X11 X11-distribute-modifications-variant X11-swapped MIT-Modern-Variant MIT-open-group MIT-feh "
           "MIT-advertising MIT-Click MIT-testregex",
    "MPL-2.0": "MPL-2.0-no-copyleft-exception",
    "OFL-1.1": "OFL-1.1-RFN OFL-1.1-no-RFN",
    # One text is always printed with the other.
    "OpenSSL": "OpenSSL-standalone SSLeay-standalone",
    # 3.0 and 3.01 differ in a few words on the product's name.
    "PHP-3.01": "PHP-3.0",
    # The whole stack that Python ships has the PSF licence as its first part, and both are declared for it.
    "PSF-2.0": "Python-2.0 Python-2.0.1",
    # The data files' and the software's printing of the same grant.
    "Unicode-3.0": "Unicode-DFS-2015 Unicode-DFS-2016",
    "W3C": "W3C-19980720 W3C-20150513",
    "Zlib": "zlib-acknowledgement",
    "ZPL-2.1": "ZPL-2.0",
}

_FAMILY_OF_ID = {label.lower(): label for label in LABELS}
_FAMILY_OF_ID.update((spdx_id.lower(), label) for label, ids in FOLDED.items() for spdx_id in ids.split())

_DROPPED_ENDING = re.compile(r"(-only|-or-later|\+)$")
_EXPRESSION_WORD = re.compile(r"[()]|[^\s()]+")


def family(spdx_id):
    """The family of one SPDX id, letter case ignored; "" where it is in none."""
    key = _DROPPED_ENDING.sub("", spdx_id.strip().lower())
    return _FAMILY_OF_ID.get(key, "")


def families(expression):
    """The families of all ids in an SPDX expression; what follows WITH is an exception and gives nothing."""
    found = set()
    after_with = False
    for word in _EXPRESSION_WORD.findall(expression):
        if not after_with:
            found.add(family(word))
        after_with = word.upper() == "WITH"
    return found - {""}


# Debian's short names (debian_short_name() tells their form) whose SPDX id is not simply their own spelling.
# Where Debian's format lets a missing version mean the lowest one, only the names that are used so are here:
# a bare "GPL" or "LGPL" says too little.
DEBIAN_SHORT_NAMES = {
    "agpl-3": "AGPL-3.0", "affero-gpl-3": "AGPL-3.0", "gnu-agpl-3": "AGPL-3.0",
    "apache-1": "Apache-1.0", "apache-2": "Apache-2.0", "asl-2.0": "Apache-2.0", "asl-2": "Apache-2.0",
    "asl-1.1": "Apache-1.1", "apache2": "Apache-2.0", "apache2.0": "Apache-2.0",
    "artistic": "Artistic-1.0", "artistic-1": "Artistic-1.0", "artistic-2": "Artistic-2.0",
    "artistic-perl": "Artistic-1.0", "perl-artistic": "Artistic-1.0",
    "boost": "BSL-1.0", "boost-1.0": "BSL-1.0", "bsl-1": "BSL-1.0", "boost-software-1.0": "BSL-1.0",
    "bsl": "BSL-1.0", "boost-software": "BSL-1.0",
    "bsd-1-clause": "BSD-1-Clause", "bsd-1": "BSD-1-Clause", "bsd-1-clauses": "BSD-1-Clause",
    "bsd-2-clause": "BSD-2-Clause", "bsd-2": "BSD-2-Clause", "bsd-2-clauses": "BSD-2-Clause",
    "2-clause-bsd": "BSD-2-Clause", "bsd-2clause": "BSD-2-Clause", "bsd2": "BSD-2-Clause",
    "simplified-bsd": "BSD-2-Clause", "freebsd": "BSD-2-Clause",
    "bsd-3-clause": "BSD-3-Clause", "bsd-3": "BSD-3-Clause", "bsd-3-clauses": "BSD-3-Clause",
    "3-clause-bsd": "BSD-3-Clause", "bsd-3clause": "BSD-3-Clause", "bsd3": "BSD-3-Clause",
    "new-bsd": "BSD-3-Clause", "modified-bsd": "BSD-3-Clause",
    "bsd-4-clause": "BSD-4-Clause", "bsd-4": "BSD-4-Clause", "bsd-4-clauses": "BSD-4-Clause",
    "4-clause-bsd": "BSD-4-Clause", "bsd-4clause": "BSD-4-Clause",
    "0-clause-bsd": "0BSD", "bsd-0-clause": "0BSD", "bsd-0": "0BSD",
    "beer-ware": "Beerware", "bitstream-vera": "Bitstream-Vera", "bzip2": "bzip2-1.0.6",
    "cc0": "CC0-1.0", "cc0-1.0-universal": "CC0-1.0", "cc0-1": "CC0-1.0", "cc-0": "CC0-1.0", "cc-0-1.0": "CC0-1.0",
    "cc-by-2": "CC-BY-2.0", "cc-by-3": "CC-BY-3.0", "cc-by-4": "CC-BY-4.0",
    "cc-by-sa-2": "CC-BY-SA-2.0", "cc-by-sa-3": "CC-BY-SA-3.0", "cc-by-sa-4": "CC-BY-SA-4.0",
    "cc-by-nc-sa-3": "CC-BY-NC-SA-3.0", "cc-by-nc-sa-4": "CC-BY-NC-SA-4.0", "cc-by-nc-4": "CC-BY-NC-4.0",
    "cecill-2": "CECILL-2.0", "cddl": "CDDL-1.0", "cddl-1": "CDDL-1.0", "cpl": "CPL-1.0", "cpl-1": "CPL-1.0",
    "epl-1": "EPL-1.0", "epl-2": "EPL-2.0", "edl-1.0": "BSD-3-Clause", "edl-1": "BSD-3-Clause",
    "expat": "MIT", "mit/x11": "MIT", "mit/x": "MIT", "mit/x-consortium": "MIT", "mit-x11": "MIT",
    "mit/expat": "MIT", "mit-expat": "MIT", "expat/mit": "MIT",
    "expat-mit": "MIT", "x11/mit": "MIT", "x11-mit": "MIT", "x/mit": "MIT", "x": "MIT", "x-consortium": "MIT",
    "fsf-all-permissive": "FSFAP", "all-permissive": "FSFAP", "permissive-fsf": "FSFAP", "gap": "FSFAP",
    "gnu-all-permissive": "FSFAP", "fsf-permissive": "FSFAP", "fsf-unlimited": "FSFULLR", "fsful": "FSFULLR",
    "freetype": "FTL",
    "gfdl-niv-1.1": "GFDL-1.1", "gfdl-niv-1.2": "GFDL-1.2", "gfdl-niv-1.3": "GFDL-1.3", "fdl-1.1": "GFDL-1.1",
    "fdl-1.2": "GFDL-1.2", "fdl-1.3": "GFDL-1.3", "gfdl-1.1-no-invariant": "GFDL-1.1",
    "gfdl-1.2-no-invariant": "GFDL-1.2", "gfdl-1.3-no-invariant": "GFDL-1.3", "gfdl-1.3-niv": "GFDL-1.3",
    "gfdl-1.2-niv": "GFDL-1.2", "gfdl-1.1-niv": "GFDL-1.1", "gnu-fdl-1.2": "GFDL-1.2", "gnu-fdl-1.3": "GFDL-1.3",
    "gpl-1": "GPL-1.0", "gpl-2": "GPL-2.0", "gpl-3": "GPL-3.0", "gpl1": "GPL-1.0", "gpl2": "GPL-2.0",
    "gpl3": "GPL-3.0", "gnu-gpl-1": "GPL-1.0", "gnu-gpl-2": "GPL-2.0", "gnu-gpl-3": "GPL-3.0",
    "lgpl-2": "LGPL-2.0", "lgpl-3": "LGPL-3.0", "lgpl2": "LGPL-2.0", "lgpl2.0": "LGPL-2.0", "lgpl2.1": "LGPL-2.1",
    "lgpl3": "LGPL-3.0", "gnu-lgpl-2": "LGPL-2.0", "gnu-lgpl-2.1": "LGPL-2.1", "gnu-lgpl-3": "LGPL-3.0",
    "historical-permission": "HPND", "info-zip": "Info-ZIP", "openldap-2.8": "OLDAP-2.8", "ldap-2.8": "OLDAP-2.8",
    "lppl-1.3": "LPPL-1.3c", "lppl-1.3b": "LPPL-1.3c",
    "mpl-1": "MPL-1.0", "mpl-2": "MPL-2.0", "mpl1.1": "MPL-1.1", "mpl2": "MPL-2.0", "mpl2.0": "MPL-2.0",
    "ms-pl-1.0": "MS-PL", "ofl": "OFL-1.1", "sil-ofl-1.1": "OFL-1.1", "sil-1.1": "OFL-1.1", "sil-ofl": "OFL-1.1",
    "sil-open-font-1.1": "OFL-1.1", "odbl-1": "ODbL-1.0", "php-3": "PHP-3.01",
    "psf": "PSF-2.0", "psf-2": "PSF-2.0", "psfl": "PSF-2.0", "psfl-2": "PSF-2.0", "python": "PSF-2.0",
    "python-2": "PSF-2.0", "python-software-foundation-2.0": "PSF-2.0",
    "qpl": "QPL-1.0", "rsa": "RSA-MD", "sgi-b-2": "SGI-B-2.0", "sgi-2.0": "SGI-B-2.0", "sspl-1": "SSPL-1.0",
    "tcl/tk": "TCL", "tcltk": "TCL", "tcl-tk": "TCL", "unicode": "Unicode-3.0", "unicode-data": "Unicode-3.0",
    "unicode-2016": "Unicode-3.0", "universal-permissive-1.0": "UPL-1.0", "uiuc": "NCSA", "nsca": "NCSA",
    "u-of-i-bsd-like": "NCSA", "w3c-software": "W3C", "wtfpl-2": "WTFPL", "wtfpl-2.0": "WTFPL",
    "zlib/libpng": "Zlib", "zlib-libpng": "Zlib", "zpl": "ZPL-2.1", "zope": "ZPL-2.1", "zope-2.1": "ZPL-2.1",
    "zpl-2": "ZPL-2.1",
}

# Names that stand for several licences at once.
_DEBIAN_COMPOUNDS = {
    "perl": {"GPL-1.0", "Artistic-1.0"}, "perl-5": {"GPL-1.0", "Artistic-1.0"},
    "same-as-perl": {"GPL-1.0", "Artistic-1.0"},
}

_DEBIAN_SEPARATOR = re.compile(r"\s*(?:[,;|()]|(?<![\w-])(?:and/or|and|or)(?![\w-]))\s*")
_DEBIAN_EXCEPTION = re.compile(r"[\s-]+(?:with|plus)\b.*|(?<=[\d+])-\S*exceptions?$")
_DEBIAN_FILLER = re.compile(r"\b(?:the|licen[cs]e|version|ver|v)\b[. -]*|\bv(?=\d)|(?<=pl)v(?=\d)")
_DEBIAN_OWNER = re.compile(r"^(bsd-[1-4])(?:-clauses?)?-(?!clause|like|style|modified|variant).*")


def debian_short_name(name):
    """One short name in the form of DEBIAN_SHORT_NAMES' keys: lower case, hyphens for spaces, no "+", no word
    such as "license" or "version", no exception, and no owner marked by "~" or after "BSD-n-clause-".
    """
    name = _DEBIAN_EXCEPTION.sub("", name.strip().lower()).split("~")[0]
    name = _DEBIAN_FILLER.sub("", re.sub(r"[\s_]+", "-", name)).strip("-. ")
    name = _DROPPED_ENDING.sub("", name.replace(":", "-").replace("+-", "-")).strip("-. ")
    return _DEBIAN_OWNER.sub(r"\1", re.sub(r"-+", "-", name))


def debian_name_families(name):
    """The families of one Debian short name without "and" and "or"; nothing for public domain and names of
    one's own."""
    key = debian_short_name(name)
    if key in _DEBIAN_COMPOUNDS:
        return set(_DEBIAN_COMPOUNDS[key])
    return {family(DEBIAN_SHORT_NAMES.get(key, key))} - {""}


def debian_names(value):
    """The short names in the synopsis of a Debian License field, as they are written but in lower case."""
    synopsis = value.split("\n", 1)[0].lower()
    # A "with ... exception" may hold "and"; it goes before names are parted, as far as the word "exception".
    synopsis = re.sub(r"\bwith\b[^,;|]*?\bexceptions?\b", "", synopsis)
    synopsis = re.sub(r"[\s-]or[\s-](?:any[\s-])?(?:later|newer)\b(?:[\s-]versions?)?", "+", synopsis)
    return [name for name in _DEBIAN_SEPARATOR.split(synopsis) if name.strip()]


def debian_families(value):
    """The families that a Debian License field (its first line, the synopsis) names."""
    return {label for name in debian_names(value) for label in debian_name_families(name)}
