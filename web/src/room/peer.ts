/** One attempt at a peer connection. aiortc knows no ICE restart, so every reconnection is a new one of these. */

export interface PeerTracks {
  audio: MediaStreamTrack | null;
  video: MediaStreamTrack | null;
}

const GATHERING_LIMIT_MS = 2_000;
const CAMERA_BITRATE = 400_000;

export class Peer {
  readonly pc: RTCPeerConnection;
  readonly channel: RTCDataChannel;
  readonly stream = new MediaStream();
  closed = false;
  private readonly audio: RTCRtpTransceiver;
  private readonly video: RTCRtpTransceiver;

  constructor(iceServers: RTCIceServer[], tracks: PeerTracks) {
    this.pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    // The server relies on this order: audio, video, data channel.
    this.audio = this.pc.addTransceiver(tracks.audio ?? "audio", { direction: "sendrecv" });
    this.video = this.pc.addTransceiver(tracks.video ?? "video", { direction: "sendrecv" });
    preferH264(this.video);
    this.channel = this.pc.createDataChannel("app", { ordered: true });
    this.pc.ontrack = (event) => this.stream.addTrack(event.track);
  }

  /** The offer with its candidates in it: the server takes no trickled ones. */
  async offer(): Promise<string> {
    await this.pc.setLocalDescription();
    await this.gathered();
    return this.pc.localDescription?.sdp ?? "";
  }

  async accept(answer: string): Promise<void> {
    await this.pc.setRemoteDescription({ type: "answer", sdp: answer });
    await this.limitCamera();
  }

  /** Start, swap or (null) stop sending without renegotiation. */
  async send(kind: "audio" | "video", track: MediaStreamTrack | null): Promise<void> {
    if (this.closed) return;
    await this[kind].sender.replaceTrack(track);
    if (kind === "video") await this.limitCamera();
  }

  /** Loudness of what the replica says now, amplitude 0..1; needs no audio graph. */
  level(): number {
    const receiver = this.audio.receiver;
    return Math.max(0, ...(receiver.getSynchronizationSources?.() ?? []).map((source) => source.audioLevel ?? 0));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.pc.onconnectionstatechange = null;
    this.channel.onclose = null;
    this.channel.onmessage = null;
    this.pc.close();
  }

  private gathered(): Promise<void> {
    const pc = this.pc;
    if (pc.iceGatheringState === "complete") return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        pc.removeEventListener("icegatheringstatechange", check);
        resolve();
      };
      const check = (): void => {
        if (pc.iceGatheringState === "complete") done();
      };
      const timer = setTimeout(done, GATHERING_LIMIT_MS);
      pc.addEventListener("icegatheringstatechange", check);
    });
  }

  private async limitCamera(): Promise<void> {
    const parameters = this.video.sender.getParameters();
    const encoding = parameters.encodings?.[0];
    if (!encoding) return;
    encoding.maxBitrate = CAMERA_BITRATE;
    await this.video.sender.setParameters(parameters).catch(() => undefined); // A wish: the call works without it.
  }
}

/** The server's own encoder makes constrained-baseline H.264; VP8 is for browsers built without an H.264 decoder. */
function preferH264(video: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs;
  if (!codecs || !("setCodecPreferences" in video)) return;
  const is = (codec: RTCRtpCodec, name: string): boolean => codec.mimeType.toLowerCase() === `video/${name}`;
  const h264 = codecs.filter((codec) => is(codec, "h264") && /packetization-mode=1/.test(codec.sdpFmtpLine ?? ""));
  const first = h264.filter((codec) => /profile-level-id=42e01f/i.test(codec.sdpFmtpLine ?? ""));
  const rest = h264.filter((codec) => !first.includes(codec));
  const wanted = [...first, ...rest, ...codecs.filter((c) => is(c, "vp8")), ...codecs.filter((c) => is(c, "rtx"))];
  if (h264.length || wanted.length) video.setCodecPreferences(wanted);
}
