"""Words that both the code and the database use. Members are never renamed or removed."""

from db.enums.accounts import *  # noqa: F403
from db.enums.identity import *  # noqa: F403
from db.enums.invoices import *  # noqa: F403
from db.enums.longwork import *  # noqa: F403
from db.enums.messages import *  # noqa: F403
from db.enums.metering import *  # noqa: F403
from db.enums.tariffs import *  # noqa: F403
from db.enums.topups import *  # noqa: F403
