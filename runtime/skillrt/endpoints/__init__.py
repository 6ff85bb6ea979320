"""Reaching judge models: configuration, request bodies, transport."""

from skillrt.endpoints.answers.reply import read_reply
from skillrt.endpoints.body import encode_body, request_body
from skillrt.endpoints.config import EndpointConfig, EndpointDown, EndpointFailure
from skillrt.endpoints.refusals import AllRefusedError
from skillrt.endpoints.transport import Conversation, Transport, open_endpoints

__all__ = [
    "AllRefusedError",
    "Conversation",
    "EndpointConfig",
    "EndpointDown",
    "EndpointFailure",
    "Transport",
    "encode_body",
    "open_endpoints",
    "read_reply",
    "request_body",
]
