"""What is said to people when a rule says no, by code and language."""

from collections.abc import Mapping

FALLBACK = "en"

MESSAGES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "ALREADY_FINISHED": "It has ended already.",
        "ALREADY_EXISTS": "There is one with this {field} already.",
        "CURRENCY_FIXED": "Money was charged in this currency already: it stays.",
        "DIGITS_TOO_FEW": "The register has shown {shown_kwh} kWh already: more digits are needed.",
        "INVALID_VALUE": "This is not valid; expected: {expected}.",
        "IN_USE": "Something that is active depends on it.",
        "PARENT_INACTIVE": "What it would belong to is not in use.",
        "REGISTER_ROLLED_OVER": "The register has rolled over: its digits cannot change any more.",
        "RF_MODULE_FULL": "The RF module has {limit} active meters already, and may have no more.",
        "KEY_ENDED": "The key has ended already.",
        "PLACE_NOT_HELD": "This is not within the place that you are confined to.",
        "ROTATION_UNDER_WAY": "The key has been rotated already: two of its name are in use.",
        "SCOPE_NOT_HELD": "You do not hold all of this yourself: {scopes}.",
        "TOO_MANY_DOCUMENTS": "There may be at most {limit} registered documents.",
        "TOO_MANY_KEYS": "There may be at most {limit} API keys in use.",
        "UNREGISTRABLE": "The document cannot be registered: {reason}.",
        "TOO_MANY_JOBS": "There is too much work waiting; let some of it end first.",
        "STORAGE_FULL": "The company's files leave no room for it; try again tomorrow.",
        "STALE_VERSION": "Somebody changed it in the meantime; look at it again.",
        "INVALID_CREDENTIALS": "The e-mail or the password is wrong.",
        "SESSION_ENDED": "The session has ended; sign in again.",
        "SECOND_FACTOR_REQUIRED": "Show a code of your second factor as well.",
        "WRONG_CODE": "The code is wrong or was used before.",
        "WRONG_PASSWORD": "This is not your password.",
        "PASSWORD_TOO_WEAK": "A password has {minimum} to {maximum} characters.",
        "LINK_INVALID": "This link is not good any more; ask for another.",
        "LAST_ADMINISTRATOR": "The company needs another active administrator first.",
        "ROLE_RETIRED": "This role is not in use any more.",
    },
    "tr": {
        "ALREADY_FINISHED": "Zaten sona erdi.",
        "ALREADY_EXISTS": "Bu değerle bir kayıt zaten var: {field}.",
        "CURRENCY_FIXED": "Bu para biriminde işlem yapıldı; artık değişemez.",
        "DIGITS_TOO_FEW": "Sayaç şimdiden {shown_kwh} kWh gösterdi: daha çok hane gerekir.",
        "INVALID_VALUE": "Geçersiz değer; beklenen: {expected}.",
        "IN_USE": "Etkin bir kayıt buna bağlı.",
        "PARENT_INACTIVE": "Bağlanacağı kayıt kullanımda değil.",
        "REGISTER_ROLLED_OVER": "Sayaç sıfırdan yeniden başladı: hane sayısı artık değişemez.",
        "RF_MODULE_FULL": "RF modülünde {limit} etkin sayaç var; daha fazlası eklenemez.",
        "KEY_ENDED": "Bu anahtarın süresi dolmuş ya da anahtar iptal edilmiş.",
        "PLACE_NOT_HELD": "Burası yetkili olduğunuz yerin dışında.",
        "ROTATION_UNDER_WAY": "Anahtar zaten yenilendi: bu adla iki anahtar kullanımda.",
        "SCOPE_NOT_HELD": "Bunların hepsine siz de sahip değilsiniz: {scopes}.",
        "TOO_MANY_DOCUMENTS": "En çok {limit} kayıtlı belge olabilir.",
        "TOO_MANY_KEYS": "En çok {limit} API anahtarı kullanımda olabilir.",
        "UNREGISTRABLE": "Belge kaydedilemez: {reason}.",
        "TOO_MANY_JOBS": "Bekleyen çok iş var; önce bir kısmının bitmesini bekleyin.",
        "STORAGE_FULL": "Şirketin dosyaları yer bırakmıyor; yarın yeniden deneyin.",
        "STALE_VERSION": "Bu kayıt bu arada değişti; yeniden bakın.",
        "INVALID_CREDENTIALS": "E-posta veya parola yanlış.",
        "SESSION_ENDED": "Oturum sona erdi; yeniden giriş yapın.",
        "SECOND_FACTOR_REQUIRED": "İkinci etkenin bir kodunu da girin.",
        "WRONG_CODE": "Kod yanlış veya daha önce kullanılmış.",
        "WRONG_PASSWORD": "Bu sizin parolanız değil.",
        "PASSWORD_TOO_WEAK": "Parola {minimum} ile {maximum} karakter arasında olmalı.",
        "LINK_INVALID": "Bu bağlantı artık geçerli değil; yenisini isteyin.",
        "LAST_ADMINISTRATOR": "Önce şirketin başka bir etkin yöneticisi olmalı.",
        "ROLE_RETIRED": "Bu rol artık kullanılmıyor.",
    },
}


def message(code: str, *, locale: str, facts: Mapping[str, object]) -> str:
    """Return the message in the language of `locale` (`tr` or `tr-TR`), else in English."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    known = MESSAGES.get(language, MESSAGES[FALLBACK])
    return known.get(code, MESSAGES[FALLBACK][code]).format_map(facts)
