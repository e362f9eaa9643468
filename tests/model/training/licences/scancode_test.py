"""Tests the reader of ScanCode's rules on contents of our own."""

import unittest

import support  # noqa: F401  puts the sources on the path
import doubts
import rulebook
import scancode

SPDX_IDS = {"mit": "MIT", "gpl-2.0": "GPL-2.0-only", "gpl-2.0-plus": "GPL-2.0-or-later",
            "gpl-1.0-plus": "GPL-1.0-or-later", "artistic-perl-1.0": "Artistic-1.0-Perl",
            "odd": "LicenseRef-scancode-odd"}


class FrontMatterTest(unittest.TestCase):
    def test_reads_scalars_and_leaves_lists_out(self):
        fields, text = scancode.parse_front_matter(
            "---\nlicense_expression: mit AND\n    zlib\nis_license_notice: yes\n"
            "ignorable_urls:\n    - http://a\n---\n\nWords.\n")
        self.assertEqual(fields["license_expression"], "mit AND zlib")
        self.assertEqual(fields["ignorable_urls"], "")
        self.assertEqual(text, "Words.")

    def test_takes_carriage_returns(self):
        fields, text = scancode.parse_front_matter("---\r\nlicense_expression: mit\r\n---\r\n\r\nWords.")
        self.assertEqual((fields["license_expression"], text), ("mit", "Words."))

    def test_gives_nothing_where_there_is_none(self):
        self.assertEqual(scancode.parse_front_matter("Words."), ({}, ""))


class LabelsTest(unittest.TestCase):
    def labels(self, expression, text="some words"):
        return scancode.labels_of(scancode.expression_keys(expression), text, SPDX_IDS)

    def test_unites_the_families_of_an_expression(self):
        self.assertEqual(self.labels("(gpl-2.0-plus OR mit) AND odd"), ("GPL-2.0", "MIT"))

    def test_drops_exceptions(self):
        self.assertEqual(scancode.expression_keys("gpl-2.0 WITH classpath-exception-2.0 AND mit"), ("gpl-2.0", "mit"))

    def test_does_not_guess_a_version_that_the_text_lacks(self):
        self.assertEqual(self.labels("gpl-1.0-plus", "under the GPL"), ())
        self.assertEqual(self.labels("gpl-1.0-plus", "GPL version 1 or later"), ("GPL-1.0",))

    def test_reads_perls_own_terms(self):
        self.assertEqual(self.labels("artistic-perl-1.0 OR gpl-1.0-plus", "under the same terms as Perl itself"),
                         ("Artistic-1.0", "GPL-1.0"))


class CleanTest(unittest.TestCase):
    def clean(self, text):
        content = f"---\nlicense_expression: mit\nis_license_notice: yes\n---\n\n{text}"
        return scancode._parse_rule("a", content, SPDX_IDS).text

    def test_removes_braces_and_debians_dots(self):
        self.assertEqual(self.clean("under the {{MIT License}}\n .\nfor all"), "under the MIT License\n\nfor all")

    def test_removes_a_comment_prefix_that_all_lines_have(self):
        self.assertEqual(self.clean("# one\n#\n# two\n# three"), "one\n\ntwo\nthree")

    def test_keeps_a_list(self):
        text = "Either:\n* one\n* two\nor none.\nThe end."
        self.assertEqual(self.clean(text), text)

    def test_leaves_deprecated_rules_out(self):
        content = "---\nlicense_expression: mit\nis_deprecated: yes\n---\n\nMIT"
        self.assertIsNone(scancode._parse_rule("a", content, SPDX_IDS))


class SplitTest(unittest.TestCase):
    def test_gives_each_family_to_both_parts(self):
        for part in rulebook.split_rules(support.rules()):
            found = {label for rule in part for label in rule.labels}
            self.assertEqual(found, set(support.families.LABELS))

    def test_holds_out_about_the_share_asked_for(self):
        held_out = sum(rulebook.is_held_out(f"rule {index}", 0.1) for index in range(5000))
        self.assertTrue(400 < held_out < 600, held_out)


class DoubtsTest(unittest.TestCase):
    def is_telling(self, text, label, kind="reference"):
        return doubts.is_telling(scancode.Rule("a", kind, text, (label.lower(),), (label,)))

    def test_drops_short_statements_that_say_no_name(self):
        self.assertFalse(self.is_telling("see http://example.org/terms", "MIT"))
        self.assertTrue(self.is_telling("License: MIT", "MIT"))

    def test_drops_statements_of_another_version_or_none(self):
        self.assertFalse(self.is_telling("GPL version 3 or later", "GPL-2.0"))
        self.assertFalse(self.is_telling("under the LGPL", "LGPL-2.1"))
        self.assertTrue(self.is_telling("GPLv2 only", "GPL-2.0"))
        self.assertTrue(self.is_telling("the Apache License", "Apache-2.0"))

    def test_tells_creative_commons_parts_apart(self):
        self.assertFalse(self.is_telling("CC BY-SA 4.0", "CC-BY-4.0"))
        self.assertTrue(self.is_telling("CC BY-SA 4.0", "CC-BY-SA-4.0"))

    def test_drops_a_text_without_the_clause_that_its_family_has(self):
        clauses = "Redistributions in binary form must reproduce the notice. " * 12
        self.assertFalse(self.is_telling(clauses, "BSD-3-Clause", "text"))
        self.assertTrue(self.is_telling(clauses + "May not be used to endorse products.", "BSD-3-Clause", "text"))

    def test_takes_no_modified_text_of_a_family_for_a_foreign_licence(self):
        own = scancode.Rule("a", "text", " ".join(f"word{index}" for index in range(60)), ("mit",), ("MIT",), True)
        likeness = doubts.Likeness([own])
        self.assertTrue(likeness.is_like_a_label(own.text + " and one restriction more"))
        self.assertFalse(likeness.is_like_a_label("quite different words in a licence of somebody's own making"))

    def test_takes_no_vague_word_on_a_family_for_a_foreign_licence(self):
        for key, text in (("proprietary-license", "MIT with restrictions"), ("openssl-exception", "with exception")):
            self.assertFalse(doubts.is_plainly_foreign(scancode.Rule("a", "notice", text, (key,), ())))
        self.assertTrue(doubts.is_plainly_foreign(scancode.Rule("a", "notice", "Harbour terms", ("harbour",), ())))


if __name__ == "__main__":
    unittest.main()
