"""The rules sorted by what documents are made of: for each family its texts, notices, references and names.

The rules are split in two by a hash of their names, one part to train on and one to evaluate with. The licences' own
texts serve both where a family has too few others: a document that holds one is still new in everything around it.
"""

import collections
import hashlib
import random
import re

import doubts
import families
from scancode import Rule

EVAL_SHARE = 0.06
# What ScanCode takes for false for reasons of context that a document of ours would not give.
_STATED = re.compile(
    r"general public licen[cs]e|version \d|licensed under|licen[cs]e\W{0,3}[:=]|mit and|GPLv\d code", re.IGNORECASE)
_BAD_NAME = re.compile(r"https?:|www\.|/|[\n:<>{}]|\.(?:txt|html?|md)\b", re.IGNORECASE)


def is_held_out(name: str, share: float = EVAL_SHARE) -> bool:
    """Whether what is named so is for evaluation: a hash of the name decides, the same for every run."""
    value = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return value < share * 2**64


def split_rules(rules: list[Rule]) -> tuple[list[Rule], list[Rule]]:
    """(to train on, to evaluate with). Canonical texts, and families with too few rules, are in both."""
    train, held_out = [], []
    for rule in rules:
        is_out = not rule.is_canonical and is_held_out(rule.name)
        (held_out if is_out else train).append(rule)
    for label in families.LABELS:
        for kinds in (("text",), ("notice", "reference", "tag")):
            if sum(rule.labels == (label,) and rule.kind in kinds for rule in held_out) < 2:
                held_out += [rule for rule in train if rule.labels == (label,) and rule.kind in kinds][:4]
            if not any(rule.labels == (label,) and rule.kind in kinds for rule in train):
                train += [rule for rule in held_out if rule.labels == (label,) and rule.kind in kinds]
    return train, held_out


class Rulebook:
    """Draws rules by family and kind; all draws come from the generator given, so that a seed fixes them."""

    def __init__(self, rules: list[Rule]):
        self._by_label = collections.defaultdict(list)
        self._mixed, self._foreign, self._lures, self._intros = [], [], [], []
        # What is far shorter than the licence's own text is an excerpt of it, and serves as a notice.
        self._shortest_text = collections.defaultdict(int)
        for rule in rules:
            if rule.is_canonical and len(rule.labels) == 1 and rule.words >= 600:
                self._shortest_text[rule.labels[0]] = 450
        self._likeness = doubts.Likeness([rule for rule in rules if rule.is_canonical])
        for rule in rules:
            self._sort_in(rule)
        self.labels = [label for label in families.LABELS if any((label, kind) in self._by_label for kind in
                                                                 ("text", "notice", "reference"))]

    def _sort_in(self, rule: Rule) -> None:
        if rule.kind == "none":
            self._lures += [] if _STATED.search(rule.text) else [rule]
        elif rule.kind in ("intro", "clue"):
            self._intros += [] if rule.labels else [rule]
        elif not doubts.is_telling(rule):
            return
        elif not rule.labels:
            self._foreign += [rule] if self._is_foreign(rule) else []
        elif len(rule.labels) > 1 or len(rule.keys) > 1:
            self._mixed.append(rule)
        else:
            self._sort_in_single(rule)

    def _is_foreign(self, rule: Rule) -> bool:
        return doubts.is_plainly_foreign(rule) and not self._likeness.is_like_a_label(rule.text)

    def _sort_in_single(self, rule: Rule) -> None:
        label, kind = rule.labels[0], "reference" if rule.kind == "tag" else rule.kind
        if kind == "text" and rule.words < self._shortest_text[label]:
            kind = "notice"
        self._by_label[label, kind].append(rule)
        if rule.is_canonical and kind == "text":
            self._by_label[label, "canonical"].append(rule)
        if kind == "reference" and 1 <= rule.words <= 10 and not _BAD_NAME.search(rule.text):
            self._by_label[label, "name"].append(rule)

    def rules(self, label: str, kind: str) -> list[Rule]:
        return self._by_label.get((label, kind), [])

    def text(self, rng: random.Random, label: str) -> Rule | None:
        """A full text: as often the licence's own as one that somebody met."""
        texts, canonical = self.rules(label, "text"), self.rules(label, "canonical")
        if canonical and rng.random() < 0.45:
            return rng.choice(canonical)
        long = [rule for rule in texts if rule.words >= 40]
        return rng.choice(long or texts) if texts else None

    def notice(self, rng: random.Random, label: str, or_later: bool | None = None, min_words: int = 0) -> Rule | None:
        """A notice; `or_later` True or False asks for that form where there is one."""
        found = [rule for rule in self.rules(label, "notice") if rule.words >= min_words]
        if or_later is not None:
            found = [rule for rule in found if rule.is_or_later == or_later] or found
        return rng.choice(found) if found else None

    def reference(self, rng: random.Random, label: str) -> Rule | None:
        found = self.rules(label, "reference")
        return rng.choice(found) if found else None

    def name(self, rng: random.Random, label: str) -> str:
        """A name by which people call the licence; its SPDX id where nothing better is known."""
        found = self.rules(label, "name")
        if not found or rng.random() < 0.25:
            return label
        return " ".join(rng.choice(found).text.split())

    def mixed(self, rng: random.Random) -> Rule:
        """A statement of several licences at once; labelled texts of one family with extra terms are among them."""
        return rng.choice(self._mixed) if self._mixed else rng.choice(self._foreign)

    def foreign(self, rng: random.Random, min_words: int = 0, max_words: int = 3000) -> Rule:
        """A licence that is no label."""
        found = [rule for rule in self._foreign if min_words <= rule.words <= max_words]
        return rng.choice(found or self._foreign)

    def lure(self, rng: random.Random) -> Rule:
        """Words of a licence in what states none."""
        return rng.choice(self._lures or self._foreign)

    def intro(self, rng: random.Random) -> Rule:
        return rng.choice(self._intros or self._foreign)
