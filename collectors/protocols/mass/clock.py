"""What a heartbeat says of the collector's own clock."""

from collections.abc import Mapping
from datetime import datetime

from collectors.protocols.mass.messages import Message


def device_at(message: Message) -> datetime | None:
    """Return what the collector's clock shows: aware if it gave an offset, else its local time.

    None if the message gives no date that can be read.
    """
    response = message.response
    text = response.get(message.dialect.device_date) if isinstance(response, Mapping) else None
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
