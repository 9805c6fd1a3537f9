/** Times as they are read. */

/** A length of time that is over, to the second: '3 s', '2 min 5 s'. */
export function span(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A time that runs: tenths of a second at first, '0.4 s', then as `span`. */
export function running(ms: number): string {
  return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : span(Math.floor(ms / 1000) * 1000);
}
