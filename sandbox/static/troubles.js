// Switches that make outside systems fail, to see what the app says then.

import { html } from "./vendor/preact-htm.js";
import { act, say, state } from "./live.js";

export function Troubles() {
  return html`<div class="troubles">
    <h2>What if…</h2>
    <p class="more">Make something fail, then go on as usual and see what the app says.</p>
    ${state.troubles.map((trouble) => html`<div class="trouble" key=${trouble.name}>${trouble.on === null ? html`<${Once} ...${trouble} />` : html`<${Switch} ...${trouble} />`}
      <p class="hint" id=${`why-${trouble.name}`}>${trouble.hint}</p></div>`)}
  </div>`;
}

const Switch = ({ name, label, on }) => html`<div class="choice"><input type="checkbox" role="switch" id=${`trouble-${name}`} checked=${on}
  aria-describedby=${`why-${name}`} onChange=${() => act("trouble", { name, on: !on })} /><label for=${`trouble-${name}`}>${label}</label></div>`;

const Once = ({ name, label }) => html`<button type="button" class="button" aria-describedby=${`why-${name}`}
  onClick=${() => act("trouble", { name, on: true }).then(() => say(`${label}: ready.`))}>${label}</button>`;
