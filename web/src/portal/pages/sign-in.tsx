import { T } from "../texts";

export function SignInPage({ onCheck }: { onCheck: () => void }) {
  return (
    <section className="sign-in card">
      <h1>{T.signIn.title}</h1>
      <p>{T.signIn.text}</p>
      <p className="hint">{T.signIn.where}</p>
      <pre className="sample">
        <code>{`${location.origin}/sign-in?token=…`}</code>
      </pre>
      <p className="hint">{T.signIn.again}</p>
      <button type="button" className="button primary" onClick={onCheck}>
        {T.signIn.check}
      </button>
    </section>
  );
}
