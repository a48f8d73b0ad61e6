"""The playground, while a model takes its time."""

import asyncio

from chat_svc.domain.prompt import ChatBrief
from chat_svc.domain.prompt_test import NotAnswered, PromptShown
from chat_svc.usecases import try_prompts
from chat_svc.usecases.follow_answer import Ping
from persona_model.knowledge import KnowledgeAnswer
from persona_model.voice import Voice
from service_kit.errors import UpstreamError


async def test_whoever_waits_hears_that_the_model_is_asked(monkeypatch):
    monkeypatch.setattr(try_prompts, "PING_SECONDS", 0.001)
    heard, has_waited = [], asyncio.Event()

    class Slow:
        async def keep_open(self):
            pass

        async def write(self, brief):
            await has_waited.wait()
            raise UpstreamError("it was away")
            yield brief

    brief = ChatBrief(voice=Voice(), question="Hello?")
    trial = try_prompts.Trial(
        resolution=None, knowledge=KnowledgeAnswer("none"), briefs={"active": brief}
    )
    trying = try_prompts.TryPrompts(store=None, personas=None, knowledge=None, writer=Slow())
    async for seen in trying.run("w", trial):
        heard.append(seen)
        if isinstance(seen, Ping):
            has_waited.set()
    assert isinstance(heard[0], PromptShown)
    assert isinstance(heard[1], Ping)
    assert isinstance(heard[-1], NotAnswered)
