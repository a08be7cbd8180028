"""Files, and work that takes long."""

from enum import StrEnum


class FileKind(StrEnum):
    """Which way a stored file goes."""

    UPLOAD = "UPLOAD"
    DOWNLOAD = "DOWNLOAD"


class FileState(StrEnum):
    """How far a stored file is; only a READY one is read."""

    WAITING = "WAITING"
    RECEIVING = "RECEIVING"
    READY = "READY"


class JobKind(StrEnum):
    """What long work does."""

    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    BANK_STATEMENT = "BANK_STATEMENT"


class JobState(StrEnum):
    """How far long work is; the last three are final."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ImportMode(StrEnum):
    """What an import does with what is there already."""

    CREATE_ONLY = "CREATE_ONLY"
    CREATE_OR_UPDATE = "CREATE_OR_UPDATE"


class TableKind(StrEnum):
    """What a table of an import or an export has rows of."""

    BRANCHES = "branches"
    FIELDS = "fields"
    COLLECTORS = "collectors"
    RF_MODULES = "rf_modules"
    METERS = "meters"
    PREMISES = "premises"
    METERING_POINTS = "metering_points"
    MOUNTINGS = "mountings"
    SUBSCRIBERS = "subscribers"
    ACCOUNTS = "accounts"


class TableFormat(StrEnum):
    """How tables are written: a workbook, or a ZIP of CSV files."""

    XLSX = "XLSX"
    CSV = "CSV"
