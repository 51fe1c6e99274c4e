"""docker/kubernetes: each manifest against the API's schemas, and what a pod of ours must have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from documentation.variables import GROUPS
from emulator.monitoring import probe, signs
from emulator.processes import supervisor
from runtime import lifetime
from tests.emulator.test_docker import SERVICES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docker" / "kubernetes"
SCHEMAS = "1.31"  # of the oldest version of Kubernetes that the page says
OF_OTHERS = {"keda.sh/v1alpha1", "kustomize.config.k8s.io/v1alpha1"}
OF_OTHERS |= {"kustomize.config.k8s.io/v1beta1"}
# Services of compose.yaml by the same names.
PODS = ("web", "charge-points", "scenarios", "celery", "beat", "prepare")


def documents(path: Path) -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all(path.read_text()) if found]


FILES = sorted(FOLDER.rglob("*.yaml"))
ALL = [(path, document) for path in FILES for document in documents(path)]
BY_NAME = {(d["kind"], d["metadata"]["name"]): d for _, d in ALL if "metadata" in d}
LITERALS = dict(
    line.split("=", 1)
    for line in yaml.safe_load((FOLDER / "base" / "kustomization.yaml").read_text())[
        "configMapGenerator"
    ][0]["literals"]
)


def workload(name: str) -> dict[str, Any]:
    named = [document for (_, other), document in BY_NAME.items() if other == name]
    [found] = [document for document in named if "template" in document.get("spec", {})]
    return found


def pod(name: str) -> dict[str, Any]:
    return workload(name)["spec"]["template"]["spec"]


def container(name: str) -> dict[str, Any]:
    [found] = pod(name)["containers"]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_manifest_fits_the_schema_of_the_api(path):
    for document in documents(path):
        if document["apiVersion"] in OF_OTHERS:
            continue
        kubernetes_validate.validate(document, SCHEMAS, strict=True)


def test_a_wrong_manifest_does_not():
    wrong = json.loads(json.dumps(workload("web")))
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        kubernetes_validate.validate(wrong, SCHEMAS, strict=True)


def test_every_file_is_named_by_a_kustomization_and_every_name_is_a_file():
    named = set()
    for path in FILES:
        if path.name != "kustomization.yaml":
            continue
        named.add(path)
        [read] = documents(path)
        for name in [*read.get("resources", []), *read.get("components", [])]:
            place = (path.parent / name).resolve()
            named.add(place / "kustomization.yaml" if place.is_dir() else place)
    assert named == set(FILES)


def test_kustomize_renders_the_example():
    """Where kubectl is at hand; Debian 12's own is too old for components."""
    kubectl = shutil.which("kubectl")
    if kubectl is None or b'"minor": "20"' in _version(kubectl):
        pytest.skip("no kubectl from 1.21 on")
    done = subprocess.run(
        [kubectl, "kustomize", FOLDER / "example"], capture_output=True, timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()
    made = list(yaml.safe_load_all(done.stdout))
    for document in made:
        if document["apiVersion"] not in OF_OTHERS:
            kubernetes_validate.validate(document, SCHEMAS, strict=True)
        if document["kind"] != "Namespace":
            assert document["metadata"]["namespace"] == "ocpp-emulator"
    kinds = [document["kind"] for document in made]
    assert kinds.count("Deployment") == 4 and kinds.count("StatefulSet") == 1
    [scaled] = [d for d in made if d["kind"] == "StatefulSet"]
    assert "replicas" not in scaled["spec"]  # KEDA's to say
    assert scaled["spec"]["template"]["spec"]["containers"][0]["image"].endswith(f":{version()}")
    [kept] = [d for d in made if d["kind"] == "ConfigMap"]
    assert set(kept["data"]) >= {"EGRESS_CSMS_ALLOW", *LITERALS}


def _version(kubectl: str) -> bytes:
    return subprocess.run(
        [kubectl, "version", "--client", "-o", "json"], capture_output=True, timeout=60
    ).stdout


def version() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_image_is_of_this_version():
    [read] = documents(FOLDER / "example" / "kustomization.yaml")
    [image] = read["images"]
    assert image["newTag"] == version()
    assert all(container(name)["image"] == image["name"] for name in PODS)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_may_do_no_more_than_it_must(name):
    """What the Pod Security Standard "restricted" asks for, and a root that is read only."""
    spec, main = pod(name), container(name)
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] == 1000
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert main["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert set(main["resources"]["requests"]) == {"cpu", "memory"}
    assert "memory" in main["resources"]["limits"]
    assert {m["name"] for m in main["volumeMounts"]} == {v["name"] for v in spec["volumes"]}
    written = {m["mountPath"] for m in main["volumeMounts"] if not m.get("readOnly")}
    assert written == {"/data", "/tmp"}  # DATA_DIR of the image, and what Python writes to


@pytest.mark.parametrize("name", PODS)
def test_a_pod_runs_what_the_service_of_compose_runs(name):
    service = SERVICES[name]
    wanted = [str(word) for word in service.get("command", [])] or dockerfile_command()
    ours = [re.sub(r"\$\{\w+:-(.*)\}", r"\1", word) for word in wanted]
    assert container(name)["args"] == ours
    grace = str(service.get("stop_grace_period", "30s")).removesuffix("s")
    spec = pod(name)
    if name != "prepare":
        assert spec["terminationGracePeriodSeconds"] == int(grace) > lifetime.LIMIT
        asked = container(name)["startupProbe"]["exec"]["command"]
        assert asked == service["healthcheck"]["test"][1:]


def dockerfile_command() -> list[str]:
    text = (ROOT / "docker" / "Dockerfile").read_text()
    return json.loads(re.findall(r"^CMD (\[.+\])", text, re.M)[-1])


@pytest.mark.parametrize("name", [name for name in PODS if name != "prepare"])
def test_probes_know_their_process_and_no_store_that_is_away_ends_it(name):
    main = container(name)
    for kind in ("startupProbe", "readinessProbe"):
        command = main[kind]["exec"]["command"]
        assert command[:3] == ["python", "-m", "emulator.monitoring.probe"]
        assert probe.main(command[3:]) in (0, 1)
    start = main["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] >= supervisor.PATIENCE
    assert "exec" not in main.get("livenessProbe", {}) and "httpGet" not in main.get(
        "livenessProbe", {}
    )


def test_the_settings_are_those_that_there_are():
    known = {variable.name for group in GROUPS.values() for variable in group}
    assert set(LITERALS) <= known | {f"{name}_FILE" for name in known}
    [example] = documents(FOLDER / "example" / "kustomization.yaml")
    for line in example["configMapGenerator"][0]["literals"]:
        assert line.split("=", 1)[0] in known
    queues = next(a for a in container("celery")["args"] if a.startswith("--queues="))
    assert set(queues.removeprefix("--queues=").split(",")) == set(signs.QUEUES)


def test_health_expects_as_many_as_run():
    wanted = dict(part.split("=") for part in LITERALS["EXPECTED_PROCESSES"].split(","))
    assert wanted == {
        name.replace("-", "_"): str(workload(name)["spec"]["replicas"])
        for name in ("charge-points", "celery", "scenarios", "beat")
    }
    assert workload("beat")["spec"]["strategy"] == {"type": "Recreate"}


def test_no_secret_is_written_down(tmp_path):
    subprocess.run([ROOT / "docker" / "make-secrets", tmp_path], check=True, capture_output=True)
    made = {path.name for path in tmp_path.iterdir()}
    for name, value in LITERALS.items():
        if re.search("PASSWORD|SECRET|TOKEN", name):
            assert value.removeprefix("/run/secrets/emulator/") in made
    assert not [kind for kind, _ in BY_NAME if kind == "Secret"]


def test_what_may_be_away_at_a_time():
    budgets = {name: d["spec"] for (kind, name), d in BY_NAME.items()
               if kind == "PodDisruptionBudget"}  # fmt: skip
    assert set(budgets) == {"web", "charge-points", "celery"}
    for name, budget in budgets.items():
        labels = workload(name)["spec"]["template"]["metadata"]["labels"]
        assert budget["selector"]["matchLabels"].items() <= labels.items()
        # A budget that lets nobody go stops every drain of a node.
        assert workload(name)["spec"]["replicas"] > budget.get("minAvailable", 0)


def test_selectors_select():
    for kind, name in BY_NAME:
        found = BY_NAME[kind, name]
        if kind == "Service":
            assert found["spec"]["selector"] == {"app.kubernetes.io/component": name}
            assert workload(name)
        elif "template" in found.get("spec", {}) and kind != "Job":
            wanted = found["spec"]["selector"]["matchLabels"]
            assert wanted.items() <= found["spec"]["template"]["metadata"]["labels"].items()


def test_scaling_asks_for_metrics_that_there_are_and_ends_at_the_shards():
    told = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    scaled = {name: d["spec"] for (kind, name), d in BY_NAME.items() if kind == "ScaledObject"}
    assert set(scaled) == {"charge-points", "celery"}
    for name, spec in scaled.items():
        target = spec["scaleTargetRef"]
        assert workload(name)["kind"] == target["kind"] and target["name"] == name
        for trigger in spec["triggers"]:
            for metric in re.findall(r"ocpp_\w+", trigger["metadata"]["query"]):
                assert f"`{metric}`" in told
    assert scaled["charge-points"]["maxReplicaCount"] <= int(LITERALS["CHARGE_POINT_SHARDS"])


def test_nothing_comes_in_but_to_the_web():
    policies = {name: d["spec"] for (kind, name), d in BY_NAME.items() if kind == "NetworkPolicy"}
    assert policies["emulator"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert policies["web"]["podSelector"]["matchLabels"] == {"app.kubernetes.io/component": "web"}
    assert set(policies) == {"emulator", "web"}
