"""What is sent: greeting, words and signature, each once, on every channel."""

import re
from time import process_time

import pytest
from draft_svc.domain.placeholders import has_left
from draft_svc.domain.text import (
    SMS_MAX_CHARS,
    SmsTooLongError,
    compose_text,
    edit_distance,
    finish_text,
)
from hypothesis import example, given
from hypothesis import strategies as st
from persona_model.voice import Voice

SIGNATURE = "Anna Lee\nHead of Sales | Acme GmbH\n+49 30 1234567\nhttps://acme.example"
SAM = {"first_name": "Sam", "company": "Riak Inc", "lead.nickname": "Sammy"}


def voice(**values):
    return Voice(**{"sender_name": "Anna Lee", "signature": SIGNATURE, **values})


def sent(body, channel="email", **values):
    return finish_text(channel=channel, body=body, voice=voice(**values), lead=SAM)


def body_of(body, **values):
    return sent(body, **values).body


ORDINARY = [
    "Anna Lee will call you on Tuesday.",
    "Please ask Anna about the offer, or write to Anna Lee at Acme GmbH.",
    "All the best plans start at 49 EUR.",
    "Thanks to Anna, the rollout took two days!",
    "Regards aside, is the price fine for you?",
    "Is Head of Sales the right role to talk to?",
    "I'm Anna. I look after companies like yours.",
    "It is signed by Dr. Lee.",
    "You need the signature of your CFO (signature on page 2).",
    "Anna",
]
PARAGRAPHS = st.sampled_from(ORDINARY[:-1])


def in_other_words(signature):
    """Return strategies of what a model may make of a signature."""
    lines = signature.split("\n")
    return st.sampled_from(
        [
            signature,
            signature.upper(),
            signature.lower(),
            signature.replace("\n", "\r\n"),
            signature.replace("\n", "\n\n"),
            signature.replace(" ", "  ").replace("\n", "  \n "),
            "\n".join(f"> {line}" for line in lines),
            "\n".join(f"**{line}**" for line in lines),
            f"Best regards,\n{signature}",
            f"-- \n{signature}",
            "\n".join(lines[:2]),
            lines[0],
            lines[-1],
            "Best,\nAnna",
            "Cheers, Anna Lee",
            "{signature}",
            "[Your Name]\n[Your Title]",
        ]
    )


def bodies(signature):
    chunks = st.lists(st.one_of(PARAGRAPHS, in_other_words(signature)), max_size=8)
    separators = st.sampled_from(["\n", "\n\n", "\r\n", "\n \n", " "])
    return st.tuples(chunks, st.lists(separators, min_size=8, max_size=8)).map(
        lambda drawn: "".join(a + b for a, b in zip(*drawn, strict=False))
    )


def bare_lines(text):
    lines = (" ".join(line.split()).strip(" >*_.,").casefold() for line in text.splitlines())
    return [line for line in lines if line]


def blocks_of(signature, text):
    """Count the signature as separate lines, whatever its case and spacing; marks are none."""
    sought, lines = bare_lines(signature), bare_lines(text)
    if not sought:
        return 0
    return sum(lines[at : at + len(sought)] == sought for at in range(len(lines)))


@given(bodies(SIGNATURE))
@example(f"{SIGNATURE}\n{SIGNATURE}")
@example("Anna Lee will call you on Tuesday.\nHead of Sales | Acme GmbH {signature}\n")
@example(SIGNATURE.replace("\n", f"\n{SIGNATURE}\n", 1))
@example("Head of Sales | Acme GmbH {signature} Anna Lee will call you on Tuesday.\n")
@example(f"Anna Lee will call you on Tuesday.\n{{signature}} -- \n{SIGNATURE}")
def test_the_signature_stands_once_at_the_end_whatever_the_model_returned(body):
    finished = sent(body)

    assert finished.text.endswith(SIGNATURE)
    assert finished.text.count(SIGNATURE) == 1
    assert blocks_of(SIGNATURE, finished.text) == 1
    # In what may be a sentence it is told (`placeholder-left`), and so never sent.
    assert "signature}" not in finished.text or has_left(finished.body)


LINES = st.text(st.characters(categories=["L", "N", "P", "Zs", "So"]), min_size=1, max_size=30)


def test_a_signature_of_marks_alone_stands_once():
    finished = sent("_\n_\nAnna Lee will call you on Tuesday.\n", signature="_\n_")

    assert finished.text == "Anna Lee will call you on Tuesday.\n\n_\n_"


@given(st.data())
def test_any_signature_of_two_lines_stands_once(data):
    signature = "\n".join(data.draw(st.lists(LINES.filter(str.strip), min_size=2, max_size=4)))
    body = data.draw(bodies(signature))

    finished = sent(body, signature=signature)

    assert finished.text.endswith(signature)
    assert finished.body.count(signature) == 0
    assert blocks_of(signature, finished.body) == 0


@given(st.data())
def test_a_signature_of_one_line_stands_once_as_a_line(data):
    signature = data.draw(st.sampled_from(["Anna", "Best, Anna", "Anna Lee, Acme", "- Anna"]))
    finished = sent(data.draw(bodies(signature)), signature=signature)

    assert blocks_of(signature, finished.text) == 1
    assert finished.text.endswith(f"\n{signature}") or finished.text == signature


@given(st.text())
def test_any_text_is_finished_and_can_be_stored(body):
    finished = sent(body)

    assert finished.text.endswith(SIGNATURE)
    assert "\x00" not in finished.text
    assert "\r" not in finished.body
    finished.text.encode()


@given(bodies(SIGNATURE))
def test_finishing_a_finished_body_changes_nothing(body):
    finished = sent(body, greeting="Hello {first_name},")

    assert sent(finished.body, greeting="Hello {first_name},") == finished


@given(st.lists(PARAGRAPHS, min_size=1, max_size=5), st.sampled_from(["Anna", SIGNATURE]))
def test_sentences_with_the_senders_name_are_untouched(paragraphs, signature):
    body = "\n\n".join(paragraphs)

    assert body_of(body, signature=signature) == body


@pytest.mark.parametrize(
    "sign_off",
    [
        "Best,\nAnna",
        "Best,\n\nAnna Lee\n",
        "Best regards, Anna",
        "Kind regards\nAnna Lee\nHead of Sales",
        "-- \nAnna",
        "— Anna",
        "- Anna Lee",
        "Anna",
        "Thanks,\nAnna",
        "Cheers,\n**Anna**",
        "Mit freundlichen Grüßen\nAnna Lee",
        "Bien cordialement,\nAnna",
        "Looking forward to it,\nAnna",
        "Best regards,\n[Your Name]\n[Your Position]\n[Company Name]",
        "Sincerely,\n{signature}",
        "{{ signature }}",
        "[Signature]",
        "<your signature here>",
        "Warm regards,\nJohn Smith\nAccount Executive",
        "Best,",
        "Best regards,\n\nAnna Lee\nHead of Sales | Acme GmbH",
        "Best,\nAnna\n\nBest regards,\nAnna Lee",
    ],
)
@pytest.mark.parametrize("signature", [SIGNATURE, None])
def test_a_sign_off_of_the_models_own_is_removed(sign_off, signature):
    assert body_of(f"Yes, on Tuesday.\n\n{sign_off}", signature=signature) == "Yes, on Tuesday."


@pytest.mark.parametrize(
    "closing", ["Best, Anna", "Kind regards, Anna Lee", "Cheers - Anna", "Anna"]
)
def test_a_sign_off_behind_the_last_sentence_is_removed(closing):
    assert body_of(f"It works with Riak. {closing}") == "It works with Riak."


def test_thanks_before_a_sign_off_are_words():
    assert body_of("We do.\n\nThanks!\n\nBest,\nAnna") == "We do.\n\nThanks!"


def test_a_postscript_stays_and_the_sign_off_above_it_goes():
    assert body_of("Yes.\n\nBest,\nAnna\n\nPS: Bring Bob.") == "Yes.\n\nPS: Bring Bob."


def test_a_placeholder_for_the_name_in_a_sentence_becomes_the_name():
    assert body_of("I am [Your Name] of Acme.") == "I am Anna Lee of Acme."


NAMELESS = {"sender_name": None, "signature": None}


@pytest.mark.parametrize(
    "body",
    [
        "Call [Your Name] for the price.",
        "Ask {your name}, who knows.",
        "Write to <sender's name> now.",
        "[Your Name] will call you on Tuesday.",
        "See [signature] for the number.",
        "Our [Your Signature] says how to reach us.",
    ],
)
def test_what_stands_in_a_sentence_for_a_name_leaves_no_hole(body):
    assert body_of(body, **NAMELESS) == body


@pytest.mark.parametrize(
    "ending",
    ["Best, [Your Name]", "\n\nBest regards,\n[Your Name]", "\n\n[Your Name]", "[Signature]"],
)
def test_a_placeholder_that_signs_goes_also_without_a_name(ending):
    assert body_of(f"It costs 490 EUR. {ending}", **NAMELESS) == "It costs 490 EUR."


def test_a_signature_keeps_its_lines_and_spaces():
    signature = "Anna  Lee\n\n   Head of Sales\n__________\n"

    assert sent("Yes.", signature=signature).text == f"Yes.\n\n{signature}"


@pytest.mark.parametrize("signature", [None, "", " \n "])
def test_without_a_signature_the_text_is_the_body(signature):
    finished = sent("Yes.", signature=signature)

    assert (finished.text, finished.signature) == ("Yes.", None)


@pytest.mark.parametrize("channel", ["sms", "linkedin"])
def test_only_email_is_signed(channel):
    finished = sent(f"Yes.\n\nBest,\nAnna\n{SIGNATURE}", channel=channel)

    assert (finished.text, finished.signature) == ("Yes.", None)


@pytest.mark.parametrize(
    "body",
    [
        "The price is 49 EUR.",
        "Hello Sam,\n\nThe price is 49 EUR.",
        "hello  sam!\nThe price is 49 EUR.",
        "Hi there,\n\nThe price is 49 EUR.",
        "Hi Sam, the price is 49 EUR.",
        "Hello Sam,\n\nHello Sam,\n\nThe price is 49 EUR.",
        "Dear Mr. Smith,\n\nThe price is 49 EUR.",
        "Hey [First Name]!\n\nThe price is 49 EUR.",
        "**Hello Sam**,\n\nThe price is 49 EUR.",
    ],
)
def test_the_personas_greeting_opens_an_email_once(body):
    finished = body_of(body, greeting="Hello {first_name},")

    assert finished == "Hello Sam,\n\nThe price is 49 EUR."


@pytest.mark.parametrize(
    ("template", "opening"),
    [
        ("Hi {firstName} of {{company}},", "Hi Sam of Riak Inc,"),
        ("Dear {title} {last_name},", "Dear,"),
        ("{sender_name} here!", "Anna Lee here!"),
        ("Hi {first_name|there},", "Hi Sam,"),
        ("Hi {lastName|there},", "Hi there,"),
        ("Hi {full_name|there},", "Hi Sam,"),
        ("Hi {lead.nickname},", "Hi Sammy,"),
        ("Hi {lead.title|dear} {firstName},", "Hi dear Sam,"),
        ("Hi *|FNAME|*,", "Hi Sam,"),
        ('Hi {{ last_name | default: "you" }},', "Hi you,"),
        ("Hi {first_name||there},", "Hi Sam,"),
        ("Hi {% if vip %}{firstName}{% endif %}!", "Hi Sam!"),
        ("Hi %SALUTATION% {firstName},", "Hi Sam,"),
        ("Hello,\n\nthank you for writing to us.", "Hello,\n\nthank you for writing to us."),
    ],
)
def test_a_greeting_is_filled_with_what_is_known(template, opening):
    assert body_of("Yes.", greeting=template) == f"{opening}\n\nYes."


@pytest.mark.parametrize("name", ["null", "N/A", "-", "{{first_name}}", "%FNAME%", ""])
def test_a_name_that_a_crm_left_empty_is_no_name(name):
    lead = {"first_name": name}
    for template, opening in (("Hi {first_name},", "Hi,"), ("Hi {firstName|there},", "Hi there,")):
        finished = finish_text(
            channel="email", body="Yes.", voice=voice(greeting=template), lead=lead
        )
        assert finished.body == f"{opening}\n\nYes."


@given(st.text(alphabet="{}[]%*|<> abcfirstName_", max_size=40))
def test_no_brace_of_a_greeting_leaves(template):
    finished = finish_text(channel="email", body="Yes.", voice=voice(greeting=template), lead=SAM)
    assert not set(finished.body) & set("{}")


@pytest.mark.parametrize("salutation", ["Hi Sam", "Dear Mr Smith", "hello"])
def test_a_greeting_of_several_sentences_is_not_doubled(salutation):
    greeting = "Hi {first_name},\n\nthank you for writing to us."

    assert body_of(f"{salutation},\nThank you for writing to us.\n\nYes.", greeting=greeting) == (
        "Hi Sam,\n\nthank you for writing to us.\n\nYes."
    )


def test_a_sentence_that_starts_like_a_greeting_stays():
    body = "Hello World Suite is out now, with teams."

    assert body_of(body, greeting="Hi,") == f"Hi,\n\n{body}"


def test_without_a_greeting_of_the_persona_the_models_own_stays():
    assert body_of("Hi Sam,\n\nYes.") == "Hi Sam,\n\nYes."


def test_a_model_that_only_greets_and_signs_has_no_words_of_its_own():
    written = "Hello Sam,\n\nBest regards,\nAnna Lee"

    finished = finish_text(channel="email", body=written, voice=voice(greeting="Hello,"), lead=SAM)
    assert (finished.words, finished.body) == ("", "Hello,")


@given(st.text(max_size=900), st.text(max_size=400))
@example("word 👍 " * 100, "Hi {first_name}!")
@example("👩‍👩‍👧‍👦" * 60, "")
@example("\ud83d" * 400, "Hi!")
@example("a" * 400, "b" * 400)
def test_a_text_message_fits_and_has_no_broken_characters(body, greeting):
    text = sent(body, channel="sms", sms_greeting=greeting).text

    assert len(text.encode("utf-16-le")) // 2 <= SMS_MAX_CHARS


def test_a_text_message_opens_with_its_greeting_and_ends_with_a_sentence():
    finished = sent("We can start on Monday. " * 30, channel="sms", sms_greeting="Hi {first_name}!")

    assert finished.text.startswith("Hi Sam! We can start on Monday. We")
    assert finished.text.endswith("We can start on Monday.")
    assert finished.body == finished.text
    assert 280 < len(finished.text) <= SMS_MAX_CHARS


def test_a_text_message_of_one_sentence_is_cut_behind_a_word():
    text = sent("seven words that go on and on " * 30, channel="sms").text

    assert re.search(r" (seven|words|that|go|on|and)\.\.\.$", text)


@pytest.mark.parametrize("joined", ["e\u0301" * 200, "👍🏽" * 200, "👩‍💻" * 200])
def test_a_cut_never_splits_what_is_seen_as_one_character(joined):
    text = sent(joined, channel="sms").text.removesuffix("...")
    size = len(joined) // 200

    assert text
    assert len(text) % size == 0


@pytest.mark.parametrize(
    "hostile",
    ["\n", " ", "[", "[your ", "* ", "Anna Lee\n", "Hi A A A, ", "x. Best ", "ps:\n", "- ", "a "],
)
def test_no_text_of_a_models_longest_takes_longer_than_a_second(hostile):
    signature = "Anna Lee\n* * * * * * * *\n_ _ _ _ _ _"
    started_at = process_time()

    sent(hostile * (20_000 // len(hostile)), signature=signature, greeting="Hi * * * * * ...")

    assert process_time() - started_at < 1


def test_a_persons_edit_is_signed_once():
    assert compose_text(channel="email", body="Yes.", signature=SIGNATURE) == f"Yes.\n\n{SIGNATURE}"
    edited = f"Yes.\n\nBest,\n{SIGNATURE}"
    assert compose_text(channel="email", body=edited, signature=SIGNATURE).count("Anna") == 1


@pytest.mark.parametrize("channel", ["email", "sms", "linkedin"])
def test_a_persons_edit_without_a_signature_is_sent_as_it_is(channel):
    assert compose_text(channel=channel, body="Yes.\n\nBob", signature=None) == "Yes.\n\nBob"


def test_a_persons_long_text_message_is_refused_not_cut():
    with pytest.raises(SmsTooLongError, match="322 characters"):
        compose_text(channel="sms", body="👍" * 161, signature=None)


def test_the_edit_distance_counts_characters():
    assert edit_distance("Yes, on Monday.", "Yes, on Sunday!") == 3
    assert edit_distance("a" * 20_000, "b" * 20_000) == 20_000


def test_a_placeholder_before_a_delimiter_goes():
    text = body_of(f"I will call you on Tuesday.\n{{signature}} -- \n{SIGNATURE}")

    assert text == "I will call you on Tuesday."
