"""Prints the registers of every kernel in libdiffuser_cuda.so, and fails where one spills.

usage: resource_usage_test.py CUOBJDUMP LIBRARY ARCHITECTURES

ARCHITECTURES as CMake has them, separated by commas: 90-real,100-virtual. A kernel spills where it has a stack
frame or local memory: none of these has arrays that would need one.
"""

import re
import subprocess
import sys

KERNELS = {"StripScores", "GlobalRowScores", "FinishGlobalRows", "Hops", "FirstTokens", "MeanOverHeads",
           "ResidualLayerNorm", "EmbeddingLayerNorm", "BiasActivation"}
# A block has 65,536 registers, and the kernels of 512 threads are written for one or more blocks of them.
MOST_REGISTERS = 128

SECTION = re.compile(r"^Fatbin (elf|ptx) code:.*?^arch = sm_(\d+)", re.MULTILINE | re.DOTALL)
USAGE = re.compile(r"Function (\S+):\s+REG:(\d+) STACK:(\d+) SHARED:\d+ LOCAL:(\d+)")
NAME = re.compile(r"cuda\d+([A-Z]\w*?)INS1_(?:8(BFloat16)|7(Float16))E(?:Li(\d+))?")


def read_kernels(dump):
    """[(architecture, kernel, its template arguments, registers, bytes that spill)]."""
    kernels = []
    starts = [match.start() for match in SECTION.finditer(dump)] + [len(dump)]
    for start, end in zip(starts, starts[1:]):
        architecture = SECTION.match(dump[start:end]).group(2)
        for function, registers, stack, local in USAGE.findall(dump[start:end]):
            name, bfloat16, float16, width = NAME.search(function).groups()
            arguments = (bfloat16 or float16) + (f", {width}" if width else "")
            kernels.append((architecture, name, arguments, int(registers), int(stack) + int(local)))
    return kernels


def find_violations(kernels, dump, architectures):
    for architecture in architectures:
        number, kind = architecture.split("-") if "-" in architecture else (architecture, "real")
        code = "elf" if kind == "real" else "ptx"
        if (code, number) not in SECTION.findall(dump):
            yield f"no {code} code for sm_{number}"
        missing = KERNELS - {name for of, name, *_ in kernels if of == number}
        if code == "elf" and missing:
            yield f"sm_{number} lacks {', '.join(sorted(missing))}"
    for architecture, name, arguments, registers, spills in kernels:
        if spills:
            yield f"sm_{architecture} {name}<{arguments}> spills {spills} bytes"
        if registers > MOST_REGISTERS:
            yield f"sm_{architecture} {name}<{arguments}> has {registers} registers, at most {MOST_REGISTERS} fit"


def main():
    cuobjdump, library, architectures = sys.argv[1:]
    dump = subprocess.run([cuobjdump, "-res-usage", library], capture_output=True, text=True, check=True).stdout
    kernels = read_kernels(dump)
    for architecture, name, arguments, registers, spills in sorted(kernels):
        print(f"sm_{architecture:4} {name + '<' + arguments + '>':32} {registers:4} registers, {spills} bytes spilled")
    violations = list(find_violations(kernels, dump, architectures.split(",")))
    for violation in violations:
        print(violation)
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
