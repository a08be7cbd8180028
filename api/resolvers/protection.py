"""Saying why subscribers must not be cut off."""

from typing import Annotated

import strawberry

from api.context import Info
from api.mutations import ended, seen
from api.permissions.requires import requires
from api.schema.subscriber_changes import (
    AddProtectionProofInput,
    EndProtectionProofInput,
    ProtectionProofPayload,
)
from api.schema.subscribers import ProtectionProof, Subscriber
from db.enums import Scope
from db.ids import ProofId, SubscriberId
from domain.subscribers import protection
from domain.subscribers.protection import Detail

Added = Annotated[AddProtectionProofInput, strawberry.argument(description="Who, why, and when.")]
Ended = Annotated[EndProtectionProofInput, strawberry.argument(description="Which, and when.")]


@strawberry.type
class ProtectionMutation:
    @strawberry.mutation(
        description="Say why a subscriber must not be cut off.",
        extensions=[requires(Scope.SUBSCRIBERS_WRITE), requires(Scope.SUBSCRIBERS_PROTECTION)],
    )
    async def add_protection_proof(self, info: Info, input: Added) -> ProtectionProofPayload | None:
        subscriber_id = await seen(
            info, Subscriber, input.subscriber_id, argument="input.subscriberId"
        )
        operation = protection.add(
            company_id=info.context.signed_in.company_id,
            subscriber_id=SubscriberId(subscriber_id),
            detail=Detail(kind=input.kind, document=input.document, note=input.note),
            valid_from=input.valid_from,
            valid_until=input.valid_until,
            keyring=info.context.equipment.keyring,
        )
        return await ended(info, ProtectionProofPayload, ProtectionProof, operation)

    @strawberry.mutation(
        description="Say when a protection ends.",
        extensions=[requires(Scope.SUBSCRIBERS_WRITE), requires(Scope.SUBSCRIBERS_PROTECTION)],
    )
    async def end_protection_proof(self, info: Info, input: Ended) -> ProtectionProofPayload | None:
        operation = protection.end(
            company_id=info.context.signed_in.company_id,
            proof_id=ProofId(await seen(info, ProtectionProof, input.id)),
            expected_version=input.expected_version,
            valid_until=input.valid_until,
        )
        return await ended(info, ProtectionProofPayload, ProtectionProof, operation)
