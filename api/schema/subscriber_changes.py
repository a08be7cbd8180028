"""Inputs and payloads of managing subscribers and what protects them."""

import strawberry

from api.permissions.requires import Requires
from api.schema.scalars import LocalDate
from api.schema.subscribers import ProtectionProof, Subscriber
from api.schema.user_errors import UserError
from api.schema.versions import EXPECTED_VERSION
from db.enums import ErasureReason, ProtectionKind, Scope


@strawberry.input(description="People's data; what is left out stays, and null takes it away.")
class ContactInput:
    name: strawberry.Maybe[str | None] = strawberry.field(
        description="The person's or the firm's name."
    )
    email: strawberry.Maybe[str | None] = strawberry.field(description="Where to write to.")
    phone: strawberry.Maybe[str | None] = strawberry.field(description="Where to call.")
    address: strawberry.Maybe[str | None] = strawberry.field(
        description="Where it lives or has its seat; lines may be broken."
    )
    invoice_address: strawberry.Maybe[str | None] = strawberry.field(
        description="Where invoices go, if that is another address."
    )
    identity_number: strawberry.Maybe[str | None] = strawberry.field(
        description="The person's national number, or the firm's tax number."
    )
    language: strawberry.Maybe[str | None] = strawberry.field(
        description="The language in which it is addressed: `tr`, `en-GB`."
    )


@strawberry.input(description="A subscriber to add.")
class CreateSubscriberInput:
    reference: str = strawberry.field(
        description="What the company calls it; no other subscriber is. It stays when personal"
        " data is destroyed, so it must not tell who this is."
    )
    contact: ContactInput | None = strawberry.field(
        default=None,
        description="Who this is. Requires the scope SUBSCRIBERS_CONTACT.",
        directives=[Requires(scope=Scope.SUBSCRIBERS_CONTACT)],
    )


@strawberry.input(description="What changes of a subscriber; what is left out stays.")
class UpdateSubscriberInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    reference: strawberry.Maybe[str] = strawberry.field(description="What the company calls it.")
    contact: ContactInput | None = strawberry.field(
        default=None,
        description="Who this is. Requires the scope SUBSCRIBERS_CONTACT.",
        directives=[Requires(scope=Scope.SUBSCRIBERS_CONTACT)],
    )


@strawberry.input(description="Whose personal data is destroyed, and why.")
class EraseSubscriberInput:
    id: strawberry.ID = strawberry.field(description="Which subscriber.")
    reason: ErasureReason = strawberry.field(description="Why.")


@strawberry.type(description="How changing a subscriber ended.")
class SubscriberPayload:
    subscriber: Subscriber | None = strawberry.field(description="The subscriber as it is now.")
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


@strawberry.input(description="Why a subscriber must not be cut off, and what proves it.")
class AddProtectionProofInput:
    subscriber_id: strawberry.ID = strawberry.field(description="Who is protected.")
    kind: ProtectionKind = strawberry.field(description="Why.")
    document: str | None = strawberry.field(default=None, description="Where the proof is filed.")
    note: str | None = strawberry.field(default=None, description="What else one has to know.")
    valid_from: LocalDate = strawberry.field(description="The first day, in the company's zone.")
    valid_until: LocalDate | None = strawberry.field(
        default=None, description="The last day; left out until somebody ends it."
    )


@strawberry.input(description="A protection and when it ends.")
class EndProtectionProofInput:
    id: strawberry.ID = strawberry.field(description="Which one.")
    expected_version: int = strawberry.field(description=EXPECTED_VERSION)
    valid_until: LocalDate = strawberry.field(description="The last day, in the company's zone.")


@strawberry.type(description="How changing a protection ended.")
class ProtectionProofPayload:
    protection_proof: ProtectionProof | None = strawberry.field(
        description="The protection as it is now."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")
