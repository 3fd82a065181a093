// Mails as they arrived over SMTP: what it looks like, its text, headers, invitation, and every byte.

import { html, useEffect, useState } from "./vendor/preact-htm.js";
import { act, state } from "./live.js";

const VIEWS = [["look", "Mail"], ["text", "Text"], ["invite", "Invite"], ["headers", "Headers"], ["raw", "Raw"]];

export function Mailbox() {
  const [number, setNumber] = useState(null);
  const chosen = state.mails.find(({ n }) => n === number);
  if (chosen) return html`<${Mail} key=${number} mail=${chosen} back=${() => setNumber(null)} />`;
  if (!state.mails.length) return html`<div class="empty"><h2>No mail yet</h2><p>Schedule a meeting: what the customer, the rep and the team get appears here.</p></div>`;
  return html`<h2 class="off-screen">Mails</h2><ul class="mails">${[...state.mails].reverse().map((mail) => html`<li key=${mail.n}><button type="button" onClick=${() => setNumber(mail.n)}>
    <span class="subject">${mail.subject}</span><span class="more">to ${mail.to}, ${mail.at}</span>${mail.invite && html`<span class="badge">Invitation</span>`}</button></li>`)}</ul>`;
}

function Mail({ mail, back }) {
  const [view, setView] = useState("look");
  const [whole, setWhole] = useState(null);
  useEffect(() => {
    act("mail", { n: mail.n }).then((found) => found && setWhole(found));
    document.getElementById("mail-subject")?.focus();
  }, []);
  const views = VIEWS.filter(([name]) => name !== "invite" || mail.invite);
  return html`<article class="mail">
    <button type="button" class="button back" onClick=${back}>← All mails</button>
    <h2 id="mail-subject" tabindex="-1">${mail.subject}</h2>
    <p class="more">From ${mail.from}<br />To ${mail.to}<br />${mail.at}</p>
    <div class="switch" role="group" aria-label="Show the mail as">${views.map(([name, label]) => html`<button type="button" aria-pressed=${view === name ? "true" : "false"}
      onClick=${() => setView(name)}>${label}</button>`)}</div>
    ${view === "look"
      ? html`<iframe class="letter" title=${`Mail: ${mail.subject}`} src=${`/mail/${mail.n}`} sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>`
      : whole ? html`<${Other} view=${view} mail=${whole} />` : html`<p class="loading" role="status">Opening…</p>`}
  </article>`;
}

function Other({ view, mail }) {
  if (view === "text") return html`<pre class="paper" tabindex="0">${mail.text}</pre>`;
  if (view === "raw") return html`<pre class="paper small" tabindex="0">${mail.raw}</pre>`;
  if (view === "invite") return html`<${Rows} caption="The invitation as a mail program reads it" rows=${mail.invite_rows} />`;
  return html`<${Rows} caption="Envelope" rows=${mail.envelope} /><${Rows} caption="Headers" rows=${mail.headers} />
    <${Rows} caption="Parts" rows=${mail.parts.map((part, index) => [`${index + 1}`, part])} />`;
}

const Rows = ({ caption, rows }) => html`<table class="rows"><caption>${caption}</caption><tbody>${rows.map(([name, value]) => html`<tr>
  <th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
