"""Trains with the real program, serves what comes out, and kills a run to see it go on to the same bits."""

import json
import pathlib
import random
import resource
import signal
import subprocess
import tempfile
import time
import unittest

import programs

TRAIN = programs.BIN / "diffuser-train"
CLIENT = programs.BIN / "diffuser-client"

TOPICS = {
    "harbour": "quay tide anchor pilot crane mooring hull ferry".split(),
    "orchard": "apple graft blossom ladder cider prune bough crate".split(),
    "workshop": "lathe chisel vise drill rivet anvil solder gauge".split(),
}
FILLER = "the of and a to in was it on that by with for as at from this day they one two".split()

CONFIG = {
    "vocab_size": 400, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 514, "attention_window": 32, "num_rand": 16,
    "num_glob": 64,
}


def document(generator: random.Random, topics: list[str]) -> str:
    words = [generator.choice(FILLER) for _ in range(generator.randint(10, 60))]
    for topic in topics:
        for _ in range(4):
            words.insert(generator.randrange(len(words)), generator.choice(TOPICS[topic]))
    return " ".join(words)


def write_examples(path: pathlib.Path, count: int) -> None:
    generator = random.Random(7)
    names = sorted(TOPICS)
    with path.open("w", encoding="utf-8") as file:
        for index in range(count):
            labels = sorted(generator.sample(names, index % 3))
            file.write(json.dumps({"text": document(generator, labels), "labels": labels}) + "\n")


class TrainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        write_examples(cls.folder / "examples.jsonl", 50)
        (cls.folder / "config.json").write_text(json.dumps(CONFIG))
        done = programs.run(TRAIN, "tokenizer", "--data", cls.folder / "examples.jsonl", "--vocab_size=400",
                            "--output", cls.folder / "tokenizer.json")
        if done.returncode != 0:
            raise RuntimeError(done.stderr)

    def command(self, output: str, *flags: str) -> list[str]:
        examples = self.folder / "examples.jsonl"
        return [str(part) for part in (
            TRAIN, "--data", examples, "--eval", examples, "--config", self.folder / "config.json",
            "--tokenizer", self.folder / "tokenizer.json", "--output", self.folder / output, "--seed=3",
            "--batch_tokens=512", "--learning_rate=3e-3", "--threads=2", *flags)]

    def train(self, output: str, *flags: str) -> subprocess.CompletedProcess:
        return programs.run(*self.command(output, *flags))

    def state_step(self, output: str) -> int:
        try:
            return json.loads((self.folder / output / "training" / "state.json").read_text())["step"]
        except FileNotFoundError:
            return -1

    def interrupt(self, output: str, signal_number: int, step: int, *flags: str) -> tuple[int, str]:
        """Sends a run the signal once its state is `step` steps on; gives its exit status and errors."""
        with tempfile.TemporaryFile("w+") as errors:
            child = subprocess.Popen(self.command(output, *flags), stdout=subprocess.DEVNULL, stderr=errors)
            end = time.monotonic() + programs.PATIENCE_SECONDS
            try:
                while self.state_step(output) < step and child.poll() is None and time.monotonic() < end:
                    time.sleep(0.005)
                child.send_signal(signal_number)
                status = child.wait(programs.PATIENCE_SECONDS)
            finally:
                child.kill()
            errors.seek(0)
            return status, errors.read()

    def learnt_columns(self, output: str) -> list[list[str]]:
        """metrics.csv without the columns of time."""
        lines = (self.folder / output / "metrics.csv").read_text().splitlines()
        names = lines[0].split(",")
        kept = [at for at, name in enumerate(names) if "second" not in name]
        return [[line.split(",")[at] for at in kept] for line in lines]

    def test_a_small_model_learns_fifty_documents_by_heart_and_serves_them(self):
        done = self.train("learnt", "--epochs=60", "--hidden_dropout=0", "--attention_dropout=0", "--hop_dropout=0")
        self.assertEqual(done.returncode, 0, done.stderr)
        output = self.folder / "learnt"
        for name in ("config.json", "model.safetensors", "tokenizer.json", "README.md", "curves.svg", "metrics.csv"):
            self.assertTrue((output / name).is_file(), name)
        done = programs.run(TRAIN, "eval", "--model", output, "--data", self.folder / "examples.jsonl",
                            "--format=json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["exact_match"], 1)
        with programs.Server(f"--model=learnt={output}") as server:
            for line in (self.folder / "examples.jsonl").read_text().splitlines()[:10]:
                example = json.loads(line)
                done = programs.run(CLIENT, "classify", "-", "--json", text_in=example["text"],
                                    DIFFUSER_SERVER=server.address)
                self.assertEqual(done.returncode, 0, done.stderr)
                labels = [label["label"] for label in json.loads(done.stdout)["labels"]]
                self.assertEqual(sorted(labels), example["labels"])

    def test_a_killed_run_goes_on_to_the_same_bits(self):
        flags = ("--epochs=6", "--checkpoint_every=2", "--eval_every=7")
        self.assertEqual(self.train("whole", *flags).returncode, 0)
        status, _ = self.interrupt("killed", signal.SIGKILL, 6, *flags)
        self.assertEqual(status, -signal.SIGKILL)
        self.assertLess(self.state_step("killed"), self.state_step("whole"))
        done = self.train("killed", "--resume", *flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("model.safetensors", "config.json", "training/state-%d.safetensors" % self.state_step("whole")):
            self.assertEqual((self.folder / "whole" / name).read_bytes(),
                             (self.folder / "killed" / name).read_bytes(), name)
        self.assertEqual(self.learnt_columns("whole"), self.learnt_columns("killed"))

    def test_an_interrupted_run_says_how_to_go_on(self):
        status, errors = self.interrupt("stopped", signal.SIGINT, 2, "--epochs=500", "--checkpoint_every=2")
        self.assertEqual(status, 1)
        self.assertIn("--resume", errors)
        step = self.state_step("stopped")
        self.assertGreaterEqual(step, 2)
        done = self.train("stopped", "--resume", "--epochs=400", "--checkpoint_every=2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("epochs 500; expected epochs 400", done.stderr)
        self.assertEqual(self.state_step("stopped"), step)

    def test_what_was_good_stays_where_the_disk_is_full(self):
        flags = ("--epochs=2", "--hidden_dropout=0")
        self.assertEqual(self.train("full", *flags).returncode, 0)
        weights = (self.folder / "full" / "model.safetensors").read_bytes()
        limit = len(weights) // 2

        def allow_small_files_only():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = subprocess.run(
            self.command("full", "--overwrite", "--epochs=3", "--hidden_dropout=0"), capture_output=True, text=True,
            check=False, timeout=programs.PATIENCE_SECONDS, preexec_fn=allow_small_files_only)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("safetensors", done.stderr)
        self.assertEqual((self.folder / "full" / "model.safetensors").read_bytes(), weights)

    def test_a_run_stops_before_it_starts_where_the_data_is_no_good(self):
        lines = (self.folder / "examples.jsonl").read_text().splitlines()
        bad = self.folder / "bad.jsonl"
        bad.write_text("\n".join([*lines[:3], "{", '{"text": "no label"}', *lines[3:]]))
        done = programs.run(*self.command("never", "--data", str(bad))[:1], "--data", bad,
                            *self.command("never")[3:])
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(f"{bad}:4", done.stderr)
        self.assertIn(f"{bad}:5", done.stderr)
        self.assertFalse((self.folder / "never" / "training").exists())


if __name__ == "__main__":
    unittest.main()
