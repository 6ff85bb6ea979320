"""Values at the wall, and scratch folders whatever is in them."""

# ruff: noqa: PTH102, PTH109, PTH123, PTH211

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrt.sandbox.cpython import scratch, wire
from skillrt.sandbox.records import SandboxLimits, clip_tail
from skillrt.sandbox.values import NotJson, decode_result, encode_inputs, nesting, whole_text

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_json_values_come_back_as_they_were(value):
    encoded = encode_inputs({"x": value}, SandboxLimits())
    assert encoded is not None
    assert decode_result(encoded) == {"x": value}


REFUSED = [
    "",
    "nul",
    "1 2",
    '{"a": 1, "a": 2}',
    "NaN",
    "[Infinity]",
    "-Infinity",
    "1e999",
    "1" * 2000,
    "1" * 5000,
    '"\\ud800"',
    '{"\\udc00": 1}',
    "[" * 65 + "]" * 65,
    "[" * 100_000 + "]" * 100_000,
    '{"a":' * 3000 + "1" + "}" * 3000,
    "'a'",
    "[1,]",
]


@pytest.mark.parametrize("text", REFUSED, ids=[text[:12] or "empty" for text in REFUSED])
def test_a_result_that_is_not_strict_json_is_refused(text):
    with pytest.raises(NotJson):
        decode_result(text)


def test_brackets_in_texts_are_not_nesting():
    text = json.dumps(["[" * 200 + '\\"' + "{" * 200, {"k": ["]"]}])
    assert nesting(text) == 3
    assert decode_result(text) == json.loads(text)


def test_whole_text_mends_halves_and_keeps_the_rest():
    assert whole_text("aé😀") == "aé😀"
    assert whole_text("a\ud83d b\ude00") == "a� b�"
    assert whole_text("\ud83d\ude00") == "😀"


def test_clip_tail_keeps_the_end():
    assert clip_tail("abc", 3) == "abc"
    assert clip_tail("abcdef", 3) == "... def"


def test_wire_messages_arrive_in_pieces():
    sent = [{"a": 1}, {"b": "é" * 10}, {}]
    data, buffer, got = b"".join(wire.pack(m) for m in sent), bytearray(), []
    for byte in data:
        buffer.append(byte)
        got += wire.unpack(buffer)
    assert got == sent
    with pytest.raises(wire.WireError):
        wire.unpack(bytearray(b"\xff\xff\xff\xff"))


def test_scratch_folders_are_removed_whatever_they_hold(tmp_path):
    folder = scratch.make(str(tmp_path))
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    os.symlink(outside, f"{folder}/link")
    os.symlink("/", f"{folder}/root")
    os.mkfifo(f"{folder}/fifo")
    here = os.getcwd()
    try:
        os.chdir(folder)
        for depth in range(240):  # the path is longer than PATH_MAX
            os.mkdir("d" * 20)
            with open("file", "w") as file:
                file.write("x")
            os.chdir("d" * 20)
            if depth % 100 == 0:
                os.mkdir("closed", 0)
    finally:
        os.chdir(here)
    assert scratch.too_full(folder, 0, 100)
    scratch.remove(folder)
    assert not os.path.lexists(folder)
    assert (outside / "kept").read_text() == "kept"
    scratch.remove(folder)


def test_scratch_folders_are_measured_up_to_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "MAX_ENTRIES", 50)
    folder = scratch.make(str(tmp_path))
    assert not scratch.too_full(folder, 0, 1)
    for number in range(scratch.MAX_ENTRIES + 1):
        os.close(os.open(f"{folder}/{number}", os.O_CREAT | os.O_WRONLY))
    assert scratch.too_full(folder, 0, 1 << 30)
