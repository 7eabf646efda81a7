import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { samePlace } from "../api/client";
import { personasQuery, replicasQuery, useDeletePersona, useStartConversation } from "../api/queries";
import type { Persona, Replica } from "../api/types";
import { T } from "../texts";
import { Code } from "../ui/code";
import { Confirm } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Portrait } from "../ui/portrait";
import { Empty, Loaded, Problem } from "../ui/states";
import { CreatePersona } from "./create-persona";

/** How long a call that was started here waits for a person who reloads the page or loses the network. */
const COME_BACK_SECONDS = 30;

export function StartPage() {
  const personas = useQuery(personasQuery);
  const replicas = useQuery(replicasQuery);
  const [creating, setCreating] = useState(false);
  return (
    <>
      <header className="page-head hero">
        <h1>{T.start.title}</h1>
        <p>{T.start.text}</p>
      </header>
      <Loaded query={personas}>
        {(all) => {
          // An echo persona only says what a program sends it: nobody to talk to.
          const list = all.filter((persona) => persona.pipeline_mode !== "echo");
          return (
            <>
              {list.length === 0 ? (
                <Empty icon="people" title={T.start.empty} text={T.start.emptyText}>
                  <button type="button" className="button primary" onClick={() => setCreating(true)}>
                    {T.start.create}
                  </button>
                </Empty>
              ) : (
                <PersonaGrid personas={list} replicas={replicas.data ?? []} onCreate={() => setCreating(true)} />
              )}
              <FromCode personas={list} />
            </>
          );
        }}
      </Loaded>
      {creating && <CreatePersona replicas={replicas.data ?? []} onClose={() => setCreating(false)} />}
    </>
  );
}

function PersonaGrid(props: { personas: Persona[]; replicas: Replica[]; onCreate: () => void }) {
  const start = useStartConversation();
  const [opening, setOpening] = useState<string | null>(null);
  const [deleting, setDeleting] = useState<Persona | null>(null);
  const remove = useDeletePersona();
  const begin = (persona: Persona) => {
    setOpening(persona.persona_id);
    start.mutate(
      {
        persona_id: persona.persona_id,
        conversation_name: T.start.conversationName(persona.persona_name),
        properties: { participant_left_timeout: COME_BACK_SECONDS },
      },
      {
        onSuccess: (conversation) => location.assign(samePlace(conversation.conversation_url, "/c/")),
        onError: () => setOpening(null),
      },
    );
  };
  return (
    <>
      {start.error && <Problem error={start.error} />}
      <ul className="people">
        {props.personas.map((persona) => (
          <PersonaCard
            key={persona.persona_id}
            persona={persona}
            replica={props.replicas.find((replica) => replica.replica_id === persona.default_replica_id)}
            opening={opening === persona.persona_id}
            disabled={opening !== null}
            onStart={() => begin(persona)}
            onDelete={persona.persona_type === "user" ? () => setDeleting(persona) : undefined}
          />
        ))}
        <li>
          <button type="button" className="person add" onClick={props.onCreate}>
            <Icon name="plus" />
            <strong>{T.start.create}</strong>
            <span>{T.start.createHint}</span>
          </button>
        </li>
      </ul>
      {deleting && (
        <Confirm
          title={T.start.deleteTitle(deleting.persona_name)}
          text={T.start.deleteText}
          action={T.delete}
          busy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate(deleting.persona_id, { onSuccess: () => setDeleting(null) })}
          onClose={() => {
            remove.reset();
            setDeleting(null);
          }}
        />
      )}
    </>
  );
}

function PersonaCard(props: {
  persona: Persona;
  replica: Replica | undefined;
  opening: boolean;
  disabled: boolean;
  onStart: () => void;
  onDelete: (() => void) | undefined;
}) {
  const { persona } = props;
  return (
    <li className="person">
      <Portrait replica={props.replica} className="large" />
      <div className="person-text">
        <h2>{persona.persona_name}</h2>
        {props.onDelete && <span className="tag">{T.start.own}</span>}
        <p>{summary(persona)}</p>
      </div>
      <div className="person-actions">
        <button
          type="button"
          className="button primary"
          aria-label={T.start.talkTo(persona.persona_name)}
          disabled={props.disabled}
          onClick={props.onStart}
        >
          {props.opening ? T.start.starting : T.start.start}
        </button>
        {props.onDelete && (
          <button
            type="button"
            className="icon-button"
            aria-label={T.start.deleteLabel(persona.persona_name)}
            title={T.delete}
            onClick={props.onDelete}
          >
            <Icon name="trash" />
          </button>
        )}
      </div>
    </li>
  );
}

/** One line about a persona: its description, or the first sentence of its prompt. */
function summary(persona: Persona): string {
  const text = (persona.persona_description || persona.system_prompt || "").trim();
  return /^.{15,}?[.!?](?=\s)/s.exec(text)?.[0] ?? text;
}

function FromCode({ personas }: { personas: Persona[] }) {
  const [chosen, setChosen] = useState("");
  const persona = personas.find((item) => item.persona_id === chosen) ?? personas[0];
  const body = JSON.stringify(persona ? { persona_id: persona.persona_id } : {});
  const command = [
    `curl -X POST ${location.origin}/v2/conversations \\`,
    `  -H "x-api-key: $VISAVIS_API_KEY" \\`,
    `  -H "content-type: application/json" \\`,
    `  -d '${body}'`,
  ].join("\n");
  return (
    <section className="from-code">
      <div>
        <h2>{T.start.fromCode}</h2>
        <p>{T.start.fromCodeText}</p>
        {personas.length > 1 && (
          <label className="inline-field">
            {T.start.curlFor}
            <select value={persona?.persona_id} onChange={(event) => setChosen(event.target.value)}>
              {personas.map((item) => (
                <option key={item.persona_id} value={item.persona_id}>
                  {item.persona_name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <Code text={command} label={T.start.fromCode} />
    </section>
  );
}
