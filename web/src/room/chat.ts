import { h, icon, iconButton } from "./dom";
import type { Line } from "./protocol";
import { T } from "./texts";

/** The panel with everything said so far and the box to type in. */
export class Chat {
  readonly element: HTMLElement;
  private readonly log = h("div", { class: "log", role: "log", "aria-label": T.chat, tabindex: 0 });
  private readonly empty = h("p", { class: "quiet small", text: T.chatEmpty });
  private readonly input = h("textarea", { rows: 1, placeholder: T.messagePlaceholder, "aria-label": T.messageLabel });
  private readonly rows = new Map<number, HTMLElement>();

  constructor(
    private readonly replicaName: string,
    private readonly onSend: (text: string) => boolean,
    onClose: () => void,
  ) {
    this.log.append(this.empty);
    const form = h(
      "form",
      { class: "composer", on: { submit: (event) => this.submit(event) } },
      this.input,
      h("button", { type: "submit", class: "icon-button send", "aria-label": T.send, title: T.send }, icon("send")),
    );
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event);
    });
    this.input.addEventListener("input", () => this.fit());
    this.element = h(
      "aside",
      { class: "chat", "aria-label": T.chat },
      h("div", { class: "chat-head" }, h("h2", { text: T.chat }), iconButton("close", T.chatClose, onClose, "plain")),
      this.log,
      form,
    );
  }

  focus(): void {
    this.input.focus({ preventScroll: true });
  }

  update(line: Line): void {
    this.empty.remove();
    let row = this.rows.get(line.key);
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
    if (!row) {
      row = h("div", { class: `line ${line.role}` }, h("span", { class: "who" }), h("p"));
      this.rows.set(line.key, row);
      this.log.append(row);
    }
    row.classList.toggle("pending", line.pending);
    row.classList.toggle("growing", !line.final);
    const who = line.role === "user" ? T.you : this.replicaName;
    (row.firstElementChild as HTMLElement).textContent = line.interrupted ? `${who} · ${T.interrupted}` : who;
    (row.lastElementChild as HTMLElement).textContent = line.text;
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  private submit(event: Event): void {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text || !this.onSend(text)) return;
    this.input.value = "";
    this.fit();
  }

  private fit(): void {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 140)}px`;
  }
}
