"""Make the code of a one-time link."""

from service_kit.store import Session, database_now

from studio_svc.adapters import login_codes
from studio_svc.domain.browser_session import Person
from studio_svc.domain.login_code import LIFETIME
from studio_svc.domain.secret import digest, new_secret


async def make_login_code(session: Session, person: Person) -> str:
    """Return a code that signs one browser in as `person`, within 10 minutes."""
    code, now = new_secret(), await database_now(session)
    await login_codes.forget_over(session, now)
    await login_codes.add(session, digest(code), person, now + LIFETIME)
    return code
