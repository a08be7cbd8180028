"""Credit bought through payment providers."""

from api.schema.enums.meanings import describe
from db.enums import DisputeState, PaymentWay, RefundState, TopUpState

describe(
    PaymentWay,
    "How a payer pays through a payment provider.",
    {
        PaymentWay.CHECKOUT: "On a page of the provider's.",
        PaymentWay.CARD_FORM: "In the provider's own form within an app.",
        PaymentWay.SAVED_CARD: "With a card that the provider keeps.",
    },
)
describe(
    TopUpState,
    "How far a top-up is.",
    {
        TopUpState.STARTED: "It waits to be paid.",
        TopUpState.IN_FLIGHT: "It is paid, and the provider has not confirmed it.",
        TopUpState.CREDITED: "It is paid and credited.",
        TopUpState.FAILED: "It was not paid, and cannot be paid any more.",
        TopUpState.LAPSED: "Nobody paid it in time.",
        TopUpState.REFUNDED: "All of it was given back, or is being given back.",
        TopUpState.DISPUTED: "Its payer disputes it; the account does without it meanwhile.",
        TopUpState.CHARGED_BACK: "A dispute about it was lost.",
    },
)
describe(
    RefundState,
    "How far a refund is.",
    {
        RefundState.REQUESTED: "It was asked for, and the provider has not answered yet.",
        RefundState.PENDING: "The provider is at it.",
        RefundState.SUCCEEDED: "The provider has sent the money; it may still come back.",
        RefundState.FAILED: "The money came back, or was never sent: the account has it again.",
    },
)
describe(
    DisputeState,
    "How far a dispute is.",
    {
        DisputeState.OPEN: "The bank has not decided.",
        DisputeState.WON: "The bank decided for the company; funds come back after that.",
        DisputeState.LOST: "The bank decided for the payer.",
    },
)
