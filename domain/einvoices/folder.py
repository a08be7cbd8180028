"""Hands e-invoices over as files in a folder, from which another program takes them."""

import asyncio
import os
from pathlib import Path

from domain.einvoices.integrator import Envelope, IntegratorUnreachable


class FolderIntegrator:
    """A file an invoice, called by its UUID; it is whole or not there at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, envelope: Envelope) -> str:
        """Write a document, and return the file's name; see `EInvoiceIntegrator`."""
        try:
            return await asyncio.to_thread(self._write, envelope)
        except OSError as error:
            raise IntegratorUnreachable(str(error)) from error

    def _write(self, envelope: Envelope) -> str:
        name = f"{envelope.uuid}.xml"
        half = self._folder / f".{name}.part"
        with half.open("wb") as file:
            file.write(envelope.xml)
            file.flush()
            os.fsync(file.fileno())
        half.replace(self._folder / name)
        return name
