"""A persona's flow, in the words of every generation, as numbers."""

from visavis.conversation.turns.policy import policy_for, with_sensitivity


def flow(**values: object) -> dict:
    return {"layers": {"conversational_flow": values}}


def test_more_patience_waits_longer_with_every_model() -> None:
    for model in ("sparrow-1", "timebased"):
        waits = [
            policy_for(flow(turn_detection_model=model, turn_taking_patience=p)).max_silence
            for p in ("low", "medium", "high")
        ]
        assert waits == sorted(waits) and len(set(waits)) == 3


def test_a_timebased_model_listens_to_silence_only() -> None:
    for name in ("timebased", "time-based"):
        policy = policy_for(flow(turn_detection_model=name))
        assert not policy.judge and policy.min_silence == policy.max_silence
    assert policy_for(flow(turn_detection_model="sparrow-1")).judge
    assert policy_for({}).judge


def test_less_interruptible_means_more_speech_and_more_words() -> None:
    levels = [policy_for(flow(replica_interruptibility=i)) for i in ("high", "medium", "low", "verylow")]
    needed = [(policy.interrupt_after, policy.interrupt_words) for policy in levels]
    assert needed == sorted(needed)
    assert policy_for(flow(replica_interruptibility="none")).interrupt_after is None


def test_a_sensitivity_sent_during_the_call_changes_only_its_side() -> None:
    before = policy_for({})
    eager = with_sensitivity(before, pause="high", interrupt=None)
    assert eager.max_silence < before.max_silence and eager.interrupt_after == before.interrupt_after
    calm = with_sensitivity(before, pause=None, interrupt="high")
    assert calm.max_silence == before.max_silence and calm.interrupt_words > before.interrupt_words
