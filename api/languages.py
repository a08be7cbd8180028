"""The languages that we speak to people in, and which of them a header asks for."""

from api.messages import FALLBACK, MESSAGES

HEADER_CHARACTERS_MAX = 200


def wanted(header: str | None) -> str | None:
    """Return the language that `Accept-Language` likes best of those that we speak, if any.

    A plain language tag, as `connection_init` has it, is such a header too.
    """
    best, liking_best = None, 0.0
    for part in (header or "")[:HEADER_CHARACTERS_MAX].split(","):
        tag, _, parameters = part.partition(";")
        language = tag.strip().replace("_", "-").partition("-")[0].lower()
        liking = _liking(parameters)
        if language in MESSAGES and liking > liking_best:
            best, liking_best = language, liking
    return best


def _liking(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def language_of(locale: str | None) -> str:
    """Return the language of `tr` or `tr-TR`; ours when there is none."""
    return wanted(locale) or FALLBACK
