import type { RoomInfo } from "./api";
import { type Kind, type LocalMedia, meter, type Trouble } from "./devices";
import { h, icon } from "./dom";
import { poster } from "./frame";
import { T } from "./texts";

/** The screen before the call: who waits there, and whether the person can be heard. */
export class Prejoin {
  readonly element: HTMLElement;
  private readonly audio = h("div", { class: "device" });
  private readonly video = h("div", { class: "device" });
  private readonly preview = h("video", { class: "preview", muted: true, playsinline: true, "aria-label": T.yourCamera });
  private readonly joinButton: HTMLButtonElement;
  private stopMeter: (() => void) | null = null;
  private metered: MediaStreamTrack | null = null;
  private opening = false;

  constructor(
    info: RoomInfo,
    private readonly media: LocalMedia,
    private readonly onJoin: () => void,
  ) {
    const name = info.persona_name || info.replica_name || T.unnamedReplica;
    this.preview.muted = true;
    this.joinButton = h("button", {
      type: "button",
      class: "button primary big",
      text: T.join,
      on: { click: () => void this.join() },
    });
    this.element = h(
      "section",
      { class: "prejoin" },
      h("div", { class: "portrait" }, poster(info.poster_url, "framed", name), this.preview),
      h(
        "div",
        { class: "panel" },
        h("p", { class: "eyebrow", text: T.aboutToTalk }),
        h("h1", { text: name, tabindex: -1, "data-focus": true }),
        h("p", { class: "quiet", text: T.readyHint }),
        this.audio,
        this.video,
        this.joinButton,
      ),
    );
  }

  /** Show the devices; the microphone opens by itself where that asks nothing of the person. */
  async begin(): Promise<void> {
    this.media.onChange = () => this.update();
    this.update();
    if (!this.media.tracks.audio && (await this.media.allowed("audio"))) await this.media.open("audio");
  }

  end(): void {
    this.stopMeter?.();
    this.stopMeter = null;
    this.metered = null;
  }

  private async join(): Promise<void> {
    if (this.opening) return;
    this.opening = true;
    this.joinButton.disabled = true;
    const first = !this.media.tracks.audio && !this.media.trouble.audio;
    const open = !first || (await this.media.open("audio"));
    this.opening = false;
    this.joinButton.disabled = false;
    // A fresh refusal is shown first; the button then says that joining means typing.
    if (open) this.onJoin();
  }

  private update(): void {
    const { tracks, trouble } = this.media;
    this.audio.replaceChildren(...this.microphone());
    this.video.replaceChildren(...this.camera());
    this.joinButton.textContent = trouble.audio ? T.joinByTyping : T.join;
    this.preview.hidden = !tracks.video;
    const stream = tracks.video ? new MediaStream([tracks.video]) : null;
    if (stream?.id !== (this.preview.srcObject as MediaStream | null)?.id) this.preview.srcObject = stream;
    if (stream) void this.preview.play().catch(() => undefined);
  }

  private microphone(): HTMLElement[] {
    const { trouble, tracks } = this.media;
    if (trouble.audio) {
      this.end();
      return [troubleCard(trouble.audio, () => void this.media.open("audio"), T.microphoneTrouble.canType)];
    }
    if (!tracks.audio) {
      this.end();
      const ask = h(
        "button",
        { type: "button", class: "button", on: { click: () => void this.media.open("audio") } },
        icon("mic"),
        h("span", { text: T.allowMicrophone }),
      );
      return [ask, h("p", { class: "quiet small", text: T.microphoneHelp })];
    }
    const bar = h("div", {
      class: "meter",
      role: "meter",
      "aria-label": T.microphoneLevel,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": 0,
    });
    for (let i = 0; i < 14; i++) bar.append(h("i"));
    const hint = h("p", { class: "quiet small", text: T.saySomething });
    this.measure(tracks.audio, bar, hint);
    return [deviceSelect(this.media, "audio", T.microphone), h("div", { class: "meter-row" }, bar, hint)];
  }

  private measure(track: MediaStreamTrack, bar: HTMLElement, hint: HTMLElement): void {
    this.stopMeter?.();
    this.metered = track;
    let heard = 0;
    this.stopMeter = meter(track, (level) => {
      if (this.metered !== track) return;
      const lit = Math.round(level * bar.children.length);
      [...bar.children].forEach((cell, i) => cell.classList.toggle("on", i < lit));
      bar.setAttribute("aria-valuenow", String(Math.round(level * 100)));
      if (level > 0.45 && ++heard === 4) hint.textContent = T.microphoneWorks;
    });
  }

  private camera(): HTMLElement[] {
    const { trouble, tracks } = this.media;
    const on = tracks.video !== null;
    const toggle = h(
      "button",
      {
        type: "button",
        class: "switch",
        role: "switch",
        "aria-checked": String(on),
        on: { click: () => (on ? this.media.close("video") : void this.media.open("video")) },
      },
      h("span", { class: "track", "aria-hidden": "true" }),
      h("span", { text: T.useCamera }),
    );
    if (trouble.video) return [toggle, troubleCard(trouble.video, () => void this.media.open("video"))];
    if (on) return [toggle, deviceSelect(this.media, "video", T.camera)];
    return [toggle, h("p", { class: "quiet small", text: T.cameraHelp })];
  }
}

export function troubleCard(trouble: Trouble, retry: () => void, extra = ""): HTMLElement {
  return h(
    "div",
    { class: "trouble", role: "alert", "data-code": trouble.code },
    icon("warn"),
    h(
      "div",
      {},
      h("strong", { text: trouble.title }),
      h("p", { text: trouble.advice }),
      extra ? h("p", { text: extra }) : null,
      h("button", { type: "button", class: "link", text: T.retry, on: { click: retry } }),
    ),
  );
}

export function deviceSelect(media: LocalMedia, kind: Kind, label: string): HTMLElement {
  const select = h("select", { on: { change: () => void media.choose(kind, select.value) } });
  media.list(kind).forEach((device, i) => {
    const selected = device.deviceId === media.chosen[kind];
    select.append(h("option", { value: device.deviceId, text: device.label || T.device(label, i + 1), selected }));
  });
  return h("label", { class: "field" }, h("span", { text: label }), select);
}
