"""Which work each kind of job is."""

from functools import partial

from db.enums import JobKind
from domain.exports.work import ExportWork
from domain.imports.work import ImportWork
from domain.payments.statement_work import StatementWork
from domain.subscribers.keyring import Keyring
from workers.long_jobs import Works


def works(keyring: Keyring) -> Works:
    """Return the work of each kind. keyring: opens and seals what is kept of people."""
    return {
        JobKind.IMPORT: partial(ImportWork, keyring=keyring),
        JobKind.EXPORT: partial(ExportWork, keyring=keyring),
        JobKind.BANK_STATEMENT: StatementWork,
    }
