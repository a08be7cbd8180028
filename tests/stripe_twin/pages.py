"""The checkout page and the bank's page for 3-D Secure: plain forms, for people and for tests."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.stripe_twin import sessions
from tests.stripe_twin.calls import ACTS
from tests.stripe_twin.cards import CARDS
from tests.stripe_twin.forms import nested
from tests.stripe_twin.world import Object, Refusal, World

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ font: 1.1rem/1.5 system-ui; max-width: 26rem; margin: 4rem auto; padding: 0 1rem }}
button {{ font: inherit; display: block; width: 100%; padding: .6rem; margin: .4rem 0 }}
.note {{ color: #666; font-size: .9rem }} .said {{ color: #a00 }}</style>
<h1>{title}</h1>{said}<form method="post">{buttons}</form>
<p class="note">This is a twin of the payment provider. No money moves.</p>"""
SEE_OTHER = 303


class Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/checkout/{id}", self.checkout, methods=["GET", "POST"]),
            Route("/3ds/{id}", self.bank, methods=["GET", "POST"]),
        ]

    async def checkout(self, request: Request) -> Response:
        """Show the session, or submit it: `card` is a test card, or `cancel` goes back."""
        try:
            session = self._world.get("checkout.session", request.path_params["id"])
            if request.method == "POST":
                return self._submitted(session, await _answer(request, "card"))
        except Refusal as refusal:
            return _refused(refusal)
        return _checkout_page(session)

    def _submitted(self, session: Object, card: str) -> Response:
        if card == "cancel":
            return RedirectResponse(session["cancel_url"], SEE_OTHER)
        try:
            sessions.pay(self._world, session["id"], card)
        except Refusal as refusal:
            return _checkout_page(session, said=str(refusal), status=refusal.status)
        intent = self._world.get("payment_intent", session["payment_intent"])
        if intent["status"] == "requires_action":
            return RedirectResponse(f"/3ds/{intent['id']}", SEE_OTHER)
        return RedirectResponse(session["success_url"], SEE_OTHER)

    async def bank(self, request: Request) -> Response:
        """Ask whether it is really the customer: `answer` is yes or no."""
        intent_id = request.path_params["id"]
        if request.method == "GET":
            buttons = _button("answer", "yes", "Yes, it is me") + _button("answer", "no", "No")
            return _page("Is it you?", buttons)
        try:
            passed = await _answer(request, "answer") == "yes"
            ACTS["intent.authenticate"](self._world, {"id": intent_id, "passed": passed})
        except Refusal as refusal:
            return _refused(refusal)
        session = sessions.of_intent(self._world, intent_id)
        if session is None:
            return _page("Thank you", "")
        back = session["success_url"] if passed else session["url"]
        return RedirectResponse(back, SEE_OTHER)


async def _answer(request: Request, name: str) -> str:
    return str(nested((await request.body()).decode()).get(name, ""))


def _checkout_page(session: Object, *, said: str = "", status: int = 200) -> Response:
    amount = f"{session['amount_total'] / 100:.2f} {session['currency'].upper()}"
    buttons = "".join(
        _button("card", name, f"Pay with {brand} ···· {last4}: {outcome}")
        for name, (brand, last4, outcome) in CARDS.items()
    )
    return _page(f"Pay {amount}", buttons + _button("card", "cancel", "Go back"), said, status)


def _button(name: str, value: str, text: str) -> str:
    return f'<button name="{name}" value="{escape(value)}">{escape(text)}</button>'


def _page(title: str, buttons: str, said: str = "", status: int = 200) -> Response:
    told = f'<p class="said">{escape(said)}</p>' if said else ""
    return HTMLResponse(PAGE.format(title=escape(title), said=told, buttons=buttons), status)


def _refused(refusal: Refusal) -> Response:
    return _page("This is not possible", "", str(refusal), refusal.status)
