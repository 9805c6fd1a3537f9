"""B11: a prompt that a filter stops is a response; an account that has run dry is `ModelQuotaExceededError`."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pydantic_ai.exceptions
import pytest
from pydantic_ai._model_errors import (
    google_status_category,
    moonshot_type_category,
    openai_compatible_category,
    zai_code_category,
)
from pydantic_ai.models.anthropic._errors import error_category

from jupyter_stream.exceptions import ModelHTTPError, ModelQuotaExceededError, http_error
from jupyter_stream.messages import ModelRequest
from jupyter_stream.models import ModelRequestParameters, infer_model

FILTERS = {'hate': {'filtered': True, 'severity': 'high'}}
FILTERED: dict[str, Any] = {
    'code': 'content_filter',
    'message': 'The response was filtered due to the prompt.',
    'status': 400,
    'innererror': {'code': 'ResponsibleAIPolicyViolation', 'content_filter_result': FILTERS},
}
CREDIT = 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.'
BILLING = 'Gemini API free tier is not available in your country. Please enable billing on your project.'


def ask(model: str, status: int, error: Any) -> Any:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            status, content=json.dumps({'error': error}), headers={'content-type': 'application/json'}
        )

    async def main() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            named = infer_model(model, api_key='x', http_client=client, base_url='https://x.test')
            return await named.request([ModelRequest.user_text_prompt('Hi')], None, ModelRequestParameters())

    return asyncio.run(main())


@pytest.mark.parametrize('model', ['azure:gpt-5', 'azure-responses:gpt-5'])
def test_b11_a_prompt_stopped_by_a_filter_is_a_response(model: str) -> None:
    response = ask(model, 400, FILTERED)
    assert (response.parts, response.finish_reason, response.state) == ([], 'content_filter', 'complete')
    assert response.provider_details == {'finish_reason': 'content_filter', 'content_filter_result': FILTERS}


def test_b11_another_400_is_an_error_still() -> None:
    with pytest.raises(ModelHTTPError):
        ask('azure:gpt-5', 400, {'code': 'bad_request', 'message': 'no'})


@pytest.mark.parametrize(
    ('status', 'error', 'theirs'),
    [
        (400, {'type': 'invalid_request_error', 'message': CREDIT}, error_category('invalid_request_error', CREDIT)),
        (400, {'type': 'billing_error', 'message': 'x'}, error_category('billing_error', 'x')),
        (
            429,
            {'code': 'insufficient_quota', 'message': 'x'},
            openai_compatible_category(429, 'insufficient_quota', None, 'x'),
        ),
        (402, {'code': 402, 'message': 'Insufficient credits'}, openai_compatible_category(402, '402', None, 'x')),
        (
            400,
            {'code': 400, 'status': 'FAILED_PRECONDITION', 'message': BILLING},
            google_status_category('FAILED_PRECONDITION', BILLING, {}),
        ),
        (429, {'code': '1113', 'message': 'x'}, zai_code_category('1113')),
        (429, {'code': '1321', 'message': 'x'}, zai_code_category('1321')),
        (
            429,
            {'type': 'exceeded_current_quota_error', 'message': 'x'},
            moonshot_type_category('exceeded_current_quota_error'),
        ),
    ],
)
def test_b11_an_account_that_has_run_dry(status: int, error: Any, theirs: Any) -> None:
    ours = http_error(status, 'm', {'error': error})
    assert isinstance(ours, ModelQuotaExceededError)
    assert theirs is pydantic_ai.exceptions.ModelQuotaExceededError


@pytest.mark.parametrize(
    ('status', 'error'),
    [
        (429, {'code': '1302', 'message': 'x'}),
        (429, {'code': 429, 'status': 'RESOURCE_EXHAUSTED', 'message': 'Check your plan and billing details.'}),
        (400, {'code': 400, 'status': 'FAILED_PRECONDITION', 'message': 'User location is not supported.'}),
    ],
)
def test_b11_what_passes_is_not_an_account_that_has_run_dry(status: int, error: Any) -> None:
    assert not isinstance(http_error(status, 'm', {'error': error}), ModelQuotaExceededError)
