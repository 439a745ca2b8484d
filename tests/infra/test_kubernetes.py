"""Kubernetes' files: restricted pods, no secrets in them, and objects that refer to each other by names that exist."""

import shutil
import subprocess

import pytest
import yaml

from tests.infra.files import INFRA, airflow_options, documents, pods

VALUES = yaml.safe_load((INFRA / "kubernetes" / "airflow-values.yaml").read_text(encoding="utf-8"))
PODS = pods()


@pytest.mark.parametrize("name", PODS)
def test_pod_keeps_to_the_restricted_standard(name):
    pod, container = PODS[name], PODS[name]["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == "coldaisle"


@pytest.mark.parametrize("name", PODS)
def test_pod_says_how_it_is_and_has_limits(name):
    container = PODS[name]["containers"][0]
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
    assert set(container["resources"]) == {"requests", "limits"}


@pytest.mark.parametrize("name", PODS)
def test_volumes_that_a_pod_mounts_exist(name):
    volumes = {each["name"]: each for each in PODS[name]["volumes"]}
    assert {each["name"] for each in PODS[name]["containers"][0]["volumeMounts"]} == set(volumes)
    claims = {each["metadata"]["name"] for each in documents() if each["kind"] == "PersistentVolumeClaim"}
    assert {
        v["persistentVolumeClaim"]["claimName"] for v in volumes.values() if "persistentVolumeClaim" in v
    } <= claims


def test_services_are_inside_the_cluster():
    services = [each for each in documents() if each["kind"] == "Service"]
    assert {each["spec"]["type"] for each in services} == {"ClusterIP"}


def test_no_object_holds_a_secret():
    assert [each for each in documents() if each["kind"] == "Secret"] == []


def test_secrets_that_are_mounted_are_made_by_the_script(tmp_path):
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    subprocess.run([str(INFRA / "make_secrets.sh"), str(tmp_path)], check=True, capture_output=True)
    script = [str(INFRA / "kubernetes" / "make_secrets.sh"), str(tmp_path)]
    made = subprocess.run(
        script, capture_output=True, text=True, env={"DRY_RUN": "1", "PATH": "/usr/bin:/bin:/usr/local/bin"}
    )
    assert made.returncode == 0, made.stderr
    keys = {each["metadata"]["name"]: set(each["data"]) for each in yaml.safe_load_all(made.stdout) if each}
    mounted = {v["secret"]["secretName"] for pod in PODS.values() for v in pod["volumes"] if "secret" in v}
    assert mounted <= set(keys)
    assert keys[VALUES["data"]["metadataSecretName"]] == {"connection"}
    assert keys[VALUES["jwtSecretName"]] == {"fernet-key", "api-secret-key", "jwt-secret"}


def test_chart_uses_our_image_and_no_default_secret():
    assert VALUES["images"]["airflow"] == {
        "repository": "coldaisle",
        "tag": "0.1.0",
        "pullPolicy": "IfNotPresent",
    }
    assert not {"fernetKey", "webserverSecretKey", "apiSecretKey", "jwtSecret"} & set(VALUES)
    assert not VALUES["postgresql"]["enabled"]
    assert not VALUES["createUserJob"]["enabled"]


def test_chart_sets_options_that_airflow_has():
    named = {(section, option) for section, each in VALUES["config"].items() for option in each}
    assert sorted(named - airflow_options()) == []


def rendered() -> list[dict]:
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    built = subprocess.run(
        ["kubectl", "kustomize", str(INFRA / "kubernetes" / "example")], capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return list(yaml.safe_load_all(built.stdout))


def test_example_has_a_loop_and_a_watchdog_that_hear_each_other():
    objects = {(each["kind"], each["metadata"]["name"]): each for each in rendered()}
    settings = next(
        each["data"] for (kind, name), each in objects.items() if kind == "ConfigMap" and "site" in name
    )
    host, _, port = settings["COLDAISLE_HEARTBEAT"].partition(":")
    service = objects["Service", host]
    assert service["spec"]["ports"][0]["port"] == int(port)
    labels = objects["Deployment", host]["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()


def test_example_follows_the_schemas_of_kubernetes():
    validate = pytest.importorskip("kubernetes_validate").validate
    for each in rendered():
        validate(each, "1.33", strict=True)
