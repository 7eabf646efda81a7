import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { keysQuery, useCreateKey, useRevokeKey } from "../api/queries";
import type { ApiKey } from "../api/types";
import { T, when } from "../texts";
import { CopyButton } from "../ui/code";
import { Confirm, Dialog } from "../ui/dialog";
import { Field } from "../ui/field";
import { Icon } from "../ui/icon";
import { Empty, Loaded } from "../ui/states";

export function KeysPage() {
  const keys = useQuery(keysQuery);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const revoke = useRevokeKey();
  const createButton = (
    <button type="button" className="button primary" onClick={() => setCreating(true)}>
      <Icon name="plus" />
      {T.keys.create}
    </button>
  );
  return (
    <>
      <header className="page-head with-actions">
        <div>
          <h1>{T.keys.title}</h1>
          <p>{T.keys.text}</p>
        </div>
        {createButton}
      </header>
      <Loaded query={keys}>
        {(list) =>
          list.length === 0 ? (
            <Empty icon="key" title={T.keys.empty} text={T.keys.emptyText} />
          ) : (
            <ul className="rows" aria-label={T.keys.title}>
              {list.map((key) => (
                <KeyRow key={key.key_id} apiKey={key} onRevoke={() => setRevoking(key)} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {creating && <CreateKey onClose={() => setCreating(false)} />}
      {revoking && (
        <Confirm
          title={T.keys.revokeTitle(revoking.name)}
          text={T.keys.revokeText}
          action={T.keys.revoke}
          busy={revoke.isPending}
          error={revoke.error}
          onConfirm={() => revoke.mutate(revoking.key_id, { onSuccess: () => setRevoking(null) })}
          onClose={() => {
            revoke.reset();
            setRevoking(null);
          }}
        />
      )}
    </>
  );
}

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const facts = [
    apiKey.hint ? `…${apiKey.hint}` : "",
    apiKey.created_at ? `${T.keys.since} ${when(apiKey.created_at)}` : "",
    `${T.keys.lastUsed} ${when(apiKey.last_used_at) || T.keys.never}`,
    apiKey.allow_ips?.length ? T.keys.restricted(apiKey.allow_ips.join(", ")) : "",
  ];
  return (
    <li className="row">
      <div className="row-text">
        <span className="row-title">{apiKey.name}</span>
        <p>{facts.filter(Boolean).join(" · ")}</p>
      </div>
      {apiKey.revoked_at ? (
        <span className="status">{T.keys.revoked}</span>
      ) : (
        <button
          type="button"
          className="button small"
          aria-label={T.keys.revokeLabel(apiKey.name)}
          onClick={onRevoke}
        >
          {T.keys.revoke}
        </button>
      )}
    </li>
  );
}

function CreateKey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [ips, setIps] = useState("");
  const [tried, setTried] = useState(false);
  const create = useCreateKey();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!name.trim()) return;
    const allow = ips.split(/[\s,]+/).filter(Boolean);
    create.mutate({ name: name.trim(), ...(allow.length ? { allow_ips: allow } : {}) });
  };
  if (create.data?.key) {
    return (
      <Dialog title={T.keys.created} onClose={onClose}>
        <p>{T.keys.createdText}</p>
        <div className="secret">
          <code>{create.data.key}</code>
          <CopyButton text={create.data.key} />
        </div>
        <div className="actions">
          <button type="button" className="button primary" onClick={onClose}>
            {T.close}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={T.keys.create} onClose={onClose}>
      <form className="form" onSubmit={submit} noValidate>
        <Field label={T.keys.name} error={tried && !name.trim() ? T.keys.needName : undefined}>
          <input
            value={name}
            maxLength={255}
            placeholder={T.keys.namePlaceholder}
            autoComplete="off"
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Field label={T.keys.ips} hint={T.keys.ipsHint} error={create.error?.message}>
          <input
            value={ips}
            placeholder={T.keys.ipsPlaceholder}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setIps(event.target.value)}
          />
        </Field>
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            {T.cancel}
          </button>
          <button type="submit" className="button primary" disabled={create.isPending}>
            {T.keys.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
