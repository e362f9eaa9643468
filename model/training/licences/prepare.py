"""Writes the default checkpoint's training data: documents as packages have them, made of ScanCode's licence rules.

    prepare.py --output DIR [--stage short|full] [--documents N] [--eval_documents M] [--seed S] [--report]

DIR/train.jsonl and DIR/eval.jsonl get one object a line: `text`, `labels` (SPDX families, none where the document
states no licence) and `kind`. The same seed on the same machine gives the same bytes. The evaluation's documents are
made the same way of rules, and of prose, that training never draws, but for the licences' own texts and the families
with a handful of rules. No file of any package's licences or copyrights is read.
"""

import argparse
import collections
import json
import pathlib
import random
import sys
from collections.abc import Iterable, Iterator

import compose
import debian
import families
import nothing
import report
import rulebook
import scancode
import several
import windows
from compose import Document, Material
from priors import Priors
from prose import Prose, collect_passages

ROOT = pathlib.Path(__file__).resolve().parents[3]
_LONGEST_WORDS = 6500
# What a text may not spell: the tokenizer would read it as its own signs.
_SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")

_COMPOSERS = {
    "text": compose.text_document, "notice": compose.notice_document, "several": several.several_document,
    "dep5": debian.machine_readable_document, "freeform": debian.free_form_document, "long": compose.long_document,
    "none": nothing.none_document, "foreign": compose.foreign_document,
}
_SHARES = {
    "full": {"text": 24, "notice": 11, "several": 15, "dep5": 26, "freeform": 6, "long": 7, "none": 8, "foreign": 3},
    "short": {"text": 28, "notice": 26, "several": 10, "dep5": 18, "freeform": 5, "long": 4, "none": 6, "foreign": 3},
}


def compose_document(rng: random.Random, material: Material, stage: str) -> Document:
    """One document of a kind drawn by the stage's shares, neither empty nor beyond the longest length."""
    shares = _SHARES[stage]
    while True:
        kind = rng.choices(list(shares), list(shares.values()))[0]
        document = compose.finished(_COMPOSERS[kind](rng, material))
        if document.text.strip() and len(document.text.split()) <= _LONGEST_WORDS:
            return document


def cover(documents: list[Document], rng: random.Random, material: Material) -> None:
    """Adds single texts of the families that no document has, so that every label can be measured."""
    counts = collections.Counter(label for document in documents for label in document.labels)
    for label in material.book.labels:
        if not counts[label]:
            text = compose.licence_text(rng, material, label)
            documents.append(compose.finished(Document(text, {label}, "text")))


def compose_documents(count: int, rng: random.Random, material: Material, stage: str) -> list[Document]:
    documents = [compose_document(rng, material, stage) for _ in range(count)]
    cover(documents, rng, material)
    return documents


def as_windows(rng: random.Random, documents: list[Document]) -> Iterator[Document]:
    """Each document that one window holds, and windows of each longer one."""
    for document in documents:
        for part, labels in windows.cut(rng, document.text, document.statements):
            yield Document(part, labels, document.kind)


def write(path: pathlib.Path, documents: Iterable[Document]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            if any(token in document.text for token in _SPECIAL_TOKENS):
                continue
            labels = [label for label in families.LABELS if label in document.labels]
            fields = {"text": document.text, "labels": labels, "kind": document.kind}
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder for train.jsonl and eval.jsonl")
    parser.add_argument("--cache", type=pathlib.Path, default=ROOT / ".cache" / "licences",
                        help="folder of the downloaded wheel")
    parser.add_argument("--stage", choices=sorted(_SHARES), default="full",
                        help="short: pieces of long texts, cheap to begin with")
    parser.add_argument("--windows", action="store_true",
                        help="cut long documents into windows, each with the labels that it shows")
    parser.add_argument("--documents", type=int, default=40000)
    parser.add_argument("--eval_documents", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="say what was written: kinds, labels, words")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    options = parse_arguments(arguments)
    rules = rulebook.split_rules(scancode.read_rules(scancode.fetch_wheel(options.cache)))
    passages = collect_passages(options.seed)
    parts = (("train", options.documents), ("eval", options.eval_documents))
    for (name, count), part_rules, part_passages in zip(parts, rules, passages):
        book = rulebook.Rulebook(part_rules)
        material = Material(book, Prose(part_passages), Priors(book.labels), options.stage == "short")
        rng = random.Random(f"{options.seed} {options.stage} {name}")
        documents = compose_documents(count, rng, material, options.stage)
        write(options.output / f"{name}.jsonl",
              as_windows(rng, documents) if options.windows else documents)
        if options.report:
            print(report.describe(name, documents))


if __name__ == "__main__":
    main(sys.argv[1:])
