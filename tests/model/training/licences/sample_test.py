"""Tests the sample of documents written for this project: it is what scores are pinned on."""

import json
import pathlib
import unittest

import families

SAMPLE = pathlib.Path(__file__).resolve().parents[3] / "data" / "licences" / "sample.jsonl"


class SampleTest(unittest.TestCase):
    def setUp(self):
        self.documents = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]

    def test_has_distinct_names_and_texts(self):
        for field in ("name", "text"):
            values = [document[field] for document in self.documents]
            self.assertEqual(len(values), len(set(values)))

    def test_has_families_for_labels(self):
        for document in self.documents:
            self.assertLessEqual(set(document["labels"]), set(families.LABELS), document["name"])
            self.assertEqual(document["labels"], sorted(document["labels"], key=str.lower), document["name"])

    def test_has_documents_of_no_licence_of_one_and_of_several(self):
        counts = [len(document["labels"]) for document in self.documents]
        self.assertGreaterEqual(counts.count(0), 5)
        self.assertGreaterEqual(counts.count(1), 15)
        self.assertGreaterEqual(len(counts) - counts.count(0) - counts.count(1), 8)


if __name__ == "__main__":
    unittest.main()
