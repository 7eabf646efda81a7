"""Embedded WebRTC: one `RTCPeerConnection` per participant, no server besides this one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from typing import Any

import aioice.ice
import av
import structlog
from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.jitterbuffer import JitterBuffer
from aiortc.mediastreams import MediaStreamError

from visavis.conversation.errors import BadOffer
from visavis.conversation.media.encoders import VideoCodec
from visavis.conversation.media.stage import MediaUnit, Stage
from visavis.conversation.media.tracks import AudioTrack, VideoTrack
from visavis.engines.ports import SPEECH_RATE

from .ports import ParticipantEvents

log = structlog.get_logger(__name__)

CONNECT_TIMEOUT = 20.0
"""Seconds from the answer until media must flow."""
SILENT_TIMEOUT = 7.0
"""Seconds without any RTCP report before a participant counts as lost (ICE alone would take 30)."""
UPLINK_PACKETS = 8
"""Packets of 20 ms that may wait for a missing one; a power of two."""
MAX_MESSAGE = 256 * 1024
MAX_PENDING_MESSAGES = 500

_host_addresses = aioice.ice.get_host_addresses


def _addresses_or_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """Without any network interface the machine can still talk to itself."""
    return _host_addresses(use_ipv4, use_ipv6) or ["127.0.0.1"]


aioice.ice.get_host_addresses = _addresses_or_loopback


def ice_servers(configured: str) -> list[RTCIceServer]:
    """Parse the setting: a JSON list of servers as browsers take them."""
    return [
        RTCIceServer(urls=item["urls"], username=item.get("username"), credential=item.get("credential"))
        for item in json.loads(configured or "[]")
    ]


class WebRtcParticipant:
    """One person's peer connection. The answer is complete (no trickle); a lost connection is never revived:
    the person connects again with the same id."""

    def __init__(self, participant_id: str, name: str, stage: Stage, events: ParticipantEvents, ice: str) -> None:
        self.id = participant_id
        self.name = name
        self.video_codec: VideoCodec | None = None
        self._stage = stage
        self._events = events
        # An explicit list, even when empty: aiortc's default contacts a public server.
        self._pc = RTCPeerConnection(RTCConfiguration(iceServers=ice_servers(ice)))
        self._audio = AudioTrack()
        self._video: VideoTrack | None = None
        self._channel: Any = None
        self._pending: deque[str] = deque(maxlen=MAX_PENDING_MESSAGES)
        self._tasks: set[asyncio.Task[None]] = set()
        self._ready = False
        self._gone = False

    async def answer(self, sdp: str, kind: str) -> dict[str, str]:
        """Accept the person's offer and return ours. Raises `BadOffer` with a sentence."""
        pc = self._pc
        pc.on("datachannel", self._on_channel)
        pc.on("connectionstatechange", self._on_state)
        try:
            await pc.setRemoteDescription(RTCSessionDescription(sdp, kind))
            self._attach()
            await pc.setLocalDescription(await pc.createAnswer())
        except BadOffer:
            await self.close()
            raise
        except Exception as error:
            await self.close()
            log.info("webrtc.bad_offer", error=str(error)[:200])
            raise BadOffer("The offer could not be read as a WebRTC session description.") from error
        self._spawn(self._give_up_unless_ready(), "connect-timeout")
        return {"sdp": pc.localDescription.sdp, "type": pc.localDescription.type}

    def _attach(self) -> None:
        """Put our tracks on the first audio and the first video line; further video lines (a screen) are only taken."""
        audio = video = False
        for transceiver in self._pc.getTransceivers():
            if transceiver.kind == "audio" and not audio:
                audio = True
                transceiver.sender.replaceTrack(self._audio)
                transceiver.direction = "sendrecv"
                # aiortc holds sound back for smooth playing (80 ms, and for good up to 320 ms after a loss). Nobody
                # plays it here, and an answer that comes sooner is worth more (docs/decisions/0003).
                transceiver.receiver._RTCRtpReceiver__jitter_buffer = JitterBuffer(UPLINK_PACKETS, prefetch=0)
                self._listen(transceiver.receiver.track)
            elif transceiver.kind == "video":
                # Pictures of the person are received but not decoded until something looks at them.
                transceiver.receiver._enabled = False
                if not video:
                    video = True
                    self._attach_video(transceiver)
        if not audio:
            raise BadOffer("The offer has no audio line, so there is no way to hear each other.")

    def _attach_video(self, transceiver: Any) -> None:
        wanted = [
            codec
            for codec in RTCRtpSender.getCapabilities("video").codecs
            if codec.mimeType in ("video/H264", "video/VP8", "video/rtx")
        ]
        wanted.sort(key=lambda codec: ("video/H264", "video/VP8", "video/rtx").index(codec.mimeType))
        transceiver.setCodecPreferences(wanted)
        self._video = VideoTrack(self._stage.face.fps)
        transceiver.sender.replaceTrack(self._video)
        transceiver.direction = "sendrecv"
        # aiortc would ask its own encoder for a key frame; ours lives in the stage.
        transceiver.sender._send_keyframe = self._want_key_frame

    def _want_key_frame(self) -> None:
        if self.video_codec:
            self._stage.request_key_frame(self.video_codec)

    def _negotiated(self) -> VideoCodec | None:
        for transceiver in self._pc.getTransceivers():
            if transceiver.kind == "video" and transceiver.sender.track is self._video and transceiver._codecs:
                return "VP8" if transceiver._codecs[0].mimeType == "video/VP8" else "H264"
        return None

    def _listen(self, track: Any) -> None:
        self._spawn(self._read_audio(track), "microphone")

    async def _read_audio(self, track: Any) -> None:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SPEECH_RATE)
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                frame.pts = None
                for piece in resampler.resample(frame):
                    self._events.on_audio(self, piece.to_ndarray().reshape(-1))

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.on("message", self._on_text)
        while self._pending:
            channel.send(self._pending.popleft())
        self._events.on_open(self)

    def _on_text(self, message: str | bytes) -> None:
        if len(message) > MAX_MESSAGE:
            log.info("webrtc.message_too_long", participant=self.id, size=len(message))
            return
        text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
        self._events.on_message(self, text)

    async def _on_state(self) -> None:
        state = self._pc.connectionState
        log.debug("webrtc.state", participant=self.id, state=state)
        if state == "connected" and not self._ready:
            self._ready = True
            self.video_codec = self._negotiated() if self._video else None
            self._spawn(self._watch_reports(), "reports")
            self._events.on_ready(self)
        elif state in ("failed", "closed"):
            self._lost()

    async def _give_up_unless_ready(self) -> None:
        await asyncio.sleep(CONNECT_TIMEOUT)
        if not self._ready:
            log.info("webrtc.never_connected", participant=self.id)
            self._lost()

    async def _watch_reports(self) -> None:
        """Browsers report on what they receive about once a second; when that stops, so has the person."""
        newest: object = None
        heard = time.monotonic()
        while time.monotonic() - heard < SILENT_TIMEOUT:
            await asyncio.sleep(1.0)
            stats = await self._pc.getStats()
            latest = max((s.timestamp for s in stats.values() if s.type == "remote-inbound-rtp"), default=None)
            if latest != newest:
                newest, heard = latest, time.monotonic()
        log.info("webrtc.silent", participant=self.id)
        self._lost()

    def _lost(self) -> None:
        if not self._gone:
            self._gone = True
            self._events.on_lost(self)

    def show(self, unit: MediaUnit) -> None:
        self._audio.show(unit)
        if self._video and self.video_codec and not self._video.show(unit, self.video_codec):
            self._want_key_frame()

    def send(self, message: str) -> None:
        if self._channel is None:
            self._pending.append(message)
        elif self._channel.readyState == "open":
            self._channel.send(message)

    def _spawn(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=f"{name}-{self.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Close the connection. aiortc's decoder threads end only when it is closed, so this must always run."""
        self._gone = True
        for task in list(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
        self._audio.stop()
        if self._video:
            self._video.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._pc.close(), 5.0)
