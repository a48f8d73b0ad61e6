"""Every write answers the workspace's revision, which readers can wait for."""

from persona_client import Roster
from service_devkit.testing.waiting import HANG_SECONDS
from service_kit.personas import REVISION_HEADER


async def test_every_write_answers_a_revision_that_a_roster_reaches(api, workspace_id, feed):
    await feed.synced("spring")
    key = {"Idempotency-Key": "one"}
    async with api.client(workspace_id) as client, Roster(feed.nats_url) as roster:

        async def write(method, path, **request):
            answer = await client.request(method, path, **request)
            assert answer.is_success, answer.text
            revision = int(answer.headers[REVISION_HEADER])
            await roster.wait_for(workspace_id, revision, HANG_SECONDS)
            return answer

        anna = await write("POST", "/api/personas", json={"name": "Anna"}, headers=key)
        again = await write("POST", "/api/personas", json={"name": "Anna"}, headers=key)
        bea = await write("POST", "/api/personas", json={"name": "Bea"})
        path = f"/api/personas/{bea.json()['persona_id']}"
        match = {"If-Match": "*"}
        edited = await write("PATCH", path, json={"tone": "calm"}, headers=match)
        unchanged = await write("PATCH", path, json={"tone": "calm"}, headers=match)
        choice = {"persona_id": bea.json()["persona_id"]}
        assigned = await write("PUT", "/api/campaigns/spring/persona", json=choice)
        settings = await write("PUT", "/api/workspace/settings", json={"ai_goals": "Sell."})
        deleted = await write("DELETE", path, headers=match)
        undeleted = await write("POST", f"{path}/undelete")
    answers = [anna, again, bea, edited, unchanged, assigned, settings, deleted, undeleted]
    first = int(anna.headers[REVISION_HEADER])
    steps = [int(answer.headers[REVISION_HEADER]) - first for answer in answers]
    assert steps == [0, 0, 1, 2, 2, 3, 4, 5, 6]
