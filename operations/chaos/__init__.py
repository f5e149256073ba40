"""Faults under load on the local stack, and the proof that nothing was lost or counted twice."""

from operations.chaos.experiment import run

__all__ = ["run"]
