// The last card: from this page to a workspace of one's own.

import { html, useEffect, useRef } from "./vendor/preact-htm.js";

const STEPS = [
  [html`Create the app: <code>python app.py manifest --url</code>`, "prints a link that sets it up in your workspace."],
  [html`Copy <code>.env.sample</code> to <code>.env</code>`, "and fill in the tokens, a mail server and a key."],
  [html`Check everything: <code>python app.py doctor</code>`, "says for each part whether it works, and what to do where not."],
  [html`Start it: <code>python app.py</code>`, "and type /schedule-for in Slack."],
];

export function OwnSlack({ isOpen, close }) {
  const dialog = useRef(null);
  useEffect(() => {
    if (isOpen && !dialog.current.open) dialog.current.showModal();
    if (!isOpen && dialog.current.open) dialog.current.close();
  }, [isOpen]);
  return html`<dialog class="confirm own-slack" ref=${dialog} aria-labelledby="own-title" onClose=${close}>
    <h2 id="own-title">Use your own Slack</h2>
    <p>The same program runs in a real workspace; only addresses and tokens differ.</p>
    <ol>${STEPS.map(([what, why]) => html`<li>${what} <span class="more">${why}</span></li>`)}</ol>
    <div class="confirm-foot"><button type="button" class="button primary" onClick=${close}>Close</button></div>
  </dialog>`;
}
