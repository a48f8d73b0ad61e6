"""Where reading goes on, and when what was read becomes the answer."""

import pytest
from persona_client.memo import Memo
from persona_client.replica import Replica


@pytest.fixture
def replica():
    return Replica(Memo(), None)


def test_nothing_is_answered_from_a_stream_that_was_read_half(replica, make):
    assert replica.resume_after("monday", 10) == 0
    replica.apply([make.message(make.persona())], 4)
    assert replica.live is None

    assert replica.resume_after("monday", 10) == 4
    replica.apply([make.message(make.persona())], 10)
    replica.confirm()

    assert replica.live.document_count == 2
    assert replica.resume_after("monday", 12) == 10


@pytest.mark.parametrize(("created", "last_seq"), [("tuesday", 99), ("monday", 9)])
def test_other_stream_or_one_that_lost_its_end_is_read_from_the_beginning(
    replica, make, created, last_seq
):
    kept = make.message(make.persona())
    replica.resume_after("monday", 10)
    replica.apply([kept], 10)
    replica.confirm()

    assert replica.resume_after(created, last_seq) == 0
    assert replica.live.document_count == 1

    replica.apply([kept, make.message(make.persona())], last_seq)
    replica.confirm()
    assert replica.live.position == (created, last_seq)
    assert replica.live.document_count == 2
