"""Unpacks the C++ half of the wheels in one folder into another, as include/ and lib/.

usage: unpack_libtorch.py WHEELS OUTPUT
"""

import wheels

# Where the wheels keep what a C++ program on a CPU is built and linked with.
WANTED = (
    "torch/include/",
    "torch/lib/libc10.so",
    "torch/lib/libgomp.so",
    "torch/lib/libtorch_cpu.so",
    "nvidia/cu13/lib/libcudart.so",
    "nvidia/cu13/lib/libcupti.so",
)


def place(name: str) -> str | None:
    if not name.startswith(WANTED):
        return None
    return name.removeprefix("torch/").removeprefix("nvidia/cu13/")


if __name__ == "__main__":
    wheels.unpack(*wheels.folders(), place)
