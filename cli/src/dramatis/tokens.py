"""Tokens of the embedded stack."""

from pathlib import Path
from typing import TYPE_CHECKING

from dramatis import defaults
from dramatis.errors import CliError
from dramatis.lazy import Lazy

if TYPE_CHECKING:
    from service_kit import dev_keys, principal
else:
    dev_keys = Lazy("service_kit.dev_keys")
    principal = Lazy("service_kit.principal")


def embedded_token(
    data_dir: Path, workspace_id: str, role: str = "admin", subject: str = "dramatis-cli"
) -> str:
    """Return a token signed with the keys of the embedded stack in `data_dir`.

    Raises:
        CliError: there are no keys.
    """
    if not (data_dir / dev_keys.PRIVATE_KEY_FILE).exists():
        raise CliError(
            f"There are no signing keys in {data_dir}.",
            "Start the stack with `dramatis up`, name its folder with --data-dir, or pass the"
            " --token of your identity provider.",
        )
    bearer = principal.Principal(
        workspace_id=workspace_id, subject=subject, role=principal.Role(role)
    )
    return dev_keys.issue_token(
        data_dir, bearer, profile="embedded", issuer=defaults.ISSUER, audience=defaults.AUDIENCE
    )
