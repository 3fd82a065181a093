// The traffic between the workspace and the app: every request, its answer, and every refusal.

import { html, useState } from "./vendor/preact-htm.js";
import { act, state } from "./live.js";

const SHOWN = 150;
const WAYS = { in: ["→", "to the app"], out: ["←", "from the app"], no: ["✕", "refused"] };

export function Inspector() {
  const [onlyBad, setOnlyBad] = useState(false);
  const lines = state.traffic.filter(({ bad }) => bad || !onlyBad).slice(-SHOWN).reverse();
  return html`<div class="inspector">
    <h2>Traffic</h2>
    <p class="more">→ what the workspace sent to the app, ← what the app asked of the workspace, ✕ what Slack would refuse.</p>
    <div class="choice"><input type="checkbox" id="only-bad" checked=${onlyBad} onChange=${() => setOnlyBad(!onlyBad)} /><label for="only-bad">Only problems</label></div>
    <ul class="traffic">${lines.map((line) => html`<${Line} key=${line.n} line=${line} />`)}</ul>
    ${!lines.length && html`<p class="empty">${onlyBad ? "No problems so far." : "Nothing yet."}</p>`}
  </div>`;
}

function Line({ line }) {
  const [detail, setDetail] = useState(null);
  const [sign, words] = WAYS[line.way];
  const open = (event) => {
    if (event.target.open && !detail) act("detail", { n: line.n }).then((found) => found && setDetail(found));
  };
  return html`<li><details class=${line.bad ? "bad" : ""} onToggle=${open}>
    <summary><span class="way"><span aria-hidden="true">${sign}</span><span class="off-screen">${words}</span></span>
      <span class="what">${line.what}</span><span class="about">${line.about}</span><span class="how">${line.how}</span><time>${line.at}</time></summary>
    ${detail && html`<h3>${line.way === "no" ? "Why" : "Request"}</h3><pre class="paper small" tabindex="0">${detail.sent}</pre>
      ${line.way !== "no" && html`<h3>Answer</h3><pre class="paper small" tabindex="0">${detail.answered}</pre>`}`}
  </details></li>`;
}
