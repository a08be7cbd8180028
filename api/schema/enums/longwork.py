"""Files, and work that takes long."""

from api.schema.enums.meanings import describe
from db.enums import ImportMode, JobKind, JobState, TableFormat, TableKind

describe(
    JobKind,
    "What long work does.",
    {
        JobKind.IMPORT: "Reads tables into the hierarchy.",
        JobKind.EXPORT: "Writes it to tables.",
        JobKind.BANK_STATEMENT: "Takes in what a bank says was transferred.",
    },
)
describe(
    JobState,
    "How far long work is.",
    {
        JobState.QUEUED: "It waits for a worker.",
        JobState.RUNNING: "A worker is at it.",
        JobState.SUCCEEDED: "It is done.",
        JobState.FAILED: "It was given up; `failure` says why.",
        JobState.CANCELLED: "Somebody called it off.",
    },
)
describe(
    ImportMode,
    "What an import does with what is there already.",
    {
        ImportMode.CREATE_ONLY: "Refuses what is there otherwise, and leaves what is there so.",
        ImportMode.CREATE_OR_UPDATE: "Changes it to what the file says.",
    },
)
describe(
    TableKind,
    "What a table has rows of; sheets and CSV files are called so in lower case.",
    {
        TableKind.BRANCHES: "Branches.",
        TableKind.FIELDS: "Fields.",
        TableKind.COLLECTORS: "Collectors.",
        TableKind.RF_MODULES: "RF modules.",
        TableKind.METERS: "Meters.",
        TableKind.PREMISES: "Premises.",
        TableKind.METERING_POINTS: "Metering points.",
        TableKind.MOUNTINGS: "Which meter is mounted where now.",
        TableKind.SUBSCRIBERS: "Subscribers.",
        TableKind.ACCOUNTS: "Open accounts, a row for each metering point.",
    },
)
describe(
    TableFormat,
    "How tables are written.",
    {
        TableFormat.XLSX: "A workbook with a sheet for each kind.",
        TableFormat.CSV: "A ZIP with a CSV file for each kind, in UTF-8.",
    },
)
