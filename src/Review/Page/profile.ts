// A camera's profile as it is edited.
import type { Polygon } from "./types.js";

export interface Band {
    name: string;
    minCalibrated: number;
}

export interface AlertRule {
    enabled?: boolean;
    silence?: boolean;
    drift?: boolean;
    severityBands?: readonly Band[];
    confirm?: { n?: number; m?: number };
    coolDownSeconds?: number;
    closeAfterNormal?: number;
    smooth?: number;
}

export interface Profile {
    class?: string;
    domain?: "industrial" | "medical";
    threshold?: number;
    mapThreshold?: number;
    ignore?: Polygon[];
    minRegion?: number;
    tiles?: string;
    tileOverlap?: number;
    first?: { model: string; settles: number; against?: string; bound?: number };
    heatmaps?: boolean;
    skip?: readonly string[];
    part?: string;
    alert?: AlertRule;
}

/** What fields have that are left out (docs/schemas/cameras.schema.json). */
export const defaults = {
    class: "object",
    domain: "industrial",
    minRegion: 0,
    tileOverlap: 0.25,
    heatmaps: true,
    skip: ["*.tmp", "*.part", "*.filepart"],
    alert: {
        enabled: true,
        silence: true,
        drift: true,
        severityBands: [
            { name: "minor", minCalibrated: 0.5 },
            { name: "major", minCalibrated: 0.7 },
            { name: "critical", minCalibrated: 0.9 },
        ],
        confirm: { n: 1, m: 1 },
        coolDownSeconds: 60,
        closeAfterNormal: 3,
        smooth: 1,
    },
} as const satisfies Profile;

const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);

/** The fields that differ from what they have when they are left out: the server sends them all. */
export function withoutDefaults<T extends object>(profile: T, normal: object = defaults): T {
    const kept: [string, unknown][] = [];
    for (const [name, value] of Object.entries(profile)) {
        const usual = (normal as Record<string, unknown>)[name];
        if (isObject(value) && isObject(usual)) {
            const rest = withoutDefaults(value, usual);
            if (Object.keys(rest).length > 0) kept.push([name, rest]);
        } else if (JSON.stringify(value) !== JSON.stringify(usual)) kept.push([name, value]);
    }
    return Object.fromEntries(kept) as T;
}

/** Sets a field; undefined, or an object without fields, leaves it out. */
export function put<T extends object, K extends keyof T>(object: T, name: K, value: T[K] | undefined): T {
    const changed = { ...object };
    if (value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0)) delete changed[name];
    else changed[name] = value;
    return changed;
}
