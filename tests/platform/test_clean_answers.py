"""Nothing that steers leaves us, in whatever form it was made."""

import json

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from devices.texts import STEERING, seen
from ethonode.clean_answers import CleanAnswers, cleaned

HOSTILE = "a\x1b[2J\u202eb\x07\x9b\u2066\u061c\u2028\ufeff"
FINE = "Łukasz's 蝇 🪰 ü\u200d \\ \\u0041 \t\nnew"


def answered(content, kind):
    response = CleanAnswers(lambda _: HttpResponse(content, content_type=kind))(
        RequestFactory().get("/")
    )
    return response.content.decode()


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/plain", "text/csv"])
def test_texts(kind):
    assert answered(HOSTILE, kind) == seen(HOSTILE)
    assert answered(FINE, kind) == FINE


@pytest.mark.parametrize("ascii", [True, False])
@pytest.mark.parametrize("kind", ["application/json", "application/problem+json"])
def test_json_in_both_spellings(kind, ascii):
    told = json.loads(answered(json.dumps([HOSTILE, FINE], ensure_ascii=ascii), kind))
    assert told == [seen(HOSTILE), FINE]


def test_every_sign_that_steers():
    signs = [chr(code) for code in range(0xD800) if STEERING.match(chr(code)) and chr(code) != "\r"]
    assert len(signs) > 70
    for sign in signs:
        assert cleaned(f"x{sign}y".encode(), is_json=False).decode() == "x\ufffdy"
        for text in (json.dumps(sign), json.dumps(sign, ensure_ascii=False)):
            assert json.loads(cleaned(text.encode(), is_json=True)) == "\ufffd"


def test_a_backslash_before_is_no_escape():
    told = json.dumps("\\u001b and \\x1b \\\\u202e")
    assert cleaned(told.encode(), is_json=True).decode() == told


def test_data_passes_as_it_is():
    response = CleanAnswers(lambda _: HttpResponse(b"\x1b\x00", content_type="video/mp4"))(None)
    assert response.content == b"\x1b\x00"
    stream = CleanAnswers(lambda _: StreamingHttpResponse([b"\x1b"], content_type="text/csv"))(None)
    assert b"".join(stream) == b"\x1b"
