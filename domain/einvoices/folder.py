"""Hands e-invoices over as files in a folder, from which another program takes them."""

import asyncio
import os
import secrets
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
        whole = self._folder / name
        # What somebody may have taken already is not told in another way.
        if whole.exists():
            return name
        half = self._folder / f".{name}.{secrets.token_hex(8)}.part"
        try:
            with half.open("xb") as file:
                file.write(envelope.xml)
                file.flush()
                os.fsync(file.fileno())
            half.replace(whole)
        finally:
            half.unlink(missing_ok=True)
        self._keep_names()
        return name

    def _keep_names(self) -> None:
        """Let what the files are called outlive a loss of power as well."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
