import pytest
from messaging.harness import Probe


@pytest.fixture
async def probe(database, fresh_nats):
    started = Probe(database("note_svc").login_url, fresh_nats.url)
    await started.start()
    yield started
    await started.stop()
