"""All services, for the tests that walk them."""

from dramatis.services import SERVICES as SPECS

SERVICES = tuple(spec.package for spec in SPECS)
