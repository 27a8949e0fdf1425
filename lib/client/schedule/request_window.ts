/**
 * How much to have in flight, and in chunks of what size. Pure.
 *
 * Enough that the line never runs dry, and no more than it carries in about a quarter of a second
 * beyond its round-trip: what has been asked for cannot be taken back, so this is how late an
 * edit of a priority shows.
 *
 * The line's rate is measured from chunk to chunk: what arrived between the moment a request was
 * sent and its answer, divided by that time (the delivery rate of Cardwell et al., "BBR"). With a
 * window of W bytes and a true rate R the measured rate is min(R, W / round-trip); the next
 * window, that rate times (round-trip + 0.2 s), is therefore larger until 0.2 s of data wait in
 * the line, and stays there.
 *
 * @module
 */

/** How long the data that waits in the line may be, in milliseconds of line time. */
const QUEUE_MS = 200;
/** A round-trip is not believed to be longer than this, in milliseconds. */
const MAX_ROUND_TRIP_MS = 2_000;
/** Chunks a second that a line is cut into where priorities share it: the grain of the shares. */
const SHARED_CHUNKS_PER_SECOND = 64;
/** The same where they do not: each chunk costs both sides time, however small it is. */
const UNCONTESTED_CHUNKS_PER_SECOND = 16;
/** The smallest chunk and the one to begin with, in bytes. */
const MIN_CHUNK = 16 * 1024;
/** The smallest one of a line that no priorities share, once its rate is known, in bytes. */
const MIN_UNCONTESTED_CHUNK = 64 * 1024;
/** The largest chunk, in bytes: larger ones are not faster. */
const MAX_CHUNK = 1024 * 1024;
/** The fewest chunks in flight. */
const MIN_CHUNKS_IN_FLIGHT = 8;
/** So little in flight, in bytes, that it does not hold its own answers up for long. */
const MIN_IN_FLIGHT = MIN_CHUNKS_IN_FLIGHT * MIN_CHUNK;
/** So many late answers in a row, with so little in flight, are no hiccup. */
const LATE_IN_A_ROW = 2 * MIN_CHUNKS_IN_FLIGHT;
/** How much one sample counts if it says that the line is faster. */
const GAIN_UP = 0.5;
/** How long samples must say that the line is slower until they count by 63 %, in milliseconds. */
const SLOWER_MS = 250;
/** A sample over less time, in milliseconds, tells no more than the least rate: clocks are coarse. */
const MIN_SAMPLE_MS = 0.5;

/** A request in flight. */
export interface SentRequest {
  readonly bytes: number;
  readonly sentAt: number;
  /** What was in flight when it was sent, and it. */
  readonly inFlight: number;
  /** What had been delivered when it was sent, and when the last of that came. */
  readonly delivered: number;
  readonly deliveredAt: number;
}

/** Measures one connection. Times are in milliseconds, of any steady clock. */
export class RequestWindow {
  readonly #maxChunk: number;
  readonly #maxFlights: number;
  #rate = 0;
  #roundTrip = Infinity;
  #late = 0;
  #inFlight = 0;
  #flights = 0;
  #delivered = 0;
  #deliveredAt = 0;
  /** Requests sent before more than this was delivered found the line not full. */
  #appLimitedUntil = 0;

  /**
   * @param maxChunk The largest chunk that the server gives, in bytes.
   * @param maxFlights The most requests that may be in flight.
   */
  constructor(maxChunk: number, maxFlights: number) {
    this.#maxChunk = Math.min(maxChunk, MAX_CHUNK);
    this.#maxFlights = maxFlights;
  }

  /** The line's rate as measured, in bytes a second; 0 before the first answer. */
  get rate(): number {
    return this.#rate;
  }

  /** Bytes asked for and not here yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** How large a chunk to ask for where priorities share the line, in bytes. */
  get chunkSize(): number {
    return this.#chunkOf(SHARED_CHUNKS_PER_SECOND, MIN_CHUNK);
  }

  /** How large a chunk to ask for where they do not, in bytes. */
  get uncontestedChunkSize(): number {
    return this.#chunkOf(
      UNCONTESTED_CHUNKS_PER_SECOND,
      this.#rate === 0 ? MIN_CHUNK : MIN_UNCONTESTED_CHUNK,
    );
  }

  #chunkOf(chunksPerSecond: number, least: number): number {
    const wanted = this.#rate / chunksPerSecond;
    const rounded = 2 ** Math.floor(Math.log2(Math.max(wanted, least)));
    return Math.min(rounded, this.#maxChunk);
  }

  /** Whether another request may be sent. */
  get hasRoom(): boolean {
    if (this.#flights >= this.#maxFlights) return false;
    const roundTrip = Math.min(this.#roundTrip, MAX_ROUND_TRIP_MS);
    const limit = this.#rate === 0 ? 0 : this.#rate * (roundTrip + QUEUE_MS) / 1000;
    return this.#inFlight < Math.max(limit, MIN_CHUNKS_IN_FLIGHT * this.chunkSize);
  }

  /** Notes that a request for `bytes` is being sent. */
  onSent(bytes: number, now: number): SentRequest {
    if (this.#flights === 0) this.#deliveredAt = now;
    this.#inFlight += bytes;
    this.#flights++;
    return {
      bytes,
      sentAt: now,
      inFlight: this.#inFlight,
      delivered: this.#delivered,
      deliveredAt: this.#deliveredAt,
    };
  }

  /** Notes that there is room, but nothing to ask for: slow answers will not mean a slow line. */
  onAppLimited(): void {
    this.#appLimitedUntil = this.#delivered + this.#inFlight;
  }

  /** Notes that a request was answered with its bytes. */
  onReceived(flight: SentRequest, now: number): void {
    this.#land(flight);
    const sinceLast = now - this.#deliveredAt;
    this.#delivered += flight.bytes;
    this.#deliveredAt = now;
    this.#noteRoundTrip(now - flight.sentAt, flight.inFlight);
    const elapsed = now - flight.deliveredAt;
    const sample = (this.#delivered - flight.delivered) / Math.max(elapsed, MIN_SAMPLE_MS) * 1000;
    if (sample > this.#rate) {
      this.#rate += (sample - this.#rate) * (this.#rate === 0 ? 1 : GAIN_UP);
    } else if (elapsed >= MIN_SAMPLE_MS && flight.delivered > this.#appLimitedUntil) {
      // By time, not by sample: of a line that became slow few samples come.
      this.#rate += (sample - this.#rate) * (1 - Math.exp(-sinceLast / SLOWER_MS));
    }
  }

  /** Notes that a request was answered without bytes. */
  onFailed(flight: SentRequest): void {
    this.#land(flight);
  }

  /**
   * The least round-trip ever, but for a way that has become longer, or is filled by others: to
   * go on believing in the short one would shrink the window without end, since the less is in
   * flight, the less comes in a round-trip.
   */
  #noteRoundTrip(trip: number, inFlight: number): void {
    const isLate = trip > this.#roundTrip + QUEUE_MS && inFlight <= MIN_IN_FLIGHT;
    this.#late = isLate ? this.#late + 1 : 0;
    this.#roundTrip = this.#late === LATE_IN_A_ROW ? trip : Math.min(this.#roundTrip, trip);
  }

  #land({ bytes }: SentRequest): void {
    this.#inFlight -= bytes;
    this.#flights--;
  }
}
