"""Prometheus' configuration and rules: valid, tested, and the same for the operator."""

import unittest

import support

PROMETHEUS = support.DEPLOY / "prometheus"
TESTS = support.ROOT / "tests" / "deploy" / "prometheus"
yaml = support.import_yaml()
PROMTOOL = support.tool("promtool")


class Rules(unittest.TestCase):
    def assert_succeeds(self, *command):
        result = support.run(*command)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_the_configuration_is_valid(self):
        self.assert_succeeds(PROMTOOL, "check", "config", PROMETHEUS / "prometheus.yml")

    def test_the_rules_are_valid(self):
        self.assert_succeeds(PROMTOOL, "check", "rules", *sorted((PROMETHEUS / "rules").iterdir()))

    def test_the_rules_do_what_they_are_for(self):
        self.assert_succeeds(PROMTOOL, "test", "rules", *sorted(TESTS.glob("*_test.yml")))

    def test_every_rule_is_tested(self):
        tests = "".join(path.read_text() for path in TESTS.glob("*_test.yml"))
        alerts = [rule["alert"] for rule in support.load_rules() if "alert" in rule]
        self.assertEqual([name for name in alerts if name not in tests], [])

    def test_every_alert_says_what_to_do(self):
        for rule in support.load_rules():
            if "alert" in rule:
                with self.subTest(rule["alert"]):
                    self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
                    self.assertGreater(len(rule["annotations"]["summary"]), 20)
                    self.assertGreater(len(rule["annotations"]["description"]), 60)

    def test_the_operator_gets_the_same_rules(self):
        path = support.DEPLOY / "kubernetes/components/prometheus-operator/prometheusrule.yaml"
        resource = yaml.safe_load(path.read_text())
        self.assertEqual(resource["spec"]["groups"], support.load_rule_groups())

    def test_the_memory_alert_fits_the_limits(self):
        rules = {rule["alert"]: rule for rule in support.load_rules() if "alert" in rule}
        self.assertIn("0.9 * 4 * 1024 * 1024 * 1024", rules["DiffuserMemoryHigh"]["expr"])
        compose = yaml.safe_load((support.DEPLOY / "compose.yaml").read_text())
        self.assertEqual(compose["services"]["server"]["mem_limit"], "4g")
        deployment = yaml.safe_load(
            (support.DEPLOY / "kubernetes/base/deployment.yaml").read_text()
        )
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["resources"]["limits"]["memory"], "4Gi")


if __name__ == "__main__":
    support.main()
