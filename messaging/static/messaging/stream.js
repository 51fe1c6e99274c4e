// The socket ws/messages: reconnects with back-off and acknowledges what was taken in.

const FIRST_WAIT = 500;
const MOST_WAIT = 15000;
const QUIET = 12000; // the server beats every 2 s

export class Stream {
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
    this.wait = FIRST_WAIT;
    this.filter = {};
    this.stopped = false;
    this.heard = 0;
    this.changing = 0; // filter changes that the server has not confirmed
    setInterval(() => this.look(), 2000);
    window.addEventListener("online", () => this.retry());
  }

  open() {
    clearTimeout(this.timer);
    this.stopped = false;
    this.handlers.state("connecting", "Connecting");
    const query = new URLSearchParams(this.filter);
    const socket = new WebSocket(`${this.url}?${query}`);
    this.socket = socket;
    this.changing = 0;
    socket.onmessage = (event) => {
      if (socket === this.socket) this.take(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code);
    };
  }

  close() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
  }

  retry() {
    if (!this.stopped && (!this.socket || this.socket.readyState > 1)) this.open();
  }

  setFilter(filter) {
    this.filter = filter;
    if (this.send({ type: "filter", ...filter })) this.changing += 1;
  }

  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  take(data) {
    const message = JSON.parse(data);
    this.heard = Date.now();
    if (message.type === "hello") {
      this.wait = FIRST_WAIT;
      this.handlers.state("open", "Live");
      // The filter may have been changed while the socket was opening.
      this.setFilter(this.filter);
      this.handlers.hello(message);
    } else if (message.type === "filtering" || message.type === "error") {
      this.changing = Math.max(0, this.changing - 1);
      this.handlers[message.type]?.(message);
    } else if (message.type === "messages") {
      // What was under way when the filter changed is of the old filter.
      if (!this.changing) this.handlers.messages(message.items);
      // Not before the rows are taken in: this is what holds a fast server back.
      this.send({ type: "ack", serial: message.serial });
    } else {
      this.handlers[message.type]?.(message);
    }
  }

  closed(code) {
    if (this.stopped) return;
    if (code === 4401 || code === 4403) {
      const why = code === 4401 ? "Not logged in: reload the page" : "You may not see messages";
      this.handlers.state("closed", why);
      this.stopped = true;
      return;
    }
    const pause = this.wait * (0.75 + Math.random() / 2);
    this.wait = Math.min(this.wait * 2, MOST_WAIT);
    this.handlers.state("closed", `Disconnected, trying again in ${Math.ceil(pause / 1000)} s`);
    this.timer = setTimeout(() => this.open(), pause);
  }

  look() {
    if (this.socket?.readyState !== WebSocket.OPEN || this.stopped) return;
    const silent = Date.now() - this.heard;
    if (silent > 3 * QUIET) this.socket.close();
    else if (silent > QUIET) this.handlers.state("quiet", "Connected, but the stream is silent");
    else this.handlers.state("open", "Live");
  }
}
