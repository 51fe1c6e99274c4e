// A socket of figures, such as ws/dashboard: comes back with a growing pause, and says how it is.

const FIRST_WAIT = 500;
const MOST_WAIT = 15000;
const QUIET = 30000; // the server looks every 2 s, more rarely where the fleet is huge

export class Socket {
  constructor(handlers, address = "ws/dashboard") {
    this.url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/${address}`;
    this.handlers = handlers;
    this.wait = FIRST_WAIT;
    this.heard = 0;
    setInterval(() => this.look(), 5000);
    window.addEventListener("online", () => this.open());
    this.open();
  }

  open() {
    if (this.socket && this.socket.readyState <= 1) return;
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onmessage = (event) => {
      if (socket === this.socket) this.take(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (socket === this.socket) this.closed(event.code);
    };
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  take(message) {
    this.heard = Date.now();
    if (message.type === "hello") {
      this.wait = FIRST_WAIT;
      this.handlers.state("open", "Live");
    } else if (message.type === "figures") {
      this.handlers.state("open", "Live");
    }
    this.handlers[message.type]?.(message);
  }

  look() {
    if (this.socket.readyState === WebSocket.OPEN && Date.now() - this.heard > QUIET) {
      this.handlers.state("quiet", "No figures for a while");
    }
  }

  closed(code) {
    if (code === 4401 || code === 4403) {
      this.handlers.state("closed", code === 4401 ? "Logged out: log in again" : "No right to see this");
      return;
    }
    this.handlers.state("connecting", "Connecting again");
    this.timer = setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, MOST_WAIT);
  }
}
