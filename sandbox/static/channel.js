// One conversation: messages with their threads, and the composer.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact-htm.js";
import { Blocks } from "./blocks.js";
import { act, state } from "./live.js";
import { Menu } from "./menu.js";
import { Face } from "./sidebar.js";
import { Spans } from "./text.js";

const EXAMPLE = "/schedule-for buyer@acme.example Acme Buyer 30m Pricing call @priya";

export function Channel({ channel, show, openOwn }) {
  const all = state.messages[channel.id] ?? [];
  const list = useRef(null);
  const [text, setText] = useState("");
  const { me } = state;
  const title = channel.dm ? me.app : channel.name;
  const threads = new Map();
  for (const message of all) if (message.thread) threads.set(message.thread, [...(threads.get(message.thread) ?? []), message]);

  useLayoutEffect(() => {
    list.current.scrollTop = list.current.scrollHeight;
  }, [all.length, me.user, state.mails.length > 0]);

  const has = (ts) => all.some((message) => message.ts === ts);
  return html`
    <header class="talk-head">
      <h2>${channel.dm ? "" : html`<span aria-hidden="true">#</span>`}${title}</h2>
      <p>${channel.dm ? "The app's messages to you" : `You are ${me.people.find(({ id }) => id === me.user)?.name}`}</p>
    </header>
    <div class="messages" ref=${list} tabindex="0" role="region" aria-label="Messages">
      ${!channel.dm && html`<${Pinned} fill=${() => { setText(EXAMPLE); document.getElementById("composer").focus(); }} />`}
      ${all.filter((message) => !message.thread || !has(message.thread)).map((message) => html`<${Message} key=${message.id} message=${message}
        replies=${threads.get(message.ts) ?? []} />`)}
      ${!all.length && html`<p class="empty">Nothing here yet.</p>`}
      ${state.mails.length > 0 && !channel.dm && html`<${Next} show=${show} openOwn=${openOwn} />`}
    </div>
    ${me.notices.length > 0 && html`<div class="notices" role="alert"><div>${me.notices.slice(-3).map((words) => html`<p>${words}</p>`)}</div>
      <button type="button" class="button" onClick=${() => act("dismiss")}>Dismiss</button></div>`}
    <${Composer} channel=${channel} title=${title} text=${text} setText=${setText} />`;
}

const Pinned = ({ fill }) => html`<aside class="pinned" aria-label="How to start">
  <p><strong>A customer is on the line.</strong> Type <kbd>/schedule-for</kbd> below, or start with an example:</p>
  <button type="button" class="button primary" onClick=${fill}>Fill in the example</button>
  <p class="example"><code>${EXAMPLE}</code></p>
</aside>`;

const Next = ({ show, openOwn }) => html`<aside class="pinned next" aria-label="What happened">
  <p><strong>Look around:</strong> what the customer and the team got, and the event in the calendar.</p>
  <div class="row">
    <button type="button" class="button" onClick=${() => show("mail")}>Open the mailbox</button>
    <button type="button" class="button" onClick=${() => show("calendar")}>Open the calendar</button>
    <button type="button" class="button" onClick=${openOwn}>Use your own Slack</button>
  </div>
</aside>`;

function Message({ message, replies }) {
  const shortcuts = state.me.shortcuts.filter(({ kind }) => kind === "message");
  const entries = shortcuts.map(({ name }) => ({ words: name, choose: () => act("message_shortcut", { name, message: message.id }) }));
  return html`<article class=${`message ${message.ephemeral ? "ephemeral" : ""}`} aria-label=${`${message.author}, ${message.at}`}>
    <${Face} id=${message.user} name=${message.author} isApp=${message.bot} />
    <div class="message-main">
      <p class="byline"><strong>${message.author}</strong>${message.bot && html`<span class="badge">App</span>`}
        <time>${message.at}</time>${message.edited && html`<span class="more">(edited)</span>`}</p>
      ${message.ephemeral && html`<p class="more">Only visible to you</p>`}
      ${message.blocks.length ? html`<div class="message-blocks"><${Blocks} surface=${message} level=${3} /></div>` : html`<p class="prose"><${Spans} spans=${message.spans} /></p>`}
      ${message.notice && html`<p class="error" role="alert">${message.notice}</p>`}
      ${replies.length > 0 && html`<details class="thread"><summary>${replies.length === 1 ? "1 reply" : `${replies.length} replies`}</summary>
        ${replies.map((reply) => html`<${Message} key=${reply.id} message=${reply} replies=${[]} />`)}</details>`}
    </div>
    ${entries.length > 0 && !message.ephemeral && html`<${Menu} label=${`Shortcuts for the message of ${message.author}`} entries=${entries} />`}
  </article>`;
}

function Composer({ channel, title, text, setText }) {
  const [isSending, setSending] = useState(false);
  const [isOffering, setOffering] = useState(true);
  const input = useRef(null);
  const { commands, shortcuts } = state.me;
  const offered = isOffering && text.startsWith("/") && !text.includes(" ") ? commands.filter((name) => name.startsWith(text)) : [];
  const globals = shortcuts.filter(({ kind }) => kind === "global").map(({ name }) => ({ words: name, choose: () => act("shortcut", { name }) }));

  useEffect(() => {
    if (text) input.current.setSelectionRange(text.length, text.length);
  }, [channel.id]);

  const complete = (name) => {
    setText(`${name} `);
    input.current.focus();
  };
  const send = async () => {
    if (!text.trim() || isSending) return;
    setSending(true);
    setText("");
    await act("write", { text, channel: channel.id });
    setSending(false);
  };
  const keys = (event) => {
    if (event.isComposing) return;
    if (offered.length && (event.key === "Tab" || (event.key === "Enter" && text !== offered[0]))) {
      event.preventDefault();
      complete(offered[0]);
    } else if (event.key === "Escape" && offered.length) {
      setOffering(false);
    } else if (event.key === "Enter") {
      event.preventDefault();
      send();
    }
  };

  return html`<div class="composer">
    ${offered.length > 0 && html`<div class="offer" role="listbox" id="offer" aria-label="Commands">${offered.map((name, index) => html`<div role="option" id=${`offer-${index}`}
      aria-selected=${index === 0 ? "true" : "false"} onPointerDown=${(event) => { event.preventDefault(); complete(name); }}>
      <strong>${name}</strong><span class="more">Schedule a meeting for a customer: address, name, length, subject, @colleagues</span></div>`)}</div>`}
    <label class="off-screen" for="composer">Message ${channel.dm ? title : `#${title}`}</label>
    <div class="composer-row">
      ${globals.length > 0 && html`<${Menu} label="Shortcuts" face="+" entries=${globals} />`}
      <input id="composer" ref=${input} type="text" role="combobox" aria-autocomplete="list" aria-expanded=${offered.length ? "true" : "false"}
        aria-controls=${offered.length ? "offer" : undefined} aria-activedescendant=${offered.length ? "offer-0" : undefined}
        autocomplete="off" spellcheck="false" placeholder=${`Message ${channel.dm ? title : `#${title}`}, or type /`} value=${text}
        onInput=${(event) => { setOffering(true); setText(event.target.value); }} onKeyDown=${keys} />
      <button type="button" class="button primary" aria-busy=${isSending ? "true" : undefined} onClick=${send}>Send</button>
    </div>
  </div>`;
}
