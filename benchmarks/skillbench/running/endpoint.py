"""Where the judge is and how it is asked, as a person says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from skillbench.errors import BenchError
from skillrt.endpoints.config import EndpointConfig
from skillrt.judging.controls import CONTROL_SCHEME, control_named
from skillrt.runtime import LOCAL, judge_config

__all__ = ["LOCAL", "Endpoint", "asked_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the judge is and how it is asked, as a person says it: None is left to ``config``."""

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
            BenchError: no model is named, a URL is none or holds a key, or ``local`` stands beside others.
        """
        try:
            return judge_config(
                self.base_urls,
                self.model,
                api_key=self.api_key,
                temperature=self.temperature,
                max_tokens=self.max_tokens,
                seed=self.seed,
                enable_thinking=self.enable_thinking,
                request_timeout_s=self.request_timeout_s,
                concurrency=self.concurrency,
                tool_mode=self.tool_mode,
                headers=self.headers,
                secrets=self.secrets,
                extra_body=self.extra_body,
                rpm=self.rpm,
                tpm=self.tpm,
                max_wait_s=self.max_wait_s,
            )
        except ValueError as error:
            raise BenchError(str(error)) from error


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
