"""What routes share."""

from collections.abc import Callable
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from persona_client import RosterNotReadyError
from service_kit.errors import UpstreamError
from service_kit.identity import Viewer
from service_kit.personas import PersonasNotReadyError
from service_kit.preconditions import OptionalIfMatch
from service_kit.routing import WorkspaceSession, deps_of

from chat_svc.adapters import conversations
from chat_svc.deps import ChatDeps
from chat_svc.domain.conversation import Conversation
from chat_svc.entrypoints.schemas import ConversationDocument

Deps = Annotated[ChatDeps, Depends(deps_of(ChatDeps))]


def persona_name(deps: ChatDeps, conversation: Conversation) -> str | None:
    """Return the name of who answers in a conversation, as far as it is known here."""
    if conversation.persona_id is None or deps.roster.freshness == "NOT_READY":
        return None
    persona = deps.roster.persona(conversation.workspace_id, conversation.persona_id)
    return None if persona is None else persona.name


def document_of(deps: ChatDeps, conversation: Conversation) -> ConversationDocument:
    """Return a conversation as it is shown."""
    return ConversationDocument.of(conversation, persona_name=persona_name(deps, conversation))


def knows_persona(deps: ChatDeps, workspace_id: str) -> Callable[[UUID], bool]:
    """Return what tells whether there is a persona with an id.

    Raises:
        PersonasNotReadyError: nobody knows yet.
    """
    try:
        known = {each.persona_id for each in deps.roster.personas(workspace_id)}
    except RosterNotReadyError as error:
        raise PersonasNotReadyError(str(error)) from error
    return known.__contains__


async def _locked(
    conversation_id: UUID,
    viewer: Viewer,
    session: WorkspaceSession,
    deps: Deps,
    if_match: OptionalIfMatch,
) -> Conversation:
    found = await conversations.lock(session, conversation_id, viewer.subject)
    if_match.require(found.revision, document_of(deps, found).model_dump(mode="json"))
    return found


LockedConversation = Annotated[Conversation, Depends(_locked)]
"""A conversation of the caller."""


class ModelNotConfiguredError(UpstreamError):
    """No model is set up to answer."""

    slug = "model-not-configured"


async def _can_answer(deps: Deps) -> ChatDeps:
    if deps.writer is None:
        raise ModelNotConfiguredError(
            "Set DRAMATIS_CHAT_OPENAI_API_KEY and DRAMATIS_CHAT_MODEL, or choose the stand-in with"
            " DRAMATIS_CHAT_WRITER=offline."
        )
    return deps


Answering = Annotated[ChatDeps, Depends(_can_answer)]
"""The deps of a service that can answer, or 503."""
