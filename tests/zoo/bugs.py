"""The zoo: every bug that must be caught. The table is the gate, and the page of the documentation is made of it."""

from typing import Final

from tests.zoo.bug import Bug
from tests.zoo.of_answers import ANSWERS
from tests.zoo.of_books import BOOKS
from tests.zoo.of_guards import GUARDS
from tests.zoo.of_lots import LOTS
from tests.zoo.of_running import RUNNING
from tests.zoo.of_sending import SENDING

BUGS: Final[tuple[Bug, ...]] = tuple(
    sorted((*SENDING, *ANSWERS, *BOOKS, *GUARDS, *LOTS, *RUNNING), key=lambda bug: bug.number)
)
