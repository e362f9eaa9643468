"""Unpacks chosen files of the wheels in one folder into another."""

import collections.abc
import pathlib
import shutil
import sys
import zipfile

# From a file's name in a wheel to its path below the output; None leaves it out.
Place = collections.abc.Callable[[str], str | None]


def unpack(wheels: pathlib.Path, output: pathlib.Path, place: Place) -> set[str]:
    """Gives the names in the wheels of the files that were unpacked."""
    unpacked = set()
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                path = None if entry.is_dir() else place(entry.filename)
                if path is None:
                    continue
                target = output / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, open(target, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
                target.chmod(0o755 if target.parent.name == "bin" else 0o644)
                unpacked.add(entry.filename)
    return unpacked


def folders() -> tuple[pathlib.Path, pathlib.Path]:
    """The command line's two arguments, WHEELS and OUTPUT."""
    wheels, output = map(pathlib.Path, sys.argv[1:])
    return wheels, output
