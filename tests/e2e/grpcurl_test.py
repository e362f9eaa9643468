"""The server as grpcurl sees it: through reflection, without any of the project's files."""

import json
import unittest

import programs

GRPCURL = programs.DEPS / "bin" / "grpcurl"
SERVICE = "diffuser.v1.Classification"
HEALTH = "grpc.health.v1.Health"


class GrpcurlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = programs.Server(programs.TEXT_MODEL, programs.IDS_MODEL)
        cls.enterClassContext(cls.server)

    def grpcurl(self, *words, data=None, flags=()):
        message = () if data is None else ("-d", json.dumps(data))
        return programs.run(GRPCURL, "-plaintext", *flags, *message, self.server.address, *words)

    def ask(self, method, data):
        done = self.grpcurl(f"{SERVICE}/{method}", data=data)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_lists_the_services(self):
        services = self.grpcurl("list").stdout.split()
        self.assertLessEqual({SERVICE, HEALTH}, set(services))
        methods = self.grpcurl("list", SERVICE).stdout.split()
        expected = ("Classify", "ClassifyBatch", "ClassifyStream", "GetModel", "ListModels")
        self.assertEqual(set(methods), {f"{SERVICE}.{method}" for method in expected})

    def test_describes_messages_and_methods(self):
        described = self.grpcurl("describe", "diffuser.v1.Document").stdout
        self.assertIn("oneof content", described)
        self.assertIn("rpc Watch", self.grpcurl("describe", HEALTH).stdout)

    def test_classifies_text(self):
        answer = self.ask(
            "Classify",
            {
                "document": {"id": "a", "text": "Some words. And some more of them."},
                "options": {"top_k": 1, "return_evidence": True},
            },
        )
        self.assertEqual(answer["id"], "a")
        self.assertEqual(len(answer["labels"]), 1)
        self.assertEqual(answer["model"], "text")
        self.assertGreater(int(answer["evidence"][0]["end_byte"]), 0)

    def test_classifies_a_batch_and_a_stream(self):
        documents = [{"id": str(i), "tokenIds": {"ids": [0, 7 + i, 2]}} for i in range(3)]
        batch = self.ask("ClassifyBatch", {"model": "tiny", "documents": documents})
        ids = [result["response"]["id"] for result in batch["results"]]
        self.assertEqual(ids, ["0", "1", "2"])
        requests = "".join(json.dumps({"model": "tiny", "document": each}) for each in documents)
        done = programs.run(
            GRPCURL,
            "-plaintext",
            "-d",
            "@",
            self.server.address,
            f"{SERVICE}/ClassifyStream",
            text_in=requests,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        for i in range(3):
            self.assertIn(f'"id": "{i}"', done.stdout)

    def test_checks_health(self):
        for service in ("", SERVICE):
            done = self.grpcurl(f"{HEALTH}/Check", data={"service": service})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout), {"status": "SERVING"})

    def test_shows_the_details_of_errors(self):
        request = {"document": {"text": "a"}, "options": {"topK": -1}}
        done = self.grpcurl(f"{SERVICE}/Classify", data=request)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("InvalidArgument", done.stderr)
        self.assertIn("google.rpc.BadRequest", done.stderr)
        self.assertIn("options.top_k", done.stderr)
        self.assertIn("NotFound", self.grpcurl(f"{SERVICE}/GetModel", data={"model": "x"}).stderr)

    def test_gives_the_request_id_back(self):
        done = self.grpcurl(
            f"{SERVICE}/ListModels", data={}, flags=("-v", "-H", "x-request-id: order-66")
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("x-request-id: order-66", done.stdout)


if __name__ == "__main__":
    if not GRPCURL.exists():
        programs.skip(f"no {GRPCURL}")
    unittest.main()
