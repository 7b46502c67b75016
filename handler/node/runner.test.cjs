"use strict";
// What a function can count on that `launcher run --handler FILE:FUNCTION` calls,
// started as the launcher starts it: node -e RUNNER -- MODULE FILE FUNCTION.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const { after, test } = require("node:test");

const [RUNNER, MODULE] = ["runner.cjs", "launcher-context.cjs"].map((name) =>
  fs.readFileSync(path.join(__dirname, name), "utf8"),
);
const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "launcher-runner-")));
after(() => fs.rmSync(folder, { recursive: true }));

const CONTEXT = {
  version: 1,
  metadata: { name: "train" },
  spec: {
    parameters: { db_name: "sales", rate: 0.5, list: [1], "odd-key": 1, none: null },
    inputs: { infile: "file:///data/x", both: "i", far: "s3://bucket/far" },
  },
  secrets: { DB_PASSWORD: "pw" },
};

/** Call the function name of a file with this text. */
function call(text, name = "f", { file = "handler.mjs", data = CONTEXT, node = [] } = {}) {
  fs.writeFileSync(path.join(folder, file), text);
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    [...node, "-e", RUNNER, "--", MODULE, file, name],
    {
      cwd: folder,
      input: JSON.stringify(data),
      env: { PATH: process.env.PATH, LAUNCHER_CONTEXT: "stdin" },
      encoding: "utf8",
    },
  );
  return { stdout, stderr, status: status ?? signal };
}

function prints(result, stdout) {
  assert.equal(result.stderr, "");
  assert.deepEqual(result, { stdout, stderr: "", status: 0 });
}

function fails(result, stderr, status = 1) {
  assert.equal(result.stderr, stderr);
  assert.equal(result.status, status);
}

const SIGNATURES = [
  ["context, db_name", "context.name, db_name", "train sales"],
  ["ctx, { db_name, rate }", "ctx.name, db_name, rate", "train sales 0.5"],
  ["context, list, db_name", "list, db_name", "[ 1 ] sales"],
  ["context, infile", "infile", "/data/x"],
  ["context, { infile, both = 'd' }", "infile, both", "/data/x i"],
  ["context, d = 7, db_name = 'd'", "d, db_name", "7 sales"],
  ["context, { d = 7, rate: r = 1, 'odd-key': odd, none }", "d, r, odd, none", "7 0.5 1 null"],
  ["context, { ...rest }", "Object.keys(rest).length", "8", { far: undefined }],
  ["context, { db_name } = {}, rate", "db_name, rate", "sales 0.5"],
  ["context, { d: { e } = { e: 1 } }", "e", "1"],
  ["context, /* a, b */ db_name, // c\n rate", "db_name, rate", "sales 0.5"],
  ["context, d = ')(,\"', e = /[,)]\\//, g = `,${[1, 2]}`, rate", "d, e, g, rate", ')(," /[,)]\\// ,1,2 0.5'],
  ["context, d = (a, b) => [a, b], { rate } = {}", "d(1, 2), rate", "[ 1, 2 ] 0.5"],
  ["context, ...more", "more", "[]"],
  ["", "arguments.length, arguments[0].name", "1 train"],
];

test("arguments are the context, then what is named", () => {
  for (const [signature, shown, expected, inputs] of SIGNATURES) {
    const data = inputs ? { ...CONTEXT, spec: { ...CONTEXT.spec, inputs: { i: "i", j: "j", k: "k" } } } : CONTEXT;
    prints(call(`export function f(${signature}) { console.log(${shown}); }`, "f", { data }), `${expected}\n`);
  }
});

test("arguments of every form of function", () => {
  for (const text of [
    "export const f = (context, db_name) => console.log(db_name);",
    "export const f = async (context, { db_name }) => console.log(db_name);",
    "export const f = async function (context, db_name) { console.log(db_name); }",
    "export const f = { async f(context, db_name) { console.log(db_name); } }.f;",
    "export const f = { ['f'](context, db_name) { console.log(db_name); } }.f;",
    "export const f = (function (context, given) { console.log(given.db_name); }).bind(null);",
    "export const f = context => console.log(context.parameters.db_name);",
    "export const f = async context => console.log(context.parameters.db_name);",
    "const f = (context, db_name) => console.log(db_name); export default { f };",
  ]) {
    prints(call(text), "sales\n");
  }
});

test("what the task has not is named together", () => {
  fails(
    call("export function f(context, params, { db_name, x, y: z, w = 1 }) {}"),
    'TypeError: handler.mjs: f() needs "params", "x", "y": not in the task\'s parameters or inputs\n',
  );
});

test("an input that is not local is named where it is taken", () => {
  for (const signature of ["far", "{ far }"]) {
    const { stderr, status } = call(`export function f(context, ${signature}) {}`);
    assert.match(stderr, /^Error: input "far" is s3:\/\/bucket\/far, which launcher does not fetch/);
    assert.equal(status, 1);
  }
});

test("an argument is the handler's own", () => {
  const text = "export const f = (context, list) => { list.push(2); console.log(context.parameters.list); };";
  prints(call(text), "[ 1 ]\n");
});

test("a promise is awaited, a generator refused", () => {
  prints(
    call(`export async function f() {
      await new Promise((resolve) => setTimeout(resolve, 1)); console.log("awaited"); return 5; }`),
    "awaited\n",
  );
  for (const star of ["function*", "async function*"]) {
    const problem = "TypeError: handler.mjs: f() is a generator, which is not supported\n";
    fails(call(`export ${star} f() { yield 1; }`), problem);
  }
  const problem = "launcher: the handler's promise was never settled\n";
  fails(call("export const f = () => new Promise(() => {});"), problem, 13);
});

test("a method is of an instance that is made with the context and _init_args", () => {
  const text = `export class Model {
      constructor(context, { bucket = "none" }) { this.where = [context.name, bucket]; }
      async train(context, db_name) { console.log(...this.where, db_name); }
    }
    export class Large extends Model { still = (context, { rate }) => console.log(rate); }`;
  prints(call(text, "Model::train"), "train none sales\n");
  prints(call(text, "Large::still"), "0.5\n");
  const parameters = { ...CONTEXT.spec.parameters, _init_args: { bucket: "b" } };
  prints(call(text, "Large::train", { data: { ...CONTEXT, spec: { parameters } } }), "train b sales\n");
  fails(call(text, "Model::x"), 'launcher: handler.mjs: class Model has no method "x"\nhint: use one of train\n', 127);
  fails(call(text, "X::x"), 'launcher: handler.mjs exports no class "X"\nhint: use one of Large, Model\n', 127);
});

test("a function that is not exported", () => {
  const text = "export const value = 1; export function first() {} function f() {}";
  for (const name of ["f", "value", "toString", 'a"b']) {
    const problem = `launcher: handler.mjs exports no function ${JSON.stringify(name)}\nhint: use one of first\n`;
    fails(call(text, name), problem, 127);
  }
  fails(call(""), 'launcher: handler.mjs exports no function "f"\nhint: add a function\n', 127);
});

test("CommonJS and ES modules, by file name and package.json", (t) => {
  const common = "exports.f = (context, db_name) => console.log(db_name, typeof require, __filename);";
  for (const file of ["common.js", "common.cjs"]) {
    prints(call(common, "f", { file }), `sales function ${folder}/${file}\n`);
  }
  prints(call("class A { f() { console.log(1) } }\nmodule.exports = { A }", "A::f", { file: "a.js" }), "1\n");
  prints(call("module.exports = () => console.log(1)", "default", { file: "b.js" }), "1\n");
  fs.writeFileSync(path.join(folder, "package.json"), '{"type": "module"}');
  t.after(() => fs.rmSync(path.join(folder, "package.json")));
  const module = "export const f = (context, db_name) => console.log(db_name, import.meta.url);";
  prints(call(module, "f", { file: "module.js" }), `sales file://${folder}/module.js\n`);
  prints(call("export const f = () => console.log(1)", "f", { file: "-e.mjs" }), "1\n");
});

test("the handler imports the same context, with nothing installed", () => {
  prints(
    call(`import { getContext, Context } from "launcher-context";
      import { createRequire } from "node:module";
      export const f = async (context) => {
        const { getContext: again } = createRequire(import.meta.url)("launcher-context");
        console.log(await getContext() === context, await again() === context, context instanceof Context);
      };`),
    "true true true\n",
  );
  prints(
    call(`const { getContext } = require("launcher-context");
      exports.f = async (context) => console.log(await getContext() === context,
        (await import("launcher-context")).getContext === getContext);`, "f", { file: "same.cjs" }),
    "true true\n",
  );
});

test("the process is the handler's own", () => {
  fs.writeFileSync(path.join(folder, "child.cjs"), "console.log(process.argv.length)");
  prints(
    call(`import { fork } from "node:child_process";
      import { Worker } from "node:worker_threads";
      export async function f() {
        console.log(process.argv.slice(1), process.execArgv);
        const ended = (child) => new Promise((resolve) => child.on("exit", resolve));
        await ended(fork("./child.cjs"));
        await ended(new Worker("./child.cjs"));
      }`),
    `[ '${folder}/handler.mjs' ] []\n2\n2\n`,
  );
});

test("a stack begins and ends in the handler", () => {
  const place = `file://${folder}/handler.mjs`;
  const text = `function inner() { throw new Error("cause"); }
export async function f() {
  await null;
  try { inner(); } catch (cause) { throw new TypeError("effect", { cause }); }
}`;
  const { stderr, status } = call(text);
  assert.equal(status, 1);
  assert.ok(stderr.startsWith(`TypeError: effect\n    at f (${place}:4:42) {\n`), stderr);
  assert.match(stderr, /\[cause\]: Error: cause\n +at inner /);
  assert.ok(!/^ +at (?!inner|f |async f).*\n/.test(stderr.split("[cause]")[0].split("\n").slice(1).join("\n")), stderr);
});

test("an error while loading, and what else may be thrown", () => {
  let result = call("import 'no-such-module';\nexport const f = 1;");
  assert.equal(result.status, 1);
  assert.match(result.stderr, /Cannot find package 'no-such-module'/);
  result = call("export const f = (;");
  assert.equal(result.status, 1);
  assert.match(result.stderr, /handler\.mjs:1[^]*SyntaxError/);
  fails(call('export const f = () => { throw "text"; };'), "'text'\n");
  fails(call("export const f = () => Promise.reject();"), "undefined\n");
  result = call(`process.on("uncaughtException", (error) => { console.log("own", error.message); process.exit(4); });
    export const f = () => { throw new Error("x"); };`);
  fails(result, "", 4);
  assert.equal(result.stdout, "own x\n");
});

test("the status is the handler's", () => {
  fails(call("export const f = () => process.exit(3);"), "", 3);
  fails(call("export const f = async () => process.exit(0);"), "", 0);
  fails(call("export const f = () => { process.exitCode = 5; };"), "", 5);
  fails(call("export const f = () => process.kill(process.pid, 'SIGTERM');"), "", "SIGTERM");
  prints(call("export const f = () => { setTimeout(() => console.log('later'), 1); return 9; };"), "later\n");
});

test("a context that cannot be read starts nothing", () => {
  const result = call("console.log('loaded'); export const f = 1;", "f", { data: { version: 2 } });
  fails(result, "Error: the context has an unsupported version (2): this module reads version 1\n");
  assert.equal(result.stdout, "");
});
