import itertools
import re
import time
from datetime import datetime
from statistics import median

import pytest

from visavis.engines.llm.responder import ENGINE
from visavis.engines.llm.responder.model import Responder
from visavis.engines.llm.responder.persona import read
from visavis.engines.llm.responder.phrasing import first_person, plain, second_person, sentences
from visavis.engines.llm.responder.smalltalk import LABEL
from visavis.engines.ports import ChatRequest, Message

INTERVIEWER = (
    "As an Interviewer, you are a skilled professional who holds thoughtful and structured interviews. Your aim is to "
    "ask insightful questions, listen carefully, and find the best candidates.\n\nYou have years of experience with "
    "putting people at ease."
)
LIFE_COACH = (
    "As a Life Coach, you are a dedicated professional who specializes in helping people reach their goals. "
    "You are warm and encouraging. Never give medical advice. Keep answers short."
)
SDR = (
    "You are Charlie, a sales development representative at Acme Robotics. You help the user find the right robot for "
    "their warehouse. Acme Robotics sells three robots: the Lifter, the Sorter and the Runner. The Lifter costs "
    "$12,000 per year. It carries up to two tons. Our office in Denver is open from 9 am to 5 pm. Do not discuss "
    'competitors. Ask: "How many people work in your warehouse?"'
)
SALES_COACH = (
    "You're Mia. You are a sales coach who trains reps. Help the user practice their pitch and handle objections. "
    "Your job is to give honest feedback."
)
PERSONAS = {"interviewer": INTERVIEWER, "coach": LIFE_COACH, "sdr": SDR, "sales coach": SALES_COACH}
STYLE = "\n\nHow to speak: This is a live video call and everything you write is spoken aloud. Speak English."


class Call:
    """A talk with the responder, turn after turn."""

    def __init__(self, prompt: str) -> None:
        self.messages = [Message("system", prompt + STYLE)]
        self.responder = Responder(now=lambda: datetime(2026, 3, 9, 14, 5))

    def say(self, text: str) -> str:
        self.messages.append(Message("user", text))
        answer = self.responder.answer(ChatRequest(messages=self.messages, model="responder"))
        self.messages.append(Message("assistant", answer))
        return answer


@pytest.mark.parametrize(
    ("prompt", "question", "expected"),
    [
        (SDR, "Hello!", r"^Hello! I'm Charlie, a sales development representative"),
        (SDR, "What's your name?", r"^My name is Charlie\."),
        (SDR, "Who are you?", r"^I'm Charlie, a sales development representative at Acme Robotics\."),
        (SDR, "Hi there, who are you?", r"^Hello! I'm Charlie"),
        (SDR, "How much does the Lifter cost?", r"^The Lifter costs \$12,000 per year\. It carries up to two tons\.$"),
        (SDR, "And what is the price of a lifter", r"\$12,000"),
        (SDR, "When are you open?", r"9 am to 5 pm"),
        (SDR, "Where is your office?", r"Denver"),
        (SDR, "Which robots do you sell?", r"the Lifter, the Sorter and the Runner"),
        (SDR, "Can you tell me about your robots?", r"robots"),
        (SDR, "What do you think of your competitors?", r"(not something I can go into|rather not)"),
        (SDR, "What can you do?", r"I can help you find the right robot for your warehouse\."),
        (SDR, "How can you help me?", r"I can help you find the right robot for your warehouse\."),
        (SALES_COACH, "What can you do?", r"practice your pitch and handle objections\. I can give honest feedback\."),
        (SALES_COACH, "Can you help me?", r"practice your pitch"),
        (SALES_COACH, "Help me with my pitch.", r"practice your pitch"),
        (INTERVIEWER, "What can you do?", r"ask insightful questions"),
        (INTERVIEWER, "I'm ready, let's start.", r"tell me a little about yourself"),
        (INTERVIEWER, "What is your background?", r"I have years of experience"),
        (LIFE_COACH, "Who are you?", r"I'm a Life Coach, a dedicated professional.* I'm warm and encouraging"),
        (LIFE_COACH, "What can you do?", r"I specialize in helping people reach their goals\. I can ask you questions"),
        (LIFE_COACH, "Can you give me medical advice?", r"(not something I can go into|rather not)"),
        (LIFE_COACH, "I feel a bit stressed lately.", r"(sorry to hear|sounds hard|telling me).*\?$"),
        (LIFE_COACH, "I'm really happy today!", r"(glad|good to hear|Wonderful)"),
        (LIFE_COACH, "How are you?", r"(well|fine).*\?$"),
        (LIFE_COACH, "What time is it?", r"2:05 in the afternoon"),
        (LIFE_COACH, "What day is it today?", r"Monday, March 9, 2026"),
        (LIFE_COACH, "What's 12 times 7?", r"^12 times 7 is 84\.$"),
        (LIFE_COACH, "What is seven plus five", r"is 12\.$"),
        (LIFE_COACH, "What is 1 divided by 0?", r"zero"),
        (LIFE_COACH, "Are you a real person?", re.escape(LABEL)),
        (LIFE_COACH, "Which language model are you?", re.escape(LABEL)),
        (LIFE_COACH, "What is the capital of France?", re.escape(LABEL)),
        (LIFE_COACH, "Can you see me?", r"can't describe"),
        (LIFE_COACH, "Can you hear me?", r"(Yes|hear|Loud)"),
        (LIFE_COACH, "Do you speak Spanish?", r"only English"),
        (LIFE_COACH, "What's the weather like?", r"no connection to the outside"),
        (LIFE_COACH, "Tell me a joke.", r"\w"),
        (LIFE_COACH, "Thank you very much!", r"(welcome|pleasure|Any time)"),
        (LIFE_COACH, "Goodbye!", r"(Goodbye|Take care)"),
        (LIFE_COACH, "Wait a moment.", r"(take your time|No hurry|wait)"),
        (LIFE_COACH, "You are not helpful.", r"sorry"),
        (LIFE_COACH, "Sorry.", r"(No problem|Don't worry)"),
        (LIFE_COACH, "I don't know.", r"\?$"),
        (LIFE_COACH, "Yes.", r"\?$"),
        (LIFE_COACH, "No, not really.", r"\?$"),
        (LIFE_COACH, "Hmm.", r"(Take your time|when you are ready)"),
        (LIFE_COACH, "I work as a nurse in Berlin.", r"^So you work as a nurse in Berlin\. .*\?$"),
        (LIFE_COACH, "My sister and I moved to Rome.", r"^So your sister and you moved to Rome\. .*\?$"),
        (LIFE_COACH, "My name is Anna.", r"^Nice to meet you, Anna\."),
        (LIFE_COACH, "Hi, I'm Bob and I want to stop smoking.", r"Nice to meet you, Bob\."),
        ("", "Hello?", r"^Hello"),
        ("", "What can you do?", r"I can talk with you"),
    ],
)
def test_a_first_question_gets_a_fitting_answer(prompt, question, expected):
    assert re.search(expected, Call(prompt).say(question))


def test_it_remembers_what_the_person_told():
    call = Call(LIFE_COACH)
    call.say("Hello, my name is Anna.")
    call.say("I worked for five years as a nurse in Berlin.")
    assert call.say("What's my name?") == "Your name is Anna."
    assert call.say("Where did I work?") == "You told me: you worked for five years as a nurse in Berlin."
    assert call.say("What did I just say?") == "You just asked: Where did I work?"
    assert "Anna" in call.say("Goodbye!")


def test_a_name_is_not_invented():
    call = Call(LIFE_COACH)
    call.say("I'm tired. I'm Interested in sports.")
    assert "haven't told me your name" in call.say("What is my name?")


def test_it_repeats_its_last_words_on_request_and_not_otherwise():
    call = Call(SDR)
    price = call.say("How much does the Lifter cost?")
    assert call.say("Can you repeat that?") == f"Of course. I said: {price}"
    assert call.say("Say that again, please.") == f"Once more: {price}"


def test_asked_twice_it_does_not_parrot():
    call = Call(SDR)
    first = call.say("Where is your office?")
    second = call.say("Where is your office?")
    third = call.say("Where is your office?")
    assert first == "Our office in Denver is open from 9 am to 5 pm."
    assert second == "As I said, our office in Denver is open from 9 am to 5 pm."
    assert third not in (first, second)


def test_the_personas_own_questions_come_first_and_none_is_asked_twice_in_a_row():
    call = Call(SDR)
    assert "How many people work in your warehouse?" in call.say("Hello")
    asked = [call.say(f"We have {number} of them and it is fine for everybody here so far.") for number in range(30)]
    ends = [sentences(answer)[-1] for answer in asked]
    assert all(end.endswith("?") for end in ends)
    assert all(one != other for one, other in itertools.pairwise(ends))


def test_the_label_is_given_the_first_time_it_cannot_answer_and_then_left_alone():
    call = Call(INTERVIEWER)
    assert LABEL in call.say("Who won the cup in 1998?")
    others = [call.say(f"What is the boiling point of element {n}?") for n in range(5)]
    assert not any(LABEL in answer for answer in others)
    assert all(one != other for one, other in itertools.pairwise(others))


def test_instructions_about_form_and_marks_of_the_platform_are_never_spoken():
    call = Call(LIFE_COACH + "\n\n<user_appearance>A red hat.</user_appearance>\n\nDocument name: prices.pdf")
    said = " ".join(call.say(q) for q in ("Who are you?", "What can you do?", "What about the red hat?", "How long?"))
    for hidden in ("Keep answers short", "live video call", "red hat", "prices.pdf", "You are"):
        assert hidden not in said


def test_context_that_was_appended_is_known():
    call = Call(LIFE_COACH + "\n\nThe next workshop is on Friday in Munich.")
    assert call.say("When is the next workshop?") == "The next workshop is on Friday in Munich."


QUESTIONS = [
    "Hello!", "What can you do?", "How are you?", "Who are you?", "What's your name?", "My name is Anna.",
    "What is my name?", "I worked as a nurse.", "What did I just say?", "Can you repeat that?", "What time is it?",
    "What time is it?", "What's 2 plus 2?", "What's 2 plus 2?", "How much does it cost?", "How much does it cost?",
    "Are you real?", "Are you real?", "I feel nervous.", "I feel nervous.", "Yes.", "Yes.", "Yes.", "No.", "No.",
    "I don't know.", "Next question.", "Next question.", "My team is small and we like it that way, to be honest.",
    "Thanks!", "Thanks!", "Can you hear me?", "Can you hear me?", "Tell me a joke.", "Tell me a joke.", "Hello again.",
    "How can you help me?", "How can you help me?", "You're not helpful.", "Hmm", "Hmm", "?", "Goodbye!", "Goodbye!",
]  # fmt: skip


@pytest.mark.parametrize("prompt", PERSONAS.values(), ids=PERSONAS)
def test_a_long_talk_never_repeats_a_sentence_at_once_and_stays_short(prompt):
    call = Call(prompt)
    before: set[str] = set()
    for question in QUESTIONS:
        answer = call.say(question)
        said = {plain(sentence) for sentence in sentences(answer)}
        assert answer == answer.strip() != ""
        assert len(sentences(answer)) <= 4
        assert len(answer) < 420
        assert not re.search(r"[*#<>_\n]", answer)
        assert "repeat" in question or not (said & before), (question, answer)
        before = said


async def test_the_stream_comes_in_groups_of_words_that_join_to_the_answer():
    model = ENGINE.create()
    request = ChatRequest(messages=[Message("system", SDR), Message("user", "Which robots do you sell?")], model="x")
    pieces = [delta.text async for delta in model.stream(request)]
    await model.close()
    assert "".join(pieces) == "Acme Robotics sells three robots: the Lifter, the Sorter and the Runner."
    assert len(pieces) > 2


def test_without_a_turn_of_the_person_it_opens_the_talk():
    opening = Responder().answer(ChatRequest(messages=[Message("system", SDR)], model="x"))
    assert opening.startswith("Hello! I'm Charlie")


def test_the_same_talk_gets_the_same_answers():
    one, other = Call(SALES_COACH), Call(SALES_COACH)
    assert [one.say(q) for q in QUESTIONS] == [other.say(q) for q in QUESTIONS]


def test_an_answer_costs_less_than_a_millisecond_of_cpu():
    call = Call(SDR)
    spent = []
    for question in QUESTIONS * 3:
        begun = time.process_time()
        call.say(question)
        spent.append(time.process_time() - begun)
    assert median(spent) < 0.001


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("You are a helpful interview coach.", "I'm a helpful interview coach."),
        ("You're Sam and you help people with their taxes.", "I'm Sam and I help people with their taxes."),
        ("Your manager trusts you.", "My manager trusts me."),
        ("Help the user with their plan.", "Help you with your plan."),
        ("You have your own style, and you love it.", "I have my own style, and I love it."),
    ],
)
def test_a_prompt_is_said_in_the_first_person(said, turned):
    assert first_person(said) == turned


@pytest.mark.parametrize(
    ("said", "turned"),
    [
        ("I am tired of my job", "you're tired of your job"),
        ("I've told you about me", "you've told me about you"),
        ("we lost our keys", "you lost your keys"),
    ],
)
def test_a_statement_is_said_back_in_the_second_person(said, turned):
    assert second_person(said) == turned


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        (INTERVIEWER, "interviewer"),
        (LIFE_COACH, "coach"),
        (SDR, "sales"),
        (SALES_COACH, "sales_coach"),
        ("", "general"),
    ],
)
def test_the_kind_of_a_persona_is_recognised(prompt, kind):
    assert read(prompt).kind == kind
