"""Tests how files become a test set: which are one text, which are kept, and that lists are pinned."""

import unittest

import collect_test_set
import package_sources

WORDS = " ".join(["You may use, change and pass on this made-up program as long as you keep this note with it."] * 3)


def entry(name, labels, source="npm"):
    return {"name": name, "labels": labels, "source": source}


class FingerprintTest(unittest.TestCase):
    def test_ignores_copyright_lines_digits_and_layout(self):
        self.assertEqual(collect_test_set.fingerprint(f"Copyright (c) 2019 Ada\n{WORDS}"),
                         collect_test_set.fingerprint(f"© Bo, 2021\n\n1. {WORDS.upper()}".replace(", ", ",\n  ")))

    def test_differs_with_the_words(self):
        self.assertNotEqual(collect_test_set.fingerprint(WORDS), collect_test_set.fingerprint(WORDS + " Please."))

    def test_is_none_for_a_file_of_a_few_words(self):
        self.assertIsNone(collect_test_set.fingerprint("See ../LICENSE"))


class OneForEachTextTest(unittest.TestCase):
    def test_keeps_the_labels_that_most_packages_declare(self):
        kept = collect_test_set.one_for_each_text(
            [("p", entry("a", ["MIT"])), ("p", entry("b", ["ISC"])), ("p", entry("c", ["MIT"]))])
        self.assertEqual([found["labels"] for found in kept], [["MIT"]])

    def test_leaves_a_text_out_whose_packages_disagree_evenly(self):
        self.assertEqual(
            collect_test_set.one_for_each_text([("p", entry("a", ["MIT"])), ("p", entry("b", ["ISC"]))]), [])


class CappedTest(unittest.TestCase):
    def test_bounds_the_share_of_one_label_set_in_each_source(self):
        entries = [entry(f"m{index}", ["MIT"]) for index in range(100)]
        entries += [entry(f"o{index}", [f"label {index}"]) for index in range(300)]
        entries += [entry("d", ["MIT"], source="debian")]
        kept = collect_test_set.capped(entries)
        of_npm = [found for found in kept if found["source"] == "npm"]
        mit = sum(found["labels"] == ["MIT"] for found in of_npm)
        self.assertLessEqual(mit, 0.12 * len(of_npm) + 1)
        self.assertEqual(len(kept) - mit, 301)

    def test_leaves_small_sets_whole(self):
        entries = [entry(f"m{index}", ["MIT"]) for index in range(collect_test_set.ALWAYS_KEPT)]
        self.assertEqual(len(collect_test_set.capped(entries)), len(entries))


class DocumentsTest(unittest.TestCase):
    def test_are_none_of_a_package_that_declares_nothing_known(self):
        package = package_sources.Package("npm", "a@1", None, {"LICENSE": WORDS})
        self.assertEqual(list(collect_test_set.documents_of(package)), [])

    def test_are_the_files_with_a_fair_truth(self):
        package = package_sources.Package("crates", "a@1", {"MIT", "Zlib"}, {"LICENSE-MIT": WORDS, "LICENSE": WORDS})
        self.assertEqual([(path, labels) for path, labels, _ in collect_test_set.documents_of(package)],
                         [("LICENSE-MIT", {"MIT"})])


    def test_leave_out_files_that_are_longer_than_the_one_licence(self):
        package = package_sources.Package("npm", "a@1", {"MIT"}, {"LICENSE": WORDS * 40})
        self.assertEqual(list(collect_test_set.documents_of(package)), [])
        package.labels = {"MIT", "Apache-2.0"}
        self.assertEqual(len(list(collect_test_set.documents_of(package))), 1)


class ListsTest(unittest.TestCase):
    def test_pin_every_package_once_with_its_version(self):
        for source, separator in zip(package_sources.ALL, ("=", "==", "@", "@", ":")):
            pins = collect_test_set.pins_of(source)
            self.assertTrue(pins, source.name)
            self.assertEqual(len(pins), len(set(pins)), source.name)
            for pin in pins:
                name, _, version = pin.rpartition(separator)
                self.assertTrue(name and version, pin)


if __name__ == "__main__":
    unittest.main()
