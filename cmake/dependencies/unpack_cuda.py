"""Unpacks the CUDA compiler of the wheels in one folder into another, laid out as nvcc looks for its parts.

usage: unpack_cuda.py WHEELS OUTPUT
"""

import wheels

PREFIX = "nvidia/cu13/"
# Only for programs that embed the compiler.
LEFT_OUT = ("lib/libnvvm.so.4",)


def place(name: str) -> str | None:
    path = name.removeprefix(PREFIX)
    return None if path == name or path in LEFT_OUT else path


if __name__ == "__main__":
    wheels.unpack(*wheels.folders(), place)
