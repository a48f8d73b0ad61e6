"""Clients of the stand-in for ElevenLabs."""

from pydantic import SecretStr
from service_devkit.vendors.elevenlabs import KEY
from voice_svc.adapters.elevenlabs.client import ElevenLabs


def client(vendor, *, key=KEY, timeout_seconds=120.0):
    return ElevenLabs(
        api_key=SecretStr(key) if key else None,
        base_url=vendor.url,
        connect_timeout_seconds=2,
        timeout_seconds=timeout_seconds,
    )
