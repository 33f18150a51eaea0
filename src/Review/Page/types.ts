// What the server sends and takes. Times are ISO 8601 in UTC.

export type Decision = "fine" | "defect" | "unsure" | "none";
export type Point = [x: number, y: number];
export type Polygon = Point[];

/** One decision of a person on one image version. "none": the decision was taken back. */
export interface Review {
    id: string;
    camera: string;
    image: string;
    etag: string;
    cursor: string;
    verdict: Decision;
    note?: string;
    who?: string;
    at?: string;
    model?: string;
    threshold?: number;
    score?: number;
    regions?: Polygon[];
}

/** The result of one model for one image version. */
export interface Row {
    blob: string;
    model: string;
    camera: string;
    image: string;
    etag: string;
    imageTime: string;
    time: string;
    verdict: string;
    score?: number;
    raw?: number;
    threshold?: number;
    detection?: number;
    mapMax?: number;
    regions?: number;
    class?: string;
    part?: string;
    failure?: string;
    job?: string;
    first?: string;
    /** What the camera's check for generated pictures says; not there if it was not asked. */
    generated?: "camera" | "generated";
    /** That a generator made the picture, 0 to 1. */
    generatedProbability?: number;
    profile?: string;
    heatmap?: string;
    map?: string;
    width?: number;
    height?: number;
    cursor: string;
    review?: Review;
}

export interface Session {
    who: string;
    live?: string;
    models: string[];
    cameras: string[];
    classes: string[];
}

export interface ResultPage {
    model?: string;
    results: Row[];
    next?: string;
}

/** The smoothed map of a result: side * side values, row by row, on an absolute scale low < threshold < high. */
export interface HeatMap {
    side: number;
    low: number;
    threshold: number;
    high: number;
    level: number;
    values: Float32Array;
}

/** The colours of heatmaps: count sRGB triples, and how much of the photo each covers at opacity 1. */
export interface Palette {
    count: number;
    middle: number;
    colors: Uint8Array;
    cover: Float32Array;
}

export interface Region {
    x: number;
    y: number;
    width: number;
    height: number;
    peak: number;
    areaFraction: number;
}

/** The parts of the stored result document that the page uses. */
export interface ResultDocument {
    image?: { width?: number; height?: number };
    regions?: Region[];
    failure?: { code: string; message: string };
    generated?: { model: string; probability: number; pValue?: number; threshold: number };
}

export interface Versions {
    results: Row[];
    reviews: Review[];
}

/** One change of the camera profiles. */
export interface Change {
    path: string;
    before?: unknown;
    after?: unknown;
}

export interface Changed {
    etag?: string;
    changes: Change[];
}
