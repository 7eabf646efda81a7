type Child = Node | string | null | undefined | false;

interface Props {
  class?: string;
  text?: string;
  on?: Record<string, (event: Event) => void>;
  [attribute: string]: unknown;
}

/** Make an element: `on` holds listeners, `text` its text; everything else is an attribute (true: empty, false: none). */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value as NonNullable<Props["on"]>))
        element.addEventListener(event, listener);
    } else if (name === "text") element.textContent = String(value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

const PATHS = {
  mic: '<rect x="9" y="3" width="6" height="11" rx="3"/><path d="M5 11a7 7 0 0 0 14 0M12 18v3"/>',
  micOff:
    '<path d="M15 10.5V6a3 3 0 0 0-5.9-.8M9 9v2a3 3 0 0 0 4.7 2.5M5 11a7 7 0 0 0 11.2 5.6M19 11a7 7 0 0 1-.7 3M12 18v3M4 4l16 16"/>',
  cam: '<rect x="3" y="6.5" width="12" height="11" rx="2.5"/><path d="m15 11 5.5-3.5v9L15 13"/>',
  camOff:
    '<path d="M9.5 6.5h3A2.5 2.5 0 0 1 15 9v2l5.5-3.5v9l-3-2M15 15.5a2.5 2.5 0 0 1-2.5 2H5.5A2.5 2.5 0 0 1 3 15V9a2.5 2.5 0 0 1 2-2.4M4 4l16 16"/>',
  captions:
    '<rect x="3" y="5" width="18" height="14" rx="3"/><path d="M10.5 10.5a2 2 0 1 0 0 3M17 10.5a2 2 0 1 0 0 3"/>',
  chat: '<path d="M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5z"/>',
  sliders: '<path d="M4 7h9M17 7h3M4 12h3M11 12h9M4 17h7M15 17h5"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="12" r="2"/><circle cx="13" cy="17" r="2"/>',
  expand: '<path d="M9 4H5.5A1.5 1.5 0 0 0 4 5.5V9M15 4h3.5A1.5 1.5 0 0 1 20 5.5V9M9 20H5.5A1.5 1.5 0 0 1 4 18.5V15M15 20h3.5a1.5 1.5 0 0 0 1.5-1.5V15"/>',
  leave: '<path d="M3.5 14.5c-.6-1.4-.2-2.9 1-3.8 4.4-3.3 10.6-3.3 15 0 1.2.9 1.6 2.4 1 3.8l-.3.7c-.3.6-1 .9-1.6.7l-3-.9c-.6-.2-1-.7-1-1.3v-1.5a12 12 0 0 0-5.2 0v1.5c0 .6-.4 1.1-1 1.3l-3 .9c-.6.2-1.3-.1-1.6-.7z"/>',
  stop: '<rect x="7" y="7" width="10" height="10" rx="2"/>',
  send: '<path d="M12 19V5M6 11l6-6 6 6"/>',
  close: '<path d="m6 6 12 12M18 6 6 18"/>',
  info: '<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 8v.01"/>',
  sound: '<path d="M5 10v4h3l4 3.5v-11L8 10zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>',
  warn: '<path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.01"/>',
};

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGElement {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${PATHS[name]}</svg>`;
  return holder.content.firstElementChild as SVGElement;
}

/** A round button of the control bar. Its name is read out and shown as a tooltip. */
export function iconButton(name: IconName, label: string, onClick: () => void, extra = ""): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: `icon-button ${extra}`, "aria-label": label, title: label, on: { click: onClick } },
    icon(name),
  );
}

export function relabel(button: HTMLButtonElement, name: IconName, label: string): void {
  button.setAttribute("aria-label", label);
  button.title = label;
  button.replaceChildren(icon(name));
}
