"""Reads Grafana's dashboard the way the checks need it: panels, and queries ready to be sent."""

import json

import support

PATH = support.DEPLOY / "grafana" / "dashboards" / "diffuser.json"

# What Grafana puts in for the variables; one minute's window suits a scrape interval of a second.
VARIABLES = {"$job": "diffuser", "$instance": ".*", "$model": ".*", "$__rate_interval": "1m"}


def load() -> dict:
    return json.loads(PATH.read_text())


def panels(kind: str | None = None) -> list[dict]:
    """The panels that show data, rows left out; of one type where `kind` names it."""
    return [
        panel
        for panel in load()["panels"]
        if panel["type"] != "row" and kind in (None, panel["type"])
    ]


def fill_in(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def queries() -> list[tuple[str, str]]:
    """Title and filled-in expression of every query."""
    return [
        (panel["title"], fill_in(target["expr"]))
        for panel in panels()
        for target in panel["targets"]
    ]
