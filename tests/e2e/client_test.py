"""The client program against the real server: what people and scripts see of it."""

import json
import pathlib
import tempfile
import unittest

import programs

CLIENT = programs.BIN / "diffuser-client"
FILES = sorted(programs.DOCUMENTS.glob("*.txt"))


class ClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = programs.Server(programs.TEXT_MODEL, programs.IDS_MODEL)
        cls.enterClassContext(cls.server)

    def client(self, *arguments, **options):
        return programs.run(CLIENT, *arguments, DIFFUSER_SERVER=self.server.address, **options)

    def test_classifies_files_with_the_sentences_that_decided(self):
        done = self.client("classify", *FILES, "--json", "--evidence")
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = {answer["file"]: answer for answer in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(set(answers), {str(file) for file in FILES})
        for file in FILES:
            answer = answers[str(file)]
            self.assertEqual(answer["model"], "text")
            self.assertAlmostEqual(sum(label["score"] for label in answer["labels"]), 1, places=5)
            self.assertEqual(answer["usage"]["truncated"], 0)
            weights = [piece["weight"] for piece in answer["evidence"]]
            self.assertEqual(weights, sorted(weights, reverse=True))
            for piece in answer["evidence"]:
                words = file.read_bytes()[piece["begin_byte"] : piece["end_byte"]].decode()
                self.assertEqual(words, words.strip())
                self.assertNotEqual(words, "")

    def test_shows_a_table_to_people(self):
        done = self.client("classify", FILES[-1], "--evidence", "--color=never")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("class-", done.stdout)
        self.assertIn("%", done.stdout)

    def test_reads_standard_input_and_token_ids(self):
        done = self.client("classify", "-", "--json", text_in="Some words of a document.")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["labels"]), 2)
        done = self.client(
            "classify", "-", "--json", "--logits", "--token_ids", "--model=tiny", text_in="0 17 23 2"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)["logits"]), 3)

    def test_fails_for_a_bad_file_but_answers_the_others(self):
        with tempfile.TemporaryDirectory() as directory:
            bad = pathlib.Path(directory) / "bad.txt"
            bad.write_bytes(b"caf\xe9")
            absent = pathlib.Path(directory) / "absent.txt"
            for file in (bad, absent):
                done = self.client("classify", file, FILES[0], "--json")
                self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
                answers = [json.loads(line) for line in done.stdout.splitlines()]
                good = [answer for answer in answers if "labels" in answer]
                self.assertEqual([answer["file"] for answer in good], [str(FILES[0])])
                self.assertIn(str(file), done.stdout + done.stderr)

    def test_refuses_wrong_arguments(self):
        done = self.client("classify", FILES[0], "--long_document=shred")
        self.assertNotIn(done.returncode, (0, 1))
        self.assertIn("--long_document", done.stderr)

    def test_lists_models(self):
        done = self.client("models", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        models = {model["model"]: model for model in map(json.loads, done.stdout.splitlines())}
        self.assertEqual(set(models), {"text", "tiny"})
        self.assertEqual({model["state"] for model in models.values()}, {"READY"})
        self.assertIn("READY", self.client("models").stdout)

    def test_asks_for_health(self):
        for arguments in ((), ("--service=diffuser.v1.Classification",)):
            done = self.client("health", *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout.strip(), "SERVING")
        self.assertNotEqual(self.client("health", "--service=no.such.Service").returncode, 0)
        gone = programs.run(CLIENT, "health", "--server=127.0.0.1:1", "--retries=0")
        self.assertNotEqual(gone.returncode, 0)

    def test_measures_load(self):
        done = self.client(
            "load", "--rate=20", "--duration=1s", "--lengths=64:0.7,900:0.3", "--json"
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        measured = json.loads(done.stdout)
        self.assertGreater(measured["answered"], 0)
        self.assertEqual(measured["answered"], measured["sent"])
        self.assertEqual(measured["errors"], {})


class ServerStopTest(unittest.TestCase):
    def test_leaves_with_0(self):
        with programs.Server(programs.IDS_MODEL) as server:
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
