"""deploy/, rendered and checked: kustomize, Helm, the configurations in them, the image's packages, the front.

    manifests_test.py --program build/edugate --tools build/tools -- [unittest arguments]
"""

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import types
import unittest

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests/faults"))

from harness import certificates, front, http2  # pylint: disable=wrong-import-position

DEPLOY = os.path.join(ROOT, "deploy")
KUSTOMIZATIONS = ["base", "overlays/trial", "overlays/production"]
CHART = os.path.join(DEPLOY, "helm/edugate")
options = argparse.Namespace()


def run(*command, **more):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)


def kubectl():
    return os.path.join(options.tools, "kubernetes/kubectl/kubectl")


def helm(*arguments):
    scratch = os.path.join(options.tools, "helm-home")
    home = {name: scratch for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
    return run(os.path.join(options.tools, "kubernetes/helm/helm"), *arguments, env={**os.environ, **home})


def kustomize(folder):
    rendered = run(kubectl(), "kustomize", folder)
    if rendered.returncode != 0:
        raise AssertionError(rendered.stdout)
    return rendered.stdout


def objects_of(text):
    return [each for each in yaml.safe_load_all(text) if each is not None]


def of_kind(objects, kind):
    return [each for each in objects if each["kind"] == kind]


def fits(selector, labels):
    """Whether a label selector of equalities chooses what has these labels."""
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


class Place:
    """Where a connection begins or ends: a pod with its named ports, or, without labels, an address outside the cluster."""

    def __init__(self, namespace="", labels=None, **ports):
        self.namespace = {"kubernetes.io/metadata.name": namespace} if namespace else {}
        self.labels = labels
        self.ports = ports


class Network:
    """What the NetworkPolicies among the objects of one namespace let through."""

    def __init__(self, objects, namespace):
        self.policies = of_kind(objects, "NetworkPolicy")
        self.namespace = {"kubernetes.io/metadata.name": namespace}

    def lets(self, source, target, port):
        return (self._side(source, target, target, port, "Egress", "to")
                and self._side(target, source, target, port, "Ingress", "from"))

    def _side(self, judged, other, target, port, direction, peers):
        if judged.namespace != self.namespace:
            return True
        about = [each["spec"] for each in self.policies
                 if direction in each["spec"]["policyTypes"] and fits(each["spec"]["podSelector"], judged.labels)]
        return not about or any(self._rule(rule, peers, other, target, port)
                                for policy in about for rule in policy.get(direction.lower(), []))

    def _rule(self, rule, peers, other, target, port):
        named = peers not in rule or any(self._peer(peer, other) for peer in rule[peers])
        opened = "ports" not in rule or port in [target.ports.get(each["port"], each["port"]) for each in rule["ports"]]
        return named and opened

    def _peer(self, peer, other):
        if "ipBlock" in peer:
            return other.labels is None
        if other.labels is None or not fits(peer.get("podSelector", {}), other.labels):
            return False
        if "namespaceSelector" not in peer:
            return other.namespace == self.namespace
        return fits(peer["namespaceSelector"], other.namespace)


# As Deployments label them and name their ports.
EDUGATE = Place("edugate", {"app.kubernetes.io/name": "edugate"}, grpc=7443, admin=7080, health=7081)
FRONT = Place("edugate", {"edugate/part": "front"}, grpc=8443)
NAMES = Place("kube-system", {"k8s-app": "kube-dns"})
REDIS = Place("redis", {"app": "redis"})
PROMETHEUS = Place("monitoring", {"app": "prometheus"})
OUTSIDE = Place()


class Scratch(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.scratch)

    def write(self, name, text):
        path = os.path.join(self.scratch, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def check(self, *texts):
        """What the schemas say: whether all is well, and the mistakes."""
        files = [self.write(f"objects{i}.yaml", text) for i, text in enumerate(texts)]
        modules = os.path.join(options.tools, "manifests")
        result = run("node", os.path.join(HERE, "check_manifests.mjs"), os.path.join(self.scratch, "types"), *files,
                     env={**os.environ, "MANIFEST_MODULES": modules})
        return result.returncode == 0, result.stdout


class KustomizeTest(Scratch):
    def with_front(self):
        """The production overlay with the front before it."""
        copy = os.path.join(self.scratch, "kubernetes")
        shutil.copytree(os.path.join(DEPLOY, "kubernetes"), copy)
        overlay = os.path.join(copy, "overlays/production/kustomization.yaml")
        with open(overlay, "a", encoding="utf-8") as file:
            file.write("components:\n  - ../../components/front\n")
        return kustomize(os.path.dirname(overlay))

    def test_everything_renders_and_every_object_passes_its_schema(self):
        good, said = self.check(*[kustomize(os.path.join(DEPLOY, "kubernetes", each)) for each in KUSTOMIZATIONS])
        self.assertTrue(good, said)

    def test_the_front_renders_over_any_overlay(self):
        text = self.with_front()
        self.assertIn("edugate-front", text)
        good, said = self.check(text)
        self.assertTrue(good, said)

    def test_the_check_finds_what_is_wrong(self):
        text = kustomize(os.path.join(DEPLOY, "kubernetes/base"))
        for right, wrong, told in (
            ("revisionHistoryLimit: 5", "revisionHistoryLimits: 5", "revisionHistoryLimits"),
            ("maxSurge: 1", "maxSurge: {}", "maxSurge"),
            ("        readinessProbe:\n", "        readynessProbe:\n", "readynessProbe"),
            ("kind: PodDisruptionBudget", "kind: PodDisruptionBudgets", "PodDisruptionBudgets"),
        ):
            with self.subTest(wrong):
                self.assertIn(right, text)
                good, said = self.check(text.replace(right, wrong))
                self.assertFalse(good)
                self.assertIn(told, said)

    def test_edugate_reaches_what_it_needs_and_only_who_may_reaches_it(self):
        network = Network(objects_of(kustomize(os.path.join(DEPLOY, "kubernetes/overlays/production"))), "edugate")
        for target, port in ((NAMES, 53), (REDIS, 6379), (PROMETHEUS, 4318), (OUTSIDE, 443)):
            self.assertTrue(network.lets(EDUGATE, target, port), port)
        self.assertFalse(network.lets(EDUGATE, OUTSIDE, 80))
        self.assertTrue(network.lets(PROMETHEUS, EDUGATE, 7080))
        self.assertFalse(network.lets(PROMETHEUS, EDUGATE, 7443))
        self.assertFalse(network.lets(OUTSIDE, EDUGATE, 7443))
        self.assertFalse(network.lets(Place("other", {"app": "x"}), EDUGATE, 7080))

    def test_the_front_is_reached_from_outside_and_reaches_edugate(self):
        objects = objects_of(self.with_front())
        network = Network(objects, "edugate")
        self.assertTrue(network.lets(OUTSIDE, FRONT, 8443))
        for target, port in ((NAMES, 53), (EDUGATE, 7443), (EDUGATE, 7080)):
            self.assertTrue(network.lets(FRONT, target, port), port)
        self.assertFalse(network.lets(FRONT, OUTSIDE, 443))
        self.assertFalse(network.lets(OUTSIDE, EDUGATE, 7443))
        labels = {each["metadata"]["name"]: each["spec"]["template"]["metadata"]["labels"]
                  for each in of_kind(objects, "Deployment")}
        self.assertEqual(labels, {"edugate": EDUGATE.labels, "edugate-front": FRONT.labels})

    def test_the_front_asks_for_addresses_that_stay(self):
        objects = objects_of(self.with_front())
        steady = {each["metadata"]["name"] for each in of_kind(objects, "Service") if each["spec"].get("clusterIP") != "None"}
        front_pod = next(each for each in of_kind(objects, "Deployment") if each["metadata"]["name"] == "edugate-front")
        given = {each["name"]: each["value"] for each in front_pod["spec"]["template"]["spec"]["containers"][0]["env"]}
        for name in ("EDUGATE_UPSTREAM", "EDUGATE_ADMIN"):
            self.assertIn(given[name].split(":")[0], steady)

    def test_each_selector_chooses_the_pods_of_edugate(self):
        for overlay in KUSTOMIZATIONS:
            objects = objects_of(kustomize(os.path.join(DEPLOY, "kubernetes", overlay)))
            for each in of_kind(objects, "Service"):
                self.assertEqual(each["spec"]["selector"], EDUGATE.labels)
            for each in of_kind(objects, "Deployment"):
                self.assertEqual(each["spec"]["selector"]["matchLabels"], EDUGATE.labels)
                self.assertEqual(each["spec"]["template"]["metadata"]["labels"], EDUGATE.labels)
            for each in of_kind(objects, "PodDisruptionBudget"):
                self.assertEqual(each["spec"]["selector"]["matchLabels"], EDUGATE.labels)

    def test_what_an_autoscaler_scales_has_no_number_of_replicas(self):
        for overlay in KUSTOMIZATIONS:
            objects = objects_of(kustomize(os.path.join(DEPLOY, "kubernetes", overlay)))
            scaled = {each["spec"]["scaleTargetRef"]["name"] for each in of_kind(objects, "HorizontalPodAutoscaler")}
            for each in of_kind(objects, "Deployment"):
                self.assertEqual("replicas" in each["spec"], each["metadata"]["name"] not in scaled)

    def test_prometheus_knows_the_job_by_the_name_that_the_alerts_ask_for(self):
        assert_jobs_fit(self, objects_of(kustomize(os.path.join(DEPLOY, "kubernetes/overlays/production"))))

    def test_no_secret_is_mounted_by_subpath(self):
        for each in KUSTOMIZATIONS:
            self.assertNotIn("subPath", kustomize(os.path.join(DEPLOY, "kubernetes", each)))

    def test_callers_get_the_published_service_config(self):
        with open(os.path.join(DEPLOY, "service_config.json"), encoding="utf-8") as file:
            published = file.read()
        self.assertIn("round_robin", published)
        given = {each["metadata"]["name"]: each["data"]
                 for each in of_kind(objects_of(kustomize(os.path.join(DEPLOY, "kubernetes/base"))), "ConfigMap")}
        self.assertEqual(given["edugate-service-config"], {"service_config.json": published})


def assert_jobs_fit(test, objects):
    with open(os.path.join(DEPLOY, "prometheus/alerts.yaml"), encoding="utf-8") as file:
        asked = set(re.findall(r'job="([^"]*)"', file.read()))
    test.assertEqual(len(asked), 1)
    for monitor in of_kind(objects, "ServiceMonitor"):
        scraped = [each for each in of_kind(objects, "Service") if fits(monitor["spec"]["selector"], each["metadata"]["labels"])]
        test.assertEqual(len(scraped), 1)
        # Without `jobLabel` the operator takes the Service's name.
        label = monitor["spec"].get("jobLabel")
        job = scraped[0]["metadata"]["labels"].get(label, scraped[0]["metadata"]["name"])
        test.assertEqual({job}, asked)


class HelmTest(Scratch):
    CONFIG = {
        "config": {"server": {"listen": "0.0.0.0:7443"}, "connections": [{"id": "a", "provider": "openapply"}]},
        "serviceMonitor": {"enabled": True},
        "podAnnotations": {"a/b": "c"},
        "networkPolicy": {"additionalEgress": [{"ports": [{"port": 6379, "protocol": "TCP"}]}]},
    }

    def template(self, values, *more):
        return helm("template", "x", CHART, "-f", self.write("values.json", json.dumps(values)), *more)

    def test_the_chart_is_well_formed(self):
        linted = helm("lint", CHART, "-f", self.write("values.json", json.dumps(self.CONFIG)))
        self.assertEqual(linted.returncode, 0, linted.stdout)

    def test_every_object_passes_its_schema(self):
        for more in ((), ("--set", "autoscaling.enabled=false,networkPolicy.enabled=false,tlsSecret=")):
            rendered = self.template(self.CONFIG, *more)
            self.assertEqual(rendered.returncode, 0, rendered.stdout)
            good, said = self.check(rendered.stdout)
            self.assertTrue(good, said)

    def test_prometheus_knows_the_job_by_the_name_that_the_alerts_ask_for(self):
        assert_jobs_fit(self, objects_of(self.template(self.CONFIG).stdout))

    def test_values_that_mean_nothing_are_refused(self):
        for more, told in (("replicas=0", "/replicas"), ("replicaz=3", "replicaz"),
                           ("autoscaling.targetCpuPercent=101", "targetCpuPercent"), ("credentialsSecret=", "credentialsSecret")):
            with self.subTest(more):
                rendered = self.template(self.CONFIG, "--set", more)
                self.assertNotEqual(rendered.returncode, 0)
                self.assertIn(told, rendered.stdout)

    def test_without_a_configuration_there_is_nothing_to_install(self):
        self.assertIn("existingConfigSecret", self.template({}).stdout)
        self.assertEqual(self.template({"existingConfigSecret": "mine"}).returncode, 0)


class ConfigurationTest(Scratch):
    """The configurations in the overlays are ones that edugate takes."""

    def write_certificate(self, *paths):
        """One pair for all of them."""
        if not paths:
            return
        certificate, key = (os.path.join(self.scratch, name) for name in ("made.crt", "made.key"))
        made = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                   "-subj", "/CN=edugate", "-days", "1", "-keyout", key, "-out", certificate)
        self.assertEqual(made.returncode, 0, made.stdout)
        for path in paths:
            shutil.copyfile(key if path.endswith(".key") else certificate, os.path.join(self.scratch, path))

    def test_edugate_takes_them(self):
        for overlay in ("trial", "production"):
            with open(os.path.join(DEPLOY, "kubernetes/overlays", overlay, "edugate.yaml"), encoding="utf-8") as file:
                text = file.read()
            for path in re.findall(r"/etc/edugate/([\w./]+)", text):
                self.write(path, "a-file-of-the-deployment-that-is-long-enough-for-a-key")
            self.write_certificate(*re.findall(r"/etc/edugate/([\w./]+\.(?:crt|key))", text))
            config = self.write("edugate.yaml", text.replace("/etc/edugate", self.scratch))
            checked = run(options.program, "check", "--config", config)
            self.assertEqual(checked.returncode, 0, checked.stdout)


class ImageTest(unittest.TestCase):
    """The image has the libraries that the program is linked with."""

    def test_the_runtime_packages_hold_every_library(self):
        with open(os.path.join(DEPLOY, "image/runtime_packages.txt"), encoding="utf-8") as file:
            packages = file.read().split()
        closure = set()
        queue = list(packages)
        while queue:
            package = queue.pop()
            if package in closure:
                continue
            closure.add(package)
            shown = run("dpkg-query", "-W", "-f", "${Depends},${Pre-Depends}", package)
            if shown.returncode != 0:
                continue
            queue += [re.split(r"[ (:|]", each.strip())[0] for each in shown.stdout.split(",") if each.strip()]
        missing = {}
        for line in run("ldd", options.program).stdout.splitlines():
            path = re.search(r"=> (/\S+)", line)
            if not path:
                self.assertNotIn("not found", line)
                continue
            # The merged /usr: dpkg knows a library by either path.
            found = ""
            for candidate in {os.path.realpath(path[1]), path[1], re.sub("^/usr", "", os.path.realpath(path[1])),
                              re.sub("^/lib", "/usr/lib", path[1])}:
                owner = run("dpkg-query", "-S", candidate)
                if owner.returncode == 0:
                    found = owner.stdout.split(":")[0]
                    break
            if found not in closure:
                missing[path[1]] = found
        self.assertEqual(missing, {})

    def test_what_the_dockerfile_copies_is_there(self):
        with open(os.path.join(DEPLOY, "Dockerfile"), encoding="utf-8") as file:
            text = file.read()
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE):
            for source in line.split()[:-1]:
                self.assertTrue(os.path.exists(os.path.join(ROOT, source)), source)
        with open(os.path.join(DEPLOY, "Dockerfile.dockerignore"), encoding="utf-8") as file:
            kept = [line[1:].strip() for line in file if line.startswith("!")]
        for each in kept:
            self.assertTrue(os.path.exists(os.path.join(ROOT, each)), each)


def await_port(port):
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


class FrontTest(Scratch):
    """The shipped front before the real program: calls pass, and of the admin port webhooks alone."""

    def setUp(self):
        super().setUp()
        ports = {name: front.free_port() for name in ("sandbox", "grpc", "admin", "health")}
        with open(os.path.join(DEPLOY, "kubernetes/overlays/trial/edugate.yaml"), encoding="utf-8") as file:
            config = file.read()
        for given, port in (("0.0.0.0:7443", ports["grpc"]), ("0.0.0.0:7080", ports["admin"])):
            config = config.replace(given, f"127.0.0.1:{port}")
        config = config.replace("0.0.0.0:7081", f"127.0.0.1:{ports['health']}").replace(":8090", f":{ports['sandbox']}")
        config = config.replace("  - id: m1\n", '  - id: m1\n    webhook: { secrets: [{ value: hook-secret }] }\n')
        self.start(options.program, "sandbox", "--port", str(ports["sandbox"]))
        self.start(options.program, "serve", "--config", self.write("edugate.yaml", config))
        for port in (ports["grpc"], ports["admin"]):
            await_port(port)
        edugate = types.SimpleNamespace(address=f"127.0.0.1:{ports['grpc']}", admin=f"127.0.0.1:{ports['admin']}")
        self.front = front.Front(edugate)
        self.addCleanup(self.front.stop)

    def start(self, *command):
        log = open(os.path.join(self.scratch, os.path.basename(command[0]) + ".log"), "ab")  # noqa: SIM115
        process = subprocess.Popen(command, stdout=log, stderr=log)

        def end():
            process.terminate()
            process.wait()
            log.close()

        self.addCleanup(end)

    def call(self, method, request):
        return run(options.program, "call", method, json.dumps(request), "--target", f"localhost:{self.front.port}", "--tls-ca",
                   certificates.authority_file())

    def ask(self, verb, path, headers=None, body=None):
        context = certificates.client_context()
        connection = http.client.HTTPSConnection("localhost", self.front.port, context=context, timeout=20)
        try:
            connection.request(verb, path, body=body, headers=headers or {})
            return connection.getresponse().status
        finally:
            connection.close()

    def test_calls_and_streams_pass(self):
        got = self.call("EnrollmentService.GetEnrollment", {"name": "connections/tms/enrollments/10"})
        self.assertEqual(got.returncode, 0, got.stdout)
        self.assertIn("ENROLLMENT_STATUS_ENROLLED", got.stdout)
        stream = self.call("EnrollmentService.StreamEnrollments", {"parent": "connections/tms"})
        self.assertEqual(stream.returncode, 0, stream.stdout)
        self.assertGreater(len(stream.stdout.splitlines()), 200)

    def test_errors_pass_with_their_details(self):
        missing = self.call("EnrollmentService.GetEnrollment", {"name": "connections/tms/enrollments/424242"})
        self.assertEqual(missing.returncode, 1)
        self.assertIn("RESOURCE_NOT_FOUND", missing.stdout)

    def test_a_connection_may_have_a_hundred_calls_in_progress(self):
        client = http2.Client(self.front.address, self.front.context)
        self.addCleanup(client.close)
        headers = [(":method", "POST"), (":scheme", "https"), (":path", "/edugate.v1.EnrollmentService/GetEnrollment"),
                   (":authority", "localhost"), ("te", "trailers"), ("content-type", "application/grpc")]
        opened = [client.open(headers) for _ in range(100)]
        name = b"connections/tms/enrollments/10"
        message = b"\x0a" + bytes([len(name)]) + name
        for each in opened:
            client.data(each, b"\0" + len(message).to_bytes(4, "big") + message, end_stream=True)
        statuses = []
        for each in opened:
            self.assertTrue(client.wait_for(each, 30))
            blocks = dict(pair for block in client.stream(each).header_blocks for pair in block)
            statuses.append((blocks.get(b":status"), blocks.get(b"grpc-status")))
        self.assertEqual(set(statuses), {(b"200", b"0")})

    def test_of_the_admin_port_only_webhooks_are_reached(self):
        self.assertEqual(self.ask("POST", "/webhooks/m1", body="{}"), 401)
        self.assertEqual(self.ask("GET", "/webhooks/m1"), 403)
        for path in ("/metrics", "/config", "/webhooks/../config", "/log-level"):
            self.assertEqual(self.ask("GET", path), 415, path)
        self.assertEqual(self.ask("POST", "/webhooks/m1", body="x" * (2 << 20)), 413)


class FrontStartTest(unittest.TestCase):
    def test_a_front_that_nginx_refuses_says_why_at_once(self):
        with self.assertRaisesRegex(RuntimeError, "invalid port in upstream"):
            front.Front(types.SimpleNamespace(address="127.0.0.1:99999", admin="127.0.0.1:1"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--tools", required=True)
    given = sys.argv[1:]
    rest = given[given.index("--") + 1:] if "--" in given else []
    parser.parse_args(given[: given.index("--")] if "--" in given else given, namespace=options)
    unittest.main(argv=[sys.argv[0], *rest])
