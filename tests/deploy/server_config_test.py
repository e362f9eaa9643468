"""Every configuration file and every flag that is shipped, read by the server itself."""

import re
import unittest

import live
import support

FLAG = re.compile(r'"(--\w+)=\w+"')
MANIFESTS = ("compose.cuda.yaml", "kubernetes/overlays/gpu/deployment.yaml")
FILES = sorted(support.DEPLOY.rglob("*.textproto"))


class ServerConfig(unittest.TestCase):
    def test_there_is_one_for_the_image_and_for_kubernetes(self):
        folders = {str(path.parent.relative_to(support.DEPLOY)) for path in FILES}
        self.assertEqual(folders, {".", "kubernetes/base", "kubernetes/components/model-volume"})

    def test_the_server_starts_with_each_and_drains(self):
        for path in FILES:
            with self.subTest(path.relative_to(support.ROOT)):
                model = f"--model=default={support.default_checkpoint()}"
                with live.Server(f"--config={path}", model) as server:
                    live.wait_until("the model", server.is_serving)
                    self.assertEqual(server.stop(), 0, "".join(server.output))

    def test_the_server_knows_the_flags_of_the_manifests(self):
        usage = support.run(support.BIN / "diffuser-server", "--help").stdout
        for manifest in MANIFESTS:
            flags = FLAG.findall((support.DEPLOY / manifest).read_text())
            self.assertEqual(flags, ["--device", "--on_device_failure"], manifest)
            for flag in flags:
                self.assertRegex(usage, rf"(?m)^\s*{flag}\b", manifest)


if __name__ == "__main__":
    support.main()
