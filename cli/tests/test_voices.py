"""Voices from the terminal, with the stand-in for their vendor."""

import json

import pytest
from dramatis.stack import Stack
from service_devkit.vendors.elevenlabs import audio
from service_devkit.vendors.elevenlabs.voices import DEFAULT_VOICE_ID

pytestmark = [pytest.mark.processes, pytest.mark.long]


def test_voices_are_listed_and_heard_and_what_was_spoken_is_shown(run, tmp_path):
    with Stack(ephemeral=True, services=["persona", "voice"], fake_elevenlabs=True) as stack:

        def done(*arguments):
            result = run(*arguments, "--data-dir", stack.data_dir)
            assert result.code == 0, result.err
            return result.out

        done("personas", "import", "--starter", "formal-professional")
        assert DEFAULT_VOICE_ID in done("voices", "list", "--text", "sarah")
        found = json.loads(done("voices", "list", "--accent", "british", "--json"))["items"]
        assert {voice["accent"] for voice in found} == {"british"}
        sound = tmp_path / "sarah.mp3"
        done("voices", "preview", DEFAULT_VOICE_ID, "-o", sound, "--text", "Hear me")
        assert audio.read_tag(sound.read_bytes())["text"] == "Hear me"
        (persona,) = json.loads(done("personas", "list", "--json"))["items"]
        used = json.loads(done("voices", "usage", "--persona", persona["name"], "--json"))
        assert (used["characters_used"], used["workspace_characters_used"]) == (0, 7)
