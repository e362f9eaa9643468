"""What setup.sh fetches: pinned, of one version, and unpacked to where it is looked for."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile

DEPENDENCIES = pathlib.Path(__file__).resolve().parents[2] / "cmake" / "dependencies"
sys.path.insert(0, str(DEPENDENCIES))
import unpack_cuda_runtime  # noqa: E402


def requirements(name: str) -> dict[str, str]:
    """Package and what it is pinned to, of the requirements NAME-requirements.txt."""
    text = (DEPENDENCIES / f"{name}-requirements.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {line.split("==")[0]: line.partition("==")[2] for line in lines}


def unpack(script: str, files: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    """Runs an unpack script on one wheel of these files: its exit code, errors, and what is there then."""
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "output"
        with zipfile.ZipFile(pathlib.Path(folder) / "a.whl", "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        result = subprocess.run(
            [sys.executable, DEPENDENCIES / script, folder, output],
            stderr=subprocess.PIPE, text=True, check=False,
        )
        found = {
            str(path.relative_to(output)): path.read_text()
            for path in output.rglob("*") if path.is_file()
        }
        return result.returncode, result.stderr, found


class Requirements(unittest.TestCase):
    def test_every_wheel_is_pinned_by_version_and_hash(self):
        files = sorted(DEPENDENCIES.glob("*-requirements.txt"))
        self.assertEqual(len(files), 4)
        for file in files:
            for package, pin in requirements(file.name.removesuffix("-requirements.txt")).items():
                with self.subTest(file=file.name, package=package):
                    self.assertRegex(pin, r"^[\w.]+(\s+--hash=sha256:[0-9a-f]{64})+$")

    def test_what_is_named_twice_is_the_same(self):
        libtorch, cuda, runtime = map(requirements, ("libtorch", "cuda", "cuda-runtime"))
        self.assertEqual(runtime["torch"], libtorch["torch"])
        self.assertEqual(cuda["nvidia-cuda-runtime"], libtorch["nvidia-cuda-runtime"])


class Unpacking(unittest.TestCase):
    def test_libtorch_is_its_headers_and_the_libraries_of_the_cpu(self):
        code, _, found = unpack("unpack_libtorch.py", {
            "torch/include/a/b.h": "header", "torch/lib/libc10.so": "c10",
            "torch/lib/libtorch_cuda.so": "cuda", "nvidia/cu13/lib/libcudart.so.13": "cudart",
            "torch/a.py": "python",
        })
        self.assertEqual(code, 0)
        self.assertEqual(found, {
            "include/a/b.h": "header", "lib/libc10.so": "c10", "lib/libcudart.so.13": "cudart",
        })

    def test_the_cuda_runtime_is_what_is_wanted_beside_each_other(self):
        wanted = {name: name for name in unpack_cuda_runtime.WANTED}
        other = {"nvidia/cudnn/lib/libcudnn_ops.so.9": "", "nvidia/cudnn/lib/a/libcudnn.so.9": ""}
        code, _, found = unpack("unpack_cuda_runtime.py", wanted | other)
        self.assertEqual(code, 0)
        self.assertEqual(found, {f"lib/{name.split('/')[-1]}": name for name in wanted})

    def test_a_library_that_no_wheel_has_is_named(self):
        wanted = {name: "" for name in unpack_cuda_runtime.WANTED}
        del wanted["nvidia/nccl/lib/libnccl.so.2"]
        code, error, _ = unpack("unpack_cuda_runtime.py", wanted)
        self.assertNotEqual(code, 0)
        self.assertIn("in none of the wheels: nvidia/nccl/lib/libnccl.so.2", error)


class Setup(unittest.TestCase):
    def test_it_knows_its_arguments(self):
        setup = (DEPENDENCIES / "setup.sh").read_text()
        [usage] = re.findall(r"(?m)^# usage: setup\.sh \[(.*)\]\.\.\.$", setup)
        cases = re.findall(r"(?m)^    ([a-z-]+)\) ", setup)
        self.assertEqual(usage.split(" | "), cases)


if __name__ == "__main__":
    unittest.main(verbosity=2)
