"""A client that is made from a document changes what it names, and nothing else."""

import json
import subprocess
import sys
from importlib import import_module

import httpx
import pytest
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = pytest.mark.long
PARTIAL = {("PUT", "/api/personas/{persona_id}/settings"), ("PUT", "/api/workspace/settings")}
"""Besides PATCH: those not named stay here, too."""


def defaults(schema, components, place="", above=()):
    """Yield where a schema, or what it refers to, gives a default."""
    if reference := schema.get("$ref"):
        if reference in above:
            return
        schema, above = components[reference.rpartition("/")[2]], (*above, reference)
    if "default" in schema:
        yield place
    inner = {f"{place}.{name}": [of] for name, of in schema.get("properties", {}).items()}
    inner[place] = [*schema.get("anyOf", ()), *schema.get("allOf", ())]
    inner[f"{place}[]"] = [schema["items"]] if "items" in schema else []
    for where, schemas in inner.items():
        for one in schemas:
            yield from defaults(one, components, where, above)


def test_no_body_of_a_partial_change_has_a_default(apis):
    checked = []
    for service, api in apis.items():
        document = httpx.get(f"{api.url}/openapi.json", timeout=HANG_SECONDS).json()
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if method != "patch" and (method.upper(), path) not in PARTIAL:
                    continue
                checked.append((method, path))
                for content in operation["requestBody"]["content"].values():
                    found = list(defaults(content["schema"], document["components"]["schemas"]))
                    assert found == [], (service, path)
    assert len(checked) >= len(PARTIAL) + 1


@pytest.fixture
def made_client(apis, tmp_path, monkeypatch):
    """Return the package that openapi-python-client makes of persona-svc's document."""
    document = httpx.get(f"{apis['persona_svc'].url}/openapi.json", timeout=HANG_SECONDS).json()
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "config.yml").write_text("post_hooks: []\npackage_name_override: made_client\n")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
    files = ["--path", "openapi.json", "--config", "config.yml", "--output-path", "made_client"]
    subprocess.run([*command, *files], cwd=tmp_path, check=True, timeout=HANG_SECONDS)
    monkeypatch.syspath_prepend(tmp_path)
    yield import_module("made_client")
    for name in [name for name in sys.modules if name.split(".")[0] == "made_client"]:
        del sys.modules[name]


def test_a_made_client_that_changes_the_tone_wakes_no_deactivated_persona(apis, made_client):
    api = apis["persona_svc"]
    token = api.token("made-client")
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=api.url, headers=headers, timeout=HANG_SECONDS) as raw:
        raw.post("/api/personas", json={"name": "Default"}).raise_for_status()
        values = {"name": "Asleep", "is_active": False, "greeting": "Hi,", "metadata": {"a": 1}}
        values["voice"] = {"provider": "elevenlabs", "settings": {"speed": 0.9}}
        asleep = raw.post("/api/personas", json=values).json()

        model = import_module("made_client.models.update_persona_request").UpdatePersonaRequest
        assert model(tone="warm").to_dict() == {"tone": "warm"}
        update = import_module("made_client.api.personas.update_persona")
        with made_client.AuthenticatedClient(base_url=api.url, token=token) as client:
            answer = update.sync_detailed(
                asleep["persona_id"], client=client, body=model(tone="warm"), if_match='"1"'
            )
        assert answer.status_code == 200
        changed = raw.get(f"/api/personas/{asleep['persona_id']}").json()
    untouched = asleep.keys() - {"tone", "version", "revision", "updated_at"}
    assert {name: changed[name] for name in untouched} == {name: asleep[name] for name in untouched}
    assert (changed["tone"], changed["is_active"]) == ("warm", False)
