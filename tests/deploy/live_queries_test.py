"""Every query of dashboard and rules, against a Prometheus that scrapes a server under load.

The load is open-loop and bounded, and it provokes what the error panels and alerts look at: invalid
documents, an unknown model, and a full queue. While it runs, every scrape must balance: received =
completed + in flight.
"""

import collections
import json
import math
import pathlib
import tempfile
import threading
import time
import unittest

import dashboard
import live
import promql
import support

LOAD_SECONDS = 12
# A CPU has no memory or clock of its own, so what is asked of these has no answer here.
METRICS_OF_A_GPU = {
    "diffuser_device_memory_free_bytes",
    "diffuser_device_memory_used_bytes",
    "diffuser_device_part_duration_seconds_count",
    "diffuser_device_part_duration_seconds_sum",
    "diffuser_device_utilization_ratio",
}
# More than a ClassifyBatch of 256 documents may leave waiting.
QUEUE_FLAG = "--max_queue_documents=16"


def check_tools() -> None:
    support.import_yaml()
    for name in ("prometheus", "grpcurl"):
        support.tool(name)


def imbalance(exposition: str) -> dict:
    """Received - completed - in flight by method and model, where it is not zero."""
    signs = {
        "diffuser_requests_received_total": 1,
        "diffuser_requests_completed_total": -1,
        "diffuser_requests_in_flight": -1,
    }
    sums = collections.Counter()
    for name, labels, value in live.parse_samples(exposition):
        if name in signs:
            sums[labels["method"], labels["model"]] += signs[name] * value
    return {key: value for key, value in sums.items() if value != 0}


class Watcher(threading.Thread):
    """Scrapes the server again and again, and keeps what did not balance."""

    def __init__(self, server: live.Server):
        super().__init__()
        self._server, self._stop_asked = server, threading.Event()
        self.scrapes, self.busy_scrapes = 0, 0
        self.failures: list[dict] = []

    def run(self) -> None:
        while not self._stop_asked.wait(0.02):
            exposition = self._server.scrape()
            self.scrapes += 1
            self.busy_scrapes += any(
                value > 0
                for name, _, value in live.parse_samples(exposition)
                if name == "diffuser_requests_in_flight"
            )
            if wrong := imbalance(exposition):
                self.failures.append(wrong)

    def __exit__(self, *_) -> None:
        self._stop_asked.set()
        self.join()

    def __enter__(self):
        self.start()
        return self


def call(server: live.Server, method: str, request: dict) -> str:
    """Calls a method of the service through reflection; gives what grpcurl prints."""
    return support.run(
        support.tool("grpcurl"),
        "-plaintext",
        "-max-time",
        "60",
        "-d",
        "@",
        server.address,
        f"diffuser.v1.Classification/{method}",
        input=json.dumps(request),
    ).stdout


def send_what_load_does_not(server: live.Server) -> None:
    """Sends a text, an invalid document, an unknown model's name, and more than the queue holds."""
    document = {"token_ids": {"ids": [0] + [5] * 510 + [2]}}
    call(server, "Classify", {"document": {"text": "A text, which is tokenized. " * 20}})
    call(server, "Classify", {"document": {"text": ""}})
    call(server, "Classify", {"model": "nobody", "document": {"text": "a text"}})
    call(server, "ClassifyBatch", {"documents": [document] * 256})


def put_under_load(server: live.Server) -> None:
    load = live.Process(
        support.BIN / "diffuser-client",
        "load",
        "--server",
        server.address,
        "--rate",
        "30",
        "--duration",
        f"{LOAD_SECONDS}s",
        "--lengths",
        "64:0.4,256:0.3,2048:0.3",
    )
    with load:
        end = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < end:
            send_what_load_does_not(server)
            time.sleep(0.5)
        for _ in load.lines():
            pass


class LiveQueries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = cls.enterClassContext(
            live.Server(f"--model=default={support.small_checkpoint()}", QUEUE_FLAG)
        )
        live.wait_until("the model", cls.server.is_serving)
        cls.prometheus = cls.enterClassContext(
            live.Prometheus(pathlib.Path(cls.directory), cls.server.metrics_address)
        )
        live.wait_until("the first scrape", cls.prometheus.is_scraping)
        cls.began = time.time()
        with Watcher(cls.server) as cls.watcher:
            put_under_load(cls.server)
        cls.ended = time.time()

    def assert_has_data(self, expression: str) -> None:
        values = self.prometheus.query(expression)
        self.assertTrue(values, f"no series: {expression}")
        self.assertTrue(any(math.isfinite(value) for value in values), f"{values}: {expression}")

    def test_every_query_of_the_dashboard_returns_data(self):
        for title, expression in dashboard.queries():
            with self.subTest(panel=title, query=expression):
                if promql.metric_names(expression) & METRICS_OF_A_GPU:
                    self.assertEqual(self.prometheus.query(expression), [])
                else:
                    self.assert_has_data(expression)

    def test_every_annotation_watches_data(self):
        for annotation in dashboard.load()["annotations"]["list"]:
            for operand in promql.operands(dashboard.fill_in(annotation["expr"])):
                self.assert_has_data(operand)

    def test_every_recording_rule_returns_data(self):
        for rule in support.load_rules():
            if "record" in rule:
                with self.subTest(rule["record"]):
                    self.assert_has_data(rule["expr"])
                    self.assert_has_data(rule["record"])

    def test_every_alert_watches_data(self):
        for rule in support.load_rules():
            if "alert" in rule:
                for operand in promql.operands(rule["expr"]):
                    with self.subTest(rule["alert"], operand=operand):
                        self.assert_has_data(operand)

    def test_every_rule_is_healthy(self):
        groups = self.prometheus.ask("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        self.assertEqual(len(rules), len(support.load_rules()))
        self.assertEqual([rule for rule in rules if rule["health"] != "ok"], [])

    def test_every_metric_of_the_server_is_read_by_someone(self):
        read = set()
        for _, expression in dashboard.queries():
            read |= promql.metric_names(expression)
        for rule in support.load_rules():
            read |= promql.metric_names(rule["expr"])
        for suffix in ("_bucket", "_sum", "_count"):
            read = {name.removesuffix(suffix) for name in read}
        exposed = {
            line.split()[2]
            for line in self.server.scrape().splitlines()
            if line.startswith("# TYPE diffuser_")
        }
        self.assertEqual(exposed - read, set())

    def test_the_provoked_errors_show(self):
        for reason in ("invalid", "queue_documents"):
            self.assertGreater(
                sum(
                    self.prometheus.query(f'diffuser_documents_rejected_total{{reason="{reason}"}}')
                ),
                0,
                reason,
            )
        for code in ("OK", "INVALID_ARGUMENT", "NOT_FOUND"):
            self.assertGreater(
                sum(self.prometheus.query(f'diffuser_requests_completed_total{{code="{code}"}}')),
                0,
                code,
            )

    def test_every_scrape_balances(self):
        self.assertGreater(self.watcher.scrapes, LOAD_SECONDS)
        self.assertGreater(self.watcher.busy_scrapes, 0)
        self.assertEqual(self.watcher.failures, [])

    def test_every_scrape_of_prometheus_balances(self):
        by = "sum by (method, model)"
        answer = self.prometheus.ask(
            "query_range",
            start=self.began,
            end=self.ended,
            step="1s",
            query=f"{by} (diffuser_requests_received_total)"
            f" - {by} (diffuser_requests_completed_total) - {by} (diffuser_requests_in_flight)",
        )
        self.assertTrue(answer["result"])
        for series in answer["result"]:
            self.assertEqual(
                {float(value) for _, value in series["values"]}, {0.0}, series["metric"]
            )


check_tools()

if __name__ == "__main__":
    support.main()
