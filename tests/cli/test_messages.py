"""What mail servers report is taken from a file or a pipe."""

from datetime import timedelta
from pathlib import Path

import pytest

from cli.endings import REFUSED
from cli.migrate import make_usable
from db import access
from db.enums import MessageChannel
from db.settings import Urls
from domain.identity import credentials
from domain.identity.keys import Keys
from domain.messages import operations
from domain.messages.letters import letter_id
from tests.cli.command_line import run
from tests.factories import KEYRING, NOW
from tests.reports import report


@pytest.fixture
async def letter(env: dict[str, str], database: Urls) -> str:
    """Return the id of a letter that was sent."""
    await make_usable(database, keyring=KEYRING, now=NOW)
    await access.connect(database, pool_size=2)
    try:
        keys = Keys(env["WATTLEDGER_TOKEN_SECRET"])
        await credentials.request_reset(email="a@b.example", keys=keys, locale="tr", now=NOW)
        (message,) = await operations.claim(
            channel=MessageChannel.MAIL, now=NOW + timedelta(seconds=1)
        )
        await operations.sent(message, now=NOW)
    finally:
        await access.close()
    return letter_id(keys, message.company_id, message.id)


def test_a_report_is_taken_from_a_file_and_from_a_pipe(
    env: dict[str, str], letter: str, tmp_path: Path
) -> None:
    file = tmp_path / "report.eml"
    file.write_bytes(report("delivered", letter))

    delivered = run(env, "message", "take-report", str(file))
    bounced = run(env, "message", "take-report", said=report("refused_mailbox", letter).decode())

    name = letter.rpartition(".")[0]
    assert delivered.stdout == f"Message {name}: delivered, now DELIVERED.\n"
    assert bounced.stdout == f"Message {name}: failed, now BOUNCED.\n"


@pytest.mark.parametrize(
    ("name", "of"),
    [
        pytest.param("out_of_office", None, id="other mail"),
        pytest.param("delivered", "0.1.guessed", id="a letter that we did not send"),
    ],
)
def test_what_is_no_report_of_ours_is_refused(
    env: dict[str, str], letter: str, name: str, of: str | None
) -> None:
    ended = run(env, "message", "take-report", said=report(name, of or letter).decode())

    assert (ended.returncode, ended.stdout) == (REFUSED, "")
    assert "message of ours" in ended.stderr
