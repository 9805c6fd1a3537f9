"""The price of an answer, from the tables of the package `genai-prices`, where that is installed."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ..exceptions import UserError

if TYPE_CHECKING:
    from ._response import ModelResponse


def price(response: ModelResponse) -> Any:
    """A `PriceCalculation` for this answer; errors as `ModelResponse.cost` says."""
    if not response.model_name:
        raise UserError('The price needs to know the model, and this response has no model_name.')
    if response.usage.unmeasured_requests:
        raise ValueError('The price is unknown: the provider did not say what this response used.')
    calc_price = _genai_prices().calc_price
    more = {'genai_request_timestamp': response.timestamp, 'price_context': response.provider_details}
    # The address says more than the name: several providers sell the same models under one name.
    if response.provider_url:
        try:
            return calc_price(response.usage, response.model_name, provider_api_url=response.provider_url, **more)
        except LookupError:
            pass
    return calc_price(response.usage, response.model_name, provider_id=response.provider_name, **more)


def _genai_prices() -> Any:
    try:
        return importlib.import_module('genai_prices')
    except ImportError as error:
        raise UserError(
            'Prices come from the package genai-prices: run `pip install "jupyter-stream[prices]"`.'
        ) from error
