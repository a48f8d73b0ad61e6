"""Which models a workspace uses: allowed ones, one for each task, limits, and their history."""

PATH = "/api/workspace/models"
MODELS = {"allowed": ["small", "large"], "chat": "small", "max_tokens": 300, "temperature": 0.2}


async def test_what_admins_set_holds_and_is_published_and_can_be_undone(admin, create):
    await create("Nova")
    first = await admin.get(PATH)
    assert (first.json()["version"], first.json()["allowed"]) == (0, [])
    saved = await admin.put(PATH, json=MODELS)
    assert saved.status_code == 200, saved.text
    assert saved.json() == {**first.json(), **MODELS, "version": 2}
    settings = (await admin.get("/api/workspace/settings")).json()
    assert settings["models"]["chat"] == "small"
    again = await admin.put(PATH, json=MODELS)
    assert again.headers["ETag"] == saved.headers["ETag"]
    restored = await admin.post(f"{PATH}/versions/1/restore")
    assert restored.json() == {**first.json(), "version": 3}
    versions = (await admin.get(f"{PATH}/versions")).json()["items"]
    assert [each["version"] for each in versions] == [3, 2, 1]
    assert versions[1]["models"]["max_tokens"] == 300
    assert versions[2]["changed_by"] == "persona-svc"
    assert (await admin.post(f"{PATH}/versions/9/restore")).status_code == 404


async def test_what_cannot_hold_is_refused_field_by_field(admin):
    wrong = {"allowed": ["small", ""], "chat": "huge", "temperature": 9, "max_tokens": 0}
    answer = await admin.put(PATH, json=wrong)
    assert (answer.status_code, answer.json()["type"]) == (
        422,
        "urn:dramatis:problem:model-policy-invalid",
    )
    assert {each["field"] for each in answer.json()["errors"]} == {
        "allowed.1",
        "chat",
        "temperature",
        "max_tokens",
    }


async def test_nobody_overwrites_what_they_have_not_seen(admin):
    await admin.put(PATH, json={"chat": "small"})
    outdated = await admin.put(PATH, json={"chat": "large"}, headers={"If-Match": '"0"'})
    assert outdated.status_code == 412
    assert (await admin.get(PATH)).json()["chat"] == "small"
