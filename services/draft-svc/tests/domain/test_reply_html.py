"""HTML replies, which whoever knows a lead's address can write."""

import pytest
from draft_svc.domain.reply import clean_reply


def cleaned(body_html: str) -> str:
    return clean_reply(body_text=None, body_html=body_html, raw_email=None).text


@pytest.mark.parametrize(
    "unseen",
    [
        "<script>alert('x')</script>",
        "<style>p {color: red}</style>",
        "<!-- x -->",
        "<!--[if mso]><p>x</p><![endif]-->",
        "<title>x</title>",
        "<template><p>x</template>",
        "<p hidden>x</p>",
        "<div style='Display : None !important'>x<p>y</p></div>",
        "<span style='font-size:0px'>x</span>",
        "<span style='visibility:hidden'>x</span>",
        "<div style='max-height:0;overflow:hidden'>x</div>",
        "<div style='opacity:0'>x</div>",
        "<span style='mso-hide:all'>x</span>",
        "<img src='https://example.com/open.gif' alt='x'>",
        "<select><option>x</select>",
        "<textarea>x</textarea>",
        "<svg><text>x</text></svg>",
    ],
)
def test_what_a_reader_does_not_see_is_dropped(unseen: str) -> None:
    assert cleaned(f"<p>Yes</p>{unseen}<p>please</p>") == "Yes\n\nplease"


@pytest.mark.parametrize(
    "history",
    [
        "<blockquote>history</blockquote>",
        "<blockquote type='cite' style='border:none'>history</blockquote>",
        "<blockquote style='border:none;border-left:solid #CCC 1pt'>history</blockquote>",
        "<div class='protonmail_quote'>history<div>more</div></div>",
        "<div id='divRplyFwdMsg'><b>Lähettäjä:</b> Tom</div><div>history</div>",
        "<div id='x_divRplyFwdMsg'>Tom</div>history",
        "<div class='ydp1a2byahoo_quoted'>history</div>",
        "<div style='border:none; border-top: solid #E1E1E1 1.0pt'>Tom</div><p>history",
        "<div class='moz-cite-prefix'>On 3/3/25 10:00, Tom wrote:</div><blockquote>x</blockquote>",
        "<div class='gmail_signature'>Jo<br>CEO</div>",
        "<div id='Signature'>Jo<br>CEO</div>",
    ],
)
def test_marked_history_and_signatures_are_dropped(history: str) -> None:
    assert cleaned(f"<div>Yes</div>{history}") == "Yes"


def test_an_indented_paragraph_is_no_quote() -> None:
    indent = "margin:0 0 0 40px;border:none;padding:0px"
    assert cleaned(f"<div>a</div><blockquote style='{indent}'>b</blockquote>") == "a\n\nb"


@pytest.mark.parametrize(
    ("body_html", "text"),
    [
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("<p class=MsoNormal>a</p><p class=MsoNormal>b</p>", "a\nb"),
        ("<p class=MsoNormal>a</p><p class=MsoNormal>\xa0</p><p class=MsoNormal>b", "a\n\nb"),
        ("<p>a\n  b</p>", "a b"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<table><tr><td>a<td>b<tr><td>c</table>", "a b\nc"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<p></p><pre class='moz-signature'>-- \nWhat does it cost?</pre>", "What does it cost?"),
        ("5 &lt; 6 &amp;&nbsp;7 &#8364; &#x1F44D;", "5 < 6 & 7 \u20ac \U0001f44d"),
        ("<meta charset='utf-16'><p>\xfc", "\xfc"),
        ("a</div></p></body></html>b", "a\nb"),
        ("", ""),
        ("<", "<"),
        ("&#0;&#xD800;&#xDFFF;a", "\ufffd\ufffd\ufffda"),
        ("<!DOCTYPE x [<!ENTITY a 'bbbbbbbb'>]><p>a", "]>\n\na"),
    ],
)
def test_lines_are_those_a_reader_sees(body_html: str, text: str) -> None:
    assert cleaned(body_html) == text
