// SPDX-License-Identifier: Apache-2.0
// The page starts here. What is drawn into #app is named by data-page: the report today; review and live will follow.
import { options, render } from "preact";
import type { Index } from "./data";
import { load } from "./load";
import { Report } from "./report";
import "./style.css";

async function start(): Promise<void> {
  const app = document.getElementById("app");
  if (!app) return;
  try {
    const index = await load<Index>("index");
    app.replaceChildren();
    render(<Report index={index} />, app);
  } catch (error) {
    app.replaceChildren();
    render(
      <main>
        <p class="card refusal">{(error as Error).message}</p>
      </main>,
      app,
    );
  }
}

// The printer takes the page as it stands when `beforeprint` returns: what changes then is drawn at once.
addEventListener("beforeprint", () => {
  options.debounceRendering = (draw) => draw();
}, { capture: true });
addEventListener("afterprint", () => {
  options.debounceRendering = undefined;
});
void start();
