import type { RoomInfo } from "./api";
import { Captions } from "./captions";
import type { Phase } from "./call";
import { Chat } from "./chat";
import { Controls } from "./controls";
import { debug } from "./debug";
import { type LocalMedia, loudness, meter } from "./devices";
import { h, icon, iconButton } from "./dom";
import { poster } from "./frame";
import { ConnectingOverlay } from "./overlay";
import { enginesPanel, devicesPanel } from "./panels";
import { type Message, type ReplicaState, stateOf, Transcript } from "./protocol";
import { T } from "./texts";

export interface CallViewActions {
  send: (eventType: string, properties?: Record<string, unknown>) => boolean;
  leave: () => void;
  retry: () => void;
  play: () => void;
  level: () => number;
}

const TOAST_MS = 9_000;

/** The screen of a call. It draws what it is told; the call itself lives in call.ts. */
export class CallView {
  readonly element: HTMLElement;
  readonly video = h("video", { class: "face", playsinline: true, autoplay: true });
  readonly transcript: Transcript;
  private readonly name: string;
  private readonly stage = h("div", { class: "stage" });
  private readonly overlay: ConnectingOverlay;
  private readonly stateText = h("span", { class: "state-text" });
  private readonly captions: Captions;
  private readonly chat: Chat;
  private readonly controls: Controls;
  private readonly self = h("video", { class: "self", playsinline: true, "aria-label": T.yourCamera });
  private readonly stop: HTMLButtonElement;
  private readonly tap: HTMLButtonElement;
  private readonly still = h("canvas", { class: "still", "aria-hidden": "true", hidden: true });
  private readonly toasts = h("div", { class: "toasts", role: "status" });
  private readonly about = h("div", { class: "about" });
  private readonly panel = h("div", { class: "popover", popover: "auto" });
  private readonly timers: ReturnType<typeof setInterval>[] = [];
  private stopMeter: (() => void) | null = null;
  private metered: MediaStreamTrack | null = null;
  private replica: ReplicaState = "listening";
  private live = false;
  private roomStates = false;
  private chatOpen = false;

  constructor(
    private readonly info: RoomInfo,
    private readonly media: LocalMedia,
    private readonly actions: CallViewActions,
  ) {
    this.name = info.persona_name || info.replica_name || T.unnamedReplica;
    this.captions = new Captions(this.name, info.closed_captions);
    this.chat = new Chat(this.name, (text) => this.say(text), () => this.showChat(false));
    this.transcript = new Transcript((line) => {
      this.captions.update(line);
      this.chat.update(line);
      if (!this.chatOpen && line.final) this.controls.chat.classList.add("news");
    });
    this.overlay = new ConnectingOverlay(info.audio_only, actions.retry);
    this.stop = h(
      "button",
      { type: "button", class: "stop chip", title: T.stopLong, hidden: true, on: { click: () => this.interrupt() } },
      icon("stop"),
      h("span", { text: T.stop }),
    );
    this.tap = h(
      "button",
      { type: "button", class: "tap button primary", hidden: true, on: { click: () => this.hear() } },
      icon("sound"),
      h("span", { text: T.tapToHear }),
    );
    this.controls = new Controls({
      mute: () => void this.toggleMicrophone(),
      camera: () => (media.tracks.video ? media.close("video") : void this.openCamera()),
      captions: () => this.toggleCaptions(),
      chat: () => this.showChat(!this.chatOpen),
      devices: () => this.showPanel(devicesPanel(media, this.video)),
      leave: actions.leave,
    });
    this.element = this.build();
    this.wire();
  }

  setPhase(phase: Phase): void {
    if (phase.name === "connecting") this.overlay.stage(phase.stage);
    else if (phase.name === "reconnecting") {
      this.keepPicture();
      this.overlay.reconnecting();
    } else if (phase.name === "live") {
      this.still.hidden = true;
      this.overlay.hide();
      this.stage.classList.add("live");
    }
    this.live = phase.name === "live";
    if (phase.name === "reconnecting") this.replica = "listening";
    this.showReplica();
  }

  receive(message: Message): void {
    this.transcript.receive(message);
    if (message.event_type === "room.state") this.roomStates = true;
    const state = stateOf(message);
    // The engine's own word wins; without it the speaking events tell the same story, only coarser.
    if (state && (message.event_type === "room.state" || !this.roomStates)) {
      this.replica = state;
      this.showReplica();
    }
    if (message.event_type === "room.notice") this.toast(String(message.properties?.["text"] ?? ""));
    if (message.event_type === "room.engines") this.showEngines(message.properties ?? {});
  }

  toast(text: string): void {
    const toast = h("div", { class: "toast" }, h("span", { text }));
    toast.append(iconButton("close", T.close, () => toast.remove(), "plain"));
    this.toasts.append(toast);
    setTimeout(() => toast.remove(), TOAST_MS);
  }

  soundBlocked(): void {
    this.tap.hidden = false;
  }

  dispose(): void {
    this.timers.forEach(clearInterval);
    this.stopMeter?.();
    this.overlay.hide();
    document.removeEventListener("keydown", this.onKey);
  }

  private build(): HTMLElement {
    this.self.muted = true;
    const bars = h("div", { class: "bars", "aria-hidden": "true" });
    for (let i = 0; i < 5; i++) bars.append(h("i"));
    this.stage.append(
      poster(this.info.poster_url, "fill"),
      ...(this.info.audio_only ? [bars] : []),
      this.video,
      this.still,
      h(
        "div",
        { class: "chip who" },
        h("i", { class: "dot", "aria-hidden": "true" }),
        h("b", { text: this.name }),
        this.stateText,
      ),
      this.about,
      this.self,
      h("div", { class: "lower" }, this.stop, this.captions.element),
      this.tap,
      this.overlay.element,
    );
    this.stage.classList.toggle("audio-only", this.info.audio_only);
    const wrap = h("div", { class: "stage-wrap" }, h("div", { class: "glow", "aria-hidden": "true" }), this.stage);
    return h(
      "div",
      { class: "call", "data-replica": "idle" },
      h("h1", { class: "visually-hidden", text: this.name, tabindex: -1, "data-focus": true }),
      h("div", { class: "stage-area" }, wrap),
      this.controls.element,
      this.chat.element,
      this.toasts,
      this.panel,
    );
  }

  private wire(): void {
    document.addEventListener("keydown", this.onKey);
    this.video.addEventListener("resize", () => {
      const { videoWidth: width, videoHeight: height } = this.video;
      if (width && height) this.element.style.setProperty("--ratio", String(Math.max(0.7, Math.min(1.78, width / height))));
    });
    this.timers.push(setInterval(() => this.pulse(), 100));
    this.showReplica();
    this.showChat(false);
    this.updateMedia();
  }

  /** Microphone, camera and their failures have changed. */
  updateMedia(): void {
    const { tracks } = this.media;
    const stream = tracks.video ? new MediaStream([tracks.video]) : null;
    this.self.hidden = !stream;
    this.self.srcObject = stream;
    if (stream) void this.self.play().catch(() => undefined);
    if (this.metered !== tracks.audio) {
      this.stopMeter?.();
      this.metered = tracks.audio;
      this.stopMeter = tracks.audio
        ? meter(tracks.audio, (level) => this.controls.element.style.setProperty("--mic", level.toFixed(2)))
        : null;
    }
    this.refresh();
  }

  private refresh(): void {
    this.controls.update({
      microphone: this.media.tracks.audio !== null,
      muted: this.media.muted,
      camera: this.media.tracks.video !== null,
      captions: this.captions.visible,
      chat: this.chatOpen,
    });
  }

  /** Events come as soon as the channel opens, a moment before there is a picture to go with them. */
  private showReplica(): void {
    const state = this.live ? this.replica : "idle";
    debug.replica = state;
    this.element.dataset["replica"] = state;
    this.stateText.textContent = state === "idle" ? "" : T.state[state];
    this.stop.hidden = state !== "speaking";
  }

  private pulse(): void {
    this.element.style.setProperty("--level", loudness(this.actions.level()).toFixed(2));
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Escape" && debug.replica === "speaking" && !event.defaultPrevented) this.interrupt();
  };

  private interrupt(): void {
    this.actions.send("conversation.interrupt");
  }

  private say(text: string): boolean {
    const sent = this.actions.send("conversation.respond", { text });
    if (sent) this.transcript.typed(text);
    else this.toast(T.notSent);
    return sent;
  }

  private async toggleMicrophone(): Promise<void> {
    if (this.media.tracks.audio) return this.media.setMuted(!this.media.muted);
    this.media.muted = false;
    if (!(await this.media.open("audio"))) this.tellTrouble("audio");
  }

  private async openCamera(): Promise<void> {
    if (!(await this.media.open("video"))) this.tellTrouble("video");
  }

  private tellTrouble(kind: "audio" | "video"): void {
    const trouble = this.media.trouble[kind];
    if (trouble) this.toast(`${trouble.title}. ${trouble.advice}`);
  }

  private toggleCaptions(): void {
    this.captions.visible = !this.captions.visible;
    this.refresh();
  }

  private showChat(open: boolean): void {
    const hadFocus = this.chat.element.contains(document.activeElement);
    this.chatOpen = open;
    this.element.classList.toggle("with-chat", open);
    this.chat.element.hidden = !open;
    this.refresh();
    this.controls.chat.classList.remove("news");
    if (open) this.chat.focus();
    else if (hadFocus) this.controls.chat.focus();
  }

  private showPanel(content: HTMLElement): void {
    this.panel.replaceChildren(content);
    this.panel.showPopover?.();
    content.querySelector<HTMLElement>("select, button")?.focus();
  }

  private showEngines(properties: Record<string, unknown>): void {
    const panel = enginesPanel(properties);
    this.about.replaceChildren(
      iconButton("info", T.enginesOpen, () => this.showPanel(panel), "chip"),
    );
    const notes = Array.isArray(properties["notes"]) ? properties["notes"].map(String) : [];
    if (notes[0] && !this.toasts.childElementCount) this.toast(notes[0]);
  }

  private hear(): void {
    this.video.muted = false;
    this.tap.hidden = true;
    this.actions.play();
  }

  /** Keep the last picture on the stage while a new connection is made. */
  private keepPicture(): void {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return;
    this.still.width = width;
    this.still.height = height;
    this.still.getContext("2d")?.drawImage(this.video, 0, 0, width, height);
    this.still.hidden = false;
  }
}
