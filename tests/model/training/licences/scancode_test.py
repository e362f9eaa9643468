"""Tests the reader of ScanCode's rules on contents of our own."""

import unittest

import support  # noqa: F401  puts the sources on the path
import rulebook
import scancode

SPDX_IDS = {"mit": "MIT", "gpl-2.0": "GPL-2.0-only", "gpl-2.0-plus": "GPL-2.0-or-later", "gpl-1.0-plus": "GPL-1.0-or-later",
            "artistic-perl-1.0": "Artistic-1.0-Perl", "odd": "LicenseRef-scancode-odd"}


class FrontMatterTest(unittest.TestCase):
    def test_reads_scalars_and_leaves_lists_out(self):
        fields, text = scancode.parse_front_matter(
            "---\nlicense_expression: mit AND\n    zlib\nis_license_notice: yes\nignorable_urls:\n    - http://a\n---\n\nWords.\n")
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
        rule = scancode._parse_rule("a", f"---\nlicense_expression: mit\nis_license_notice: yes\n---\n\n{text}", SPDX_IDS)
        return rule.text

    def test_removes_braces_and_debians_dots(self):
        self.assertEqual(self.clean("under the {{MIT License}}\n .\nfor all"), "under the MIT License\n\nfor all")

    def test_removes_a_comment_prefix_that_all_lines_have(self):
        self.assertEqual(self.clean("# one\n#\n# two\n# three"), "one\n\ntwo\nthree")

    def test_keeps_a_list(self):
        self.assertEqual(self.clean("Either:\n* one\n* two\nor none.\nThe end."), "Either:\n* one\n* two\nor none.\nThe end.")

    def test_leaves_deprecated_rules_out(self):
        self.assertIsNone(scancode._parse_rule("a", "---\nlicense_expression: mit\nis_deprecated: yes\n---\n\nMIT", SPDX_IDS))


class SplitTest(unittest.TestCase):
    def test_gives_each_family_to_both_parts(self):
        for part in rulebook.split_rules(support.rules()):
            found = {label for rule in part for label in rule.labels}
            self.assertEqual(found, set(support.families.LABELS))

    def test_holds_out_about_the_share_asked_for(self):
        held_out = sum(rulebook.is_held_out(f"rule {index}", 0.1) for index in range(5000))
        self.assertTrue(400 < held_out < 600, held_out)

    def test_drops_short_statements_that_say_no_name(self):
        rule = scancode.Rule("a", "reference", "see http://example.org/terms", ("mit",), ("MIT",))
        self.assertFalse(rulebook.is_telling(rule))
        self.assertTrue(rulebook.is_telling(scancode.Rule("a", "tag", "License: MIT", ("mit",), ("MIT",))))


if __name__ == "__main__":
    unittest.main()
