import { RefusedError, type RoomApi, UnreachableError } from "./api";
import { debug, note } from "./debug";
import { Peer, type PeerTracks } from "./peer";
import { type Message, parseMessage } from "./protocol";
import { type MediaStats, StatsReader } from "./stats";

export type Stage = "reaching" | "asking" | "media" | "picture";

export type Phase =
  | { name: "connecting"; stage: Stage }
  | { name: "live" }
  | { name: "reconnecting" }
  | { name: "failed"; stage: Stage; said?: string }
  | { name: "refused"; status: number; said: string }
  | { name: "ended"; reason: string; said?: string };

export interface CallOptions {
  api: RoomApi;
  participantId: string;
  iceServers: RTCIceServer[];
  audioOnly: boolean;
  video: HTMLVideoElement;
  tracks: () => PeerTracks;
  onPhase: (phase: Phase) => void;
  onMessage: (message: Message) => void;
  onBlockedSound: () => void;
}

const MEDIA_LIMIT_MS = 15_000;
const PICTURE_LIMIT_MS = 15_000;
const DISCONNECTED_GRACE_MS = 2_000;
/** Silence of the whole media path that counts as a drop: the server sends even while the replica is quiet. */
const STALL_MS = 5_000;
const RECONNECT_FOR_MS = 90_000;
const BACKOFF_MS = [0, 500, 1_000, 2_000, 4_000, 8_000];

class StageError extends Error {
  constructor(
    readonly stage: Stage,
    readonly said?: string,
  ) {
    super(stage);
  }
}

/** The life of one call: connecting stage by stage, staying connected, reconnecting, ending. */
export class Call {
  phase: Phase = { name: "connecting", stage: "asking" };
  private peer: Peer | null = null;
  private done = false;
  private attempt = 0;
  private watch: ReturnType<typeof setInterval> | undefined;
  private wake: (() => void) | null = null;

  constructor(private readonly options: CallOptions) {
    debug.video = options.video;
    debug.send = (type, properties) => this.send(type, properties);
    window.addEventListener("online", () => this.wake?.());
  }

  /** Open the first connection; a failure is shown, with the choice to try again. */
  async start(): Promise<void> {
    try {
      await this.open(false);
    } catch (error) {
      if (!this.done) this.settle(error);
    }
  }

  send(eventType: string, properties: Record<string, unknown> = {}): boolean {
    const channel = this.peer?.channel;
    if (!channel || channel.readyState !== "open") return false;
    const message: Message = {
      message_type: "conversation",
      event_type: eventType,
      conversation_id: this.options.api.conversationId,
      properties,
    };
    channel.send(JSON.stringify(message));
    note("out", eventType, message);
    return true;
  }

  async sendTrack(kind: "audio" | "video", track: MediaStreamTrack | null): Promise<void> {
    await this.peer?.send(kind, track);
  }

  level(): number {
    return this.peer && !this.peer.closed ? this.peer.level() : 0;
  }

  leave(reason: "left" | "pagehide"): void {
    if (this.done) return;
    this.options.api.leave(this.options.participantId, reason);
    note("page", "room.leave", { reason });
    if (reason === "left") this.finish({ name: "ended", reason: "" });
  }

  /** Close everything without a word to the server. */
  dispose(): void {
    this.done = true;
    this.attempt++;
    clearInterval(this.watch);
    this.wake?.();
    this.dropPeer();
  }

  play(): void {
    const { video, onBlockedSound } = this.options;
    video.play().catch((error: DOMException) => {
      if (error.name !== "NotAllowedError") return; // AbortError: a newer stream took over.
      note("page", "room.sound_blocked");
      video.muted = true;
      onBlockedSound();
      void video.play().catch(() => undefined);
    });
  }

  private setPhase(phase: Phase): void {
    this.phase = phase;
    debug.state = phase.name === "connecting" ? phase.stage : phase.name;
    note("page", `room.${debug.state}`);
    this.options.onPhase(phase);
  }

  private async open(again: boolean): Promise<void> {
    const attempt = ++this.attempt;
    const current = (): boolean => attempt === this.attempt && !this.done;
    const stage = (name: Stage): void => {
      if (!again && current()) this.setPhase({ name: "connecting", stage: name });
    };
    this.dropPeer();
    const peer = new Peer(this.options.iceServers, this.options.tracks());
    this.peer = peer;
    Object.assign(debug, { pc: peer.pc, channel: peer.channel });
    try {
      stage("asking");
      this.listen(peer);
      const answer = await this.ask(await peer.offer());
      if (!current()) return;
      stage("media");
      await peer.accept(answer);
      await connected(peer);
      if (!current()) return;
      stage("picture");
      this.show(peer);
      await this.firstPicture(peer);
      if (!current()) return;
      this.setPhase({ name: "live" });
      this.guard(peer);
    } catch (error) {
      peer.close();
      if (current()) throw error;
    }
  }

  private async ask(offer: string): Promise<string> {
    try {
      return (await this.options.api.connect(offer, this.options.participantId)).sdp;
    } catch (error) {
      if (error instanceof UnreachableError) {
        throw new StageError(/Timeout/.test(error.message) ? "asking" : "reaching");
      }
      throw error;
    }
  }

  private listen(peer: Peer): void {
    peer.channel.onmessage = (event) => {
      const message = parseMessage(event.data, this.options.api.conversationId);
      if (!message) return;
      note("in", message.event_type, message);
      this.options.onMessage(message);
      if (message.event_type === "system.shutdown") {
        const p = message.properties ?? {};
        this.finish({ name: "ended", reason: String(p["shutdown_reason"] ?? p["reason"] ?? "") });
      }
    };
  }

  private show(peer: Peer): void {
    const { video } = this.options;
    debug.audio = peer.stream.getAudioTracks()[0] ?? null;
    video.srcObject = peer.stream;
    this.play();
  }

  /** Wait for a picture (a sound in a call without pictures), by getStats so that a hidden tab gets there too. */
  private async firstPicture(peer: Peer): Promise<void> {
    const reader = new StatsReader();
    const end = performance.now() + PICTURE_LIMIT_MS;
    this.options.video.requestVideoFrameCallback?.(() => note("page", "room.first_frame"));
    while (!peer.closed && performance.now() < end) {
      const stats = await reader.read(peer.pc);
      if (this.options.audioOnly ? stats.packetsReceived > 0 : stats.framesDecoded > 0) return;
      if (document.hidden && stats.framesReceived > 0) return;
      await pause(100);
    }
    throw new StageError("picture");
  }

  /** Watch a live connection until it drops. */
  private guard(peer: Peer): void {
    let disconnected: ReturnType<typeof setTimeout> | undefined;
    const lost = (why: string): void => {
      clearTimeout(disconnected);
      if (this.peer === peer && !this.done) void this.reconnect(why);
    };
    const judge = (): void => {
      clearTimeout(disconnected);
      const state = peer.pc.connectionState;
      if (state === "failed" || state === "closed") lost(state);
      else if (state === "disconnected") disconnected = setTimeout(() => lost(state), DISCONNECTED_GRACE_MS);
    };
    peer.pc.onconnectionstatechange = judge;
    // A shutdown message may still be on its way to its handler when the channel closes.
    peer.channel.onclose = () => setTimeout(() => lost("channel closed"), 200);
    this.watchStats(peer, () => lost("stalled"));
    judge();
  }

  private watchStats(peer: Peer, stalled: () => void): void {
    const reader = new StatsReader();
    let packets = -1;
    let since = performance.now();
    clearInterval(this.watch);
    this.watch = setInterval(() => {
      if (peer.closed) return;
      void reader.read(peer.pc).then((stats: MediaStats) => {
        debug.stats = { ...stats };
        const now = performance.now();
        if (stats.packetsReceived !== packets) since = now;
        packets = stats.packetsReceived;
        if (now - since > STALL_MS) stalled();
      });
    }, 1_000);
  }

  /** New peer connections with growing pauses, until one stands, the server says no, or time is up. */
  private async reconnect(why: string): Promise<void> {
    note("page", "room.dropped", { why });
    this.dropPeer();
    this.setPhase({ name: "reconnecting" });
    const end = performance.now() + RECONNECT_FOR_MS;
    let failure: unknown = new StageError("media");
    for (let i = 0; performance.now() < end && !this.done; i++) {
      await this.sleep(BACKOFF_MS[Math.min(i, BACKOFF_MS.length - 1)] ?? 0);
      if (this.done) return;
      try {
        return await this.open(true);
      } catch (error) {
        failure = error;
        if (error instanceof RefusedError && error.status < 500 && error.status !== 429) break;
      }
    }
    if (!this.done) this.settle(failure);
  }

  private settle(error: unknown): void {
    this.dropPeer();
    if (error instanceof RefusedError) {
      if (error.status === 410) this.finish({ name: "ended", reason: "", said: error.message });
      else if (error.status >= 500) this.setPhase({ name: "failed", stage: "asking", said: error.message });
      else this.setPhase({ name: "refused", status: error.status, said: error.message });
    } else if (error instanceof StageError) {
      this.setPhase({ name: "failed", stage: error.stage, ...(error.said ? { said: error.said } : {}) });
    } else {
      this.setPhase({ name: "failed", stage: "media", said: String(error) });
    }
  }

  private finish(phase: Phase): void {
    if (this.done) return;
    this.dispose();
    this.setPhase(phase);
  }

  private dropPeer(): void {
    clearInterval(this.watch);
    this.peer?.close();
    this.peer = null;
  }

  /** A pause that coming back online cuts short. */
  private sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function connected(peer: Peer): Promise<void> {
  const pc = peer.pc;
  return new Promise((resolve, reject) => {
    const judge = (): void => {
      if (pc.connectionState === "connected") settle(resolve);
      else if (pc.connectionState === "failed" || pc.connectionState === "closed") {
        settle(() => reject(new StageError("media")));
      }
    };
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      pc.removeEventListener("connectionstatechange", judge);
      act();
    };
    const timer = setTimeout(() => settle(() => reject(new StageError("media"))), MEDIA_LIMIT_MS);
    pc.addEventListener("connectionstatechange", judge);
    judge();
  });
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
