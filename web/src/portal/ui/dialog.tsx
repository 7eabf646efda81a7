import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { T } from "../texts";
import { Icon } from "./icon";

/** A modal dialog on the browser's own element: it traps focus, closes on Escape and gives focus back. */
export function Dialog(props: { title: string; onClose: () => void; children: ReactNode; wide?: boolean }) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Before the element leaves the page, so that closing it gives the focus back to where it was.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={props.wide ? "dialog wide" : "dialog"}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onClick={(event) => {
        if (event.target === ref.current) props.onClose();
      }}
    >
      <div className="dialog-body">
        <header>
          <h2 id={titleId}>{props.title}</h2>
          <button type="button" className="icon-button" aria-label={T.close} title={T.close} onClick={props.onClose}>
            <Icon name="close" />
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

/** Ask before something that cannot be undone. */
export function Confirm(props: {
  title: string;
  text: string;
  action: string;
  busy: boolean;
  error: Error | null;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p>{props.text}</p>
      {props.error && (
        <p className="field-error" role="alert">
          {props.error.message}
        </p>
      )}
      <div className="actions">
        <button type="button" className="button" onClick={props.onClose}>
          {T.cancel}
        </button>
        <button type="button" className="button danger" disabled={props.busy} onClick={props.onConfirm}>
          {props.action}
        </button>
      </div>
    </Dialog>
  );
}
