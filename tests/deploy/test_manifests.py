"""The manifests of deploy/k8s: current, complete, and what is wrong in them is refused."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import trustme
import yaml
from dramatis.__main__ import GROUPS, _app
from dramatis.services import SERVICES
from every_service import first_alone
from service_devkit.embedded.binaries import nats_server
from typer.main import get_command

ROOT = Path(__file__).parents[2]
K8S = ROOT / "deploy/k8s"
PYTHON = ROOT / ".tools/k8s/bin/python"
TOOLS = pytest.mark.skipif(
    not PYTHON.exists(), reason="kubectl and kubernetes-validate: `make k8s-tools` installs them"
)
OVERLAYS = ("dev", "small", "ha")


def table():
    sys.path.insert(0, str(K8S))
    try:
        return import_module("table"), import_module("generate"), import_module("rules")
    finally:
        sys.path.remove(str(K8S))


def installed(overlay):
    text = (K8S / "overlays" / overlay / "install.yaml").read_text()
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def check(*arguments):
    done = subprocess.run(
        [PYTHON, K8S / "check.py", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_each_service_of_the_stack_has_its_entry_with_its_port():
    ports = {service.name: service.port for service in table()[0].SERVICES}
    known = {spec.package.replace("_", "-"): spec.default_port for spec in SERVICES}
    assert known.items() <= ports.items()


def test_each_setting_that_a_service_is_given_is_its_own():
    golden = (ROOT / "tests/golden/settings.txt").read_text().split()
    known = {*golden, "DRAMATIS_SECRETS_DIR"}
    for service in table()[0].SERVICES:
        if (ROOT / "services" / service.name).is_dir():
            secrets = {name.upper() for name in service.secrets}
            assert {*service.config, *secrets} <= known, service.name


def test_the_generated_files_are_current():
    generated = table()[1].files()
    assert [str(path) for path, text in generated.items() if path.read_text() != text] == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_runs_is_started_after_its_schema_and_its_broker(overlay):
    rules = table()[2]
    names = {service.name for service in table()[0].SERVICES}
    found = {m["metadata"]["name"]: rules.pod_of(m) for m in installed(overlay)}
    assert names <= found.keys()
    for name in names:
        migrates = [key for key in found if key.startswith(f"{name}-migrate-")]
        assert len(migrates) == 1
    for manifest in installed(overlay):
        pod = rules.pod_of(manifest)
        if (
            manifest["kind"] in {"Deployment", "StatefulSet"}
            and pod
            and (manifest["metadata"]["name"] in names)
        ):
            assert [c["args"] for c in pod["initContainers"]] == [["await-schema"]]
            assert pod["containers"][0]["startupProbe"]["httpGet"]["path"] == "/startupz"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_config_and_account_that_a_pod_names_is_there(overlay):
    manifests = installed(overlay)
    named = {(m["kind"], m["metadata"]["name"]) for m in manifests}
    for manifest in manifests:
        pod = table()[2].pod_of(manifest)
        if pod is None:
            continue
        assert ("ServiceAccount", pod["serviceAccountName"]) in named
        for container in [*pod.get("initContainers", ()), *pod["containers"]]:
            for source in container.get("envFrom", ()):
                assert ("ConfigMap", source["configMapRef"]["name"]) in named


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_command_that_a_job_runs_exists(overlay):
    commands = get_command(_app(list(GROUPS))).commands
    for manifest in installed(overlay):
        pod = table()[2].pod_of(manifest)
        for container in pod["containers"] if pod else ():
            if re.search(r"/dramatis[@:]", container["image"]):
                group, command, *options = container["args"]
                known = {o for p in commands[group].commands[command].params for o in p.opts}
                assert {o for o in options if o.startswith("--")} <= known


def test_streams_have_as_many_copies_as_the_broker_has_nodes():
    for overlay, nodes in (("dev", "1"), ("small", "1"), ("ha", "3")):
        settings = {
            value
            for m in installed(overlay)
            if m["kind"] == "ConfigMap"
            for key, value in m["data"].items()
            if key == "DRAMATIS_STREAM_REPLICAS"
        }
        assert settings == {nodes}


def test_the_routes_cut_no_path_and_each_service_has_its_host():
    rules = [
        (m["spec"]["rules"][0]["host"], path["path"], path["backend"]["service"]["name"])
        for m in installed("small")
        if m["kind"] == "Ingress"
        for path in m["spec"]["rules"][0]["http"]["paths"]
    ]
    services = {service.name: f"{service.host}." for service in table()[0].SERVICES}
    assert {name for _, _, name in rules} == services.keys()
    assert all(path == "/" and host.startswith(services[name]) for host, path, name in rules)
    routes = [m for m in installed("ha") if m["kind"] == "HTTPRoute"]
    assert {route["metadata"]["name"] for route in routes} == services.keys()
    assert not any("filters" in rule for route in routes for rule in route["spec"]["rules"])


def test_what_needs_one_namespace_alone_is_small():
    kinds = {(m["apiVersion"], m["kind"]) for m in installed("small")}
    built_in = {"v1", "apps/v1", "batch/v1", "policy/v1", "networking.k8s.io/v1"}
    assert {version for version, _ in kinds} <= built_in
    assert not {kind for _, kind in kinds} & {"Namespace", "ClusterRole", "ClusterRoleBinding"}


def selects(selector, labels):
    exact = selector.get("matchLabels", {})
    among = selector.get("matchExpressions", ())
    return all(labels.get(key) == value for key, value in exact.items()) and all(
        labels.get(rule["key"]) in rule["values"] for rule in among
    )


def may_reach(policies, source, target, port):
    """Return whether pods with labels `source` may open `port` of pods with labels `target`."""

    def allows(direction, peer_key, owner, peer):
        held = [
            policy["spec"]
            for policy in policies
            if selects(policy["spec"]["podSelector"], owner)
            and direction.title() in policy["spec"]["policyTypes"]
        ]
        assert held  # default-deny holds everybody
        return any(
            any(p["port"] == port for p in rule.get("ports", ()))
            and any(
                selects(each["podSelector"], peer)
                for each in rule.get(peer_key, ())
                if "podSelector" in each and "namespaceSelector" not in each
            )
            for spec in held
            for rule in spec.get(direction, ())
        )

    return allows("egress", "to", source, target) and allows("ingress", "from", target, source)


def test_who_may_speak_to_whom():
    policies = [m for m in installed("ha") if m["kind"] == "NetworkPolicy"]
    rules = table()[2]
    labels = {
        m["metadata"]["name"]: m["spec"]["template"]["metadata"]["labels"]
        for m in installed("ha")
        if rules.pod_of(m)
    }
    labels["postgres"] = {"cnpg.io/cluster": "postgres"}
    ports = {"nats": 4222, "postgres": 5432, "qdrant": 6333}
    ports |= {service.name: service.port for service in table()[0].SERVICES}
    allowed = {
        (source, target)
        for source in labels
        for target, port in ports.items()
        if may_reach(policies, labels[source], labels[target], port)
    }
    services = {service.name for service in table()[0].SERVICES}
    gateway = table()[0].GATEWAY
    migrations = {name for name in labels if "-migrate-" in name}
    databases = {name for name in labels if name.startswith("databases-")}
    assert allowed == {
        *((name, "nats") for name in services | migrations | {"topology"}),
        *((name, "postgres") for name in services | migrations | databases | {"postgres"}),
        ("ingest-svc", "qdrant"),
        *((gateway, name) for name in services - {gateway}),
    }


CONTAINER = "/spec/template/spec/containers/0"
BROKEN = {
    "an unknown kind": (
        "resources: [extra.yaml]",
        "apiVersion: apps/v1\nkind: Deploymint\nmetadata: {name: x}\nspec: {}\n",
        "does not know apps/v1",
    ),
    "an unknown group": (
        "resources: [extra.yaml]",
        "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: x}\nspec: {}\n",
        "does not know example.com/v1",
    ),
    "a missing limit": (
        (
            "patches:\n  - target: {kind: Deployment, name: draft-svc}\n    patch: |\n"
            "      - {op: remove, path: /spec/template/spec/containers/0/resources/limits}"
        ),
        None,
        "service has no memory in limits",
    ),
    "a wrong field": (
        (
            "patches:\n  - target: {kind: Deployment, name: draft-svc}\n    patch: |\n"
            "      - op: add\n"
            f"        path: {CONTAINER}/securityContext/readOnlyRootFileSystem\n"
            "        value: true"
        ),
        None,
        "readOnlyRootFileSystem",
    ),
    "the tag latest": (
        "images:\n  - {name: registry.example.com/dramatis/draft-svc, newTag: latest, digest: ''}",
        None,
        "is not named by its digest",
    ),
    "a secret": (
        "secretGenerator:\n  - name: x\n    literals: [password=hunter2]",
        None,
        "a secret's value is in the manifests",
    ),
    "a password in a setting": (
        (
            "configMapGenerator:\n  - name: more\n"
            "    literals: ['DRAMATIS_NATS_URL=nats://me:hunter2@nats:4222']"
        ),
        None,
        "DRAMATIS_NATS_URL looks like a secret",
    ),
    "two embedded indexes": (
        "replicas: [{name: ingest-svc, count: 2}]",
        None,
        "it is a StatefulSet of one",
    ),
    "more connections than there are": (
        "replicas: [{name: draft-svc, count: 9}]",
        None,
        "connections to Postgres at most",
    ),
    "a writable root": (
        (
            "patches:\n  - target: {kind: Deployment, name: voice-svc}\n    patch: |\n"
            "      - op: replace\n"
            f"        path: {CONTAINER}/securityContext/readOnlyRootFilesystem\n"
            "        value: false"
        ),
        None,
        "may write its root file system",
    ),
}


@TOOLS
@pytest.mark.processes
@pytest.mark.parametrize("broken", first_alone(BROKEN))
def test_a_broken_overlay_is_refused(broken, tmp_path):
    more, extra, reason = BROKEN[broken]
    small = os.path.relpath(K8S / "overlays/small", tmp_path.resolve())
    head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    resources = f"resources: [{small}]\n"
    if extra:
        (tmp_path / "extra.yaml").write_text(extra)
        resources, more = f"resources: [{small}, extra.yaml]\n", ""
    (tmp_path / "kustomization.yaml").write_text(f"{head}{resources}{more}\n")
    code, printed = check(tmp_path)
    assert code == 1
    assert reason in printed


@TOOLS
@pytest.mark.processes
def test_a_custom_resource_with_a_wrong_field_is_refused(tmp_path):
    crds = Path(os.environ.get("CRDS") or ROOT.parent / "shared/data/crds")
    if not crds.is_dir():
        pytest.skip("no definitions of custom resources (CRDS=DIR)")
    base = os.path.relpath(K8S / "overlays/ha", tmp_path.resolve())
    (tmp_path / "kustomization.yaml").write_text(
        f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [{base}]\n"
        "patches:\n  - target: {kind: ScaledObject, name: draft-svc}\n    patch: |\n"
        "      - {op: add, path: /spec/minReplicas, value: 3}\n"
    )
    code, printed = check(tmp_path)
    assert code == 1
    assert "minReplicas" in printed


@TOOLS
@pytest.mark.processes
def test_each_install_is_what_its_overlay_renders_to():
    code, printed = check(*(K8S / "overlays" / name for name in OVERLAYS))
    assert code == 0, printed


@TOOLS
@pytest.mark.processes
def test_a_release_has_its_digests_but_dev_needs_none():
    code, printed = check("--release", K8S / "overlays/dev", K8S / "overlays/small")
    assert code == 1
    assert "ok    dev" in printed
    assert printed.count("is not filled in") >= 6


def test_digests_are_filled_in_by_name_and_others_stay(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    before = (K8S / "overlays/small/kustomization.yaml").read_text()
    (folder / "kustomization.yaml").write_text(before)
    digest = f"sha256:{'ab' * 32}"
    (tmp_path / "digests.txt").write_text(f"draft-svc {digest}\n")
    fill = [sys.executable, K8S / "fill_digests.py", tmp_path / "digests.txt", folder]
    subprocess.run(fill, check=True)
    after = (folder / "kustomization.yaml").read_text()
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) == 1
    assert "name: draft-svc" in changed[0]
    assert digest in changed[0]
    (tmp_path / "digests.txt").write_text("draft-svc latest\n")
    refused = subprocess.run(fill, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert (folder / "kustomization.yaml").read_text() == after


def smoke(overlay, folder, kubectl):
    """Run the smoke test of clusters with a `kubectl` that is this script."""
    (folder / "kubectl").write_text(f'#!/bin/sh\necho "$@" >>{folder}/calls\n{kubectl}\n')
    (folder / "kubectl").chmod(0o755)
    done = subprocess.run(
        [K8S / "smoke/smoke", overlay],
        env={"PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    calls = folder / "calls"
    return done.returncode, done.stdout, calls.read_text() if calls.exists() else ""


def test_the_smoke_test_refuses_an_overlay_without_digests_before_it_asks_the_cluster(tmp_path):
    code, printed, calls = smoke("small", tmp_path, "exit 0")
    assert (code, calls) == (1, "")
    assert printed.splitlines()[0] == "FAIL  digests are filled in"


def test_the_smoke_test_installs_nothing_that_the_api_server_refuses(tmp_path):
    refuse = 'case "$*" in *--dry-run=server*) echo "unknown field"; exit 1;; esac'
    code, printed, calls = smoke("dev", tmp_path, refuse)
    assert code == 1
    assert "FAIL  the API server takes every object\nunknown field" in printed
    assert all("--dry-run=server" in call for call in calls.splitlines() if "apply" in call)


@pytest.mark.parametrize("component", ["nats", "nats-cluster"])
def test_the_brokers_configuration_is_one_that_the_server_takes(component, tmp_path):
    text = (K8S / "components" / component / "nats.conf").read_text()
    (tmp_path / "auth").mkdir()
    (tmp_path / "auth/auth.conf").write_text("authorization { user: u, password: p }\n")
    authority = trustme.CA()
    certificate = authority.issue_cert("nats")
    certificate.private_key_pem.write_to_path(tmp_path / "tls.key")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "tls.crt")
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / "nats.conf").write_text(text.replace("/etc/nats/tls", str(tmp_path)))
    checked = subprocess.run(
        [nats_server(), "-t", "-c", tmp_path / "nats.conf"],
        env={"POD_NAME": "nats-0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
