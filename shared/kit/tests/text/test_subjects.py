import pytest
from service_kit.subjects import bare_subject, reply_subject


@pytest.mark.parametrize(
    "subject",
    [
        "Offer",
        "Re: Offer",
        "RE: FW: Offer",
        "AW: AW: WG: RE: Offer",
        "Odp: Offer",
        "RES: Offer",
        "VS: Offer",
        "Re[2]: Offer",
        "Re(3): Re: Offer",
        "Re^2: Offer",
        "回复：Offer",
        "转发： 回复: Offer",
        "Továbbítás: Vá: Offer",
        "YNT: İLT: Offer",
        "Fwd : Re :  Offer",
        "=?utf-8?B?UmU6IE9mZmVy?=",
        "SV: =?utf-8?Q?Offer?=",
        "ΑΠ: Offer",
        "Rép : TR: Offer",
        "Odg: Prosl: Offer",
        "Trả lời: Offer",
        "ตอบกลับ: Offer",
        "Пересл.: Offer",
    ],
)
def test_a_reply_has_one_mark_whatever_was_there(subject: str) -> None:
    assert reply_subject(subject) == "Re: Offer"


@pytest.mark.parametrize(
    "subject",
    ["Ref: 1234", "Resources: list", "Rest: later", "Is: this", "Reply needed", "Fax: 12"],
)
def test_a_word_with_a_colon_is_no_mark(subject: str) -> None:
    assert bare_subject(subject) == subject


@pytest.mark.parametrize("subject", [None, "", " ", "Re:", "Re: Fwd: "])
def test_nothing_to_answer_has_no_subject(subject: str | None) -> None:
    assert reply_subject(subject) is None
