import { h, iconButton, relabel } from "./dom";
import { T } from "./texts";

export interface ControlActions {
  mute: () => void;
  camera: () => void;
  captions: () => void;
  chat: () => void;
  devices: () => void;
  leave: () => void;
}

export interface ControlState {
  microphone: boolean;
  muted: boolean;
  camera: boolean;
  captions: boolean;
  chat: boolean;
}

/** The bar of round buttons under the picture. */
export class Controls {
  readonly element: HTMLElement;
  readonly chat: HTMLButtonElement;
  private readonly mic: HTMLButtonElement;
  private readonly cam: HTMLButtonElement;
  private readonly captions: HTMLButtonElement;

  constructor(actions: ControlActions) {
    this.mic = iconButton("mic", T.mute, actions.mute, "mic");
    this.cam = iconButton("camOff", T.cameraOn, actions.camera);
    this.captions = iconButton("captions", T.captionsOn, actions.captions);
    this.chat = iconButton("chat", T.chatOpen, actions.chat);
    const devices = iconButton("sliders", T.settingsOpen, actions.devices);
    devices.dataset["role"] = "devices";
    this.element = h(
      "div",
      { class: "controls", role: "toolbar", "aria-label": T.controls },
      this.mic,
      this.cam,
      this.captions,
      this.chat,
      devices,
      document.fullscreenEnabled ? fullscreenButton() : null,
      iconButton("leave", T.leaveLong, actions.leave, "leave"),
    );
  }

  update(state: ControlState): void {
    const silent = !state.microphone || state.muted;
    relabel(this.mic, silent ? "micOff" : "mic", state.microphone ? (state.muted ? T.unmute : T.mute) : T.noMicrophone);
    this.mic.classList.toggle("off", silent);
    relabel(this.cam, state.camera ? "cam" : "camOff", state.camera ? T.cameraOff : T.cameraOn);
    toggle(this.captions, state.captions, state.captions ? T.captionsOff : T.captionsOn);
    toggle(this.chat, state.chat, state.chat ? T.chatClose : T.chatOpen);
  }
}

function toggle(button: HTMLButtonElement, on: boolean, label: string): void {
  button.classList.toggle("on", on);
  button.setAttribute("aria-label", label);
  button.title = label;
}

function fullscreenButton(): HTMLButtonElement {
  const button = iconButton("expand", T.fullscreenOn, () => {
    const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    change.catch(() => button.remove()); // Forbidden by the page that embeds us.
  });
  button.classList.add("wide-only");
  document.addEventListener("fullscreenchange", () => {
    toggle(button, document.fullscreenElement !== null, document.fullscreenElement ? T.fullscreenOff : T.fullscreenOn);
  });
  return button;
}
