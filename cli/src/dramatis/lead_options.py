"""What is known of a lead, as options."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from dramatis.errors import CliError


@dataclass(frozen=True, kw_only=True)
class LeadOptions:
    """What is known of a lead."""

    campaign: Annotated[str | None, typer.Option(help="Its campaign's id.")] = None
    first_name: Annotated[str | None, typer.Option(help="Its first name.")] = None
    last_name: Annotated[str | None, typer.Option(help="Its last name.")] = None
    email: Annotated[str | None, typer.Option(help="Its e-mail address.")] = None
    company: Annotated[str | None, typer.Option(help="Its company.")] = None
    time_zone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin.")] = None
    attribute: Annotated[
        list[str] | None, typer.Option("--set", help="An attribute, KEY=VALUE; may be repeated.")
    ] = None

    def document(self, lead_id: str) -> dict[str, Any]:
        """Return the lead as the API takes it.

        Raises:
            CliError: an attribute is not KEY=VALUE.
        """
        names = ("first_name", "last_name", "email", "company", "time_zone")
        known = {name: value for name in names if (value := getattr(self, name)) is not None}
        pairs = [pair.partition("=") for pair in self.attribute or ()]
        if any(not key or not sign for key, sign, _ in pairs):
            raise CliError("An attribute is KEY=VALUE, such as --set plan=gold.")
        if pairs:
            known["attributes"] = {key: value for key, _, value in pairs}
        return {"lead_id": lead_id, "campaign_id": self.campaign, "lead": known}
