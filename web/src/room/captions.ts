import { h } from "./dom";
import type { Line } from "./protocol";
import { T } from "./texts";

const TAIL = 150;
const LINGER_MS = 6_000;

/** The last words of both sides over the picture. */
export class Captions {
  readonly element = h("div", { class: "captions", "aria-hidden": "true" });
  private readonly shown = new Map<Line["role"], { line: Line; timer: ReturnType<typeof setTimeout> | undefined }>();

  constructor(
    private readonly replicaName: string,
    visible: boolean,
  ) {
    this.visible = visible;
  }

  set visible(value: boolean) {
    this.element.hidden = !value;
  }

  get visible(): boolean {
    return !this.element.hidden;
  }

  update(line: Line): void {
    clearTimeout(this.shown.get(line.role)?.timer);
    // A new turn of the person clears what the replica said before it.
    if (line.role === "user" && this.shown.get("replica")?.line.final) this.drop("replica");
    const timer = line.final ? setTimeout(() => this.drop(line.role), LINGER_MS) : undefined;
    this.shown.set(line.role, { line, timer });
    this.draw();
  }

  private drop(role: Line["role"]): void {
    clearTimeout(this.shown.get(role)?.timer);
    this.shown.delete(role);
    this.draw();
  }

  private draw(): void {
    const lines = [...this.shown.values()].map((entry) => entry.line).filter((line) => line.text);
    lines.sort((a, b) => a.key - b.key);
    this.element.replaceChildren(
      ...lines.map((line) =>
        h(
          "p",
          { class: line.role },
          h("b", { text: line.role === "user" ? T.you : this.replicaName }),
          h("span", { text: tail(line.text) }),
        ),
      ),
    );
  }
}

/** The end of a long text, from a word's beginning. */
function tail(text: string): string {
  if (text.length <= TAIL) return text;
  const cut = text.slice(-TAIL);
  return `…${cut.slice(cut.indexOf(" "))}`;
}
