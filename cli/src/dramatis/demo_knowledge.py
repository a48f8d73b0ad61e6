"""The demo's knowledge: three documents of one persona, and a question that they answer."""

from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from persona_contracts import Channel, LeadRepliedV1
from service_kit.clock import utc_now

from dramatis.defaults import WORKSPACE
from dramatis.demo_workspace import LEAD, SPRING
from dramatis.errors import CliError
from dramatis.rest import Rest
from dramatis.sent_files import passages, send_file, watch_files

READY_SECONDS = 120.0
QUESTION = (
    "Thanks, that sounds useful. What does the plan Team cost per user and month?"
    " And until when may we cancel?"
)


def learn(ingest: Rest, persona_id: str) -> list[str]:
    """Upload the documents; return a line for each once it is ready, with its vectors.

    Raises:
        CliError: one of them failed, or took too long.
    """
    folder = Path(str(package_files("dramatis") / "samples" / "knowledge"))
    sent = [send_file(ingest, persona_id, path, ()) for path in sorted(folder.iterdir())]
    settled: dict[str, dict[str, Any]] = {}
    for file in watch_files(ingest, persona_id, [file["id"] for file in sent], READY_SECONDS):
        settled[file["file_id"]] = file
    failed = [file["file_name"] for file in settled.values() if file["status"] == "failed"]
    if failed:
        raise CliError(f"These documents failed: {', '.join(failed)}.")
    return [
        f"{file['file_name']}: {passages(file['chunks'])}, vectors {file['vectors']}"
        for file in settled.values()
    ]


def question() -> LeadRepliedV1:
    """Return a reply that asks for what the documents say."""
    return LeadRepliedV1(
        workspace_id=WORKSPACE,
        message_id="a-question",
        lead_id="a-question",
        channel=Channel.EMAIL,
        received_at=utc_now(),
        campaign_id=SPRING,
        subject="Re: Your offer",
        body_text=QUESTION,
        lead=LEAD,
    )
