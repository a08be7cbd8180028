"""What mails say, in every language that we speak. Pure: plain text alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from db.enums import MessageKind

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Template:
    """A subject and a text, with the names of facts in braces."""

    subject: str
    text: str


TEMPLATES: Mapping[MessageKind, Mapping[str, Template]] = {
    MessageKind.INVITATION: {
        "en": Template(
            "Invitation to {company}",
            "Hello,\n\n{company} invites you to work with it in Wattledger. To accept, open this"
            " link until {until} UTC:\n\n{link}\n\nIf you do not know {company}, ignore this"
            " mail: nothing happens.\n",
        ),
        "tr": Template(
            "{company} daveti",
            "Merhaba,\n\n{company} sizi Wattledger'da birlikte çalışmaya davet ediyor. Kabul etmek"
            " için {until} (UTC) tarihine kadar şu bağlantıyı açın:\n\n{link}\n\n{company} size"
            " bir şey ifade etmiyorsa bu iletiyi yok sayın; hiçbir şey olmaz.\n",
        ),
    },
    MessageKind.PASSWORD_RESET: {
        "en": Template(
            "Choose a new password",
            "Hello {name},\n\nsomebody asked for a new password for your account at Wattledger. To"
            " choose one, open this link until {until} UTC:\n\n{link}\n\nIf it was not you, ignore"
            " this mail: your password stays as it is.\n",
        ),
        "tr": Template(
            "Yeni parola belirleyin",
            "Merhaba {name},\n\nWattledger hesabınız için yeni bir parola istendi. Belirlemek için"
            " {until} (UTC) tarihine kadar şu bağlantıyı açın:\n\n{link}\n\nBunu siz"
            " istemediyseniz bu iletiyi yok sayın; parolanız olduğu gibi kalır.\n",
        ),
    },
    MessageKind.PASSWORD_CHANGED: {
        "en": Template(
            "Your password was changed",
            "Hello {name},\n\nthe password of your account at Wattledger was changed at {at} UTC,"
            " and your other sessions were ended. If it was not you, choose a new one at once:"
            "\n\n{link}\n",
        ),
        "tr": Template(
            "Parolanız değiştirildi",
            "Merhaba {name},\n\nWattledger hesabınızın parolası {at} (UTC) tarihinde değiştirildi"
            " ve öteki oturumlarınız kapatıldı. Bunu siz yapmadıysanız hemen yeni bir parola"
            " belirleyin:\n\n{link}\n",
        ),
    },
}


def written(kind: MessageKind, *, locale: str, facts: Mapping[str, str]) -> Template:
    """Return subject and text in the language of `locale` (`tr` or `tr-TR`), else in English."""
    languages = TEMPLATES[kind]
    template = languages.get(locale.partition("-")[0].lower(), languages[FALLBACK])
    # A company may be called anything, but a subject has one line.
    one_line = {name: " ".join(fact.split()) for name, fact in facts.items()}
    return Template(template.subject.format_map(one_line), template.text.format_map(one_line))
