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
        "ส่งต่อ: Offer",
        "[RE] Offer",
        "회신: [답장] Offer",
        "[Fwd: Offer]",
        "Fwd: [Fwd: Re: Offer]",
        "\u200bRe: Offer",
        "\u202aRe: Offer\u202c",
        "Re:\u00a0Offer",
        "=?utf-8?q?Re=3A?= Offer",
        "Ｒｅ：Offer",
        "ＦＷ: 回信：Offer",
        "Re:: Offer",
        "Отг: Offer",
        "الرد: Offer",
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


@pytest.mark.parametrize(
    ("subject", "answered"),
    [
        ("[EXT] Re: Offer", "Re: [EXT] Offer"),
        ("[list] AW: Offer", "Re: [list] Offer"),
        ("Re: [EXT] Re: Offer", "Re: [EXT] Offer"),
        ("[users] Re: [users] Offer", "Re: [users] Offer"),
        ("[EXT]: RE: Offer", "Re: [EXT]: Offer"),
        ("[EXT] [Ticket#5] 回复：Offer", "Re: [EXT] [Ticket#5] Offer"),
        ("(EXT) Odp: Offer", "Re: (EXT) Offer"),
        ("***SPAM*** Fwd: Offer", "Re: ***SPAM*** Offer"),
        ("EXTERNAL: Re: Offer", "Re: EXTERNAL: Offer"),
        ("【外部】返信: Offer", "Re: 【外部】 Offer"),
        ("Aw: [Ticket 5] Offer", "Re: [Ticket 5] Offer"),
        ("=?utf-8?Q?=5BEXT=5D_Re:_Offer?=", "Re: [EXT] Offer"),
        ("[Webinar] Offer", "Re: [Webinar] Offer"),
        ("Offer [draft] Re: terms", "Re: Offer [draft] Re: terms"),
    ],
)
def test_a_mark_behind_a_tag_goes_and_the_tag_stays(subject: str, answered: str) -> None:
    assert reply_subject(subject) == answered


@pytest.mark.parametrize("subject", [None, "", " ", "Re:", "Re: Fwd: "])
def test_nothing_to_answer_has_no_subject(subject: str | None) -> None:
    assert reply_subject(subject) is None
