"""Tests the documents that are composed: that they are what their labels say, and that a seed fixes them."""

import json
import pathlib
import random
import re
import tempfile
import unittest

import support
import compose
import debian
import debian_names
import families
import marks
import noise
import prepare
import prose
import report

MATERIAL = support.material()


def documents(kind, count=60, material=MATERIAL):
    rng = random.Random(kind)
    return [compose.finished(prepare._COMPOSERS[kind](rng, material)) for _ in range(count)]


class ComposerTest(unittest.TestCase):
    def test_every_kind_has_text_and_known_labels(self):
        for kind in prepare._COMPOSERS:
            for material in (MATERIAL, support.material(short=True)):
                for document in documents(kind, 40, material):
                    self.assertTrue(document.text.strip(), kind)
                    self.assertLessEqual(document.labels, set(families.LABELS))

    def test_a_single_text_is_of_one_family_and_says_it(self):
        for document in documents("text"):
            self.assertEqual(len(document.labels), 1)
            self.assertIn(next(iter(document.labels)).lower(), document.text.lower())

    def test_documents_without_a_licence_have_no_label(self):
        self.assertFalse(any(document.labels for kind in ("none", "foreign") for document in documents(kind)))

    def test_every_label_is_stated_somewhere_and_no_sign_is_left(self):
        for kind in prepare._COMPOSERS:
            for document in documents(kind, 100):
                self.assertEqual({statement.label for statement in document.statements}, document.labels)
                self.assertEqual(marks.read(document.text), (document.text, []))

    def test_the_same_seed_gives_the_same_documents(self):
        first, second = (prepare.compose_documents(30, random.Random(7), MATERIAL, "full") for _ in range(2))
        self.assertEqual(first, second)
        self.assertNotEqual(first, prepare.compose_documents(30, random.Random(8), MATERIAL, "full"))

    def test_every_family_is_in_some_document(self):
        found = set()
        for document in prepare.compose_documents(5, random.Random(1), MATERIAL, "full"):
            found |= document.labels
        self.assertEqual(found, set(families.LABELS))


class DebianTest(unittest.TestCase):
    def test_the_labels_are_those_of_the_license_fields(self):
        for document in documents("dep5", 150):
            found = set()
            for value in re.findall(r"(?m)^License: *(.*)$", document.text):
                found |= families.debian_families(value)
            self.assertEqual(found, document.labels, document.text)

    def test_every_line_of_a_field_is_folded(self):
        self.assertEqual(debian.folded("a\n\n b"), " a\n .\n  b")

    def test_every_spelling_is_read_as_its_family(self):
        rng = random.Random(3)
        for label in families.LABELS:
            for or_later in (False, True) * 20:
                name = debian_names.short_name(rng, label, or_later)
                self.assertEqual(families.debian_name_families(name), {label}, name)


class NoiseTest(unittest.TestCase):
    TEXT = ("Words that fill a line of usual length, which is what most licences have,\nand go on in the next one.\n\n"
            "1. A first item\n2. A second item")

    def words(self, text):
        return re.findall(r"[a-z]+", text.lower())

    def test_rewrapping_keeps_the_words(self):
        for width in (None, 40, 72):
            self.assertEqual(self.words(noise.rewrap(self.TEXT, width)), self.words(self.TEXT))

    def test_one_line_a_paragraph(self):
        self.assertEqual(noise.rewrap(self.TEXT, None).split("\n\n")[0].count("\n"), 0)

    def test_items_keep_lines_of_their_own(self):
        self.assertIn("1. A first item\n2. A second item", noise.rewrap(self.TEXT, 60))

    def test_disturbing_keeps_its_words(self):
        rng = random.Random(5)
        for _ in range(200):
            self.assertLessEqual(set(self.words(self.TEXT)), set(self.words(noise.disturb(rng, self.TEXT))))

    def test_copyright_lines_go_and_clauses_on_copyright_stay(self):
        text = "Copyright (c) 2001 Somebody\n\ncopyright notice must be kept"
        self.assertEqual(noise.without_copyright(text), "copyright notice must be kept")

    def test_other_names_stand_in_the_third_clause(self):
        rng, found = random.Random(2), set()
        for _ in range(20):
            found.add(noise.rename_holders(rng, "Neither the name of ACME nor the names of its contributors"))
        self.assertGreater(len(found), 3)


class ProseTest(unittest.TestCase):
    def test_leaves_out_every_paragraph_with_a_word_of_the_law(self):
        text = "Birds sing.\n\nUnder the GPL.\n\n# code\n#\n# All rights reserved.\n\nRivers run."
        self.assertEqual(prose.clean_paragraphs(text), ("Birds sing.", "# code", "Rivers run."))

    def test_strips_a_manual_pages_markup(self):
        text = prose._plain_manual('.\\" comment\n.TH LS 1\n.SH NAME\nls \\- list\n.TP\n\\fB\\-a\\fR\nshow all')
        self.assertNotRegex(text, r"\\|\.SH|\.TP")
        self.assertIn("-a", text)


class WriterTest(unittest.TestCase):
    def test_writes_one_object_a_line(self):
        made = prepare.compose_documents(10, random.Random(1), MATERIAL, "short")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "new" / "train.jsonl"
            prepare.write(path, made)
            read = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([item["text"] for item in read], [document.text for document in made])
        self.assertEqual([set(item["labels"]) for item in read], [document.labels for document in made])

    def test_the_report_counts_kinds_and_labels(self):
        text = report.describe("train", prepare.compose_documents(20, random.Random(1), MATERIAL, "full"))
        self.assertIn("train:", text)
        self.assertIn("MIT", text)


if __name__ == "__main__":
    unittest.main()
