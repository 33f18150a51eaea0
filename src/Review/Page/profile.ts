// A camera's profile as it is edited; what is left out has its default (docs/schemas/cameras.schema.json).
import type { Polygon } from "./types.js";

export interface Band {
    name: string;
    minCalibrated: number;
}

export interface AlertRule {
    enabled?: boolean;
    severityBands?: Band[];
    confirm?: { n?: number; m?: number };
    coolDownSeconds?: number;
    closeAfterNormal?: number;
}

export interface Profile {
    class?: string;
    domain?: "industrial" | "medical";
    threshold?: number;
    mapThreshold?: number;
    ignore?: Polygon[];
    minRegion?: number;
    heatmaps?: boolean;
    skip?: string[];
    part?: string;
    alert?: AlertRule;
}

/** Sets a field; undefined, or an object without fields, leaves it out. */
export function put<T extends object, K extends keyof T>(object: T, name: K, value: T[K] | undefined): T {
    const changed = { ...object };
    if (value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0)) delete changed[name];
    else changed[name] = value;
    return changed;
}
