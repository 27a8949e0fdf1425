/**
 * The server's permission for the network, once it listens.
 *
 * @module
 */

/**
 * Gives up the permission to connect and to listen, for good; the listener that there is goes on
 * accepting. Code that somebody smuggles into the process cannot send anything elsewhere.
 */
export function giveUpConnecting(): void {
  Deno.permissions.revokeSync({ name: "net" });
}
