"""What Python's repr wrote is read, and nothing of it is run."""

import time
from pathlib import Path

import pytest

from backups.engine.copies.reprs import LONGEST, NotALiteral, data_of


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("{'name': 'jdoe', 'n': 1, 'x': -1.5, 'ok': True, 'no': None}",
         {"name": "jdoe", "n": 1, "x": -1.5, "ok": True, "no": None}),
        ("OrderedDict([('a', {'b': [1, 2]}), ('c', (3,))])", {"a": {"b": [1, 2]}, "c": (3,)}),
        ("OrderedDict()", {}),
        ("OrderedDict({'a': 1})", {"a": 1}),
        ("[(np.float32(570.0), np.int64(-3))]", [(570.0, -3)]),
        ("[nan, inf, -inf]", [pytest.approx(float("nan"), nan_ok=True), float("inf"), -float("inf")]),  # noqa: E501
        ("array([1, 2])", [1, 2]),
        ("{'class': <class 'a.b.C'>}", {"class": "a.b.C"}),
        ("[<a.B object at 0x7f>]", ["<a.B object at 0x7f>"]),
        ("{'code': \"<class 'x'>\"}", {"code": "<class 'x'>"}),
        ("{'code': '<b>it\\'s</b> a < b'}", {"code": "<b>it's</b> a < b"}),
        ("{'code': 'ünïcödé \\u2603'}", {"code": "ünïcödé \N{SNOWMAN}"}),
        ("  {'a': 1}\n", {"a": 1}),
    ],
)  # fmt: skip
def test_data_is_read(text, data):
    assert data_of(text) == data


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "{'a': x}", "{**{}}", "[*[]]", "1 + 1", "-'a'", "~1", "f'{1}'", "a.b",
        "[x for x in []]", "__import__('os').system('true')", "OrderedDict(__import__('os'))",
        "dict(a=1)", "OrderedDict([1])", "OrderedDict([], [])", "np.float32()", "np.load('x')",
        "np.float32([1])", "open('/etc/passwd')", "lambda: 1", "{[]: 1}", "{'a': 1", "'",
        "<class 'a", "1 if 1 else 2", "(" * 5000 + ")" * 5000, "[" * 50 + "]" * 50,
        "-" * 5000 + "1", "9" * 5000, "0x" + "f" * 5000, "{-0b1" + "0" * 200 + ": 1}",
        "x" * (LONGEST + 1), "{'a': 1} ... (truncated)", "\0",
    ],
)  # fmt: skip
def test_what_is_no_data_is_refused(text):
    with pytest.raises(NotALiteral):
        data_of(text)


def test_nothing_of_it_is_run(tmp_path):
    mark = tmp_path / "ran"
    for text in (
        f"__import__('pathlib').Path({str(mark)!r}).touch()",
        f"np.float32(open({str(mark)!r}, 'w'))",
    ):
        with pytest.raises(NotALiteral):
            data_of(text)
    assert not Path(mark).exists()


@pytest.mark.parametrize(
    "piece",
    ["'", '"', "\\'", "'\\", "<", "<'", "<\"'", "<class '", "[", "(", "{", "-", "a", "'a'<"],
)
def test_nothing_takes_long(piece):
    began = time.process_time()
    with pytest.raises(NotALiteral):
        data_of("{" + piece * ((LONGEST - 1) // len(piece)))
    assert time.process_time() - began < 5  # what grows with the square takes minutes
