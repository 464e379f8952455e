"""What one race has come to."""

from __future__ import annotations

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What one question at one size has come to: seconds of every round, by side."""

    question: str
    size: int
    n_elements: int
    n_bytes: int
    rounds: dict[str, list[float]]
    copy: float

    @property
    def medians(self) -> dict[str, float]:
        return {side: statistics.median(times) for side, times in self.rounds.items()}

    @property
    def best_peer(self) -> str:
        """The fastest side that is not jackern."""
        medians = self.medians
        return min((side for side in medians if side != "jackern"), key=medians.__getitem__)

    @property
    def ratio(self) -> float:
        """Time of jackern by that of the best peer."""
        return self.medians["jackern"] / self.medians[self.best_peer]

    @property
    def of_copy(self) -> float:
        """Bytes per second of jackern by those of a copy in the same rounds."""
        return self.copy / self.medians["jackern"]
