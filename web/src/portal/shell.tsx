import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import mark from "../shared/mark.svg";
import { healthQuery, sessionQuery } from "./api/queries";
import { SignInPage } from "./pages/sign-in";
import { T } from "./texts";
import { Icon } from "./ui/icon";
import { Loaded } from "./ui/states";

/** What surrounds every page: name, navigation, the state of the server, and the door. */
export function Shell() {
  const session = useQuery(sessionQuery);
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const first = useRef(true);
  useEffect(() => {
    // A new page is announced by moving the focus to it; not on arrival, where the browser does so itself.
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <>
      <a className="skip" href="#main">
        {T.skip}
      </a>
      <header className="top">
        <Link to="/" className="brand">
          <img src={mark} alt="" width="30" height="30" />
          {T.brand}
        </Link>
        {session.data?.signed_in && (
          <nav aria-label={T.nav.label}>
            <Link to="/" activeOptions={{ exact: true }}>
              {T.nav.start}
            </Link>
            <Link to="/conversations">{T.nav.conversations}</Link>
            <Link to="/keys">{T.nav.keys}</Link>
          </nav>
        )}
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <HealthBanner />
        <Loaded query={session}>
          {(data) => (data.signed_in ? <Outlet /> : <SignInPage onCheck={() => void session.refetch()} />)}
        </Loaded>
      </main>
    </>
  );
}

function HealthBanner() {
  const { data } = useQuery(healthQuery);
  if (!data || data.ready) return null;
  return (
    <div className="banner" role="status">
      <Icon name="warn" />
      <p>
        <strong>{T.banner.title}</strong> {data.reasons.join(" ") || T.banner.generic}
      </p>
    </div>
  );
}
