"""Replies over HTTP go where the CRM's go."""

import pytest
from draft_svc.domain.reply import BrokerAwayError
from draft_svc.usecases.forward_replies import forward_replies
from drafting import replied
from persona_contracts import Received


class Stream:
    """The port `Replies`; it may be away."""

    def __init__(self):
        self.stored = []
        self.is_away = False

    async def store(self, received):
        if self.is_away:
            raise BrokerAwayError("away")
        self.stored.append(received)
        return True


@pytest.fixture
def stream():
    return Stream()


@pytest.fixture
def received():
    event = replied("w")
    return Received(event=event, event_id=event.message_id, source="crm")


async def test_a_reply_is_forwarded_as_it_came(stream, received):
    assert await forward_replies(stream, [received], at_least_revision=None) == [True]
    assert stream.stored == [received]


async def test_a_reply_carries_the_revision_that_its_persona_is_chosen_at(stream, received):
    await forward_replies(stream, [received], at_least_revision=7)
    (stored,) = stream.stored
    assert stored.event.at_least_revision == 7
    assert stored.event.message_id == received.event.message_id
    assert stored.event_id == received.event_id


async def test_a_reply_that_is_not_on_disk_is_not_accepted(stream, received):
    stream.is_away = True
    with pytest.raises(BrokerAwayError):
        await forward_replies(stream, [received], at_least_revision=None)
