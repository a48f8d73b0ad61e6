"""Row 13: CPU time to find the lead's words in a long mail, with its history and without."""

from collections.abc import Callable, Sequence
from functools import partial
from time import process_time_ns

from draft_svc.domain.reply import clean_reply
from measured import Measured, Row
from timing import percentile

MAIL_CHARS = 50_000
TYPED_LINES = (1, 5, 20, 100)
HTML_MS, TEXT_MS = 15.0, 5.0
_SENTENCE = "We looked at your offer and have a question about the price of each seat,"
_PARAGRAPH = (
    '<p class="MsoNormal" style="margin:0in"><span style="font-size:11.0pt;'
    f"font-family:'Calibri',sans-serif\">{_SENTENCE}<o:p></o:p></span></p>\n"
)
_OUTLOOK = (
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>From:</b>'
    " Tom &lt;tom@acme.example&gt;<br><b>Sent:</b> Tuesday, March 3, 2026<br>"
    "<b>To:</b> Lea<br><b>Subject:</b> Offer</p></div>\n"
)
_GMAIL = (
    '<div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, Mar 3, 2026 at 10:00 AM Tom'
    ' &lt;tom@acme.example&gt; wrote:<br></div><blockquote class="gmail_quote">'
)
_ATTRIBUTION = "\nOn Tue, Mar 3, 2026 at 10:00 AM Tom <tom@acme.example> wrote:\n"

clean = partial(clean_reply, body_text=None, body_html=None, raw_email=None)


def measure(*, quick: bool) -> Row:
    """Time single calls by the processor's clock of this process; the greatest of 95 %."""
    repeats = 10 if quick else 100
    htmls = [_html(history, lines) for history in (_OUTLOOK, _GMAIL) for lines in TYPED_LINES]
    texts = [_text(lines) for lines in TYPED_LINES]
    html_ms = _p95(lambda mail: clean(body_html=mail), htmls, repeats)
    text_ms = _p95(lambda mail: clean(body_text=mail), texts, repeats)
    typed_ms = _p95(lambda mail: clean(body_html=mail), [_PARAGRAPH * 270], repeats)
    typed_text_ms = _p95(lambda mail: clean(body_text=mail), _typed_texts(), repeats)
    return Row(
        title="Cleaning a mail of 50 KB, CPU time",
        figures=[
            Measured("HTML, p95", html_ms, "ms", at_most=HTML_MS),
            Measured("HTML without history, p95", typed_ms, "ms", at_most=HTML_MS),
            Measured("text, p95", text_ms, "ms", at_most=TEXT_MS),
            Measured("text without history, p95", typed_text_ms, "ms", at_most=TEXT_MS),
        ],
        setup=f"{repeats} times each: Outlook and Gmail, 1 to 100 typed lines above history",
    )


def _p95(call: Callable[[str], object], mails: Sequence[str], repeats: int) -> float:
    times: list[int] = []
    for mail in [*mails] * repeats:
        start = process_time_ns()
        call(mail)
        times.append(process_time_ns() - start)
    return percentile(times, 95) / 1e6


def _html(history: str, typed: int) -> str:
    mail = _PARAGRAPH * typed + history
    return mail + _PARAGRAPH * ((MAIL_CHARS - len(mail)) // len(_PARAGRAPH))


def _typed_texts() -> list[str]:
    """Return what somebody typed, as lines and as paragraphs, no line like another."""
    lines = [f"{number}. {_SENTENCE}" for number in range(MAIL_CHARS // len(_SENTENCE))]
    return ["\n".join(lines)[:MAIL_CHARS], "\n\n".join(lines)[:MAIL_CHARS]]


def _text(typed: int) -> str:
    mail = f"{_SENTENCE}\n" * typed + _ATTRIBUTION
    quoted = f"> {_SENTENCE}\n"
    return mail + quoted * ((MAIL_CHARS - len(mail)) // len(quoted))
