/** Names in certificates of SSH, by which machines let their bearers in: as `deploy`, and as the administrators' user. */
export const principals = ["deploy", "administrator"] as const;

export type Principal = (typeof principals)[number];
