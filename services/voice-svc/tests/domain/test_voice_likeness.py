from dataclasses import replace

import pytest
from voice_svc.domain.speech import Voice
from voice_svc.domain.voice_likeness import VoiceTraits, most_similar

TRAITS = VoiceTraits(gender="female", accent="british", age="young", language="en")


def voice(voice_id, **values):
    labels = {"gender": "female", "accent": "british", "age": "young", "language": "en", **values}
    return Voice(
        voice_id=voice_id,
        name=voice_id,
        category=None,
        description=None,
        has_sample=False,
        **labels,
    )


@pytest.mark.parametrize(
    ("voices", "expected"),
    [
        ([voice("a", age="old"), voice("b")], "b"),
        ([voice("a", accent="irish"), voice("b", age="old")], "b"),
        ([voice("a", accent="irish", age="old"), voice("b", accent="irish")], "b"),
        ([voice("a"), voice("b")], "a"),
        ([voice("a", gender="male"), voice("b", accent="irish", age="old")], "b"),
        ([voice("a", language="de"), voice("b", gender="male"), voice("c", gender=None)], None),
        ([], None),
    ],
)
def test_the_nearest_of_the_same_language_and_gender_is_chosen(voices, expected):
    found = most_similar(TRAITS, voices)
    assert (found and found.voice_id) == expected


def test_what_the_vendor_does_not_say_of_a_voice_is_like_what_it_does_not_say_of_another():
    silent = replace(TRAITS, gender=None)
    found = most_similar(silent, [voice("a"), voice("b", gender=None)])
    assert found is not None
    assert found.voice_id == "b"
