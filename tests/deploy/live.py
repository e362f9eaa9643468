"""Runs a real server and a real Prometheus on the loopback interface while a check needs them."""

import json
import pathlib
import queue
import re
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import support

# How long a program may take to come up, or a state to be reached, before a check fails.
PATIENCE_SECONDS = 60


def wait_until(what: str, reached) -> None:
    """Asks `reached` until it gives true. Raises if it does not in PATIENCE_SECONDS."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {PATIENCE_SECONDS} s for {what}")
        time.sleep(0.1)


class Process:
    """A child process whose output is read line by line; ends with the `with` block."""

    def __init__(self, *command):
        self.output: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._child = subprocess.Popen(
            [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._child.stdout:
            self.output.append(line)
            self._lines.put(line)
        self._lines.put(None)

    def lines(self):
        """The lines from the last one read on; ends with the process."""
        while (line := self._lines.get(timeout=PATIENCE_SECONDS)) is not None:
            yield line

    def __enter__(self):
        return self

    def stop(self) -> int:
        """Asks it to end (SIGTERM), waits for that, and gives its exit status."""
        self._child.terminate()
        try:
            self._child.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._reader.join()
        self._child.stdout.close()
        return self._child.returncode

    def __exit__(self, *_) -> None:
        self.stop()


class Server(Process):
    """diffuser-server on free ports, its ports taken from its own log."""

    def __init__(self, *flags):
        super().__init__(
            support.BIN / "diffuser-server",
            "--listen=127.0.0.1:0",
            "--metrics_listen=127.0.0.1:0",
            *flags,
        )
        try:
            event = self._await_event("listening")
        except BaseException:
            self.stop()
            raise
        self.address = f"127.0.0.1:{event['grpc_port']}"
        self.metrics_address = f"127.0.0.1:{event['metrics_port']}"

    def _await_event(self, name: str) -> dict:
        for line in self.lines():
            event = json.loads(line) if line.startswith("{") else {}
            if event.get("event") == name:
                return event
        raise RuntimeError("the server did not start:\n" + "".join(self.output))

    def is_serving(self) -> bool:
        health = support.run(support.BIN / "diffuser-client", "health", "--server", self.address)
        return health.returncode == 0

    def scrape(self) -> str:
        with urllib.request.urlopen(f"http://{self.metrics_address}/metrics") as answer:
            return answer.read().decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus(Process):
    """Prometheus with the rules of deploy/, scraping one target each second as job `diffuser`."""

    def __init__(self, directory: pathlib.Path, target: str):
        self._url = f"http://127.0.0.1:{free_port()}"
        configuration = directory / "prometheus.yml"
        configuration.write_text(
            json.dumps(
                {  # JSON is YAML
                    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                    "rule_files": [str(support.DEPLOY / "prometheus" / "rules" / "*.yml")],
                    "scrape_configs": [
                        {"job_name": "diffuser", "static_configs": [{"targets": [target]}]}
                    ],
                }
            )
        )
        super().__init__(
            support.tool("prometheus"),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={self._url.removeprefix('http://')}",
        )

    def ask(self, path: str, **parameters) -> dict | list:
        """The `data` of an answer of the HTTP API."""
        body = urllib.parse.urlencode(parameters).encode() if parameters else None
        request = urllib.request.Request(f"{self._url}/api/v1/{path}", data=body)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[float]:
        """The values that an expression has now, one a series."""
        data = self.ask("query", query=expression)
        samples = [data] if data["resultType"] == "scalar" else data["result"]
        return [float((s["result"] if "resultType" in s else s["value"])[1]) for s in samples]

    def is_scraping(self) -> bool:
        try:
            return self.query('up{job="diffuser"}') == [1]
        except OSError:
            return False


_SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse_samples(exposition: str):
    """Name, labels and value of each sample of Prometheus' text format."""
    for line in exposition.splitlines():
        if match := _SAMPLE.match(line):
            yield match.group(1), dict(_LABEL.findall(match.group(2) or "")), float(match.group(3))
