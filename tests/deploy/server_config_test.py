"""Every configuration file that is shipped, read by the server itself."""

import unittest

import live
import support

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


if __name__ == "__main__":
    support.main()
