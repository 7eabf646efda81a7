"""One call's side of the talk that thinks: turns in, clauses and tool calls out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from visavis.conversation.brain.context import Context
from visavis.conversation.brain.history import History
from visavis.conversation.brain.models import Choice
from visavis.conversation.brain.sentences import ClauseSplitter
from visavis.conversation.brain.speculation import Prepared, close, same_words
from visavis.engines.ports import ChatDelta, ChatRequest, LanguageModelError, Message, ToolCall

_APOLOGIES = (
    "I'm having trouble reaching my language model right now. Could you give me a moment and try again?",
    "I still can't reach my language model, so I can't answer that properly yet.",
    "My language model isn't answering at the moment. Let's try that once more in a little while.",
)
_BROKEN_OFF = "Sorry, I lost my train of thought: my language model stopped answering."


class Brain:
    """Answers turns with the chosen model, and keeps what was heard.

    `on_problem` gets a sentence, free of secrets, when the model fails; the person hears an apology instead of
    silence. One reply runs at a time: starting another, or closing the iterator, cancels it.
    """

    def __init__(
        self,
        choice: Choice,
        context: Context,
        *,
        persona: Mapping[str, Any],
        on_problem: Callable[[str], None],
        history: History | None = None,
    ) -> None:
        layers = persona.get("layers")
        layer = layers.get("llm") if isinstance(layers, Mapping) else None
        self._layer: Mapping[str, Any] = layer if isinstance(layer, Mapping) else {}
        self.choice = choice
        self.context = context
        self.history = history or History()
        self._on_problem = on_problem
        self._prepared: Prepared | None = None
        self._failures = 0

    @property
    def speculative(self) -> bool:
        """Whether the persona wants answers to be prepared before the turn is over (the default)."""
        return self._layer.get("speculative_inference") is not False

    async def prepare(self, partial: str) -> None:
        """Start to answer a stable partial transcript; `reply` uses it if the turn ends with these words."""
        if not self.speculative or not partial.strip():
            return
        previous = self._prepared
        if previous is not None and same_words(previous.text, partial):
            return
        # Exchanged before anything is awaited: two calls at a time must not lose one of the requests.
        self._prepared = Prepared(self.choice.model, self._request(partial), partial)
        if previous is not None:
            await previous.cancel()

    async def discard(self) -> None:
        """Drop a prepared answer: the person goes on, or the call ends."""
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            await prepared.cancel()

    async def reply(self, user_text: str | None, inference_id: str) -> AsyncGenerator[str | ToolCall, None]:
        """Add the person's turn and yield the answer: clauses to speak, whose join is the visible text, and tool calls.

        `None` instead of a text lets the model go on from the history as it is. The caller reports what was heard by
        `spoken` and `finish`.
        """
        stream = await self._stream(user_text)
        self.history.begin_reply(inference_id)
        splitter = ClauseSplitter()
        began = False
        try:
            async for delta in stream:
                if delta.tool_call is not None:
                    # What was said before the call is heard before it acts.
                    for clause in splitter.flush():
                        began = True
                        yield clause
                    self.history.tool_call(delta.tool_call)
                    yield delta.tool_call
                for clause in splitter.push(delta.text):
                    began = True
                    yield clause
            for clause in splitter.flush():
                yield clause
            self._failures = 0
        except LanguageModelError as error:
            self._on_problem(str(error))
            for clause in splitter.flush():
                began = True
                yield clause
            yield self._apology(began=began)
        finally:
            await close(stream)

    def spoken(self, text: str, inference_id: str | None = None) -> None:
        """Words of the reply that were heard."""
        self.history.spoken(text, inference_id)

    def finish(self, *, interrupted: bool, inference_id: str | None = None) -> None:
        """The reply is over: played to the end, or interrupted after what `spoken` told."""
        self.history.finish(interrupted=interrupted, inference_id=inference_id)

    async def close(self) -> None:
        await self.discard()
        await self.choice.model.close()

    async def _stream(self, user_text: str | None) -> AsyncIterator[ChatDelta]:
        text = (user_text or "").strip()
        request = self._request(text)
        if text:
            self.history.user(text)
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            if text and _same_question(prepared.request, request):
                return prepared.deltas()
            await prepared.cancel()
        return self.choice.model.stream(request)

    def _request(self, user_text: str) -> ChatRequest:
        messages = [Message("system", self.context.system_message()), *self.history.messages()]
        text = user_text.strip()
        if text and messages[-1].role == "user":
            messages[-1] = Message("user", f"{messages[-1].content}\n{text}")
        elif text:
            messages.append(Message("user", text))
        custom = self.choice.source == "persona"
        return ChatRequest(
            messages=messages,
            model=self.choice.name,
            tools=_mappings(self._layer.get("tools")),
            extra_body=_mapping(self._layer.get("extra_body")),
            # Meant for the persona's own server, and often secret: never sent to another one.
            headers={str(k): str(v) for k, v in _mapping(self._layer.get("headers")).items()} if custom else {},
            default_query=_mapping(self._layer.get("default_query")) if custom else {},
        )

    def _apology(self, *, began: bool) -> str:
        if began:
            return f" {_BROKEN_OFF}"
        self._failures += 1
        return _APOLOGIES[(self._failures - 1) % len(_APOLOGIES)]


def _same_question(prepared: ChatRequest, asked: ChatRequest) -> bool:
    """The context or the history may have changed since a request was prepared, even under the same words."""
    *before, partial = prepared.messages
    *now, turn = asked.messages
    return before == now and same_words(partial.content, turn.content)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, Sequence) else []
