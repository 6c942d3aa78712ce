"""A Ray cluster as a crew: the same evaluation as in the local pool, on every machine that Ray has.

The bars go into Ray's object store once and are mapped on each machine. Every machine must have this very code: one that has another
says so, instead of results that are almost the same.
"""

import logging
import socket
from collections.abc import Collection, Sequence
from typing import Any, Final

import ray

from interlock.errors import Misuse, Unreachable
from interlock.research.candidates import Candidate, Result
from interlock.research.code import code_of
from interlock.research.pool import Died, Evaluate, Make, Series, tried

LOCAL: Final = "local"
LOOK_S: Final = 10

# What this process of Ray has made of bars, by the object that they lie in; a worker may serve several sweeps in turn.
_made: Final[dict[str, Evaluate]] = {}


class OtherCode(Misuse):
    """A machine of the cluster computes with other code."""

    remedy = (
        "Install the same version on every machine of the cluster; nothing of this chunk was kept."
    )


class NoCluster(Unreachable):
    """No cluster answers, or none starts."""

    remedy = "Start one with `ray start --head` and give its address, or leave --ray away."


class Cluster:
    """All processors of a cluster: `local` starts one on this machine, `auto` or HOST:PORT joins one."""

    def __init__(self, make: Make, series: Series, address: str) -> None:
        is_ours = address == LOCAL
        try:
            if ":" in address:
                _look(address)
            ray.init(
                address=address,
                logging_level=logging.ERROR,
                log_to_driver=False,
                include_dashboard=False if is_ours else None,
            )
        except (
            Exception
        ) as error:  # a node that does not start in time is a bare Exception of Ray's
            raise NoCluster(f"No Ray cluster answers at {address}: {error}") from error
        self._code: Final = code_of()
        self._job: Final = ray.put((make, list(series)))
        self._evaluate: Final = ray.remote(_evaluate)

    @property
    def hands(self) -> int:
        """How many processors it has now."""
        return max(1, int(_resources().get("CPU", 1)))

    def send(self, chunk: Sequence[Candidate]) -> Any:  # noqa: ANN401 - a reference of Ray's
        """Has a chunk evaluated; Ray sends it again when a machine is lost."""
        return self._evaluate.remote([self._job], self._code, chunk)

    def first(self, tickets: Collection[Any]) -> Any:  # noqa: ANN401 - likewise
        """Waits for one of them."""
        ready, _ = ray.wait(list(tickets), num_returns=1)
        return ready[0]

    def take(self, ticket: Any) -> list[Result]:  # noqa: ANN401 - likewise
        """The results of a chunk; Died when its process died again and again."""
        try:
            found: list[Result] = ray.get(ticket)
        except ray.exceptions.RayTaskError as error:
            raise error.cause if isinstance(error.cause, Exception) else error from None
        except ray.exceptions.RayError as error:
            raise Died from error
        return found

    def close(self) -> None:
        """Leaves the cluster; one that was started here ends."""
        ray.shutdown()


def _look(address: str) -> None:
    """Ray itself would ask a machine that is not there for five minutes."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), LOOK_S).close()


def _resources() -> dict[str, float]:
    found: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]  # Ray does not say
    return found


def _evaluate(job: Sequence[Any], code: str, chunk: Sequence[Candidate]) -> list[Result]:
    """In a list the job is a reference still: it is fetched once for each process."""
    reference = job[0]
    name = reference.hex()
    if name not in _made:
        if code_of() != code:
            raise OtherCode(f"This cluster has a machine with {code_of()}, not {code}.")
        make, series = ray.get(reference)
        _made.clear()
        _made[name] = make(series)
    return [tried(_made[name], each) for each in chunk]
