"""What messages say, in every language that we speak: templates, filled with facts.

A `.txt.j2` begins with the subject, then comes an empty line and the text; `.html.j2` is the same
for those who look at HTML, and `.sms.j2` is short. Pure but for reading templates.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from jinja2 import PackageLoader, StrictUndefined, TemplateNotFound, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from db.enums import MessageChannel, MessageKind
from domain.messages import formats
from domain.messages.facts import Facts, kind_of

SHORT_CHARACTERS_MAX = 480  # three of the parts that telephones put together, of Turkish letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a message speaks to, and for whom.

    name: None where nobody knows it. time_zone: by whose clock it tells times.
    link: where something can be done about it.
    """

    name: str | None
    company: str
    time_zone: str
    link: str


@dataclass(frozen=True, slots=True)
class Words:
    """A message in words. html: None where it is short."""

    subject: str
    text: str
    html: str | None


def worded(
    facts: Facts,
    addressee: Addressee,
    *,
    locale: str,
    channel: MessageChannel = MessageChannel.MAIL,
) -> Words:
    """Return a message in the language of `locale` (`tr` or `tr-TR`), else in English.

    :raises NotSpoken: messages of this kind do not go by this channel
    """
    language = formats.language_of(locale)
    given = {
        **{field.name: _plain(getattr(facts, field.name)) for field in fields(facts)},
        **{field.name: _plain(getattr(addressee, field.name)) for field in fields(addressee)},
        "language": language,
    }
    render = partial(_rendered, kind_of(facts), language, given)
    if channel is MessageChannel.SMS:
        return Words("", render("sms").strip()[:SHORT_CHARACTERS_MAX], None)
    subject, _, text = render("txt").partition("\n")
    return Words(subject, text.strip() + "\n", render("html"))


class NotSpoken(Exception):
    """Messages of this kind do not go by this channel."""


def _rendered(kind: MessageKind, language: str, given: dict[str, Any], form: str) -> str:
    try:
        template = _TEMPLATES.get_template(f"{kind.lower()}.{language}.{form}.j2")
    except TemplateNotFound as error:
        raise NotSpoken(f"{kind} by {form}") from error
    time_zone = given["time_zone"]
    writers: dict[str, Callable[..., str]] = {
        "money": partial(formats.money, language=language),
        "day": partial(formats.day, language=language),
        "moment": partial(formats.moment, time_zone=time_zone, language=language),
    }
    return template.render(**given, **writers)


def _plain(value: Any) -> Any:
    """Return a fact without breaks: names may be anything, but a subject has one line."""
    match value:
        case str():
            return " ".join(value.split())
        case tuple():
            return tuple(_plain(one) for one in value)
    return value


_TEMPLATES = ImmutableSandboxedEnvironment(
    loader=PackageLoader("domain.messages", "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
