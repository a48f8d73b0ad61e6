"""Take answers that people give to questions which no passage answered."""

import re
from collections.abc import Sequence
from typing import Final

from persona_contracts import ChatGapAnsweredV1, Received
from service_kit.erasure import not_erased
from service_kit.store import Session

from ingest_svc.domain.document import Version
from ingest_svc.usecases.accept_version import accept_version

TAG: Final = "answered-question"
MAX_NAME_CHARS: Final = 80
_NOT_IN_NAMES = re.compile(r"[^\w ?!,'-]+")


async def accept_answers(session: Session, batch: Sequence[Received[ChatGapAnsweredV1]]) -> None:
    """Queue a document of the persona for each answer; a later answer is its next version."""
    fresh = await not_erased(session, batch, lambda event: event.occurred_at)
    for item in sorted(fresh, key=lambda item: (item.workspace_id, item.event.gap_id)):
        event = item.event
        await accept_version(
            session,
            Version(
                workspace_id=event.workspace_id,
                file_id=f"gap-{event.gap_id}",
                persona_id=event.persona_id,
                file_name=_name(event.question),
                uploaded_at=event.occurred_at,
                tags=[TAG],
                text=f"{event.question}\n\n{event.answer}\n",
                traceparent=item.traceparent,
                correlation_id=item.correlation_id,
            ),
        )


def _name(question: str) -> str:
    """Return a question as the name of a file, which citations show."""
    words = _NOT_IN_NAMES.sub(" ", question).split()
    return f"{' '.join(words)[:MAX_NAME_CHARS].strip()}.txt"
