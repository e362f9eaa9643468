"""Chooses the documents of each training stage by their length, from the two sets that prepare.py writes.

    curriculum.py --data DIR --output DIR

DIR/short/train.jsonl and DIR/windows/train.jsonl become DIR/snippets.jsonl, DIR/pieces.jsonl and DIR/passages.jsonl,
one a stage. A model from random weights hardly learns from long documents: what its first token sees there is an
average of hundreds of tokens, nearly the same for all. It learns words from snippets first, then pieces, then all
windows of up to the 512 tokens that it reads at once. The same choice whenever the data is the same.
"""

import argparse
import json
import pathlib
import random
from collections.abc import Callable, Iterator

# The share kept of documents of `length` characters.
Share = Callable[[int], float]


def snippets(length: int) -> float:
    return 1.0 if length < 450 else 0.0


def pieces(length: int) -> float:
    return 0.5 if length < 450 else 1.0 if length < 1600 else 0.0


def passages(length: int) -> float:
    return 0.4 if length < 450 else 1.0


STAGES: dict[str, Share] = {"snippets": snippets, "pieces": pieces, "passages": passages}


def choose(lines: Iterator[str], share: Share, rng: random.Random) -> Iterator[str]:
    for line in lines:
        kept = share(len(json.loads(line)["text"]))
        if kept >= 1 or (kept > 0 and rng.random() < kept):
            yield line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of short/ and windows/")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder for one file a stage")
    options = parser.parse_args()
    for stage, share in STAGES.items():
        rng = random.Random(stage)
        with (options.output / f"{stage}.jsonl").open("w", encoding="utf-8") as out:
            for name in ("short", "windows"):
                with (options.data / name / "train.jsonl").open(encoding="utf-8") as lines:
                    out.writelines(choose(lines, share, rng))


if __name__ == "__main__":
    main()
