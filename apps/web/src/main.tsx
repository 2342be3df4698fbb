// Starts the dashboard.

import "./styles/index.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { startHeartbeat } from "./api/connection.ts";
import { createQueryClient } from "./api/queries.ts";
import { createPageRouter } from "./router.tsx";
import { followPlainLinks } from "./shell/plain-links.ts";

const element = document.getElementById("root");
if (element === null) throw new Error("the page has no #root");

const router = createPageRouter();
followPlainLinks(router);
startHeartbeat();

createRoot(element).render(
  <StrictMode>
    <QueryClientProvider client={createQueryClient()}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
