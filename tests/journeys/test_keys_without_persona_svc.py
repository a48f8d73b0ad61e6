"""An API key goes on opening the other services while persona-svc, which made it, is down."""

import httpx
import pytest
from service_devkit.testing.api import running, service_env
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = pytest.mark.long


def test_a_key_is_taken_while_persona_svc_is_down_also_by_a_process_that_starts_then(
    database, nats_url, tmp_path
):
    def env(package):
        url = database(package).login_url
        return service_env(tmp_path, database_url=url, nats_url=nats_url)

    draft = env("draft_svc")
    with running("draft_svc", tmp_path, draft) as before:
        with running("persona_svc", tmp_path, env("persona_svc")) as persona:
            made = httpx.post(
                f"{persona.url}/api/keys",
                headers={"Authorization": f"Bearer {persona.token('acme')}"},
                json={"name": "shop", "role": "viewer"},
                timeout=HANG_SECONDS,
            )
            assert made.status_code == 201
            headers = {"Authorization": f"Bearer {made.json()['api_key']}"}
            assert opens(before, headers)
        assert opens(before, headers)
    with running("draft_svc", tmp_path, draft) as after:
        assert opens(after, headers)


def opens(api, headers):
    answer = httpx.get(f"{api.url}/api/drafts", headers=headers, timeout=HANG_SECONDS)
    return answer.status_code == 200
