"""Whatever is sent to an API, it answers as its /openapi.json says, and never fails."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import schemathesis
from every_service import SERVICES
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from service_devkit.testing.waiting import HANG_SECONDS
from tenant import Tenant

FRAMING = {"content-length", "transfer-encoding", "connection", "host", "upgrade", "expect"}
"""Headers that HTTP itself reads: made-up values are refused by the server before any route."""
LEFT_OUT = FRAMING | {"dramatis-at-least"}
"""A made-up revision has not arrived: waited for, then 503 (tests/journeys has the right ones)."""
pytestmark = pytest.mark.long
OPERATION_IDS = Path(__file__).parent.parent / "golden/operation_ids.txt"
NO_KEY = "urn:dramatis:problem:voice-not-configured"
"""What needs the vendor of voices is answered so here: these services have no key."""
PROBLEM = {"type", "title", "status", "detail"}


def never_fails(ctx, response, case):
    """Check that it is no server error, but for the one that says that there is no vendor's key."""
    if response.status_code == 503 and response.json().get("type") == NO_KEY:
        return
    not_a_server_error(ctx, response, case)


def every_error_is_a_problem(ctx, response, case):
    """Check that an error is a problem document (RFC 9457)."""
    del ctx, case
    if response.status_code >= 400:
        assert response.headers["content-type"] == ["application/problem+json"]
        problem = response.json()
        assert problem.keys() >= PROBLEM
        assert problem["status"] == response.status_code


CHECKS: list[Callable] = [
    never_fails,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    every_error_is_a_problem,
]


@dataclass(frozen=True)
class Fuzz:
    """One service, and a workspace in it that has something to be asked for."""

    service: str
    tenant: Tenant
    url: str
    headers: dict

    def operations(self):
        document = self.tenant.done(self.service, "GET", "/openapi.json")
        schema = schemathesis.openapi.from_dict(document)
        return [result.ok() for result in schema.get_all_operations()]

    def ids(self):
        """Return ids that exist: of a new persona, since the last may be deleted."""
        new = {"name": f"Persona {next(_numbers)}"}
        persona = self.tenant.done("persona_svc", "POST", "/api/personas", json=new)
        return {
            "persona_id": persona["persona_id"],
            "campaign_id": self.tenant.ids["campaign"],
            "draft_id": self.tenant.ids["draft"],
            "file_id": self.tenant.ids["file"],
            "sequence_id": self.tenant.ids["sequence"],
            "instance_id": self.tenant.ids["instance"],
            "suppression_id": self.tenant.ids["suppression"],
            "key_id": self.tenant.ids["key"],
            "conversation_id": self.tenant.ids["conversation"],
            "message_id": self.tenant.ids["message"],
            "version": 1,
            "other": 1,
        }

    def strategies(self, operation):
        """Give right and wrong requests, for ids that exist and for others."""
        yield operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        yield operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        names = {parameter.name for parameter in operation.path_parameters}
        if names:
            known = {name: value for name, value in self.ids().items() if name in names}
            for mode in GenerationMode:
                yield operation.as_strategy(generation_mode=mode, path_parameters=known)


_numbers = iter(range(1, 10_000))


@pytest.fixture(scope="session")
def tenant(apis, apis_nats_url):
    furnished = Tenant("fuzzed", apis)
    asyncio.run(furnished.furnish(apis_nats_url, "seed"))
    return furnished


@pytest.fixture(params=SERVICES)
def fuzz(request, apis, tenant):
    api = apis[request.param]
    headers = {"Authorization": f"Bearer {api.token(tenant.workspace_id)}"}
    return Fuzz(request.param, tenant, api.url, headers)


def run(fuzz, subtests, max_examples, **more):
    with requests.Session() as session:
        for operation in fuzz.operations():
            strategies = list(fuzz.strategies(operation))

            @settings(
                max_examples=max_examples,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
                **more,
            )
            @given(case=st.one_of(strategies))
            def answers_as_documented(case):
                for name in [name for name in case.headers or {} if name.lower() in LEFT_OUT]:
                    del case.headers[name]
                response = case.call(fuzz.url, session=session, headers=fuzz.headers)
                case.validate_response(response, checks=CHECKS, headers=fuzz.headers)

            with subtests.test(operation.label):
                answers_as_documented()


def test_operation_ids_are_those_that_clients_are_generated_from(apis):
    published = [
        f"{operation['operationId']} {service} {method.upper()} {path}"
        for service, api in apis.items()
        for path, methods in requests.get(f"{api.url}/openapi.json", timeout=HANG_SECONDS)
        .json()["paths"]
        .items()
        for method, operation in methods.items()
    ]
    assert sorted(published) == OPERATION_IDS.read_text().splitlines()


@pytest.mark.slow
def test_every_answer_is_as_documented(fuzz, subtests):
    """Try 5 requests of each operation; 20 in CI, 400 at night."""
    max_examples = settings.default.max_examples // 5
    run(fuzz, subtests, max_examples, derandomize=max_examples < 100)
