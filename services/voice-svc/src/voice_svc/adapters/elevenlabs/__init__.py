"""The speech provider ElevenLabs; nothing outside of this package knows its name."""
