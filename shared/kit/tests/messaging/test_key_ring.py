"""Keys are judged from memory, whatever happens to persona-svc, the stream, or a document."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from persona_client import NatsAddress
from persona_client.tasks import cancelled
from service_devkit.embedded import NatsProcess
from service_devkit.testing.waiting import wait_until
from service_kit import api_keys
from service_kit.api_keys import KEY_USES_SUBJECT, KeyUses, KeyUsesAnswer, new_key
from service_kit.clock import utc_now
from service_kit.identity import Principal, Role
from service_kit.key_ring import KeyRejectedError, KeyRing, KeysNotReadyError
from service_kit.topology import KEY_STREAM, ensure_stream

PEPPER = b"p" * 32
TOMORROW = utc_now() + timedelta(days=1)


class Keys:
    """What persona-svc would tell of keys."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection

    async def make(self, key: str, *, expires_at: datetime = TOMORROW) -> tuple[str, str]:
        """Tell of a key; return its subject and id."""
        key_id = uuid4()
        subject = api_keys.key_subject("acme", key_id)
        told = api_keys.document(
            api_keys.digest(key, PEPPER),
            role=Role.EDITOR,
            persona_ids=None,
            expires_at=expires_at,
            revision=1,
        )
        await self.tell(subject, told)
        return subject, str(key_id)

    async def tell(self, subject: str, body: bytes) -> None:
        await self._connection.jetstream().publish(subject, body)


@pytest.fixture
async def connected(fresh_nats: NatsProcess) -> AsyncIterator[Client]:
    opened = Client()
    await opened.connect(fresh_nats.url)
    await ensure_stream(opened.jetstream(), KEY_STREAM)
    yield opened
    await opened.close()


@pytest.fixture
def keys(connected: Client) -> Keys:
    return Keys(connected)


@pytest.fixture
async def ring(fresh_nats: NatsProcess) -> AsyncIterator[KeyRing]:
    made = KeyRing(NatsAddress.parse(fresh_nats.url), PEPPER, name="test")
    task = asyncio.create_task(made.run())
    yield made
    await cancelled([task])


async def accepted(ring: KeyRing, key: str) -> Principal | None:
    try:
        return await ring.verify(key)
    except (KeyRejectedError, KeysNotReadyError):
        return None


async def test_a_key_that_was_made_just_now_is_waited_for(keys: Keys, ring: KeyRing) -> None:
    await wait_until(lambda: not ring.is_silent)
    key = new_key()
    _, key_id = await keys.make(key)
    principal = await wait_until(lambda: accepted(ring, key))
    assert (principal.workspace_id, principal.subject) == ("acme", f"key:{key_id}")
    assert (principal.role, principal.persona_ids) == (Role.EDITOR, None)


async def test_before_the_stream_was_read_nobody_is_told_that_a_key_is_wrong(
    ring: KeyRing,
) -> None:
    with pytest.raises(KeysNotReadyError):
        await ring.verify(new_key())


async def test_a_revoked_key_says_so_and_an_old_document_does_not_bring_it_back(
    keys: Keys, ring: KeyRing
) -> None:
    key = new_key()
    subject, _ = await keys.make(key)
    await wait_until(lambda: accepted(ring, key))
    await keys.tell(subject, api_keys.tombstone(2))

    async def is_revoked() -> bool:
        return await accepted(ring, key) is None

    await wait_until(is_revoked)
    with pytest.raises(KeyRejectedError, match="revoked"):
        await ring.verify(key)
    again = api_keys.document(
        api_keys.digest(key, PEPPER),
        role=Role.ADMIN,
        persona_ids=None,
        expires_at=TOMORROW,
        revision=1,
    )
    await keys.tell(subject, again)
    other = new_key()
    await keys.make(other)
    await wait_until(lambda: accepted(ring, other))
    assert await accepted(ring, key) is None


async def test_the_time_of_expiry_is_the_end(keys: Keys, ring: KeyRing) -> None:
    key, other = new_key(), new_key()
    await keys.make(key, expires_at=utc_now() - timedelta(milliseconds=1))
    await keys.make(other)
    await wait_until(lambda: accepted(ring, other))
    with pytest.raises(KeyRejectedError, match="expired"):
        await ring.verify(key)


async def test_what_cannot_be_read_hides_no_other_key(keys: Keys, ring: KeyRing) -> None:
    for body in (b"", b"{}", b"[]", b"\xff", b'{"deleted": true}', b'{"digest": "x"}'):
        await keys.tell(api_keys.key_subject("acme", uuid4()), body)
    await keys.tell("key-state.v1.acme.no-uuid", b"{}")
    key = new_key()
    await keys.make(key)
    assert await wait_until(lambda: accepted(ring, key))


async def test_without_the_broker_a_known_key_opens_and_a_lost_stream_revokes_nothing(
    fresh_nats: NatsProcess, keys: Keys, ring: KeyRing
) -> None:
    key = new_key()
    await keys.make(key)
    await wait_until(lambda: accepted(ring, key))
    fresh_nats.kill()
    assert await accepted(ring, key)
    fresh_nats.delete_store()
    fresh_nats.start()
    connection = Client()
    await connection.connect(fresh_nats.url)
    await ensure_stream(connection.jetstream(), KEY_STREAM)
    other = new_key()
    await Keys(connection).make(other)
    await wait_until(lambda: accepted(ring, other))
    assert await accepted(ring, key)
    await connection.close()


async def test_a_use_is_told_until_somebody_has_stored_it(
    connected: Client, keys: Keys, ring: KeyRing
) -> None:
    key = new_key()
    _, key_id = await keys.make(key)
    await wait_until(lambda: accepted(ring, key))
    told: list[KeyUses] = []
    answers = iter([KeyUsesAnswer(error="database-unavailable"), KeyUsesAnswer()])

    async def answer(message: Msg) -> None:
        told.append(KeyUses.model_validate_json(message.data))
        await message.respond(next(answers).model_dump_json().encode())

    await connected.subscribe(KEY_USES_SUBJECT, cb=answer)
    for _ in range(3):
        await ring.report_once(connected)
    assert [str(each.uses[0].key_id) for each in told] == [key_id, key_id]
