"""Puts `sample_svc`, a service with the kit's tables and a table beside them, within reach."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
