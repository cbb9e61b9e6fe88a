"""The room that speaks to Twilio: the only code of the product that imports the twilio SDK."""

from workers.gateway.base import Gateway
from workers.gateway.factory import get_gateway
from workers.gateway.outcomes import Accepted, Account, Ambiguous, Outcome, Permanent, Retryable

__all__ = [
    "Accepted",
    "Account",
    "Ambiguous",
    "Gateway",
    "Outcome",
    "Permanent",
    "Retryable",
    "get_gateway",
]
