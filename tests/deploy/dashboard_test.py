"""Grafana's dashboard and provisioning: complete, in order, and pointing at each other."""

import itertools
import re
import unittest

import dashboard
import support

yaml = support.import_yaml()
PROVISIONING = support.DEPLOY / "grafana" / "provisioning"


def cells(panel: dict) -> set[tuple[int, int]]:
    """The squares of the grid that a panel covers."""
    at = panel["gridPos"]
    return set(
        itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
    )


class Dashboard(unittest.TestCase):
    def test_has_a_row_for_each_question(self):
        rows = [panel["title"] for panel in dashboard.load()["panels"] if panel["type"] == "row"]
        self.assertEqual(
            rows,
            [
                "Overview",
                "Traffic",
                "Latency",
                "Batching",
                "Documents and tokens",
                "Errors",
                "Saturation",
                "Devices",
                "Process",
            ],
        )

    def test_ids_are_unique(self):
        ids = [panel["id"] for panel in dashboard.load()["panels"]]
        self.assertEqual(len(ids), len(set(ids)))

    def test_panels_do_not_overlap_and_stay_on_the_grid(self):
        taken = set()
        for panel in dashboard.load()["panels"]:
            self.assertFalse(taken & cells(panel), panel["title"])
            self.assertLessEqual(max(x for x, _ in cells(panel)), 23, panel["title"])
            taken |= cells(panel)

    def test_every_panel_has_a_unit_a_description_and_queries(self):
        for panel in dashboard.panels():
            with self.subTest(panel["title"]):
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                self.assertTrue(panel["description"])
                self.assertTrue(panel["targets"])

    def test_every_query_is_narrowed_by_the_variables(self):
        for panel in dashboard.panels():
            for target in panel["targets"]:
                self.assertRegex(target["expr"], r'job="\$job"', panel["title"])

    def test_every_variable_of_a_query_is_declared(self):
        declared = {variable["name"] for variable in dashboard.load()["templating"]["list"]}
        text = dashboard.PATH.read_text()
        used = set(re.findall(r"\$\{?([A-Za-z]\w*)", text))
        self.assertEqual(used - declared, set())
        self.assertEqual(declared, {"datasource", "job", "instance", "model"})


class Provisioning(unittest.TestCase):
    def test_the_default_data_source_exists(self):
        sources = yaml.safe_load((PROVISIONING / "datasources/prometheus.yaml").read_text())[
            "datasources"
        ]
        variables = {entry["name"]: entry for entry in dashboard.load()["templating"]["list"]}
        self.assertIn(
            variables["datasource"]["current"]["value"], [source["uid"] for source in sources]
        )

    def test_the_scrape_interval_is_prometheus_own(self):
        sources = yaml.safe_load((PROVISIONING / "datasources/prometheus.yaml").read_text())[
            "datasources"
        ]
        prometheus = yaml.safe_load((support.DEPLOY / "prometheus/prometheus.yml").read_text())
        self.assertEqual(
            sources[0]["jsonData"]["timeInterval"], prometheus["global"]["scrape_interval"]
        )


if __name__ == "__main__":
    support.main()
