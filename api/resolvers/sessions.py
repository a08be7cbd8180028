"""Ending sessions of one's own."""

from typing import Annotated

import strawberry

from api.context import Info
from api.errors import BadUserInput
from api.global_ids import UndecodableId, decode
from api.mutations import attempted
from api.permissions.requires import in_person
from api.schema.credentials import EndSessionsPayload
from db.ids import SessionId
from domain.identity import sessions


@strawberry.input(description="A session to end.")
class EndSessionInput:
    id: strawberry.ID = strawberry.field(description="Which one.")


@strawberry.type
class SessionMutation:
    @strawberry.mutation(description="End one of your sessions.", extensions=[in_person()])
    async def end_session(
        self,
        info: Info,
        input: Annotated[EndSessionInput, strawberry.argument(description="Which session.")],
    ) -> EndSessionsPayload | None:
        operation = sessions.end_own(
            session_id=_session_id(input.id),
            user_id=info.context.signed_in.user_id,
            now=info.context.clock(),
        )
        _, errors = await attempted(info, operation)
        return EndSessionsPayload(ended=None if errors else 1, user_errors=errors)

    @strawberry.mutation(
        description="End all your sessions but this one.", extensions=[in_person()]
    )
    async def end_other_sessions(self, info: Info) -> EndSessionsPayload | None:
        caller = info.context.signed_in
        operation = sessions.end_others(
            user_id=caller.user_id, but=caller.session_id, now=info.context.clock()
        )
        ended, errors = await attempted(info, operation)
        return EndSessionsPayload(ended=ended, user_errors=errors)


def _session_id(text: str) -> SessionId:
    try:
        type_name, session_id = decode(text)
    except UndecodableId:
        type_name, session_id = "", 0
    if type_name != "Session":
        raise BadUserInput("input.id", "expected the id of a session")
    return SessionId(session_id)
