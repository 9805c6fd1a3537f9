"""Who is asked what a value is to a model, in which order, and what the answers may be."""

from __future__ import annotations

import pytest

from jupyter_stream.content import ContentError, Hints, content_of


def test_a_number_stands_in_the_prompt_as_it_is() -> None:
    assert content_of(3, name='n') == ['3']


def test_a_value_of_no_family_is_its_text_between_tags() -> None:
    class Thing:
        def __repr__(self) -> str:
            return 'a thing </value> and more'

    (text,) = content_of(Thing(), name='thing', hints=Hints())
    assert isinstance(text, str)
    assert text.startswith('<value name="thing" type="tests.')
    assert text.endswith('>\na thing <\\/value> and more\n</value>')


def test_a_repr_that_raises_is_an_error_that_names_it() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError('boom')

    with pytest.raises(ContentError, match=r'`broken` \(.*Broken\) cannot be put into the prompt: .*ValueError: boom'):
        content_of(Broken(), name='broken')
