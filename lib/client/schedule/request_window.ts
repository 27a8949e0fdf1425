/**
 * How many bytes to have in flight, and in chunks of which size. Pure.
 *
 * Enough that the line never idles, and no more than it carries in about a quarter of a second
 * beyond its round-trip: a request cannot be taken back, so this is how late an edited priority
 * takes effect.
 *
 * The line's rate is measured from chunk to chunk: the bytes received between sending a request and
 * its response, divided by that time (the delivery rate of Cardwell et al., "BBR"). With a window
 * of W bytes and a true rate R the measured rate is min(R, W / round-trip); the next window, that
 * rate times (round-trip + 0.2 s), is therefore larger until 0.2 s of data are queued in the line,
 * and stays there.
 *
 * @module
 */

/** How much data may be queued in the line, in milliseconds of line time. */
const QUEUE_MS = 200;
/** The longest round-trip that counts, in milliseconds. */
const MAX_ROUND_TRIP_MS = 2_000;
/** Chunks per second where priorities share the line: the granularity of the shares. */
const SHARED_CHUNKS_PER_SECOND = 64;
/** The same where they do not: each chunk costs both sides time, however small it is. */
const UNCONTESTED_CHUNKS_PER_SECOND = 16;
/** The smallest chunk, and the first, in bytes. */
const MIN_CHUNK = 16 * 1024;
/** The smallest chunk where no priorities share the line and its rate is known, in bytes. */
const MIN_UNCONTESTED_CHUNK = 64 * 1024;
/** The largest chunk, in bytes; larger ones are not faster. */
const MAX_CHUNK = 1024 * 1024;
/** The number of chunks that may always be in flight. */
const MIN_CHUNKS_IN_FLIGHT = 8;
/** Bytes in flight so few that they do not delay their own responses much. */
const MIN_IN_FLIGHT = MIN_CHUNKS_IN_FLIGHT * MIN_CHUNK;
/** This many late responses in a row, with that little in flight, mean a longer round-trip. */
const MAX_LATE_IN_A_ROW = 2 * MIN_CHUNKS_IN_FLIGHT;
/** The weight of one sample if it is faster than the rate. */
const GAIN_UP = 0.5;
/** Time constant for slower samples, in milliseconds: after it they count by 63 %. */
const SLOWER_MS = 250;
/** A sample over less time, in milliseconds, is only a lower bound: clocks are coarse. */
const MIN_SAMPLE_MS = 0.5;

/** A request in flight. */
export interface SentRequest {
  readonly bytes: number;
  readonly sentAt: number;
  /** Bytes in flight once it was sent, itself included. */
  readonly inFlight: number;
  /** Bytes delivered before it was sent, and the time of the last delivery. */
  readonly delivered: number;
  readonly deliveredAt: number;
}

/** The window of one connection. Times are in milliseconds, of any steady clock. */
export class RequestWindow {
  readonly #maxChunk: number;
  readonly #maxRequests: number;
  #rate = 0;
  #roundTrip = Infinity;
  #lateInARow = 0;
  #inFlight = 0;
  #requests = 0;
  #delivered = 0;
  #deliveredAt = 0;
  /** Requests sent before more bytes than this were delivered found the line not full. */
  #appLimitedUntil = 0;

  /**
   * @param maxChunk The largest chunk that the server sends, in bytes.
   * @param maxRequests The most requests that may be in flight.
   */
  constructor(maxChunk: number, maxRequests: number) {
    this.#maxChunk = Math.min(maxChunk, MAX_CHUNK);
    this.#maxRequests = maxRequests;
  }

  /** The measured rate of the line, in bytes per second; 0 before the first response. */
  get rate(): number {
    return this.#rate;
  }

  /** Bytes requested and not received yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** The size of the next chunk where priorities share the line, in bytes. */
  get chunkSize(): number {
    return this.#chunkSizeFor(SHARED_CHUNKS_PER_SECOND, MIN_CHUNK);
  }

  /** The size of the next chunk where they do not, in bytes. */
  get uncontestedChunkSize(): number {
    return this.#chunkSizeFor(
      UNCONTESTED_CHUNKS_PER_SECOND,
      this.#rate === 0 ? MIN_CHUNK : MIN_UNCONTESTED_CHUNK,
    );
  }

  #chunkSizeFor(chunksPerSecond: number, minSize: number): number {
    const size = this.#rate / chunksPerSecond;
    const rounded = 2 ** Math.floor(Math.log2(Math.max(size, minSize)));
    return Math.min(rounded, this.#maxChunk);
  }

  /** Whether another request may be sent. */
  get hasRoom(): boolean {
    if (this.#requests >= this.#maxRequests) return false;
    const roundTrip = Math.min(this.#roundTrip, MAX_ROUND_TRIP_MS);
    const limit = this.#rate === 0 ? 0 : this.#rate * (roundTrip + QUEUE_MS) / 1000;
    return this.#inFlight < Math.max(limit, MIN_CHUNKS_IN_FLIGHT * this.chunkSize);
  }

  /** Records that a request for `bytes` is sent. */
  onSent(bytes: number, now: number): SentRequest {
    if (this.#requests === 0) this.#deliveredAt = now;
    this.#inFlight += bytes;
    this.#requests++;
    return {
      bytes,
      sentAt: now,
      inFlight: this.#inFlight,
      delivered: this.#delivered,
      deliveredAt: this.#deliveredAt,
    };
  }

  /** Records that there is room but nothing to request, so that slow responses mean no slow line. */
  onAppLimited(): void {
    this.#appLimitedUntil = this.#delivered + this.#inFlight;
  }

  /** Records that a request was answered with its bytes. */
  onReceived(request: SentRequest, now: number): void {
    this.#onEnded(request);
    const sinceLast = now - this.#deliveredAt;
    this.#delivered += request.bytes;
    this.#deliveredAt = now;
    this.#updateRoundTrip(now - request.sentAt, request.inFlight);
    const elapsed = now - request.deliveredAt;
    const sample = (this.#delivered - request.delivered) / Math.max(elapsed, MIN_SAMPLE_MS) * 1000;
    if (sample > this.#rate) {
      this.#rate += (sample - this.#rate) * (this.#rate === 0 ? 1 : GAIN_UP);
    } else if (elapsed >= MIN_SAMPLE_MS && request.delivered > this.#appLimitedUntil) {
      // By time, not by sample: a line that became slow gives few samples.
      this.#rate += (sample - this.#rate) * (1 - Math.exp(-sinceLast / SLOWER_MS));
    }
  }

  /** Records that a request was answered without bytes. */
  onFailed(request: SentRequest): void {
    this.#onEnded(request);
  }

  /**
   * Keeps the least round-trip ever, unless the path has become longer or is filled by other
   * traffic: keeping the short one would then shrink the window without end, since the fewer bytes
   * are in flight, the fewer arrive in a round-trip.
   */
  #updateRoundTrip(trip: number, inFlight: number): void {
    const isLate = trip > this.#roundTrip + QUEUE_MS && inFlight <= MIN_IN_FLIGHT;
    this.#lateInARow = isLate ? this.#lateInARow + 1 : 0;
    this.#roundTrip = this.#lateInARow === MAX_LATE_IN_A_ROW
      ? trip
      : Math.min(this.#roundTrip, trip);
  }

  #onEnded({ bytes }: SentRequest): void {
    this.#inFlight -= bytes;
    this.#requests--;
  }
}
