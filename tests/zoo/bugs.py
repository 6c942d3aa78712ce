"""The zoo: every bug that must be caught. The table is the gate, and the page of the documentation is made of it."""

from typing import Final

from tests.zoo.bug import Barred, Bug
from tests.zoo.of_answers import ANSWERS
from tests.zoo.of_books import BOOKS
from tests.zoo.of_guards import GUARDS
from tests.zoo.of_lots import LOTS
from tests.zoo.of_running import RUNNING
from tests.zoo.of_sending import SENDING

BUGS: Final[tuple[Bug, ...]] = tuple(
    sorted((*SENDING, *ANSWERS, *BOOKS, *GUARDS, *LOTS, *RUNNING), key=lambda bug: bug.number)
)
BARRED: Final = (
    Barred(
        21,
        "what is told of an order that nobody knows is dropped",
        "What was dropped is asked for: an order whose figures exceed its booked executions is asked about until they agree.",
    ),
    Barred(
        31,
        "the budget is reserved outside the transaction of the intent",
        "The ruling is a function of the standing that the transaction reads under the account's lock, and it returns the reservation; "
        "there is no other place for one.",
    ),
    Barred(
        46,
        "a stream that stands and says nothing is taken for a quiet one",
        "Four notice it: the beat that is missing, the proof at each turn, the exchange that hangs up on whoever does not answer, and the "
        "question about every order of which nothing was said for ten seconds. With the first two broken the books still come out right.",
    ),
)
