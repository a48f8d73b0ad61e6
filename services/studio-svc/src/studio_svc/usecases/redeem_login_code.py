"""Take the code of a one-time link."""

from service_kit.store import Session, database_now

from studio_svc.adapters import login_codes
from studio_svc.domain.browser_session import Person
from studio_svc.domain.login_code import LoginCodeRefusedError
from studio_svc.domain.secret import digest


async def redeem_login_code(session: Session, code: str) -> Person:
    """Return for whom the code was made; it is good for nothing from then on.

    Raises:
        LoginCodeRefusedError: it is unknown, used or too old.
    """
    person = await login_codes.take(session, digest(code), await database_now(session))
    if person is None:
        raise LoginCodeRefusedError(
            "A link signs in once, within 10 minutes: `dramatis login` prints another."
        )
    return person
