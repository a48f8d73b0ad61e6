"""The images, built from a base that is made here, and run as the manifests say."""

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml
from service_devkit.embedded import free_port
from service_devkit.testing.waiting import wait_until
from sqlalchemy import make_url

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "deploy/k8s/overlays/small/install.yaml"
MISSING = [name for name in ("podman", "runc", "mmdebstrap") if shutil.which(name) is None]
IMAGES = ("persona-svc", "ingest-svc")
VERSION = "test"
STOP_SECONDS = 10

pytestmark = [
    pytest.mark.processes,
    pytest.mark.long,
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"images: {', '.join(MISSING)} missing"),
    pytest.mark.skipif(os.geteuid() != 0, reason="images: a base is made by root alone"),
]


def podman(*arguments, check=True):
    done = subprocess.run(
        [shutil.which("podman"), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def _containers(tmp_path_factory):
    """Let containers start where this process may not raise its limits, such as in a sandbox."""
    limits = [
        f"{name}={most}:{most}"
        for name, number, enough in (
            ("nofile", resource.RLIMIT_NOFILE, 20_000),
            ("nproc", resource.RLIMIT_NPROC, 32_768),
        )
        for most in [min(enough, *(n for n in resource.getrlimit(number) if n > 0))]
    ]
    config = tmp_path_factory.mktemp("podman") / "containers.conf"
    config.write_text(
        f'[containers]\ndefault_ulimits = {json.dumps(limits)}\n[engine]\nruntime = "runc"\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONTAINERS_CONF", str(config))
        yield


@pytest.fixture(scope="module")
def images():
    """Return the names of both images, built now."""
    bases = subprocess.run(
        [ROOT / "deploy/local-images"], capture_output=True, text=True, check=True
    ).stdout.split()
    subprocess.run(
        [ROOT / "deploy/build-images"],
        env={
            **os.environ,
            **dict(base.split("=", 1) for base in bases),
            "IMAGES": " ".join(IMAGES),
            "VERSION": VERSION,
        },
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return {name: f"localhost/dramatis/{name}:{VERSION}" for name in IMAGES}


def rendered(service, image, secrets, port):
    """Return a service's workload of `small` and its ConfigMaps, with what this machine has."""
    documents = list(yaml.safe_load_all(SMALL.read_text()))
    workload = next(
        d
        for d in documents
        if d["kind"] in {"Deployment", "StatefulSet"} and d["metadata"]["name"] == service
    )
    pod = workload["spec"]["template"]["spec"]
    named = {
        source["configMapRef"]["name"]
        for container in pod["containers"]
        for source in container["envFrom"]
    }
    settings = [d for d in documents if d["kind"] == "ConfigMap" and d["metadata"]["name"] in named]
    for config in settings:
        config["data"]["DRAMATIS_HTTP_PORT"] = str(port)
    for container in [*pod["initContainers"], *pod["containers"]]:
        container["image"] = image
        container.pop("ports", None)  # those of the host's network are open
    # Its play knows no StatefulSet, no claim and no secret's volume.
    workload["kind"] = "Deployment"
    workload["spec"] = {
        "replicas": 1,
        "selector": workload["spec"]["selector"],
        "template": workload["spec"]["template"],
    }
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    volumes["secrets"] = {"name": "secrets", "hostPath": {"path": str(secrets)}}
    volumes.setdefault("data", {"name": "data", "emptyDir": {}})
    # Kept after its end: removing it at once is a race in Podman 4.
    keep = {"io.podman.annotations.init.container.type": "always"}
    for metadata in (workload["metadata"], workload["spec"]["template"]["metadata"]):
        metadata["annotations"] = keep
    pod |= {"volumes": list(volumes.values()), "hostNetwork": True}
    return yaml.safe_dump_all([*settings, workload])


def written_secrets(folder, **values):
    folder.mkdir(mode=0o755)
    for name, value in values.items():
        (folder / name).write_text(value)
        (folder / name).chmod(0o644)
    return folder


def owner_url(database):
    """Return the owner's URL by TCP, with a password."""
    url = make_url(database.login_url_by(database.port))
    owner = f"{url.username}_owner"
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute(f"alter role {owner} password '{url.password}'")
    return url.set(username=owner).render_as_string(hide_password=False)


def inside(container, code):
    return json.loads(podman("exec", container, "python", "-c", f"import json\n{code}"))


WRITABLE = ["/data", "/tmp"]  # noqa: S108 — volumes of the pod
LOOK = """
import os, pathlib
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
def writes(path):
    try:
        pathlib.Path(path, "probe").write_text("")
    except OSError:
        return False
    return True
names = {p.name for folder in ("/app", "/usr/bin") for p in pathlib.Path(folder).rglob("*")}
print(json.dumps({
    "user": os.getuid(),
    "capabilities": int(status["CapEff"], 16),
    "writes": [path for path in ("/", "/app", "/etc", "/data", "/tmp") if writes(path)],
    "found": sorted(names & {"gcc", "cc", "service_devkit", "pytest", "nats-server"}),
    "bytecode": any(name.endswith(".pyc") for name in names),
}))
"""


@pytest.fixture
def controller(nats_url):
    """Run what makes streams and durables in a cluster: there services create nothing."""
    command = [sys.executable, "-m", "dramatis", "topology", "run", "--nats", nats_url]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        yield
        running.terminate()


@pytest.mark.usefixtures("controller")
@pytest.mark.parametrize("service", IMAGES)
async def test_an_image_runs_as_the_manifests_say(
    service, images, old_database, nats_url, tmp_path
):
    package = service.replace("-", "_")
    database = old_database(package, "0001")
    owner = written_secrets(tmp_path / "owner", dramatis_migration_database_url=owner_url(database))
    secrets = written_secrets(
        tmp_path / "secrets",
        dramatis_database_url=database.login_url_by(database.port),
        dramatis_nats_url=nats_url,
        dramatis_api_key_pepper="pepper-" * 8,
    )
    restricted = ["--rm", "--network=host", "--read-only", "--cap-drop=all", "--user=65532"]
    restricted += ["--tmpfs=/data:mode=1777"]
    unused = [
        "--env=DRAMATIS_JWKS_URL=https://not-used.invalid",
        "--env=DRAMATIS_NATS_URL=nats://not-used.invalid",
        "--env=DRAMATIS_DATABASE_URL=postgresql://not-used.invalid/x",
    ]
    mounted = [f"--volume={owner}:/run/secrets:ro", "--env=DRAMATIS_SECRETS_DIR=/run/secrets"]
    podman("run", *restricted, *unused, *mounted, images[service], "migrate")

    port = free_port()
    play = tmp_path / "play.yaml"
    play.write_text(rendered(service, images[service], secrets, port))
    podman("pod", "rm", "--force", "--ignore", f"{service}-pod-0")
    podman("kube", "play", play)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as probe:
            for path in ("/startupz", "/readyz"):
                await wait_until(lambda path=path: answers(probe, path))
            found = inside(f"{service}-pod-0-service", LOOK)
            assert found == {
                "user": 65532,
                "capabilities": 0,
                "writes": WRITABLE,
                "found": [],
                "bytecode": True,
            }
        podman("stop", "--time", STOP_SECONDS, f"{service}-pod-0-service")
        state = json.loads(podman("inspect", f"{service}-pod-0-service"))[0]["State"]
        assert state["ExitCode"] == 0
    finally:
        podman("pod", "rm", "--force", f"{service}-pod-0", check=False)


async def answers(probe, path):
    try:
        return (await probe.get(path)).status_code == 200
    except httpx.HTTPError:
        return False


def test_an_image_says_what_it_is_and_what_is_in_it(images):
    labels = json.loads(podman("inspect", images["persona-svc"]))[0]["Labels"]
    assert labels["org.opencontainers.image.title"] == "persona-svc"
    assert labels["org.opencontainers.image.version"] == VERSION
    bill = json.loads((ROOT / "dist/sbom/persona-svc.cdx.json").read_text())
    parts = {part["name"] for part in bill["components"]}
    assert {"service-kit", "sqlalchemy"} <= parts
    assert "service-devkit" not in parts
    assert "python3 " in (ROOT / "dist/sbom/persona-svc.debian.txt").read_text()


def test_a_base_without_its_digest_is_refused():
    refused = subprocess.run(
        [ROOT / "deploy/build-images"],
        env={**os.environ, "PYTHON_IMAGE": "docker.io/library/python:3.13-slim", "UV_IMAGE": "x"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "by digest" in refused.stderr
