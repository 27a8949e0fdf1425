import assert from "node:assert/strict";
import { EXIT_UNREACHABLE } from "../../../lib/client/exit_code.ts";
import { fatalError } from "../../../lib/client/remote/fatal_error.ts";
import { ConnectionLostError, ProtocolError, WireError } from "../../../lib/errors.ts";
import { NoSuchHostError } from "../../../lib/protocol/host_lookup.ts";

const ADDRESS = { hostname: "nas", port: 9009 };

for (
  const [error, atFirst, later] of [
    [new NoSuchHostError("nas"), /there is no host "nas"; check --server$/, null],
    [new ProtocolError("no"), /not a Sluice server \(no\); check --server$/, null],
    [new WireError("unauthorized", "no"), /Cannot log in/, /Cannot log in/],
    [new WireError("busy", "no"), null, null],
    [new ConnectionLostError("no"), null, null],
    [new Deno.errors.ConnectionRefused("no"), null, null],
    [new Error("no such host"), null, null],
    [new Error("failed to lookup address information: Try again"), null, null],
  ] as const
) {
  const name = `${error.name}: ${error.message}`;
  Deno.test(`fatalError judges "${name}" by its class`, () => {
    for (const [everConnected, wanted] of [[false, atFirst], [true, later]] as const) {
      const failure = fatalError(ADDRESS, error, everConnected);
      if (wanted === null) assert.equal(failure, null);
      else {
        assert.match(failure!.message, wanted);
        assert.equal(failure!.exitCode, EXIT_UNREACHABLE);
      }
    }
  });
}
