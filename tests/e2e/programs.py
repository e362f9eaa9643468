"""Runs the real server, and the programs that call it, on the loopback interface."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("DIFFUSER_BIN", ROOT / "build" / "bin"))
DEPS = pathlib.Path(os.environ.get("DIFFUSER_DEPS", ROOT / ".deps"))
DOCUMENTS = ROOT / "tests" / "data" / "documents"

# Both models of the server: with a tokenizer and labels, and for token ids only.
TEXT_MODEL = f"--model=text={ROOT / 'tests' / 'data' / 'checkpoints' / 'golden-long'}"
IDS_MODEL = f"--model=tiny={ROOT / 'tests' / 'golden' / 'data' / 'tiny'}"

# How long a program may take to come up or to end before a test fails.
PATIENCE_SECONDS = 150

SKIPPED = 77  # the exit status that ctest's SKIP_RETURN_CODE names


def skip(reason: str) -> None:
    """Ends the test as skipped."""
    print(f"SKIPPED: {reason}; `make setup` builds it", file=sys.stderr)
    sys.exit(SKIPPED)


def run(*command, text_in: str = "", **variables: str) -> subprocess.CompletedProcess:
    """Runs a command to its end, with more environment variables; gives what it printed."""
    return subprocess.run(
        [str(part) for part in command],
        input=text_in,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, **variables},
    )


class Server:
    """diffuser-server on free ports, serving when the `with` block begins and ended after it."""

    def __init__(self, *flags: str):
        self._log = tempfile.TemporaryFile("w+")
        self._child = subprocess.Popen(
            [BIN / "diffuser-server", "--listen=127.0.0.1:0", "--metrics_listen=127.0.0.1:0", *flags],
            stderr=self._log,
        )
        self.address = ""

    def _events(self) -> list[dict]:
        self._log.seek(0)
        return [json.loads(line) for line in self._log if line.endswith("}\n")]

    def _await(self, name: str) -> dict:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            ended = self._child.poll() is not None
            for event in self._events():
                if event["event"] == name:
                    return event
            if ended or time.monotonic() > end:
                raise RuntimeError(f"the server's log has no {name}: {self._events()}")
            time.sleep(0.02)

    def __enter__(self):
        try:
            self.address = f"127.0.0.1:{self._await('listening')['grpc_port']}"
            self._await("serving")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> int:
        """Asks it to end, waits for that, and gives its exit status."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            return self._child.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait()

    def __exit__(self, *_) -> None:
        self.stop()
        self._log.close()
