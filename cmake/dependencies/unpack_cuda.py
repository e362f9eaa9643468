"""Unpacks the CUDA compiler of the wheels in one folder into another, laid out as nvcc looks for its parts.

usage: unpack_cuda.py WHEELS OUTPUT
"""

import pathlib
import shutil
import sys
import zipfile

PREFIX = "nvidia/cu13/"
# Only for programs that embed the compiler.
LEFT_OUT = ("lib/libnvvm.so.4",)


def unpack(wheel: pathlib.Path, output: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            name = entry.filename.removeprefix(PREFIX)
            if entry.is_dir() or name == entry.filename or name in LEFT_OUT:
                continue
            target = output / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
            target.chmod(0o755 if target.parent.name == "bin" else 0o644)


def main() -> None:
    wheels, output = map(pathlib.Path, sys.argv[1:])
    for wheel in sorted(wheels.glob("*.whl")):
        unpack(wheel, output)


if __name__ == "__main__":
    main()
