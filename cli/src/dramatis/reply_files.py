"""Reply e-mails in files, as `lead.replied` events."""

import email
import hashlib
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path
from uuid import uuid4

from persona_contracts import Channel, Lead, LeadRepliedV1
from service_kit.clock import utc_now

from dramatis.errors import CliError

SUFFIXES = {".eml", ".txt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressing:
    """What a file does not say about its reply."""

    workspace_id: str
    campaign_id: str | None = None
    channel: Channel = Channel.EMAIL
    lead_id: str | None = None
    """None: the sender's address of an .eml; each .txt is a separate lead."""
    as_new: bool = False
    """Make it another message although it was sent before."""


def read_reply(path: Path, to: Addressing) -> LeadRepliedV1:
    """Return the reply in `path`; the same content gives the same `message_id`.

    Raises:
        CliError: it cannot be read, or is neither `.eml` nor `.txt`.
        pydantic.ValidationError: it breaks a rule of the contract, such as a NUL character.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CliError(f"{path} is neither .eml nor .txt.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}.") from error
    digest = uuid4().hex if to.as_new else hashlib.sha256(content).hexdigest()[:32]
    lead_id, body_text, raw_email = f"lead-{digest[:12]}", _decoded(content), None
    lead = Lead()
    if path.suffix.lower() == ".eml":
        message = email.message_from_bytes(content)
        name, address = parseaddr(_readable(str(message["From"] or "")))
        lead_id = address or lead_id
        lead = Lead(first_name=_first_name(name), email=address or None)
        # 8-bit parts are encoded again, so that they keep their character set as text.
        raw_email = content.decode() if content.isascii() else message.as_string()
        body_text = None
    return LeadRepliedV1(
        workspace_id=to.workspace_id,
        message_id=f"file-{digest}",
        lead_id=to.lead_id or lead_id,
        channel=to.channel,
        received_at=utc_now(),
        campaign_id=to.campaign_id,
        lead=lead,
        body_text=body_text,
        raw_email=raw_email,
    )


def _readable(header: str) -> str:
    try:
        return str(make_header(decode_header(header)))
    except (HeaderParseError, LookupError, UnicodeError):
        return header


def _first_name(name: str) -> str | None:
    """Return "Sam" of "Sam Lee" and of "Lee, Sam"; None of what is hardly a person's name."""
    words = name.rpartition(",")[2].split()
    return words[0] if words and words[0].isalpha() else None


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
