"""Checks the sources against the design: who may include whom, and how long a file may be.

    python3 tests/style/include_arrows.py [ROOT]

Prints one line for each violation; exit code 1 if there are any. What a file includes counts with all
that its project headers include in turn.
"""

import pathlib
import re
import subprocess
import sys

SOURCE_FOLDERS = ("model", "server", "client", "tests")
SUFFIXES = (".h", ".cc", ".cu", ".cuh")
MAX_HEADER_LINES = 200
MAX_SOURCE_LINES = 300
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def is_torch(include):
    return include.startswith(("torch/", "ATen/", "c10/"))


def is_grpc(include):
    return include.startswith(("grpc/", "grpcpp/", "grpc++/")) or include.endswith(".grpc.pb.h")


def is_proto(include):
    return include.endswith(".pb.h") or include.startswith("google/protobuf/")


def is_in(*folders):
    return lambda include: include.startswith(tuple(f"{folder}/" for folder in folders))


def is_inside_model(include):
    """What of model/ only model/ itself may see."""
    is_facade = include.count("/") == 1 or include == "model/tokenizer/tokenizer.h"
    return include.startswith("model/") and not is_facade


# For the files under the first: what they must not include, directly or through a header.
RULES = (
    ("model/", is_in("server", "client"), "model/ knows neither server nor client"),
    ("model/", is_grpc, "model/ knows no gRPC"),
    ("model/", is_proto, "model/ knows no protobuf"),
    ("model/graph/", is_torch, "model/graph/ is free of LibTorch"),
    ("model/kernels/", is_torch, "model/kernels/ is free of LibTorch"),
    ("model/checkpoint/", is_torch, "model/checkpoint/ is free of LibTorch"),
    ("model/tokenizer/", is_torch, "model/tokenizer/ is free of LibTorch"),
    ("model/classifier", is_in("model/training"), "the facade does not know model/training/"),
    ("model/layers/", is_in("model/device"), "model/layers/ does not know model/device/"),
    ("server/", is_torch, "server/ is free of LibTorch"),
    ("server/", is_inside_model, "server/ sees model/ only through its facade"),
    ("server/", is_in("client"), "server/ does not know client/"),
    ("client/", is_in("model", "server"), "client/ sees only the public contract"),
    ("client/", is_torch, "client/ is free of LibTorch"),
) + tuple(
    (f"server/{folder}/", is_wire, f"server/{folder}/ knows neither gRPC nor protobuf")
    for folder in ("batching", "execution", "pipeline", "models")
    for is_wire in (is_grpc, is_proto)
) + tuple(
    (f"model/{folder}/", is_in("model/training"), f"model/{folder}/ does not know model/training/")
    for folder in ("graph", "kernels", "checkpoint", "tokenizer", "layers", "device")
) + tuple(
    (f"model/training/{folder}/", is_torch, f"model/training/{folder}/ is free of LibTorch")
    for folder in ("data", "evaluation", "report", "convert", "cli")
) + tuple(
    (f"model/training/{folder}/", is_in(*(f"model/training/{above}" for above in folders_above)),
     f"model/training/{folder}/ knows only what is below it")
    for folder, folders_above in (
        ("data", ("evaluation", "report", "convert", "cli")),
        ("evaluation", ("report", "convert", "cli")),
        ("convert", ("data", "evaluation", "report", "cli")),
        ("report", ("convert", "cli")))
) + tuple(
    (f"{folder}/", is_in("tests"), f"{folder}/ does not know its tests")
    for folder in ("model", "server", "client")
)


def read_sources(root):
    """{path: text} of the project's own C++ sources, ignored files left out."""
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        names = listing.stdout.split("\0")
    else:  # not a clone
        names = [str(path.relative_to(root)) for path in root.rglob("*")]
    sources = {}
    for name in sorted(set(names)):
        path = root / name
        if name.split("/")[0] in SOURCE_FOLDERS and path.suffix in SUFFIXES and path.is_file():
            sources[name] = path.read_text(encoding="utf-8")
    return sources


def all_includes(sources):
    """{path: {include: the chain of headers that leads to it}}."""
    direct = {path: INCLUDE.findall(text) for path, text in sources.items()}
    closure = {}
    for path in sources:
        found = {}
        pending = [(include, (path,)) for include in direct[path]]
        while pending:
            include, chain = pending.pop()
            if include in found:
                continue
            found[include] = chain
            pending += [(deeper, chain + (include,)) for deeper in direct.get(include, ())]
        closure[path] = found
    return closure


def max_lines(path):
    # An -inl.h or a .cuh is a source that is compiled more than once, not an interface.
    is_header = path.endswith(".h") and not path.endswith("-inl.h")
    return MAX_HEADER_LINES if is_header else MAX_SOURCE_LINES


def find_violations(sources):
    violations = []
    for path, includes in all_includes(sources).items():
        for folder, is_forbidden, reason in RULES:
            if not path.startswith(folder):
                continue
            for include, chain in includes.items():
                if is_forbidden(include):
                    violations.append(f"{' -> '.join(chain + (include,))}: {reason}")
        if any(map(is_torch, includes)) and any(map(is_grpc, includes)):
            violations.append(f"{path}: includes both LibTorch and gRPC")
    for path, text in sources.items():
        lines = text.count("\n")
        limit = max_lines(path)
        if lines > limit:
            violations.append(f"{path}: has {lines} lines, at most {limit} are allowed")
    return violations


def main():
    default_root = pathlib.Path(__file__).resolve().parents[2]
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default_root
    violations = find_violations(read_sources(root))
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
