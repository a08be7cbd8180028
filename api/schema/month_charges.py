"""What became of a month at a metering point: its reactive energy, and its highest demand."""

from decimal import Decimal
from typing import Self

import strawberry

from api.context import Info
from api.global_ids import encode
from api.permissions.requires import requires
from api.schema.money import Money
from api.schema.scalars import DateTime, ExactNumber, Kwh, LocalDate, kwh
from api.schema.user_errors import UserError
from db.enums import ComponentKind, LineUnit, NettingPeriod, NotJudged, NotNetted, Scope
from domain.month_charges import queries
from domain.month_charges.netting import Netted

PER_KILO = 1000


@strawberry.type(description="That a fault of compensation caused what was over a limit.")
class CompensationFault:
    reason: str = strawberry.field(description="What whoever recorded it said.")
    recorded_at: DateTime = strawberry.field(description="When it was recorded.")

    @classmethod
    def of(cls, fault: queries.Fault) -> Self:
        return cls(reason=fault.reason, recorded_at=DateTime(fault.recorded_at))


@strawberry.type(description="The highest demand of a month.")
class PeakDemand:
    register: str = strawberry.field(description="Which register tells it, as an OBIS code.")
    kw: ExactNumber | None = strawberry.field(
        description="How many kilowatts, after the multiplier; null where no reading tells: then"
        " nothing is charged."
    )


@strawberry.type(description="How much of a component a month was charged as a whole.")
class MonthCharge:
    revision: int = strawberry.field(
        description="From 1 on; each later one is the difference to those before."
    )
    charged_at: DateTime = strawberry.field(description="When.")
    component: str = strawberry.field(description="Of the tariff.")
    rate: str | None = strawberry.field(
        description="The band's name or the slab's number, where the component has several."
    )
    kind: ComponentKind = strawberry.field(description="What it pays for.")
    quantity: ExactNumber = strawberry.field(
        description="How much, after the multiplier; below zero where it is taken back."
    )
    unit: LineUnit = strawberry.field(description="Of what.")
    price: ExactNumber = strawberry.field(description="Of one, in major units, before taxes.")
    amount: Money = strawberry.field(description="How much money, before taxes.")

    @classmethod
    def of(cls, line: queries.ChargedLine) -> Self:
        return cls(
            revision=line.revision,
            charged_at=DateTime(line.charged_at),
            component=line.component,
            rate=line.rate or None,
            kind=line.kind,
            quantity=ExactNumber(line.quantity.normalize()),
            unit=line.unit,
            price=ExactNumber(line.price.normalize()),
            amount=Money.of(line.amount, line.currency),
        )


@strawberry.type(description="Reactive energy of a month, inductive or capacitive.")
class ReactiveEnergy:
    kvarh: ExactNumber | None = strawberry.field(
        description="How many kilovar hours, after the multiplier; null while not known."
    )
    ratio: ExactNumber | None = strawberry.field(
        description="As a part of the active energy, to six decimals; null without any."
    )
    limit: ExactNumber | None = strawberry.field(
        description="Up to which part nothing is charged; null where no limit applies."
    )
    exceeded: bool = strawberry.field(description="Whether it is over the limit.")


@strawberry.type(description="How export made up for import in a month; energy is per direction.")
class MonthNetting:
    period: NettingPeriod = strawberry.field(
        description="Over which time, by the month's last prices that net."
    )
    imported: Kwh = strawberry.field(description="What was measured, after the multiplier.")
    exported: Kwh = strawberry.field(description="What was measured, after the multiplier.")
    netted: Kwh = strawberry.field(
        description="How much of each of the two is neither paid for nor paid."
    )
    untold: Kwh = strawberry.field(
        description="What was imported in days or hours that are not netted, for nobody knows how"
        " much came in them."
    )
    not_netted: NotNetted | None = strawberry.field(
        description="Why nothing is netted, or not all that could be; null for no reason."
    )

    @classmethod
    def of(cls, netted: Netted) -> Self:
        return cls(
            period=netted.period,
            imported=Kwh(netted.imported_kwh),
            exported=Kwh(netted.exported_kwh),
            netted=Kwh(netted.netted_kwh),
            untold=Kwh(netted.untold_kwh),
            not_netted=netted.not_netted,
        )


@strawberry.type(description="What became of a month of an account at a metering point.")
class MonthVerdict:
    found: strawberry.Private[queries.Verdict]
    account_id: strawberry.ID = strawberry.field(description="Who pays.")
    judged_at: DateTime = strawberry.field(description="When it was looked at last.")
    not_judged: NotJudged | None = strawberry.field(
        description="Why nothing is charged for reactive energy, whatever it was; null if judged."
    )
    active_energy: Kwh | None = strawberry.field(
        description="After the multiplier; null while not known."
    )
    inductive: ReactiveEnergy = strawberry.field(description="What coils took.")
    capacitive: ReactiveEnergy = strawberry.field(description="What capacitors gave.")
    compensation_fault: bool = strawberry.field(
        description="Whether a fault of compensation was recorded when it was looked at."
    )
    waived: bool = strawberry.field(
        description="Whether it was forgiven, for it came from a fault of compensation."
    )
    recalled_by: LocalDate | None = strawberry.field(
        description="The first day of the month whose violation ended that; null if none did."
    )
    charged_kvarh: ExactNumber = strawberry.field(
        description="How many kilovar hours of reactive energy are charged."
    )
    peaks: list[PeakDemand] = strawberry.field(
        description="The highest demand, by each register that the tariff has a price for."
    )
    netting: MonthNetting | None = strawberry.field(
        description="How export made up for import; null where the tariff nets nothing."
    )

    @strawberry.field(
        description="What was charged so far, by revision.",
        extensions=[requires(Scope.BALANCES_READ)],
    )
    async def charges(self, info: Info) -> list[MonthCharge] | None:
        reach = info.context.loaders.reach
        async with reach.connection() as connection:
            found = await queries.charges(connection, self.found, wall=reach.wall)
        return [MonthCharge.of(line) for line in found]

    @classmethod
    def of(cls, found: queries.Verdict) -> Self:
        recalled_by = found.recalled_by
        return cls(
            found=found,
            account_id=strawberry.ID(encode("Account", found.account_id)),
            judged_at=DateTime(found.judged_at),
            not_judged=found.not_judged,
            active_energy=None if found.active_wh is None else kwh(found.active_wh),
            inductive=ReactiveEnergy(
                kvarh=_kilo(found.inductive_varh),
                ratio=_exact(found.ratio(found.inductive_varh)),
                limit=_exact(found.inductive_limit),
                exceeded=found.inductive_over,
            ),
            capacitive=ReactiveEnergy(
                kvarh=_kilo(found.capacitive_varh),
                ratio=_exact(found.ratio(found.capacitive_varh)),
                limit=_exact(found.capacitive_limit),
                exceeded=found.capacitive_over,
            ),
            compensation_fault=found.compensation_fault,
            waived=found.waived,
            recalled_by=None if recalled_by is None else LocalDate(recalled_by),
            charged_kvarh=ExactNumber((Decimal(found.charged_varh) / PER_KILO).normalize()),
            peaks=[
                PeakDemand(register=register, kw=_kilo(peak)) for register, peak in found.peaks_w
            ],
            netting=None if found.netting is None else MonthNetting.of(found.netting),
        )


@strawberry.type(description="A month at a metering point, as it is charged as a whole.")
class MeteringPointMonth:
    compensation_fault: CompensationFault | None = strawberry.field(
        description="The fault that is recorded; null for none."
    )
    verdicts: list[MonthVerdict] = strawberry.field(
        description="What became of it, by account, as far as you may see them; none before the"
        " month has ended, and where nothing is due by the month."
    )


@strawberry.input(description="A fault of compensation to record.")
class RecordCompensationFaultInput:
    metering_point_id: strawberry.ID = strawberry.field(description="Where it was.")
    month: LocalDate = strawberry.field(description="Any day of the month in which it was.")
    reason: str = strawberry.field(description="What is known of it; 1 to 500 characters.")


@strawberry.input(description="A fault of compensation that was none.")
class RevokeCompensationFaultInput:
    metering_point_id: strawberry.ID = strawberry.field(description="Where it was recorded.")
    month: LocalDate = strawberry.field(description="Any day of the month of which it was.")
    reason: str = strawberry.field(description="Why it is revoked; 1 to 500 characters.")


@strawberry.type(description="How recording or revoking a fault of compensation ended.")
class CompensationFaultPayload:
    metering_point_month: MeteringPointMonth | None = strawberry.field(
        description="The month as it is now; its charges follow within minutes, once it has ended."
    )
    user_errors: list[UserError] = strawberry.field(description="Why nothing was changed.")


def _kilo(known: int | None) -> ExactNumber | None:
    return None if known is None else ExactNumber((Decimal(known) / PER_KILO).normalize())


def _exact(known: Decimal | None) -> ExactNumber | None:
    return None if known is None else ExactNumber(known.normalize())
