"""A deterministic stand-in for a language model; what it writes says so (`model: "offline"`)."""

import json

from draft_svc.domain.brief import Brief, TokenUsage, Written
from draft_svc.domain.strategy import Strategy

NAME = "offline"
NOTHING = TokenUsage(input_tokens=0, output_tokens=0, cost_microusd=0)


class OfflineWriter:
    """Composes a short answer from the persona and the best passages."""

    name = NAME
    is_stand_in = True

    async def start(self) -> None:
        """There is nothing to load."""

    async def plan(self, brief: Brief) -> tuple[str, TokenUsage]:
        """Return a strategy made from the reply's own sentences."""
        questions = [s.strip() for s in brief.reply_text.split("\n") if s.strip().endswith("?")]
        strategy = Strategy(
            intent="question" if questions else "other",
            questions=tuple(questions[:5]),
            next_step=(brief.voice.goals or "Offer a short call.")[:200],
        )
        return json.dumps(strategy.as_dict()), NOTHING

    async def write(self, brief: Brief, strategy: Strategy | None) -> Written:
        """Return a short answer."""
        said = ["Thank you for your reply."]
        if brief.voice.service_description:
            said.append(brief.voice.service_description.split("\n")[0])
        if strategy is not None:
            said.append(strategy.next_step)
        return Written(body="\n\n".join(said), model=NAME, usage=NOTHING, cited=())

    async def close(self) -> None:
        """There is nothing to close."""
