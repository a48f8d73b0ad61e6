"""REST: templates and their tokens."""

from fastapi import Depends
from service_kit.identity import CHANGES_NOTHING, OF_OWN_PERSONAS, Viewer
from service_kit.in_turn import in_turn
from service_kit.routing import WorkspaceSession, api_router

from followup_svc.domain.template import aliases, lint
from followup_svc.domain.tokens import QUESTION_PREFIX, TOKENS, named
from followup_svc.entrypoints.dependencies import Deps, TemplateToLint
from followup_svc.entrypoints.schemas.templates import (
    LintDocument,
    RefusedTemplateDocument,
    RefusedTemplatesDocument,
    TemplateErrorDocument,
    TokenDocument,
    TokensDocument,
)
from followup_svc.usecases.find_refused import find_refused
from followup_svc.usecases.find_warnings import find_warnings

router = api_router("/api", "templates")


@router.post(
    "/templates/lint",
    operation_id="lintTemplate",
    summary="Check a template",
    dependencies=CHANGES_NOTHING,
)
async def check(
    body: TemplateToLint, viewer: Viewer, session: WorkspaceSession, deps: Deps
) -> LintDocument:
    """Return what is wrong with a template, and what has no value in this workspace today."""
    errors = lint(body.template)
    templates = () if errors else (("template", body.template),)
    warned = await find_warnings(
        session, deps.roster, viewer.workspace_id, templates, body.ai_persona_id
    )
    return LintDocument(
        ok=not errors,
        template_errors=[TemplateErrorDocument.of(error) for error in errors],
        warnings=[
            TemplateErrorDocument.of(error)
            for error in (*(item.error for item in warned), *aliases(body.template))
        ],
    )


@router.get(
    "/templates/refused",
    operation_id="listRefusedTemplates",
    summary="List stored templates that could not be saved today",
    dependencies=[Depends(in_turn)],
)
async def list_refused(_: Viewer, session: WorkspaceSession) -> RefusedTemplatesDocument:
    """Return what is wrong in each sequence's newest version, and in those with live instances."""
    found = await find_refused(session)
    return RefusedTemplatesDocument(items=[RefusedTemplateDocument.at(item) for item in found])


@router.get(
    "/tokens",
    operation_id="listTokens",
    summary="List the tokens of templates",
    dependencies=OF_OWN_PERSONAS,
)
async def list_tokens(_: Viewer) -> TokensDocument:
    """Return every token with its source; `lead.<attribute>` stands for any attribute."""
    patterns = (named("lead.<attribute>"), named(f"{QUESTION_PREFIX}1"))
    tokens = [*TOKENS.values(), *(token for token in patterns if token)]
    return TokensDocument(items=[TokenDocument.of(token) for token in tokens])
