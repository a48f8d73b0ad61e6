"""The lists: where each comes from, its columns, and what its keys do."""

from collections.abc import Mapping
from dataclasses import dataclass

from dramatis.tui.actions import Action
from dramatis.wire_names import Role

EDITOR: Role = "editor"
ADMIN: Role = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One list."""

    title: str
    path: str
    """Where it is read; `{persona_id}` and `{lead_id}` are what it is of."""
    id: str
    """The field that tells its rows apart."""
    columns: Mapping[str, str]
    """Title → field; a dot looks into it."""
    actions: tuple[Action, ...] = ()
    show: tuple[str, ...] = ()
    """The command that Enter shows; else the row itself."""
    detail: str | None = None
    """Or the path of all that is known of a row."""
    empty: str = "Nothing is here."


_PERSONA = "/api/personas/{persona_id}"
VIEWS: dict[str, View] = {
    "home": View(
        title="What needs a person",
        path="/api/notices",
        id="row",
        columns={
            "what": "kind",
            "count": "count",
            "since": "since",
            "service": "service",
            "message": "message",
            "what ends it": "setting",
        },
        actions=(
            Action(
                key="t",
                label="events, live",
                words=("events", "tail", "*.*.*.{workspace_id}"),
                in_terminal=True,
                needs_row=False,
            ),
        ),
        empty="Nothing waits for anybody.",
    ),
    "personas": View(
        title="Personas",
        path="/api/personas?view=summary",
        id="persona_id",
        columns={
            "default": "is_default",
            "name": "name",
            "signs as": "persona_name",
            "active": "is_active",
            "campaigns": "campaigns",
            "version": "version",
            "changed": "updated_at",
            "tags": "tags",
        },
        detail=_PERSONA,
        actions=(
            Action(
                key="e",
                label="edit",
                words=("personas", "edit", "{persona_id}"),
                in_terminal=True,
                least=EDITOR,
            ),
            Action(
                key="s",
                label="make default",
                words=("personas", "default", "{persona_id}"),
                least=ADMIN,
            ),
            Action(
                key="c",
                label="clone",
                asks="Name of the copy",
                words=("personas", "clone", "{persona_id}", "--name={answer}"),
                least=EDITOR,
            ),
            Action(
                key="i",
                label="import a file",
                asks="File",
                words=("personas", "import", "--", "{answer}"),
                least=EDITOR,
                needs_row=False,
            ),
            Action(
                key="D",
                label="delete",
                words=("personas", "delete", "{persona_id}"),
                in_terminal=True,
                least=ADMIN,
            ),
            Action(
                key="m",
                label="make the default persona of old settings",
                words=("personas", "ensure-default"),
                needs_row=False,
                least=ADMIN,
            ),
            Action(key="h", label="history", view="versions"),
            Action(key="p", label="prompts", view="prompts"),
            Action(key="f", label="files", view="files"),
            Action(key="w", label="what it says", request=("GET", f"{_PERSONA}/resolved")),
            Action(key="v", label="voice agent", words=("agents", "status", "{persona_id}")),
            Action(key="t", label="talk", words=("chat", "{persona_id}"), in_terminal=True),
        ),
        empty="No personas yet: `n` in :starters, or `i` imports a file.",
    ),
    "starters": View(
        title="Personas to begin with",
        path="/api/starters",
        id="starter_id",
        columns={"name": "name", "what it is": "description"},
        actions=(
            Action(
                key="n",
                label="make one",
                words=("personas", "import", "--starter={starter_id}"),
                least=EDITOR,
            ),
        ),
    ),
    "trash": View(
        title="Deleted personas",
        path="/api/personas/deleted",
        id="persona_id",
        columns={
            "name": "name",
            "deleted": "deleted_at",
            "by": "deleted_by",
            "days left": "days_left",
        },
        actions=(
            Action(
                key="u",
                label="undelete",
                words=("personas", "undelete", "{persona_id}"),
                least=ADMIN,
            ),
        ),
    ),
    "versions": View(
        title="Versions",
        path=f"{_PERSONA}/versions",
        id="version",
        columns={
            "version": "version",
            "saved": "created_at",
            "by": "changed_by",
            "what": "changes_summary",
        },
        detail=f"{_PERSONA}/versions/{{version}}",
        actions=(
            Action(
                key="d",
                label="diff with the one before",
                words=("personas", "diff", "{persona_id}", "{previous}", "{version}"),
            ),
            Action(
                key="R",
                label="restore",
                words=("personas", "restore", "{persona_id}", "{version}"),
                is_risky=True,
                least=EDITOR,
            ),
        ),
    ),
    "prompts": View(
        title="Prompts",
        path=f"{_PERSONA}/prompts/{{layer}}/main/versions",
        id="version_id",
        columns={
            "layer": "layer",
            "version": "version",
            "used": "is_active",
            "state": "state",
            "saved": "created_at",
            "by": "author_id",
            "why": "commit_message",
        },
        show=("prompts", "show", "{persona_id}", "{layer}", "--version={version}"),
        actions=(
            Action(
                key="e",
                label="edit",
                words=("prompts", "edit", "{persona_id}", "{layer}"),
                in_terminal=True,
                least=EDITOR,
            ),
            Action(
                key="d",
                label="diff with the one before",
                words=("prompts", "diff", "{persona_id}", "{layer}", "{previous}", "{version}"),
            ),
            Action(
                key="t",
                label="test",
                asks="Question",
                words=("prompts", "test", "--", "{persona_id}", "{answer}"),
                needs_row=False,
                least=EDITOR,
            ),
            Action(
                key="a",
                label="activate",
                words=("prompts", "activate", "{persona_id}", "{layer}", "{version}"),
                least=EDITOR,
            ),
            Action(
                key="A",
                label="approve",
                words=("prompts", "approve", "{persona_id}", "{layer}", "{version}"),
                least=ADMIN,
            ),
            Action(
                key="u",
                label="back to the one before",
                words=("prompts", "recover", "{persona_id}", "{layer}"),
                is_risky=True,
                least=EDITOR,
            ),
        ),
    ),
    "campaigns": View(
        title="Campaigns",
        path="/api/campaigns",
        id="campaign_id",
        columns={
            "name": "name",
            "channel": "channel",
            "status": "status",
            "leads": "lead_count",
            "booking": "booking_process_id",
            "persona by channel": "assignments",
        },
        actions=(
            Action(
                key="a",
                label="assign",
                asks="Persona; - is the workspace's default",
                words=("personas", "assign", "--", "{answer}", "{campaign_id}"),
                least=EDITOR,
            ),
            Action(
                key="x",
                label="explain who speaks",
                words=("personas", "explain", "--campaign={campaign_id}"),
            ),
        ),
        empty="No campaigns: the CRM has told of none.",
    ),
    "drafts": View(
        title="Drafts",
        path="/api/drafts",
        id="draft_id",
        columns={
            "status": "status",
            "lead": "lead_id",
            "subject": "subject",
            "campaign": "campaign_id",
            "made": "created_at",
            "text": "text",
        },
        show=("drafts", "show", "{draft_id}"),
        actions=(
            Action(
                key="a", label="approve", words=("drafts", "approve", "{draft_id}"), least=EDITOR
            ),
            Action(
                key="e",
                label="edit, then approve",
                words=("drafts", "edit", "{draft_id}"),
                in_terminal=True,
                least=EDITOR,
            ),
            Action(
                key="x",
                label="reject",
                asks="Why",
                words=("drafts", "reject", "{draft_id}", "--reason={answer}"),
                least=EDITOR,
            ),
            Action(
                key="g",
                label="write anew",
                words=("drafts", "regenerate", "{draft_id}"),
                least=EDITOR,
            ),
            Action(key="l", label="lead", view="lead"),
        ),
        empty="No drafts: no lead has replied.",
    ),
    "sequences": View(
        title="Sequences",
        path="/api/sequences",
        id="sequence_id",
        columns={
            "name": "name",
            "steps": "steps.#",
            "persona": "ai_persona_id",
            "paused": "paused_reason",
            "version": "version",
            "changed": "updated_at",
        },
        show=("sequences", "show", "{sequence_id}"),
        actions=(
            Action(
                key="p",
                label="preview",
                asks="A lead's id",
                words=("sequences", "preview", "{sequence_id}", "--lead={answer}"),
            ),
            Action(
                key="l",
                label="lint all",
                words=("sequences", "lint", "--stored"),
                needs_row=False,
            ),
            Action(
                key="n",
                label="start a lead",
                asks="A lead's id",
                words=("sequences", "start", "{sequence_id}", "--lead={answer}"),
                least=EDITOR,
            ),
            Action(
                key="x",
                label="explain who speaks",
                words=("personas", "explain", "--sequence={sequence_id}"),
            ),
            Action(
                key="D",
                label="delete",
                words=("sequences", "delete", "{sequence_id}"),
                is_risky=True,
                least=EDITOR,
            ),
        ),
    ),
    "instances": View(
        title="Leads on their way",
        path="/api/instances",
        id="instance_id",
        columns={
            "lead": "lead_id",
            "state": "state",
            "step": "step",
            "due": "due_at",
            "reason": "reason",
            "detail": "detail",
            "started": "started_at",
        },
        show=("instances", "show", "{instance_id}"),
        actions=(
            Action(
                key="u",
                label="resume",
                words=("instances", "resume", "{instance_id}"),
                least=EDITOR,
            ),
            Action(
                key="S",
                label="stop",
                words=("instances", "stop", "{instance_id}"),
                is_risky=True,
                least=EDITOR,
            ),
            Action(key="l", label="lead", view="lead"),
            Action(key="P", label="by reason", view="reasons", needs_row=False),
            Action(
                key="X",
                label="never write again",
                words=("instances", "suppress", "--", "{lead_id}"),
                is_risky=True,
                least=EDITOR,
            ),
        ),
    ),
    "reasons": View(
        title="What leads are paused for",
        path="/api/instances/pause-reasons",
        id="reason",
        columns={"reason": "reason", "leads": "instances"},
        actions=(
            Action(
                key="u",
                label="resume all",
                words=("instances", "resume", "--reason={reason}"),
                is_risky=True,
                least=EDITOR,
            ),
        ),
        empty="Nothing is paused.",
    ),
    "suppressions": View(
        title="Who must not be written to",
        path="/api/suppressions",
        id="suppression_id",
        columns={
            "lead": "lead_id",
            "addresses": "addresses",
            "reason": "reason",
            "by": "created_by",
            "since": "created_at",
        },
        actions=(
            Action(
                key="u",
                label="allow again",
                asks="Why; it is kept",
                request=("DELETE", "/api/suppressions/{suppression_id}?reason={answer}"),
                least=ADMIN,
            ),
        ),
    ),
    "lead": View(
        title="One lead",
        path="/api/drafts?lead_id={lead_id}",
        id="row",
        columns={"when": "at", "what": "what", "state": "state", "by": "by", "text": "text"},
        actions=(
            Action(
                key="X",
                label="never write again",
                words=("instances", "suppress", "--", "{lead_id}"),
                is_risky=True,
                needs_row=False,
                least=EDITOR,
            ),
        ),
        empty="Nothing is known of this lead.",
    ),
    "files": View(
        title="Files",
        path=f"{_PERSONA}/files",
        id="file_id",
        columns={
            "file": "file_name",
            "status": "status",
            "step": "step",
            "passages": "chunks",
            "vectors": "vectors",
            "uploaded": "uploaded_at",
            "error": "error.title",
        },
        actions=(
            Action(
                key="a",
                label="add",
                asks="File",
                words=("files", "add", "--persona={persona_id}", "--no-wait", "--", "{answer}"),
                needs_row=False,
                least=EDITOR,
            ),
            Action(
                key="c", label="passages", request=("GET", f"{_PERSONA}/files/{{file_id}}/chunks")
            ),
            Action(
                key="s",
                label="search",
                asks="Question",
                words=("files", "search", "--persona={persona_id}", "--", "{answer}"),
                needs_row=False,
            ),
            Action(
                key="u",
                label="try again",
                request=("POST", f"{_PERSONA}/files/{{file_id}}/retry"),
                least=EDITOR,
            ),
            Action(
                key="D",
                label="forget",
                words=("files", "rm", "{file_id}", "--persona={persona_id}"),
                is_risky=True,
                least=EDITOR,
            ),
        ),
        empty="No files: `a` adds one.",
    ),
    "conversations": View(
        title="Your conversations",
        path="/api/conversations",
        id="conversation_id",
        columns={
            "title": "title",
            "persona": "persona_name",
            "messages": "message_count",
            "changed": "updated_at",
        },
        show=("conversations", "export", "{conversation_id}"),
        actions=(
            Action(
                key="t",
                label="go on",
                words=("chat", "{persona_id}", "--thread={conversation_id}"),
                in_terminal=True,
            ),
            Action(
                key="s",
                label="search",
                asks="Words",
                words=("conversations", "search", "--", "{answer}"),
                needs_row=False,
            ),
            Action(
                key="n",
                label="rename",
                asks="Title",
                request=("PATCH", "/api/conversations/{conversation_id}"),
                body=(("title", "{answer}"),),
            ),
            Action(
                key="D",
                label="delete",
                words=("conversations", "delete", "{conversation_id}"),
                is_risky=True,
            ),
        ),
        empty="No conversations: `t` in :personas begins one.",
    ),
    "agents": View(
        title="Voice agents",
        path="/api/agents",
        id="persona_id",
        columns={
            "persona": "name",
            "status": "status",
            "runs": "persona_revision",
            "drift": "drift",
            "error": "error.title",
            "checked": "checked_at",
        },
        show=("agents", "status", "{persona_id}"),
        actions=(
            Action(key="d", label="diff", words=("agents", "diff", "{persona_id}")),
            Action(key="t", label="test", words=("agents", "test", "{persona_id}")),
            Action(
                key="u", label="update", words=("agents", "update", "{persona_id}"), least=EDITOR
            ),
            Action(
                key="R",
                label="recreate",
                words=("agents", "recreate", "{persona_id}"),
                is_risky=True,
                least=ADMIN,
            ),
        ),
    ),
    "calls": View(
        title="Calls",
        path="/api/calls",
        id="call_id",
        columns={
            "began": "started_at",
            "lead": "lead_id",
            "turns": "turns",
            "seconds": "duration_seconds",
            "persona": "persona_id",
            "revision": "revision",
        },
        show=("calls", "show", "{call_id}"),
    ),
    "dead": View(
        title="Events that could not be handled",
        path="/api/dead-letters",
        id="dead_letter_id",
        columns={
            "number": "dead_letter_id",
            "reason": "reason",
            "event": "event_type",
            "consumer": "consumer",
            "parked": "parked_at",
            "detail": "detail",
        },
        actions=(
            Action(
                key="R",
                label="replay",
                request=("POST", "/api/services/{service}/dead-letters/{dead_letter_id}/replay"),
                least=ADMIN,
            ),
        ),
        empty="Nothing is parked: every event was handled.",
    ),
    "audit": View(
        title="Who changed what",
        path="/api/audit",
        id="row",
        columns={
            "at": "at",
            "by": "actor",
            "role": "role",
            "did": "action",
            "what": "entity",
            "id": "entity_id",
            "service": "service",
        },
    ),
    "keys": View(
        title="API keys",
        path="/api/keys",
        id="key_id",
        columns={
            "name": "name",
            "role": "role",
            "begins": "shown",
            "expires": "expires_at",
            "last used": "last_used_at",
            "made by": "created_by",
        },
        actions=(
            Action(
                key="n",
                label="create (viewer)",
                asks="Name",
                words=("keys", "create", "--", "{answer}"),
                needs_row=False,
                least=ADMIN,
            ),
            Action(
                key="D",
                label="revoke",
                words=("keys", "revoke", "{key_id}"),
                is_risky=True,
                least=ADMIN,
            ),
        ),
    ),
    "people": View(
        title="Who is signed in",
        path="/api/sessions",
        id="session_id",
        columns={
            "who": "subject",
            "role": "role",
            "since": "created_at",
            "seen": "seen_at",
            "until": "expires_at",
            "browser": "user_agent",
        },
        actions=(
            Action(
                key="D",
                label="sign out",
                request=("DELETE", "/api/sessions/{session_id}"),
                is_risky=True,
            ),
        ),
        empty="Nobody is signed in to the studio.",
    ),
    "models": View(
        title="Models, and what they were",
        path="/api/workspace/models/versions",
        id="version",
        columns={
            "version": "version",
            "saved": "created_at",
            "by": "changed_by",
            "chat": "models.chat",
            "drafts": "models.write",
        },
        actions=(
            Action(
                key="R",
                label="restore",
                request=("POST", "/api/workspace/models/versions/{version}/restore"),
                is_risky=True,
                least=ADMIN,
            ),
        ),
        empty="Nobody has changed the models yet.",
    ),
    "settings": View(
        title="Settings of the workspace",
        path="/api/workspace/settings",
        id="setting",
        columns={"setting": "setting", "is": "value"},
        actions=(
            Action(
                key="e",
                label="set a text",
                asks="Text",
                request=("PUT", "/api/workspace/settings"),
                body=(("{setting}", "{answer}"),),
                least=ADMIN,
            ),
        ),
    ),
}
"""By what the command bar calls them."""
FIRST = "personas"
