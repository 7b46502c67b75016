// The conformance suite's probe of launcher-context: see ../README.md.
"use strict";

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { inspect } = require("node:util");
const { getContext } = require("./launcher-context.cjs");

const hex = (value) => Buffer.from(value).toString("hex");
const json = (value) => `json ${hex(JSON.stringify(value))}`;

function secret(value) {
  return value === undefined ? "none" : `${typeof value === "string" ? "text" : "bytes"} ${hex(value)}`;
}

async function answer(verb, name) {
  if (verb === "context") {
    fs.renameSync(name, path.join(path.dirname(name), "context.json"));
    delete globalThis[Symbol.for("launcher-context")];
    return "none";
  }
  const context = await getContext();
  switch (verb) {
    case "secret":
      return secret(await context.getSecret(name));
    case "default":
      return secret(await context.getSecret(name, "the default"));
    case "param": {
      const missing = Symbol("missing");
      const value = context.getParam(name, missing);
      return value === missing ? "none" : json(value);
    }
    case "parameters":
      return json(context.parameters);
    case "metadata":
      return json(context.metadata);
    case "child": {
      const cat = spawnSync("cat", ["/dev/stdin"], { stdio: ["inherit", "pipe", "inherit"], maxBuffer: Infinity });
      return `text ${hex(cat.stdout)}`;
    }
    default:
      return `text ${hex(inspect(context, { showHidden: true, depth: null }) + context + JSON.stringify(context))}`;
  }
}

async function main() {
  for (const line of fs.readFileSync(process.argv[2], "utf8").trimEnd().split("\n")) {
    const [, verb, name] = /^(\S*) ?(.*)$/.exec(line);
    const answered = await answer(verb, name).catch((error) => `error ${hex(inspect(error))}`);
    process.stdout.write(`${answered}\n`);
  }
}

main();
