"""The compose file: what it mounts and builds exists, and nothing is more open than it must be."""

import re
import unittest

import support

yaml = support.import_yaml()
COMPOSE = yaml.safe_load((support.DEPLOY / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
CUDA = yaml.safe_load((support.DEPLOY / "compose.cuda.yaml").read_text())


def mounts(service: dict) -> list[tuple[str, str, str]]:
    """Source, target and options of each volume."""
    return [tuple((volume + ":").split(":")[:3]) for volume in service.get("volumes", [])]


class Compose(unittest.TestCase):
    def test_has_the_server_prometheus_and_grafana(self):
        self.assertEqual(set(SERVICES), {"server", "prometheus", "grafana"})

    def test_what_is_mounted_exists_and_is_read_only(self):
        for name, service in SERVICES.items():
            for source, target, options in mounts(service):
                with self.subTest(service=name, target=target):
                    if source.startswith("."):
                        self.assertTrue((support.DEPLOY / source).exists(), source)
                        self.assertEqual(options, "ro")
                    else:
                        self.assertIn(source, COMPOSE["volumes"])

    def test_the_server_is_built_from_a_stage_of_the_dockerfile(self):
        build = SERVICES["server"]["build"]
        dockerfile = support.DEPLOY / build["context"] / build["dockerfile"]
        for target in (build["target"], CUDA["services"]["server"]["build"]["target"]):
            self.assertRegex(dockerfile.read_text(), rf"(?m)^FROM \S+ AS {target}$")

    def test_ports_are_published_on_the_loopback_only(self):
        for name, service in SERVICES.items():
            for port in service["ports"]:
                self.assertTrue(port.startswith("127.0.0.1:"), (name, port))

    def test_no_service_can_gain_privileges_or_take_the_machine(self):
        for name, service in SERVICES.items():
            with self.subTest(name):
                self.assertEqual(service["cap_drop"], ["ALL"])
                self.assertIn("no-new-privileges:true", service["security_opt"])
                self.assertIn("mem_limit", service)
                self.assertIn("cpus", service)

    def test_the_server_s_root_is_read_only_and_it_may_drain(self):
        server = SERVICES["server"]
        self.assertTrue(server["read_only"])
        self.assertIn("healthcheck", server)
        configuration = (support.DEPLOY / "server.textproto").read_text()
        [drain] = re.findall(r'(?m)^drain_timeout: "(\d+)s"$', configuration)
        self.assertGreater(int(server["stop_grace_period"].removesuffix("s")), int(drain))

    def test_images_are_pinned(self):
        for name in ("prometheus", "grafana"):
            self.assertRegex(SERVICES[name]["image"], r":v?\d+\.\d+\.\d+$")

    def test_prometheus_scrapes_the_server_s_metrics_port(self):
        prometheus = yaml.safe_load((support.DEPLOY / "prometheus/prometheus.yml").read_text())
        jobs = {job["job_name"]: job for job in prometheus["scrape_configs"]}
        self.assertEqual(jobs["diffuser"]["static_configs"][0]["targets"], ["server:8002"])
        self.assertIn("127.0.0.1:8002:8002", SERVICES["server"]["ports"])

    def test_grafana_finds_prometheus_and_the_dashboards(self):
        provisioning = support.DEPLOY / "grafana" / "provisioning"
        source = yaml.safe_load((provisioning / "datasources/prometheus.yaml").read_text())
        self.assertEqual(source["datasources"][0]["url"], "http://prometheus:9090")
        provider = yaml.safe_load((provisioning / "dashboards/diffuser.yaml").read_text())
        targets = [target for _, target, _ in mounts(SERVICES["grafana"])]
        self.assertIn(provider["providers"][0]["options"]["path"], targets)


class CudaOverride(unittest.TestCase):
    """The second file, which compose lays over the first."""

    server = CUDA["services"]["server"]

    def test_it_changes_nothing_but_the_server_s_image_device_and_resources(self):
        self.assertEqual(set(CUDA["services"]), {"server"})
        self.assertEqual(
            set(self.server), {"build", "image", "command", "deploy", "cpus", "mem_limit"}
        )
        self.assertEqual(self.server["image"], "diffuser-serving:cuda")

    def test_the_server_gets_one_gpu(self):
        [device] = self.server["deploy"]["resources"]["reservations"]["devices"]
        self.assertEqual(device, {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]})

    def test_a_server_computes_on_the_device_or_is_started_anew(self):
        self.assertEqual(self.server["command"], ["--device=cuda", "--on_device_failure=exit"])
        self.assertEqual(SERVICES["server"]["restart"], "unless-stopped")


if __name__ == "__main__":
    support.main()
