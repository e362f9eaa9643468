"""What the checks of deploy/ share: where things are, and how a check says that it is skipped."""

import os
import pathlib
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DEPS = pathlib.Path(os.environ.get("DIFFUSER_DEPS", ROOT / ".deps"))
# Where the programs under test are; ctest sets it to its own build folder's.
BIN = pathlib.Path(os.environ.get("DIFFUSER_BIN", ROOT / "build" / "bin"))

SKIPPED = 77  # the exit status that ctest's SKIP_RETURN_CODE names


def skip(reason: str) -> None:
    """Ends the check as skipped."""
    print(f"SKIPPED: {reason}; `make setup` installs what the checks need", file=sys.stderr)
    sys.exit(SKIPPED)


def tool(name: str) -> str:
    """The path of a tool, of .deps/bin or else of PATH; without it the check is skipped."""
    path = shutil.which(name, path=f"{DEPS / 'bin'}:{os.environ.get('PATH', '')}")
    if path is None:
        skip(f"no {name} here")
    return path


def import_yaml():
    """PyYAML, of the tests' virtual environment. Skips the check where it is missing."""
    try:
        import yaml
    except ImportError:
        skip(f"{sys.executable} has no PyYAML")
    return yaml


def run(*command, **options) -> subprocess.CompletedProcess:
    """Runs a command to its end and gives what it printed, errors included."""
    return subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )


def load_rule_groups() -> list[dict]:
    """The rule groups of deploy/prometheus/rules, recording rules first."""
    yaml = import_yaml()
    groups = []
    for name in ("recording", "alerts"):
        groups += yaml.safe_load((DEPLOY / "prometheus" / "rules" / f"{name}.yml").read_text())[
            "groups"
        ]
    return groups


def load_rules() -> list[dict]:
    return [rule for group in load_rule_groups() for rule in group["rules"]]


def small_checkpoint() -> pathlib.Path:
    """The tests' own checkpoint, for checks that ask how the server answers, not what."""
    return ROOT / "tests" / "data" / "checkpoints" / "golden-long"


def default_checkpoint() -> pathlib.Path:
    """The checkpoint that the Makefile and the image serve."""
    for line in (ROOT / "Makefile").read_text().splitlines():
        if line.startswith("DEFAULT_CHECKPOINT := "):
            return ROOT / line.split(" := ")[1]
    raise LookupError("the Makefile names no DEFAULT_CHECKPOINT")


def main() -> None:
    unittest.main(verbosity=2)
