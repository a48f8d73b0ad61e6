"""Batches of messages: stored once and in order, whatever was stored before."""

from dataclasses import replace

import nats as nats_client
import pytest
from nats.js.errors import APIError, NoStreamResponseError
from service_kit.publishing import Message, MessageTooLargeError, send_batch
from service_kit.topology import MAX_EVENT_BYTES, STREAMS, apply_streams


@pytest.fixture
async def connection(fresh_nats):
    opened = await nats_client.connect(fresh_nats.url)
    await apply_streams(opened.jetstream())
    yield opened
    await opened.close()


def message(number):
    headers = {"Nats-Msg-Id": str(number)}
    return Message(subject="draft.rejected.v1.acme", body=str(number).encode(), headers=headers)


async def stored(connection):
    js = connection.jetstream()
    last = (await js.stream_info("DRAFT")).state.last_seq
    return [int((await js.get_msg("DRAFT", sequence)).data) for sequence in range(1, last + 1)]


@pytest.mark.parametrize(
    "before", [[], [0, 1, 2], [0], list(range(10)), [0, 1, 5, 6]], ids=lambda ids: f"{ids}"
)
async def test_a_batch_is_stored_in_order_though_some_of_it_was_stored_before(connection, before):
    for number in before:
        await send_batch(connection, [message(number)])
    await send_batch(connection, [message(number) for number in range(10)])
    new = [number for number in range(10) if number not in before]
    assert await stored(connection) == before + new


async def test_a_stream_that_takes_no_batches_gets_each_message_once_and_in_order(connection):
    config = replace(STREAMS["DRAFT"], allow_atomic=False)
    await connection.jetstream().update_stream(config)
    await send_batch(connection, [message(number) for number in range(40)])
    assert await stored(connection) == list(range(40))


async def test_a_misspelt_event_gets_no_acknowledgement(connection):
    js = connection.jetstream()
    with pytest.raises(NoStreamResponseError):
        await js.publish("lead.repleid.v1.acme", b"{}")
    await js.publish("lead.replied.v1.acme", b"{}")


async def test_the_stream_of_the_crm_has_a_largest_event(connection):
    js = connection.jetstream()
    config = (await js.stream_info("CRM")).config
    assert config.max_msg_size == MAX_EVENT_BYTES
    await js.update_stream(replace(config, max_msg_size=1_000))
    with pytest.raises(APIError, match="exceeds maximum"):
        await js.publish("lead.replied.v1.acme", b"x" * 1_001)
    await js.publish("lead.replied.v1.acme", b"x" * 900)


async def test_what_is_too_large_is_not_sent_and_the_connection_lasts(connection):
    much = "x" * (connection.max_payload - 10)
    for large in (
        replace(message(0), body=much.encode()),
        replace(message(0), headers={"ce-id": much}),
    ):
        with pytest.raises(MessageTooLargeError, match=r"draft\.rejected\.v1\.acme: \d+ bytes"):
            await send_batch(connection, [message(1), large])
    await send_batch(connection, [message(2), message(3)])
    assert await stored(connection) == [2, 3]


async def test_what_follows_the_repeats_of_a_batch_is_a_batch_again(connection, monkeypatch):
    await send_batch(connection, [message(number) for number in range(3)])
    singles = []
    publish = type(connection.jetstream()).publish

    async def counted(self, subject, *args, **options):
        singles.append(subject)
        return await publish(self, subject, *args, **options)

    monkeypatch.setattr(type(connection.jetstream()), "publish", counted)
    await send_batch(connection, [message(number) for number in range(200)])
    assert len(singles) == 4
    assert await stored(connection) == list(range(200))
