"""The Moonshine network: sound in, words out. Shared by every call of the process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from visavis.engines.models import require
from visavis.engines.ports import SPEECH_RATE, EngineUnavailableError, Pcm
from visavis.engines.stt.moonshine.hotwords import Hotwords, HotwordState
from visavis.engines.stt.moonshine.tokenizer import END_TOKEN, START_TOKEN, Tokenizer

MAX_SECONDS = 15.0
"""Longest segment the network takes well; its cost grows faster than the length."""

MIN_SAMPLES = 1600
"""The convolutions at its front need about 60 ms; shorter sounds are padded to 100 ms."""

TOKENS_PER_SECOND = 6.5
"""Bound on what can be said; past it the decoder is repeating itself."""

MAX_LOSS = 12.0
"""Natural log-probability of the whole segment that one more hotword may cost."""

DECODE_TIMEOUT = 30.0
"""Seconds a recognition may take, waiting included, before the engine counts as stuck."""


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Words of one segment, how many tokens they took, and the mean natural log-probability of a token."""

    text: str
    tokens: int
    log_probability: float


class MoonshineModel:
    """Encoder, decoder and vocabulary. Thread-safe."""

    def __init__(self, encoder: Path, decoder: Path, tokenizer: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        self._encoder = onnxruntime.InferenceSession(str(encoder), options, providers=["CPUExecutionProvider"])
        self._decoder = onnxruntime.InferenceSession(str(decoder), options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer(tokenizer)
        self._empty_past: dict[str, NDArray[np.float32]] = {}
        for node in self._decoder.get_inputs():
            if node.name.startswith("past_key_values"):
                _, heads, _, width = node.shape
                self._empty_past[node.name] = np.zeros((1, heads, 0, width), np.float32)
        presents = [node.name for node in self._decoder.get_outputs()[1:]]
        self._past_names = [name.replace("present", "past_key_values") for name in presents]

    def transcribe(
        self, audio: Pcm, hotwords: Hotwords | None = None, cancelled: Callable[[], bool] = lambda: False
    ) -> Decoded:
        """Return the words in at most `MAX_SECONDS` of sound; fewer when `cancelled` turns true on the way.

        Greedy decoding. Blocks for about 35 ms of CPU per second of sound: call it in a thread.
        """
        sound = audio.astype(np.float32)[None] / 32768
        sound = np.pad(sound, ((0, 0), (0, max(0, MIN_SAMPLES - sound.shape[1]))))
        # The decoder derives lengths from a mask over samples, not over encoder states: given the latter it goes
        # wrong above nine seconds.
        mask = np.ones(sound.shape, np.int64)
        states = self._encoder.run(None, {"input_values": sound, "attention_mask": mask})[0]
        limit = max(8, int(sound.shape[1] / SPEECH_RATE * TOKENS_PER_SECOND) + 1)
        inputs = {"encoder_attention_mask": mask, "encoder_hidden_states": states}
        if not hotwords:
            return self._decode(inputs, limit, None, cancelled)[0]
        favoured, changed = self._decode(inputs, limit, hotwords.start(), cancelled)
        if not changed:
            return favoured
        plain = self._decode(inputs, limit, None, cancelled)[0]
        return favoured if _worth_it(favoured, plain, hotwords) else plain

    def _decode(
        self,
        inputs: Mapping[str, NDArray[Any]],
        limit: int,
        favour: HotwordState | None,
        cancelled: Callable[[], bool],
    ) -> tuple[Decoded, bool]:
        """Return at most `limit` tokens, the likeliest at each step, and whether `favour` changed any of them."""
        past = dict(self._empty_past)
        ids = [START_TOKEN]
        log_probabilities: list[float] = []
        changed = False
        while len(ids) <= limit and ids[-1] != END_TOKEN and not cancelled():
            first = len(ids) == 1
            step = {"input_ids": np.array([[ids[-1]]], np.int64), "use_cache_branch": np.array([not first])}
            logits, *present = self._decoder.run(None, {**inputs, **step, **past})
            scores = logits[0, -1]
            token = likeliest = int(scores.argmax())
            if favour:
                token = int(favour.apply(scores).argmax())
                favour.advance(token)
                changed |= token != likeliest
            top = scores[likeliest]
            log_probabilities.append(float(scores[token] - top - np.log(np.exp(scores - top).sum())))
            ids.append(token)
            for name, value in zip(self._past_names, present, strict=True):
                # What the decoder keeps of the encoder is computed once, in the first step.
                if first or ".decoder." in name:
                    past[name] = value
        mean = float(np.mean(log_probabilities)) if log_probabilities else 0.0
        return Decoded(self.tokenizer.decode(ids), len(log_probabilities), mean), changed


def _worth_it(favoured: Decoded, plain: Decoded, hotwords: Hotwords) -> bool:
    """Keep the hotwords' version only where it completes one more of them, at a bearable loss of likelihood.

    Otherwise the bonus led into a word that only begins like a hotword.
    """
    gained = hotwords.count(favoured.text) - hotwords.count(plain.text)
    loss = plain.tokens * plain.log_probability - favoured.tokens * favoured.log_probability
    return gained > 0 and loss <= gained * MAX_LOSS


class Recogniser:
    """The model and the few threads that run it, so that many calls cannot starve the process."""

    def __init__(self, model: MoonshineModel) -> None:
        self.model = model
        self._workers = max(1, min(4, (os.cpu_count() or 2) // 2))
        self._executor = ThreadPoolExecutor(self._workers, thread_name_prefix="visavis-stt")
        self._jobs = 0
        self._count = Lock()

    @property
    def busy(self) -> bool:
        """True while new work would have to wait."""
        return self._jobs >= self._workers

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run `work` in one of the threads. Raises EngineUnavailableError when that takes far too long."""
        with self._count:
            self._jobs += 1
        future = self._executor.submit(work)
        future.add_done_callback(lambda _: self._done())
        try:
            async with asyncio.timeout(DECODE_TIMEOUT):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise EngineUnavailableError(
                f"Speech recognition did not finish within {DECODE_TIMEOUT:.0f} s; the machine is overloaded."
            ) from error

    def _done(self) -> None:
        with self._count:
            self._jobs -= 1


_lock = Lock()


def shared(folder: Path | None = None) -> Recogniser:
    """The recogniser of this process, loaded on first use (about half a second). Raises ModelError."""
    with _lock:
        return _load(
            require("moonshine-tiny-en-encoder", folder),
            require("moonshine-tiny-en-decoder", folder),
            require("moonshine-tiny-en-tokenizer", folder),
        )


@cache
def _load(encoder: Path, decoder: Path, tokenizer: Path) -> Recogniser:
    return Recogniser(MoonshineModel(encoder, decoder, tokenizer))
