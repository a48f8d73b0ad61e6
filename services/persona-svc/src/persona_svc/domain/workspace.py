"""A workspace: what every command on its personas locks first."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from service_kit.errors import ConflictError, InvalidError

from persona_svc.domain.workspace_settings import WorkspaceSettings


class DefaultInactiveError(ConflictError):
    """The default persona must be active."""

    slug = "default-persona-inactive"


class DefaultInUseError(ConflictError):
    """The default persona cannot be deleted while there are others."""

    slug = "persona-is-default"


class PromotionError(InvalidError):
    """Only another active persona can become the default."""

    slug = "persona-cannot-be-promoted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A workspace: its counter, its default persona, and the settings older than personas."""

    workspace_id: str
    revision: int = 0
    default_persona_id: UUID | None = None
    settings: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    settings_revision: int = 0
    """The revision at which default or settings last changed; 0: never."""

    def changed(
        self, *, default_persona_id: UUID | None, settings: WorkspaceSettings
    ) -> "Workspace":
        """Return the workspace one revision later."""
        revision = self.revision + 1
        after = replace(
            self, revision=revision, default_persona_id=default_persona_id, settings=settings
        )
        return replace(after, settings_revision=revision) if self.changed_settings(after) else after

    def emptied(self) -> "Workspace":
        """Return the workspace one revision later, without settings and default persona."""
        revision = self.revision + 1
        return Workspace(
            workspace_id=self.workspace_id, revision=revision, settings_revision=revision
        )

    def changed_settings(self, after: "Workspace") -> list[str]:
        """Return the names of the settings that differ in `after`, `default_persona_id` first."""
        old, new = self.settings.as_dict(), after.settings.as_dict()
        changed = [name for name, value in new.items() if old[name] != value]
        if self.default_persona_id != after.default_persona_id:
            changed.insert(0, "default_persona_id")
        return changed
