"""Each case of `tests/cases` is shown by a test that gives it to the product, or gives the same."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CASES = json.loads((ROOT / "tests/cases/cases.json").read_text())
BY_KIND = {
    "reply": "draft-svc/tests/domain/test_reply_cases.py::test_only_the_words_of_the_lead_are_left",
    "file": (
        "ingest-svc/tests/adapters/test_shown_text.py"
        "::test_files_that_other_programs_got_wrong_are_right"
    ),
    "post": "draft-svc/tests/entrypoints/test_replies.py::test_what_other_programs_send_is_taken",
    "template": (
        "followup-svc/tests/usecases/test_stored_templates.py"
        "::test_a_template_with_a_hole_is_not_saved"
    ),
}
"""Tests with a parameter for each case of a kind."""
BY_ID = {
    "auto-reply-de": (
        (
            "draft-svc/tests/usecases/test_accept_replies.py"
            "::test_no_draft_answers_a_program_or_a_mail_server"
        ),
        (
            "followup-svc/tests/usecases/test_answerers.py"
            "::test_an_auto_reply_moves_a_step_of_its_day_to_the_next_window"
        ),
    ),
    "subjects": ("draft-svc/tests/domain/test_reply_cases.py::test_a_draft_answers_with_one_mark",),
    "thread-subject": (
        (
            "followup-svc/tests/domain/test_message.py"
            "::test_a_thread_has_one_mark_whatever_the_leads_program_writes"
        ),
    ),
    "greeting-fallback": (
        "draft-svc/tests/usecases/test_placeholders.py::test_a_greeting_falls_back_to_its_default",
    ),
    "future-reply": (
        (
            "draft-svc/tests/usecases/test_accept_replies.py"
            "::test_a_reply_of_a_clock_that_is_ahead_outdates_no_later_one"
        ),
    ),
    "template-snake-hint": (
        (
            "followup-svc/tests/usecases/test_stored_templates.py"
            "::test_the_check_of_snake_case_names_the_token_that_is_meant"
        ),
    ),
    "reimported-lead": (
        (
            "followup-svc/tests/usecases/test_suppressions.py"
            "::test_a_lead_that_is_imported_again_is_not_started"
        ),
    ),
    "late-reply-campaign": (
        "followup-svc/tests/usecases/test_clocks.py::test_a_late_older_reply_takes_no_campaign_back",
    ),
    "time-zone-windows": (
        "followup-svc/tests/usecases/test_time_zones.py::test_a_zone_counts_under_each_of_its_names",
        "followup-svc/tests/domain/test_window.py::test_a_zone_is_known_by_every_usual_name",
    ),
    "head-livez": ("/tests/contracts/test_lenient_http.py::test_head_answers_where_get_does",),
    "gzip-body": ("draft-svc/tests/entrypoints/test_replies.py::test_a_packed_reply_is_taken",),
    "persona-invisible-name": (
        (
            "persona-svc/tests/entrypoints/test_personas.py"
            "::test_a_name_is_taken_whatever_is_not_seen_in_it"
        ),
    ),
}


def functions_of(path: Path) -> set[str]:
    nodes = ast.parse(path.read_text()).body
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_each_case_is_shown_by_a_test(case: dict[str, str]) -> None:
    shown = [*BY_ID.get(case["id"], ()), *filter(None, [BY_KIND.get(case["kind"])])]
    assert shown
    for address in shown:
        file, _, function = address.partition("::")
        path = ROOT / file[1:] if file.startswith("/") else ROOT / "services" / file
        assert function in functions_of(path), address


def test_no_test_is_named_for_a_case_that_is_gone() -> None:
    assert BY_ID.keys() <= {case["id"] for case in CASES}
    assert BY_KIND.keys() <= {case["kind"] for case in CASES}
