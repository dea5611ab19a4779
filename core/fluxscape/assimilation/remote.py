"""Members on the workers of a ``dask.distributed`` scheduler instead of this machine's threads.

The problem of a site travels once; members travel in parts, as many as the workers have threads.
A member's predictions do not depend on the part it is run in: the result has the same bytes as one
of this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape._version import __version__
from fluxscape.assimilation.dlm_forward import DlmForward, SiteProblem
from fluxscape.assimilation.passes import Forward
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.errors import OutOfBoundsError, RunError

if TYPE_CHECKING:
    from distributed import Client

FloatArray = npt.NDArray[np.float64]
OnMembers = Callable[[int], None]
ForwardMaker = Callable[[SiteProblem, ParameterSpace, OnMembers], Forward]
"""Makes the forward operator of a site: problem, space, and what to call with members done."""

PATIENCE_SECONDS: Final = 30.0
"""How long to wait for a scheduler, and then for its first worker."""


def on_threads(threads: int) -> ForwardMaker:
    """Return what makes operators that run on threads of this process."""

    def make(problem: SiteProblem, space: ParameterSpace, on_members: OnMembers) -> Forward:
        return DlmForward(problem, space, threads=threads, on_members=on_members)

    return make


@contextmanager
def on_scheduler(address: str) -> Iterator[ForwardMaker]:
    """Connect to a scheduler and yield what makes operators that run on its workers.

    Parameters
    ----------
    address
        Such as ``tcp://10.0.0.5:8786``.

    Raises
    ------
    OutOfBoundsError
        If it is no such address.
    RunError
        If the scheduler does not answer, or has no worker.
    """
    from distributed import Client  # noqa: PLC0415

    if not address.startswith(("tcp://", "tls://")):
        msg = f"a scheduler's address looks like tcp://host:8786, got {address!r}"
        raise OutOfBoundsError(msg, got=address)
    try:
        client = Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"no scheduler answers at {address}: {error}"
        raise RunError(msg, address=address) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_SECONDS)
        except TimeoutError as error:
            msg = f"the scheduler at {address} has no workers: start one with `dask worker`"
            raise RunError(msg, address=address) from error
        yield _maker(client)


def _maker(client: Client) -> ForwardMaker:
    """Return what makes operators that run on the workers of a client."""

    def make(problem: SiteProblem, space: ParameterSpace, on_members: OnMembers) -> Forward:
        sent = client.scatter((problem, space), broadcast=True, hash=False)

        def forward(z: FloatArray) -> FloatArray:
            threads = max(sum(client.nthreads().values()), 1)
            parts = [part for part in np.array_split(z, threads) if part.size]
            # Each run counts: two parts may hold the same members in different passes.
            futures = client.map(
                _run_part, [sent] * len(parts), parts, version=__version__, pure=False
            )
            return _gathered(client, futures, [part.shape[0] for part in parts], on_members)

        return forward

    return make


def _gathered(
    client: Client, futures: list[Any], sizes: list[int], on_members: OnMembers
) -> FloatArray:
    """Return the parts in order, told of one by one; give the others up if it is cancelled."""
    from distributed import KilledWorker, as_completed  # noqa: PLC0415

    done, place = 0, {future.key: number for number, future in enumerate(futures)}
    found: list[FloatArray | None] = [None] * len(futures)
    try:
        for future in as_completed(futures, loop=client.loop):
            number = place[future.key]
            found[number] = future.result()
            done += sizes[number]
            on_members(done)
    except KilledWorker as error:
        msg = "workers of the scheduler were killed again and again, probably for want of memory"
        raise RunError(msg) from error
    finally:
        for future in futures:
            future.release()
    return np.concatenate([part for part in found if part is not None])


def _run_part(
    sent: tuple[SiteProblem, ParameterSpace], z: FloatArray, *, version: str
) -> FloatArray:
    """Run some members on a worker."""
    if version != __version__:
        msg = f"the worker has fluxscape {__version__}, the run {version}: install the same"
        raise RunError(msg, got=__version__, wanted=version)
    return DlmForward(*sent)(z)
