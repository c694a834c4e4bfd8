"""The pages that payers see: Checkout, a hosted invoice, the bank's challenge, and the script that stands in for
Stripe's own on a page of ours. `POST /fake/pay {"reference": …, "card": …}` is for scripts.
"""

import json
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tests.fakes.forms import parse_form
from tests.fakes.stripe import checkout, intents, invoices
from tests.fakes.stripe.state import Body, RefusalError, State

if TYPE_CHECKING:
    from tests.fakes.stripe.fake import StripeFake

# As much of Stripe.js as a page with a Payment Element uses. The card's number goes to Stripe and never to the page.
_SCRIPT: Final = """
const home = new URL(document.currentScript.src).origin;
window.Stripe = (key) => ({
  elements: ({ clientSecret }) => ({
    clientSecret,
    create: () => ({
      mount: (place) => {
        const label = document.createElement("label");
        const card = document.createElement("input");
        card.autocomplete = "cc-number";
        label.append("Card number ", card);
        document.querySelector(place).append(label);
      },
    }),
  }),
  confirmPayment: async ({ elements, confirmParams }) => {
    const card = document.querySelector("input[autocomplete=cc-number]").value;
    const told = { key, secret: elements.clientSecret, card, return_url: confirmParams.return_url };
    const answer = await (await fetch(home + "/fake/confirm", { method: "POST", body: JSON.stringify(told) })).json();
    if (answer.error) return answer;
    location.assign(answer.url);
    return new Promise(() => {});
  },
});
"""
_CHALLENGE: Final = (
    "<!doctype html><title>Your bank</title><form method=post>"
    '<button name="challenge" value="pass">Complete authentication</button>'
    '<button name="challenge" value="fail">Fail authentication</button></form>'
)


async def answer(fake: "StripeFake", request: Request) -> Response:
    """What a payer's browser, or a script, gets."""
    path, state = request.url.path, fake.state
    body = (await request.body()).decode()
    try:
        if path == "/fake/pay":
            told = json.loads(body)
            return JSONResponse(fake.pay(told["reference"], told.get("card", "4242424242424242")))
        if path == "/fake/confirm":
            return JSONResponse(_confirm(state, json.loads(body)), headers={"Access-Control-Allow-Origin": "*"})
        return _page(state, request, parse_form(body))
    except RefusalError as refusal:
        return JSONResponse(refusal.body, refusal.status)


def _page(state: State, request: Request, form: Body) -> Response:
    kind, _, id_ = request.url.path.strip("/").rpartition("/")
    if kind == "c/pay":
        return _checkout(state, id_, request.method, form)
    if kind == "3ds":
        return _challenge(state, id_, request, form)
    if kind == "i":
        return HTMLResponse(invoices.answer_page(state, id_, form))
    if request.url.path == "/v3/":
        return Response(_SCRIPT, media_type="text/javascript")
    return HTMLResponse("<!doctype html><title>Stripe</title><p>Nothing to see here.</p>")


def _checkout(state: State, id_: str, method: str, form: Body) -> Response:
    if method == "GET":
        return HTMLResponse(checkout.page(state, id_))
    url, problem = checkout.answer_page(state, id_, form)
    return RedirectResponse(url, 303) if url else HTMLResponse(checkout.page(state, id_, problem))


def _confirm(state: State, told: Body) -> dict[str, Any]:
    """What the script asks for: where to go on, or what is wrong."""
    reference = str(told["secret"]).partition("_secret_")[0]
    if state.get("payment_intent", reference)["client_secret"] != told["secret"]:
        return {"error": {"message": "No such payment."}}
    try:
        intent = intents.confirm(state, {"payment_method": told["card"]}, reference)
    except RefusalError as refusal:
        return {"error": {"message": str(refusal)}}
    if intent["status"] == "requires_action":
        intent["next_action"]["redirect_to_url"]["return_url"] = told["return_url"]
        return {"url": intent["next_action"]["redirect_to_url"]["url"]}
    return {"url": told["return_url"]}


def _challenge(state: State, id_: str, request: Request, form: Body) -> Response:
    intent = state.get("payment_intent", id_)
    if request.method == "GET" or intent["next_action"] is None:
        return HTMLResponse(_CHALLENGE)
    url = intent["next_action"]["redirect_to_url"]["return_url"]
    intents.finish_challenge(state, id_, passed=form.get("challenge") == "pass")
    return RedirectResponse(url, 303)
