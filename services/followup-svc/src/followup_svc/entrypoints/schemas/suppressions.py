"""What the API takes and gives: suppressions."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from persona_contracts import ExternalId, Text
from pydantic import AfterValidator, BaseModel, Field, model_validator
from service_kit.requests import StrictRequest

from followup_svc.domain.address import MAX_ADDRESS_CHARS, fold_address
from followup_svc.domain.lead import LiftedSuppression, Suppression

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""


def _folded(email: str) -> str:
    address = fold_address(email)
    if address is None:
        raise ValueError("must be an e-mail address, such as lea@lead.example")
    return address


Address = Annotated[str, Field(max_length=MAX_ADDRESS_CHARS), AfterValidator(_folded)]
"""An e-mail address, folded."""
LiftReason = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*\S[^\x00]*$")]


class SuppressLeadRequest(StrictRequest):
    """Who must not be written to: a lead with its address, or an address."""

    lead_id: ExternalId | None = None
    email: Address | None = Field(default=None, examples=["lea@lead.example"])
    reason: Text = Field(default="by hand", min_length=1, max_length=500)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.lead_id is None) == (self.email is None):
            raise ValueError("give either lead_id or email")
        return self


class SuppressionDocument(BaseModel):
    """Who must not be written to."""

    suppression_id: UUID
    lead_id: str | None = Field(description="Null: the address alone was given.")
    addresses: list[str] = Field(
        description="E-mail addresses, folded: whichever lead has one is suppressed, too."
    )
    reason: str
    created_by: str
    created_at: datetime

    @classmethod
    def of(cls, suppression: Suppression) -> Self:
        """Return the document of a suppression."""
        return cls.model_validate(_fields(suppression))


class LiftedSuppressionDocument(SuppressionDocument):
    """A suppression that was lifted."""

    lift_reason: str
    lifted_by: str
    lifted_at: datetime

    @classmethod
    def lifted(cls, lifted: LiftedSuppression) -> Self:
        """Return the document of a lifted suppression."""
        return cls.model_validate(
            {
                **_fields(lifted.suppression),
                "lift_reason": lifted.reason,
                "lifted_by": lifted.lifted_by,
                "lifted_at": lifted.lifted_at,
            }
        )


def to_csv(suppressions: Iterable[Suppression]) -> str:
    """Return a table with a row for each, several addresses with a space between them."""
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(SuppressionDocument.model_fields)
    for suppression in suppressions:
        fields = {**_fields(suppression), "addresses": " ".join(suppression.addresses)}
        fields["created_at"] = suppression.created_at.isoformat()
        rows.writerow([_cell(fields[name]) for name in SuppressionDocument.model_fields])
    return table.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _fields(suppression: Suppression) -> dict[str, object]:
    return {name: getattr(suppression, name) for name in SuppressionDocument.model_fields}
