// Places and people: channels, the app, and whom one acts for.

import { html, useEffect, useRef } from "./vendor/preact-htm.js";
import { Clock } from "./clock.js";
import { act, become, state } from "./live.js";

const seen = {}; // per person and channel: how many messages were there when it was last looked at

export function Sidebar({ here, go, openOwn }) {
  const { me, messages } = state;
  const mine = (seen[me.user] ??= Object.fromEntries(Object.entries(messages).map(([id, all]) => [id, all.length])));
  mine[here] = messages[here]?.length ?? 0;
  const unread = (id) => (messages[id]?.length ?? 0) - (mine[id] ?? 0);
  const channels = me.channels.filter(({ dm }) => !dm);
  const direct = me.channels.find(({ dm }) => dm);

  const place = (id, mark, name, count = 0) => html`<li><button type="button" class=${count ? "unread" : ""}
    aria-current=${here === id ? "page" : undefined} onClick=${() => go(id)}>
    <span class="mark" aria-hidden="true">${mark}</span><span class="name">${name}</span>
    ${count > 0 && html`<span class="count"><span class="off-screen">, new messages: </span>${count}</span>`}</button></li>`;
  const home = () => {
    act("home");
    go("home");
  };

  return html`<nav class="sidebar" aria-label="Places">
    <div class="team"><span class="logo" aria-hidden="true"></span>
      <div><strong>Local workspace</strong><span>${me.team}, a stand-in</span></div></div>
    <${Clock} />
    <h2>Channels</h2>
    <ul>${channels.map(({ id, name }) => place(id, "#", name, unread(id)))}</ul>
    <h2>${me.app}</h2>
    <ul>
      <li><button type="button" aria-current=${here === "home" ? "page" : undefined} onClick=${home}>
        <span class="mark" aria-hidden="true">⌂</span><span class="name">App Home</span></button></li>
      ${direct && place(direct.id, "✉", "Messages to you", unread(direct.id))}
    </ul>
    <h2 id="acting">You act as</h2>
    <div class="people" role="radiogroup" aria-labelledby="acting">${me.people.map((person) => html`<${Person} key=${person.id} person=${person} />`)}</div>
    <button type="button" class="own" onClick=${openOwn}>Use your own Slack</button>
    <p class="footer">Everything here runs on this computer. Not affiliated with Slack.</p>
  </nav>`;
}

function Person({ person }) {
  const isMe = person.id === state.me.user;
  const root = useRef(null);
  const wants = useRef(false);
  useEffect(() => {
    if (isMe && wants.current) root.current.focus();
    wants.current = false;
  });
  const keys = (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...root.current.parentNode.children];
    const next = all[(all.indexOf(root.current) + step + all.length) % all.length];
    next.focus();
    next.click();
  };
  return html`<button type="button" class="person" role="radio" aria-checked=${isMe ? "true" : "false"} tabindex=${isMe ? 0 : -1} ref=${root}
      onKeyDown=${keys} onClick=${() => { wants.current = true; if (!isMe) become(person.id); }}>
    <${Face} id=${person.id} name=${person.name} />
    <span class="who"><span class="name">${person.name}</span><span class="where">${person.city}, ${person.clock}</span></span></button>`;
}

const initials = (name) => name.split(" ").map((word) => word[0]).slice(0, 2).join("");

export const Face = ({ id, name, isApp }) => html`<span class=${`face ${isApp ? "app" : `tone-${[...id].reduce((sum, sign) => sum + sign.charCodeAt(0), 0) % 5}`}`}
  aria-hidden="true">${isApp ? "" : initials(name)}</span>`;
