import type { Stage } from "./call";
import { h } from "./dom";
import { T } from "./texts";

/** How long a stage may take before the page says what may be wrong with it. */
const SLOW_MS = 3_500;

/** What is happening while there is no picture: the stage, and soon the likely reason for a wait. */
export class ConnectingOverlay {
  readonly element = h("div", { class: "connecting", role: "status" });
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly audioOnly: boolean,
    private readonly onRetry: () => void,
  ) {}

  stage(stage: Stage): void {
    const key = stage === "picture" && this.audioOnly ? "sound" : stage;
    this.draw(T.stage[key], T.slow[key], SLOW_MS, true);
  }

  reconnecting(): void {
    this.draw(T.reconnecting, T.reconnectingHint, 0, false);
  }

  hide(): void {
    clearTimeout(this.timer);
    this.element.hidden = true;
  }

  private draw(title: string, hint: string, after: number, retry: boolean): void {
    clearTimeout(this.timer);
    this.element.hidden = false;
    this.element.replaceChildren(h("div", { class: "spinner" }), h("strong", { text: title }));
    const explain = (): void => {
      this.element.append(h("p", { text: hint }));
      if (retry) {
        this.element.append(h("button", { type: "button", class: "button", text: T.retry, on: { click: this.onRetry } }));
      }
    };
    if (after) this.timer = setTimeout(explain, after);
    else explain();
  }
}
