"""Where the judge is and how it is asked, as a person says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlsplit

from skillbench.errors import BenchError
from skillrt.controls import CONTROL_SCHEME, control_named
from skillrt.endpoints.config import EndpointConfig

__all__ = ["LOCAL", "Endpoint", "asked_for"]

LOCAL = "local"
"""The base URL that means the embedded judge."""

# A small model under a grammar writes short; the embedded server has one slot, and two conversations
# in it push each other out of its prefix cache.
_LOCAL_MAX_TOKENS = 512
_LOCAL_CONCURRENCY = 1

_SECRET_PARAMETER: Final = re.compile(
    r"(?:.*[-_.])?(?:api)?(?:key|token|secret|password|signature|sig|code|auth|authorization)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the judge is and how it is asked, as a person says it: None is left to :meth:`config`."""

    base_urls: tuple[str, ...]
    model: str | None = None
    api_key: str | None = None
    temperature: float = 0.0
    max_tokens: int | None = None
    seed: int | None = 0
    enable_thinking: bool = False
    request_timeout_s: float = 300.0
    tool_mode: Literal["native", "schema"] | None = None
    concurrency: int | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    rpm: float | None = None
    tpm: float | None = None
    max_wait_s: float = 120.0

    @property
    def local(self) -> bool:
        """Whether the embedded judge is meant."""
        return LOCAL in self.base_urls

    @property
    def control(self) -> str | None:
        """The control that is meant, None for a model."""
        url = self.base_urls[0]
        if not url.startswith(CONTROL_SCHEME):
            return None
        try:
            return control_named(url)
        except ValueError as error:
            raise BenchError(str(error)) from error

    def config(self) -> EndpointConfig:
        """Fill in what was left open.

        Raises:
            BenchError: no model is named, a URL is none, or ``local`` stands beside other servers.
        """
        for url in self.base_urls:
            _check_url(url)
        if (self.local or self.control) and len(self.base_urls) > 1:
            alone = next(url for url in self.base_urls if url == LOCAL or url.startswith(CONTROL_SCHEME))
            raise BenchError(f"--base-url {alone} is one judge in this process; no other can stand beside it")
        model = self.model
        if self.control:
            if model not in (None, self.control):
                raise BenchError(
                    f"the judge is the control {self.control}; leave --model out, or name a server"
                )
            model = self.control
        if self.local:
            from skillrt.embedded.model import MODEL_ALIAS

            if model not in (None, MODEL_ALIAS):
                raise BenchError(f"the embedded judge is {MODEL_ALIAS}; leave --model out, or name a server")
            model = MODEL_ALIAS
        if model is None:
            raise BenchError("name the model with --model, as the server calls it")
        return EndpointConfig(
            base_urls=self.base_urls,
            model=model,
            api_key=self.api_key,
            temperature=self.temperature,
            max_tokens=self.max_tokens or (_LOCAL_MAX_TOKENS if self.local else 2048),
            seed=self.seed,
            enable_thinking=None if self.local else self.enable_thinking,
            request_timeout_s=self.request_timeout_s,
            concurrency=self.concurrency or (_LOCAL_CONCURRENCY if self.local else 16),
            tool_mode=self.tool_mode or ("schema" if self.local else "native"),
            headers=self.headers,
            secrets=self.secrets,
            extra_body=self.extra_body,
            rpm=self.rpm,
            tpm=self.tpm,
            max_wait_s=self.max_wait_s,
        )


def asked_for(config: EndpointConfig) -> dict[str, Any]:
    """Return what ``run.json`` says of how the servers were asked, without any value of a header."""
    said: dict[str, Any] = {
        "concurrency": config.concurrency,
        "request_timeout_s": config.request_timeout_s,
        "max_wait_s": config.max_wait_s,
    }
    if config.headers:
        said["headers"] = [name for name, _ in config.headers]
    return said | {name: bound for name in ("rpm", "tpm") if (bound := getattr(config, name)) is not None}


def _check_url(url: str) -> None:
    if url == LOCAL or url.startswith(CONTROL_SCHEME):
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BenchError(f"--base-url {url} is no URL such as http://127.0.0.1:8000/v1, and not: local")
    if parts.username or parts.password:
        # It would end up in run.json, in the traces and in process lists.
        raise BenchError("a base URL must not hold a password: put it into the variable of --api-key-env")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if _SECRET_PARAMETER.fullmatch(name):
            raise BenchError(
                f"a base URL must not hold a key, as its parameter {name} seems to: put it into the variable "
                "of --api-key-env, or into one that --header NAME=env:VAR names"
            )
