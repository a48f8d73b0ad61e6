"""A stateful stand-in for ElevenLabs' API, as a process: `FakeElevenLabs`."""

from service_devkit.vendors.elevenlabs.process import KEY, FakeElevenLabs

__all__ = ["KEY", "FakeElevenLabs"]
