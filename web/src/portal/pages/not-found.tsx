import { Link } from "@tanstack/react-router";
import { T } from "../texts";

export function NotFoundPage() {
  return (
    <section className="empty">
      <h1>{T.notFound}</h1>
      <Link to="/" className="button primary">
        {T.toStart}
      </Link>
    </section>
  );
}
