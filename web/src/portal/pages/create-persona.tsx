import { type FormEvent, useState } from "react";
import { useCreatePersona } from "../api/queries";
import type { Replica } from "../api/types";
import { T } from "../texts";
import { Dialog } from "../ui/dialog";
import { Field } from "../ui/field";
import { Portrait } from "../ui/portrait";

export function CreatePersona({ replicas, onClose }: { replicas: Replica[]; onClose: () => void }) {
  const usable = replicas.filter((replica) => replica.status === undefined || replica.status === "completed");
  const [name, setName] = useState("");
  const [prompt, setPrompt] = useState("");
  const [greeting, setGreeting] = useState("");
  const [face, setFace] = useState(usable[0]?.replica_id ?? "");
  const [tried, setTried] = useState(false);
  const create = useCreatePersona();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!name.trim() || !prompt.trim()) return;
    create.mutate(
      {
        persona_name: name.trim(),
        system_prompt: prompt.trim(),
        ...(greeting.trim() ? { greeting: greeting.trim() } : {}),
        ...(face ? { default_replica_id: face } : {}),
      },
      { onSuccess: onClose },
    );
  };
  return (
    <Dialog title={T.create.title} onClose={onClose} wide>
      <form className="form" onSubmit={submit} noValidate>
        <Field label={T.create.name} error={tried && !name.trim() ? T.create.needName : undefined}>
          <input
            value={name}
            maxLength={255}
            placeholder={T.create.namePlaceholder}
            autoComplete="off"
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <fieldset className="faces">
          <legend>{T.create.face}</legend>
          {usable.length === 0 && <p className="hint">{T.create.noFaces}</p>}
          <div className="face-list">
            {usable.map((replica) => (
              <label key={replica.replica_id} className="face">
                <input
                  type="radio"
                  name="face"
                  value={replica.replica_id}
                  checked={face === replica.replica_id}
                  onChange={() => setFace(replica.replica_id)}
                />
                <Portrait replica={replica} className="small" />
                <span>{replica.replica_name}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <Field label={T.create.prompt} error={tried && !prompt.trim() ? T.create.needPrompt : undefined}>
          <textarea
            rows={5}
            value={prompt}
            placeholder={T.create.promptPlaceholder}
            onChange={(event) => setPrompt(event.target.value)}
          />
        </Field>
        <Field label={T.create.greeting} hint={T.create.greetingHint}>
          <input
            value={greeting}
            placeholder={T.create.greetingPlaceholder}
            autoComplete="off"
            onChange={(event) => setGreeting(event.target.value)}
          />
        </Field>
        {create.error && (
          <p className="field-error" role="alert">
            {create.error.message}
          </p>
        )}
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            {T.cancel}
          </button>
          <button type="submit" className="button primary" disabled={create.isPending}>
            {create.isPending ? T.create.submitting : T.create.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
