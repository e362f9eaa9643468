"""Fetches packages with each registry's ordinary client, and reads their licence files and what they declare.

Every source is a class with fetch(pins, folder), which downloads what folder lacks, one package at a time, and
packages(pins, folder), which yields what is there. A pin is one line of a file in packages/: a name and a version in
the client's own form. A package that can't be had is reported on stderr and left out.
"""

import dataclasses
import email.parser
import gzip
import io
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import tomllib
import xml.etree.ElementTree
import zipfile

import debian_copyright
import declared

_TIMEOUT_SECONDS = 600
_MAX_FILE_BYTES = 2_000_000


@dataclasses.dataclass
class Package:
    """name: with its version. labels: what the package declares as a whole, or None. files: text by path."""
    source: str
    name: str
    labels: set | None
    files: dict


def text_of(data):
    """UTF-8 where it is that, else Latin-1; line ends as "\\n"."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n")


def _run(command, folder):
    """True if the client succeeded; its complaint goes to stderr otherwise."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"{' '.join(command)}: took too long", file=sys.stderr)
        return False
    if done.returncode != 0:
        print(f"{' '.join(command)}: {done.stderr.strip()[-300:]}", file=sys.stderr)
    return done.returncode == 0


class Debian:
    """The installed copy of a copyright file where that version is installed, else the one in its package."""
    name = "debian"

    @staticmethod
    def _installed(pin):
        package, _, version = pin.partition("=")
        path = pathlib.Path("/usr/share/doc", package, "copyright")
        query = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
        return path if query.stdout == version and path.is_file() else None

    @staticmethod
    def _archive(pin, folder):
        package, _, version = pin.partition("=")
        return next(folder.glob(f"{package}_{version.replace(':', '%3a')}_*.deb"), None)

    def fetch(self, pins, folder):
        for pin in pins:
            if not self._installed(pin) and not self._archive(pin, folder):
                _run(["apt-get", "download", pin], folder)

    def packages(self, pins, folder):
        for pin in pins:
            text = self._copyright(pin, folder)
            if text is not None:
                labels = debian_copyright.declared_labels(text)
                yield Package(self.name, pin, labels, {"copyright": text})

    def _copyright(self, pin, folder):
        installed = self._installed(pin)
        if installed:
            return text_of(installed.read_bytes())
        archive = self._archive(pin, folder)
        if not archive:
            return None
        tree = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(tree)) as tar:
            for end, open_file in (("", text_of), (".gz", lambda data: text_of(gzip.decompress(data)))):
                path = f"./usr/share/doc/{pin.partition('=')[0]}/copyright{end}"
                if path in tar.getnames() and tar.getmember(path).isfile():
                    return open_file(tar.extractfile(path).read())
        return None


class Python:
    """Wheels only: a source archive would run its own code to tell its metadata."""
    name = "pypi"

    @staticmethod
    def _wheel(pin, folder):
        package, _, version = pin.partition("==")
        stem = re.sub(r"[-_.]+", "[-_.]", package)
        return next((path for path in folder.glob("*.whl")
                     if re.match(rf"{stem}-{re.escape(version)}-", path.name, re.IGNORECASE)), None)

    def fetch(self, pins, folder):
        for pin in pins:
            if not self._wheel(pin, folder):
                _run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
                      "--dest", ".", pin], folder)

    def packages(self, pins, folder):
        for pin in pins:
            wheel = self._wheel(pin, folder)
            if wheel:
                with zipfile.ZipFile(wheel) as archive:
                    yield self._package(pin, archive)

    def _package(self, pin, archive):
        info = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        folder = info.rpartition("/")[0] + "/"
        metadata = email.parser.Parser().parsestr(text_of(archive.read(info)), headersonly=True)
        files = {re.sub("^licenses/", "", name.removeprefix(folder)): text_of(archive.read(name))
                 for name in archive.namelist() if name.startswith(folder) and not name.endswith("/")
                 and declared.is_licence_file(re.sub("^licenses/", "", name.removeprefix(folder)))}
        return Package(self.name, pin, declared.labels_of_python_metadata(metadata), files)


class Npm:
    name = "npm"

    @staticmethod
    def _archive(pin, folder):
        package, _, version = pin.rpartition("@")
        return folder / f"{package.lstrip('@').replace('/', '-')}-{version}.tgz"

    def fetch(self, pins, folder):
        for pin in pins:
            if not self._archive(pin, folder).exists():
                _run(["npm", "pack", "--silent", "--ignore-scripts", pin], folder)

    def packages(self, pins, folder):
        for pin in pins:
            path = self._archive(pin, folder)
            if path.exists():
                with tarfile.open(path) as tar:
                    yield self._package(pin, tar)

    def _package(self, pin, tar):
        manifest, files = {}, {}
        for member in tar:
            path = member.name.partition("/")[2]
            if not member.isfile() or member.size > _MAX_FILE_BYTES:
                continue
            if path == "package.json":
                manifest = json.loads(text_of(tar.extractfile(member).read()))
            elif path.count("/") <= path.startswith("LICENSES/") and declared.is_licence_file(path):
                files[path] = text_of(tar.extractfile(member).read())
        licence = manifest.get("license")
        licence = licence.get("type") if isinstance(licence, dict) else licence
        labels = declared.labels_of_expression(licence) if isinstance(licence, str) else None
        return Package(self.name, pin, labels, files)


class Crates:
    """One scratch project that depends on all pins; cargo vendor lays their trees out, whatever those need too."""
    name = "crates"

    def fetch(self, pins, folder):
        if all(self._tree(pin, folder) for pin in pins):
            return
        lines = [f'd{index} = {{package="{package}", version="={version}", default-features=false}}'
                 for index, (package, version) in enumerate(pin.split("@") for pin in pins)]
        (folder / "src").mkdir(exist_ok=True)
        (folder / "src" / "lib.rs").touch()
        (folder / "Cargo.toml").write_text(
            '[package]\nname = "scratch"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n' + "\n".join(lines))
        _run(["cargo", "vendor", "--versioned-dirs", "vendor"], folder)

    @staticmethod
    def _tree(pin, folder):
        path = folder / "vendor" / pin.replace("@", "-")
        return path if path.is_dir() else None

    def packages(self, pins, folder):
        for pin in pins:
            tree = self._tree(pin, folder)
            if tree:
                manifest = tomllib.loads(text_of((tree / "Cargo.toml").read_bytes()))
                licence = manifest["package"].get("license", "")
                paths = [path for path in [*tree.iterdir(), *tree.glob("LICENSES/*")] if path.is_file()]
                files = {name: text_of(path.read_bytes()) for path in paths
                         if declared.is_licence_file(name := str(path.relative_to(tree)))}
                yield Package(self.name, pin, declared.labels_of_expression(licence), files)


class Maven:
    """Jars and poms, by one scratch project that excludes what they need; a parent pom's licence is inherited."""
    name = "maven"

    @staticmethod
    def _path(coordinates, folder, ending):
        group, artifact, version = coordinates
        return folder.joinpath(*group.split("."), artifact, version, f"{artifact}-{version}.{ending}")

    def fetch(self, pins, folder):
        paths = [self._path(pin.split(":"), folder, ending) for pin in pins for ending in ("jar", "pom")]
        if all(path.exists() for path in paths):
            return
        dependencies = "".join(
            f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
            "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
            "</dependency>"
            for group, artifact, version in (pin.split(":") for pin in pins))
        (folder / "pom.xml").write_text(
            '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
            "<groupId>scratch</groupId><artifactId>scratch</artifactId><version>1</version><packaging>pom</packaging>"
            f"<dependencies>{dependencies}</dependencies></project>")
        _run(["mvn", "--batch-mode", "--quiet", f"-Dmaven.repo.local={folder.resolve()}", "dependency:resolve"],
             folder)

    def packages(self, pins, folder):
        for pin in pins:
            jar = self._path(pin.split(":"), folder, "jar")
            if jar.exists():
                with zipfile.ZipFile(jar) as archive:
                    files = {name.rpartition("/")[2]: text_of(archive.read(name)) for name in archive.namelist()
                             if re.fullmatch(r"(?:META-INF/)?[^/]+", name) and declared.is_licence_file(name)}
                yield Package(self.name, pin, self._labels(pin.split(":"), folder), files)

    def _labels(self, coordinates, folder):
        pom = self._path(coordinates, folder, "pom")
        if not pom.exists():
            return None
        root = xml.etree.ElementTree.fromstring(pom.read_bytes())
        space = {"m": root.tag.partition("}")[0].lstrip("{")} if "}" in root.tag else {"m": ""}
        licences = root.findall("m:licenses/m:license", space)
        if licences:
            found = [declared.labels_of_expression((entry.findtext("m:name", "", space) or "").strip())
                     for entry in licences]
            return None if None in found else set().union(*found)
        parent = root.find("m:parent", space)
        if parent is None:
            return None
        return self._labels([parent.findtext(f"m:{part}", "", space).strip()
                             for part in ("groupId", "artifactId", "version")], folder)


ALL = (Debian(), Python(), Npm(), Crates(), Maven())
