/** Figures of the media path, from differences of getStats. */

export interface MediaStats {
  /** Decoded pictures per second over the last interval. */
  fps: number;
  framesReceived: number;
  framesDecoded: number;
  framesDropped: number;
  freezes: number;
  freezeSeconds: number;
  width: number;
  height: number;
  codec: string;
  /** Time in the jitter buffer per frame or sample over the last interval, ms. */
  videoBufferMs: number;
  audioBufferMs: number;
  /** Share of sound made up to hide loss over the last interval, 0..1. */
  concealed: number;
  packetsReceived: number;
  packetsLost: number;
  kbps: number;
  rttMs: number;
  /** Audio minus video playout, ms: above zero the sound is ahead of the picture. Null until known. */
  avOffsetMs: number | null;
}

type Row = Record<string, number & string>;

export class StatsReader {
  private last: { at: number; video: Row; audio: Row } | null = null;

  async read(pc: RTCPeerConnection): Promise<MediaStats> {
    const report = await pc.getStats();
    let video = {} as Row;
    let audio = {} as Row;
    let rtt = 0;
    const codecs = new Map<string, string>();
    report.forEach((row: Row) => {
      if (row["type"] === "inbound-rtp") row["kind"] === "video" ? (video = row) : (audio = row);
      else if (row["type"] === "candidate-pair" && row["nominated"]) rtt = (row["currentRoundTripTime"] ?? 0) * 1000;
      else if (row["type"] === "codec") codecs.set(row["id"] ?? "", row["mimeType"] ?? "");
    });
    const now = performance.now();
    const before = this.last;
    const seconds = before ? Math.max(0.001, (now - before.at) / 1000) : 1;
    const change = (kind: "video" | "audio", name: string): number =>
      ((kind === "video" ? video : audio)[name] ?? 0) - (before?.[kind][name] ?? 0);
    const perUnit = (kind: "video" | "audio"): number =>
      (1000 * change(kind, "jitterBufferDelay")) / Math.max(1, change(kind, "jitterBufferEmittedCount"));
    const stats: MediaStats = {
      fps: change("video", "framesDecoded") / seconds,
      framesReceived: video["framesReceived"] ?? 0,
      framesDecoded: video["framesDecoded"] ?? 0,
      framesDropped: video["framesDropped"] ?? 0,
      freezes: video["freezeCount"] ?? 0,
      freezeSeconds: video["totalFreezesDuration"] ?? 0,
      width: video["frameWidth"] ?? 0,
      height: video["frameHeight"] ?? 0,
      codec: codecs.get(video["codecId"] ?? "") ?? "",
      videoBufferMs: perUnit("video"),
      audioBufferMs: perUnit("audio"),
      concealed: change("audio", "concealedSamples") / Math.max(1, change("audio", "totalSamplesReceived")),
      packetsReceived: (video["packetsReceived"] ?? 0) + (audio["packetsReceived"] ?? 0),
      packetsLost: (video["packetsLost"] ?? 0) + (audio["packetsLost"] ?? 0),
      kbps: ((change("video", "bytesReceived") + change("audio", "bytesReceived")) * 8) / 1000 / seconds,
      rttMs: rtt,
      avOffsetMs:
        video["estimatedPlayoutTimestamp"] && audio["estimatedPlayoutTimestamp"]
          ? audio["estimatedPlayoutTimestamp"] - video["estimatedPlayoutTimestamp"]
          : null,
    };
    this.last = { at: now, video, audio };
    return stats;
  }
}
