"""Make the manifests of `table.py` and the dashboards: `generate.py`, or `generate.py --check`."""

import json
import sys
import tomllib
from pathlib import Path
from string import Template

from table import EMBEDDED_INDEX, GATEWAY, SCALED, SERVICES, Service

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"
VERSION = tomllib.loads((HERE.parents[1] / "pyproject.toml").read_text())["project"]["version"]
EVERY_SERVICE = ("dramatis_database_url", "dramatis_nats_url", "dramatis_api_key_pepper")
"""Files of each service's secret."""
HEADER = "# Made by deploy/k8s/generate.py: change deploy/k8s/table.py or templates/, not this.\n"


def files() -> dict[Path, str]:
    """Return every generated manifest with its text."""
    found: dict[str, str] = {}
    for service in SERVICES:
        values = _values(service)
        folder = f"base/{service.name}"
        for name in ("service", "migrate", "kustomization"):
            found[f"{folder}/{name}.yaml"] = _filled(name, values)
        found[f"{folder}/deployment.yaml"] = _filled("workload", values | _deployment(service))
        if service.name == EMBEDDED_INDEX:
            embedded = f"base/{service.name}-embedded"
            found[f"{embedded}/statefulset.yaml"] = _filled("workload", values | _statefulset())
            for name in ("service", "migrate"):
                found[f"{embedded}/{name}.yaml"] = found[f"{folder}/{name}.yaml"]
            found[f"{embedded}/kustomization.yaml"] = found[f"{folder}/kustomization.yaml"].replace(
                "deployment.yaml", "statefulset.yaml"
            )
    found["base/kustomization.yaml"] = _filled("base", {"bases": _bases(), "version": VERSION})
    version = {"version": VERSION, "slug": VERSION.replace(".", "-")}
    found["base/topology/topology.yaml"] = _filled("topology", version)
    found["base/topology/kustomization.yaml"] = _filled("topology-kustomization", version)
    found["components/network-policies/services.yaml"] = _each("network-policy", SERVICES)
    found["components/external-secrets/secrets.yaml"] = _each("external-secret", SERVICES)
    found["components/ingress/routes.yaml"] = _each("ingress", SERVICES)
    found["components/gateway-api/routes.yaml"] = _each("http-route", SERVICES)
    scaled = [service for service in SERVICES if service.name in SCALED]
    found["components/autoscaling/scaled-objects.yaml"] = _each("scaled-object", scaled)
    return {HERE / name: HEADER + text.rstrip() + "\n" for name, text in found.items()}


def dashboards() -> dict[Path, str]:
    """Return every dashboard with its text."""
    from dashboards import BOARDS, as_json  # noqa: PLC0415 — its library is of the group k8s alone

    folder = HERE / "components/monitoring/dashboards"
    return {folder / f"{board.name}.json": as_json(board) for board in BOARDS}


def _bases() -> str:
    """Return all but ingest-svc: an overlay says which of its two forms it has."""
    names = [service.name for service in SERVICES if service.name != EMBEDDED_INDEX]
    return "\n".join(f"  - {name}" for name in (*names, "topology"))


def _each(template: str, services: list[Service] | tuple[Service, ...]) -> str:
    return "---\n".join(_filled(template, _values(service)) for service in services)


def _filled(template: str, values: dict[str, str]) -> str:
    return Template((TEMPLATES / f"{template}.yaml").read_text()).substitute(values)


def _values(service: Service) -> dict[str, str]:
    own = {"DRAMATIS_HTTP_PORT": str(service.port), **service.config}
    others = [each for each in SERVICES if each.name != GATEWAY]
    is_gateway = service.name == GATEWAY
    if is_gateway:
        urls = {each.name: f"http://{each.name}:{each.port}" for each in others}
        own["DRAMATIS_STUDIO_SERVICES"] = json.dumps(urls, separators=(",", ":"))
    return {
        "name": service.name,
        "host": service.host,
        "login": service.host.replace("-", "_"),
        "port": str(service.port),
        "version": VERSION,
        "slug": VERSION.replace(".", "-"),
        "memory": service.memory,
        "memory_limit": service.memory_limit,
        "memory_source": service.memory_source,
        "config": "".join(f"      - {key}={value}\n" for key, value in own.items()).rstrip(),
        "secret_keys": "".join(
            f"    - secretKey: {key}\n"
            f"      remoteRef: {{key: dramatis/{service.name}, property: {key}}}\n"
            for key in (*EVERY_SERVICE, *service.secrets)
        ).rstrip(),
        "outside": ", ".join(("the identity provider", *service.outside)),
        "qdrant_peer": _peer("qdrant", 6333) if service.qdrant else "",
        "service_peers": "".join(_peer(each.name, each.port) for each in others if is_gateway),
        "gateway": "" if is_gateway else _GATEWAY_PEER,
    }


_GATEWAY_PEER = f"        - podSelector: {{matchLabels: {{app.kubernetes.io/name: {GATEWAY}}}}}\n"


def _peer(role: str, port: int) -> str:
    return (
        f"    - to:\n        - podSelector: {{matchLabels: {{app.kubernetes.io/name: {role}}}}}\n"
        f"      ports: [{{port: {port}, protocol: TCP}}]\n"
    )


def _deployment(service: Service) -> dict[str, str]:
    return {
        "kind": "Deployment",
        "rollout": (
            "  revisionHistoryLimit: 3\n"
            "  progressDeadlineSeconds: 900\n"
            "  strategy:\n"
            "    type: RollingUpdate\n"
            "    # Old pods serve until a new one has its schema, its broker and its personas.\n"
            "    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}"
        ),
        "data_volume": f"        - name: data\n          emptyDir: {{sizeLimit: {service.data}}}\n",
        "claims": "",
    }


def _statefulset() -> dict[str, str]:
    return {
        "kind": "StatefulSet",
        "rollout": (
            f"  serviceName: {EMBEDDED_INDEX}\n"
            "  # Its index lies in its data folder, for one process: more replicas need Qdrant.\n"
            "  updateStrategy: {type: RollingUpdate}"
        ),
        "data_volume": "",
        "claims": (
            "  volumeClaimTemplates:\n"
            "    - metadata: {name: data}\n"
            "      spec:\n"
            "        accessModes: [ReadWriteOnce]\n"
            "        resources: {requests: {storage: 20Gi}}\n"
        ),
    }


def main() -> None:
    """Write the files; with `--check`, end with code 1 and their names if any is not current."""
    made = files() | dashboards()
    stale = [path for path, text in made.items() if not path.is_file() or path.read_text() != text]
    if sys.argv[1:] == ["--check"]:
        sys.exit("\n".join(f"not current: {path}; run `make k8s-files`" for path in stale) or 0)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path])


if __name__ == "__main__":
    main()
