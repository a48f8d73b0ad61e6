"""Through whatever door a prompt changes: the persona's versions and the prompt's agree."""

from itertools import count

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

MATCH_ANY = {"If-Match": "*"}
REFUSED = {404, 409, 422}
MAX_PERSONAS = 4
FIELDS = {"system": "content", "rag": "rag_prompt", "user": "user_prompt"}
_workspaces = count(1)

some = st.integers(0, MAX_PERSONAS - 1)
layers = st.sampled_from(sorted(FIELDS))
names = st.sampled_from(["main", "main", "greeting"])
texts = st.sampled_from(["One.", "Two.", "{{ query }} three", "{{ secret }}", "x" * 25_000])
"""The last two are refused in some layers."""

VERSIONS = "select persona_id::text, version, fields from persona_version where workspace_id = %s"
PRESENT = "select persona_id::text, version, fields from persona where workspace_id = %s"
ACTIVATIONS = """
select a.persona_id::text, a.layer, a.name, a.persona_version, v.content
from prompt_activation a left join prompt_version v using (version_id)
where a.workspace_id = %s order by a.activation_id
"""
HEADS = """
select h.persona_id::text, h.layer, h.name, v.content, h.latest,
  (select count(*) from prompt_version c where (c.persona_id, c.layer, c.name)
    = (h.persona_id, h.layer, h.name))
from prompt_head h left join prompt_version v on v.version_id = h.active_version_id
where h.workspace_id = %s
"""


def prompts_of(fields):
    """Return the texts of the prompts in stored fields of a persona."""
    found = {(layer, "main"): fields[name] for layer, name in FIELDS.items() if name in fields}
    named = {tuple(key.split("/")): text for key, text in fields.get("named_prompts", {}).items()}
    return found | named


def assert_histories_agree(database, workspace_id):
    """Compare each version of each persona with what was active then, and what is now."""
    asked = [workspace_id]
    activations = database.execute(ACTIVATIONS, asked).fetchall()
    for persona_id, version, fields in database.execute(VERSIONS, asked).fetchall():
        active = {}
        for owner, layer, name, at_version, content in activations:
            if owner == persona_id and at_version <= version:
                active[layer, name] = content
        told = {key: text for key, text in active.items() if text is not None}
        assert told == prompts_of(fields), (persona_id, version)
    present = {row[0]: prompts_of(row[2]) for row in database.execute(PRESENT, asked).fetchall()}
    pointed = {persona_id: {} for persona_id in present}
    for persona_id, layer, name, content, latest, stored in database.execute(HEADS, asked):
        assert latest == stored
        if content is not None:
            pointed[persona_id][layer, name] = content
    assert pointed == present


class PromptMachine(RuleBasedStateMachine):
    """One workspace whose prompts change over REST."""

    def __init__(self, database, sync_client):
        super().__init__()
        self.workspace_id = f"p{next(_workspaces)}"
        self.database = database
        self.client = sync_client(self.workspace_id)
        self.ids = []

    def teardown(self):
        self.client.close()

    def call(self, method, path, **more):
        answer = self.client.request(method, f"/api/personas{path}", **more)
        assert answer.is_success or answer.status_code in REFUSED, (answer.request, answer.text)
        return answer

    def pick(self, which):
        return self.ids[which % len(self.ids)]

    def keep(self, answer):
        if answer.is_success:
            self.ids.append(answer.json()["persona_id"])

    @initialize()
    def begin(self):
        self.keep(self.call("POST", "", json={"name": "First", "content": "Begin."}))

    @precondition(lambda self: len(self.ids) < MAX_PERSONAS)
    @rule(which=some, name=st.sampled_from("ABC"), layer=layers, text=texts)
    def create(self, which, name, layer, text):
        new = {"name": name, FIELDS[layer]: text, "parent_id": self.pick(which)}
        self.keep(self.call("POST", "", json=new))

    @precondition(lambda self: len(self.ids) < MAX_PERSONAS)
    @rule(which=some)
    def clone_persona(self, which):
        self.keep(self.call("POST", f"/{self.pick(which)}/clone", json={}))

    @precondition(lambda self: len(self.ids) < MAX_PERSONAS)
    @rule(which=some, name=st.sampled_from("DEF"))
    def import_what_was_exported(self, which, name):
        file = self.call("GET", f"/{self.pick(which)}/export").content
        self.keep(self.call("POST", f"/import?name={name}", content=file))

    @rule(which=some, layer=layers, text=st.none() | texts)
    def patch(self, which, layer, text):
        body = {FIELDS[layer]: text}
        self.call("PATCH", f"/{self.pick(which)}", json=body, headers=MATCH_ANY)

    @rule(which=some, layer=layers, text=st.none() | texts)
    def patch_named(self, which, layer, text):
        body = {"named_prompts": {f"{layer}/greeting": text}}
        self.call("PATCH", f"/{self.pick(which)}", json=body, headers=MATCH_ANY)

    @rule(which=some, layer=layers, name=names, text=texts)
    def save(self, which, layer, name, text):
        path = f"/{self.pick(which)}/prompts/{layer}/{name}/versions"
        answer = self.call("POST", path, json={"content": text})
        assert answer.status_code == 201
        saved = answer.json()
        assert saved["activated"] == saved["validation"]["valid"]

    @rule(which=some, layer=layers, name=names, place=st.integers(0, 4))
    def activate(self, which, layer, name, place):
        base = f"/{self.pick(which)}/prompts"
        versions = self.call("GET", f"{base}/{layer}/{name}/versions").json()["versions"]
        if place < len(versions):
            self.call("PUT", f"{base}/{versions[place]['version_id']}/activate")

    @rule(which=some, layer=layers, name=names)
    def recover(self, which, layer, name):
        body = {"layer": layer, "name": name}
        self.call("POST", f"/{self.pick(which)}/prompts/recover", json=body)

    @rule(which=some, source=some)
    def clone_prompts(self, which, source):
        body = {"sourcePersonaId": self.pick(source)}
        self.call("POST", f"/{self.pick(which)}/prompts/clone", json=body)

    @rule(which=some, template=st.sampled_from(["custom", "researcher", "nobody"]))
    def take_a_template_over(self, which, template):
        body = {"templateName": template}
        self.call("POST", f"/{self.pick(which)}/prompts/from-template", json=body)

    @rule(which=some, version=st.integers(1, 5))
    def restore(self, which, version):
        self.call("POST", f"/{self.pick(which)}/versions/{version}/restore")

    @invariant()
    def the_histories_agree(self):
        assert_histories_agree(self.database, self.workspace_id)


def run_machine(database, sync_client, **more):
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        run_state_machine_as_test(
            lambda: PromptMachine(connection, sync_client),
            settings=settings(
                deadline=None, database=None, suppress_health_check=list(HealthCheck), **more
            ),
        )


def test_both_histories_agree_after_every_step(persona_database, api, sync_client):
    del api
    run_machine(
        persona_database,
        sync_client,
        max_examples=8,
        stateful_step_count=25,
        derandomize=True,
        phases=[Phase.generate],
    )


@pytest.mark.faults
def test_both_histories_agree_after_every_step_of_many(persona_database, api, sync_client):
    del api
    run_machine(persona_database, sync_client, stateful_step_count=50)
