"""What is searched, and where it was found."""

from api.schema.enums.meanings import describe
from domain.search.ways import Match, MatchedIn, SearchType

describe(
    SearchType,
    "What a search can find.",
    {
        SearchType.METER: "Meters, by serial.",
        SearchType.RF_MODULE: "RF modules, by serial.",
        SearchType.COLLECTOR: "Collectors, by serial.",
        SearchType.BRANCH: "Branches, by name.",
        SearchType.FIELD: "Fields, by name.",
        SearchType.PREMISES: "Premises, by name.",
        SearchType.METERING_POINT: "Metering points, by code.",
        SearchType.ACCOUNT: "Accounts, by number.",
        SearchType.SUBSCRIBER: "Subscribers, by reference; by beginnings of names, whole telephone"
        " number and whole e-mail for those who may see them.",
    },
)
describe(
    MatchedIn,
    "Where a search found its text.",
    {
        MatchedIn.SERIAL: "In its serial.",
        MatchedIn.NAME: "In its name.",
        MatchedIn.CODE: "In its code.",
        MatchedIn.NUMBER: "In its number.",
        MatchedIn.REFERENCE: "In its reference.",
        MatchedIn.PHONE: "It is its telephone number, by the digits alone.",
        MatchedIn.EMAIL: "It is its e-mail.",
    },
)
describe(
    Match,
    "How much of what it was found in the text is.",
    {
        Match.EXACT: "All of it.",
        Match.PREFIX: "How it begins.",
        Match.PART: "A part of it.",
    },
)
