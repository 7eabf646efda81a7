import { createRootRoute, createRoute, createRouter } from "@tanstack/react-router";
import { ConversationPage } from "./pages/conversation";
import { ConversationsPage } from "./pages/conversations";
import { KeysPage } from "./pages/keys";
import { NotFoundPage } from "./pages/not-found";
import { StartPage } from "./pages/start";
import { Shell } from "./shell";

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });

const startRoute = createRoute({ getParentRoute: () => rootRoute, path: "/", component: StartPage });
const conversationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/conversations",
  component: ConversationsPage,
});
export const conversationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/conversations/$conversationId",
  component: () => <ConversationPage id={conversationRoute.useParams().conversationId} />,
});
const keysRoute = createRoute({ getParentRoute: () => rootRoute, path: "/keys", component: KeysPage });

export const router = createRouter({
  routeTree: rootRoute.addChildren([startRoute, conversationsRoute, conversationRoute, keysRoute]),
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
