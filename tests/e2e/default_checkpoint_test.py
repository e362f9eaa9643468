"""The default checkpoint's answers on the documents written for this project, as evaluated and as served."""

import json
import pathlib
import sys
import tempfile
import unittest

import programs

sys.path.insert(0, str(programs.ROOT / "model" / "training" / "licences"))
import families  # noqa: E402

CHECKPOINT = programs.ROOT / "model" / "checkpoints" / "licences"
SAMPLE = programs.ROOT / "tests" / "data" / "licences" / "sample.jsonl"

# What a checkpoint must reach to replace the one in the source: its own scores, rounded down.
MIN_MICRO_F1 = 0.95
MIN_EXACT_MATCH = 0.9
# What it says of the documents that it gets wrong, by their names. It gets all others right.
WRONG = {
    "readme-vendored": ["BSD-2-Clause"],
    "notice-third-parties": ["Apache-2.0", "BSD-3-Clause", "ISC"],
    "dep5-many": ["Apache-2.0", "GFDL-1.3", "GPL-3.0", "LGPL-3.0"],
    "wtfpl-blueoak": ["BlueOak-1.0.0"],
}

MAX_CHECKPOINT_BYTES = 12_000_000
MIN_LABELS = 80


def documents() -> list[dict]:
    return [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def expected() -> dict[str, set[str]]:
    """The labels that each document of the sample is pinned to get, by its name."""
    right = {document["name"]: document["labels"] for document in documents()}
    return {name: set(labels) for name, labels in (right | WRONG).items()}


class EvaluationTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        predictions = pathlib.Path(directory) / "predictions.jsonl"
        done = programs.run(
            programs.BIN / "diffuser-train", "eval", "--model", CHECKPOINT, "--data", SAMPLE,
            "--format", "json", "--predictions", predictions,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        cls.scores = json.loads(done.stdout)
        cls.predictions = [json.loads(line) for line in predictions.read_text().splitlines()]

    def test_scores_reach_what_is_pinned(self):
        self.assertEqual(self.scores["documents"], len(documents()))
        self.assertGreaterEqual(self.scores["micro"]["f1"], MIN_MICRO_F1)
        self.assertGreaterEqual(self.scores["exact_match"], MIN_EXACT_MATCH)

    def test_each_document_gets_the_labels_that_are_pinned(self):
        found = {line["name"]: set(line["predicted"]) for line in self.predictions}
        for name, labels in expected().items():
            with self.subTest(name):
                self.assertEqual(found[name], labels)


class ServingTest(unittest.TestCase):
    def test_serves_the_labels_that_were_evaluated(self):
        with tempfile.TemporaryDirectory() as directory:
            files = [pathlib.Path(directory) / document["name"] for document in documents()]
            for file, document in zip(files, documents()):
                file.write_text(document["text"], encoding="utf-8")
            with programs.Server(f"--model=licences={CHECKPOINT}") as server:
                done = programs.run(
                    programs.BIN / "diffuser-client", "classify", *files, "--top_k=0", "--json",
                    DIFFUSER_SERVER=server.address,
                )
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        found = {
            pathlib.Path(answer["file"]).name: {label["label"] for label in answer["labels"]}
            for answer in answers
        }
        self.assertEqual(found, expected())


class FolderTest(unittest.TestCase):
    def test_is_small_enough_to_come_with_the_source(self):
        sizes = {file.name: file.stat().st_size for file in CHECKPOINT.rglob("*") if file.is_file()}
        self.assertLess(sum(sizes.values()), MAX_CHECKPOINT_BYTES, sizes)

    def test_has_enough_labels_all_of_them_families_and_a_threshold_for_each(self):
        config = json.loads((CHECKPOINT / "config.json").read_text())
        labels = list(config["id2label"].values())
        self.assertGreaterEqual(len(labels), MIN_LABELS)
        self.assertEqual(len(labels), len(set(labels)))
        self.assertLessEqual(set(labels), set(families.LABELS))
        self.assertEqual(set(config["label_thresholds"]), set(labels))


if __name__ == "__main__":
    unittest.main()
