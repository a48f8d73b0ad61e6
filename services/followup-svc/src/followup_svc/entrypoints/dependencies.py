"""What routes share."""

from typing import Annotated

from fastapi import Depends
from service_kit.routing import deps_of

from followup_svc.deps import FollowupDeps

Deps = Annotated[FollowupDeps, Depends(deps_of(FollowupDeps))]
