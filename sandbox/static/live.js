// The live connection: what the workspace sends, and how the page asks for something.

import { useEffect, useState } from "./vendor/preact-htm.js";

export const state = {
  online: false,
  everOnline: false,
  me: null,
  messages: {},
  stack: [],
  home: null,
  mails: [],
  calendars: {},
  troubles: [],
  clock: null,
  traffic: [],
  confirm: null,
  said: "",
  heard: "",
};

const listeners = new Set();
const waiting = new Map();
let socket = null;
let number = 0;
let person = sessionStorage.getItem("person") || "U0DANA";

export function changed() {
  listeners.forEach((redraw) => redraw());
}

export function useLive() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const again = () => redraw((n) => n + 1);
    listeners.add(again);
    return () => listeners.delete(again);
  }, []);
  return state;
}

export function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/live?as=${person}`);
  socket.onopen = () => {
    Object.assign(state, { online: true, everOnline: true, traffic: [] });
    changed();
  };
  socket.onmessage = ({ data }) => take(JSON.parse(data));
  socket.onclose = () => {
    state.online = false;
    waiting.forEach(({ reject }) => reject(new Error("The local workspace is not running.")));
    waiting.clear();
    changed();
    setTimeout(connect, 700);
  };
}

// Ends the connection, as a network does; a new one is tried at once.
export const hangUp = () => socket.close();

function take(frame) {
  if (frame.news) {
    const { traffic, ...sections } = frame.news;
    if (sections.messages) announce(state.messages, sections.messages);
    Object.assign(state, sections);
    if (traffic) state.traffic = [...state.traffic, ...traffic];
    changed();
    return;
  }
  const asked = waiting.get(frame.re);
  waiting.delete(frame.re);
  if (!asked) return;
  if (frame.refused) asked.reject(new Error(frame.refused));
  else asked.resolve(frame.answer);
}

// Ask the workspace to do something as the acting person. Rejects with words for the person.
export function ask(act, more = {}) {
  if (!state.online) return Promise.reject(new Error("The local workspace is not running."));
  number += 1;
  const id = number;
  socket.send(JSON.stringify({ act, id, ...more }));
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

// The same, where nothing but a failure is of interest: it is said in the live region.
export function act(name, more) {
  return ask(name, more).catch((error) => say(error.message));
}

export function become(user) {
  person = user;
  sessionStorage.setItem("person", user);
  return act("person", { user });
}

// Words for a moment on the screen, and for the screen reader.
export function say(words) {
  state.said = words;
  changed();
}

function announce(before, after) {
  if (!state.me) return;
  for (const [channel, messages] of Object.entries(after)) {
    const old = before[channel];
    const last = messages[messages.length - 1];
    if (!old || !last || messages.length <= old.length || last.user === state.me.user) continue;
    const place = state.me.channels.find(({ id }) => id === channel);
    const where = place?.dm ? "to you" : `in #${place?.name}`;
    state.heard = `New message from ${last.author} ${where}: ${last.text}`;
  }
}

// A dialog with two ways out; resolves to true for yes.
export function confirmed(dialog) {
  if (!dialog) return Promise.resolve(true);
  return new Promise((resolve) => {
    state.confirm = {
      dialog,
      answer(yes) {
        state.confirm = null;
        changed();
        resolve(yes);
      },
    };
    changed();
  });
}
