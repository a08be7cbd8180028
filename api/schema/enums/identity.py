"""What people and programs may do, and what is recorded of it."""

from api.permissions.requires import SCOPE_MEANINGS
from api.schema.enums.meanings import describe
from db.enums import ActorKind, EntryKind, ErasureReason, ProtectionKind, Role, Scope

describe(Scope, "What a role may do.", SCOPE_MEANINGS)
describe(
    Role,
    "What somebody is in a company.",
    {
        Role.ADMINISTRATOR: "May do everything in the company.",
        Role.OPERATOR: "Runs the field: sees all but how to reach subscribers.",
        Role.AUDITOR: "Sees everything in the company and changes nothing.",
        Role.PARTNER: "A firm that works for the company: sees devices, meters and readings.",
        Role.SUBSCRIBER: "Sees the own accounts, and what supplies them.",
        Role.DEVELOPER: "Staff of the platform: sees any company, but no money and no contacts.",
    },
)
describe(
    ActorKind,
    "What kind of actor made a change.",
    {
        ActorKind.USER: "Somebody who had signed in.",
        ActorKind.KEY: "A program with an API key.",
        ActorKind.JOB: "A job of ours.",
        ActorKind.COMMAND: "Somebody at the command line.",
        ActorKind.COLLECTOR: "A collector, speaking of itself.",
        ActorKind.SYSTEM: "Nobody said; the database's role tells.",
    },
)
describe(
    EntryKind,
    "What a daily entry tells of.",
    {
        EntryKind.ADDED: "An object was added.",
        EntryKind.UPDATED: "An object was changed.",
        EntryKind.DELETED: "An object was deleted.",
        EntryKind.READ: "Data of a person was read.",
    },
)
describe(
    ErasureReason,
    "Why a person's data was destroyed.",
    {
        ErasureReason.REQUESTED: "The person asked for it.",
        ErasureReason.RETENTION_ENDED: "It need not be kept any longer.",
        ErasureReason.MISTAKEN: "It should never have been taken.",
        ErasureReason.ORDERED: "An authority or a court ordered it.",
    },
)
describe(
    ProtectionKind,
    "Why a subscriber must not be cut off.",
    {
        ProtectionKind.LIFE_SUPPORT: "Somebody's life hangs on a device.",
        ProtectionKind.HEALTH: "Somebody is ill or frail.",
        ProtectionKind.PUBLIC_SERVICE: "The public depends on it.",
        ProtectionKind.COURT_ORDER: "A court has forbidden it.",
        ProtectionKind.OTHER: "The note says why.",
    },
)
