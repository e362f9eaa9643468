"""Writes data/torch: a checkpoint as torch.save itself writes it, which checkpoint_test.cc reads.

Run it with a Python that has torch 2.15 (any since 1.6 writes the same form):
    python3 make_torch_fixture.py
Element i of the tensor NAME is len(NAME) + i % 32: exact in float32, float16 and bfloat16.
"""

import collections
import json
import pathlib

import torch

HIDDEN, INNER, VOCAB, POSITIONS, LABELS = 4, 6, 5, 6, 2
CONFIG = {
    "architectures": ["DiffuserForSequenceClassification"],
    "attention_window": 2,
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "max_position_embeddings": POSITIONS,
    "num_attention_heads": 2,
    "num_glob": 1,
    "num_hidden_layers": 1,
    "num_labels": LABELS,
    "num_rand": 1,
    "vocab_size": VOCAB,
}


def numbers(name, *shape):
    flat = torch.arange(torch.Size(shape).numel()) % 32 + len(name)
    return flat.float().view(shape)


def state_dict():
    state = collections.OrderedDict()
    state._metadata = collections.OrderedDict({"": {"version": 1}})

    def add(name, *shape):
        state[name] = numbers(name, *shape)

    def linear(name, out, inner):
        add(name + ".weight", out, inner)
        add(name + ".bias", out)

    def norm(name):
        add(name + ".weight", HIDDEN)
        add(name + ".bias", HIDDEN)

    embeddings = "diffuser.embeddings."
    state[embeddings + "position_ids"] = torch.arange(POSITIONS).view(1, POSITIONS)
    add(embeddings + "word_embeddings.weight", VOCAB, HIDDEN)
    add(embeddings + "position_embeddings.weight", POSITIONS, HIDDEN)
    add(embeddings + "token_type_embeddings.weight", 1, HIDDEN)
    norm(embeddings + "LayerNorm")
    layer = "diffuser.encoder.layer.0."
    for projection in ("query", "key", "value"):
        linear(layer + "attention.self." + projection, HIDDEN, HIDDEN)
    linear(layer + "attention.output.dense", HIDDEN, HIDDEN)
    norm(layer + "attention.output.LayerNorm")
    linear(layer + "intermediate.dense", INNER, HIDDEN)
    linear(layer + "output.dense", HIDDEN, INNER)
    norm(layer + "output.LayerNorm")
    linear("classifier.dense", HIDDEN, HIDDEN)
    linear("classifier.out_proj", LABELS, HIDDEN)

    def change(name, how):
        state[name] = how(state[name])

    change(embeddings + "word_embeddings.weight", torch.Tensor.bfloat16)
    change(embeddings + "position_embeddings.weight", torch.Tensor.half)
    change(layer + "intermediate.dense.weight", lambda x: x.t().contiguous().t())
    change("classifier.dense.weight", torch.nn.Parameter)
    # Views of one storage, the second from its middle.
    names = [layer + "attention.self.query.weight", layer + "attention.self.key.weight"]
    fused = torch.cat([state[name] for name in names])
    for i, name in enumerate(names):
        state[name] = fused[i * HIDDEN : (i + 1) * HIDDEN]
    return state


def main():
    out = pathlib.Path(__file__).parent / "torch"
    out.mkdir(exist_ok=True)
    (out / "config.json").write_text(json.dumps(CONFIG, indent=1) + "\n")
    torch.save(state_dict(), out / "pytorch_model.bin")


main()
