"""Marks of where licences are stated, and the windows that show them."""

import random
import unittest

import support
import compose
import marks
import prepare
import windows
from marks import Statement, mark

WORDS = "permission is granted to use it in any way "


class MarksTest(unittest.TestCase):
    def test_signs_are_read_off_and_say_where_they_stood(self):
        text, statements = marks.read("By " + mark("MIT or " + mark("ISC", "ISC"), "MIT") + ".")
        self.assertEqual(text, "By MIT or ISC.")
        self.assertCountEqual(statements, [Statement("MIT", 3, 13), Statement("ISC", 10, 13)])

    def test_one_text_may_state_several(self):
        _, statements = marks.read(mark("both", "MIT", "Zlib"))
        self.assertCountEqual(statements, [Statement("MIT", 0, 4), Statement("Zlib", 0, 4)])

    def test_what_lost_its_end_reaches_to_the_end_of_the_text(self):
        self.assertEqual(marks.read(mark("a b c", "MIT")[:4]), ("a b", [Statement("MIT", 0, 3)]))

    def test_what_lost_its_beginning_states_nothing(self):
        self.assertEqual(marks.read(mark("a b", "MIT")[1:]), ("a b", []))

    def test_text_without_signs_is_as_it_was(self):
        self.assertEqual(marks.read("plain \ue000 text"), ("plain \ue000 text", []))


class IsShownTest(unittest.TestCase):
    def test_a_short_statement_counts_where_most_of_it_is_seen(self):
        notice = Statement("MIT", 1000, 2000)
        self.assertTrue(windows.is_shown(notice, 0, 1600))
        self.assertTrue(windows.is_shown(notice, 1400, 3000))
        self.assertFalse(windows.is_shown(notice, 0, 1500))
        self.assertFalse(windows.is_shown(notice, 1500, 3000))

    def test_a_long_text_counts_where_its_beginning_is_seen(self):
        text = Statement("GPL-3.0", 1000, 36000)
        self.assertTrue(windows.is_shown(text, 1000, 3000))
        self.assertTrue(windows.is_shown(text, 0, 1300))
        self.assertFalse(windows.is_shown(text, 0, 1100))
        self.assertFalse(windows.is_shown(text, 1200, 36000))

    def test_what_lies_elsewhere_is_not_shown(self):
        self.assertFalse(windows.is_shown(Statement("MIT", 10, 20), 20, 300))
        self.assertFalse(windows.is_shown(Statement("MIT", 10, 20), 0, 10))


class PlanTest(unittest.TestCase):
    def test_a_short_document_is_one_window(self):
        self.assertEqual(windows.plan(random.Random(1), WORDS), [(0, len(WORDS))])

    def test_windows_cover_the_document_and_overlap(self):
        for repeats in (60, 100, 700):
            text = WORDS * repeats
            ranges = windows.plan(random.Random(repeats), text)
            self.assertGreater(len(ranges), 1)
            self.assertEqual((ranges[0][0], ranges[-1][1]), (0, len(text)))
            for (_, end), (begin, _) in zip(ranges, ranges[1:]):
                self.assertGreater(end - begin, 200)

    def test_windows_are_of_nearly_one_size(self):
        sizes = [end - begin for begin, end in windows.plan(random.Random(5), WORDS * 700)]
        self.assertLess(max(sizes) - min(sizes), 40)

    def test_windows_of_a_document_show_together_what_it_states(self):
        for material in (support.material(), support.material(short=True)):
            rng = random.Random(9)
            for _ in range(300):
                document = prepare.compose_document(rng, material, "full")
                shown = {statement.label for begin, end in windows.plan(rng, document.text)
                         for statement in document.statements if windows.is_shown(statement, begin, end)}
                self.assertEqual(shown, document.labels)

    def test_most_windows_that_show_nothing_are_left_out(self):
        statement = mark(WORDS, "MIT")
        document = compose.finished(compose.Document(WORDS * 700 + statement, {"MIT"}, "long"))
        rng = random.Random(2)
        counts = [len(windows.cut(rng, document.text, document.statements)) for _ in range(50)]
        self.assertLess(max(counts), 6)

    def test_windows_that_show_something_come_first(self):
        statement = mark(WORDS, "MIT")
        document = compose.finished(compose.Document(WORDS * 700 + statement, {"MIT"}, "long"))
        rng = random.Random(2)
        for _ in range(50):
            found = [labels for _, labels in windows.cut(rng, document.text, document.statements)]
            self.assertEqual(found[0], {"MIT"})


if __name__ == "__main__":
    unittest.main()
