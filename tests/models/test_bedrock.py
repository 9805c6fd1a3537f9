"""Bedrock's address, its two ways of signing in, and what its frames become on the way through HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import struct
import sys
from typing import Any
from urllib.parse import quote
from zlib import crc32

import httpx
import pytest

from jupyter_stream.exceptions import IncompleteStream, ModelAPIError, StreamDecodeError, UserError
from jupyter_stream.messages import ModelRequest, TextPart
from jupyter_stream.models import ModelRequestParameters, infer_model
from jupyter_stream.models.bedrock import BedrockModel, MantleModel, host
from jupyter_stream.providers import find
from jupyter_stream.transport import Deadline

NOVA = 'bedrock:us.amazon.nova-lite-v1:0'
CLAUDE = 'bedrock:us.anthropic.claude-sonnet-4-5-20250929-v1:0'
EVENT_STREAM = 'application/vnd.amazon.eventstream'
ACCESS_KEY, SECRET_KEY, SESSION_TOKEN = 'AKIDEXAMPLE', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', 'session-token'


def frame(kind: str, event: Any, message_type: str = 'event') -> bytes:
    headers = {':message-type': message_type, f':{message_type}-type': kind}
    raw = b''.join(
        bytes([len(name)]) + name.encode() + b'\x07' + struct.pack('>H', len(value)) + value.encode()
        for name, value in headers.items()
    )
    payload = json.dumps(event).encode()
    prelude = struct.pack('>II', 16 + len(raw) + len(payload), len(raw))
    body = prelude + struct.pack('>I', crc32(prelude)) + raw + payload
    return body + struct.pack('>I', crc32(body))


HELLO = frame('messageStart', {'role': 'assistant'}) + frame(
    'contentBlockDelta', {'contentBlockIndex': 0, 'delta': {'text': 'Hello'}}
)
ANSWER = HELLO + frame('messageStop', {'stopReason': 'end_turn'}) + frame('metadata', {'usage': {'outputTokens': 1}})


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> pytest.MonkeyPatch:
    """An environment that says nothing but the region; no file and no machine role says more."""
    for name in ('AWS_BEARER_TOKEN_BEDROCK', 'AWS_REGION', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_SESSION_TOKEN',
                 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ENDPOINT_URL'):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('AWS_DEFAULT_REGION', 'eu-central-1')
    monkeypatch.setenv('AWS_CONFIG_FILE', str(tmp_path / 'config'))
    monkeypatch.setenv('AWS_SHARED_CREDENTIALS_FILE', str(tmp_path / 'credentials'))
    monkeypatch.setenv('AWS_EC2_METADATA_DISABLED', 'true')
    return monkeypatch


def ask(
    name: str = NOVA, body: bytes = ANSWER, headers: dict[str, str] | None = None, **more: Any
) -> tuple[httpx.Request, Any]:
    """The request that a model makes, and the response that it makes of the answer."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers=headers or {'content-type': EVENT_STREAM}, content=body)

    async def main() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            settings = more.pop('settings', None)
            model = infer_model(name, http_client=client, **more)
            return await model.request([ModelRequest.user_text_prompt('hi')], settings, ModelRequestParameters())

    response = asyncio.run(main())
    return seen[-1], response


# ---------------------------------------------------------------------- address


def test_each_region_has_its_address() -> None:
    assert host('us-gov-west-1') == 'https://bedrock-runtime.us-gov-west-1.amazonaws.com'
    assert host('cn-north-1') == 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'


@pytest.mark.parametrize('region', ['', 'us', 'evil.example/', 'us-east-1.evil.example'])
def test_a_region_can_not_lead_elsewhere(region: str) -> None:
    with pytest.raises(UserError, match='us-east-1'):
        host(region)


def test_the_region_comes_from_the_environment(aws: pytest.MonkeyPatch) -> None:
    assert infer_model(NOVA, api_key='k').base_url == host('eu-central-1')
    aws.setenv('AWS_REGION', 'us-west-2')
    assert infer_model(NOVA, api_key='k').base_url == host('us-west-2')


def test_without_a_region_there_is_no_address(aws: pytest.MonkeyPatch) -> None:
    aws.delenv('AWS_DEFAULT_REGION')
    with pytest.raises(UserError, match='AWS_REGION'):
        infer_model(NOVA, api_key='k')
    assert infer_model(NOVA, api_key='k', base_url='https://proxy.example/').base_url == 'https://proxy.example'


def test_the_variable_of_the_aws_tools_names_another_address(aws: pytest.MonkeyPatch) -> None:
    aws.setenv('AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'http://localhost:4566')
    request, response = ask(api_key='k')
    assert str(request.url) == 'http://localhost:4566/model/us.amazon.nova-lite-v1%3A0/converse-stream'
    assert response.provider_url == 'http://localhost:4566'


# ------------------------------------------------------------------------ a key


def test_a_key_is_sent_as_it_is_and_needs_no_botocore(aws: pytest.MonkeyPatch) -> None:
    aws.setitem(sys.modules, 'botocore', None)
    request, response = ask(api_key='bedrock-key')
    assert request.headers['authorization'] == 'Bearer bedrock-key'
    assert request.headers['accept'] == EVENT_STREAM
    assert response.parts == [TextPart('Hello')]


def test_the_key_comes_from_the_environment(aws: pytest.MonkeyPatch) -> None:
    aws.setenv('AWS_BEARER_TOKEN_BEDROCK', 'from-env')
    aws.setenv('AWS_ACCESS_KEY_ID', ACCESS_KEY)
    assert ask()[0].headers['authorization'] == 'Bearer from-env'


def test_without_a_key_and_botocore_the_error_names_both(aws: pytest.MonkeyPatch) -> None:
    for name in ('botocore', 'botocore.session', 'botocore.auth'):
        aws.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=r'jupyter-stream\[bedrock\].*AWS_BEARER_TOKEN_BEDROCK'):
        ask()


# -------------------------------------------------------------------- Signature


def signature_of(request: httpx.Request) -> str:
    """Signature Version 4, from its description: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    said = request.headers['authorization']
    names = said.partition('SignedHeaders=')[2].partition(',')[0]
    scope = said.partition(f'{ACCESS_KEY}/')[2].partition(',')[0]
    path = quote(request.url.raw_path.decode(), safe='/-_.~')
    lines = [f'{name}:{request.headers[name].strip()}\n' for name in names.split(';')]
    canonical = '\n'.join(
        ['POST', path, '', ''.join(lines), names, hashlib.sha256(request.content).hexdigest()]
    ).encode()
    when = request.headers['x-amz-date']
    to_sign = '\n'.join(['AWS4-HMAC-SHA256', when, scope, hashlib.sha256(canonical).hexdigest()])
    key = f'AWS4{SECRET_KEY}'.encode()
    for part in scope.split('/'):
        key = hmac.digest(key, part.encode(), 'sha256')
    return hmac.digest(key, to_sign.encode(), 'sha256').hex()


@pytest.fixture
def credentials(aws: pytest.MonkeyPatch) -> None:
    import botocore.session  # noqa: F401 - without it these tests must fail

    aws.setenv('AWS_ACCESS_KEY_ID', ACCESS_KEY)
    aws.setenv('AWS_SECRET_ACCESS_KEY', SECRET_KEY)
    aws.setenv('AWS_SESSION_TOKEN', SESSION_TOKEN)


@pytest.mark.usefixtures('credentials')
def test_a_request_is_signed() -> None:
    request, response = ask(CLAUDE)
    said = request.headers['authorization']
    assert f'Credential={ACCESS_KEY}/' in said and '/eu-central-1/bedrock/aws4_request,' in said
    assert said.endswith(f'Signature={signature_of(request)}')
    assert {'host', 'content-type', 'x-amz-date', 'x-amz-security-token'} <= set(
        said.partition('SignedHeaders=')[2].partition(',')[0].split(';')
    )
    assert response.parts == [TextPart('Hello')]


MANTLE = 'bedrock-mantle:openai.gpt-5.6-sol'


@pytest.mark.usefixtures('credentials')
@pytest.mark.parametrize(
    ('base_url', 'region'), [(None, 'eu-central-1'), ('https://bedrock-mantle.us-west-2.api.aws', 'us-west-2')]
)
def test_b10_a_request_to_mantle_is_signed(base_url: str | None, region: str) -> None:
    sent: list[httpx.Request] = []

    def listen(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(400, json={'error': {'message': 'only listening'}})

    async def asked() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(listen)) as client:
            model = infer_model(MANTLE, base_url=base_url, http_client=client)
            await model.request([ModelRequest.user_text_prompt('Hi')], None, ModelRequestParameters())

    with pytest.raises(ModelAPIError, match='only listening'):
        asyncio.run(asked())
    said = sent[0].headers['authorization']
    assert f'/{region}/bedrock-mantle/aws4_request,' in said
    assert said.endswith(f'Signature={signature_of(sent[0])}')
    assert sent[0].headers['x-amz-content-sha256'] == hashlib.sha256(sent[0].content).hexdigest()


def test_b10_a_key_of_bedrock_needs_no_signature(aws: pytest.MonkeyPatch) -> None:
    aws.setenv('AWS_BEARER_TOKEN_BEDROCK', 'k')
    assert isinstance(model := infer_model(MANTLE), MantleModel)
    assert asyncio.run(model._endpoint()).sign is None


@pytest.mark.usefixtures('credentials')
def test_the_region_of_the_address_signs() -> None:
    request, _ = ask(base_url='https://vpce-1.bedrock-runtime.ap-south-1.vpce.amazonaws.com')
    assert '/ap-south-1/bedrock/' in request.headers['authorization']


@pytest.mark.usefixtures('credentials')
def test_an_arn_is_signed_as_it_is_sent() -> None:
    arn = 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc'
    request, _ = ask(settings={'bedrock_inference_profile': arn})
    assert request.url.raw_path.decode() == f'/model/{quote(arn, safe="")}/converse-stream'
    assert request.headers['authorization'].endswith(signature_of(request))


@pytest.mark.usefixtures('credentials')
def test_the_region_may_stand_in_the_configuration(aws: pytest.MonkeyPatch, tmp_path: Any) -> None:
    aws.delenv('AWS_DEFAULT_REGION')
    (tmp_path / 'config').write_text('[default]\nregion = us-east-2\n')
    assert infer_model(NOVA).base_url == host('us-east-2')


@pytest.mark.usefixtures('credentials')
def test_without_credentials_the_error_says_where_to_put_them(aws: pytest.MonkeyPatch) -> None:
    aws.delenv('AWS_ACCESS_KEY_ID')
    with pytest.raises(UserError, match='AWS_ACCESS_KEY_ID'):
        ask()


@pytest.mark.usefixtures('credentials')
def test_what_botocore_refuses_is_told(aws: pytest.MonkeyPatch) -> None:
    aws.setenv('AWS_PROFILE', 'nobody')
    aws.delenv('AWS_ACCESS_KEY_ID')
    with pytest.raises(ModelAPIError, match='nobody'):
        ask()


@pytest.mark.usefixtures('credentials')
def test_no_secret_stays_in_the_model() -> None:
    provider = find('bedrock')
    assert provider
    model = BedrockModel(provider, 'us.amazon.nova-lite-v1:0')
    signer: Any = model._aws.signer('eu-central-1')
    held = [repr(cell.cell_contents) for cell in signer.__closure__]
    assert SECRET_KEY not in repr(vars(model)) + repr(vars(model._aws)) + repr(held)


# --------------------------------------------------------------------- on the way


def test_the_response_has_the_id_of_the_request() -> None:
    headers = {'content-type': EVENT_STREAM, 'x-amzn-requestid': 'r-1'}
    assert ask(api_key='k', headers=headers)[1].provider_response_id == 'r-1'


@pytest.mark.parametrize(('name', 'system'), [(NOVA, None), (CLAUDE, 'anthropic')])
def test_the_signatures_of_claude_are_anthropics(name: str, system: str | None) -> None:
    assert ask(name, api_key='k')[1].canonical_system == system


@pytest.mark.parametrize('cut', [1, 10, len(ANSWER) - len(HELLO) - 1])
def test_an_end_inside_a_frame_is_no_end(cut: int) -> None:
    with pytest.raises(IncompleteStream):
        ask(api_key='k', body=HELLO + ANSWER[len(HELLO) :][:cut])


def test_a_corrupt_frame_is_a_decode_error() -> None:
    with pytest.raises(StreamDecodeError, match='corrupt'):
        ask(api_key='k', body=HELLO + b'x' * 40)


def test_a_page_is_no_stream() -> None:
    with pytest.raises(ModelAPIError, match='Sign in to the hotel'):
        ask(api_key='k', headers={'x': 'y'}, body=b'<html>Sign in to the hotel</html>')


@pytest.mark.usefixtures('credentials')
def test_the_token_of_a_signature_is_a_secret_of_the_request() -> None:
    with pytest.raises(ModelAPIError, match=r'<html> Hello, \*\*\*') as raised:
        ask(headers={'x': 'y'}, body=f'<html> Hello, {SESSION_TOKEN}'.encode())
    assert SESSION_TOKEN not in str(raised.value) + repr(raised.value.body)


@pytest.mark.parametrize('began', [b'', frame('messageStart', {'role': 'assistant'})])
@pytest.mark.parametrize('kind', ['modelStreamErrorException', 'throttlingException', 'serviceUnavailableException'])
def test_an_exception_before_any_content_is_retried(monkeypatch: pytest.MonkeyPatch, kind: str, began: bytes) -> None:
    async def sleep(self: Deadline, seconds: float) -> None: ...

    monkeypatch.setattr(Deadline, 'sleep', sleep)
    bodies = iter([began + frame(kind, {'message': 'Try again.'}, 'exception'), ANSWER])

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={'content-type': EVENT_STREAM}, content=next(bodies))

    async def main() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
            model = infer_model(NOVA, http_client=client, api_key='k')
            return await model.request([ModelRequest.user_text_prompt('hi')], None, ModelRequestParameters())

    assert asyncio.run(main()).parts == [TextPart('Hello')]
