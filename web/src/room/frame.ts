import markUrl from "../shared/mark.svg";
import { h } from "./dom";
import { T } from "./texts";

/** What surrounds every screen: the blurred light of the poster, the name, and a place for the screen itself. */
export class Frame {
  private readonly ambient = h("div", { class: "ambient", "aria-hidden": "true" });
  private readonly main = h("main", { class: "screen" });

  constructor(private readonly root: HTMLElement) {
    const brand = h("div", { class: "brand" }, h("img", { src: markUrl, alt: "", width: 28, height: 28 }));
    brand.append(h("span", { text: T.brand }));
    root.append(this.ambient, h("header", { class: "bar" }, brand), this.main);
  }

  setPoster(url: string | null): void {
    if (url) this.ambient.replaceChildren(h("img", { src: url, alt: "" }));
  }

  show(name: string, ...content: HTMLElement[]): void {
    this.root.dataset["screen"] = name;
    this.main.replaceChildren(...content);
    this.main.querySelector<HTMLElement>("[data-focus]")?.focus({ preventScroll: true });
  }
}

/** The replica's still picture, or the mark where there is none. */
export function poster(url: string | null, className: string, alt = ""): HTMLElement {
  const box = h("div", { class: `poster ${className}` });
  const empty = (): void => {
    box.classList.add("empty");
    box.replaceChildren(h("img", { src: markUrl, alt: "" }));
  };
  if (url) box.append(h("img", { src: url, alt, on: { error: empty } }));
  else empty();
  return box;
}

export interface MessageScreen {
  title: string;
  text: string;
  actions: { label: string; act: () => void; primary?: boolean }[];
  busy?: boolean;
}

export function messageCard(message: MessageScreen): HTMLElement {
  const card = h(
    "section",
    { class: "card message", role: message.busy ? "status" : "alert" },
    message.busy ? h("div", { class: "spinner" }) : null,
    h("h1", { text: message.title, tabindex: -1, "data-focus": true }),
    message.text ? h("p", { text: message.text }) : null,
  );
  const actions = message.actions.map((action) =>
    h("button", {
      type: "button",
      class: action.primary ? "button primary" : "button",
      text: action.label,
      on: { click: action.act },
    }),
  );
  if (actions.length) card.append(h("div", { class: "actions" }, ...actions));
  return card;
}
