// The built program: started as people start it, read from its output, ended with its test.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** How long the program may take to say what is waited for. */
const PATIENCE = 60_000;

const root = join(dirname(fileURLToPath(import.meta.url)), "../../..");

/** Where builds, and the pictures that the tests take, lie. */
export const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");

const program = join(target, "debug", "dovetail");

// Nothing of the caller's settings reaches the program.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith("DOVETAIL_")),
);

/** Starts the program and waits until its output has `wanted`; gives what the pattern found. */
export async function start(args, wanted) {
  if (!existsSync(program)) {
    throw new Error(`there is no program at ${program}: run \`cargo build -p dovetail-cli\``);
  }
  const child = spawn(program, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const found = await new Promise((resolve, reject) => {
    const failed = (why) => reject(new Error(`dovetail ${args.join(" ")} ${why}:\n${output}`));
    const late = setTimeout(() => failed("does not say what was waited for"), PATIENCE);
    const hear = (chunk) => {
      output += chunk;
      const match = output.match(wanted);
      if (match) {
        clearTimeout(late);
        resolve(match);
      }
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", (code) => failed(`ended with ${code}`));
  });
  child.removeAllListeners("exit");
  return { found, output: () => output, end: () => end(child) };
}

/** Runs the program to its end, which must be a good one, and gives its output. */
export async function run(args) {
  const child = spawn(program, args, { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`dovetail ${args.join(" ")} ended with ${code}`);
  return output.trim();
}

async function end(child) {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(hard);
}
