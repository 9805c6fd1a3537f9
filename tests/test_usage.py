"""A usage counts, adds up and saves itself as that of pydantic_ai."""

from copy import copy, deepcopy
from decimal import Decimal

import pydantic_ai.usage as peer
import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from jupyter_stream import usage as ours

CASES = {
    'nothing': {},
    'tokens': {'input_tokens': 3, 'output_tokens': 4, 'cache_read_tokens': 1},
    'zero': {'input_tokens': 0, 'details': {'a': 0}},
    'unmeasured': {'unmeasured_requests': 1},
    'details': {'details': {'a': 1, 'input_tokens': 9, 'reasoning_tokens': 0}},
    'audio': {'input_audio_tokens': 1, 'cache_audio_read_tokens': 2, 'output_audio_tokens': 3, 'audio_seconds': 1.5},
    'written': {'cache_write_tokens': 5, 'cache_write_1h_tokens': 2, 'output_reasoning_tokens': 1},
    'cost': {'cost': Decimal('0.1')},
    'more': {'web_searches': 2, 'input_text_tokens': 3, 'input_tokens': 5},
}
mine, theirs = TypeAdapter(ours.RequestUsage), TypeAdapter(peer.RequestUsage)


def both(**counts):
    return ours.RequestUsage(**deepcopy(counts)), peer.RequestUsage(**deepcopy(counts))


@pytest.mark.parametrize('name', CASES)
def test_it_says_the_same_of_itself(name):
    my, their = both(**CASES[name])
    assert repr(my) == repr(their)
    assert my.total_tokens == their.total_tokens
    assert my.has_values() == their.has_values()
    assert my.requests == their.requests == 1
    assert my.cache_hit_ratio == their.cache_hit_ratio
    assert my.opentelemetry_attributes() == their.opentelemetry_attributes()


@pytest.mark.parametrize('name', CASES)
def test_it_is_saved_and_loaded_the_same(name):
    my, their = both(**CASES[name])
    saved = theirs.dump_json(their)
    assert mine.dump_json(my) == saved == to_json(my)
    assert mine.validate_json(saved) == my
    assert repr(mine.validate_json(saved)) == repr(theirs.validate_json(saved))


@pytest.mark.parametrize('first', CASES)
@pytest.mark.parametrize('second', CASES)
def test_it_adds_up_the_same(first, second):
    (my_first, their_first), (my_second, their_second) = both(**CASES[first]), both(**CASES[second])
    assert repr(my_first + my_second) == repr(their_first + their_second)
    assert repr(my_first) == repr(their_first)  # A sum leaves what it was made of.
    my_first.incr(my_second)
    assert my_first == ours.RequestUsage(**CASES[first]) + ours.RequestUsage(**CASES[second])


@pytest.mark.parametrize(
    'old',
    [
        '{"request_tokens": 3, "response_tokens": 4, "requests": 1, "total_tokens": 7}',
        '{"request_tokens": null, "response_tokens": null, "details": null}',
        '{"input_tokens": 1, "has_values": 3}',
    ],
)
def test_old_usage_loads_the_same(old):
    assert repr(mine.validate_json(old)) == repr(theirs.validate_json(old))


def test_a_count_that_is_no_number_is_a_validation_error():
    with pytest.raises(ValidationError):
        mine.validate_json('{"input_tokens": "many"}')


def test_copies_do_not_share_details():
    usage = ours.RequestUsage(details={'a': 1})
    copy(usage).details['a'] = 2
    assert usage.details == {'a': 1}


def test_equality_is_by_values_and_class():
    assert ours.RequestUsage() == ours.RequestUsage(input_tokens=0)
    assert ours.RequestUsage(a=1) != ours.RequestUsage()
    assert ours.RequestUsage() != 0
