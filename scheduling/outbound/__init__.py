"""HTTP to servers that users name: `Outbound` is the one door, `hosts` says who may be called, `network` connects."""

from scheduling.outbound.outbound import Answer, Outbound

__all__ = ["Answer", "Outbound"]
