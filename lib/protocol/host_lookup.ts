/**
 * From a host's name to its addresses, and the kinds of failures on the way.
 *
 * @module
 */
import { lookup, type LookupAddress } from "node:dns";
import { isIP } from "node:net";
import { messageOf } from "../errors.ts";

/** Thrown if no such host exists, so that asking again does not help. */
export class NoSuchHostError extends Error {
  override name = "NoSuchHostError";

  constructor(readonly hostname: string, options?: ErrorOptions) {
    super(`There is no host ${JSON.stringify(hostname)}`, options);
  }
}

/** The error number of libuv for a name that does not exist. */
const UV_EAI_NONAME = -3008;

/**
 * The messages of the system for a name that does not exist. `Deno.connect` and `Deno.listen` have
 * no code for it; this is the only place that reads a message.
 */
const NO_SUCH_NAME: ReadonlySet<string> = new Set([
  ...[
    "Name or service not known", // Linux with glibc.
    "Name does not resolve", // Linux with musl.
    "nodename nor servname provided, or not known", // macOS.
  ].map((reason) => `failed to lookup address information: ${reason}`),
  "No such host is known. (os error 11001)", // Windows.
]);

/**
 * The addresses of a host, in the order in which the system prefers them, without duplicates. A
 * name that `node:dns` cannot look up is returned as it is: `Deno.connect` and `Deno.listen` try
 * again, and {@linkcode lookupFailure} tells their reason.
 *
 * @param hostname A name or an IP address, without brackets.
 * @throws {NoSuchHostError} If there is no such host.
 * @throws {Error} If the resolver gives no answer now.
 */
export async function addressesOf(hostname: string): Promise<string[]> {
  if (isIP(hostname) !== 0) return [hostname];
  try {
    const found = await lookUpAll(hostname);
    return found.length > 0 ? [...new Set(found.map(({ address }) => address))] : [hostname];
  } catch (error) {
    const { code, errno } = error as NodeJS.ErrnoException;
    if (errno === UV_EAI_NONAME) throw new NoSuchHostError(hostname, { cause: error });
    if (code === "EAI_AGAIN") {
      throw new Error(`No resolver answers for ${JSON.stringify(hostname)} (${code})`, {
        cause: error,
      });
    }
    // Deno 2.4 has this one code for all failures.
    return [hostname];
  }
}

/**
 * The reason of `Deno.connect` or `Deno.listen`: a {@linkcode NoSuchHostError} if there is no such
 * host, else the error itself.
 */
export function lookupFailure(hostname: string, error: unknown): unknown {
  const isFinal = error instanceof URIError || NO_SUCH_NAME.has(messageOf(error));
  return isFinal ? new NoSuchHostError(hostname, { cause: error }) : error;
}

/** All addresses of a name, from the system's files and its resolver. */
function lookUpAll(hostname: string): Promise<LookupAddress[]> {
  const { promise, resolve, reject } = Promise.withResolvers<LookupAddress[]>();
  lookup(
    hostname,
    { all: true, verbatim: true },
    (error, found) => error ? reject(error) : resolve(found),
  );
  return promise;
}
