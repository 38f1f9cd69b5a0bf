/** Whether a pair that proves the same branch once more is tried, too: `npm run test:long`. */
export const ALL_PAIRS = process.env.PORTWAY_ALL_PAIRS === '1';
