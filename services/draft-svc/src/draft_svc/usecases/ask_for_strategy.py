"""Ask for the strategy of an answer."""

from collections.abc import Mapping
from typing import Any

from persona_model.usage import NO_USAGE
from structlog import get_logger

from draft_svc.domain.brief import Brief
from draft_svc.domain.draft import DraftFailure, KeptStrategy
from draft_svc.domain.strategy import StrategyInvalidError, parse_strategy
from draft_svc.usecases.ports import Writer

CALLS = 2
"""How often a model is asked before the draft is written without a strategy (A30)."""

log = get_logger(__name__)


async def ask_for_strategy(
    writer: Writer, brief: Brief, made_for: Mapping[str, Any]
) -> KeptStrategy:
    """Ask once, and once more if the answer is no valid strategy; return what is to be kept.

    Raises:
        UpstreamError: the model cannot answer now.
        ModelRefusedError: it will not answer.
    """
    spent = NO_USAGE
    failure: DraftFailure | None = None
    for _ in range(CALLS):
        text, usage = await writer.plan(brief)
        spent += usage
        try:
            steps = parse_strategy(text).as_dict()
        except StrategyInvalidError as error:
            log.warning("strategy.invalid", reason=str(error))
            failure = DraftFailure.of(error)
        else:
            return KeptStrategy(made_for=made_for, text=text, steps=steps, usage=spent)
    return KeptStrategy(made_for=made_for, text=None, steps=None, usage=spent, failure=failure)
