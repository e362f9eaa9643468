"""`diffuser-train convert` on a small RoBERTa that PyPI's transformers makes and saves.

Needs a Python that has torch and transformers: DIFFUSER_TRANSFORMERS_PYTHON names it, or else it is
looked for in .deps/transformers-venv; both packages are too large to be installed for this alone.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[4]
BIN = pathlib.Path(os.environ.get("DIFFUSER_BIN", ROOT / "build" / "bin"))
DEPS = pathlib.Path(os.environ.get("DIFFUSER_DEPS", ROOT / ".deps"))
TOKENIZER = ROOT / "tests" / "data" / "checkpoints" / "golden-long" / "tokenizer.json"
SKIPPED = 77  # the exit status that ctest's SKIP_RETURN_CODE names
PATIENCE_SECONDS = 120

# Run by that Python: saves a RoBERTa in argv[2] with the class argv[1], as argv[3] says.
MAKE = """
import sys, torch, transformers
torch.manual_seed(3)
config = transformers.RobertaConfig(
    vocab_size=500, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
    max_position_embeddings=40, type_vocab_size=1, num_labels=3)
model = getattr(transformers, sys.argv[1])(config)
if sys.argv[3] == "bin":
    config.architectures = [sys.argv[1]]
    config.save_pretrained(sys.argv[2])
    torch.save(model.state_dict(), sys.argv[2] + "/pytorch_model.bin")
else:
    model.save_pretrained(sys.argv[2])
"""

# Run by it too: compares the checkpoint in argv[1] with the converted one in argv[2], and prints what
# is wrong, the names of the new tensors, and how many were the same.
COMPARE = """
import json, pathlib, sys, torch
from safetensors.torch import load_file
source = pathlib.Path(sys.argv[1])
if (source / "model.safetensors").exists():
    before = load_file(source / "model.safetensors")
else:
    before = torch.load(source / "pytorch_model.bin", weights_only=True)
before = {name.removeprefix("roberta."): tensor for name, tensor in before.items()}
after = load_file(sys.argv[2] + "/model.safetensors")
after = {name.removeprefix("diffuser."): tensor for name, tensor in after.items()}
faults, new, same = [], [], 0
for name, tensor in after.items():
    if name == "embeddings.position_embeddings.weight":
        rows = [row if row < 40 else 2 + (row - 2) % 38 for row in range(len(tensor))]
        expected = before[name][rows]
    elif name not in before:
        new.append(name)
        continue
    else:
        expected = before[name]
    if torch.equal(expected, tensor):
        same += 1
    else:
        faults.append(name)
print(json.dumps({"faults": faults, "new": new, "same": same, "positions": len(rows)}))
"""


def find_python():
    """A Python that has torch and transformers, or None."""
    named = os.environ.get("DIFFUSER_TRANSFORMERS_PYTHON")
    python = pathlib.Path(named) if named else DEPS / "transformers-venv" / "bin" / "python"
    return python if python.exists() else None


def run(*command):
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )


class RobertaTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.source = self.folder / "roberta"
        self.output = self.folder / "diffuser"
        self.source.mkdir()

    def make(self, model, form="safetensors"):
        made = run(find_python(), "-c", MAKE, model, self.source, form)
        self.assertEqual(made.returncode, 0, made.stderr)
        (self.source / "tokenizer.json").write_bytes(TOKENIZER.read_bytes())

    def convert(self, *flags):
        return run(
            BIN / "diffuser-train", "convert", "--from", self.source, "--output", self.output,
            "--attention_window", 64, "--num_rand", 4, "--num_glob", 4,
            "--max_position_embeddings", 130, *flags,
        )  # fmt: skip

    def compare(self):
        compared = run(find_python(), "-c", COMPARE, self.source, self.output)
        self.assertEqual(compared.returncode, 0, compared.stderr)
        result = json.loads(compared.stdout)
        self.assertEqual(result["faults"], [])
        self.assertEqual(result["positions"], 130)
        self.assertGreater(result["same"], 30)
        return result

    def test_converts_a_classifier_with_its_head(self):
        self.make("RobertaForSequenceClassification")
        done = self.convert()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("head: kept", done.stdout)
        self.assertEqual(self.compare()["new"], [])
        config = json.loads((self.output / "config.json").read_text())
        self.assertEqual(config["model_type"], "diffuser")
        self.assertEqual(config["id2label"], {str(i): f"LABEL_{i}" for i in range(3)})
        self.assertEqual(config["attention_window"], [64, 64])
        self.assertEqual((self.output / "tokenizer.json").read_bytes(), TOKENIZER.read_bytes())

    def test_converts_a_masked_language_model(self):
        self.make("RobertaForMaskedLM")
        done = self.convert("--labels", "a,b")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("lm_head.dense.weight", done.stdout)
        self.assertEqual(len(self.compare()["new"]), 4)
        config = json.loads((self.output / "config.json").read_text())
        self.assertEqual(config["id2label"], {"0": "a", "1": "b"})

    def test_converts_a_bare_encoder_from_a_pickle(self):
        self.make("RobertaModel", "bin")
        done = self.convert()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("pooler.dense.weight", done.stdout)
        self.assertEqual(len(self.compare()["new"]), 4)

    def test_refuses_other_models(self):
        (self.source / "config.json").write_text('{"model_type": "bert"}')
        done = self.convert()
        self.assertEqual(done.returncode, 1)
        self.assertIn('found "bert", expected "roberta"', done.stderr)


if __name__ == "__main__":
    if find_python() is None:
        print(
            "SKIPPED: no Python with torch and transformers; name one with "
            f"DIFFUSER_TRANSFORMERS_PYTHON, or make {DEPS / 'transformers-venv'}",
            file=sys.stderr,
        )
        sys.exit(SKIPPED)
    unittest.main()
