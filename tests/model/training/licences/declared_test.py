"""Tests which licence a package's file is taken to hold."""

import email.message
import unittest

import declared


def labels_of_file(path, declared_labels, others=()):
    return declared.labels_of_file(path, [path, *others], set(declared_labels))


def labels_of_python(licence="", classifiers=(), expression=None):
    metadata = email.message.Message()
    metadata["License"] = licence
    if expression:
        metadata["License-Expression"] = expression
    for classifier in classifiers:
        metadata["Classifier"] = classifier
    return declared.labels_of_python_metadata(metadata)


class ExpressionTest(unittest.TestCase):
    def test_is_read_in_each_registrys_spelling(self):
        for expression, expected in (("MIT OR Apache-2.0", {"MIT", "Apache-2.0"}),
                                     ("MIT/Apache-2.0", {"MIT", "Apache-2.0"}),
                                     ("(MIT OR GPL-3.0-or-later)", {"MIT", "GPL-3.0"}),
                                     ("Apache-2.0 WITH LLVM-exception", {"Apache-2.0"}),
                                     ("Apache License, Version 2.0", {"Apache-2.0"}),
                                     ("The MIT License", {"MIT"}),
                                     ("Eclipse Public License - v 2.0", {"EPL-2.0"})):
            self.assertEqual(declared.labels_of_expression(expression), expected, expression)

    def test_is_none_where_any_part_is_unknown(self):
        for expression in ("", None, "BSD", "GPL", "SEE LICENSE IN terms.txt", "MIT OR LicenseRef-ours", "UNLICENSED"):
            self.assertIsNone(declared.labels_of_expression(expression), expression)


class FileTest(unittest.TestCase):
    def test_with_an_id_in_its_name_has_that_licence(self):
        self.assertEqual(labels_of_file("LICENSE.Apache-2.0", {"MIT"}, ["LICENSE"]), {"Apache-2.0"})
        self.assertEqual(labels_of_file("LICENSES/CC0-1.0.txt", {"MIT"}, ["LICENSE"]), {"CC0-1.0"})

    def test_with_a_hint_in_its_name_has_the_declared_licence_that_fits(self):
        both = {"MIT", "Apache-2.0", "LGPL-3.0", "GPL-3.0"}
        self.assertEqual(labels_of_file("LICENSE-APACHE", both), {"Apache-2.0"})
        self.assertEqual(labels_of_file("license-mit.md", both), {"MIT"})
        self.assertEqual(labels_of_file("COPYING.LESSER", both), {"LGPL-3.0"})
        self.assertEqual(labels_of_file("MIT-LICENSE.txt", both), {"MIT"})
        self.assertEqual(labels_of_file("UNLICENSE", {"Unlicense", "MIT"}), {"Unlicense"})

    def test_with_a_hint_that_fits_none_or_two_has_no_truth(self):
        self.assertIsNone(labels_of_file("LICENSE-APACHE", {"MIT"}))
        self.assertIsNone(labels_of_file("LICENSE-BSD", {"BSD-2-Clause", "BSD-3-Clause"}))

    def test_with_a_plain_name_has_all_that_is_declared_if_it_stands_alone(self):
        self.assertEqual(labels_of_file("LICENSE", {"MIT", "Zlib"}), {"MIT", "Zlib"})
        self.assertIsNone(labels_of_file("LICENSE", {"MIT", "Zlib"}, ["LICENSE-ZLIB"]))

    def test_with_another_name_has_no_truth(self):
        self.assertIsNone(labels_of_file("LICENSE.third-party.txt", {"MIT"}))

    def test_is_told_from_other_files_by_its_name(self):
        for path in ("LICENSE", "LICENCE.md", "license-mit", "COPYING.LESSER", "UNLICENSE", "LICENSES/MIT.txt"):
            self.assertTrue(declared.is_licence_file(path), path)
        for path in ("README.md", "licensing.py", "src/license_check.c", "NOTICE", "AUTHORS"):
            self.assertFalse(declared.is_licence_file(path), path)


class PythonMetadataTest(unittest.TestCase):
    def test_goes_by_the_expression_alone_where_there_is_one(self):
        apache = ["License :: OSI Approved :: Apache Software License"]
        self.assertEqual(labels_of_python("BSD", apache, "ISC"), {"ISC"})

    def test_goes_by_classifiers_that_are_clear(self):
        self.assertEqual(labels_of_python("", ["License :: OSI Approved :: MIT License"]), {"MIT"})
        self.assertEqual(labels_of_python("MIT", ["License :: OSI Approved :: MIT License"]), {"MIT"})

    def test_needs_the_field_where_a_classifier_names_no_version(self):
        bsd = ["License :: OSI Approved :: BSD License"]
        self.assertEqual(labels_of_python("BSD-3-Clause", bsd), {"BSD-3-Clause"})
        self.assertIsNone(labels_of_python("BSD", bsd))

    def test_is_none_where_field_and_classifiers_differ_or_say_nothing(self):
        self.assertIsNone(labels_of_python("ISC", ["License :: OSI Approved :: MIT License"]))
        self.assertIsNone(labels_of_python("", ["License :: Other/Proprietary License"]))
        self.assertIsNone(labels_of_python())


if __name__ == "__main__":
    unittest.main()
