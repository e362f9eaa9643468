"""The Kubernetes manifests: what kustomize makes of them is valid, consistent and locked down."""

import functools
import pathlib
import re
import unittest

import support

yaml = support.import_yaml()
KUSTOMIZE = support.tool("kustomize")
KUBERNETES = support.DEPLOY / "kubernetes"
OVERLAYS = sorted(path.name for path in (KUBERNETES / "overlays").iterdir())

try:
    import kubernetes_validate
except ImportError:
    support.skip("no kubernetes-validate here")

# By name, what kustomize renders: the overlays, and one with every component.
RENDERED = {name: KUBERNETES / "overlays" / name for name in OVERLAYS}
RENDERED["every component"] = pathlib.Path(__file__).parent / "kubernetes"

# The oldest release whose probes speak gRPC without a feature gate, and the newest with schemas.
VERSIONS = ("1.27", "1.37")
# Kinds of the Prometheus operator, which are not Kubernetes' own.
FOREIGN = {"ServiceMonitor", "PrometheusRule"}


@functools.cache
def render(overlay: str) -> list[dict]:
    result = support.run(KUSTOMIZE, "build", RENDERED[overlay])
    if result.returncode != 0:
        raise AssertionError(f"kustomize build {overlay}: {result.stdout}")
    return list(yaml.safe_load_all(result.stdout))


def find(overlay: str, kind: str, name: str = "diffuser") -> dict:
    [found] = [r for r in render(overlay) if r["kind"] == kind and r["metadata"]["name"] == name]
    return found


def pod(overlay: str) -> dict:
    return find(overlay, "Deployment")["spec"]["template"]


def server(overlay: str) -> dict:
    [container] = pod(overlay)["spec"]["containers"]
    return container


def config(overlay: str) -> str:
    """The server's configuration file, as the pod would read it."""
    [volume] = [v for v in pod(overlay)["spec"]["volumes"] if v["name"] == "config"]
    return find(overlay, "ConfigMap", volume["configMap"]["name"])["data"]["server.textproto"]


def selects(labels: dict, selector: dict) -> bool:
    return bool(selector) and selector.items() <= labels.items()


class OverlayChecks:
    """What must hold of each overlay, as kustomize renders it; `overlay` is its name in RENDERED."""

    overlay = ""

    def spec(self, kind: str, name: str = "diffuser") -> dict:
        return find(self.overlay, kind, name)["spec"]

    def test_is_valid_against_the_schemas(self):
        for resource in render(self.overlay):
            for version in VERSIONS:
                if resource["kind"] not in FOREIGN:
                    kubernetes_validate.validate(resource, version, strict=True)

    def test_selectors_select_the_pods(self):
        labels = pod(self.overlay)["metadata"]["labels"]
        selectors = [
            self.spec("Deployment")["selector"]["matchLabels"],
            self.spec("Service")["selector"],
            self.spec("Service", "diffuser-headless")["selector"],
            self.spec("PodDisruptionBudget")["selector"]["matchLabels"],
            self.spec("NetworkPolicy")["podSelector"]["matchLabels"],
        ]
        for constraint in pod(self.overlay)["spec"]["topologySpreadConstraints"]:
            selectors.append(constraint["labelSelector"]["matchLabels"])
        for selector in selectors:
            self.assertTrue(selects(labels, selector), selector)

    def test_ports_agree(self):
        ports = {port["name"]: port["containerPort"] for port in server(self.overlay)["ports"]}
        listen = dict(re.findall(r'(?m)^(\w*listen): "0\.0\.0\.0:(\d+)"$', config(self.overlay)))
        self.assertEqual(str(ports["grpc"]), listen["listen"])
        self.assertEqual(str(ports["metrics"]), listen["metrics_listen"])
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            self.assertEqual(server(self.overlay)[probe]["grpc"]["port"], ports["grpc"])
        for service in ("diffuser", "diffuser-headless"):
            for port in find(self.overlay, "Service", service)["spec"]["ports"]:
                self.assertEqual(ports[port["targetPort"]], port["port"])
        for rule in find(self.overlay, "NetworkPolicy")["spec"]["ingress"]:
            self.assertIn(rule["ports"][0]["port"], ports)
        annotations = pod(self.overlay)["metadata"]["annotations"]
        self.assertEqual(annotations["prometheus.io/port"], str(ports["metrics"]))

    def test_draining_ends_before_the_kill(self):
        [drain] = re.findall(r'(?m)^drain_timeout: "(\d+)s"$', config(self.overlay))
        pause = server(self.overlay)["lifecycle"]["preStop"]["exec"]["command"][-1]
        grace = pod(self.overlay)["spec"]["terminationGracePeriodSeconds"]
        self.assertGreater(grace, int(drain) + int(pause))

    def test_pods_run_without_privileges(self):
        spec, container = pod(self.overlay)["spec"], server(self.overlay)
        self.assertTrue(spec["securityContext"]["runAsNonRoot"])
        self.assertEqual(spec["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertFalse(spec["automountServiceAccountToken"])
        self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
        self.assertFalse(container["securityContext"]["allowPrivilegeEscalation"])
        self.assertEqual(container["securityContext"]["capabilities"]["drop"], ["ALL"])
        self.assertLessEqual({"cpu", "memory"}, set(container["resources"]["limits"]))

    def test_the_user_is_the_image_s(self):
        [user] = set(
            re.findall(r"(?m)^USER ([1-9]\d*):", (support.ROOT / "Dockerfile").read_text())
        )
        self.assertEqual(pod(self.overlay)["spec"]["securityContext"]["runAsUser"], int(user))

    def test_volumes_and_mounts_agree(self):
        volumes = {volume["name"]: volume for volume in pod(self.overlay)["spec"]["volumes"]}
        for mount in server(self.overlay)["volumeMounts"]:
            self.assertIn(mount["name"], volumes)
            self.assertTrue(mount["readOnly"])
        for claim in (
            v["persistentVolumeClaim"]["claimName"]
            for v in volumes.values()
            if "persistentVolumeClaim" in v
        ):
            self.assertTrue(find(self.overlay, "PersistentVolumeClaim", claim))

    def test_the_autoscaler_scales_the_deployment_or_is_absent(self):
        scalers = [r for r in render(self.overlay) if r["kind"] == "HorizontalPodAutoscaler"]
        fixed = "replicas" in find(self.overlay, "Deployment")["spec"]
        self.assertEqual(bool(scalers), not fixed)
        for scaler in scalers:
            self.assertEqual(scaler["spec"]["scaleTargetRef"]["name"], "diffuser")


class CpuOverlay(OverlayChecks, unittest.TestCase):
    overlay = "cpu"


class GpuOverlay(OverlayChecks, unittest.TestCase):
    overlay = "gpu"

    def test_a_pod_has_one_gpu_and_the_image_for_it(self):
        self.assertEqual(server("gpu")["resources"]["limits"]["nvidia.com/gpu"], "1")
        self.assertRegex(server("gpu")["image"], r":cuda$")
        self.assertRegex((support.ROOT / "Dockerfile").read_text(), r"(?m)^FROM \S+ AS cuda$")

    def test_pods_reach_tainted_nodes_with_gpus(self):
        spec = pod("gpu")["spec"]
        self.assertEqual(spec["nodeSelector"], {"nvidia.com/gpu.present": "true"})
        [toleration] = spec["tolerations"]
        self.assertEqual(toleration["key"], "nvidia.com/gpu")

    def test_a_server_computes_on_the_device_or_is_started_anew(self):
        self.assertEqual(server("gpu")["args"], ["--device=cuda", "--on_device_failure=exit"])
        self.assertEqual(pod("gpu")["spec"].get("restartPolicy", "Always"), "Always")

    def test_rolling_out_needs_no_second_gpu(self):
        self.assertEqual(self.spec("Deployment")["strategy"]["rollingUpdate"]["maxSurge"], 0)


class EveryComponent(OverlayChecks, unittest.TestCase):
    overlay = "every component"

    def test_components_are_all_there(self):
        kustomization = yaml.safe_load(
            (RENDERED[self.overlay] / "kustomization.yaml").read_text()
        )
        self.assertEqual(
            {pathlib.Path(path).name for path in kustomization["components"]},
            {path.name for path in (KUBERNETES / "components").iterdir()},
        )


class Operator(unittest.TestCase):
    def test_the_monitor_finds_the_metrics_port_once(self):
        monitor = find("every component", "ServiceMonitor")["spec"]
        services = [
            r
            for r in render("every component")
            if r["kind"] == "Service"
            and selects(r["metadata"]["labels"], monitor["selector"]["matchLabels"])
        ]
        self.assertEqual([service["metadata"]["name"] for service in services], ["diffuser"])
        ports = [port["name"] for port in services[0]["spec"]["ports"]]
        self.assertIn(monitor["endpoints"][0]["port"], ports)


class Files(unittest.TestCase):
    def test_every_overlay_is_checked(self):
        self.assertEqual(OVERLAYS, ["cpu", "gpu"])

    def test_every_file_is_used_by_its_kustomization(self):
        for kustomization in KUBERNETES.rglob("kustomization.yaml"):
            text = kustomization.read_text()
            for path in kustomization.parent.iterdir():
                if path.is_file() and path != kustomization:
                    self.assertIn(f"- {path.name}", text.replace("path: ", ""), path)


if __name__ == "__main__":
    support.main()
