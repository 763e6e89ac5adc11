"""Simulated volunteers: they fetch tasks and hand in masks over the HTTP API, like anybody else."""

import base64
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from lamella.studies.classes import ClassMap
from lamella.volumes import codec
from models.simulate.volunteers import Volunteer

# A web server that restarts is back within this time.
_PATIENCE = 60.0


@dataclass
class SimulatedVolunteer:
    """One account with its token, and how it draws."""

    client: httpx.Client
    study: str
    hand: Volunteer
    classes: ClassMap

    def work(self, truth: NDArray[np.uint8]) -> int | None:
        """Take one task of the open round and hand in a mask; the slice, or None if none is left.

        truth: (Z, H, W) classes 0..K, known to the simulation alone.
        """
        answer = self._ask("POST", f"/api/v1/studies/{self.study}/next", json={"kind": "round"})
        if answer.status_code == 204:
            return None
        task = answer.json()
        shape = (task["height"], task["width"])
        packed = self._ask("GET", task["proposal"]["url"]).content
        proposal = codec.unpack(packed, shape=shape, dtype=np.uint32)
        z, y0, x0 = task["z"], task["y0"], task["x0"]
        wanted = truth[z, y0 : y0 + shape[0], x0 : x0 + shape[1]]
        drawn = self.hand.correct(wanted, self.classes.to_classes(proposal))
        mask = self.classes.to_values(drawn.mask).astype(np.uint32)
        self._ask(
            "POST",
            f"/api/v1/assignments/{task['assignment_id']}/corrections",
            json=_correction(task, mask, proposal, drawn.seconds, drawn.strokes),
        )
        return int(z)

    def _ask(self, method: str, path: str, **body: Any) -> httpx.Response:
        """A request that outlives a restart of the server; refusals raise."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                answer = self.client.request(method, path, **body)
                if answer.status_code < 500 or time.monotonic() > deadline:
                    answer.raise_for_status()
                    return answer
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.5)


def _correction(
    task: dict[str, Any],
    mask: NDArray[np.uint32],
    proposal: NDArray[np.uint32],
    seconds: float,
    strokes: int,
) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "proposal_hash": task["proposal"]["hash"],
        "mask_hash": codec.mask_hash(mask),
        "difference": base64.b64encode(codec.pack(codec.xor(mask, proposal))).decode(),
        "active_seconds": seconds,
        "strokes": strokes,
        "consent_version": task["study"]["consent_version"],
    }


def work_through(
    volunteers: Sequence[SimulatedVolunteer], truth: NDArray[np.uint8], each: Any = None
) -> int:
    """Let all of them work in turn until nothing of the round is left for any; masks handed in."""
    masks = 0
    waiting = list(volunteers)
    while waiting:
        for volunteer in list(waiting):
            z = volunteer.work(truth)
            if z is None:
                waiting.remove(volunteer)
                continue
            masks += 1
            if each is not None:
                each(masks)
    return masks
