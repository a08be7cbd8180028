"""All messages that the caller may see."""

import strawberry

from api.schema.messages import Message
from api.schema.paging import Connection
from api.schema.relations import listed
from db.enums import Scope
from domain.messages.listings import MESSAGES


@strawberry.type
class MessageQuery:
    messages: Connection[Message] | None = listed(
        MESSAGES, "Messages, newest first; `where` chooses the channel.", scope=Scope.MESSAGES_READ
    )
