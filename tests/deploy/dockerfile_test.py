"""The Dockerfile: its stages, what it copies, and that its packages are those the programs need."""

import fnmatch
import re
import unittest

import support

DOCKERFILE = (support.ROOT / "Dockerfile").read_text()
IGNORE = (support.ROOT / ".dockerignore").read_text().splitlines()
# One instruction a line, comments left out.
INSTRUCTIONS = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", DOCKERFILE)).splitlines()


def stages() -> dict[str, list[str]]:
    """The instructions of each stage, FROM first."""
    found = {}
    for instruction in INSTRUCTIONS:
        if match := re.match(r"FROM \S+ AS (\S+)$", instruction):
            found[match.group(1)] = current = []
        if found:
            current.append(instruction)
    return found


def sources(stage: str) -> set[str]:
    """The stages that a stage is built on or copies from, and theirs, and itself."""
    named = re.findall(r"(?m)^FROM (\S+)|--from=(\S+)", "\n".join(stages()[stage]))
    direct = {name for pair in named for name in pair if name in stages()}
    return {stage}.union(*map(sources, direct))


def runtime_packages() -> list[str]:
    [words] = re.findall(
        r"apt-get install -y -qq --no-install-recommends (.*?) && rm", "\n".join(INSTRUCTIONS)
    )
    return words.split()


def in_context(path: str) -> bool:
    """Whether .dockerignore, which lists what is let in, lets a path of the context in."""
    return any(
        path == line[1:] or path.startswith(line[1:] + "/") for line in IGNORE if line[:1] == "!"
    )


def loaded_libraries(program) -> dict[str, str]:
    """Name and path of each shared library that a program loads, as ldd resolves them."""
    return dict(re.findall(r"(\S+) => (/\S+)", support.run("ldd", program).stdout))


def owners(libraries: list[str]) -> dict[str, str]:
    """The Debian package that each library came with; a library of none has no entry."""
    # Packages list a library below /lib or below /usr/lib, which are one folder.
    places = {}
    for library in libraries:
        path = support.pathlib.Path(library).resolve()
        places |= {str(path): library, str(path).removeprefix("/usr"): library, library: library}
    found = support.run("dpkg-query", "-S", *places).stdout
    return {
        places[path]: package
        for package, path in re.findall(r"(?m)^([\w.+-]+)(?::\w+)?: (\S+)$", found)
        if path in places
    }


def installed() -> dict[str, list[str]]:
    """What each installed package depends on, alternatives included."""
    listing = support.run(
        "dpkg-query", "-W", "-f", "${Package}\t${Depends}, ${Pre-Depends}\n"
    ).stdout
    depends = {}
    for line in listing.splitlines():
        package, fields = line.split("\t")
        words = re.split(r"[,|]", fields)
        depends[package] = [word.split()[0].split(":")[0] for word in words if word.strip()]
    return depends


def with_dependencies(packages: list[str]) -> set[str]:
    """The packages and all that apt adds for them, without recommendations."""
    depends, seen, left = installed(), set(), list(packages)
    while left:
        package = left.pop()
        if package not in seen:
            seen.add(package)
            left += depends.get(package, [])
    return seen


class Dockerfile(unittest.TestCase):
    def test_has_the_stages_and_builds_cpu_by_default(self):
        self.assertEqual(list(stages())[-2:], ["cuda", "cpu"])

    def test_the_cpu_s_image_has_nothing_of_cuda_s(self):
        self.assertEqual(sources("cpu"), {"dependencies", "build", "runtime", "cpu"})
        self.assertEqual(
            sources("cuda"),
            {"dependencies", "build", "runtime", "cuda-libraries", "cuda-kernels", "cuda"},
        )

    def test_what_is_large_does_not_depend_on_the_source(self):
        self.assertEqual(sources("cuda-libraries"), {"dependencies", "cuda-libraries"})
        for stage in ("dependencies", "cuda-libraries"):
            copied = [line for line in stages()[stage] if line.startswith("COPY")]
            self.assertLessEqual(set(copied), {"COPY cmake/dependencies cmake/dependencies"})
        copies = [line for line in stages()["cuda"] if line.startswith("COPY")]
        self.assertIn("--from=cuda-libraries", copies[0])

    def test_what_it_copies_exists_and_reaches_the_build(self):
        for instruction in INSTRUCTIONS:
            if match := re.match(r"COPY (?!--from)(\S+) ", instruction):
                source = match.group(1)
                with self.subTest(source):
                    self.assertTrue((support.ROOT / source).exists())
                    self.assertTrue(source == "." or in_context(source))

    def test_every_folder_of_the_build_reaches_it(self):
        cmake = (support.ROOT / "CMakeLists.txt").read_text()
        added = re.findall(r"(?m)^add_subdirectory\((\w+)\)", cmake)
        self.assertTrue(added)
        for folder in added:
            self.assertTrue(in_context(folder), folder)

    def test_secrets_and_build_folders_stay_outside(self):
        self.assertEqual(IGNORE[1], "*")
        for path in (".git/config", ".deps/libtorch", "build/bin", ".env"):
            self.assertFalse(in_context(path), path)

    def test_the_default_checkpoint_is_the_makefile_s(self):
        makefile = (support.ROOT / "Makefile").read_text()
        [checkpoint] = re.findall(r"(?m)^DEFAULT_CHECKPOINT := (\S+)$", makefile)
        self.assertTrue((support.ROOT / checkpoint / "config.json").is_file())
        self.assertTrue(in_context(checkpoint))
        self.assertIn("s/^DEFAULT_CHECKPOINT := //p", DOCKERFILE)

    def test_it_ends_as_a_user_without_rights(self):
        users = re.findall(r"(?m)^USER (\S+)$", DOCKERFILE)
        self.assertEqual(users[-1], "65532:65532")

    def test_health_and_ports_are_those_of_its_configuration(self):
        configuration = (support.DEPLOY / "server.textproto").read_text()
        ports = re.findall(r'listen: "0\.0\.0\.0:(\d+)"', configuration)
        [exposed] = re.findall(r"(?m)^EXPOSE (.*)$", DOCKERFILE)
        self.assertEqual(exposed.split(), ports)
        self.assertIn(
            f'["diffuser-client", "health", "--server", "127.0.0.1:{ports[0]}"]', DOCKERFILE
        )

    def test_the_configuration_names_the_model_of_the_image(self):
        configuration = (support.DEPLOY / "server.textproto").read_text()
        self.assertIn('model: "default=/opt/diffuser/models/default"', configuration)
        self.assertIn("models/default", DOCKERFILE)
        for target in ("cpu", "cuda"):
            self.assertIn("COPY --from=build /out/root /", stages()[target])


class Packages(unittest.TestCase):
    """Against what the programs that were built load here."""

    def setUp(self):
        self.libraries = {}
        for program in ("diffuser-server", "diffuser-client"):
            if not (support.BIN / program).exists():
                self.fail(f"{program} is not built")
            self.libraries |= loaded_libraries(support.BIN / program)

    def copied(self, name: str) -> bool:
        """Whether the image takes this library from the build stage."""
        patterns = re.findall(r"\.deps/libtorch/lib/(\S+)", DOCKERFILE)
        return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)

    def packages(self) -> dict[str, str]:
        """The package of each library that the image does not copy, by the library's path."""
        needed = [path for name, path in self.libraries.items() if not self.copied(name)]
        found = owners(needed)
        self.assertEqual([path for path in needed if path not in found], [])
        return found

    def test_every_library_comes_from_a_package_or_is_copied(self):
        provided = with_dependencies(runtime_packages())
        missing = {path: p for path, p in self.packages().items() if p not in provided}
        self.assertEqual(missing, {})

    def test_the_server_opens_libraries_where_the_image_has_them(self):
        dynamic = support.run("readelf", "-d", support.BIN / "diffuser-server").stdout
        self.assertRegex(dynamic, r"runpath: \[\$ORIGIN/\.\./lib[:\]]")
        copies = re.findall(r"(?m)^COPY --from=\S+ /out/lib (\S+)$", DOCKERFILE)
        self.assertEqual(set(copies), {"/opt/diffuser/lib"})

    def test_no_package_is_there_for_nothing(self):
        self.assertEqual(set(runtime_packages()) - set(self.packages().values()), set())


if __name__ == "__main__":
    support.main()
