"""Debian's short names for licences, as maintainers spell them, and the pointers to /usr/share/common-licenses."""

import collections
import random

import families

# How often maintainers write each; the rest of DEBIAN_SHORT_NAMES is drawn now and then.
_USUAL = {
    "MIT": ["Expat"] * 10 + ["MIT"] * 6 + ["MIT/X11", "X11", "expat"],
    "BSD-3-Clause": ["BSD-3-clause"] * 12 + ["BSD-3-Clause"] * 3 + ["BSD-3", "BSD-3-clauses"],
    "BSD-2-Clause": ["BSD-2-clause"] * 8 + ["BSD-2-Clause"] * 3 + ["BSD-2", "FreeBSD"],
    "BSD-4-Clause": ["BSD-4-clause"] * 4 + ["BSD-4-Clause"], "BSD-1-Clause": ["BSD-1-clause", "BSD-1-Clause"],
    "GPL-1.0": ["GPL-1"], "GPL-2.0": ["GPL-2"] * 12 + ["GPL-2.0"] * 3 + ["GPL2", "GPLv2"],
    "GPL-3.0": ["GPL-3"] * 12 + ["GPL-3.0"] * 3 + ["GPL3", "GPLv3"],
    "LGPL-2.0": ["LGPL-2"] * 5 + ["LGPL-2.0"] * 3, "LGPL-2.1": ["LGPL-2.1"] * 12 + ["LGPLv2.1"],
    "LGPL-3.0": ["LGPL-3"] * 6 + ["LGPL-3.0", "LGPLv3"], "AGPL-3.0": ["AGPL-3"] * 5 + ["AGPL-3.0"],
    "Apache-2.0": ["Apache-2.0"] * 12 + ["Apache-2", "ASL-2.0"],
    "Artistic-1.0": ["Artistic"] * 8 + ["Artistic-1", "Artistic-1.0"],
    "Artistic-2.0": ["Artistic-2.0"] * 3 + ["Artistic-2"],
    "PSF-2.0": ["PSF-2", "Python-2.0", "PSF", "PSF-2.0", "Python"],
    "FSFULLR": ["FSFULLR", "FSFUL", "FSF-unlimited"],
    "OFL-1.1": ["OFL-1.1"] * 4 + ["SIL-1.1", "SIL-OFL-1.1", "OFL"], "CC0-1.0": ["CC0-1.0"] * 5 + ["CC0"],
    "GFDL-1.2": ["GFDL-1.2", "GFDL-NIV-1.2", "FDL-1.2"], "GFDL-1.3": ["GFDL-1.3", "GFDL-NIV-1.3", "FDL-1.3"],
    "GFDL-1.1": ["GFDL-1.1", "GFDL-NIV-1.1"], "BSL-1.0": ["BSL-1.0"] * 4 + ["Boost-1.0", "Boost"],
    "ISC": ["ISC"], "Zlib": ["Zlib"] * 4 + ["zlib", "zlib/libpng"], "MPL-2.0": ["MPL-2.0"] * 5 + ["MPL-2"],
    "HPND": ["HPND", "NTP", "HPND-sell-variant", "MIT-CMU"], "LPPL-1.3c": ["LPPL-1.3c", "LPPL-1.3+"],
}
_OWNERS = ["Google", "Regents", "UC", "Intel", "NetBSD", "Berkeley", "Sun", "Cisco", "author", "variant-1"]
_GNU = ("GPL", "LGPL", "AGPL", "GFDL")
_EXCEPTIONS = [
    "with OpenSSL exception", "with Autoconf exception", "with Bison exception", "with Classpath exception",
    "with GCC exception", "with Font exception", "with Libtool exception", "with OpenSSL-exception",
    "with Autoconf-Macro exception", "with linking exception", "with Qt exception",
]
_HYPHENED = ["-with-autoconf-exception", "-with-bison-exception", "-with-openssl-exception", "-autoconf-exception"]
# Names of no family, with how their bodies go.
CUSTOM = [
    "other", "permissive", "custom", "public-domain", "public-domain", "public-domain", "PD", "none",
    "attribution", "unrestricted", "special", "no-restrictions", "BSD-like", "as-is", "upstream",
    "permissive-like", "trivial", "see-below",
]

_COMMON = {
    "GPL-1.0": ["GPL-1"], "GPL-2.0": ["GPL-2"], "GPL-3.0": ["GPL-3"], "LGPL-2.0": ["LGPL-2"],
    "LGPL-2.1": ["LGPL-2.1"], "LGPL-3.0": ["LGPL-3"], "Apache-2.0": ["Apache-2.0"],
    "Artistic-1.0": ["Artistic"], "MPL-1.1": ["MPL-1.1"], "MPL-2.0": ["MPL-2.0"], "CC0-1.0": ["CC0-1.0"],
    "GFDL-1.2": ["GFDL-1.2"], "GFDL-1.3": ["GFDL-1.3"], "BSD-3-Clause": ["BSD"],
}
_SPOKEN = {
    "GPL-1.0": "GNU General Public License, version 1", "GPL-2.0": "GNU General Public License version 2",
    "GPL-3.0": "GNU General Public License version 3",
    "LGPL-2.0": "GNU Library General Public License version 2",
    "LGPL-2.1": "GNU Lesser General Public License version 2.1",
    "LGPL-3.0": "GNU Lesser General Public License version 3", "Apache-2.0": "Apache License, version 2.0",
    "Artistic-1.0": "Artistic License", "MPL-1.1": "Mozilla Public License 1.1",
    "MPL-2.0": "Mozilla Public License, version 2.0", "CC0-1.0": "CC0 1.0 Universal dedication",
    "GFDL-1.2": "GNU Free Documentation License 1.2",
    "GFDL-1.3": "GNU Free Documentation License, version 1.3", "BSD-3-Clause": "BSD license",
}
_POINTERS = [
    "On Debian systems, the full text of the {n} is in {q}/usr/share/common-licenses/{f}{q}.",
    "On Debian systems, the complete text of the {n} can be found in {q}/usr/share/common-licenses/{f}{q}.",
    "The complete text of the {n} is in {q}/usr/share/common-licenses/{f}{q} on Debian GNU/Linux.",
    "See {q}/usr/share/common-licenses/{f}{q} for the {n}.",
    "The {n} is kept at /usr/share/common-licenses/{f}",
    "A copy is part of every Debian system: {q}/usr/share/common-licenses/{f}{q}.",
    "See /usr/share/common-licenses/{f}",
    "On Debian GNU systems, the whole license ({n}) is found under {q}/usr/share/common-licenses/{f}{q}.",
    "Debian users find the text of the {n} in the file {q}/usr/share/common-licenses/{f}{q}.",
]
_UNVERSIONED = {"GPL": "GPL", "LGPL": "LGPL", "GFDL": "GFDL"}


def _spellings() -> dict[str, list[str]]:
    found = collections.defaultdict(list)
    for name, spdx_id in sorted(families.DEBIAN_SHORT_NAMES.items()):
        if families.family(spdx_id):
            found[families.family(spdx_id)].append(name)
    return found


_SPELLINGS = _spellings()


def short_name(rng: random.Random, label: str, or_later: bool) -> str:
    """A name that families.debian_name_families reads as the label; the label itself where a spelling fails to."""
    form = rng.random()
    if form < 0.86 or not _SPELLINGS.get(label):
        name = rng.choice(_USUAL.get(label, [label]))
    else:
        name = rng.choice(_SPELLINGS[label])
        name = rng.choice([name, name.upper(), name.capitalize()])
    plain = name
    if or_later and label.split("-")[0] in _GNU + ("Artistic", "MPL", "LPPL"):
        name = name.rstrip("+") + "+"
    if label.startswith("GPL") and rng.random() < 0.07:
        name += f" {rng.choice(_EXCEPTIONS)}" if rng.random() < 0.8 else rng.choice(_HYPHENED)
    elif label.startswith("BSD") and rng.random() < 0.08 or rng.random() < 0.015:
        name += f"{rng.choice('-~~')}{rng.choice(_OWNERS)}"
    for candidate in (name, plain, label):
        if families.debian_name_families(candidate) == {label}:
            return candidate
    return label


def pointer(rng: random.Random, label: str) -> str:
    """A sentence that points at Debian's copy of the licence; "" where Debian has none."""
    if label not in _COMMON:
        return ""
    file = rng.choice(_COMMON[label])
    spoken = _SPOKEN[label]
    stem = label.split("-")[0]
    if stem in _UNVERSIONED and rng.random() < 0.15:
        file = _UNVERSIONED[stem]
        spoken = spoken.split(",")[0].split(" version")[0]
    elif stem == "GPL" and label == "GPL-2.0" and rng.random() < 0.06:
        file = "GPL-3"
    return rng.choice(_POINTERS).format(n=spoken, f=file, q=rng.choice(["", "", "`", "'", '"', '"']))
