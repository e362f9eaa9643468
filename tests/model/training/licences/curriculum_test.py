"""Which documents each training stage takes."""

import json
import random
import unittest

import curriculum


def lines(*lengths: int) -> list[str]:
    return [json.dumps({"text": "x" * length, "labels": []}) + "\n" for length in lengths]


class CurriculumTest(unittest.TestCase):
    def chosen(self, share, *lengths):
        kept = curriculum.choose(iter(lines(*lengths)), share, random.Random(1))
        return [len(json.loads(line)["text"]) for line in kept]

    def test_snippets_are_the_short_ones_all_of_them(self):
        self.assertEqual(self.chosen(curriculum.snippets, 10, 449, 450, 9000, 20), [10, 449, 20])

    def test_pieces_are_no_longer_than_a_passage_with_half_of_the_snippets(self):
        kept = self.chosen(curriculum.pieces, *[100] * 400, *[1000] * 50, *[1600] * 50)
        self.assertEqual(kept.count(1000), 50)
        self.assertEqual(kept.count(1600), 0)
        self.assertTrue(150 < kept.count(100) < 250, kept.count(100))

    def test_passages_are_all_windows_with_fewer_of_the_snippets(self):
        kept = self.chosen(curriculum.passages, *[100] * 400, *[2000] * 50, *[2250] * 50)
        self.assertEqual(kept.count(2000), 50)
        self.assertEqual(kept.count(2250), 50)
        self.assertTrue(110 < kept.count(100) < 210, kept.count(100))

    def test_the_same_data_gives_the_same_choice(self):
        lengths = [100, 2000, 300, 20000] * 50
        self.assertEqual(self.chosen(curriculum.pieces, *lengths), self.chosen(curriculum.pieces, *lengths))


if __name__ == "__main__":
    unittest.main()
