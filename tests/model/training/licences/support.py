"""Made-up rules and prose, so that the composers are tested without ScanCode's wheel."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "model" / "training" / "licences"))

import families  # noqa: E402
from compose import Material  # noqa: E402
from priors import Priors  # noqa: E402
from prose import Passage, Prose  # noqa: E402
from rulebook import Rulebook  # noqa: E402
from scancode import Rule  # noqa: E402


def rules() -> list[Rule]:
    """A text, a notice, a reference and a name for each family, and one of each kind without a family."""
    made = []
    for label in families.LABELS:
        def rule(kind, text, **rest):
            made.append(Rule(f"{label}_{kind}_{len(made)}", kind, text, (label.lower(),), (label,), **rest))

        rule("text", f"{label} text.\n\n" + "One may use it in any way that pleases.\n" * 12, is_canonical=True)
        rule("notice", f"This is free under {label}, " + "which says what one may do with it, and what not, " * 4)
        rule("reference", f"under {label}")
        rule("reference", f"{label} License", is_phrase=True)
    made.append(Rule("odd", "text", "An odd licence. " * 20, ("odd",), ()))
    made.append(Rule("both", "notice", "MIT or Zlib, " + "as you like it " * 20, ("mit", "zlib"), ("MIT", "Zlib")))
    made.append(Rule("lure", "none", "gpl_symbol", (), ()))
    made.append(Rule("intro", "intro", "licensed as follows", (), ()))
    return made


def material(short: bool = False) -> Material:
    book = Rulebook(rules())
    passages = [Passage(kind, f"{kind}.txt", ("Birds sing in spring.", "Rivers run to the sea.\nSome are long."))
                for kind in ("source", "manual", "document", "description")]
    return Material(book, Prose(passages), Priors(book.labels), short)
