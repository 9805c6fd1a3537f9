"""What an answer cost: the price as the peer has it, and an estimate that never fails."""

from __future__ import annotations

import importlib
import socket
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pydantic_ai.messages
import pydantic_ai.usage
import pytest

from jupyter_stream import messages, usage
from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import ModelResponse, TextPart
from jupyter_stream.prices import Estimate, estimate
from jupyter_stream.usage import RequestUsage

PEER: Any = pydantic_ai.messages, pydantic_ai.usage
OURS: Any = messages, usage

RESPONSES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    'openai': ({'model_name': 'gpt-4o', 'provider_name': 'openai'}, {'input_tokens': 1000, 'output_tokens': 500}),
    'cached': (
        {'model_name': 'claude-sonnet-4-5', 'provider_name': 'anthropic'},
        {'input_tokens': 5000, 'cache_read_tokens': 3000, 'cache_write_tokens': 1000, 'output_tokens': 70},
    ),
    'by its address': (
        {'model_name': 'gpt-4o', 'provider_name': 'somebody', 'provider_url': 'https://api.openai.com/v1'},
        {'input_tokens': 1000},
    ),
    'by its name, the address being unknown': (
        {'model_name': 'gpt-4o', 'provider_name': 'openai', 'provider_url': 'http://localhost:1/v1'},
        {'input_tokens': 1000},
    ),
    'a tier': (
        {'model_name': 'gpt-5', 'provider_name': 'openai', 'provider_details': {'service_tier': 'priority'}},
        {'input_tokens': 1000, 'output_tokens': 5},
    ),
    'no such model': ({'model_name': 'nothing-9', 'provider_name': 'openai'}, {'input_tokens': 1}),
    'no such provider': ({'model_name': 'gpt-4o', 'provider_name': 'function'}, {'input_tokens': 1}),
    'only the name': ({'model_name': 'gpt-4o'}, {'input_tokens': 10}),
    'unmeasured': ({'model_name': 'gpt-4o', 'provider_name': 'openai'}, {'unmeasured_requests': 1}),
    'more cached than read': ({'model_name': 'gpt-4o'}, {'input_tokens': 1, 'cache_read_tokens': 5}),
}


def response_of(lib: Any, name: str) -> Any:
    parts, use = lib
    known, counts = RESPONSES[name]
    return parts.ModelResponse([], usage=use.RequestUsage(**counts), **known)


def cost(lib: Any, name: str) -> Any:
    try:
        price = response_of(lib, name).cost()
    except Exception as error:
        return type(error).__name__
    return type(price).__name__, price.total_price, price.input_price, price.output_price, price.model.id


@pytest.mark.parametrize('name', RESPONSES)
def test_the_price_is_the_peers(name: str):
    assert cost(OURS, name) == cost(PEER, name)


@pytest.mark.parametrize('name', RESPONSES)
def test_an_estimate_is_the_price_or_nothing(name: str):
    found, said = cost(OURS, name), estimate(response_of(OURS, name))
    assert said == (Estimate(found[1]) if isinstance(found, tuple) else None)


def test_some_have_a_price():
    assert cost(OURS, 'openai')[1] == Decimal('0.0075')
    assert str(estimate(response_of(OURS, 'openai'))) == '≈ $0.0075 (estimate)'


def test_what_the_provider_said_is_no_estimate():
    told = RequestUsage(input_tokens=1, cost=Decimal('0.25'))
    assert str(estimate(ModelResponse([], usage=told))) == '$0.25'
    details = ModelResponse([], model_name='openai/gpt-4o', provider_details={'cost': 0.00031})
    assert estimate(details) == Estimate(Decimal('0.00031'), reported=True)
    assert str(estimate(details)) == '$0.00031'


@pytest.mark.parametrize('cost', [{'total_cost': 1}, 'much', True, float('nan'), float('inf'), -1, None])
def test_what_is_no_amount_is_not_taken_for_one(cost: Any):
    assert estimate(ModelResponse([TextPart('x')], provider_details={'cost': cost})) is None


def test_nothing_is_said_of_an_answer_that_used_nothing():
    assert estimate(ModelResponse([], model_name='gpt-4o', provider_name='openai')) is None


@pytest.mark.parametrize(
    ('dollars', 'text'),
    [
        ('0', '$0'),
        ('0.00000123456', '$0.0000012'),
        ('0.0012345', '$0.0012'),
        ('0.012', '$0.012'),
        ('0.0995', '$0.10'),
        ('0.125', '$0.12'),
        ('1', '$1.00'),
        ('1234.5', '$1,234.50'),
        ('1E+3', '$1,000.00'),
    ],
)
def test_how_an_amount_is_written(dollars: str, text: str):
    assert str(Estimate(Decimal(dollars))) == f'≈ {text} (estimate)'
    assert str(Estimate(Decimal(dollars), reported=True)) == text


def test_without_the_package(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, 'genai_prices', None)
    with pytest.raises(UserError, match=r'pip install "jupyter-stream\[prices\]"'):
        response_of(OURS, 'openai').cost()
    assert estimate(response_of(OURS, 'openai')) is None


def test_a_fault_of_the_tables_is_nobodys_error(monkeypatch: pytest.MonkeyPatch):
    def broken(*args: Any, **more: Any) -> Any:
        raise RuntimeError('broken tables')

    monkeypatch.setattr(importlib.import_module('genai_prices'), 'calc_price', broken)
    assert estimate(response_of(OURS, 'openai')) is None


def test_nothing_goes_over_the_network(monkeypatch: pytest.MonkeyPatch):
    def no_socket(*args: Any, **more: Any) -> Any:
        raise AssertionError('a socket was opened')

    monkeypatch.setattr(socket, 'socket', no_socket)
    assert estimate(response_of(OURS, 'openai')) is not None


def test_the_tables_are_loaded_only_when_asked_for():
    code = 'import sys, jupyter_stream.prices, jupyter_stream.models; print("genai_prices" in sys.modules)'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == 'False'
