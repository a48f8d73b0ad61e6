"""Ask for the words of an answer."""

from dataclasses import replace

from persona_model.usage import NO_USAGE

from draft_svc.domain.brief import Brief, Written
from draft_svc.domain.placeholders import PlaceholderLeftError, placeholders_left
from draft_svc.domain.strategy import Strategy
from draft_svc.usecases.ports import Writer

CALLS = 2
"""How often a model is asked that leaves something to be filled."""


async def ask_for_body(writer: Writer, brief: Brief, strategy: Strategy | None) -> Written:
    """Ask once, and once more if something in the answer is left to be filled.

    Raises:
        PlaceholderLeftError: it is, the second time too.
        UpstreamError: the model cannot answer now.
        ModelRefusedError: it will not answer.
    """
    spent, left = NO_USAGE, list[str]()
    for _ in range(CALLS):
        written = await writer.write(brief, strategy)
        spent += written.usage
        left = placeholders_left(written.body, brief)
        if not left:
            return replace(written, usage=spent)
    raise PlaceholderLeftError(f"the model wrote {left[0][:80]!r}, which nothing fills")
