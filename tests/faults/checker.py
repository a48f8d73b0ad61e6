"""Judges a history by the promises I1 to I11 of docs/reliability.md, and F1's time to recover."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from faults.history import Kind, Record

Records = dict[Kind, list[Record]]


def violations(history: Iterable[Record]) -> list[str]:
    """Return every broken promise, one sentence each; empty when all hold."""
    records: Records = defaultdict(list)
    for record in history:
        records[record.kind].append(record)
    return [
        f"{name}: {violation}" for name, check in CHECKS.items() for violation in check(records)
    ]


def handled_at_least_once(records: Records) -> Iterator[str]:
    """I1: what was acknowledged to its sender has a draft or is parked."""
    drafts = {(r["workspace_id"], r["message_id"]) for r in records["draft"]}
    parked = {(r["workspace_id"], r["event_id"]) for r in records["parked"]}
    for r in records["accepted"]:
        done = (r["workspace_id"], r["message_id"]) in drafts
        if not done and (r["workspace_id"], r["event_id"]) not in parked:
            yield f"event {r['event_id']} was accepted and is lost"


def one_draft_per_reply(records: Records) -> Iterator[str]:
    """I2: exactly one draft per (workspace, message)."""
    counts = Counter((r["workspace_id"], r["message_id"]) for r in records["draft"])
    for (workspace_id, message_id), count in counts.items():
        if count > 1:
            yield f"{count} drafts for message {message_id} of {workspace_id}"


def one_default(records: Records) -> Iterator[str]:
    """I3: a workspace with personas has a default, and it is one of them."""
    for r in records["workspace"]:
        if r["persona_ids"] and r["default_persona_id"] not in r["persona_ids"]:
            yield f"workspace {r['workspace_id']} has personas and no default among them"


def no_crossing(records: Records) -> Iterator[str]:
    """I4: a reader finds nothing of another workspace."""
    for r in records["seen"]:
        if r["workspace_id"] != r["found_workspace_id"]:
            yield f"{r['workspace_id']} saw something of {r['found_workspace_id']}"


def requested_once(records: Records) -> Iterator[str]:
    """I5: one request per (request_id, attempt), none while the outcome of the last is unknown."""
    counts = Counter((r["request_id"], r["attempt"]) for r in records["requested"])
    for (request_id, attempt), count in counts.items():
        if count > 1:
            yield f"request {request_id} attempt {attempt} went out {count} times"
    for r in records["requested"]:
        if r["after"] == "unknown":
            yield f"request {r['request_id']} went out again while its outcome was unknown"


def revisions_only_grow(records: Records) -> Iterator[str]:
    """I6: a reader never goes back, and ends where the source is."""
    last: dict[tuple[str, str], int] = {}
    readers: set[str] = set()
    for r in records["applied"]:
        key = (r["reader"], r["subject"])
        readers.add(r["reader"])
        if r["revision"] < last.get(key, 0):
            yield f"{r['reader']} went back to revision {r['revision']} of {r['subject']}"
        last[key] = max(last.get(key, 0), r["revision"])
    for r in records["state"]:
        for reader in sorted(readers):
            if last.get((reader, r["subject"])) != r["revision"]:
                yield f"{reader} did not converge on {r['subject']}"


def known_stays_readable(records: Records) -> Iterator[str]:
    """I7: what is known can be read during any fault."""
    for r in records["read"]:
        if not r["ok"]:
            yield f"a read of {r['what']} failed"


def parked_once(records: Records) -> Iterator[str]:
    """I8: a message is parked once per consumer."""
    counts = Counter((r["consumer"], r["workspace_id"], r["event_id"]) for r in records["parked"])
    for (consumer, _, event_id), count in counts.items():
        if count > 1:
            yield f"event {event_id} was parked {count} times by {consumer}"


def published_iff_committed(records: Records) -> Iterator[str]:
    """I9: nothing rolled back goes out; nothing committed stays, and nothing goes out twice."""
    emitted = Counter(r["event_id"] for r in records["emitted"])
    for r in records["rolled_back"]:
        if emitted[r["event_id"]]:
            yield f"event {r['event_id']} of a rolled-back transaction was published"
    for r in records["outbox"]:
        if not r["published"] or not emitted[r["event_id"]]:
            yield f"event {r['event_id']} was committed and never published"
    for event_id, count in emitted.items():
        if count > 1:
            yield f"event {event_id} stands {count} times on its stream"


def one_model_call(records: Records) -> Iterator[str]:
    """I10: one model call per reply and step, but for one more each time a process died in it."""
    deaths = Counter(r["message_id"] for r in records["died"])
    calls = Counter((r["message_id"], r["step"]) for r in records["model_call"])
    repeats: Counter[str] = Counter()
    for (message_id, _), count in calls.items():
        repeats[message_id] += count - 1
    for message_id, count in repeats.items():
        if count > deaths[message_id] + deaths[None]:
            yield f"{count} model calls were repeated for message {message_id}"


def nothing_secret_written(records: Records) -> Iterator[str]:
    """I11: no secret and no message body in logs, traces, problems or parked headers."""
    for secret in records["secret"]:
        for r in records["text"]:
            if secret["text"] in r["text"]:
                yield f"a secret stands in {r['where']}"


def recovers_in_time(records: Records) -> Iterator[str]:
    """F1: once everything runs again, a due step is requested within one lease and 5 s."""
    at = {(r["instance_id"], r["step"]): r["at"] for r in records["step_requested"]}
    for up in records["all_up"]:
        for due in records["step_due"]:
            requested_at = at.get((due["instance_id"], due["step"]))
            latest = max(up["at"], due["at"]) + up["due_within_seconds"]
            if requested_at is None or requested_at > latest:
                yield f"step {due['step']} of {due['instance_id']} was requested late or never"


CHECKS: dict[str, Callable[[Records], Iterator[str]]] = {
    "I1": handled_at_least_once,
    "I2": one_draft_per_reply,
    "I3": one_default,
    "I4": no_crossing,
    "I5": requested_once,
    "I6": revisions_only_grow,
    "I7": known_stays_readable,
    "I8": parked_once,
    "I9": published_iff_committed,
    "I10": one_model_call,
    "I11": nothing_secret_written,
    "F1": recovers_in_time,
}
