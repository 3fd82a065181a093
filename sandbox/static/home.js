// App Home, as the app published it for the acting person.

import { html } from "./vendor/preact-htm.js";
import { Blocks } from "./blocks.js";
import { state } from "./live.js";

export function Home() {
  const { home, me } = state;
  return html`<header class="talk-head"><h2>${me.app}</h2><p>App Home</p></header>
    <div class="home-body">${home
      ? html`${home.notice && html`<p class="alert error" role="alert"><strong>Problem</strong><span>${home.notice}</span></p>`}
        <${Blocks} surface=${home} level=${3} />`
      : html`<p class="loading" role="status">The app is drawing this page…</p>`}</div>`;
}
