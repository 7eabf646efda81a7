import "../shared/tokens.css";
import "./portal.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { router } from "./router";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays one; only a server that does not answer is asked again.
      retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.status >= 502),
      staleTime: 5_000,
    },
  },
});

const root = document.getElementById("portal");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
