import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const SERVER = process.env.VISAVIS_URL ?? "http://127.0.0.1:8420";

/** The server answers /c/{id} with room.html; the development server does the same. */
function roomPages(): Plugin {
  return {
    name: "room-pages",
    configureServer(server) {
      server.middlewares.use((request, _response, next) => {
        if (request.method === "GET" && /^\/c\/[^/?]+(\?|$)/.test(request.url ?? "")) request.url = "/room.html";
        next();
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), roomPages()],
  build: {
    outDir: "../src/visavis/portal",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // Nothing inline: the pages are served under a Content-Security-Policy of 'self'.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "THIRD_PARTY.md" },
    rolldownOptions: { input: { index: "index.html", room: "room.html" } },
  },
  server: {
    proxy: {
      "^/c/[^/]+/.+": SERVER,
      "^/(v2|portal|healthz|files|sign-in)([/?]|$)": SERVER,
    },
  },
});
