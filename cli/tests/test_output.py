from dramatis.draft_text import print_draft

RESOLUTION = {"tier": "campaign", "persona_id": "p-1", "version": 2}
DRAFT = {
    "message_id": "m-1",
    "status": "ready",
    "citations": [],
    "text": "Hello [bold]you[/bold]\x1b[31m, " + "word " * 80 + "end",
    "resolution": RESOLUTION,
    "model": "offline",
    "error": None,
}


def test_a_long_draft_is_shown_whole_with_who_speaks(capsys):
    print_draft(DRAFT, name_of={"p-1": "Nova"}.get)
    shown = capsys.readouterr().out
    assert shown.count("word") == 80
    assert "end" in shown
    assert "tier campaign · persona Nova · version 2 · model offline" in shown


def test_a_draft_cannot_steer_the_terminal(capsys):
    print_draft(DRAFT)
    shown = capsys.readouterr().out
    assert "[bold]you[/bold]" in shown
    assert "\x1b[31m" not in shown


def test_a_failed_draft_says_why(capsys):
    error = {"type": "reply-empty", "title": "The reply is empty.", "detail": "No new text."}
    print_draft({**DRAFT, "status": "failed", "text": None, "resolution": None, "error": error})
    shown = capsys.readouterr().out
    assert "failed: The reply is empty. No new text." in shown
    assert "no persona was asked for" in shown
