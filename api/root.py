"""The schema as a whole."""

from functools import cache
from typing import cast

import strawberry
from graphql import GraphQLEnumType
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types.enum import StrawberryEnumDefinition

import api.schema.enums  # noqa: F401 - describes the words that the types use
from api.documents_review import Review
from api.engine import Engine
from api.resolvers.account_life import AccountLifeMutation
from api.resolvers.accounts import AccountMutation
from api.resolvers.adjustments import AdjustmentMutation
from api.resolvers.audit import AuditQuery
from api.resolvers.branches import BranchMutation
from api.resolvers.collectors import CollectorMutation
from api.resolvers.companies import CompaniesQuery, CompanyMutation
from api.resolvers.company import CompanyQuery
from api.resolvers.credentials import CredentialMutation, LinkMutation
from api.resolvers.cursor import CursorQuery
from api.resolvers.documents import DocumentMutation, DocumentQuery
from api.resolvers.emergency_credit import EmergencyCreditMutation
from api.resolvers.exports import ExportMutation
from api.resolvers.fields import FieldMutation
from api.resolvers.files import FileMutation
from api.resolvers.frames import FrameQuery
from api.resolvers.health import HealthQuery
from api.resolvers.held import HeldQuery
from api.resolvers.holidays import HolidayMutation, HolidayQuery
from api.resolvers.identity import IdentityMutation, IdentityQuery
from api.resolvers.imports import ImportMutation, ImportQuery
from api.resolvers.indicators import IndicatorQuery
from api.resolvers.invoices import InvoiceMutation, InvoiceQuery
from api.resolvers.jobs import JobMutation, JobQuery
from api.resolvers.keys import KeyMutation, KeyQuery
from api.resolvers.ledger import LedgerQuery
from api.resolvers.live import LiveSubscription
from api.resolvers.messages import MessageQuery
from api.resolvers.metering_points import MeteringPointMutation
from api.resolvers.meters import MeterMutation
from api.resolvers.month_charges import MonthChargeMutation, MonthChargeQuery
from api.resolvers.mountings import MountingMutation
from api.resolvers.nodes import NodeQuery
from api.resolvers.notices import NoticeMutation, NoticeQuery
from api.resolvers.oidc import OidcMutation, OidcQuery
from api.resolvers.payments import PaymentMutation, PaymentQuery
from api.resolvers.places import PlaceQuery
from api.resolvers.premises import PremisesMutation
from api.resolvers.protection import ProtectionMutation
from api.resolvers.rate_limit import RateLimitQuery
from api.resolvers.rf_modules import RfModuleMutation
from api.resolvers.roles import RoleMutation, RoleQuery
from api.resolvers.search import SearchQuery
from api.resolvers.sessions import SessionMutation
from api.resolvers.subscribers import SubscriberMutation
from api.resolvers.tariffs import TariffMutation, TariffQuery
from api.resolvers.topups import TopUpMutation, TopUpQuery
from api.resolvers.users import UserMutation, UserQuery
from api.schema.identity import InvalidCredentials, SecondFactorRequired, SessionEnded
from api.schema.node import NODES
from api.schema.scalars import SCALARS
from api.schema.user_errors import (
    AdjustmentDecided,
    IdempotencyConflict,
    RefundTooLarge,
    RfModuleFull,
    RuleBroken,
    ScopeNotHeld,
    SecondPersonNeeded,
    StaleVersion,
    TopUpAmountOutOfRange,
)

Query = merge_types(
    "Query",
    (
        CompanyQuery,
        CompaniesQuery,
        PlaceQuery,
        HealthQuery,
        FrameQuery,
        HeldQuery,
        NodeQuery,
        SearchQuery,
        IdentityQuery,
        CursorQuery,
        AuditQuery,
        UserQuery,
        RoleQuery,
        OidcQuery,
        RateLimitQuery,
        DocumentQuery,
        KeyQuery,
        ImportQuery,
        JobQuery,
        LedgerQuery,
        TariffQuery,
        MessageQuery,
        HolidayQuery,
        MonthChargeQuery,
        InvoiceQuery,
        PaymentQuery,
        NoticeQuery,
        TopUpQuery,
        IndicatorQuery,
    ),
)
Mutation = merge_types(
    "Mutation",
    (
        IdentityMutation,
        LinkMutation,
        CredentialMutation,
        SessionMutation,
        UserMutation,
        RoleMutation,
        OidcMutation,
        CompanyMutation,
        BranchMutation,
        FieldMutation,
        CollectorMutation,
        RfModuleMutation,
        MeterMutation,
        DocumentMutation,
        KeyMutation,
        FileMutation,
        ExportMutation,
        ImportMutation,
        JobMutation,
        PremisesMutation,
        MeteringPointMutation,
        MountingMutation,
        SubscriberMutation,
        ProtectionMutation,
        AccountLifeMutation,
        EmergencyCreditMutation,
        AccountMutation,
        AdjustmentMutation,
        TariffMutation,
        HolidayMutation,
        MonthChargeMutation,
        InvoiceMutation,
        PaymentMutation,
        NoticeMutation,
        TopUpMutation,
    ),
)
Subscription = merge_types("Subscription", (LiveSubscription,))
USER_ERRORS = (
    AdjustmentDecided,
    IdempotencyConflict,
    InvalidCredentials,
    RefundTooLarge,
    RfModuleFull,
    RuleBroken,
    ScopeNotHeld,
    SecondFactorRequired,
    SecondPersonNeeded,
    SessionEnded,
    StaleVersion,
    TopUpAmountOutOfRange,
)


class ApiSchema(strawberry.Schema):
    """Strawberry's schema, and the ways to execute it."""

    def __init__(self) -> None:
        super().__init__(
            query=Query,
            mutation=Mutation,
            subscription=Subscription,
            types=[*NODES.values(), *USER_ERRORS],
            config=StrawberryConfig(scalar_map=SCALARS, sort_schema=True),
        )
        self._give_members()

    def _give_members(self) -> None:
        """Let resolvers get members of enums: sorting a schema leaves them the names alone."""
        for name, kind in self._schema.type_map.items():
            known = self.schema_converter.type_map.get(name)
            if isinstance(kind, GraphQLEnumType) and known is not None:
                words = cast("StrawberryEnumDefinition", known.definition).wrapped_cls
                for value in kind.values.values():
                    value.value = words(value.value)

    def engine(self, *, production: bool) -> Engine:
        """Return a new engine, which executes for HTTP and for sockets."""
        return Engine(self._schema, production=production)

    @property
    def review(self) -> Review:
        """Return what says whether documents may be registered."""
        return Review.against(self._schema)


@cache
def api_schema() -> ApiSchema:
    """Return the schema. Making it takes a second, and nothing about it ever changes."""
    return ApiSchema()
