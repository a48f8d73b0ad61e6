"""REST: templates of prompts."""

from typing import Annotated

from fastapi import Depends, Path
from service_kit.identity import Admin, Viewer
from service_kit.in_turn import in_turn
from service_kit.paging import Page
from service_kit.problem import problem_responses
from service_kit.routing import WorkspaceSession, api_router

from persona_svc.adapters import prompt_templates
from persona_svc.domain.prompt_template import TEMPLATE_ID_PATTERN
from persona_svc.entrypoints.dependencies import Editing
from persona_svc.entrypoints.schemas.prompt_template import (
    ApplicationDocument,
    ApplicationsDocument,
    ApplyToManyRequest,
    SaveTemplateRequest,
    TemplateDocument,
    TemplateSummaryDocument,
)
from persona_svc.usecases.apply_to_many import apply_to_many
from persona_svc.usecases.begin_change import Actor
from persona_svc.usecases.save_template import save_template

router = api_router("/api/prompt-templates", "prompts")
old_router = api_router("/persona", "prompts")
FOUND = problem_responses(404)
TemplateId = Annotated[str, Path(pattern=TEMPLATE_ID_PATTERN)]


@router.get(
    "",
    operation_id="listPromptTemplates",
    summary="List templates of prompts",
    dependencies=[Depends(in_turn)],
)
@old_router.get(
    "/templates",
    summary="List templates (another spelling)",
    include_in_schema=False,
    dependencies=[Depends(in_turn)],
)
async def list_templates(
    viewer: Viewer, session: WorkspaceSession
) -> Page[TemplateSummaryDocument]:
    """Return the templates of the product and of this workspace, each in its newest version."""
    found = (await prompt_templates.every(session, viewer.workspace_id)).values()
    shown = [TemplateSummaryDocument.summed(template) for template in found]
    return Page(items=shown, next=None)


@router.get(
    "/{template_id}",
    operation_id="getPromptTemplate",
    summary="Show a template of prompts",
    responses=FOUND,
)
async def show_template(
    template_id: TemplateId, viewer: Viewer, session: WorkspaceSession
) -> TemplateDocument:
    """Return the newest version of a template, with its texts."""
    found = await prompt_templates.get(session, viewer.workspace_id, template_id)
    return TemplateDocument.of(found)


@router.put(
    "/{template_id}",
    operation_id="savePromptTemplate",
    summary="Save a template of prompts",
    responses=problem_responses(404, 409),
)
async def save(
    template_id: TemplateId, body: SaveTemplateRequest, change: Editing
) -> TemplateDocument:
    """Store a new version of a template of this workspace; no persona changes by it."""
    return TemplateDocument.of(await save_template(change, template_id, body.draft()))


@router.post(
    "/{template_id}/apply",
    operation_id="applyPromptTemplateToMany",
    summary="Give many personas a template's prompts",
    responses=FOUND,
)
async def apply(
    template_id: TemplateId, body: ApplyToManyRequest, admin: Admin, session: WorkspaceSession
) -> ApplicationsDocument:
    """Let up to 200 personas take a template over: each of them whole, or not at all."""
    template = await prompt_templates.get(session, admin.workspace_id, template_id)
    owner = (admin.workspace_id, Actor(subject=admin.subject, role=admin.role))
    done = await apply_to_many(session, owner, body.persona_ids, template, dry_run=body.dry_run)
    items = [ApplicationDocument.of(each, template) for each in done]
    return ApplicationsDocument(dry_run=body.dry_run, items=items)
