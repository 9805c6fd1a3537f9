"""What an answer may have cost: an estimate for displays, which never fails.

The numbers come from the tables in the package `genai-prices` (the extra `prices`) as they were when it was released;
nothing is looked up over the network. The first estimate in a process loads them, which can take a second: show the
answer first.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache
from typing import Any

from jupyter_stream.messages import ModelResponse
from jupyter_stream.usage import RequestUsage

__all__ = ('Estimate', 'context_window', 'estimate', 'estimate_prompt', 'is_loaded', 'load')


@dataclass(frozen=True)
class Estimate:
    """What an answer cost, in US dollars; `reported` when the provider itself said so.

    >>> str(Estimate(Decimal('0.0012345')))
    '≈ $0.0012 (estimate)'
    >>> str(Estimate(Decimal('1.5'), reported=True))
    '$1.50'
    """

    dollars: Decimal
    reported: bool = False

    def __str__(self) -> str:
        return _formatted(self.dollars) if self.reported else f'≈ {_formatted(self.dollars)} (estimate)'


def estimate(response: ModelResponse) -> Estimate | None:
    """What the answer cost, as far as can be said; None when nothing can.

    That is so without the package, for a model that has no known price (as local models), and where the provider did
    not say what was used. An answer that broke off may cost more than what it had reported until then; one that comes
    from a cassette costs nothing.
    """
    if (response.metadata or {}).get('replayed'):
        return Estimate(Decimal(0), reported=True)
    reported = _reported(response)
    if reported is not None:
        return Estimate(reported, reported=True)
    if not response.usage.has_values():
        return None
    try:
        return Estimate(response.cost().total_price)
    except Exception:  # whatever is wrong with tables that are not ours, the answer is fine
        return None


def estimate_prompt(
    tokens: int, model_name: str, provider_name: str | None = None, provider_url: str | None = None
) -> Estimate | None:
    """What so many tokens of a prompt would cost, without an answer; None where the tables do not say."""
    usage = RequestUsage(input_tokens=tokens)
    found = ModelResponse(
        parts=[], model_name=model_name, provider_name=provider_name, provider_url=provider_url, usage=usage
    )
    return estimate(found) if tokens else None


def context_window(model_name: str, provider_name: str | None = None, provider_url: str | None = None) -> int | None:
    """How many tokens a model reads at once, prompt and answer together; None where the tables do not say.

    Loads them, as the first estimate does.
    """
    try:
        from genai_prices.data_snapshot import get_snapshot

        snapshot = get_snapshot()
    except Exception:  # the package is not installed, or another one than is known here
        return None
    for where in ((None, provider_url), (provider_name, None), (None, None)):
        try:
            _, model = snapshot.find_provider_model(model_name, None, *where)
        except Exception:  # LookupError for what is not in the tables, which are not ours
            continue
        if model.context_window:
            return model.context_window
    return None


@cache
def load() -> None:
    """Load the tables, so that the next estimate takes no time. Does nothing without the package."""
    estimate(ModelResponse(parts=[], model_name='gpt-4o', provider_name='openai', usage=RequestUsage(input_tokens=1)))


def is_loaded() -> bool:
    """Whether `load` has run."""
    return load.cache_info().currsize > 0


def _reported(response: ModelResponse) -> Decimal | None:
    """The cost by the provider's own word: on the usage, or among the details, as brokers send it."""
    said: Any = response.usage.cost
    if said is None:
        said = (response.provider_details or {}).get('cost')
    is_number = isinstance(said, (int, float, Decimal)) and not isinstance(said, bool)
    return Decimal(str(said)) if is_number and 0 <= said < float('inf') else None


def _formatted(dollars: Decimal) -> str:
    """Two digits that count, and cents where there are cents."""
    if not dollars:
        return '$0'
    places = max(2, 1 - Context(prec=2).plus(dollars).adjusted())
    return f'${dollars:,.{places}f}'
