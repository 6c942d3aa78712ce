"""Every answer and frame of the exchange that is recorded here, by a name of its own: `file: what`.

Of some only the result was kept, of others only the order in it.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent / "exchange"
RESULTS: Final = (
    "book_rest",
    "candlestick_rest",
    "open_orders",
    "tickers",
    "trades_rest",
    "user_trades",
)
# In the examples of the documentation ids are placeholders between bars.
BAR: Final = "|"

Bodies = dict[str, list[Any]]


def load(name: str) -> Any:  # noqa: ANN401 - a recording is whatever the exchange answered
    """One file."""
    return json.loads((HERE / f"{name}.json").read_bytes())


def answers() -> Bodies:
    """Every recorded answer to a request."""
    found: Bodies = defaultdict(list)
    for name, body in load("production_responses")["responses"].items():
        found[f"production_responses: {name}"].append(body)
    for name in RESULTS:
        found[f"{name}: result"].append(load(f"recorded/{name}")["result"])
    found["instruments: public/get-instruments"].append(load("instruments"))
    found["user_balance: result"] = [each["result"] for each in load("recorded/user_balance")]
    for event in (event for life in lives() for event in life["events"]):
        name = _asked(event)
        if name is not None:
            found[name].append(event.get("response", event.get("order")))
    for event in load("recorded/balance_lag_sequence")["events"]:
        if "response" in event:
            found["balance_lag_sequence: private/create-order"].append(event["response"])
    for name, text in load("recorded/docstyle_payloads_jkorf")["files"].items():
        if name.startswith("Endpoints"):
            found[f"docstyle: {name.rpartition('/')[2]}"].append(_json(text))
    return dict(found)


def frames() -> Bodies:
    """Every recorded frame of a socket; of the examples of the documentation the news or the answer alone."""
    found: Bodies = defaultdict(list)
    for each in load("ws_server_frames")["frames"]:
        found[f"ws_server_frames: {each['name']}"].append(each["frame"])
    for channel, told in load("recorded/ws_messages").items():
        for each in told:
            message = each["message"]
            what = _state(message["data"][0]) if channel == "user.order" else ""
            found[f"ws_messages: {channel} {what}".strip()].append(message)
    for life in lives():
        for event in life["events"]:
            if event["kind"] == "ws user.order":
                name = f"order_lifecycles: user.order {_state(event['order'])}"
                found[name].append(event["order"])
    for name, text in load("recorded/docstyle_payloads_jkorf")["files"].items():
        if not name.startswith("Endpoints"):
            found[f"docstyle: {name.rpartition('/')[2]} (socket)"].append(_json(text))
    return dict(found)


def lives() -> list[dict[str, Any]]:
    """The recorded lives of orders."""
    scenarios = load("recorded/order_lifecycles")["scenarios"]
    return [life for own in scenarios.values() for life in own]


def _asked(event: dict[str, Any]) -> str | None:
    """What an event of a life answers, if it does."""
    if event["kind"] == "ws user.order":
        return None
    if "order" in event:
        return f"order_lifecycles: {event['kind']} {_state(event['order'])}"
    return f"order_lifecycles: {event['method']}"


def _state(order: dict[str, Any]) -> str:
    return f"{order['order_type']} {order['status']}"


def _json(text: str) -> Any:  # noqa: ANN401 - likewise
    """The last JSON object of a documented conversation."""
    last = text[text.rindex("\n{") + 1 :] if "\n{" in text else text
    for number in range(9):
        last = last.replace(f"{BAR}{number}{BAR}", str(number))
    return json.loads(last)
