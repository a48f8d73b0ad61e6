"""Our own rules for rendered manifests: what no schema can say."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from table import EMBEDDED_INDEX, SERVICES

Manifest = dict[str, Any]

WORKLOADS = ("Deployment", "StatefulSet", "Job", "DaemonSet", "CronJob")
NO_DIGEST = "sha256:" + 64 * "0"
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_LOCAL = re.compile(r"(?!.*:latest$).+:[\w.-]+")
_UNITS = {"Mi": 2**20, "Gi": 2**30, "MB": 10**6, "GB": 10**9}
DEFAULT_MAX_CONNECTIONS = 100
"""Of Postgres, where somebody else runs it."""
SPARE_CONNECTIONS = 20
"""For superusers, the operator, an exporter, and people."""


def broken_rules(
    manifests: Sequence[Manifest], *, is_dev: bool = False, release: bool = False
) -> list[str]:
    """Return which rules are broken by what; `release`: a digest must be filled in, but in dev."""
    found: list[str] = []
    for manifest in manifests:
        name = f"{manifest['kind']} {manifest['metadata']['name']}"
        reasons = [*_secrets(manifest), *_probes(manifest)]
        for container in _containers(manifest):
            reasons += _image(container["image"], is_dev=is_dev, release=release)
            reasons += [*_resources(container), *_restricted(container)]
        reasons += _pod(manifest)
        found += [f"{name}: {reason}" for reason in reasons]
    return [*found, *_index(manifests), *_connections(manifests), *_stores(manifests)]


def pod_of(manifest: Manifest) -> Manifest | None:
    """Return the pod's spec of a workload; None if it is none."""
    if manifest["kind"] not in WORKLOADS:
        return None
    spec = manifest["spec"]
    spec = spec["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else spec
    return spec["template"]["spec"]


def _containers(manifest: Manifest) -> list[Manifest]:
    pod = pod_of(manifest) or {}
    return [*pod.get("initContainers", ()), *pod.get("containers", ())]


def _image(image: str, *, is_dev: bool, release: bool) -> Iterator[str]:
    if is_dev:
        if not _LOCAL.fullmatch(image) and not _DIGEST.fullmatch(image):
            yield f"the image {image} has no version"
    elif not _DIGEST.fullmatch(image):
        yield f"the image {image} is not named by its digest"
    elif release and image.endswith(NO_DIGEST):
        yield f"the digest of {image} is not filled in"


def _resources(container: Manifest) -> Iterator[str]:
    resources = container.get("resources", {})
    for kind, unit in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
        if unit not in resources.get(kind, {}):
            yield f"{container['name']} has no {unit} in {kind}"
    if "cpu" in resources.get("limits", {}):
        yield f"{container['name']} has a limit of CPU: throttled, it misses its heartbeats"


def _restricted(container: Manifest) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("allowPrivilegeEscalation") is not False:
        yield f"{container['name']} may escalate its privileges"
    if context.get("readOnlyRootFilesystem") is not True:
        yield f"{container['name']} may write its root file system"
    if context.get("capabilities", {}).get("drop") != ["ALL"]:
        yield f"{container['name']} keeps capabilities"
    if any("valueFrom" in env and "secretKeyRef" in env["valueFrom"] for env in _env(container)):
        yield f"{container['name']} has a secret in its environment: mount it"


def _env(container: Manifest) -> list[Manifest]:
    return container.get("env", [])


def _pod(manifest: Manifest) -> Iterator[str]:
    pod = pod_of(manifest)
    if pod is None:
        return
    context = pod.get("securityContext", {})
    if context.get("runAsNonRoot") is not True:
        yield "runs as root"
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "has a token of the API server"


def _probes(manifest: Manifest) -> Iterator[str]:
    if manifest["metadata"]["name"] not in {service.name for service in SERVICES}:
        return
    for container in (pod_of(manifest) or {}).get("containers", ()):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe not in container:
                yield f"{container['name']} has no {probe}"


def _secrets(manifest: Manifest) -> Iterator[str]:
    if manifest["kind"] == "Secret":
        yield "a secret's value is in the manifests"
    if manifest["kind"] == "ConfigMap":
        for key, value in manifest.get("data", {}).items():
            if re.search(r"://[^/\s:@]+:[^/\s@]+@", str(value)) or re.search(
                r"(?i)(password|api_key|secret)$", key
            ):
                yield f"{key} looks like a secret"


def settings_of(manifests: Sequence[Manifest], workload: Manifest) -> dict[str, str]:
    """Return the settings that a workload's first container reads from ConfigMaps."""
    maps = {m["metadata"]["name"]: m.get("data", {}) for m in manifests if m["kind"] == "ConfigMap"}
    container = (pod_of(workload) or {})["containers"][0]
    named = [source["configMapRef"]["name"] for source in container.get("envFrom", ())]
    return {key: value for name in named for key, value in maps.get(name, {}).items()}


def _index(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Of the embedded index there is one; anything else needs Qdrant and a store of originals."""
    for manifest in manifests:
        if manifest["metadata"]["name"] != EMBEDDED_INDEX or pod_of(manifest) is None:
            continue
        settings = settings_of(manifests, manifest)
        is_one = manifest["kind"] == "StatefulSet" and manifest["spec"].get("replicas", 1) == 1
        for setting in ("DRAMATIS_INGEST_QDRANT_URL", "DRAMATIS_INGEST_STORAGE_URL"):
            if setting not in settings and not is_one:
                yield f"{EMBEDDED_INDEX}: without {setting} it is a StatefulSet of one"


def connections(manifests: Sequence[Manifest]) -> int:
    """Return how many connections to Postgres there may be while everything is rolled out at once.

    Of each pod its pool, one that listens, and one of an init container; of each Job one.
    """
    most = {
        m["spec"]["scaleTargetRef"]["name"]: m["spec"]["maxReplicaCount"]
        for m in manifests
        if m["kind"] == "ScaledObject"
    }
    total = 0
    for manifest in manifests:
        pool = (
            settings_of(manifests, manifest).get("DRAMATIS_DATABASE_POOL_SIZE")
            if pod_of(manifest)
            else None
        )
        if pool is not None:
            surge = 1 if manifest["kind"] == "Deployment" else 0
            replicas = most.get(manifest["metadata"]["name"], manifest["spec"].get("replicas", 1))
            total += (replicas + surge) * (int(pool) + 1) + 1
        total += manifest["kind"] == "Job"
    return total


def _connections(manifests: Sequence[Manifest]) -> Iterator[str]:
    clusters = [m for m in manifests if m["kind"] == "Cluster"]
    allowed = DEFAULT_MAX_CONNECTIONS
    if clusters:
        allowed = int(clusters[0]["spec"]["postgresql"]["parameters"]["max_connections"])
    needed = connections(manifests)
    if needed > allowed - SPARE_CONNECTIONS:
        yield (
            f"{needed} connections to Postgres at most, of {allowed} less {SPARE_CONNECTIONS}"
            " spare: see deploy/README.md, Connections"
        )


def _stores(manifests: Sequence[Manifest]) -> Iterator[str]:
    """NATS must be full before its volume is."""
    volumes = [
        m["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"]
        for m in manifests
        if m["kind"] == "StatefulSet" and m["metadata"]["name"] == "nats"
    ]
    configs = [m["data"]["nats.conf"] for m in manifests if "nats.conf" in m.get("data", {})]
    for volume, config in zip(volumes, configs, strict=True):
        limit = re.search(r"max_file_store: (\w+)", config)
        if limit is None or _bytes(limit[1]) > 0.9 * _bytes(volume):
            yield "StatefulSet nats: max_file_store must stay a tenth below its volume"


def _bytes(text: str) -> int:
    return int(text[:-2]) * _UNITS[text[-2:]]
