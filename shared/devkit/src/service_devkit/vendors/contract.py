"""A vendor's own OpenAPI document, which is no part of this repository, as a judge of bodies."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

MAX_CHARS = 200


class VendorContract:
    """Says what in a body is against the document."""

    def __init__(self, document: Path) -> None:
        self._document: dict[str, Any] = json.loads(document.read_text())
        resource = Resource[Any](contents=self._document, specification=DRAFT202012)
        self._registry = Registry[Any]().with_resource("urn:vendor", resource)
        self._validators: dict[str, Draft202012Validator | None] = {}

    def request_errors(self, method: str, path: str, body: object) -> list[str]:
        """Return what is wrong with a request's JSON; `path` as the document has it."""
        return self._errors(method, path, ("requestBody",), body)

    def answer_errors(self, method: str, path: str, status: int, body: object) -> list[str]:
        """Return what is wrong with an answer's JSON, if the document has such an answer."""
        return self._errors(method, path, ("responses", str(status)), body)

    def has(self, method: str, path: str) -> bool:
        """Return whether the document knows the operation."""
        return method.lower() in self._document["paths"].get(path, {})

    def _errors(self, method: str, path: str, part: tuple[str, ...], body: object) -> list[str]:
        place = ("paths", path, method.lower(), *part, "content", "application/json", "schema")
        pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in place)
        if pointer not in self._validators:
            self._validators[pointer] = self._validator(place, pointer)
        validator = self._validators[pointer]
        if validator is None:
            return []
        return [
            f"{'.'.join(map(str, error.absolute_path)) or '(body)'}: {error.message[:MAX_CHARS]}"
            for error in validator.iter_errors(cast("Any", body))  # pyright: ignore[reportUnknownMemberType] — half typed there
        ]

    def _validator(self, place: tuple[str, ...], pointer: str) -> Draft202012Validator | None:
        found: Any = self._document
        for step in place:
            if not isinstance(found, Mapping) or step not in found:
                return None
            found = found[step]  # pyright: ignore[reportUnknownVariableType]
        return Draft202012Validator({"$ref": f"urn:vendor#/{pointer}"}, registry=self._registry)
