"""Builds the test set of the default checkpoint: licence files of real packages, with the licences they declare.

    python3 model/training/licences/collect_test_set.py --output DIR/test.jsonl [--cache DIR] [--sources debian,pypi]

What a file holds is taken from what its package declares, by rules of form alone (see declared.py and
debian_copyright.py); no file's text is read for it, nor for leaving it out. The packages are pinned by name and
version in packages/; the download takes some minutes and a few hundred megabytes, and nothing of it belongs in the
repository. Each output line has:

    text, labels    the document, and the families in it, sorted; none only where all is declared public domain
    source, name    debian, pypi, npm, crates or maven; package, version and file
    kind            "single" for one label, "several", or "none"
    half            "look": its errors may be read and learnt from; "report": for figures only
"""

import argparse
import collections
import hashlib
import json
import pathlib
import re
import sys

import declared
import package_sources

LISTS = pathlib.Path(__file__).resolve().parent / "packages"
MAX_SHARE = 0.12
ALWAYS_KEPT = 15
MIN_LETTERS = 100

# A file of a package with one licence that is longer than that licence with any preamble holds more: the licences of
# what the package bundles, which its declaration leaves out. The bound is on length alone.
MAX_CHARS = dict.fromkeys("""MIT MIT-0 BSD-1-Clause BSD-2-Clause BSD-3-Clause BSD-4-Clause ISC 0BSD Zlib HPND BSL-1.0
Unlicense WTFPL NCSA PostgreSQL Beerware BlueOak-1.0.0""".split(), 4_000) | {"Apache-2.0": 13_000}
MAX_CHARS_OF_OTHERS = 40_000

_COPYRIGHT_LINE = re.compile(r"^.*(?:copyright|\u00a9|\(c\)).*$", re.IGNORECASE | re.MULTILINE)


def fingerprint(text):
    """Equal for texts that differ in copyright lines, digits, punctuation, line breaks or letter case only."""
    letters = re.sub(r"[\W\d_]+", "", _COPYRIGHT_LINE.sub("", text).lower())
    return hashlib.sha256(letters.encode()).hexdigest() if len(letters) >= MIN_LETTERS else None


def is_longer_than_its_licence(labels, text):
    return len(labels) == 1 and len(text) > MAX_CHARS.get(min(labels), MAX_CHARS_OF_OTHERS)


def documents_of(package):
    """The package's files whose licences are fairly declared, as (file, labels, text)."""
    if package.labels is None:
        return
    for path, text in sorted(package.files.items()):
        is_whole = package.source == "debian"
        labels = package.labels if is_whole else declared.labels_of_file(path, list(package.files), package.labels)
        if labels is None or not (labels or is_whole):
            continue
        if is_whole or not is_longer_than_its_licence(labels, text):
            yield path, labels, text


def entry_of(package, path, labels, text, print_of_text):
    kinds = {0: "none", 1: "single"}
    return {"text": text, "labels": sorted(labels, key=str.lower), "source": package.source,
            "name": f"{package.name}/{path}", "kind": kinds.get(len(labels), "several"),
            "half": "look" if int(print_of_text[-1], 16) % 2 else "report"}


def one_for_each_text(candidates):
    """One entry for each fingerprint: of the label set that most of its packages declare, none where they're even.

    candidates: (fingerprint, entry). The entry kept is chosen by hash, so that no source comes first.
    """
    by_print = collections.defaultdict(list)
    for print_of_text, entry in candidates:
        by_print[print_of_text].append(entry)
    kept = []
    for entries in by_print.values():
        votes = collections.Counter(tuple(entry["labels"]) for entry in entries).most_common(2)
        if len(votes) == 1 or votes[0][1] > votes[1][1]:
            kept.append(min((entry for entry in entries if tuple(entry["labels"]) == votes[0][0]), key=_order))
    return sorted(kept, key=lambda entry: (entry["source"], entry["name"]))


def _order(entry):
    return hashlib.sha256(entry["name"].encode()).hexdigest()


def capped(entries, max_share=MAX_SHARE):
    """At most max_share of each source's entries, or ALWAYS_KEPT if that is more, have the same label set.

    Those left out are chosen by hash.
    """
    kept = sorted(entries, key=_order)
    while True:
        totals = collections.Counter(entry["source"] for entry in kept)
        seen = collections.Counter()
        fewer = []
        for entry in kept:
            key = entry["source"], tuple(entry["labels"])
            seen[key] += 1
            if seen[key] <= max(ALWAYS_KEPT, round(max_share * totals[entry["source"]])):
                fewer.append(entry)
        if len(fewer) == len(kept):
            return sorted(kept, key=lambda entry: (entry["source"], entry["name"]))
        kept = fewer


def pins_of(source):
    path = LISTS / f"{source.name}.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def collect(sources, cache):
    """Candidates of all sources, fetched where the cache lacks them."""
    for source in sources:
        folder = cache / source.name
        folder.mkdir(parents=True, exist_ok=True)
        pins = pins_of(source)
        source.fetch(pins, folder)
        for package in source.packages(pins, folder):
            for path, labels, text in documents_of(package):
                print_of_text = fingerprint(text)
                if print_of_text:
                    yield print_of_text, entry_of(package, path, labels, text, print_of_text)


def report(entries):
    for field in ("source", "kind", "half"):
        counts = collections.Counter(entry[field] for entry in entries)
        print(f"by {field}: " + ", ".join(f"{key} {count}" for key, count in sorted(counts.items())))
    counts = collections.Counter(label for entry in entries for label in entry["labels"])
    print(f"{len(counts)} labels: " + ", ".join(f"{label} {count}" for label, count in counts.most_common()))


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path, help="where downloads are kept; beside the output by default")
    parser.add_argument("--sources", default=",".join(source.name for source in package_sources.ALL))
    options = parser.parse_args(arguments)
    names = options.sources.split(",")
    sources = [source for source in package_sources.ALL if source.name in names]
    cache = options.cache or options.output.parent / "cache"
    entries = capped(one_for_each_text(list(collect(sources, cache))))
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with options.output.open("w", encoding="utf-8") as out:
        for entry in entries:
            out.write(json.dumps(entry, ensure_ascii=False) + "\n")
    report(entries)


if __name__ == "__main__":
    main(sys.argv[1:])
