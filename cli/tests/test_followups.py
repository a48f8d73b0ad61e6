"""Sequences, instances and suppressions by command, on a whole stack."""

import io
import json
import sys
import time

import httpx
import psycopg
import pytest
from service_devkit.testing.waiting import HANG_SECONDS

pytestmark = pytest.mark.processes
HOUR = {"amount": 1, "unit": "hours"}
STEP = {"delay": HOUR, "subject": "Hello", "body": "Hi {firstName}, {bookingLink}"}


@pytest.fixture
def followed(run, stack, tmp_path):
    """Return a function that runs a command in a workspace with its own sequence."""
    workspace = f"followed-{tmp_path.name}".replace("_", "-")[:60]

    def done(*arguments, code=0):
        result = run(*arguments, "--workspace", workspace, "--data-dir", stack.data_dir)
        assert result.code == code, result.err
        return result

    done.workspace = workspace
    return done


def written(folder, **values):
    """Return a file with a sequence."""
    path = folder / "sequence.json"
    path.write_text(json.dumps({"name": "After a demo", "steps": [STEP], **values}))
    return path


def test_sequences_are_kept_by_command(followed, tmp_path):
    assert followed("sequences", "list").out.startswith("No sequences yet.")
    created = followed("sequences", "create", written(tmp_path)).out
    assert "After a demo · version 1 · started by hand" in created
    assert "warning, steps.0.body: {bookingLink} at 16: Set `booking_link`" in created
    shown = json.loads(followed("sequences", "show", "after a demo", "--json").out)
    edited = written(tmp_path, **{**shown, "send_window": None})
    assert "version 2" in followed("sequences", "edit", "After a demo", edited).out
    kept = json.loads(followed("sequences", "versions", "After a demo", "--json").out)["items"]
    assert [version["version"] for version in kept] == [2, 1]
    followed("sequences", "clone", "After a demo", "--name", "After a fair")
    assert "After a fair" in followed("sequences", "list").out
    assert followed("sequences", "delete", "After a fair").out == "deleted: After a fair\n"
    assert "There is no sequence" in followed("sequences", "show", "After a fair", code=1).err


def test_a_sequence_is_shown_with_its_hours_and_what_starts_and_stops_it(followed, tmp_path):
    window = {"days": ["monday", "friday"], "from": "09:00", "to": "12:30"}
    trigger = {"event": "lead.outcome", "outcomes": ["positive"], "campaign_ids": ["spring"]}
    values = {"send_window": window, "trigger": trigger, "on_reply": "pause"}
    shown = followed("sequences", "create", written(tmp_path, **values)).out
    assert "starts on lead.outcome positive in spring" in shown
    assert "sends on monday, friday from 09:00 to 12:30; a reply pauses it" in shown
    values = {"send_window": None, "stop_on_reply": False}
    shown = followed("sequences", "edit", "After a demo", written(tmp_path, **values)).out
    assert "sends at any hour; a reply changes nothing" in shown
    assert "1. email, after 1 hours\n   Hello\n   Hi {firstName}, {bookingLink}\n" in shown


def test_a_sequence_and_a_template_can_come_from_a_pipe(followed, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(written(tmp_path).read_text()))
    assert "After a demo · version 1" in followed("sequences", "create", "-").out
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hi {x}"))
    assert "error: {x} at 3" in followed("sequences", "lint", "-", code=1).out


@pytest.mark.parametrize("text", ['{"name": NaN}', '{"name": "\\ud800"}', "[]", "{"])
def test_a_file_that_cannot_be_sent_is_refused_without_a_traceback(followed, tmp_path, text):
    (tmp_path / "wrong.json").write_text(text)
    assert "wrong.json" in followed("sequences", "create", tmp_path / "wrong.json", code=1).err


def test_templates_are_checked_by_command(followed, tmp_path):
    followed("sequences", "create", written(tmp_path))
    blocked = followed("sequences", "preview", "After a demo", "--set", "plan=gold").out
    assert "step 1, email: would be blocked" in blocked
    for pair in ("plan", "=gold"):
        failed = followed("sequences", "preview", "After a demo", "--set", pair, code=1)
        assert "An attribute is KEY=VALUE" in failed.err
    assert "error: {firstName} at 3" in blocked
    wrong = written(tmp_path, name="Other", steps=[{**STEP, "body": "Hi {x}"}])
    assert "unknown token {x} at position 3" in followed("sequences", "create", wrong, code=1).err
    template = tmp_path / "template.txt"
    template.write_text("{x}")
    assert "error: {x} at 0" in followed("sequences", "lint", template, code=1).out
    template.write_text("Hi {firstName|you}")
    assert followed("sequences", "lint", template).out == "template: ok\n"
    assert followed("sequences", "lint", "--stored").out == (
        "ok: every stored template can be sent\n"
    )
    assert "--stored" in followed("sequences", "lint", code=1).err
    template.write_text("Hi {{first_name}} of {company_name}")
    told = followed("sequences", "lint", template, code=1).out
    assert "Did you mean {firstName}?" in told
    assert "Did you mean {company}?" in told
    assert "{signature}" in followed("sequences", "tokens").out
    (tmp_path / "no.json").write_text("[")
    assert "cannot be read" in followed("sequences", "create", tmp_path / "no.json", code=1).err


def test_stored_templates_that_nothing_fills_are_listed_by_command(followed, stack, tmp_path):
    followed("sequences", "create", written(tmp_path))
    with psycopg.connect(stack.postgres.url("postgres", "followup"), autocommit=True) as admin:
        admin.execute(
            "update sequence_version set definition = jsonb_set(definition, '{steps,0,body}',"
            " to_jsonb('Hi {{deal_size}} [First Name]'::text)) where workspace_id = %s",
            [followed.workspace],
        )
    told = followed("sequences", "lint", "--stored", code=1)
    assert "After a demo, version 1, steps.0.body:" in told.out
    assert "error: {{deal_size}} at 3" in told.out
    assert "Did you mean {firstName}?" in told.out
    listed = json.loads(followed("sequences", "lint", "--stored", "--json", code=1).out)
    assert [item["token"] for item in listed["items"]] == ["{{deal_size}}", "[First Name]"]


def test_leads_are_followed_up_by_command(followed, tmp_path):
    assert followed("instances", "list").out.startswith("No instances.")
    assert followed("instances", "reasons").out == "Nothing is paused.\n"
    followed("sequences", "create", written(tmp_path))
    start = ["sequences", "start", "After a demo", "--lead", "lead-1", "--lead", "lead-2"]
    started = json.loads(followed(*start, "--first-name", "Bo", "--json").out)["items"]
    first, second = (one["instance_id"] for one in started)
    assert "is on its way through this sequence already" in followed(*start, code=1).err
    assert followed(*start, "--skip-unavailable").out.count("left out (instance-live)") == 2
    assert "lead-1" in followed("instances", "list", "--sequence", "After a demo").out
    assert "stopped (by-person)" in followed("instances", "stop", first).out
    assert "not paused" in followed("instances", "resume", first, code=1).err
    assert followed("instances", "resume", "--reason", "template").out == "0 resumed\n"
    followed("instances", "resume", code=1)
    followed("instances", "resolve", second, "sent", code=1)
    followed("sequences", "delete", "After a demo", code=1)
    followed("sequences", "delete", "After a demo", "--stop-instances")
    assert "stopped (sequence-deleted)" in followed("instances", "show", second).out


def test_leads_are_suppressed_by_command(followed, tmp_path):
    assert followed("instances", "suppressed").out == "Nobody is suppressed.\n"
    followed("sequences", "create", written(tmp_path))
    followed("sequences", "start", "After a demo", "--lead", "lead-1")
    assert (
        "suppressed: lead-1 (asked)"
        in followed("instances", "suppress", "lead-1", "--reason", "asked").out
    )
    assert "stopped (unsubscribed)" in followed("instances", "list").out
    assert "asked" in followed("instances", "suppressed").out
    followed("sequences", "start", "After a demo", "--lead", "lead-1", code=1)
    followed("instances", "unsuppress", "lead-1", code=2)
    followed("instances", "unsuppress", "lead-1", "--reason", "again")
    followed("instances", "unsuppress", "lead-1", "--reason", "again", code=1)
    followed("sequences", "start", "After a demo", "--lead", "lead-1")


def test_an_address_is_suppressed_and_exported_by_command(followed, tmp_path):
    followed("instances", "suppress", code=1)
    followed("instances", "suppress", "--email", "Lea <LEA@lead.example>")
    followed("instances", "suppress", "--email", "nobody", code=1)
    table = followed("instances", "suppressed", "--csv").out.splitlines()
    assert table[0].startswith("suppression_id,lead_id,addresses,reason")
    assert ",,lea@lead.example,by hand," in table[1]
    followed("sequences", "create", written(tmp_path))
    start = ("sequences", "start", "After a demo", "--lead", "lead-2", "--email")
    followed(*start, "lea@lead.example", code=1)
    followed("instances", "unsuppress", "--email", "lea@LEAD.example", "--reason", "asked")
    followed(*start, "lea@lead.example")


@pytest.mark.parametrize("word", ["pause-reasons", "", "x/../y"])
@pytest.mark.parametrize("command", [["show"], ["stop"], ["resume"], ["resolve", "sent"]])
def test_an_instance_is_named_by_a_uuid(followed, command, word):
    verb, *more = command
    assert "Invalid value" in followed("instances", verb, word, *more, code=2).err


def shown_once(followed, text):
    """Wait until the list of instances holds a text."""
    deadline = time.monotonic() + HANG_SECONDS
    while text not in (listed := followed("instances", "list").out):
        assert time.monotonic() < deadline, listed
        time.sleep(0.2)


def test_what_is_missing_is_mended_and_resolved_by_command(followed, stack, tmp_path):
    now = {"amount": 0, "unit": "minutes"}
    step = {"delay": now, "subject": "Hello", "body": "Pick a time: {bookingLink}"}
    followed("sequences", "create", written(tmp_path, steps=[step], send_window=None))
    leads = ["--lead", "lead-1", "--lead", "lead-2"]
    followed("sequences", "start", "After a demo", *leads)
    shown_once(followed, "paused (template)")
    reason = "missing_value:{bookingLink}"
    assert reason in followed("instances", "reasons").out
    assert "lead-1" in followed("instances", "list", "--reason", reason, "--lead", "lead-1").out
    settings = {"booking_link": "https://book.example", "answer_timeout": "PT1S"}
    headers = {"Authorization": f"Bearer {stack.token(followed.workspace, 'admin')}"}
    url = f"{stack.url('followup')}/api/followup-settings"
    httpx.put(url, json=settings, headers=headers).raise_for_status()
    resumed = followed("instances", "resume", "--reason", reason, "--sequence", "after a demo")
    assert resumed.out == "2 resumed\n"
    shown_once(followed, "paused (outcome-unknown)")
    found = json.loads(followed("instances", "list", "--lead", "lead-1", "--json").out)["items"]
    sent = followed("instances", "resolve", found[0]["instance_id"], "sent").out
    assert "completed (all-sent)" in sent
    assert "1. email: sent\n   Hello\n   Pick a time: https://book.example\n" in sent
    assert "resolved as sent step 1 (dramatis-cli)" in sent
