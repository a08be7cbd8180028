"""API keys: listing, making, rotating, revoking."""

from collections.abc import Awaitable
from typing import Annotated

import strawberry

from api.caller import Caller
from api.context import Info
from api.errors import Forbidden, NotFound
from api.mutations import current, ended, seen, user_error
from api.permissions.requires import requires
from api.schema.companies import Branch, Field
from api.schema.documents import RegisteredDocument
from api.schema.keys import (
    ApiKey,
    CreateApiKeyInput,
    NewApiKeyPayload,
    RevokeApiKeyInput,
    RevokeApiKeyPayload,
    RotateApiKeyInput,
)
from api.schema.paging import Connection
from api.schema.relations import listed
from api.schema.users import User
from db.enums import Scope
from db.ids import BranchId, DocumentId, FieldId, KeyId, UserId
from domain.identity.rules import Place
from domain.keys import operations
from domain.keys.queries import API_KEYS
from domain.keys.rules import DOCUMENTS_MAX, Maker, NewKey
from domain.keys.text import KeyText, new_secret, written
from domain.refusals import InvalidValue, NotThere, Refused

Created = Annotated[CreateApiKeyInput, strawberry.argument(description="The key.")]
Rotated = Annotated[RotateApiKeyInput, strawberry.argument(description="Which key.")]
Revoked = Annotated[RevokeApiKeyInput, strawberry.argument(description="Which key.")]


@strawberry.type
class KeyQuery:
    api_keys: Connection[ApiKey] | None = listed(
        API_KEYS, "API keys, by name.", scope=Scope.KEYS_READ
    )


@strawberry.type
class KeyMutation:
    @strawberry.mutation(
        description="Make an API key within what you may do yourself. No key makes another.",
        extensions=[requires(Scope.KEYS_WRITE)],
    )
    async def create_api_key(self, info: Info, input: Created) -> NewApiKeyPayload | None:
        caller, secret = _maker_of_keys(info), new_secret()
        try:
            key = await _new_key(info, input, caller)
        except Refused as refusal:
            return await _refused(info, refusal)
        operation = operations.create(
            company_id=caller.company_id,
            key=key,
            maker=_maker(info, caller),
            secret=secret,
            now=info.context.clock(),
        )
        return await _made(info, operation, secret)

    @strawberry.mutation(
        description="Make another key like this one, which goes on beside it for a while.",
        extensions=[requires(Scope.KEYS_WRITE)],
    )
    async def rotate_api_key(self, info: Info, input: Rotated) -> NewApiKeyPayload | None:
        caller, secret = _maker_of_keys(info), new_secret()
        operation = operations.rotate(
            company_id=caller.company_id,
            key_id=KeyId(await seen(info, ApiKey, input.id)),
            old_ends_at=input.old_ends_at,
            maker=_maker(info, caller),
            secret=secret,
            now=info.context.clock(),
        )
        return await _made(info, operation, secret)

    @strawberry.mutation(
        description="End a key at once; its sockets close within seconds.",
        extensions=[requires(Scope.KEYS_WRITE)],
    )
    async def revoke_api_key(self, info: Info, input: Revoked) -> RevokeApiKeyPayload | None:
        operation = operations.revoke(
            company_id=info.context.signed_in.company_id,
            key_id=KeyId(await seen(info, ApiKey, input.id)),
            now=info.context.clock(),
        )
        return await ended(info, RevokeApiKeyPayload, ApiKey, operation)


def _maker_of_keys(info: Info) -> Caller:
    """Return the caller, who is a person.

    :raises Forbidden: it is a key, which could otherwise outlive itself
    """
    caller = info.context.signed_in
    if caller.key is not None or caller.subscriber_id is not None:
        raise Forbidden
    return caller


def _maker(info: Info, caller: Caller) -> Maker:
    budget = info.context.equipment.limits.budget
    return Maker(
        scopes=caller.scopes,
        place=_own_place(caller),
        cost_max=budget.size,
        cost_per_s=int(budget.per_s),
    )


def _own_place(caller: Caller) -> Place:
    return Place(branch_id=caller.branch_id, field_id=caller.field_id)


async def _new_key(info: Info, input: CreateApiKeyInput, caller: Caller) -> NewKey:
    document_ids = await _document_ids(info, input.document_ids)
    user_id = None
    if input.user_id is not None:
        user_id = UserId(await seen(info, User, input.user_id, argument="input.userId"))
    place = await _place(info, input, caller)
    return NewKey(
        name=input.name,
        # Strawberry hands out the values of lists in inputs, not the members.
        scopes=frozenset(input.scopes),
        partner=input.partner,
        document_ids=document_ids,
        place=place,
        user_id=user_id,
        addresses=input.addresses,
        cost_max=input.cost_max,
        cost_per_s=input.cost_per_s,
        expires_at=input.expires_at,
    )


async def _place(info: Info, input: CreateApiKeyInput, caller: Caller) -> Place:
    """Return where the key is for: where its maker is confined to, unless it is told otherwise.

    :raises Forbidden: that is more than the maker's own place
    """
    branch_id = field_id = None
    if input.branch_id is not None:
        branch_id = BranchId(await seen(info, Branch, input.branch_id, argument="input.branchId"))
        # Whoever is confined to a field sees the branch that it is of.
        if caller.field_id is not None:
            raise Forbidden
    if input.field_id is not None:
        field_id = FieldId(await seen(info, Field, input.field_id, argument="input.fieldId"))
    if branch_id is not None and field_id is not None:
        raise InvalidValue("field_id", expected="either a branch or a field")
    place = Place(branch_id=branch_id, field_id=field_id)
    return _own_place(caller) if place.is_whole_company else place


async def _document_ids(info: Info, ids: list[strawberry.ID] | None) -> list[DocumentId] | None:
    if ids is None:
        return None
    if len(ids) > DOCUMENTS_MAX:
        raise InvalidValue("document_ids", expected=f"1 to {DOCUMENTS_MAX} documents")
    return [
        DocumentId(await seen(info, RegisteredDocument, one, argument="input.documentIds"))
        for one in ids
    ]


async def _made(info: Info, operation: Awaitable[KeyId], secret: str) -> NewApiKeyPayload:
    try:
        key_id = await operation
    except NotThere as error:
        raise NotFound from error
    except Refused as refusal:
        return await _refused(info, refusal)
    key = await current(info, ApiKey, key_id)
    text = written(KeyText(key_id, secret))
    return NewApiKeyPayload(
        api_key=key if isinstance(key, ApiKey) else None, secret=text, user_errors=[]
    )


async def _refused(info: Info, refusal: Refused) -> NewApiKeyPayload:
    errors = [await user_error(info, ApiKey, refusal)]
    return NewApiKeyPayload(api_key=None, secret=None, user_errors=errors)
