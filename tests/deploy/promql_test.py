"""Tests of promql.py."""

import unittest

import promql
import support


class Operands(unittest.TestCase):
    def test_a_threshold_is_left_out(self):
        self.assertEqual(
            promql.operands('rate(x{a=">"}[5m]) > 0.9 * 4 * 1024'), ['rate(x{a=">"}[5m])']
        )

    def test_both_sides_of_and_count(self):
        self.assertEqual(promql.operands("sum(a) > 0 and sum(b) == 0"), ["sum(a)", "sum(b)"])

    def test_what_stands_in_parentheses_stays_together(self):
        self.assertEqual(promql.operands("(a or 0 * b) / c > 1"), ["(a or 0 * b) / c"])

    def test_absent_gives_its_argument(self):
        self.assertEqual(promql.operands('absent(up{job="j"})'), ['up{job="j"}'])

    def test_words_that_contain_an_operator_are_names(self):
        self.assertEqual(promql.operands("random_order < brand"), ["random_order", "brand"])

    def test_quoted_operators_are_text(self):
        self.assertEqual(promql.operands(r'a{b="x \" > and y"} >= 1'), [r'a{b="x \" > and y"}'])


class MetricNames(unittest.TestCase):
    def test_finds_plain_and_recorded_names(self):
        self.assertEqual(
            promql.metric_names(
                'job_model:diffuser_a:ratio_rate5m{code="x"} / sum(process_open_fds)'
            ),
            {"job_model:diffuser_a:ratio_rate5m", "process_open_fds"},
        )


if __name__ == "__main__":
    support.main()
