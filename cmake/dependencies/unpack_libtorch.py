"""Unpacks the C++ half of the wheels in one folder into another, as include/ and lib/.

usage: unpack_libtorch.py WHEELS OUTPUT
"""

import pathlib
import shutil
import sys
import zipfile

# Where the wheels keep what a C++ program on a CPU is built and linked with.
WANTED = (
    "torch/include/",
    "torch/lib/libc10.so",
    "torch/lib/libgomp.so",
    "torch/lib/libtorch_cpu.so",
    "nvidia/cu13/lib/libcudart.so",
    "nvidia/cu13/lib/libcupti.so",
)


def unpack(wheel: pathlib.Path, output: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or not entry.filename.startswith(WANTED):
                continue
            kind, path = entry.filename.split("/lib/", 1) if "/lib/" in entry.filename else (None, None)
            if kind in ("torch", "nvidia/cu13"):
                target = output / "lib" / path
            else:
                target = output / entry.filename.removeprefix("torch/")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


def main() -> None:
    wheels, output = map(pathlib.Path, sys.argv[1:])
    for wheel in sorted(wheels.glob("*.whl")):
        unpack(wheel, output)


if __name__ == "__main__":
    main()
