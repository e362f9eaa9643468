"""Documents without a licence, and those that only sound like one."""

import random

import compose
import holders
import noise
import several
from compose import Document, Material

_CLAUSES = [
    "{c} collects the data that you enter when you register, such as your name and your e-mail address.",
    "We keep server logs for {k} days and then delete them.",
    "You may ask us at any time which data we hold about you.",
    "This agreement is between {c} (the Supplier) and the Customer, and takes effect on the date of the order.",
    "Invoices are due within {k} days. Late payments bear interest at the statutory rate.",
    "Either party may end this contract with {k} days' notice in writing.",
    "{c} is not responsible for interruptions that are caused by third parties or by force majeure.",
    "Any dispute shall be settled by the courts of {w}.",
    "Confidential Information shall not be disclosed to others.",
    "The Customer shall keep the passwords of its accounts secret and report any misuse without delay.",
    "Cookies are used to keep you signed in; you can refuse them in your browser.",
    "By taking part you agree to treat all members of the community with respect.",
    "Project maintainers may remove comments, commits and issues that do not follow this Code of Conduct.",
    "Please report security problems to {e} and give us {k} days before you publish them.",
    "Contributions are reviewed by at least {s} maintainers. Sign your commits off with your real name.",
    "All rights reserved.",
    "No part of this publication may be reproduced in any form without permission in writing from {c}.",
    "Names of products are trademarks of their owners.",
    "The service is provided as it is, and may change without notice.",
    "{c} does not give any warranty that the figures in this report are complete.",
    "The following people wrote this software: {h}.",
    "This document is confidential and meant for the addressee alone.",
    "If a provision of this agreement is void, the others stay in force.",
    "See the file COPYING for the terms.", "See the LICENSE file for details.",
    "Copying conditions are described elsewhere.", "This software is copyrighted; ask {h} for a license.",
    "For license information, please write to {e}.",
]


def _legal_talk(rng: random.Random) -> str:
    numbered, out = rng.random() < 0.5, []
    for index in range(rng.randint(3, 25)):
        name = holders.person(rng)
        clause = rng.choice(_CLAUSES).format(
            c=holders.company(rng), k=rng.choice([7, 14, 30, 60, 90]), w=holders.company(rng).split()[0],
            e=holders.mail(rng, name), h=name, s=rng.choice(["two", "three"]))
        out.append(f"{index + 1}. {clause}" if numbered else clause)
    return rng.choice(["\n\n", "\n", " "]).join(out)


def _people(rng: random.Random) -> str:
    lines = []
    for _ in range(rng.randint(3, 40)):
        name = holders.person(rng)
        lines.append(rng.choice([f"* {name} <{holders.mail(rng, name)}>", f"{name} - {several.path(rng)}",
                                 f"{name} ({holders.company(rng)})", name]))
    return rng.choice(["Contributors\n============\n\n", "AUTHORS\n\n", "Thanks to:\n\n", ""]) + "\n".join(lines)


def _copyrights(rng: random.Random) -> str:
    return "\n".join(holders.copyright_line(rng) for _ in range(rng.randint(1, 30)))


def _bare_stanzas(rng: random.Random) -> str:
    """A Debian file whose stanzas name no licence of ours."""
    stanzas = [f"Files: {several.path(rng)}\nCopyright: {holders.years(rng)} {holders.holder(rng)}\n"
               f"License: {rng.choice(['public-domain', 'other', 'custom', 'PD'])}" for _ in range(rng.randint(1, 4))]
    return "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n" + "\n\n".join(stanzas)


def none_document(rng: random.Random, material: Material) -> Document:
    """Prose, code, lists of people, contracts, copyright lines; at times with a phrase that looks like a licence's."""
    makers = [lambda: material.prose.some(rng, rng.randint(5, 300 if material.short else 1800)),
              lambda: _legal_talk(rng), lambda: _people(rng), lambda: _copyrights(rng), lambda: _bare_stanzas(rng)]
    text = rng.choices(makers, [0.58, 0.2, 0.1, 0.08, 0.04])[0]()
    if rng.random() < 0.3:
        text = f"{holders.copyright_lines(rng)}\n\n{text}"
    for _ in range(rng.choice([0, 0, 0, 1, 1, 3])):
        lure = rng.choice([lambda: material.book.lure(rng).text] * 3 + [lambda: material.book.intro(rng).text,
                                                                        lambda: compose.aside(rng, material)])()
        parts = noise.paragraphs(text)
        parts.insert(rng.randrange(len(parts) + 1), lure)
        text = "\n\n".join(parts)
    return Document(text, set(), "none")
