"use strict";
// What a handler and its author can count on in launcher-context.cjs. A process
// has one context: each test reads its own in a child process, whose program is
// text here and prints what it found.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const { spawn } = require("node:child_process");
const { test } = require("node:test");

const MODULE = path.join(__dirname, "launcher-context.cjs");
const CANARY = "canary-5up3r-53cr3t";
const NOT_UTF8 = Buffer.from([0xff, 0xfe, 0x00, 0x6b, 0x80]);
const HOSTILE = {
  NUL: "a\0b",
  EMOJI: "pa\u{1f511}ss \u00e9 \u2028 \ufffd",
  EMPTY: "",
  BLANKS: "  two \t\r\n\n",
  QUOTES: "'\"\\`$HOME ${X} $(id) %s {0}",
  __proto__x: "own",
  BIG: "0123456789abcdef".repeat(65536),
};

function document(sections) {
  return Buffer.from(
    JSON.stringify({
      version: 1,
      metadata: {
        name: "train",
        uid: "4a1c",
        project: "fraud",
        iteration: 3,
        labels: { kind: "job" },
        annotations: { note: "x" },
      },
      spec: {
        handler: "f",
        parameters: { db_name: "sales", rate: 0.5, none: null },
        inputs: { infile: "s3://bucket/infile.txt" },
        output_path: "/out",
      },
      secrets: { DB_PASSWORD: CANARY },
      ...sections,
    }),
  );
}

/** Run a program that has the module's exports, and say what became of it. */
async function run(program, { data = document(), env = {}, fds = [], bytes = {} } = {}) {
  const source = `const { getContext, Context, Logger } = require(${JSON.stringify(MODULE)});
    (async () => { ${program} })().catch((error) => { console.error(error.message); process.exitCode = 1; })`;
  const environ = { LAUNCHER_CONTEXT: "stdin", PATH: process.env.PATH, ...env };
  // Only a shell hands on a variable that is not UTF-8.
  const set = Object.entries(bytes).map(([name, octal]) => `${name}=$(printf '${octal}') && export ${name}`);
  const shell = [...set, 'exec "$0" "$@"'].join(" && ");
  const child = spawn("/bin/sh", ["-c", shell, process.execPath, "-e", source], {
    env: environ,
    stdio: ["pipe", "pipe", "pipe", ...fds],
  });
  child.stdin.on("error", () => {}); // the child does not read it
  child.stdin.end(environ.LAUNCHER_CONTEXT === "stdin" ? data : undefined);
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.on("close", resolve)),
  ]);
  assert.ok(!stderr.includes(CANARY), "a message shows a value");
  return { stdout, stderr, status };
}

async function text(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Return what an expression of the context is, as JSON. */
async function evaluate(expression, options) {
  const program = `const context = await getContext();
    process.stdout.write(JSON.stringify(await (${expression})) ?? "undefined")`;
  const { stdout, stderr, status } = await run(program, options);
  assert.equal(stderr, "");
  assert.equal(status, 0);
  return stdout === "undefined" ? undefined : JSON.parse(stdout);
}

async function refused(options, problem, program = "await getContext()") {
  const { stdout, stderr, status } = await run(program, options);
  assert.equal(status, 1, stdout + stderr);
  assert.match(stderr, problem);
}

function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), "launcher-context-"));
  t.after(() => fs.rmSync(made, { recursive: true }));
  return made;
}

test("the attributes are MLRun's, and empty where the task is", async () => {
  const shown = `[context.name, context.uid, context.project, context.iteration, context.labels,
    context.annotations, context.parameters, context.inputs, context.outPath]`;
  assert.deepEqual(await evaluate(shown), [
    "train",
    "4a1c",
    "fraud",
    3,
    { kind: "job" },
    { note: "x" },
    { db_name: "sales", rate: 0.5, none: null },
    { infile: "s3://bucket/infile.txt" },
    "/out",
  ]);
  const data = Buffer.from('{"version":1,"metadata":null,"spec":{"inputs":null}}');
  assert.deepEqual(await evaluate(shown, { data }), ["", "", "", 0, {}, {}, {}, {}, ""]);
});

test("a parameter, or what is given in its place", async () => {
  const shown = `[context.getParam("rate"), context.getParam("none", 1), context.getParam("x", 7),
    typeof context.getParam("constructor"), context.metadata.uid, context.spec.handler]`;
  assert.deepEqual(await evaluate(shown), [0.5, null, 7, "undefined", "4a1c", "f"]);
});

test("hostile values arrive whole, and what is not UTF-8 as bytes", async () => {
  const data = document({ secrets: HOSTILE, secrets_base64: { RAW: NOT_UTF8.toString("base64"), TEXT: "w6k=", NONE: "" } });
  for (const [key, value] of Object.entries({ ...HOSTILE, TEXT: "\u00e9", NONE: "" })) {
    assert.equal(await evaluate(`context.getSecret(${JSON.stringify(key)}, "default")`, { data }), value);
  }
  const raw = `context.getSecret("raw").then((value) => [Buffer.isBuffer(value), value.toString("hex")])`;
  assert.deepEqual(await evaluate(raw, { data }), [true, NOT_UTF8.toString("hex")]);
});

test("a key is found by the rule", async () => {
  const secrets = { PASSWORD: "1", "MY-AZURE-SECRET": "2", "a-b": "dash", "A.B": "dot", KEY: "k", "\u00c9": "e" };
  const keys = ["password", "MY_AZURE_SECRET", "a-b", "A.B", "a_b", "A_B", "\u212aEY", "\u00e9", "OTHER", "other", "EMPTY", "", "a=b", "a\0b", "toString", "\ud800"];
  const env = { A_B: "variable", OTHER: "own", EMPTY: "" };
  assert.deepEqual(
    await evaluate(`Promise.all(${JSON.stringify(keys)}.map((key) => context.getSecret(key, null)))`, {
      data: document({ secrets }),
      env,
    }),
    ["1", "2", "dash", "dot", null, "variable", null, null, "own", null, "", null, null, null, null, null],
  );
  assert.equal(await evaluate('context.getSecret("NONE")'), undefined);
  await refused({}, /^a secret's key is a string, not null$/m, "await (await getContext()).getSecret(null)");
});

test("no dump of the context shows a value", async () => {
  const program = `const context = await getContext(); const { inspect } = require("node:util");
    console.log(context, inspect(context, { showHidden: true, depth: 9, getters: true }), JSON.stringify(context), String(context));`;
  const { stdout, status } = await run(program);
  assert.equal(status, 0);
  assert.match(stdout, /"project":"fraud"/);
  assert.ok(!stdout.includes(CANARY));
});

test("standard input is read once, and left at its end", async () => {
  const program = `console.log(await getContext() === await getContext());
    const { spawnSync } = require("node:child_process");
    process.stdout.write(spawnSync("cat", { stdio: "inherit" }).stdout ?? "");
    const again = spawnSync(process.execPath, ["-e", "require(process.argv[1]).getContext().catch((e) => console.log(e.message))", ${JSON.stringify(MODULE)}], { stdio: ["inherit", "pipe", "inherit"] });
    process.stdout.write(again.stdout);
    process.stdin.on("data", () => console.log("more")).on("end", () => console.log("end"));`;
  const { stdout, stderr } = await run(program);
  assert.equal(stderr, "");
  assert.match(stdout, /^true\nstandard input holds no context: it was already read.*--deliver files or socket\nend\n$/);
});

test("a descriptor can be read again", async (t) => {
  const file = path.join(folder(t), "context");
  fs.writeFileSync(file, document({ secrets: { BIG: HOSTILE.BIG.repeat(3) } }));
  const fd = fs.openSync(file);
  t.after(() => fs.closeSync(fd));
  for (let i = 0; i < 2; i++) {
    const options = { env: { LAUNCHER_CONTEXT: "fd:3" }, fds: [fd] };
    assert.equal(await evaluate('context.getSecret("BIG").then((value) => value.length)', options), 3 << 20);
  }
  await refused({ env: { LAUNCHER_CONTEXT: "fd:99" } }, /context on fd:99 cannot be read: EBADF/);
});

test("variables are read byte for byte", async () => {
  const names = { "dashed-key.x": "dashed_key_x", RAW: "RAW", ODD: "ODD" };
  const rest = document({ secrets: undefined, secrets_env: names }).toString();
  const options = {
    env: { LAUNCHER_CONTEXT: "env", LAUNCHER_CONTEXT_JSON: rest, dashed_key_x: "\u00e9", ODD: "\ufffd", LC_ALL: "C" },
    bytes: { RAW: "\\377\\376\\200", OWN: "\\200x" },
  };
  const shown = `Promise.all(["dashed-key.x", "RAW", "ODD", "OWN"].map((key) => context.getSecret(key)))
    .then((values) => values.map((value) => Buffer.isBuffer(value) ? [value.toString("hex")] : value))`;
  assert.deepEqual(await evaluate(shown, options), ["\u00e9", ["fffe80"], "\ufffd", ["8078"]]);
  delete options.env.ODD;
  await refused(options, /^the context's secrets_env has no value for "ODD"$/m);
  await refused({ env: { LAUNCHER_CONTEXT: "env" } }, /LAUNCHER_CONTEXT_JSON is not set/);
});

test("files are read byte for byte, and one that is gone is no missing key", async (t) => {
  const made = folder(t);
  const values = { ...HOSTILE, RAW: NOT_UTF8, "a/b": "slash" };
  const names = Object.fromEntries(Object.keys(values).map((key, i) => [key, `${i}`]));
  for (const [key, value] of Object.entries(values)) fs.writeFileSync(path.join(made, names[key]), value);
  fs.writeFileSync(path.join(made, "context.json"), document({ secrets: {}, secrets_files: names }));
  const options = { env: { LAUNCHER_CONTEXT: `files:${made}` } };
  for (const [key, value] of Object.entries(HOSTILE)) {
    assert.equal(await evaluate(`context.getSecret(${JSON.stringify(key)}, "default")`, options), value);
  }
  const raw = `context.getSecret("raw").then((value) => value.toString("hex"))`;
  assert.equal(await evaluate(raw, options), NOT_UTF8.toString("hex"));
  fs.rmSync(path.join(made, names.RAW));
  await refused(options, /context's file "\d" cannot be read: ENOENT/);
  for (const name of ["../x", "/etc/hostname", "..", ""]) {
    fs.writeFileSync(path.join(made, "context.json"), document({ secrets: {}, secrets_files: { K: name } }));
    await refused(options, /secrets_files has no value for "K"/);
  }
});

/** Serve answers, by target, on a Unix socket as the launcher does. */
async function serve(t, answers) {
  const socket = path.join(folder(t), "s");
  const requests = [];
  const server = net.createServer((connection) => {
    connection.on("error", () => {});
    connection.once("data", (request) => {
      requests.push(request.toString());
      connection.end(answers[request.toString().split(" ")[1]] ?? answer(404, "no\n"));
    });
  });
  await new Promise((resolve) => server.listen(socket, resolve));
  t.after(() => server.close());
  return { env: { LAUNCHER_CONTEXT: `unix:${socket}` }, requests, server };
}

function answer(status, body, length = Buffer.byteLength(body)) {
  const head = `HTTP/1.1 ${status} X\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

const SERVED = { "/v1/context": answer(200, document({ secrets: undefined })) };

test("the socket is asked for each secret, each time", async (t) => {
  const served = { ...SERVED, "/v1/secrets/RAW": answer(200, NOT_UTF8) };
  for (const [key, value] of Object.entries(HOSTILE)) served[`/v1/secrets/${key}`] = answer(200, value);
  const { env, requests } = await serve(t, served);
  for (const [key, value] of Object.entries(HOSTILE)) {
    assert.equal(await evaluate(`context.getSecret(${JSON.stringify(key)}, "default")`, { env }), value);
  }
  const raw = `context.getSecret("RAW").then((value) => value.toString("hex"))`;
  assert.equal(await evaluate(raw, { env }), NOT_UTF8.toString("hex"));
  requests.length = 0;
  const keys = ["a/b?c#d%", "x-._~", "\u00e9 !'()*", "", "OWN", "OWN", "\ud800"];
  const found = await evaluate(
    `(async () => { const found = []; for (const key of ${JSON.stringify(keys)}) found.push(await context.getSecret(key, 7)); return found; })()`,
    { env: { ...env, OWN: "variable" } },
  );
  assert.deepEqual(found, [7, 7, 7, 7, "variable", "variable", 7]);
  assert.deepEqual(
    requests.slice(1).map((request) => request.split(" ")[1].replace("/v1/secrets/", "")),
    ["a%2Fb%3Fc%23d%25", "x-._~", "%C3%A9%20%21%27%28%29%2A", "", "OWN", "OWN"],
  );
  assert.match(requests[1], /\r\nHost: launcher\r\n/i);
  assert.match(requests[1], /\r\nConnection: close\r\n/i);
});

test("what goes wrong on the socket is no missing key", async (t) => {
  const { env, server } = await serve(t, {
    ...SERVED,
    "/v1/secrets/KEY": answer(502, "vault: 403\ndenied\n"),
    "/v1/secrets/SHORT": answer(200, CANARY, 99),
    "/v1/secrets/CLOSED": Buffer.alloc(0),
    "/v1/secrets/ENDLESS": Buffer.from(`HTTP/1.1 200 OK\r\n\r\n${CANARY}`),
    "/v1/secrets/OTHER": Buffer.from("220 smtp ready\r\n"),
  });
  const get = (key) => `await (await getContext()).getSecret(${JSON.stringify(key)}, "default")`;
  await refused({ env: { ...env, KEY: "own" } }, /^the secret "KEY": vault: 403\ndenied$/m, get("KEY"));
  for (const key of ["SHORT", "CLOSED", "ENDLESS", "OTHER"]) {
    await refused({ env }, /process that serves secrets has ended: /, get(key));
  }
  await new Promise((resolve) => server.close(resolve)); // which removes the socket's file
  await refused({ env }, /process that serves secrets has ended: ENOENT/);
});

test("what is not a context is refused without a value", async () => {
  const whole = document();
  const close = { 0: /already read/, 1: /not a JSON object in UTF-8/ };
  for (const data of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.from("}")]), Buffer.from(whole.toString(), "utf16le"), Buffer.from(JSON.stringify([CANARY])), Buffer.from("null"), Buffer.from("[".repeat(1e5)), Buffer.concat([whole.subarray(0, -3), Buffer.from([0xff]), whole.subarray(-3)])]) {
    await refused({ data }, close[1]);
  }
  await refused({ data: Buffer.alloc(0) }, close[0]);
  await refused({ data: document({ version: 2 }) }, /unsupported version \(2\): /);
  await refused({ data: document({ version: CANARY }) }, /the context has an unsupported version: /);
  for (const name of ["metadata", "spec", "secrets", "secrets_base64", "secrets_env", "secrets_files"]) {
    await refused({ data: document({ [name]: [CANARY] }) }, new RegExp(`"${name}" is not a JSON object`));
  }
  for (const secret of [null, 1, { a: CANARY }]) {
    await refused({ data: document({ secrets: { K: secret } }) }, /secrets has no value for "K"/);
  }
  await refused({ data: document({ secrets_base64: { K: "w6k" } }) }, /secrets_base64 has no value/);
});

test("not started by the launcher, or by one that knows more", async () => {
  await refused({ env: { LAUNCHER_CONTEXT: "" } }, /LAUNCHER_CONTEXT is not set: start this program with "launcher run"/);
  for (const where of ["fd:", "fd:x", "fd:-1", "stdin:", "unix:", "files:", "?"]) {
    await refused({ env: { LAUNCHER_CONTEXT: where } }, /unsupported delivery ".*" in LAUNCHER_CONTEXT/);
  }
});

test("an input is a path, and nothing is fetched", async () => {
  const inputs = { a: "/a b", f: "file:///f/x", r: "sub/r", far: `s3://u:${CANARY}@bucket/in@x?sig=${CANARY}#${CANARY}` };
  const shown = `["a", "f", "r", "x.txt"].map((key) => context.getInput(key))`;
  assert.deepEqual(await evaluate(shown, { data: document({ spec: { inputs } }) }), ["/a b", "/f/x", "sub/r", "x.txt"]);
  const data = document({ spec: { inputs, input_path: "/in/" } });
  assert.deepEqual(await evaluate(shown, { data }), ["/a b", "/f/x", "/in/sub/r", "/in/x.txt"]);
  await refused({ data: document({ spec: { inputs: { a: [1] } } }) }, /^input "a": its address is not a string$/m, '(await getContext()).getInput("a")');
  await refused({ data }, /^input "far" is s3:\/\/bucket\/in@x, which launcher does not fetch: /m, '(await getContext()).getInput("far")');
});

test("the logger has MLRun's levels and lines", async () => {
  const program = `const { logger } = await getContext();
    for (const level of ["debug", "info", "warning", "warn", "error", "critical"]) logger[level]("m");
    logger.info("%s of %d", "one", 2, { rows: 3 }); logger.info("100% {x}"); const loop = {}; loop.loop = loop; logger.info("loop", loop);
    logger.error("in", new Error("boom"));`;
  for (const [level, levels] of Object.entries({
    debug: "debug info warning warning error critical",
    WARNING: "warning warning error critical",
    undefined: "info warning warning error critical",
    constructor: "info warning warning error critical",
  })) {
    const spec = level === "undefined" ? {} : { log_level: level };
    const { stdout, stderr } = await run(program, { data: document({ spec }) });
    assert.equal(stdout, "");
    const lines = stderr.match(/^> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \[\w+\] m$/gm);
    assert.equal(lines.map((line) => /\[(\w+)\]/.exec(line)[1]).join(" "), levels);
    if (level === "undefined") {
      assert.match(stderr, /\[info\] one of 2 \{"rows":3\}\n/);
      assert.match(stderr, /\[info\] 100% \{x\}\n/);
      assert.match(stderr, /\[info\] loop .*Circular/);
      assert.match(stderr, /\[error\] in Error: boom\n +at /);
    }
  }
});
