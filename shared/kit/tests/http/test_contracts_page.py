"""Any service tells the contracts of events."""

import httpx
import pytest
import yaml
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from persona_contracts.catalogue import EVENTS, event_name
from service_kit.contracts_page import install_contracts
from service_kit.problem import install_problem_handlers


@pytest.fixture
async def client():
    app = FastAPI()
    install_problem_handlers(app)
    install_contracts(app)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://contracts") as client:
        yield client


async def test_every_payload_of_asyncapi_is_where_it_says(client):
    answer = await client.get("/asyncapi.yaml")
    assert answer.headers["content-type"].startswith("application/yaml")
    messages = yaml.safe_load(answer.text)["components"]["messages"]
    for event in EVENTS:
        payload = messages[event_name(event)]["payload"]["$ref"]
        schema = (await client.get(payload.removeprefix("."))).json()
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] == event.schema_urn()


async def test_what_is_no_contract_is_a_problem(client):
    answer = await client.get("/schemas/lead.v9.json")
    assert answer.status_code == 404
    assert answer.json()["type"].endswith(":route-not-found")
