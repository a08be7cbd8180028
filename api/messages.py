"""What is said to people when a rule says no, by code and language."""

from collections.abc import Mapping

FALLBACK = "en"

MESSAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "ALREADY_EXISTS": "There is one with this {field} already.",
        "INVALID_VALUE": "This is not valid; expected: {expected}.",
        "IN_USE": "Something that is active depends on it.",
        "STALE_VERSION": "Somebody changed it in the meantime; look at it again.",
        "INVALID_CREDENTIALS": "The e-mail or the password is wrong.",
        "SESSION_ENDED": "The session has ended; sign in again.",
    },
    "tr": {
        "ALREADY_EXISTS": "Bu değerle bir kayıt zaten var: {field}.",
        "INVALID_VALUE": "Geçersiz değer; beklenen: {expected}.",
        "IN_USE": "Etkin bir kayıt buna bağlı.",
        "STALE_VERSION": "Bu kayıt bu arada değişti; yeniden bakın.",
        "INVALID_CREDENTIALS": "E-posta veya parola yanlış.",
        "SESSION_ENDED": "Oturum sona erdi; yeniden giriş yapın.",
    },
}


def message(code: str, *, locale: str, facts: Mapping[str, object]) -> str:
    """Return the message in the language of `locale` (`tr` or `tr-TR`), else in English."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    known = MESSAGES.get(language, MESSAGES[FALLBACK])
    return known.get(code, MESSAGES[FALLBACK][code]).format_map(facts)
