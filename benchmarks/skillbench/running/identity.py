"""What ``run.json`` says of a run: what makes it this run and no other, and facts that are not compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skillbench.running.engine import Programs
from skillbench.suites.base import DataSummary, Suite
from skillrt.endpoints.config import EndpointConfig

if TYPE_CHECKING:
    from skillbench.running.run import RunOptions

__all__ = ["facts_of", "identity_of"]


def identity_of(
    options: RunOptions,
    suite: Suite,
    programs: Programs,
    delivery: str,
    summary: DataSummary,
    config: EndpointConfig,
) -> dict[str, Any]:
    """Return what must be the same to go on with a run."""
    links = {task: program.link for task, program in programs.main.items()}
    routed = [program.link for program in programs.direct.values()]
    return {
        "suite": options.suite,
        "mode": suite.mode,
        "skill": options.skill,
        "setting": next(iter(links.values())).setting,
        "delivery": delivery,
        "readout": options.readout,
        "data": [f"{file.name} {file.sha256}" for file in summary.files],
        **({"reader": options.reader} if options.reader != "ours" else {}),
        "routes": list(options.routes),
        "placement_seed": options.placement_seed,
        "model": config.model,
        "temperature": config.temperature,
        "max_tokens": config.max_tokens,
        "seed": config.seed,
        "enable_thinking": config.enable_thinking,
        "tool_mode": config.tool_mode,
        "links": {link.id: link.digest for link in (*links.values(), *routed)},
        "tasks": {task: link.task_digest for task, link in links.items()},
        "skill_digest": next(iter(links.values())).skill_digest,
    }


def facts_of(options: RunOptions, summary: DataSummary, config: EndpointConfig) -> dict[str, Any]:
    """Return what is recorded without being compared; a run may grow to a greater limit."""
    import platform
    from importlib.metadata import version

    return {
        "limit": options.limit,
        "rows": {
            "samples": summary.samples,
            "judgments": summary.judgments,
            "repeated_ids": summary.repeated_ids,
            "duplicates": summary.duplicates,
            "groups": dict(summary.groups),
        },
        "server": {"base_urls": list(config.base_urls), "models": []},
        "config": {"concurrency": config.concurrency, "request_timeout_s": config.request_timeout_s},
        "versions": {
            "skillc": version("skillc"),
            "openai": version("openai"),
            "python": platform.python_version(),
        },
    }
