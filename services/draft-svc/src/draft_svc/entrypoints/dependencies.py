"""What routes share."""

from typing import Annotated

from fastapi import Depends
from service_kit.routing import deps_of

from draft_svc.deps import DraftDeps

Deps = Annotated[DraftDeps, Depends(deps_of(DraftDeps))]
