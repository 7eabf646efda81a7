import { type ReactElement, cloneElement, useId } from "react";

interface Control {
  id?: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

/** A labelled control with its hint and, after a failed try, what is wrong with it. */
export function Field(props: {
  label: string;
  hint?: string;
  error?: string | undefined;
  children: ReactElement<Control>;
}) {
  const id = useId();
  const text = props.error ?? props.hint;
  const control = cloneElement(props.children, {
    id,
    ...(text ? { "aria-describedby": `${id}-text` } : {}),
    ...(props.error ? { "aria-invalid": true } : {}),
  });
  return (
    <div className="field">
      <label htmlFor={id}>{props.label}</label>
      {control}
      {text && (
        <p id={`${id}-text`} className={props.error ? "field-error" : "hint"}>
          {text}
        </p>
      )}
    </div>
  );
}
