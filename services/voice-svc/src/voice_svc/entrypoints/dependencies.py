"""What routes share."""

from typing import Annotated

from fastapi import Depends
from service_kit.routing import deps_of

from voice_svc.deps import VoiceDeps

Deps = Annotated[VoiceDeps, Depends(deps_of(VoiceDeps))]
