import { note } from "./debug";
import { T } from "./texts";

export type Kind = "audio" | "video";

/** Why a microphone or camera did not open, in words, with what to do about it. */
export interface Trouble {
  code: "blocked" | "missing" | "busy" | "insecure" | "embedded" | "other";
  title: string;
  advice: string;
}

const VIDEO: MediaTrackConstraints = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15, max: 30 } };
const AUDIO: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Microphone and camera of this page. Tracks outlive peer connections, so a reconnect asks for nothing again. */
export class LocalMedia {
  readonly tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  readonly trouble: Record<Kind, Trouble | null> = { audio: null, video: null };
  readonly chosen: Record<Kind, string> = { audio: "", video: "" };
  devices: MediaDeviceInfo[] = [];
  muted = false;
  /** Called when a track, the trouble or the list of devices changes. */
  onChange: () => void = () => undefined;
  /** Called when a device in use went away: with the replacement's name, or null. */
  onLost: (kind: Kind, replacement: string | null) => void = () => undefined;

  constructor() {
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.refresh());
  }

  /** True if opening it shows no permission prompt. */
  async allowed(kind: Kind): Promise<boolean> {
    try {
      const name = (kind === "audio" ? "microphone" : "camera") as PermissionName;
      return (await navigator.permissions.query({ name })).state === "granted";
    } catch {
      return false; // Older browsers do not know these names; then we wait for a click.
    }
  }

  /** Open (or reopen with the chosen device); false with `trouble` set if that fails. */
  async open(kind: Kind): Promise<boolean> {
    this.trouble[kind] = null;
    const device = this.chosen[kind];
    const base = kind === "audio" ? AUDIO : { ...VIDEO, ...(device ? {} : { facingMode: "user" }) };
    const wanted = device ? { ...base, deviceId: { exact: device } } : base;
    try {
      if (!navigator.mediaDevices) throw new DOMException("insecure context", "NotSupportedError");
      const stream = await navigator.mediaDevices.getUserMedia({ [kind]: wanted });
      this.use(kind, stream.getTracks()[0] ?? null);
    } catch (error) {
      const name = (error as DOMException).name;
      if (device && (name === "OverconstrainedError" || name === "NotFoundError")) {
        this.chosen[kind] = "";
        return this.open(kind);
      }
      this.trouble[kind] = explain(kind, error as DOMException);
      note("page", `${kind}.trouble`, { code: this.trouble[kind].code, name });
      this.use(kind, null);
    }
    await this.refresh();
    return this.tracks[kind] !== null;
  }

  close(kind: Kind): void {
    this.use(kind, null);
    this.onChange();
  }

  choose(kind: Kind, deviceId: string): Promise<boolean> {
    this.chosen[kind] = deviceId;
    return this.open(kind);
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    if (this.tracks.audio) this.tracks.audio.enabled = !muted;
    this.onChange();
  }

  list(kind: Kind | "output"): MediaDeviceInfo[] {
    const wanted = kind === "output" ? "audiooutput" : `${kind}input`;
    return this.devices.filter((device) => device.kind === wanted && device.deviceId !== "");
  }

  private use(kind: Kind, track: MediaStreamTrack | null): void {
    const old = this.tracks[kind];
    if (old && old !== track) {
      old.onended = null;
      old.stop();
    }
    this.tracks[kind] = track;
    if (!track) return;
    if (kind === "audio") track.enabled = !this.muted;
    this.chosen[kind] = track.getSettings().deviceId ?? this.chosen[kind];
    track.onended = () => void this.replaceLost(kind);
  }

  private async replaceLost(kind: Kind): Promise<void> {
    note("page", `${kind}.lost`);
    this.chosen[kind] = "";
    const found = kind === "audio" && (await this.open(kind));
    if (!found) this.close(kind);
    this.onLost(kind, found ? (this.tracks[kind]?.label ?? "") : null);
  }

  private async refresh(): Promise<void> {
    try {
      this.devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    } catch {
      this.devices = [];
    }
    this.onChange();
  }
}

function explain(kind: Kind, error: DOMException): Trouble {
  const t = T.microphoneTrouble;
  const camera = kind === "video";
  const words = (text: string): string => (camera ? t.fixCamera(text) : text);
  const blocked = camera ? t.cameraTitle : t.title;
  if (!window.isSecureContext || !navigator.mediaDevices)
    return { code: "insecure", title: blocked, advice: words(t.insecure) };
  if (blockedByEmbedder(kind)) return { code: "embedded", title: blocked, advice: t.embedded };
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError": {
      const embedded = window.parent !== window && !hasPolicyApi() ? ` ${t.embedded}` : "";
      const system = /system/i.test(error.message) ? t.system : `${t.fix[browserKind()]} ${t.system}`;
      return { code: "blocked", title: blocked, advice: words(system) + embedded };
    }
    case "NotFoundError":
    case "OverconstrainedError":
      return { code: "missing", title: camera ? t.cameraTitleMissing : t.titleMissing, advice: t.missing };
    case "NotReadableError":
    case "AbortError":
      return { code: "busy", title: camera ? t.cameraTitleBusy : t.titleBusy, advice: t.busy };
    default:
      return {
        code: "other",
        title: camera ? t.cameraTitleOther : t.titleOther,
        advice: t.other(error.message || error.name),
      };
  }
}

interface Policy {
  allowsFeature(name: string): boolean;
}

function policy(): Policy | undefined {
  const holder = document as Document & { permissionsPolicy?: Policy; featurePolicy?: Policy };
  return holder.permissionsPolicy ?? holder.featurePolicy;
}

const hasPolicyApi = (): boolean => policy() !== undefined;

function blockedByEmbedder(kind: Kind): boolean {
  return policy()?.allowsFeature(kind === "audio" ? "microphone" : "camera") === false;
}

function browserKind(): keyof typeof T.microphoneTrouble.fix {
  const agent = navigator.userAgent;
  const android = /Android/.test(agent);
  // An iPad calls itself a Mac, but no Mac has a touch screen.
  const ios = /iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1);
  if (ios) return /CriOS|FxiOS|EdgiOS/.test(agent) ? "iosOther" : "ios";
  if (/Firefox\//.test(agent)) return android ? "firefoxAndroid" : "firefox";
  if (/Edg\//.test(agent)) return "edge";
  if (/Chrome\/|Chromium\//.test(agent)) return android ? "chromeAndroid" : "chrome";
  return /Safari\//.test(agent) ? "safari" : "generic";
}

/** Loudness of a track, 0..1, about ten times a second until stopped. */
export function meter(track: MediaStreamTrack, onLevel: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const resume = (): void => void context.resume();
  document.addEventListener("pointerdown", resume, { once: true });
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    onLevel(loudness(Math.sqrt(sum / samples.length)));
  }, 80);
  return () => {
    clearInterval(timer);
    document.removeEventListener("pointerdown", resume);
    void context.close();
  };
}

/** Map an amplitude to 0..1 over the 50 dB in which speech lies. */
export function loudness(amplitude: number): number {
  if (amplitude <= 0) return 0;
  return Math.min(1, Math.max(0, 1 + (20 * Math.log10(amplitude)) / 50));
}
