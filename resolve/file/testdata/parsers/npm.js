// Prints how dotenv reads each text of standard input, as JSON lines.
const { createInterface } = require("node:readline");
const { parse } = require("dotenv");

createInterface({ input: process.stdin }).on("line", (line) => {
  console.log(JSON.stringify(parse(Buffer.from(JSON.parse(line), "base64").toString())));
});
