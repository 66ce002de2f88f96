// Starts the built binary as "doorward dev" and points the client at it.
//
// The package gigya has its host names built in (accounts.us1.gigya.com, port 443) and reads the certificates that it
// trusts from a file of its own. So names below gigya.com are resolved to the loopback address inside this process, the
// server listens on port 443, and its CA is added to that file. The package's code stays as it was published.
import { spawn } from "node:child_process";
import dns from "node:dns";
import { appendFileSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const systemLookup = dns.lookup;

dns.lookup = (host, options, callback) => {
  if (!/\.gigya\.com$/.test(host)) return systemLookup(host, options, callback);
  const done = typeof options === "function" ? options : callback;
  const all = typeof options === "object" && options.all;
  process.nextTick(() => (all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4)));
};

export async function startServer() {
  const binary = process.env.DOORWARD_TEST_BINARY;
  if (!binary) throw new Error("set DOORWARD_TEST_BINARY to the built doorward");
  const data = mkdtempSync(path.join(tmpdir(), "doorward-conformance-"));
  const child = spawn(binary, ["dev", "--json", "--http", "127.0.0.1:0", "--https", "127.0.0.1:443", "--data", data], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise((resolve, reject) => {
    lines.once("line", resolve);
    child.once("exit", (code) => reject(new Error(`doorward dev ended with status ${code} before it accepted calls`)));
  });
  const info = JSON.parse(first);
  trust(info.caFile);
  return {
    ...info,
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const status = await ended;
      rmSync(data, { recursive: true, force: true });
      return status;
    },
  };
}

// The client trusts what stands in this file and nothing else.
function trust(caFile) {
  const list = path.join(path.dirname(require.resolve("gigya/package.json")), "assets", "cacert.pem");
  if (!existsSync(list + ".published")) copyFileSync(list, list + ".published");
  copyFileSync(list + ".published", list);
  appendFileSync(list, "\n" + readFileSync(caFile, "utf8"));
}
