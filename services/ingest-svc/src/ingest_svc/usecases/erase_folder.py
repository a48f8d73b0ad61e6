"""Erase a folder of originals."""

from ingest_svc.usecases.ports import Originals


async def erase_folder(originals: Originals, folder: str) -> None:
    """Delete every original in a folder, also those that no document names."""
    async for key, _ in originals.keys(folder):
        await originals.delete(key)
