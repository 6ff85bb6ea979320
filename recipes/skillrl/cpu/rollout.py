"""A rollout backend for verl 0.9 that generates with transformers on the CPU.

Loaded by ``actor_rollout_ref.model.external_lib=skillrl.cpu.rollout`` and chosen by
``actor_rollout_ref.rollout.name=hfcpu``. Weights are really handed over after every step. Requests that
wait are generated together. What is drawn depends on the seed, the step, the prompt and which of its
siblings a rollout is, and not on the order of arrival: two runs on one rank draw the same. (With more
ranks verl spreads the siblings over them by load.)
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ray
import torch
from verl.workers.rollout import base
from verl.workers.rollout.replica import RolloutReplica, RolloutReplicaRegistry, TokenOutput

__all__ = ["NAME", "CpuAdapter", "CpuReplica", "CpuServer"]

NAME = "hfcpu"
_MOST_TOGETHER = 64
_GATHER_S = 0.02
_Drawn = tuple[list[int], list[float]]
"""A response: its tokens and their log-probabilities."""


@dataclass
class _Request:
    """One response to be drawn, and who waits for it."""

    prompt: list[int]
    most_tokens: int
    temperature: float
    draw: torch.Generator
    done: asyncio.Future[_Drawn]


class CpuServer:
    """Holds the policy's weights of this step and generates with them."""

    def __init__(self, path: str, most_tokens: int, seed: int) -> None:
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="sdpa")
        self._model = model.eval()
        ends = model.config.eos_token_id
        self._stops = set(ends) if isinstance(ends, list) else {ends}
        self._most_tokens = most_tokens
        self._seed = seed
        self._step: int | None = None
        self._siblings: Counter[str] = Counter()
        self._waiting: list[_Request] = []
        self._lock = asyncio.Lock()

    async def generate(
        self, request_id: str, prompt_ids: list[int], sampling_params: dict[str, Any], **_: Any
    ) -> Any:
        """Generate one response; the arguments are verl's."""
        del request_id
        temperature = float(sampling_params.get("temperature", 1.0))
        request = _Request(
            list(prompt_ids),
            int(sampling_params.get("max_tokens") or self._most_tokens),
            temperature,
            self._draw(list(prompt_ids), temperature),
            asyncio.get_running_loop().create_future(),
        )
        self._waiting.append(request)
        while not request.done.done():
            async with self._lock:
                if request.done.done():
                    break
                await asyncio.sleep(_GATHER_S)
                batch, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
                for waiting, drawn in zip(batch, await asyncio.to_thread(self._generate, batch), strict=True):
                    waiting.done.set_result(drawn)
        ids, logprobs = request.done.result()
        return TokenOutput(
            token_ids=ids,
            log_probs=logprobs if sampling_params.get("logprobs") else None,
            stop_reason="completed",
            extra_fields={"global_steps": self._step},
        )

    def _draw(self, prompt: list[int], temperature: float) -> torch.Generator:
        key = f"{self._seed} {self._step} {temperature} {prompt}"
        sibling = self._siblings[key]
        self._siblings[key] += 1
        digest = hashlib.sha256(f"{key} {sibling}".encode()).digest()
        return torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))

    @torch.no_grad()  # type: ignore[untyped-decorator, unused-ignore]
    def _generate(self, batch: list[_Request]) -> list[_Drawn]:
        longest = max(len(request.prompt) for request in batch)
        given = torch.zeros(len(batch), longest, dtype=torch.long)
        mask = torch.zeros_like(given)
        for row, request in enumerate(batch):
            given[row, longest - len(request.prompt) :] = torch.tensor(request.prompt)
            mask[row, longest - len(request.prompt) :] = 1
        places = (mask.cumsum(-1) - 1).clamp(min=0)
        drawn: list[_Drawn] = [([], []) for _ in batch]
        writing = set(range(len(batch)))
        cache = None
        while writing:
            out = self._model(
                given,
                attention_mask=mask,
                position_ids=places,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            cache = out.past_key_values
            tokens = [0] * len(batch)
            for row in sorted(writing):
                tokens[row] = self._token(batch[row], out.logits[row, -1].float(), drawn[row])
                if tokens[row] in self._stops or len(drawn[row][0]) >= batch[row].most_tokens:
                    writing.discard(row)
            given = torch.tensor(tokens)[:, None]
            mask = torch.cat([mask, torch.ones_like(given)], 1)
            places = places[:, -1:] + 1
        return drawn

    def _token(self, request: _Request, logits: torch.Tensor, drawn: _Drawn) -> int:
        """Draw the next token of a response and note it with its log-probability: the one that was drawn
        by, for the trainer compares it with its own."""
        scores = torch.log_softmax(logits / (request.temperature or 1.0), -1)
        if request.temperature:
            token = int(torch.multinomial(scores.exp(), 1, generator=request.draw))
        else:
            token = int(scores.argmax())
        drawn[0].append(token)
        drawn[1].append(float(scores[token]))
        return token

    async def load_weights(self, weights: dict[str, torch.Tensor], step: int | None) -> None:
        """Take the weights of a step."""
        async with self._lock:
            loaded = self._model.load_state_dict(
                {name: weight.float() for name, weight in weights.items()}, strict=False
            )
            if loaded.unexpected_keys:
                raise RuntimeError(f"weights that the policy does not have: {loaded.unexpected_keys[:3]}")
            self._step = step
            self._siblings.clear()

    async def idle(self, *_: Any, **__: Any) -> None:
        """Do nothing: there is no memory to hand back and no request to stop."""

    wake_up = sleep = clear_kv_cache = release_kv_cache = resume_kv_cache = idle
    abort_all_requests = resume_generation = start_profile = stop_profile = idle


class CpuReplica(RolloutReplica):  # type: ignore[misc, unused-ignore]
    """One server for one replica of the policy."""

    async def launch_servers(self) -> None:
        """Start the server."""
        server = (
            ray.remote(CpuServer)
            .options(num_cpus=0, name=f"{NAME}_server_{self.replica_rank}", max_concurrency=256)
            .remote(
                self.model_config.path,
                self.config.response_length,
                1000 * int(self.config.get("seed") or 0) + self.replica_rank,
            )
        )
        await server.__ray_ready__.remote()  # type: ignore[union-attr, unused-ignore]
        self.servers, self._server_handle = [server], server
        self._server_address = f"{NAME}:{self.replica_rank}"


class CpuAdapter(base.BaseRollout):  # type: ignore[misc, unused-ignore]
    """Hands the trainer's weights to the server."""

    async def resume(self, tags: list[str]) -> None:
        """Do nothing: the server is always there."""

    async def release(self) -> None:
        """Do nothing: the server is always there."""

    async def update_weights(
        self, weights: Iterable[tuple[str, torch.Tensor]], global_steps: int | None = None, **_: Any
    ) -> None:
        """Send the weights of a step. All ranks take part in gathering them, and each has a replica."""
        gathered = {name: weight.detach().to("cpu").clone() for name, weight in weights}
        server = ray.get_actor(f"{NAME}_server_{int(os.environ.get('RANK', '0'))}")
        await server.load_weights.remote(gathered, global_steps)


def _keep_reference_in_place() -> None:
    """Build the reference policy without offloading: verl moves it to pinned memory of the host, which
    there is none of without an accelerator, and it lies on the host already."""
    from torch.distributed.fsdp import OffloadPolicy
    from verl.workers.engine.fsdp import transformer_impl

    transformer_impl.CPUOffloadPolicy = lambda **_: OffloadPolicy()


_keep_reference_in_place()
base._ROLLOUT_REGISTRY[NAME, "async"] = f"{__name__}.{CpuAdapter.__name__}"
RolloutReplicaRegistry.register(NAME, lambda: CpuReplica)
