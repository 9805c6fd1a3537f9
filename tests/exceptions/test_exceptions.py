"""Every error can be caught by its kind, says one clear sentence, survives pickling, and holds no key."""

import copy
import json
import pickle
import sys
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pydantic_ai.exceptions as peer
import pytest

from jupyter_stream import exceptions as ours
from jupyter_stream.exceptions import _bodies

KEY = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789'
PLAIN_SECRET = 'my p@ss "word"'

INSTANCES = {
    'UserError': lambda m: m.UserError('Set a key.'),
    'UnexpectedModelBehavior': lambda m: m.UnexpectedModelBehavior('Odd', '{"a":1}'),
    'ContentFilterError': lambda m: m.ContentFilterError('Filtered'),
    'OutputTokenLimitExceeded': lambda m: m.OutputTokenLimitExceeded('Long'),
    'IncompleteToolCall': lambda m: m.IncompleteToolCall('Long', 'no json'),
    'ModelAPIError': lambda m: m.ModelAPIError('m', 'Broken', body={'a': 1}, provider_error_code='c', retry_after=3.0),
    'ModelConnectionError': lambda m: m.ModelConnectionError('m', 'Gone', phase='read', in_stream=True),
    'ModelTimeoutError': lambda m: m.ModelTimeoutError('m', 'Silent', phase='connect'),
    'ModelHTTPError': lambda m: m.ModelHTTPError(418, 'm', {'message': 'tea'}, headers={'X-Request-Id': 'r'}),
    'ModelRateLimitError': lambda m: m.ModelRateLimitError('m', 'Slow down'),
}
OURS_ONLY = {
    'ModelRequestTimeout': lambda: ours.ModelRequestTimeout('m', 2.5, setting='first_event_timeout'),
    'IncompleteStream': lambda: ours.IncompleteStream('m'),
    'EmptyStream': lambda: ours.EmptyStream('Nothing came.'),
    'StreamDecodeError': lambda: ours.StreamDecodeError('m', 'No JSON.', offset=7, body='{'),
    'StreamLimitError': lambda: ours.StreamLimitError('m', 'Too much.'),
    'MissingKeyError': lambda: ours.MissingKeyError('OpenAI', 'OPENAI_API_KEY'),
    'LocalModelError': lambda: ours.LocalModelError('No weights.'),
    'Interrupted': lambda: ours.Interrupted(),
    'rate limit': lambda: ours.http_error(429, 'm', b'{}', {'retry-after': '3'}, 'openai', hint='Wait.'),
    'in a stream': lambda: ours.stream_error('m', {'error': {'message': 'x', 'code': 'insufficient_quota'}}),
}
EVERY = {**{name: (lambda make=make: make(ours)) for name, make in INSTANCES.items()}, **OURS_ONLY}


@pytest.mark.parametrize('name', INSTANCES)
def test_attributes_are_the_peers(name):
    my, their = (INSTANCES[name](m) for m in (ours, peer))
    skipped = {'message'}  # Ours is a sentence of its own.
    assert {k: v for k, v in vars(their).items() if k not in skipped}.items() <= vars(my).items()


def test_the_tree_is_the_peers():
    def bases(cls):
        return {base.__name__ for base in cls.__mro__}

    for name in set(ours.__all__) & set(peer.__all__):
        cls = getattr(ours, name)
        if isinstance(cls, type):
            assert bases(getattr(peer, name)) <= bases(cls), name


@pytest.mark.parametrize('name', EVERY)
def test_an_error_survives_pickling_and_copying(name):
    error = EVERY[name]()
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert (str(twin), repr(twin), vars(twin)) == (str(error), repr(error), vars(error))


STATUSES = {
    400: ours.ModelRequestRejectedError,
    401: ours.ModelAuthenticationError,
    402: ours.ModelQuotaExceededError,
    403: ours.ModelAuthenticationError,
    404: ours.ModelNotFoundError,
    422: ours.ModelRequestRejectedError,
    429: ours.ModelRateLimitError,
    500: ours.ModelServerError,
    502: ours.ModelServerError,
    503: ours.ModelUnavailableError,
    504: ours.ModelServerError,
    529: ours.ModelOverloadedError,
    **dict.fromkeys((408, 409, 413, 418), ours.ModelHTTPError),
}


@pytest.mark.parametrize('status', STATUSES)
def test_a_status_has_its_kind(status):
    error = ours.http_error(status, 'm', b'{"error": {"message": "so"}}')
    assert isinstance(error, ours.ModelHTTPError) and isinstance(error, STATUSES[status])
    assert type(error).__name__ == STATUSES[status].__name__
    assert repr(error).startswith(f'{STATUSES[status].__name__}(')
    assert (error.status_code, error.model_name, error.body) == (status, 'm', {'error': {'message': 'so'}})


@pytest.mark.parametrize(
    ('status', 'error', 'kind'),
    [
        (429, {'code': 'insufficient_quota'}, ours.ModelQuotaExceededError),
        (400, {'code': 'context_length_exceeded'}, ours.ModelContextWindowExceededError),
        (400, {'message': 'maximum context length is 8192 tokens'}, ours.ModelContextWindowExceededError),
        (400, {'message': 'prompt is too long: 9 > 8'}, ours.ModelContextWindowExceededError),
        (503, {'message': 'The model is overloaded'}, ours.ModelOverloadedError),
        (400, {'code': 'model_not_found'}, ours.ModelNotFoundError),
        (400, {'code': 'invalid_api_key'}, ours.ModelAuthenticationError),
        (500, {'type': 'overloaded_error'}, ours.ModelOverloadedError),
        (500, {'message': 'maximum context length'}, ours.ModelServerError),
    ],
)
def test_what_the_provider_says_goes_before_the_status(status, error, kind):
    assert isinstance(ours.http_error(status, 'm', {'error': error}), kind)


MESSAGES = {
    'openai': (b'{"error": {"message": "No such model.", "code": "x"}}', 'No such model.'),
    'text in error': (b'{"error": "plain"}', 'plain.'),
    'bare': ({'message': 'bare'}, 'bare.'),
    'google list': ('[{"error": {"code": 400, "message": "bad", "status": "INVALID_ARGUMENT"}}]', 'bad.'),
    'detail': ({'detail': [{'loc': ['a'], 'msg': 'é'}]}, '[{"loc": ["a"], "msg": "é"}].'),
    'plain text': ('upstream\n  broke', 'upstream broke.'),
    'web page': ('<html><head><title>502 &amp; so</title></head>x</html>', 'a web page (502 & so).'),
    'bytes': (b'\xff\xfe', '\ufffd\ufffd.'),
}


@pytest.mark.parametrize('name', MESSAGES)
def test_the_message_is_one_sentence_with_what_the_provider_says(name):
    body, said = MESSAGES[name]
    error = ours.http_error(404, 'gpt-x', body, None, 'openai')
    assert str(error) == f"openai answered 404 (Not Found) for model 'gpt-x': {said}"


@pytest.mark.parametrize('body', [None, b'', '', {}, [], 'null'])
def test_a_body_that_says_nothing_leaves_a_whole_sentence(body):
    assert str(ours.http_error(500, 'm', body)) == ("The provider answered 500 (Internal Server Error) for model 'm'.")


def test_the_sentence_is_followed_by_what_helps():
    error = ours.http_error(
        404, 'm', {'message': 'No'}, {'Retry-After': '3', 'X-Request-ID': 'r1'}, suggested_model_id='n', hint='See so.'
    )
    assert str(error).endswith(": No. Try again in 3 s. Did you mean 'n'? See so. (request id r1)")
    assert (error.retry_after, error.request_id, error.headers['retry-after']) == (3.0, 'r1', '3')


def test_a_very_long_message_is_cut_and_the_body_is_not():
    error = ours.http_error(400, 'm', {'message': 'x' * 9000})
    assert len(str(error)) < 700 and len(error.body['message']) == 9000


@pytest.mark.parametrize(
    ('headers', 'seconds'),
    [
        ({'retry-after': '7'}, 7.0),
        ({'retry-after-ms': '1500', 'retry-after': '9'}, 1.5),
        ({'retry-after': '-1'}, None),
        ({'retry-after': 'soon'}, None),
        ({'retry-after': 'nan'}, None),
        ({'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT'}, 0.0),
        ({'retry-after': 'Wed, 21 Oct 2015 07:28:00 -0000'}, 0.0),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers, seconds):
    assert ours.http_error(429, 'm', None, headers).retry_after == seconds


def test_a_date_to_wait_for():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < ours.http_error(429, 'm', None, {'retry-after': date}).retry_after <= 60


@pytest.mark.parametrize(('said', 'hint'), [('true', True), (' FALSE', False), ('maybe', None), (None, None)])
def test_whether_the_provider_says_to_retry(said, hint):
    headers = {} if said is None else {'x-should-retry': said}
    assert ours.http_error(500, 'm', None, headers).provider_retry_hint is hint
    assert ours.http_error(500, 'm').provider_retry_hint is None


@pytest.mark.parametrize(
    ('error', 'kind', 'status'),
    [
        ({'code': 'rate_limit_exceeded'}, ours.ModelRateLimitError, 429),
        ({'code': 502}, ours.ModelServerError, 502),
        ({'type': 'overloaded_error'}, ours.ModelOverloadedError, 529),
        ({'type': 'server_error'}, ours.ModelServerError, 500),
        ({'code': 'never heard'}, ours.ModelAPIError, None),
        ({'message': 'prompt is too long'}, ours.ModelContextWindowExceededError, None),
    ],
)
def test_an_error_inside_a_stream(error, kind, status):
    raised = ours.stream_error('m', {'error': {'message': 'so', **error}}, 'openai')
    assert isinstance(raised, kind) and raised.in_stream
    assert getattr(raised, 'status_code', None) == status
    assert error.get('message', 'so') in str(raised)


SHAPES = [
    KEY,
    'sk-ant-api03-AAAAAAAAAAAAAAAA',
    'AIzaSyA1234567890abcdefghijklmnopqrstuv',
    'gsk_abcdefghijklmnop1234',
    'hf_abcdefghijklmnopqrst',
    'Bearer abcdef0123456789',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0aaaa.c2lnbmF0dXJl',
]


@pytest.mark.parametrize('key', SHAPES)
def test_what_looks_like_a_key_is_scrubbed(key):
    assert key.split()[-1] not in ours.scrub(f'Incorrect key provided: {key}, see the page.')


def test_prose_is_left_as_it_is():
    text = 'The task-specific risk-averse model sk-learn asked for a bearer of bad news at https://x.org/hf_hub.'
    assert ours.scrub(text) == text


def test_a_known_secret_is_scrubbed_in_every_form():
    from base64 import b64encode
    from urllib.parse import quote

    forms = [PLAIN_SECRET, quote(PLAIN_SECRET, safe=''), json.dumps(PLAIN_SECRET), b64encode(PLAIN_SECRET.encode())]
    text = ' | '.join(str(form) for form in forms)
    assert ours.scrub(text, [PLAIN_SECRET, '']).count('***') == 4


@pytest.mark.parametrize(
    ('text', 'length', 'begins'),
    [('abc defgh', 6, 'abc '), ('abc defgh', 9, 'abc defgh'), ('abc def gh', 7, 'abc def'), ('abc (d)', 4, 'abc ')],
)
def test_an_excerpt_ends_with_no_half_word(text, length, begins):
    assert _bodies.excerpt(text, length) == begins


def test_a_json_value_is_scrubbed_wherever_a_text_is():
    body = {KEY: [1, None, 2.5, True, (KEY, b'a ' + KEY.encode())], 'a': {'b': KEY}}
    assert _bodies.scrubbed(body, (KEY,)) == {'***': [1, None, 2.5, True, ['***', 'a ***']], 'a': {'b': '***'}}


@pytest.mark.parametrize('secret', ['"begins', 'ends"', 'a"b', "a'b\\c"])
def test_a_secret_that_json_escapes_is_scrubbed_whole(secret):
    assert ours.scrub(json.dumps({'key': secret}), [secret]) == '{"key": "***"}'


def test_a_message_is_shown_up_to_500_characters_and_kept_whole():
    for length, shown in ((500, 'x' * 500), (501, 'x' * 500 + '…')):
        error = ours.http_error(400, 'm', {'error': {'message': 'x' * length}})
        assert shown in str(error) and 'x' * 501 not in str(error) and shown.count('…') == str(error).count('…')
        assert error.body == {'error': {'message': 'x' * length}}


def test_no_part_of_an_error_holds_a_key():
    body = {'error': {'message': f'Incorrect API key provided: {KEY}', KEY: [KEY, {'k': PLAIN_SECRET}], 'code': KEY}}
    headers = {'Authorization': 'whatever', 'Set-Cookie': 'a=b', 'x-echo': PLAIN_SECRET}
    for given in (body, json.dumps(body), json.dumps(body).encode()):
        error = ours.http_error(401, 'm', given, headers, 'openai', secrets=(PLAIN_SECRET,))
        shown = ''.join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        assert KEY not in shown and PLAIN_SECRET not in shown and 'whatever' not in shown and 'a=b' not in shown


def test_no_part_of_an_error_inside_a_stream_holds_a_key():
    error = ours.stream_error('m', {'error': {'message': f'{KEY} {PLAIN_SECRET}', 'x': KEY}}, secrets=(PLAIN_SECRET,))
    shown = str(error) + repr(error) + repr(vars(error))
    assert KEY not in shown and PLAIN_SECRET not in shown


def test_an_interrupt_stops_run_all_and_a_cell_says_only_that(monkeypatch):
    error = ours.Interrupted()
    assert isinstance(error, KeyboardInterrupt) and str(error) == 'Stopped. What came is kept.'
    monkeypatch.setitem(sys.modules, 'ipykernel', sys)
    assert error._render_traceback_() == ['Cells queued behind this one did not run.']
    monkeypatch.delitem(sys.modules, 'ipykernel')
    assert error._render_traceback_() == ['Interrupted'], 'a terminal has no cells'


def test_a_missing_key_is_a_mistake_of_the_user_that_names_its_variable():
    error = ours.MissingKeyError('OpenAI', 'OPENAI_API_KEY')
    assert isinstance(error, ours.UserError) and (error.provider, error.variable) == ('OpenAI', 'OPENAI_API_KEY')
    assert str(error) == 'Set the `OPENAI_API_KEY` environment variable or pass `api_key=…` to use OpenAI.'


def test_a_time_limit_names_its_setting():
    assert str(ours.ModelRequestTimeout('m', 2.5)) == (
        "Model 'm' took longer than 2.5 s; raise request_timeout to wait longer."
    )
    assert 'to begin answering; raise first_event_timeout' in str(OURS_ONLY['ModelRequestTimeout']())


def test_the_body_of_a_misbehaving_model_is_indented():
    assert str(ours.UnexpectedModelBehavior('Odd', '{"a":1}')) == 'Odd, body:\n{\n  "a": 1\n}'
    assert str(ours.UnexpectedModelBehavior('Odd', 'x')) == 'Odd, body:\nx'
    assert str(ours.UnexpectedModelBehavior('Odd')) == 'Odd'


def test_errors_say_that_they_come_from_where_they_are_imported():
    for name in ours.__all__:
        thing = getattr(ours, name)
        assert not isinstance(thing, type) or thing.__module__ == 'jupyter_stream.exceptions', name
    assert type(ours.http_error(429, 'm')).__module__ == 'jupyter_stream.exceptions'


def google(code, status, message, *details):
    return [{'error': {'code': code, 'message': message, 'status': status, 'details': list(details)}}]


def quota(*names):
    return {'@type': 'type.googleapis.com/google.rpc.QuotaFailure', 'violations': [{'quotaId': name} for name in names]}


PER_MINUTE = 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier'
PER_DAY = 'GenerateRequestsPerDayPerProjectPerModel-FreeTier'
RETRY = {'@type': 'type.googleapis.com/google.rpc.RetryInfo', 'retryDelay': '34.5s'}
NO_KEY = {'@type': 'type.googleapis.com/google.rpc.ErrorInfo', 'reason': 'API_KEY_INVALID', 'domain': 'googleapis.com'}
GOOGLE = {
    'rate': (google(429, 'RESOURCE_EXHAUSTED', 'Quota.', quota(PER_MINUTE), RETRY), ours.ModelRateLimitError, 34.5),
    'rate, no wait': (
        google(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted.'),
        ours.ModelRateLimitError,
        None,
    ),
    'day': (
        google(429, 'RESOURCE_EXHAUSTED', 'Quota.', quota(PER_MINUTE, PER_DAY)),
        ours.ModelQuotaExceededError,
        None,
    ),
    'key': (google(400, 'INVALID_ARGUMENT', 'API key not valid.', NO_KEY), ours.ModelAuthenticationError, None),
    'argument': (google(400, 'INVALID_ARGUMENT', 'A bad field.'), ours.ModelRequestRejectedError, None),
    'too long': (
        google(400, 'INVALID_ARGUMENT', 'The input token count (9) exceeds the maximum number of tokens allowed (8).'),
        ours.ModelContextWindowExceededError,
        None,
    ),
    'odd': (
        google(429, 'X', 'So.', 'no object', {'violations': 3}, {'retryDelay': '-1s'}),
        ours.ModelRateLimitError,
        None,
    ),
}


@pytest.mark.parametrize('in_stream', [False, True])
@pytest.mark.parametrize('name', GOOGLE)
def test_google_says_what_is_wrong_in_the_details(name, in_stream):
    body, kind, seconds = GOOGLE[name]
    status = body[0]['error']['code']
    error = ours.stream_error('m', body) if in_stream else ours.http_error(status, 'm', body)
    assert type(error).__name__ == kind.__name__ and isinstance(error, kind)
    assert (error.retry_after, error.status_code, error.in_stream) == (seconds, status, in_stream)


def test_a_header_goes_before_the_body_in_saying_how_long_to_wait():
    body = google(429, 'RESOURCE_EXHAUSTED', 'Quota.', RETRY)
    assert ours.http_error(429, 'm', body, {'retry-after': '3'}).retry_after == 3.0
    assert ours.http_error(429, 'm', body, {'retry-after': '3'}, retry_after=1.0).retry_after == 1.0
