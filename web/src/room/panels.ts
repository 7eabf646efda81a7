import { deviceSelect } from "./prejoin";
import type { LocalMedia } from "./devices";
import { h } from "./dom";
import { T } from "./texts";

/** Which microphone, camera and speaker the call uses. */
export function devicesPanel(media: LocalMedia, video: HTMLVideoElement): HTMLElement {
  const panel = h("div", { class: "panel-body" }, h("h2", { text: T.settingsOpen }));
  if (media.list("audio").length) panel.append(deviceSelect(media, "audio", T.microphone));
  if (media.tracks.video) panel.append(deviceSelect(media, "video", T.camera));
  const outputs = media.list("output");
  if (outputs.length && "setSinkId" in video) {
    const select = h("select", { on: { change: () => void video.setSinkId(select.value).catch(() => undefined) } });
    for (const device of outputs) {
      const label = device.label || T.systemDefault;
      select.append(h("option", { value: device.deviceId, text: label, selected: device.deviceId === video.sinkId }));
    }
    panel.append(h("label", { class: "field" }, h("span", { text: T.speaker }), select));
  }
  if (panel.childElementCount === 1) panel.append(h("p", { class: "quiet", text: T.noMicrophone }));
  return panel;
}

/** What listens, thinks and speaks in this conversation, and what to know about it. */
export function enginesPanel(properties: Record<string, unknown>): HTMLElement {
  const list = h("dl");
  for (const [key, label] of Object.entries(T.engineNames)) {
    const value = properties[key];
    if (value) list.append(h("dt", { text: label }), h("dd", { text: String(value) }));
  }
  const notes = Array.isArray(properties["notes"]) ? properties["notes"] : [];
  return h(
    "div",
    { class: "panel-body" },
    h("h2", { text: T.enginesTitle }),
    list,
    ...notes.map((note) => h("p", { class: "quiet small", text: String(note) })),
  );
}
