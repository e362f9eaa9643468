"""Tests how packages are read, on small ones made here; nothing is fetched."""

import io
import json
import pathlib
import tarfile
import tempfile
import unittest
import zipfile

import package_sources


class SourceTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def test_npm_takes_the_licence_of_the_manifest_and_the_files_at_the_top(self):
        files = {"package.json": json.dumps({"name": "@ferry/rope", "license": "ISC"}), "LICENSE": "text",
                 "node_modules/x/LICENSE": "other", "lib/LICENSE": "other", "README.md": "none"}
        with tarfile.open(self.folder / "ferry-rope-1.0.0.tgz", "w:gz") as tar:
            for path, text in files.items():
                member = tarfile.TarInfo(f"package/{path}")
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text.encode()))
        package, = package_sources.Npm().packages(["@ferry/rope@1.0.0"], self.folder)
        self.assertEqual((package.labels, package.files), ({"ISC"}, {"LICENSE": "text"}))

    def test_python_takes_the_files_beside_the_metadata(self):
        with zipfile.ZipFile(self.folder / "Ferry_Rope-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("ferry_rope-1.0.dist-info/METADATA", "Name: rope\nLicense-Expression: MIT\n\nLong text\n")
            wheel.writestr("ferry_rope-1.0.dist-info/licenses/LICENSE.txt", "text")
            wheel.writestr("ferry_rope/vendor/LICENSE", "other")
        package, = package_sources.Python().packages(["ferry-rope==1.0"], self.folder)
        self.assertEqual((package.labels, package.files), ({"MIT"}, {"LICENSE.txt": "text"}))

    def test_crates_take_the_files_at_the_top_and_in_the_licences_folder(self):
        tree = self.folder / "vendor" / "rope-1.0.0"
        (tree / "LICENSES").mkdir(parents=True)
        (tree / "Cargo.toml").write_text('[package]\nname = "rope"\nlicense = "MIT/Zlib"\n')
        (tree / "LICENSE-MIT").write_text("text")
        (tree / "LICENSES" / "Zlib.txt").write_text("more")
        package, = package_sources.Crates().packages(["rope@1.0.0"], self.folder)
        self.assertEqual(package.labels, {"MIT", "Zlib"})
        self.assertEqual(package.files, {"LICENSE-MIT": "text", "LICENSES/Zlib.txt": "more"})

    def test_maven_inherits_the_licence_of_a_parent(self):
        self._write_pom("parent", "<licenses><license><name>Apache License 2.0</name></license></licenses>")
        self._write_pom("rope", "<parent><groupId>ferry</groupId><artifactId>parent</artifactId>"
                                "<version>1</version></parent>")
        with zipfile.ZipFile(self.folder / "ferry" / "rope" / "1" / "rope-1.jar", "w") as jar:
            jar.writestr("META-INF/LICENSE.txt", "text")
        package, = package_sources.Maven().packages(["ferry:rope:1"], self.folder)
        self.assertEqual((package.labels, package.files), ({"Apache-2.0"}, {"LICENSE.txt": "text"}))

    def _write_pom(self, artifact, body):
        path = self.folder / "ferry" / artifact / "1"
        path.mkdir(parents=True)
        (path / f"{artifact}-1.pom").write_text(
            f'<project xmlns="http://maven.apache.org/POM/4.0.0">{body}</project>')

    def test_packages_that_are_not_there_are_left_out(self):
        for source, pin in ((package_sources.Npm(), "rope@1"), (package_sources.Python(), "rope==1"),
                            (package_sources.Crates(), "rope@1"), (package_sources.Maven(), "ferry:rope:1"),
                            (package_sources.Debian(), "ferry-rope=1")):
            self.assertEqual(list(source.packages([pin], self.folder)), [])

    def test_text_is_read_as_utf_8_or_latin_1(self):
        self.assertEqual(package_sources.text_of("Jørn\r\n".encode()), "Jørn\n")
        self.assertEqual(package_sources.text_of("Jørn".encode("latin-1")), "Jørn")


if __name__ == "__main__":
    unittest.main()
