"""Where reading goes on, and when what was read becomes the answer."""

import pytest
from persona_client.changes import Listeners
from persona_client.memo import Memo
from persona_client.replica import Replica


@pytest.fixture
def replica():
    return Replica(Memo(), None, Listeners(None))


def test_nothing_is_answered_from_a_stream_that_was_read_half(replica, make):
    assert replica.resume_after("monday", 10) == 0
    replica.apply([(*make.message(make.persona()), None)], 4)
    assert replica.live is None

    assert replica.resume_after("monday", 10) == 4
    replica.apply([(*make.message(make.persona()), None)], 10)
    replica.confirm()

    assert replica.live.document_count == 2
    assert replica.resume_after("monday", 12) == 10


@pytest.mark.parametrize(("created", "last_seq"), [("tuesday", 99), ("monday", 9)])
def test_other_stream_or_one_that_lost_its_end_is_read_from_the_beginning(
    replica, make, created, last_seq
):
    kept = (*make.message(make.persona()), None)
    replica.resume_after("monday", 10)
    replica.apply([kept], 10)
    replica.confirm()

    assert replica.resume_after(created, last_seq) == 0
    assert replica.live.document_count == 1

    replica.apply([kept, (*make.message(make.persona()), None)], last_seq)
    replica.confirm()
    assert replica.live.position == (created, last_seq)
    assert replica.live.document_count == 2


def test_what_was_announced_is_complete_at_the_end_of_the_stream_not_before(replica, make):
    replica.resume_after("monday", 0)
    replica.apply([(*make.message(make.persona(), "acme"), 1)], 1)
    replica.confirm()
    replica.apply([(*make.message(make.persona(revision=2), "acme"), 2)], 2)
    assert replica.live.complete("acme") == 1

    replica.confirm()
    assert replica.live.complete("acme") == 2


def test_what_a_lost_stream_announced_is_not_taken_for_complete(replica, make):
    kept = make.message(make.persona(), "acme")
    replica.resume_after("monday", 0)
    replica.apply([(*kept, 1)], 1)
    replica.confirm()
    replica.apply([(*make.message(make.persona(revision=2), "acme"), 2)], 2)

    replica.resume_after("tuesday", 0)
    replica.apply([(*make.message(make.persona(revision=3), "acme"), 1)], 1)
    replica.confirm()
    assert replica.live.complete("acme") == 1
