"""Check the manifests without a cluster: `make k8s`.

    python deploy/k8s/check.py [--release] [--write] [FOLDER…]

Renders each overlay and example, validates what is built in against each supported version of
Kubernetes, custom resources against their CRDs (`CRDS=DIR`, else `../shared/data/crds`), and all
against our own rules. What cannot be checked here is listed as skipped. `--release` also refuses
digests that are not filled in; `--write` writes each overlay's install.yaml.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml
from rules import broken_rules
from table import SUPPORTED

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KUBECTL = Path(sys.executable).with_name("kubectl")
CUSTOM_GROUPS = (
    "barmancloud.cnpg.io",
    "cert-manager.io",
    "external-secrets.io",
    "gateway.networking.k8s.io",
    "keda.sh",
    "monitoring.coreos.com",
    "postgresql.cnpg.io",
)
"""Of the custom resources that we use; any other is an unknown kind."""

Manifest = dict[str, Any]


def render(folder: Path) -> str:
    """Return what `kubectl kustomize` makes of a folder.

    Raises:
        SystemExit: it makes nothing.
    """
    done = subprocess.run(
        [KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{folder}: {done.stderr.strip()}")
    return done.stdout


def built_in_errors(manifests: Sequence[Manifest], version: str) -> Iterator[str]:
    """Yield what Kubernetes `version` would not take; an unknown kind is an error."""
    for manifest in manifests:
        if _group(manifest) in CUSTOM_GROUPS:
            continue
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            yield f"{_name(manifest)}: Kubernetes {version}: {error.message}"
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{_name(manifest)}: Kubernetes {version} does not know {manifest['apiVersion']}"


def custom_errors(manifests: Sequence[Manifest], folder: Path) -> Iterator[str]:
    """Yield where custom resources are not as their definitions say; CEL rules do not run here."""
    schemas = dict(_schemas(folder))
    for manifest in manifests:
        if _group(manifest) not in CUSTOM_GROUPS:
            continue
        schema = schemas.get((manifest["apiVersion"], manifest["kind"]))
        if schema is None:
            yield f"{_name(manifest)}: no definition of {manifest['apiVersion']} in {folder}"
            continue
        for error in jsonschema.Draft202012Validator(schema).iter_errors(manifest):
            yield f"{_name(manifest)}: {error.json_path}: {error.message}"


def _schemas(folder: Path) -> Iterator[tuple[tuple[str, str], Manifest]]:
    for path in sorted(folder.glob("*.yaml")):
        spec = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)["spec"]
        for version in spec["versions"]:
            schema = version["schema"]["openAPIV3Schema"]
            schema["properties"]["metadata"] = {"type": "object"}
            _make_strict(schema)
            yield (f"{spec['group']}/{version['name']}", spec["names"]["kind"]), schema


def _make_strict(schema: Manifest) -> None:
    """Make an OpenAPI schema a JSON Schema that takes no field which it does not name."""
    is_open = schema.get("x-kubernetes-preserve-unknown-fields")
    if "properties" in schema and "type" in schema and not is_open:
        schema.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        schema.pop("type", None)
        schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    schema.pop("format", None)
    for below in _below(schema):
        _make_strict(below)


def _below(schema: Manifest) -> Iterator[Manifest]:
    yield from schema.get("properties", {}).values()
    for key in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(key), dict):
            yield schema[key]
    for key in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(key, ())


def _group(manifest: Manifest) -> str:
    return manifest["apiVersion"].rpartition("/")[0]


def _name(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def crds() -> Path | None:
    """Return the folder of definitions, if there is one."""
    folder = Path(os.environ.get("CRDS") or ROOT.parent / "shared/data/crds")
    return folder if folder.is_dir() else None


def errors_of(text: str, *, is_dev: bool, release: bool) -> list[str]:
    """Return what is wrong with a rendered overlay."""
    manifests: list[Manifest] = list(yaml.load_all(text, Loader=yaml.CSafeLoader))
    found = [error for version in SUPPORTED for error in built_in_errors(manifests, version)]
    folder = crds()
    found += custom_errors(manifests, folder) if folder else ()
    return [*found, *broken_rules(manifests, is_dev=is_dev, release=release)]


def _installs(folder: Path, text: str, *, write: bool) -> list[str]:
    """Write an overlay's install.yaml, or say that it is not current."""
    install = folder / "install.yaml"
    if folder.parent != HERE / "overlays" or (install.exists() and install.read_text() == text):
        return []
    if write:
        install.write_text(text)
        return []
    return [f"{install.relative_to(ROOT)} is not current: run `make k8s-files`"]


def main() -> None:
    """Check, print a line for each folder, and end with code 1 if anything is wrong."""
    options = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    named = [Path(argument).resolve() for argument in sys.argv[1:] if argument not in options]
    folders = named or sorted([*HERE.glob("overlays/*"), *HERE.glob("examples/*")])
    failed = False
    for folder in folders:
        text = render(folder)
        found = errors_of(text, is_dev=folder.name == "dev", release="--release" in options)
        found += _installs(folder, text, write="--write" in options)
        failed |= bool(found)
        print(f"{'FAIL' if found else 'ok':5} {folder.name}: {text.count('kind: ')} objects")
        print("".join(f"      {error}\n" for error in found), end="")
    if crds() is None:
        print("skip  custom resources: no definitions (CRDS=DIR)")
    sys.exit(failed)


if __name__ == "__main__":
    main()
