/**
 * The runner behind `launcher run --handler FILE:FUNCTION`, for Node.js.
 *
 * Started as `node -e RUNNER -- MODULE FILE FUNCTION`, where MODULE is the text
 * of launcher-context.cjs, it calls the function as MLRun calls one of Python:
 * the context first, then the task's parameters and inputs by name.
 *
 *     export async function train(context, { rate, rows = 10, infile }) {}
 *     export async function train(context, rate, rows = 10, infile) {}
 *
 * Both are read from the function's text; where a minifier has changed names,
 * only the first holds. FUNCTION may be `Class::method`: of an instance that is
 * made with the context and the parameter `_init_args`, as in MLRun.
 *
 * Node.js 18 and later, its own modules only.
 */
"use strict";

const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { inspect } = require("node:util");
const { compileFunction } = require("node:vm");

const NAME = "launcher-context";
const FRAME = /^ +at .*(\[eval\](-wrapper)?|<launcher-context>|node:[\w/]+):\d+|^ +at .*\(?<anonymous>\)?$/;

class NotThere extends Error {}

async function main([source, file, name]) {
  const module = { exports: {} };
  const parameters = ["exports", "require", "module"];
  compileFunction(source, parameters, { filename: "<launcher-context>" })(
    module.exports,
    require,
    module,
  );
  const context = await module.exports.getContext();
  process.argv.splice(1, 3, path.resolve(file));
  process.execArgv = []; // child processes are not to run this again
  offer(module.exports, file);
  const exported = await import(pathToFileURL(path.resolve(file)).href);
  const shown = path.basename(file);
  const given = structuredClone(context.parameters); // the handler may change its own
  const [call, self] = find(exported, name, shown, context, given);
  const named = `${shown}: ${name}()`;
  const result = call.apply(self, [context, ...byName(call, named, context, given)]);
  if (typeof result?.next === "function" && typeof result.return === "function") {
    throw new TypeError(`${named} is a generator, which is not supported`);
  }
  await result;
}

/** Let the handler import this module's exports with nothing installed. */
function offer(exports, file) {
  const resolveFilename = Module._resolveFilename;
  Module._resolveFilename = (request, ...rest) =>
    request === NAME ? NAME : resolveFilename(request, ...rest);
  Module._cache[NAME] = Object.assign(new Module(NAME), { exports, loaded: true });

  const shared = Symbol.for(`${NAME} exports`);
  globalThis[shared] = exports;
  const names = Object.keys(exports).join();
  const text = `export const {${names}} = globalThis[Symbol.for("${shared.description}")]`;
  const found = { url: `data:text/javascript,${encodeURIComponent(text)}`, shortCircuit: true };
  if (Module.registerHooks) {
    const resolve = (request, context, next) =>
      request === NAME && context.conditions.includes("import") ? found : next(request, context);
    Module.registerHooks({ resolve });
  } else if (Module.register && fs.readFileSync(file).includes(NAME)) {
    // A thread of its own, which takes longer to start than all the rest.
    const hook = `export const resolve = (request, context, next) =>
      request === "${NAME}" ? ${JSON.stringify(found)} : next(request, context)`;
    Module.register(`data:text/javascript,${encodeURIComponent(hook)}`);
  }
}

/** Return the function that name stands for, and the object whose method it is. */
function find(exported, name, shown, context, given) {
  const [owner, member] = name.split("::");
  const all = { ...exported.default, ...exported };
  const value = own(all, owner);
  const what = member === undefined ? "function" : "class";
  if (typeof value !== "function") {
    const others = Object.keys(all).filter((key) => typeof all[key] === "function");
    notThere(`${shown} exports no ${what}`, owner, advice(others, what));
  }
  if (member === undefined) return [value, undefined];
  const instance = new value(context, given._init_args ?? {});
  if (typeof instance[member] !== "function") {
    const others = Object.getOwnPropertyNames(value.prototype ?? {}).slice(1);
    notThere(`${shown}: class ${owner} has no method`, member, advice(others, "method"));
  }
  return [instance[member], instance];
}

function own(object, key) {
  return object != null && Object.hasOwn(object, key) ? object[key] : undefined;
}

function advice(names, what) {
  return names.length > 0 ? `use one of ${names.join(", ")}` : `add a ${what}`;
}

function notThere(where, name, hint) {
  throw new NotThere(`launcher: ${where} ${JSON.stringify(name)}\nhint: ${hint}`);
}

/** Return what call gets after the context: the task's, by the names it is written with. */
function byName(call, named, context, given) {
  const all = {};
  for (const key of Object.keys(context.inputs)) {
    const get = () => context.getInput(key); // which fails for one that is not local
    Object.defineProperty(all, key, { get, enumerable: true, configurable: true });
  }
  for (const [key, value] of Object.entries(given)) {
    Object.defineProperty(all, key, { value, enumerable: true, writable: true });
  }
  const source = Function.prototype.toString.call(call);
  const written = parameters(source);
  if (written === undefined) return [all]; // bound, or not JavaScript
  const missing = [];
  const args = [];
  for (const parameter of written.slice(1)) {
    if (parameter.startsWith("...")) break;
    const whole = parameter.startsWith("{");
    const wanted = whole ? elements(parameter, 0) : [parameter];
    missing.push(...wanted.map(required).filter((key) => key && !Object.hasOwn(all, key)));
    args.push(whole ? all : own(all, parameter.split("=")[0].trim()));
  }
  if (missing.length > 0) {
    const keys = missing.map((key) => JSON.stringify(key)).join(", ");
    throw new TypeError(`${named} needs ${keys}: not in the task's parameters or inputs`);
  }
  return args;
}

/** Return the name that a parameter or an element of a pattern needs; "" for none. */
function required(written) {
  const [, name, rest] = /^(?:(?:"|')?([^\s"'=:.[]+)(?:"|')?)?\s*(?::\s*)?([^]*)$/.exec(written);
  return name === undefined || optional(rest) ? "" : name;
}

/** Report whether what follows a name has a default: "=" outside of brackets. */
function optional(rest) {
  for (let i = 0; i < rest.length; i = after(rest, i)) {
    if (rest[i] === "=") return true;
  }
  return false;
}

/** Return the parameters of a function's text as they are written, if it has them. */
function parameters(source) {
  const alone = /^(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(source);
  if (alone) return [alone[1]];
  let open = 0;
  while (open < source.length && source[open] !== "(") open = after(source, open);
  const native = /\{\s*\[native code\]\s*\}$/.test(source);
  return native || open >= source.length ? undefined : elements(source, open);
}

/** Return what the bracket at open holds, between its commas, without comments. */
function elements(source, open) {
  const found = [""];
  for (let i = open + 1; i < source.length && !")]}".includes(source[i]); ) {
    const next = after(source, i);
    const piece = source.slice(i, next);
    if (piece === ",") found.push("");
    else if (!/^\/[/*]/.test(piece)) found.push(found.pop() + piece);
    i = next;
  }
  return found.map((element) => element.trim()).filter(Boolean);
}

const TOKEN =
  /\/\/.*|\/\*[^]*?\*\/|"(?:\\[^]|[^"\\])*"|'(?:\\[^]|[^'\\])*'|(?<=[=(,:[!&|?{}>;]\s*)\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+\/[a-z]*/y;

/**
 * Return the index after what begins at i: a comment, a string, a regular
 * expression, a bracket with what it holds, or one sign.
 */
function after(source, i) {
  TOKEN.lastIndex = i;
  if (TOKEN.test(source)) return TOKEN.lastIndex;
  const close = { "(": ")", "[": "]", "{": "}", "`": "`" }[source[i]];
  if (close === undefined) return i + 1;
  let end = i + 1;
  while (end < source.length && source[end] !== close) {
    if (close !== "`") end = after(source, end);
    else if (source.startsWith("${", end)) end = after(source, end + 1);
    else end += source[end] === "\\" ? 2 : 1;
  }
  return end + 1;
}

/**
 * End as Node.js does at an error that nothing caught, but for the lines of the
 * stack that are this runner's.
 */
function fail(error) {
  if (error instanceof NotThere) {
    fs.writeSync(2, `${error.message}\n`);
    process.exit(127);
  }
  const lines = typeof error?.stack === "string" ? error.stack.split("\n") : [];
  while (lines.length > 0 && FRAME.test(lines.at(-1))) lines.pop();
  const placed = lines.some((line) => /^ +at /.test(line));
  // Node.js alone knows the place of an error of syntax.
  if (process.listenerCount("uncaughtException") > 0 || (error instanceof SyntaxError && !placed)) {
    setImmediate(() => {
      throw error;
    });
    return;
  }
  if (lines.length > 0) {
    Object.defineProperty(error, "stack", { value: lines.join("\n"), configurable: true });
  }
  fs.writeSync(2, `${lines.length === 0 || placed ? inspect(error) : error.stack}\n`);
  process.exit(1);
}

let settled = false;
process.once("beforeExit", () => {
  if (!settled && !process.exitCode) {
    fs.writeSync(2, "launcher: the handler's promise was never settled\n");
    process.exitCode = 13; // as Node.js at a top-level await
  }
});
main(process.argv.slice(1))
  .catch(fail)
  .finally(() => {
    settled = true;
  });
