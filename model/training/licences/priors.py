"""How often each family is drawn: as people use it, mixed with an even share so that no label starves."""

import random

# Weights by ecosystem. What is missing has _RARE.
_PACKAGES = {
    "MIT": 100, "Apache-2.0": 60, "BSD-3-Clause": 45, "BSD-2-Clause": 22, "ISC": 22, "GPL-3.0": 14,
    "GPL-2.0": 14, "LGPL-3.0": 7, "LGPL-2.1": 9, "MPL-2.0": 10, "PSF-2.0": 9, "Unlicense": 7, "0BSD": 5,
    "CC0-1.0": 8, "Zlib": 8, "BSL-1.0": 7, "EPL-1.0": 6, "EPL-2.0": 6, "CDDL-1.0": 4, "CDDL-1.1": 3,
    "AGPL-3.0": 6, "MIT-0": 4, "ZPL-2.1": 4, "Artistic-2.0": 4, "OFL-1.1": 4, "CC-BY-4.0": 5, "CC-BY-3.0": 4,
    "BlueOak-1.0.0": 3, "WTFPL": 4, "Unicode-3.0": 5, "Apache-1.1": 3, "BSD-4-Clause": 3, "LGPL-2.0": 3,
    "GPL-1.0": 2, "HPND": 4, "NCSA": 3, "PostgreSQL": 2, "OpenSSL": 3, "MPL-1.1": 4, "W3C": 3, "Ruby": 3,
    "CC-BY-SA-4.0": 3, "CC-BY-SA-3.0": 3, "JSON": 2, "UPL-1.0": 2, "CPL-1.0": 2,
}
_DEBIAN = {
    "GPL-2.0": 95, "GPL-3.0": 60, "MIT": 65, "BSD-3-Clause": 42, "LGPL-2.1": 42, "BSD-2-Clause": 24,
    "Apache-2.0": 30, "LGPL-2.0": 28, "GPL-1.0": 24, "Artistic-1.0": 24, "ISC": 18, "LGPL-3.0": 16,
    "Zlib": 16, "FSFAP": 18, "FSFULLR": 12, "CC0-1.0": 16, "MPL-2.0": 8, "MPL-1.1": 6, "GFDL-1.2": 5,
    "GFDL-1.3": 7, "GFDL-1.1": 3, "BSL-1.0": 6, "PSF-2.0": 6, "Artistic-2.0": 5, "OFL-1.1": 5,
    "CC-BY-SA-3.0": 7, "CC-BY-SA-4.0": 6, "CC-BY-3.0": 4, "CC-BY-4.0": 4, "BSD-4-Clause": 10, "AGPL-3.0": 5,
    "Unicode-3.0": 3, "HPND": 7, "Ruby": 4, "curl": 3, "OpenSSL": 4, "NCSA": 4, "WTFPL": 3, "Unlicense": 4,
    "LPPL-1.3c": 4, "IJG": 3, "FTL": 3, "ZPL-2.1": 3, "W3C": 3, "TCL": 2, "Beerware": 3, "RSA-MD": 2,
    "QPL-1.0": 2,
}
_RARE = 1.0
_EVEN_SHARE = 0.38
# Families that are easily taken for others get more of the even share.
_HARD = {
    "GPL-1.0", "GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0", "AGPL-3.0", "BSD-1-Clause",
    "BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "MIT", "MIT-0", "ISC", "0BSD", "HPND", "ICU",
    "Apache-1.0", "Apache-1.1", "Apache-2.0", "Artistic-1.0", "Artistic-2.0", "MPL-1.0", "MPL-1.1", "MPL-2.0",
    "CDDL-1.0", "CDDL-1.1", "GFDL-1.1", "GFDL-1.2", "GFDL-1.3", "EPL-1.0", "EPL-2.0", "CC-BY-3.0",
    "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0",
}


class Priors:
    """Draws families among those that the rules know."""

    def __init__(self, labels: list[str]):
        self._labels = labels
        even = [2.0 if label in _HARD else 1.0 for label in labels]
        self._weights = {name: self._mix(table, even) for name, table in (("packages", _PACKAGES), ("debian", _DEBIAN))}

    def _mix(self, table: dict[str, float], even: list[float]) -> list[float]:
        used = [table.get(label, _RARE) for label in self._labels]
        return [(1 - _EVEN_SHARE) * weight / sum(used) + _EVEN_SHARE * share / sum(even)
                for weight, share in zip(used, even)]

    def draw(self, rng: random.Random, world: str = "packages") -> str:
        return rng.choices(self._labels, self._weights[world])[0]

    def draw_several(self, rng: random.Random, count: int, world: str = "packages") -> list[str]:
        """Up to `count` different families."""
        found = []
        for label in rng.choices(self._labels, self._weights[world], k=count):
            if label not in found:
                found.append(label)
        return found
