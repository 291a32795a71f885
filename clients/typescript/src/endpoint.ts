import { readFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

/** Where the daemon listens, and the token that it asks for over TCP. */
export interface Endpoint {
  /** "unix:/path" or "host:port". */
  readonly address: string;
  readonly token: string | undefined;
}

/** What the daemon writes into endpoint.json. */
interface EndpointFile {
  readonly listen: readonly string[];
  readonly token_file: string;
}

/**
 * Finds the daemon: IMAGEID_ENDPOINT (an address, or the path of an endpoint.json), else the
 * endpoint.json in IMAGEID_RUNTIME_DIR, $XDG_RUNTIME_DIR/imageid, or the user's cache folder.
 *
 * @throws Error where there is none; its message says what to do.
 */
export async function findEndpoint(env: NodeJS.ProcessEnv = process.env): Promise<Endpoint> {
  const named = env["IMAGEID_ENDPOINT"];
  if (!named) return fromFile(ownFile(env));
  return named.endsWith(".json") ? fromFile(named) : fromAddress(named, ownFile(env));
}

async function fromFile(file: string): Promise<Endpoint> {
  const known = await readEndpointFile(file);
  // A Unix socket before TCP: it needs no token.
  const address = known.listen.find(isUnixSocket) ?? known.listen[0];
  if (address === undefined) throw new Error(`${file} names no address; restart imageidd`);
  return withToken(address, known);
}

/** The token is sent to the daemon's own addresses alone: another's would learn it. */
async function fromAddress(address: string, file: string): Promise<Endpoint> {
  if (!isUnixSocket(address) && !/:\d+$/.test(address)) {
    throw new Error(`cannot read IMAGEID_ENDPOINT: write unix:PATH, HOST:PORT or the path of an endpoint.json`);
  }
  const known = await readEndpointFile(file).catch(() => undefined);
  return known?.listen.includes(address) ? withToken(address, known) : { address, token: undefined };
}

async function withToken(address: string, known: EndpointFile): Promise<Endpoint> {
  if (isUnixSocket(address)) return { address, token: undefined };
  return { address, token: (await readOrExplain(known.token_file)).trim() };
}

function isUnixSocket(address: string): boolean {
  return address.startsWith("unix:");
}

function ownFile(env: NodeJS.ProcessEnv): string {
  return path.join(runtimeDirectory(env), "endpoint.json");
}

function runtimeDirectory(env: NodeJS.ProcessEnv): string {
  if (env["IMAGEID_RUNTIME_DIR"]) return env["IMAGEID_RUNTIME_DIR"];
  if (env["XDG_RUNTIME_DIR"]) return path.join(env["XDG_RUNTIME_DIR"], "imageid");
  return path.join(userCacheDirectory(env), "imageid", "run");
}

function userCacheDirectory(env: NodeJS.ProcessEnv): string {
  switch (process.platform) {
    case "win32":
      return env["LOCALAPPDATA"] || path.join(os.homedir(), "AppData", "Local");
    case "darwin":
      return path.join(os.homedir(), "Library", "Caches");
    default:
      return env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache");
  }
}

async function readEndpointFile(file: string): Promise<EndpointFile> {
  const text = await readOrExplain(file);
  try {
    return JSON.parse(text) as EndpointFile;
  } catch (cause) {
    throw new Error(`${file} is not an endpoint.json; restart imageidd`, { cause });
  }
}

async function readOrExplain(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new Error(`cannot read ${file}: is imageidd running, and as this user?`, { cause });
  }
}
