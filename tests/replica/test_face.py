"""The face of a call: sound out exactly as it went in, a mouth that belongs to it, and no jump ever."""

import threading
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from visavis.replica.bundle import Bundle, BundleError
from visavis.replica.face import LoopPictures, MeshFace, SpeechOverflowError
from visavis.replica.ports import OUTPUT_RATE, Speech, TimedPhoneme
from visavis.replica.pose import Pose
from visavis.replica.stock import bundles

FPS = 25
SAMPLES = OUTPUT_RATE // FPS
CHANNELS = [f.name for f in fields(Pose) if f.name != "mouth"]
# Most that may change from one frame to the next: degrees, inter-ocular distances, shares.
STEP = {"roll": 0.6, "yaw": 0.6, "pitch": 0.9, "shift_x": 0.02, "shift_y": 0.02, "brow": 0.2, "smile": 0.1}
STEP |= {"breath": 0.15, "blink": 0.75, "gaze_x": 0.6, "gaze_y": 0.6}


class Sketch:
    """A renderer that writes the pose into the picture's first bytes, so that a test can read it back."""

    def draw(self, pose: Pose) -> np.ndarray:
        picture = np.zeros((96, 64), np.uint8)
        values = np.array([*pose.mouth, *(getattr(pose, name) for name in CHANNELS)], np.float64)
        picture.reshape(-1)[: values.nbytes] = values.view(np.uint8)
        return picture


def read(picture: np.ndarray) -> np.ndarray:
    """Mouth (8) and channels (11) of a picture."""
    return picture.reshape(-1)[: 19 * 8].view(np.float64)


def new_face(seed: int = 1) -> MeshFace:
    return MeshFace(Sketch(), width=64, height=64, fps=FPS, seed=seed)


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    """Babble: noise in syllables, nowhere zero, so that its samples can be told from silence."""
    count = round(seconds * OUTPUT_RATE)
    swell = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(count) / OUTPUT_RATE)
    noise = np.random.default_rng(seed).integers(1000, 9000, count) * swell
    return (np.maximum(noise, 1)).astype(np.int16)


def say(seconds: float, generation: int = 1, tag: object = None, symbols: str = "ɑ m u t i s", seed: int = 0) -> Speech:
    phonemes, at = [], 0.1
    listed = symbols.split()
    while at < seconds - 0.1:
        phonemes.append(TimedPhoneme(listed[len(phonemes) % len(listed)], at, min(at + 0.1, seconds)))
        at += 0.1
    return Speech(generation, voice(seconds, seed), tuple(phonemes), tag)


class Call:
    """Runs a face and keeps what came out."""

    def __init__(self, face: MeshFace) -> None:
        self.face = face
        self.frames = []
        self.poses = []

    def run(self, frames: int) -> "Call":
        for _ in range(frames):
            frame = self.face.next()
            self.frames.append(frame)
            picture = self.face.loop(frame.loop)[frame.loop_index] if frame.image is None else frame.image
            self.poses.append(read(picture).copy())
        return self

    def sound(self) -> np.ndarray:
        heard = [f.audio for f in self.frames if f.audio is not None]
        return np.concatenate(heard) if heard else np.zeros(0, np.int16)

    def mouths(self) -> np.ndarray:
        return np.stack(self.poses)[:, :8]

    def assert_no_jump(self) -> None:
        steps = np.abs(np.diff(np.stack(self.poses)[:, 8:], axis=0))
        for name, most in STEP.items():
            assert steps[:, CHANNELS.index(name)].max() <= most, name

    def assert_loop_entries_are_aligned(self) -> None:
        previous = None
        for frame in self.frames:
            assert (frame.image is None) == (frame.loop is not None)
            if frame.loop is not None:
                assert frame.loop_index == frame.index % len(self.face.loop(frame.loop))
                if frame.loop != previous:
                    assert frame.loop_index % self.face.loop_step == 0
            previous = frame.loop


@pytest.fixture
def call() -> Call:
    return Call(new_face())


# Sound


def test_sound_comes_out_exactly_as_it_went_in_without_gaps(call):
    pieces = [say(s, seed=i) for i, s in enumerate((0.5, 0.333, 1.01))]
    for piece in pieces:
        call.face.push(piece)
    call.run(60)
    pushed = np.concatenate([p.audio for p in pieces])
    assert (call.sound()[: len(pushed)] == pushed).all()
    assert not call.sound()[len(pushed) :].any()
    assert all(f.audio is None or f.audio.shape == (SAMPLES,) for f in call.frames)
    sounding = [f.audio is not None for f in call.frames]
    assert sounding == [True] * sum(sounding) + [False] * (60 - sum(sounding)), "one run of sound, from the first frame"


def test_sound_is_not_delayed(call):
    call.run(7)
    call.face.push(say(0.5))
    assert call.face.next().audio is not None


def test_queued_counts_down_to_nothing(call):
    call.face.push(say(1.0))
    assert call.face.queued == pytest.approx(1.0)
    call.run(10)
    assert call.face.queued == pytest.approx(0.6)
    call.run(20)
    assert call.face.queued == 0


def test_a_late_chunk_leaves_silence_and_speech_goes_on(call):
    call.face.push(say(0.3, tag="a"))
    call.run(15)
    call.face.push(say(0.3, tag="b", seed=1))
    call.run(60)
    assert [t for f in call.frames for t in f.tags] == ["a", "b"]
    assert [f.index for f in call.frames if f.audio is not None] == [*range(8), *range(15, 23)]
    call.assert_no_jump()


def test_tags_come_once_in_order_on_the_frame_of_the_last_sample(call):
    for tag, seconds in (("a", 0.5), ("b", 0.01), ("c", 0.0), ("d", 0.25)):
        call.face.push(say(seconds, tag=tag))
    call.run(40)
    assert {f.index: f.tags for f in call.frames if f.tags} == {12: ("a", "b", "c"), 18: ("d",)}


def test_the_end_of_speech_is_told_on_its_last_sounding_frame(call):
    call.face.push(say(0.42))
    call.run(30)
    assert [f.index for f in call.frames if f.end_of_speech] == [10]
    assert call.frames[10].audio is not None
    assert call.frames[11].audio is None


def test_frames_name_the_generation_that_sounds_and_never_mix_two(call):
    call.face.push(say(0.1, generation=1))
    call.face.push(say(0.1, generation=2))
    call.run(10)
    assert [f.generation for f in call.frames] == [1, 1, 1, 2, 2, 2, None, None, None, None]


def test_too_much_speech_is_refused_whole(call):
    call.face.push(Speech(1, voice(100.0)))
    with pytest.raises(SpeechOverflowError, match="would exceed 120 s"):
        call.face.push(Speech(1, voice(21.0)))
    assert call.face.queued == pytest.approx(100)


@pytest.mark.parametrize("audio", [np.zeros(480, np.float32), np.zeros((480, 2), np.int16)])
def test_sound_that_is_not_mono_int16_is_refused(call, audio):
    with pytest.raises(ValueError, match="mono int16"):
        call.face.push(Speech(1, audio))


# Lips


def test_lips_move_with_the_sound_they_are_given(call):
    phonemes = (TimedPhoneme("ɑ", 0.4, 0.8), TimedPhoneme("m", 0.8, 1.0), TimedPhoneme("u", 1.0, 1.4))
    call.face.push(Speech(1, voice(1.8), phonemes))
    mouths = call.run(45).mouths()
    jaw, press, rounding = mouths[:, 0], mouths[:, 4], mouths[:, 6]
    assert jaw[:8].max() < 0.1
    assert jaw[14] > 0.7
    assert (press[19:26] > 0.7).sum() >= 3
    assert rounding[29] > 0.9
    assert mouths[41:].max() < 0.02


def test_lips_lead_the_sound_by_one_frame_and_no_more(call):
    call.face.push(Speech(1, voice(1.0), (TimedPhoneme("ɑ", 0.4, 0.8),)))
    jaw = call.run(20).mouths()[:, 0]
    assert np.flatnonzero(jaw > 0.4)[0] == round(0.4 * FPS) - 1


def test_who_speaks_meets_the_viewer_even_if_meant_to_think(call):
    gaze = 8 + CHANNELS.index("gaze_y")
    call.face.set_state("thinking")
    call.run(150)
    call.face.push(say(2.0))
    call.run(170)
    poses = np.stack(call.poses)
    assert poses[100:150, gaze].max() > 0.25
    assert np.abs(poses[170:200, gaze]).max() < 0.2
    assert call.frames[-1].loop == "thinking"


def test_speech_without_phonemes_still_moves_the_lips(call):
    call.face.push(Speech(1, voice(1.0)))
    assert call.run(20).mouths().max() > 0.3


def test_a_word_split_over_two_chunks_does_not_close_the_mouth_between(call):
    call.face.push(Speech(1, voice(0.42), (TimedPhoneme("ɑ", 0.1, 0.42),)))
    call.face.push(Speech(1, voice(0.42), (TimedPhoneme("ɑ", 0.0, 0.32),)))
    assert call.run(20).mouths()[5:15, 0].min() > 0.75


def test_a_chunk_that_comes_just_in_time_continues_the_word_too(call):
    call.face.push(Speech(1, voice(0.4), (TimedPhoneme("ɑ", 0.1, 0.4),)))
    call.run(10)
    assert call.face.queued == 0
    call.face.push(Speech(1, voice(0.4), (TimedPhoneme("ɑ", 0.0, 0.3),)))
    assert call.run(10).mouths()[10:14, 0].min() > 0.75


def test_speaking_adds_gestures_within_four_degrees(call):
    for _ in range(5):
        call.face.push(say(2.0))
    call.run(250)
    poses = np.stack(call.poses)
    still = Call(new_face()).run(250)
    pitch = 8 + CHANNELS.index("pitch")
    assert np.abs(poses[:, pitch] - np.stack(still.poses)[:, pitch]).max() > 0.5
    for name in ("roll", "yaw", "pitch"):
        assert np.abs(poses[:, 8 + CHANNELS.index(name)]).max() <= 4


@pytest.mark.parametrize("phrase", [0.7, 3.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_speaking_face_blinks_8_to_25_times_a_minute(seed, phrase):
    call = Call(new_face(seed))
    for i in range(int(60 / (phrase + 0.3))):
        call.face.push(say(phrase, seed=i))
        call.face.push(Speech(1, np.zeros(OUTPUT_RATE * 3 // 10, np.int16)))
    call.run(60 * FPS)
    lids = np.stack(call.poses)[:, 8 + CHANNELS.index("blink")]
    begins = np.flatnonzero((lids[1:] > 0) & (lids[:-1] == 0))
    assert 8 <= len(begins) <= 25
    assert np.diff(begins).min() >= FPS, "never twice within a second"


# Loops


def test_a_silent_face_plays_its_loop_without_drawing(call):
    call.run(310)
    assert {f.loop for f in call.frames} == {"idle"}
    assert [f.loop_index for f in call.frames] == [*range(300), *range(10)]
    assert call.face.loop_step == 25


def test_loop_pictures_are_drawn_when_asked_for(call):
    pictures = call.face.loop("thinking")
    assert isinstance(pictures, LoopPictures)
    assert len(pictures) == 300
    assert (pictures[3] == pictures[-297]).all()
    assert len(pictures[10:13]) == 3
    with pytest.raises(IndexError, match="300 pictures"):
        pictures[300]


def test_speech_starts_from_the_loop_and_returns_to_it(call):
    call.run(40)
    call.face.push(say(1.5))
    call.run(160)
    assert call.frames[39].loop == "idle"
    assert call.frames[40].image is not None
    assert call.frames[-1].loop == "idle"
    returned = next(f.index for f in call.frames[80:] if f.loop)
    assert returned <= 40 + 38 + 2 * FPS + FPS, "back within two seconds and a step"
    call.assert_no_jump()
    call.assert_loop_entries_are_aligned()


def test_a_change_of_state_fades_live_and_enters_the_other_loop_at_a_step(call):
    call.run(30)
    call.face.set_state("listening")
    call.run(60)
    assert [f.loop for f in call.frames[30:45]] == [None] * 15
    assert [f.loop for f in call.frames[50:]] == ["listening"] * 40
    call.face.set_state("thinking")
    call.run(5)
    call.face.set_state("idle")
    call.run(60)
    assert call.frames[-1].loop == "idle"
    call.assert_no_jump()
    call.assert_loop_entries_are_aligned()


def test_an_unknown_state_is_refused(call):
    with pytest.raises(ValueError, match="idle, listening or thinking"):
        call.face.set_state("dancing")


def test_a_face_is_never_still_for_more_than_200_ms(call):
    call.face.push(say(2.0))
    call.run(200)
    poses = np.stack(call.poses)
    assert np.abs(poses[5:] - poses[:-5]).max(axis=1).min() > 0.01


def test_the_same_pushes_give_the_same_frames():
    first, second = Call(new_face(5)), Call(new_face(5))
    for call in (first, second):
        call.run(10)
        call.face.push(say(1.0))
        call.run(60)
    assert (np.stack(first.poses) == np.stack(second.poses)).all()


# Interruption


def test_clear_silences_at_once_and_says_how_much_was_dropped(call):
    call.face.push(say(1.0, tag="a"))
    call.face.push(say(1.0, tag="b"))
    call.run(10)
    assert call.face.clear(1) == pytest.approx(1.6)
    assert call.face.queued == 0
    call.run(50)
    assert all(f.audio is None and f.generation is None and not f.tags for f in call.frames[10:])


def test_after_clear_the_mouth_eases_to_rest_in_120_ms(call):
    call.face.push(Speech(1, voice(2.0), (TimedPhoneme("ɑ", 0.1, 1.9),)))
    call.run(20)
    call.face.clear(1)
    jaw = call.run(6).mouths()[:, 0]
    assert jaw[19] > 0.7
    assert jaw[19] > jaw[20] > jaw[21] > 0
    assert not jaw[22:].any()


def test_when_speech_runs_out_mid_vowel_the_mouth_eases_to_rest_too(call):
    call.face.push(Speech(1, voice(0.8), (TimedPhoneme("ɑ", 0.1, 0.8),)))
    call.face.push(Speech(1, voice(0.04), (TimedPhoneme("ɑ", 0.0, 0.1),)))
    jaw = call.run(30).mouths()[:, 0]
    assert jaw[19] > 0.5
    assert np.abs(np.diff(jaw[19:])).max() < 0.45
    assert not jaw[24:].any()


def test_speech_of_a_cleared_generation_is_never_heard(call):
    call.face.push(say(0.5, generation=3))
    call.face.clear(4)
    for generation in (2, 3, 4):
        call.face.push(say(0.5, generation=generation))
    assert call.face.queued == 0
    call.face.push(say(0.2, generation=5))
    call.run(10)
    assert {f.generation for f in call.frames} == {5, None}


def test_clearing_an_older_generation_leaves_the_newer_one(call):
    call.face.push(say(0.4, generation=1))
    call.face.push(say(0.4, generation=2))
    assert call.face.clear(1) == pytest.approx(0.4)
    call.run(12)
    assert [f.generation for f in call.frames] == [2] * 10 + [None] * 2


def test_the_mouth_blends_from_a_cleared_word_into_the_next_reply(call):
    call.face.push(Speech(1, voice(1.0), (TimedPhoneme("ɑ", 0.0, 1.0),)))
    call.face.push(Speech(2, voice(1.0), (TimedPhoneme("m", 0.0, 1.0),)))
    call.run(10)
    call.face.clear(1)
    jaw = call.run(10).mouths()[9:, 0]
    assert [f.generation for f in call.frames[10:]] == [2] * 10
    assert jaw[0] > 0.7
    assert np.abs(np.diff(jaw)).max() < 0.45
    assert not jaw[4:].any()


def test_a_clear_while_a_picture_is_drawn_silences_that_picture():
    class Slow(Sketch):
        def draw(self, pose: Pose) -> np.ndarray:
            drawing.set()
            cleared.wait(5)
            return super().draw(pose)

    drawing, cleared = threading.Event(), threading.Event()
    face = MeshFace(Slow(), width=64, height=64, seed=1)
    face.push(say(0.5, tag="a"))
    frames = []
    worker = threading.Thread(target=lambda: frames.append(face.next()))
    worker.start()
    assert drawing.wait(5)
    began = time.perf_counter()
    face.clear(1)
    assert time.perf_counter() - began < 1, "clear does not wait for the picture"
    cleared.set()
    worker.join(5)
    assert frames[0].audio is None
    assert frames[0].generation is None


# Anything in any order


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_the_promises_hold(seed):
    rng = np.random.default_rng(seed)
    call = Call(new_face(seed))
    generation, pushed, last_clear, expected = 1, 0, 0, []
    for _ in range(60):
        match rng.choice(["push", "push", "clear", "state", "next", "next", "next"]):
            case "push":
                call.face.push(say(float(rng.uniform(0, 0.9)), generation, (generation, pushed), seed=pushed))
                expected.append((generation, pushed))
                pushed += 1
            case "clear":
                queued = call.face.queued
                assert call.face.clear(generation) == pytest.approx(queued)
                last_clear, generation = generation, generation + 1
            case "state":
                call.face.set_state(rng.choice(["idle", "listening", "thinking"]))
            case "next":
                before = len(call.frames)
                call.run(int(rng.integers(1, 15)))
                assert all(f.generation is None or f.generation > last_clear for f in call.frames[before:])
    call.run(round(call.face.queued * FPS) + 100)
    tags = [tag for f in call.frames for tag in f.tags]
    assert len(tags) == len(set(tags))
    assert tags == [tag for tag in expected if tag in set(tags)]
    assert [tag for tag in expected if tag[0] == generation] == [tag for tag in tags if tag[0] == generation]
    assert [f.index for f in call.frames] == list(range(len(call.frames)))
    assert all((f.audio is None) == (f.generation is None) for f in call.frames)
    assert call.frames[-1].loop is not None
    call.assert_no_jump()
    call.assert_loop_entries_are_aligned()


def test_pushing_and_clearing_from_another_thread_is_safe():
    face = new_face()
    frames, done = [], threading.Event()

    def play() -> None:
        while not done.is_set() or face.queued:
            frames.append(face.next())

    player = threading.Thread(target=play)
    player.start()
    for generation in range(1, 13):
        for _ in range(3):
            face.push(say(0.1, generation))
        if generation % 3 == 0:
            face.clear(generation)
    done.set()
    player.join(20)
    assert not player.is_alive()
    heard = [f.generation for f in frames if f.generation is not None]
    assert heard == sorted(heard)


# With a real renderer


@pytest.fixture(scope="module")
def stock() -> Path:
    """A fair skin, so that only the inside of an open mouth is dark."""
    return bundles()["r90bbd427f71"]


def mouth_of(picture: np.ndarray, bundle: Bundle) -> np.ndarray:
    """Luma of the region around the mouth, for a square picture cut from the middle of the bundle's."""
    size = picture.shape[1]
    scale = size / bundle.meta.height
    corners = bundle.points[[61, 291]] * scale - [(bundle.meta.width * scale - size) / 2, 0]
    (left, y), (right, _) = corners
    width = right - left
    rows, columns = slice(int(y - 0.4 * width), int(y + 0.8 * width)), slice(int(left), int(right))
    return picture[:size][rows, columns]


def test_drawn_lips_open_on_vowels_and_close_on_m(stock):
    bundle = Bundle.load(stock)
    face = MeshFace(stock, width=256, height=256)
    symbols = ["ɑ", "m", "ɑ", "s", "ɑ", "b", "ɑ"]
    phonemes = tuple(TimedPhoneme(s, 0.2 + 0.2 * i, 0.4 + 0.2 * i) for i, s in enumerate(symbols))
    face.push(Speech(1, voice(1.8), phonemes))
    pictures = [face.next().image for _ in range(45)]
    # The cavity behind open lips is the only dark thing there.
    dark = np.array([(mouth_of(picture, bundle) < 60).sum() for picture in pictures])
    middles = [round((p.start + p.end) / 2 * FPS) - 1 for p in phonemes]
    vowels, consonants = dark[middles[::2]], dark[middles[1::2]]
    assert vowels.min() > 20
    assert consonants[0] == consonants[2] == 0
    assert consonants[1] < vowels.min() / 2


def test_the_first_loop_picture_is_where_the_last_live_one_was_going(stock):
    face = MeshFace(stock, width=256, height=256)
    face.push(say(0.6))
    before, frame = None, face.next()
    while frame.loop is None:
        before, frame = frame, face.next()
    assert before is not None
    first, last = face.loop(frame.loop)[frame.loop_index], before.image
    usual = np.abs(first.astype(int) - face.loop(frame.loop)[frame.loop_index + 1]).mean()
    assert np.abs(first.astype(int) - last).mean() < max(2 * usual, 0.5)


def test_calls_with_one_replica_share_what_draws_their_loops(stock):
    one, two = (MeshFace(stock, width=128, height=128) for _ in range(2))
    assert (one.loop("listening")[7] == two.loop("listening")[7]).all()
    assert one.loop("idle")._draw == two.loop("idle")._draw


def test_a_missing_bundle_is_told_at_once(tmp_path):
    with pytest.raises(BundleError, match=r"meta\.json is missing"):
        MeshFace(tmp_path / "nobody", width=128, height=128)


def test_impossible_pictures_are_refused():
    with pytest.raises(ValueError, match="positive and even"):
        MeshFace(Sketch(), width=63, height=64)
    with pytest.raises(ValueError, match="frame rate must divide"):
        MeshFace(Sketch(), width=64, height=64, fps=7)
