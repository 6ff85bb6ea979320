"""``skillbench endpoints check``: what a server can and cannot do, in one table.

Exit codes: 0 the servers can be used; 1 one of them cannot; 2 wrong use.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from skillbench.commands.arguments import add_request_arguments, request_options
from skillbench.errors import BenchError

if TYPE_CHECKING:
    from skillrt.endpoints.config import EndpointConfig
    from skillrt.endpoints.probe import Finding

__all__ = ["add_arguments", "run", "run_command"]

_MARKS = {True: "yes", False: "no", None: "?"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``skillbench endpoints``, whose one action is ``check``."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_check_arguments(actions.add_parser("check", help="ask each server what it can do, in one table"))


def run_command(arguments: argparse.Namespace) -> int:
    """Run ``skillbench endpoints check``."""
    return run(arguments)


def _add_check_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``endpoints check``."""
    parser.add_argument(
        "--base-url", action="append", required=True, metavar="URL", help="server, repeatable, or: local"
    )
    parser.add_argument("--model", metavar="NAME", help="the model's name at the server")
    parser.add_argument(
        "--preset", metavar="NAME", help="model preset, which gives the name (skillbench models lists them)"
    )
    parser.add_argument(
        "--chat", action="store_true", help="check plain chats (the default where --tools is not given)"
    )
    parser.add_argument("--tools", action="store_true", help="check tool calls")
    parser.add_argument(
        "--timeout", type=float, default=60.0, metavar="S", help="a request's, in seconds (default: 60)"
    )
    parser.add_argument(
        "--api-key-env", default="OPENAI_API_KEY", metavar="VAR", help="environment variable with the key"
    )
    parser.add_argument(
        "--no-seed",
        dest="seed",
        action="store_const",
        const=None,
        default=0,
        help="send no sampling seed",
    )
    add_request_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Ask the servers, print the table, and return the exit code.

    Raises:
        BenchError: no model is named, there is no such preset, or a URL is none.
    """
    from skillbench.running.presets import find_preset
    from skillbench.running.run import Endpoint, local_judge

    config = Endpoint(
        base_urls=tuple(args.base_url),
        model=args.model or (find_preset(args.preset).served if args.preset else None),
        api_key=os.environ.get(args.api_key_env),
        request_timeout_s=args.timeout,
        seed=args.seed,
        **request_options(args),
    ).config()
    if args.timeout <= 0:
        raise BenchError("--timeout must be more than 0 seconds")
    with local_judge(config) as reachable:
        return asyncio.run(_check(reachable, chat=args.chat or not args.tools, tools=args.tools))


async def _check(config: EndpointConfig, *, chat: bool, tools: bool) -> int:
    from skillrt.endpoints import open_endpoints
    from skillrt.endpoints.probe import probe_chat, probe_tools, tool_mode

    usable = True
    async with open_endpoints(config) as transport:
        for number, server in enumerate(transport.servers):
            print(f"{server.url}  {config.model}")
            if chat:
                findings = await probe_chat(transport, number)
                _print(findings)
                usable &= {finding.what: finding.able for finding in findings}.get("answers") is True
            if tools:
                findings = await probe_tools(transport, number)
                _print(findings)
                mode = tool_mode(findings)
                usable &= mode is not None
                print(
                    f"  use --tool-mode {mode}" if mode else "  no call can be forced: use --delivery direct"
                )
    return 0 if usable else 1


def _print(findings: Sequence[Finding]) -> None:
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        print(f"  {finding.what:<{width}}  {_MARKS[finding.able]:<3}  {finding.detail}".rstrip())
