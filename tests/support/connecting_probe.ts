/**
 * A program that listens, gives up connecting, and reports what it can still do. Started by
 * `tests/cli/give_up_connecting_test.ts`.
 *
 * @module
 */
import { giveUpConnecting } from "../../lib/cli/give_up_connecting.ts";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
giveUpConnecting();
for (
  const act of [
    () => Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  ]
) {
  try {
    await act();
    print("allowed");
  } catch (error) {
    print((error as Error).name);
  }
}
print(String(listener.addr.port));
using conn = await listener.accept();
const bytes = new Uint8Array(5);
await conn.read(bytes);
await conn.write(bytes);
