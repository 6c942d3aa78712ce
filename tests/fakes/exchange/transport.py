"""An exchange of few words behind the Transport seam: each method is a function from its parameters to what is answered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import parse_qsl

from interlock.errors import NotSent, Unreachable
from interlock.ports import Gate, Reply, open_gate
from interlock.values import Instant


@dataclass(frozen=True)
class No:
    """A refusal: HTTP status, code, and whatever else the envelope carries."""

    status: int
    code: int
    message: str = "no"
    result: object = None
    bare: bool = False


Params = Mapping[str, object]
Word = Callable[[Params], object]


@dataclass
class FewWords:
    """Answers what it was taught, echoing id and method; an untaught method is 40002. It remembers every request."""

    words: dict[str, Word] = field(default_factory=dict)
    date: Instant | None = None
    heard: list[tuple[str, str, Params, Mapping[str, object]]] = field(default_factory=list)

    def teach(self, method: str, word: Word | object) -> None:
        self.words[method] = word if callable(word) else lambda _params: word

    def asked(self, method: str) -> list[Params]:
        return [params for _, name, params, _ in self.heard if name == method]

    async def request(self, verb: str, path: str, body: bytes, gate: Gate = open_gate) -> Reply:
        gate()
        method, _, query = path.partition("?")
        sent = json.loads(body, parse_float=Decimal) if body else {}
        params = sent["params"] if body else dict(parse_qsl(query))
        self.heard.append((verb, method, params, sent))
        said = self.words[method](params) if method in self.words else No(400, 40002)
        match said:
            case NotSent() | Unreachable():
                raise said
            case Reply():
                return said
            case No():
                return Reply(said.status, _refusal(sent.get("id", -1), method, said), self.date)
            case _:
                envelope = {"id": sent.get("id", -1), "method": method, "code": 0, "result": said}
                return Reply(200, json.dumps(envelope).encode(), self.date)


def _refusal(request_id: object, method: str, no: No) -> bytes:
    envelope: dict[str, object] = {"code": no.code, "message": no.message}
    if not no.bare:
        envelope = {"id": request_id, "method": method, **envelope}
    if no.result is not None:
        envelope["result"] = no.result
    return json.dumps(envelope).encode()
