"""What to ask next, by the kind of persona."""

from __future__ import annotations

from visavis.engines.llm.responder.persona import Persona
from visavis.engines.llm.responder.phrasing import plain
from visavis.engines.llm.responder.talk import Talk

_BANKS: dict[str, tuple[str, ...]] = {
    "interviewer": (
        "Could you tell me a little about yourself and your background?",
        "What attracts you to this kind of role?",
        "Which achievement are you most proud of?",
        "Can you describe a difficult situation at work and how you handled it?",
        "What would your last team say you do best?",
        "What is something you would like to get better at?",
        "How do you work under pressure?",
        "Where would you like to be in a few years?",
        "What would you like to know about the role?",
    ),
    "coach": (
        "What would you most like to change right now?",
        "What would it look like if that went really well?",
        "What has held you back so far?",
        "What is one small step you could take this week?",
        "Who could support you with that?",
        "How will you notice that you are making progress?",
        "What are you already doing well?",
    ),
    "sales_coach": (
        "Would you like to practise your opening, an objection, or the close?",
        "Who is the customer you want to talk to?",
        "What is the one problem you solve for them?",
        "What would you say if they told you it is too expensive?",
        "How would you ask for the next step?",
        "Which part of the conversation feels hardest to you?",
    ),
    "sales": (
        "What brought you here today?",
        "What does your team use today?",
        "What is the biggest problem with how that works?",
        "Who else is involved in the decision?",
        "When would you like to have this solved?",
        "What would make this an easy yes for you?",
    ),
    "support": (
        "What can I help you with today?",
        "What happened when you last tried?",
        "When did it start?",
        "What have you already tried?",
        "Is there anything else that looks different from usual?",
    ),
    "health": (
        "What brings you here today?",
        "How long has it been like this?",
        "What makes it better or worse?",
        "How does it affect your day?",
        "Is there anything else I should pass on?",
    ),
    "teacher": (
        "What would you like to learn about?",
        "What do you already know about it?",
        "Which part is the hardest for you?",
        "Can you explain it back to me in your own words?",
        "Would you like to try an example?",
    ),
    "general": (
        "What would you like to talk about?",
        "What brings you here today?",
        "What matters most to you about that?",
        "How did that come about?",
        "What would be a good outcome for you?",
    ),
}
OFFERS: dict[str, str] = {
    "interviewer": "I can take you through an interview, one question at a time.",
    "coach": "I can ask you questions that help you see what you want and what to do next.",
    "sales_coach": "I can take you through the parts of a sales call, question by question.",
    "sales": "I can ask what you need and tell you what I know about it.",
    "support": "I can ask what happened and tell you what I know about it.",
    "health": "I can ask how you are and keep in mind what you tell me in this call.",
    "teacher": "I can go through a topic with you, question by question.",
    "general": "I can talk with you and keep in mind what you tell me in this call.",
}
"""What a persona of each kind can do even without a language model."""

_MORE = (
    "Can you tell me more about that?",
    "What makes that important to you?",
    "Could you give me an example?",
    "What happened then?",
    "How do you feel about it?",
)


_ELSE = (
    "What else would you like to talk about?",
    "What else is on your mind?",
    "Where would you like to go from here?",
    "What would you like to know?",
)


def next_question(persona: Persona, talk: Talk, *, more: bool) -> str:
    """The first fitting question that was not asked yet; then general ones in turn, `more` about what was told."""
    asked = plain(" ".join(talk.mine))
    for question in (*persona.questions, *_BANKS[persona.kind]):
        if plain(question) not in asked:
            return question
    general = _MORE if more else _ELSE
    start = len(talk.mine) % len(general)
    last = plain(talk.last_reply)
    fitting: tuple[str, ...] = tuple(q for q in (*general[start:], *general) if plain(q) not in last)
    return fitting[0]
