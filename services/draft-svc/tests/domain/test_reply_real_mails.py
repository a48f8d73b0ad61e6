"""Every real reply that the project is tested with, and what its sender wrote (read by hand)."""

from pathlib import Path

import pytest
from draft_svc.domain.reply import clean_reply

REPOSITORY = Path(__file__).resolve().parents[4]
FOLDER = REPOSITORY.parent / "shared" / "data" / "replies"

HERE_IS_ANOTHER = "Here is another email"
TELNET = """\
On your remote host you can run:

     telnet 127.0.0.1 52698

This should connect to TextMate (on your Mac, via the tunnel). If that
fails, the tunnel is not working."""
WRITTEN_BY_THE_SENDER = {
    "correct_sig.txt": "this is an email with a correct -- signature.",
    "email_1_1.txt": """\
Hi folks

What is the best way to clear a Riak bucket of all key, values after
running a test?
I am currently using the Java HTTP API.""",
    "email_1_2.txt": """\
Hi,

You can list the keys for the bucket and call delete for each. Or if you
put the keys (and kept track of them in your test) you can delete them
one at a time (without incurring the cost of calling list first.)

Something like:

        String bucket = "my_bucket";
        BucketResponse bucketResponse = riakClient.listBucket(bucket);
        RiakBucketInfo bucketInfo = bucketResponse.getBucketInfo();

        for(String key : bucketInfo.getKeys()) {
            riakClient.delete(bucket, key);
        }

would do it.

See also

http://wiki.basho.com/REST-API.html#Bucket-operations

which says

"At the moment there is no straightforward way to delete an entire
Bucket. There is, however, an open ticket for the feature. To delete all
the keys in a bucket, you\u2019ll need to delete them all individually.\"""",
    "email_1_3.txt": "Oh thanks.\n\nHaving the function would be great.",
    "email_1_4.txt": "Awesome! I haven't had another problem with it.",
    "email_1_5.txt": """\
One: Here's what I've got.

- This would be the first bullet point that wraps to the second line
to the next
- This is the second bullet point and it doesn't wrap
- This is the third bullet point and I'm having trouble coming up with enough
to say
- This is the fourth bullet point

Two:
- Here is another bullet point
- And another one

This is a paragraph that talks about a bunch of stuff. It goes on and on
for a while.""",
    "email_1_6.txt": "I get proper rendering as well.",
    "email_1_7.txt": ":+1:",
    "email_1_8.txt": "I will reply under this one\n\nand under this.",
    "email_2_1.txt": "Outlook with a reply",
    "email_2_2.txt": "Outlook with a reply directly above line",
    "email_2_3.txt": "Outlook with a reply above headers using unusual format",
    "email_BlackBerry.txt": HERE_IS_ANOTHER,
    "email_bullets.txt": """\
test 2 this should list second

and have spaces

and retain this formatting

   - how about bullets
   - and another""",
    "email_gmail.txt": "This is a test for inbox replying to a github message.",
    "email_headers_no_delimiter.txt": "And another reply!",
    "email_iPhone.txt": HERE_IS_ANOTHER,
    "email_multi_word_sent_from_my_mobile_device.txt": HERE_IS_ANOTHER,
    "email_one_is_not_on.txt": """\
Thank, this is really helpful.

One outstanding question I had:

Locally (on development), when I run...""",
    "email_partial_quote_header.txt": TELNET,
    "email_sent_from_my_not_signature.txt": (
        f"{HERE_IS_ANOTHER}\n\nSent from my desk, is much easier then my mobile phone."
    ),
    "email_sig_delimiter_in_middle_of_line.txt": """\
Hi there!

Stuff happened.

And here is a fix -- this is not a signature.

kthxbai""",
    "greedy_on.txt": TELNET,
    "pathological.txt": """\
I think you're onto something. I will try to fix the problem as soon as I
get back to a computer.""",
}
needs_folder = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="../shared/data/replies is not there: no real mails to read"
)


@needs_folder
def test_every_real_mail_has_a_hand_checked_expectation() -> None:
    assert {path.name for path in FOLDER.glob("*.txt")} == set(WRITTEN_BY_THE_SENDER)


@needs_folder
@pytest.mark.parametrize("name", WRITTEN_BY_THE_SENDER)
def test_only_the_senders_newest_words_are_left(name: str) -> None:
    body_text = (FOLDER / name).read_bytes().decode()
    cleaned = clean_reply(body_text=body_text, body_html=None, raw_email=None)
    assert cleaned.text == WRITTEN_BY_THE_SENDER[name]


@needs_folder
@pytest.mark.parametrize("name", WRITTEN_BY_THE_SENDER)
def test_a_real_mail_gives_the_same_words_as_a_raw_mail(name: str) -> None:
    body_text = (FOLDER / name).read_bytes().decode()
    raw_email = f"From: a@example.com\nContent-Type: text/plain; charset=utf-8\n\n{body_text}"
    cleaned = clean_reply(body_text=None, body_html=None, raw_email=raw_email)
    assert cleaned.text == WRITTEN_BY_THE_SENDER[name]
