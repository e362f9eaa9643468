"""Tests the licence families: SPDX ids, expressions, and Debian's short names."""

import unittest

import families


class LabelsTest(unittest.TestCase):
    def test_are_sorted_and_between_ninety_and_a_hundred_and_twenty(self):
        self.assertEqual(families.LABELS, sorted(set(families.LABELS), key=str.lower))
        self.assertTrue(90 <= len(families.LABELS) <= 120)

    def test_are_their_own_families(self):
        for label in families.LABELS:
            self.assertEqual(families.family(label), label)

    def test_hold_every_family_that_ids_are_folded_into_and_none_of_those_ids(self):
        self.assertLessEqual(set(families.FOLDED), set(families.LABELS))
        folded = {spdx_id for ids in families.FOLDED.values() for spdx_id in ids.split()}
        self.assertFalse(folded & set(families.LABELS))


class FamilyTest(unittest.TestCase):
    def test_drops_what_is_said_of_later_versions(self):
        for spdx_id in ("GPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-2.0+", "gpl-2.0-OR-LATER"):
            self.assertEqual(families.family(spdx_id), "GPL-2.0")

    def test_folds_texts_that_are_practically_the_same(self):
        for spdx_id, family in (("Artistic-1.0-Perl", "Artistic-1.0"), ("Artistic-1.0-cl8", "Artistic-1.0"),
                                ("BSD-4-Clause-UC", "BSD-4-Clause"), ("X11", "MIT"), ("Python-2.0", "PSF-2.0"),
                                ("GFDL-1.3-no-invariants-or-later", "GFDL-1.3"), ("NTP", "HPND"),
                                ("GPL-2.0-with-classpath-exception", "GPL-2.0"), ("CC-BY-SA-3.0-DE", "CC-BY-SA-3.0")):
            self.assertEqual(families.family(spdx_id), family)

    def test_of_an_unknown_id_is_empty(self):
        self.assertEqual(families.family("LicenseRef-of-our-own"), "")
        self.assertEqual(families.family(""), "")


class ExpressionTest(unittest.TestCase):
    def test_gives_the_families_of_all_its_ids(self):
        self.assertEqual(families.families("(MIT OR Apache-2.0) AND Unicode-DFS-2016"),
                         {"MIT", "Apache-2.0", "Unicode-3.0"})

    def test_takes_an_exception_for_no_licence(self):
        self.assertEqual(families.families("GPL-2.0-only WITH Classpath-exception-2.0 OR MIT"), {"GPL-2.0", "MIT"})
        self.assertEqual(families.families("Apache-2.0 with MIT"), {"Apache-2.0"})

    def test_skips_unknown_ids(self):
        self.assertEqual(families.families("LicenseRef-x AND (NOASSERTION OR ISC)"), {"ISC"})
        self.assertEqual(families.families(""), set())


class DebianNamesTest(unittest.TestCase):
    def test_are_in_their_own_normal_form_and_lead_to_families(self):
        for name, spdx_id in families.DEBIAN_SHORT_NAMES.items():
            self.assertEqual(families.debian_short_name(name), name)
            self.assertIn(families.family(spdx_id), families.LABELS)

    def test_give_the_families_of_a_synopsis(self):
        for value, expected in (
                ("GPL-2+ or Artistic, and BSD-3-clause", {"GPL-2.0", "Artistic-1.0", "BSD-3-Clause"}),
                ("GPL-2+ with OpenSSL exception", {"GPL-2.0"}),
                ("GPL-3+ with Autoconf and Bison exception or Expat", {"GPL-3.0", "MIT"}),
                ("GPL-2+-autoconf-exception", {"GPL-2.0"}),
                ("GPL v3 or later", {"GPL-3.0"}),
                ("GPL-2.0-or-later", {"GPL-2.0"}),
                ("Expat", {"MIT"}),
                ("MIT/X11", {"MIT"}),
                ("LGPL-2.1+", {"LGPL-2.1"}),
                ("GFDL-NIV-1.3+", {"GFDL-1.3"}),
                ("Apache License 2.0", {"Apache-2.0"}),
                ("BSD-3-clause~Harbour", {"BSD-3-Clause"}),
                ("BSD-2-clause-NetBSD", {"BSD-2-Clause"}),
                ("Perl", {"GPL-1.0", "Artistic-1.0"})):
            self.assertEqual(families.debian_families(value), expected, value)

    def test_say_nothing_where_they_are_vague_or_of_ones_own(self):
        for value in ("public-domain", "GPL", "BSD", "BSD-like", "BSD-3-clause-like", "other", "harbour-free", ""):
            self.assertEqual(families.debian_families(value), set(), value)

    def test_are_read_from_the_first_line_alone(self):
        self.assertEqual(families.debian_families("Expat\n you may also know the GPL-2"), {"MIT"})


if __name__ == "__main__":
    unittest.main()
