// SPDX-License-Identifier: Apache-2.0
// The review page starts here.
import { render } from "preact";
import "../style.css";
import { api } from "./api";
import { Review } from "./page";
import "./review.css";

async function start(): Promise<void> {
  const app = document.getElementById("app");
  if (!app) return;
  try {
    const [run, items, records] = await Promise.all([api.run(), api.items(), api.corrections()]);
    app.replaceChildren();
    document.title = `Review by ${run.reviewer}`;
    render(<Review {...{ run, items, records }} />, app);
  } catch (error) {
    app.replaceChildren();
    render(
      <main>
        <p class="card refusal">{`The review cannot be opened: ${(error as Error).message}. Use the address that capillaryx review printed last.`}</p>
      </main>,
      app,
    );
  }
}
void start();
