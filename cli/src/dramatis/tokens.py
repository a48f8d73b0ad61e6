"""Tokens of the embedded stack."""

from pathlib import Path

from service_kit.dev_keys import PRIVATE_KEY_FILE, issue_token
from service_kit.identity import Principal, Role

from dramatis import defaults
from dramatis.errors import CliError


def embedded_token(
    data_dir: Path, workspace_id: str, role: str = "admin", subject: str = "dramatis-cli"
) -> str:
    """Return a token signed with the keys of the embedded stack in `data_dir`.

    Raises:
        CliError: there are no keys.
    """
    if not (data_dir / PRIVATE_KEY_FILE).exists():
        raise CliError(
            f"There are no signing keys in {data_dir}.",
            "Start the stack with `dramatis up`, name its folder with --data-dir, or pass the"
            " --token of your identity provider.",
        )
    principal = Principal(workspace_id=workspace_id, subject=subject, role=Role(role))
    return issue_token(
        data_dir, principal, profile="embedded", issuer=defaults.ISSUER, audience=defaults.AUDIENCE
    )
