"""The AsyncAPI 3.0 document: what Dramatis receives and sends, on which subjects."""

from importlib.metadata import version
from inspect import getdoc

from pydantic import BaseModel

from persona_contracts.catalogue import (
    DOCUMENTS,
    EVENTS,
    IMPACT_REQUEST,
    IMPACT_RESPONSE,
    KNOWLEDGE_REQUEST,
    KNOWLEDGE_RESPONSE,
    STATES,
    TOMBSTONE,
    event_name,
    state_name,
)
from persona_contracts.event import CrmEvent, Event
from persona_contracts.impact import PERSONA_IMPACT_SUBJECT, impact_subject
from persona_contracts.knowledge import KNOWLEDGE_SEARCH_SUBJECT
from persona_contracts.types import SUBJECT_ID_PATTERN

Json = dict[str, object]

_HEADERS: dict[str, Json] = {
    "ce-specversion": {"const": "1.0"},
    "ce-id": {"type": "string", "description": "With ce-source: the identity of the event."},
    "ce-source": {"type": "string", "description": "urn:dramatis:<service>, or the CRM's own."},
    "ce-type": {"type": "string"},
    "ce-time": {"type": "string", "format": "date-time"},
    "ce-subject": {"type": "string", "description": "The id of the thing it is about."},
    "ce-dataschema": {"type": "string"},
    "content-type": {"type": "string"},
    "traceparent": {"type": "string", "description": "W3C Trace Context."},
    "correlation_id": {
        "type": "string",
        "description": "What it all began with: that of its cause, else its own id.",
    },
    "Nats-Msg-Id": {
        "type": "string",
        "description": "Must be unique across the whole stream: the broker drops equal ones.",
    },
}
_TAGS = {
    "crm": "What the CRM tells.",
    "dramatis": "What Dramatis tells.",
    "state": "Documents that are always the newest: the last of each subject.",
    "request": "Questions that are answered at once, without a stream.",
}
_ALWAYS_SENT = [name for name in _HEADERS if name.startswith("ce-")] + ["content-type"]


def asyncapi_document() -> Json:
    """Return the whole document; payloads refer to the JSON Schemas beside it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Dramatis events",
            "version": version("persona-contracts"),
            "description": (
                "CloudEvents 1.0 on NATS JetStream. We send binary mode; the CRM may also send "
                "structured mode (application/cloudevents+json) or a plain JSON body, up to "
                "512 KiB. Ignore unknown fields; enums may grow; a reader of documents with a "
                "revision keeps the higher one."
            ),
            "license": {"name": "Apache-2.0"},
            "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        },
        "servers": {
            "broker": {
                "host": "nats.example.com:4222",
                "protocol": "nats",
                "description": "Your NATS with JetStream; each user has its own subjects.",
                "security": [_ref("components", "securitySchemes", "user")],
            }
        },
        "defaultContentType": "application/json",
        "channels": _channels(),
        "operations": _operations(),
        "components": {
            "securitySchemes": {
                "user": {"type": "userPassword", "description": "A user of the broker."}
            },
            "correlationIds": {
                "cause": {
                    "description": "The same on all that follows from one beginning.",
                    "location": "$message.header#/correlation_id",
                }
            },
            "schemas": {"CloudEventHeaders": {"type": "object", "properties": _HEADERS}},
            "messages": {name: _message(name, model) for name, model in DOCUMENTS.items()},
            "parameters": {
                "workspace_id": {"description": f"The tenant: {SUBJECT_ID_PATTERN}"},
                "entity_id": {"description": "The id of the persona, workspace or campaign."},
                "service": {"description": "The short name of a service, such as `ingest`."},
            },
        },
    }


def _channels() -> Json:
    channels: Json = {}
    for event in EVENTS:
        name = event_name(event)
        channels[name] = _channel(f"{name}.{{workspace_id}}", name)
    for kind in STATES:
        name = state_name(kind)
        address = f"persona-state.v1.{{workspace_id}}.{kind}.{{entity_id}}"
        channels[name] = _channel(address, name, TOMBSTONE)
    channels[KNOWLEDGE_REQUEST] = _channel(KNOWLEDGE_SEARCH_SUBJECT, KNOWLEDGE_REQUEST)
    channels[KNOWLEDGE_RESPONSE] = {
        **_channel(None, KNOWLEDGE_RESPONSE),
        "description": "The reply subject of the request; nobody waits longer than 2 seconds.",
    }
    channels[IMPACT_REQUEST] = _channel(impact_subject("{service}"), IMPACT_REQUEST)
    channels[IMPACT_RESPONSE] = {
        **_channel(None, IMPACT_RESPONSE),
        "description": "The reply subject of the request; nobody waits longer than 1 second.",
    }
    return channels


def _channel(address: str | None, *messages: str) -> Json:
    parameters = [
        name
        for name in ("workspace_id", "entity_id", "service")
        if address and f"{{{name}}}" in address
    ]
    channel: Json = {
        "address": address,
        "messages": {name: _ref("components", "messages", name) for name in messages},
    }
    if parameters:
        channel["parameters"] = {
            name: _ref("components", "parameters", name) for name in parameters
        }
    return channel


def _operations() -> Json:
    operations: Json = {}
    for event in EVENTS:
        action = "receive" if issubclass(event, CrmEvent) else "send"
        operations[f"{action} {event_name(event)}"] = _operation(action, event_name(event))
    for kind in STATES:
        operations[f"send {state_name(kind)}"] = _operation("send", state_name(kind))
    operations[f"answer {KNOWLEDGE_SEARCH_SUBJECT}"] = {
        **_operation("receive", KNOWLEDGE_REQUEST),
        "bindings": {"nats": {"queue": "ingest", "bindingVersion": "0.1.0"}},
        "reply": {"channel": _ref("channels", KNOWLEDGE_RESPONSE)},
    }
    operations[f"answer {PERSONA_IMPACT_SUBJECT}"] = {
        **_operation("receive", IMPACT_REQUEST),
        "reply": {"channel": _ref("channels", IMPACT_RESPONSE)},
    }
    return operations


def _operation(action: str, channel: str) -> Json:
    verb = "Dramatis sends" if action == "send" else "Dramatis takes"
    return {
        "action": action,
        "channel": _ref("channels", channel),
        "summary": f"{verb} {channel}.",
    }


def _message(name: str, model: type[BaseModel]) -> Json:
    summary = (getdoc(model) or "").partition("\n")[0]
    message: Json = {"name": name, "summary": summary, "payload": {"$ref": f"./{name}.json"}}
    if issubclass(model, Event):
        message["headers"] = _event_headers(model)
        message["correlationId"] = _ref("components", "correlationIds", "cause")
    message["title"] = name
    message["description"] = _description(model)
    message["contentType"] = "application/json"
    message["tags"] = [{"name": _tag(name, model)}]
    return message


def _description(model: type[BaseModel]) -> str:
    """Return what a model says of itself, and how often it may come."""
    text = getdoc(model) or ""
    if not issubclass(model, Event):
        return text
    kept = "Kept for 30 days on its stream. It may come twice: workspace, ce-source and ce-id"
    return f"{text}\n\n{kept} identify it."


def _tag(name: str, model: type[BaseModel]) -> str:
    if issubclass(model, CrmEvent):
        return "crm"
    if issubclass(model, Event):
        return "dramatis"
    return "state" if name.startswith("persona-state.") else "request"


def _event_headers(event: type[Event]) -> Json:
    own: Json = {
        "properties": {
            "ce-type": {"const": event.event_type},
            "ce-dataschema": {"const": event.schema_urn()},
        }
    }
    if not issubclass(event, CrmEvent):
        own["required"] = _ALWAYS_SENT
    return {
        "type": "object",
        "allOf": [_ref("components", "schemas", "CloudEventHeaders"), own],
    }


def _ref(*path: str) -> Json:
    return {"$ref": "#/" + "/".join(path)}
