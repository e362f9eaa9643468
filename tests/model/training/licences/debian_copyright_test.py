"""Tests what is taken for the truth of a Debian copyright file."""

import unittest

import debian_copyright

HEADER = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"


def labels_of(body, header=HEADER):
    return debian_copyright.declared_labels(f"{header}Upstream-Name: ferry\n\n{body}")


class DeclaredLabelsTest(unittest.TestCase):
    def test_are_the_union_of_all_files_paragraphs_and_the_header(self):
        self.assertEqual(
            labels_of("Files: *\nCopyright: Ada\nLicense: GPL-2+\n\nFiles: doc/*\nCopyright: Ada\nLicense: Expat\n",
                      HEADER + "License: Zlib\n"),
            {"Zlib", "GPL-2.0", "MIT"})

    def test_take_licence_paragraphs_that_files_refer_to(self):
        self.assertEqual(
            labels_of("Files: *\nLicense: GPL-2+ or Expat\n\nLicense: GPL-2+\n text\n\nLicense: Expat\n text\n"),
            {"GPL-2.0", "MIT"})

    def test_are_none_where_a_licence_paragraph_is_of_no_file(self):
        self.assertIsNone(labels_of("Files: *\nLicense: Expat\n\nLicense: GPL-2+\n text\n"))

    def test_are_none_where_a_name_is_of_ones_own(self):
        self.assertIsNone(labels_of("Files: *\nLicense: GPL-2+\n\nFiles: a.c\nLicense: ferry-permissive\n text\n"))

    def test_are_none_where_files_have_no_licence(self):
        self.assertIsNone(labels_of("Files: *\nCopyright: 2019 Ada\n"))
        self.assertIsNone(labels_of("Files: *\nLicense:\n text alone\n"))

    def test_are_empty_where_all_is_in_the_public_domain(self):
        self.assertEqual(labels_of("Files: *\nLicense: public-domain\n Ada gave it away.\n"), set())

    def test_are_none_for_files_of_no_form(self):
        self.assertIsNone(debian_copyright.declared_labels("This package was made by Ada.\n\nLicense: GPL-2+\n"))

    def test_do_not_depend_on_the_licence_texts(self):
        self.assertEqual(labels_of("Files: *\nLicense: Expat\n License: GPL-2+ is not meant\n .\n nor Apache-2.0\n"),
                         {"MIT"})


class ParagraphsTest(unittest.TestCase):
    def test_keep_continued_lines_with_their_field(self):
        self.assertEqual(debian_copyright.paragraphs("Files: a\n b\nLicense: X\n\nComment: c\n"),
                         [{"files": "a\nb", "license": "X"}, {"comment": "c"}])

    def test_survive_stray_lines(self):
        self.assertEqual(debian_copyright.paragraphs(" stray\n\nno field here\nFiles: *\n"), [{"files": "*"}])


if __name__ == "__main__":
    unittest.main()
