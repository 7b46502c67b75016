/**
 * The context of a handler: the secrets and parameters of its task. Version 0.1.0.
 * From https://github.com/seed45446ece/launcher, under the Apache License 2.0.
 *
 * A program that `launcher run` started asks for it:
 *
 *     import { getContext } from "launcher-context";
 *
 *     const context = await getContext();
 *     const password = await context.getSecret("DB_PASSWORD");
 *
 * The variable LAUNCHER_CONTEXT says where the context is: on standard input
 * (`stdin`), on a descriptor (`fd:N`), in the environment (`env`), in files
 * (`files:FOLDER`) or with the launcher, which answers on a socket
 * (`unix:PATH`). The last can be asked only by waiting, so that both functions
 * return a promise in every delivery: a handler does not know which it is.
 *
 * A function that `launcher run --handler FILE:FUNCTION` calls needs nothing
 * installed: it is given the context, and can import this module all the same.
 *
 * Node.js 18 and later, its own modules only; for `import` and `require` alike.
 * @module launcher-context
 */
"use strict";

const fs = require("node:fs");

// The context of this process: a second copy of this module has the same.
const SHARED = Symbol.for("launcher-context");
const LEVELS = { debug: 10, info: 20, warning: 30, error: 40, critical: 50 };

/**
 * Resolve to the context of this process: the same object at every call.
 *
 * The first call reads it. It rejects with an Error that says why it cannot be
 * read; no message holds a secret's value.
 * @returns {Promise<Context>}
 */
function getContext() {
  globalThis[SHARED] ??= load(process.env.LAUNCHER_CONTEXT ?? "");
  return globalThis[SHARED];
}

/** What a handler gets: of MLRun's context, the part about a task's input. */
class Context {
  // What finds a secret: a private field is in no dump.
  #find;

  constructor(document, find) {
    this.#find = find;
    this.metadata = section(document, "metadata");
    this.spec = section(document, "spec");
    this.name = this.metadata.name ?? "";
    this.uid = this.metadata.uid ?? "";
    this.project = this.metadata.project ?? "";
    this.iteration = this.metadata.iteration ?? 0;
    this.labels = this.metadata.labels ?? {};
    this.annotations = this.metadata.annotations ?? {};
    this.parameters = this.spec.parameters ?? {};
    this.inputs = this.spec.inputs ?? {};
    this.outPath = this.spec.output_path ?? "";
    this.logger = new Logger(this.spec.log_level);
  }

  /** Return the parameter key, or fallback where the task has none. */
  getParam(key, fallback) {
    return own(this.parameters, key, fallback);
  }

  /**
   * Resolve to the secret key: a string, or a Buffer where it is not UTF-8.
   *
   * That is the secret of exactly that name; else the one whose name is equal
   * when ASCII letter case is ignored and "-" and "." count as "_" (where two
   * would fit, neither does); else this process's environment variable of
   * exactly that name; else fallback. An empty value is a value.
   *
   * Where the launcher answers on a socket it is asked every time, and the
   * promise rejects with what it, or its end, has come in the way.
   */
  async getSecret(key, fallback) {
    if (typeof key !== "string") {
      throw new TypeError(`a secret's key is a string, not ${key === null ? "null" : typeof key}`);
    }
    return (await this.#find(key)) ?? fallback;
  }

  /**
   * Return the path of the input key.
   *
   * An input that the task has not is key itself, as in MLRun; one that is not
   * absolute is taken from spec's `input_path`. Nothing is fetched: an Error
   * names an input that is no local file's address.
   */
  getInput(key) {
    let address = own(this.inputs, key) || key;
    if (typeof address !== "string") throw new TypeError(`input ${quote(key)}: its address is not a string`);
    const folder = this.spec.input_path;
    if (folder && !address.includes("://") && !address.startsWith("/")) {
      address = `${folder.replace(/\/$/, "")}/${address}`;
    }
    const [, scheme, rest] = /^(.*?):\/\/(.*)$/s.exec(address) ?? [];
    if (scheme !== undefined && scheme !== "file") {
      throw new Error(
        `input ${quote(key)} is ${scheme}://${plain(rest)}, which launcher does not fetch: ` +
          "mount it, or read its address from context.inputs",
      );
    }
    return rest ?? address;
  }
}

/**
 * Writes one line a message on standard error, as MLRun's logger does:
 *
 *     > 2026-01-31 12:00:00,123 [info] running function {"key":"value"}
 *
 * A plain object after the message follows as JSON; anything else is put in as
 * console.log does. Nothing throws: a message that cannot be written is not
 * worth a job.
 */
class Logger {
  #level;

  constructor(level) {
    this.#level = own(LEVELS, String(level).toLowerCase(), LEVELS.info);
  }

  debug(message, ...args) {
    this.#log("debug", message, args);
  }

  info(message, ...args) {
    this.#log("info", message, args);
  }

  warning(message, ...args) {
    this.#log("warning", message, args);
  }

  warn(message, ...args) {
    this.#log("warning", message, args);
  }

  error(message, ...args) {
    this.#log("error", message, args);
  }

  critical(message, ...args) {
    this.#log("critical", message, args);
  }

  #log(level, message, args) {
    if (LEVELS[level] < this.#level) return;
    try {
      process.stderr.write(`> ${stamp(new Date())} [${level}] ${text(message, args)}\n`);
    } catch {
      // said above
    }
  }
}

function stamp(now) {
  const two = (number) => String(number).padStart(2, "0");
  const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join("-");
  const time = [two(now.getHours()), two(now.getMinutes()), two(now.getSeconds())].join(":");
  return `${day} ${time},${String(now.getMilliseconds()).padStart(3, "0")}`;
}

function text(message, args) {
  const { format } = require("node:util");
  const last = args.at(-1);
  const fields = Object.prototype.toString.call(last) === "[object Object]";
  const line = format(message, ...(fields ? args.slice(0, -1) : args));
  if (!fields) return line;
  try {
    return `${line} ${JSON.stringify(last)}`;
  } catch {
    return format(line, last); // a cycle, a BigInt
  }
}

// Reading the context

const WORKERS = "for worker processes use --deliver files or socket";

const EMPTY = {
  stdin: `standard input holds no context: it was already read, by this process or another; ${WORKERS}`,
  env: "LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set",
  fd: `the context's descriptor is empty: ${WORKERS}`,
  files: "the context's file is empty",
};

async function load(where) {
  const [, kind, place] = /^([^:]*):?(.*)$/s.exec(where);
  if (kind === "unix" && place) {
    const { status, body } = await ask(place, "/v1/context");
    if (status !== 200) throw new Error(`the launcher did not return the context: ${problem(status, body)}`);
    const document = parse(body);
    secrets(document, kind);
    return new Context(document, asker(place));
  }
  const document = parse(read(where, kind, place));
  return new Context(document, finder(secrets(document, kind, place)));
}

/** Return the bytes of a delivery that is read once, whole. */
function read(where, kind, place) {
  let data;
  if (where === "") {
    throw new Error('LAUNCHER_CONTEXT is not set: start this program with "launcher run"');
  } else if (where === "stdin") {
    data = drain(where, 0, () => null);
    endOfFile();
  } else if (where === "env") {
    data = Buffer.from(process.env.LAUNCHER_CONTEXT_JSON ?? "");
  } else if (kind === "fd" && /^\d+$/.test(place)) {
    // From a place, for the offset is shared between processes.
    data = drain(where, Number(place), (length) => length);
    if (data.length > 0 && !/^\s*\{/.test(data.toString("latin1", 0, 64))) {
      throw new Error(`descriptor ${place} holds no context: ${WORKERS}`); // a file that this process opened itself
    }
  } else if (kind === "files" && place) {
    data = file(place, "context.json");
  } else {
    throw new Error(
      `unsupported delivery ${quote(kind)} in LAUNCHER_CONTEXT: ` +
        'use "launcher run --deliver" with stdin, fd, env, files or socket',
    );
  }
  if (data.length === 0) throw new Error(EMPTY[kind]);
  return data;
}

/**
 * Leave the handler's child processes a standard input that is at its end. A
 * context that no pipe holds is a file there, which could be read again.
 */
function endOfFile() {
  fs.closeSync(0);
  try {
    fs.openSync("/dev/null", "r"); // as 0, the lowest that is free
  } catch {
    // an image without /dev
  }
}

function drain(where, fd, position) {
  const chunks = [];
  let length = 0;
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(1 << 16);
      const count = fs.readSync(fd, chunk, 0, chunk.length, position(length));
      if (count === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, count));
      length += count;
    }
  } catch (error) {
    throw new Error(`the context on ${where} cannot be read: ${error.code ?? error.message}; ${WORKERS}`);
  }
}

/**
 * Return the bytes of a file of the folder that the files delivery made. A link
 * could lead out of the folder, and a FIFO may never end.
 */
function file(folder, name) {
  const path = `${folder}/${name}`;
  try {
    if (!fs.lstatSync(path).isFile()) throw new Error("it is not a regular file");
    return fs.readFileSync(path);
  } catch (error) {
    throw new Error(
      `the context's file ${quote(name)} cannot be read: ${error.code ?? error.message} (its folder is the ` +
        "handler's own, and is removed when the handler ends)",
    );
  }
}

/** Return the document, in an Error's place: JSON.parse's own shows the text. */
function parse(data) {
  const document = json(data);
  if (!isObject(document)) throw new Error("the context is not a JSON object in UTF-8");
  const { version } = document;
  if (version !== 1) {
    const other = Number.isInteger(version) ? ` (${version})` : "";
    throw new Error(`the context has an unsupported version${other}: this module reads version 1`);
  }
  return document;
}

function json(data) {
  const source = decode(data);
  if (typeof source !== "string") return undefined;
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

function section(document, name) {
  const found = own(document, name) ?? {};
  if (!isObject(found)) throw new Error(`the context's ${quote(name)} is not a JSON object`);
  return found;
}

/**
 * Return the secrets of document by key, wherever the delivery has put them. Only
 * env has them in variables, and only files in the folder.
 */
function secrets(document, kind, folder) {
  const inside = (name) => !["", ".", ".."].includes(name) && !name.includes("/");
  const nowhere = () => undefined;
  const fromFile = (name) => (inside(name) ? decode(file(folder, name)) : undefined);
  const readers = {
    secrets: (value) => value,
    secrets_base64: fromBase64,
    secrets_env: kind === "env" ? variable : nowhere,
    secrets_files: kind === "files" ? fromFile : nowhere,
  };
  const found = new Map();
  for (const [name, reader] of Object.entries(readers)) {
    for (const [key, source] of Object.entries(section(document, name))) {
      const value = typeof source === "string" ? reader(source) : undefined;
      if (value === undefined) {
        throw new Error(`the context's ${name} has no value for ${quote(key)}`);
      }
      if (found.has(key)) throw new Error(`duplicate secret ${quote(key)} in the context`);
      found.set(key, value);
    }
  }
  return found;
}

function fromBase64(source) {
  const data = Buffer.from(source, "base64"); // which skips what is not base64
  return data.toString("base64") === source ? decode(data) : undefined;
}

/** Return this process's variable, byte for byte; process.env has text alone. */
function variable(name) {
  if (name === "" || /[=\0]/.test(name) || !Object.hasOwn(process.env, name)) return undefined;
  const value = process.env[name];
  if (!value.includes("\ufffd")) return value;
  const start = Buffer.from(`${name}=`);
  for (let rest = fs.readFileSync("/proc/self/environ"); rest.length > 0; ) {
    const end = rest.indexOf(0);
    const entry = end < 0 ? rest : rest.subarray(0, end);
    if (entry.subarray(0, start.length).equals(start)) {
      const data = entry.subarray(start.length);
      return data.toString() === value ? decode(data) : value; // changed since the start
    }
    rest = rest.subarray(entry.length + 1);
  }
  return value;
}

/** Return data as a string, or a Buffer of its own where it is not UTF-8. */
function decode(data) {
  const value = data.toString();
  return value.includes("\ufffd") && !Buffer.from(value).equals(data) ? Buffer.from(data) : value;
}

/** Return getSecret's rule as a function that alone holds found. */
function finder(found) {
  const alike = new Map();
  for (const key of found.keys()) {
    alike.set(fold(key), [...(alike.get(fold(key)) ?? []), key]);
  }
  return (key) => {
    const keys = found.has(key) ? [key] : (alike.get(fold(key)) ?? []);
    if (keys.length !== 1) return variable(key);
    const value = found.get(keys[0]);
    return typeof value === "string" ? value : Buffer.from(value); // which the handler may change
  };
}

function fold(key) {
  return key.replace(/[A-Z]/g, (letter) => letter.toLowerCase()).replace(/[-.]/g, "_");
}

/**
 * Return getSecret's rule where the launcher answers on a socket. It asks every
 * time, as a value may change; the launcher matches the key.
 */
function asker(path) {
  return async (key) => {
    if (!isText(key)) return undefined;
    const { status, body } = await ask(path, `/v1/secrets/${segment(key)}`);
    if (status === 404) return variable(key);
    if (status !== 200) throw new Error(`the secret ${quote(key)}: ${problem(status, body)}`);
    return decode(body);
  };
}

function isText(key) {
  try {
    encodeURIComponent(key);
    return true;
  } catch {
    return false; // a surrogate alone
  }
}

function segment(key) {
  const hex = (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(key).replace(/[!'()*]/g, hex);
}

/** Resolve to the answer to GET target at the Unix socket path. */
function ask(path, target) {
  const { get } = require("node:http"); // as most deliveries do not need it
  const options = {
    socketPath: path,
    path: target,
    agent: false,
    headers: { Host: "launcher", Connection: "close" },
  };
  return new Promise((resolve, reject) => {
    const fail = (error) => reject(new Error(ended(path, error.code)));
    const request = get(options, (response) => {
      const chunks = [];
      const whole = () => response.complete && response.headers["content-length"] !== undefined;
      response.on("error", fail);
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("close", () =>
        whole()
          ? resolve({ status: response.statusCode, body: Buffer.concat(chunks) })
          : fail({ code: "its answer is not whole" }),
      );
    });
    request.on("error", fail);
  });
}

function ended(path, reason) {
  if (reason === "EACCES" || reason === "EPERM") {
    return `the socket ${quote(path)} is not for this user: ${reason}`;
  }
  return `the launcher process that serves secrets has ended: ${reason}`;
}

function problem(status, body) {
  return body.toString().trim() || `status ${status}`;
}

function own(object, key, fallback) {
  return Object.hasOwn(object, key) ? object[key] : fallback;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function quote(name) {
  return JSON.stringify(name);
}

/** Return address without what may be a credential: its user, query and fragment. */
function plain(address) {
  return address.replace(/[?#].*$/s, "").replace(/^[^/]*@/, "");
}

exports.getContext = getContext;
exports.Context = Context;
exports.Logger = Logger;
