// The page: places, conversation and tools side by side; on a phone one of them at a time.

import { html, render, useEffect, useState } from "./vendor/preact-htm.js";
import { Channel } from "./channel.js";
import { Home } from "./home.js";
import { act, connect, hangUp, say, state, useLive } from "./live.js";
import { Confirm, Modal } from "./modal.js";
import { OwnSlack } from "./own.js";
import { Rail } from "./rail.js";
import { Sidebar } from "./sidebar.js";

const TABS = { "/mail": "mail", "/calendar": "calendar", "/inspector": "inspector" };
const PANES = [["places", "Places"], ["talk", "Conversation"], ["tools", "Tools"]];

function App() {
  const live = useLive();
  const [place, setPlace] = useState(null);
  const [pane, setPane] = useState(TABS[location.pathname] ? "tools" : "talk");
  const [tab, setTab] = useState(TABS[location.pathname] ?? "mail");
  const [isOwnOpen, setOwnOpen] = useState(false);

  useEffect(() => {
    if (!live.said) return undefined;
    const timer = setTimeout(() => say(""), 6000);
    return () => clearTimeout(timer);
  }, [live.said]);

  if (!live.me) return html`<p class="starting" role="status">${live.everOnline ? "Loading…" : "Connecting to the local workspace…"}</p>`;

  const channels = live.me.channels;
  const start = channels.find(({ name }) => name === "sales") ?? channels[0];
  const here = place === "home" ? "home" : channels.find(({ id }) => id === place) ?? start;
  const go = (next) => {
    setPlace(next);
    setPane("talk");
  };
  const show = (name) => {
    setTab(name);
    setPane("tools");
  };

  return html`
    <main class="shell" data-pane=${pane}>
      <h1 class="off-screen">Local workspace</h1>
      <a class="skip" href="#talk">Skip to the conversation</a>
      <${Sidebar} here=${here === "home" ? "home" : here.id} go=${go} openOwn=${() => setOwnOpen(true)} />
      <section class="talk" id="talk" tabindex="-1" aria-label="Conversation">
        ${here === "home" ? html`<${Home} />` : html`<${Channel} key=${here.id} channel=${here} show=${show} openOwn=${() => setOwnOpen(true)} />`}
      </section>
      <${Rail} tab=${tab} setTab=${setTab} />
      <nav class="panes" aria-label="Panes">${PANES.map(([name, label]) => html`<button type="button"
        aria-current=${pane === name ? "true" : undefined} onClick=${() => setPane(name)}>${label}${name === "tools" && live.mails.length > 0
          && html` <span class="count">${live.mails.length}</span>`}</button>`)}</nav>
    </main>
    <${Modal} stack=${live.stack} />
    <${Confirm} />
    <${OwnSlack} isOpen=${isOwnOpen} close=${() => setOwnOpen(false)} />
    ${!live.online && html`<p class="offline" role="alert">The local workspace is not running. Start it again with <code>make try</code>; this page reconnects by itself.</p>`}
    <p class="off-screen" role="status">${live.heard}</p>
    <p class=${live.said ? "said" : "off-screen"} role="status">${live.said}</p>`;
}

connect();
render(html`<${App} />`, Object.assign(document.getElementById("app"), { textContent: "" }));
globalThis.sandbox = { state, act, hangUp }; // for whoever looks with the browser's own tools
