"""Managing subscribers, and forgetting them."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import changes_of, check_whole_company, ended, seen
from api.permissions.requires import require, requires
from api.schema.subscriber_changes import (
    ContactInput,
    CreateSubscriberInput,
    EraseSubscriberInput,
    SubscriberPayload,
    UpdateSubscriberInput,
)
from api.schema.subscribers import Subscriber
from db.enums import Scope
from db.ids import SubscriberId
from domain.identity.rules import Place
from domain.subscribers import erasure
from domain.subscribers import operations as subscribers

Created = Annotated[CreateSubscriberInput, strawberry.argument(description="The subscriber.")]
Updated = Annotated[UpdateSubscriberInput, strawberry.argument(description="What changes.")]
Erased = Annotated[EraseSubscriberInput, strawberry.argument(description="Who, and why.")]


@strawberry.type
class SubscriberMutation:
    @strawberry.mutation(
        description="Add a person or firm that can open accounts.",
        extensions=[requires(Scope.SUBSCRIBERS_WRITE)],
    )
    async def create_subscriber(self, info: Info, input: Created) -> SubscriberPayload | None:
        # Until it has an account it is at no place, so nobody who is confined to one would see it.
        check_whole_company(info)
        operation = subscribers.create(
            company_id=info.context.signed_in.company_id,
            reference=input.reference,
            contact=_fields(info, input.contact),
            keyring=info.context.equipment.keyring,
        )
        return await ended(info, SubscriberPayload, Subscriber, operation)

    @strawberry.mutation(
        description="Change a subscriber.", extensions=[requires(Scope.SUBSCRIBERS_WRITE)]
    )
    async def update_subscriber(self, info: Info, input: Updated) -> SubscriberPayload | None:
        contact = _fields(info, input.contact)
        operation = subscribers.update(
            company_id=info.context.signed_in.company_id,
            subscriber_id=SubscriberId(await seen(info, Subscriber, input.id)),
            expected_version=input.expected_version,
            changes={} if input.reference is None else {"reference": input.reference.value},
            contact=contact,
            keyring=info.context.equipment.keyring,
        )
        return await ended(info, SubscriberPayload, Subscriber, operation)

    @strawberry.mutation(
        description="Destroy a subscriber's personal data for good, once all its accounts are"
        " closed, and end its users. Accounts and books stay. Sending it again changes nothing.",
        extensions=[requires(Scope.SUBSCRIBERS_ERASE)],
    )
    async def erase_subscriber(self, info: Info, input: Erased) -> SubscriberPayload | None:
        operation = erasure.erase(
            company_id=info.context.signed_in.company_id,
            subscriber_id=SubscriberId(await seen(info, Subscriber, input.id)),
            reason=input.reason,
            place=place_of(info),
            now=info.context.clock(),
        )
        return await ended(info, SubscriberPayload, Subscriber, operation)


def place_of(info: Info) -> Place:
    """Return to what the caller is confined."""
    caller = info.context.signed_in
    return Place(
        branch_id=caller.branch_id, field_id=caller.field_id, subscriber_id=caller.subscriber_id
    )


def _fields(info: Info, contact: ContactInput | None) -> dict[str, str | None]:
    """Return what is given of a contact.

    :raises Forbidden: something is, by a caller who may not see any
    """
    if contact is None:
        return {}
    require(Scope.SUBSCRIBERS_CONTACT, info.context.caller)
    return changes_of(contact)
