// The try-out's clock: what time it is for the app and everybody here, and steps ahead. It never goes back.

import { html, useState } from "./vendor/preact-htm.js";
import { act, say, state } from "./live.js";
import { Menu } from "./menu.js";

async function jump({ name, label }) {
  say(`${label}…`);
  if ((await act("jump", { name })) !== undefined) say(`It is now ${state.clock.now}.`);
}

const steps = (choose) => (state.clock?.steps ?? []).map((step) => ({ words: step.label, choose: () => choose(step) }));

export function Clock() {
  const [isBusy, setBusy] = useState(false);
  const { clock } = state;
  if (!clock) return null;
  const go = async (step) => {
    setBusy(true);
    await jump(step);
    setBusy(false);
  };
  return html`<div class="clock" aria-busy=${isBusy ? "true" : undefined}>
    <p class="now"><span class="off-screen">Time in this workspace: </span>${clock.now}</p>
    <${Menu} label="Jump ahead" floats face="Jump ahead" entries=${steps(go)} />
    ${clock.ahead && html`<p class="ahead"><span class="off-screen">Set ahead by </span><span aria-hidden="true">+ </span>${clock.ahead}</p>`}
  </div>`;
}

// The same and what can go wrong, in the form itself: an open form covers the tools.
export function WhatIf() {
  const troubles = state.troubles.map(({ name, label, on }) => ({
    words: on ? `✓ ${label}` : label,
    choose: () => act("trouble", { name, on: !on }).then(() => say(on === null ? `${label}: ready.` : `${label}: ${on ? "off" : "on"}.`)),
  }));
  return html`<${Menu} label="What if…" floats face="What if…" entries=${[...steps(jump), ...troubles]} />`;
}
