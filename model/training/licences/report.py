"""What a set of documents holds: kinds, labels and lengths, as a few lines of text."""

import collections

from compose import Document


def _percentile(values: list[int], share: float) -> int:
    return values[min(len(values) - 1, int(len(values) * share))]


def _kind_lines(documents: list[Document]) -> list[str]:
    by_kind = collections.defaultdict(list)
    for document in documents:
        by_kind[document.kind].append(len(document.text.split()))
    lines = [f"{'kind':<10}{'documents':>10}{'mean':>8}{'median':>8}{'p90':>8}{'longest':>9}"]
    for kind, words in sorted(by_kind.items()) + [("all", [word for words in by_kind.values() for word in words])]:
        words = sorted(words)
        lines.append(f"{kind:<10}{len(words):>10}{sum(words) / len(words):>8.0f}{_percentile(words, 0.5):>8}"
                     f"{_percentile(words, 0.9):>8}{words[-1]:>9}")
    return lines


def describe(name: str, documents: list[Document]) -> str:
    """A table of kinds with their lengths in words, then each label with its number of documents."""
    labels = collections.Counter(label for document in documents for label in document.labels)
    per_document = collections.Counter(min(len(document.labels), 8) for document in documents)
    lines = [f"{name}: {len(documents)} documents"] + _kind_lines(documents)
    lines.append("labels a document: " + "  ".join(f"{count}{'+' if count == 8 else ''}: {number}"
                                                  for count, number in sorted(per_document.items())))
    counted = [f"{label} {count}" for label, count in labels.most_common()]
    lines += ["  ".join(counted[start: start + 8]) for start in range(0, len(counted), 8)]
    return "\n".join(lines)
