// What one image needs, loaded ahead and kept for a while: the picture, its heat, the result document, all models and decisions.
import * as api from "./api.js";
import { contour } from "./contour.js";
import { overlay } from "./heat.js";
import { versionOf } from "./store.js";
import type { HeatMap, Palette, ResultDocument, Row, Versions } from "./types.js";

/** Longest side of the picture that is shown before one looks closer, and of the overlay. */
export const fitted = 1600;

export interface Heat {
    map: HeatMap;
    palette: Palette;
    overlay: HTMLCanvasElement;
    contour: string;
}

/** The newest answers by key; a failed one is asked for again. */
class Cache<T> {
    private readonly entries = new Map<string, { promise: Promise<T>; value?: T }>();

    constructor(
        private readonly limit: number,
        private readonly key: (row: Row) => string,
        private readonly fetch: (row: Row) => Promise<T>,
    ) {}

    load(row: Row): Promise<T> {
        const key = this.key(row);
        const known = this.entries.get(key);
        this.entries.delete(key);
        const entry = known ?? this.start(key, row);
        this.entries.set(key, entry);
        for (const oldest of this.entries.keys()) {
            if (this.entries.size <= this.limit) break;
            this.entries.delete(oldest);
        }
        return entry.promise;
    }

    /** What is here already. */
    peek(row: Row): T | undefined {
        return this.entries.get(this.key(row))?.value;
    }

    forget(row: Row) {
        this.entries.delete(this.key(row));
    }

    private start(key: string, row: Row) {
        const entry: { promise: Promise<T>; value?: T } = { promise: this.fetch(row) };
        entry.promise.then(
            (value) => (entry.value = value),
            () => this.entries.delete(key),
        );
        return entry;
    }
}

/** Width and height of the image as seen; 0 where it could not be decoded. */
export const sizeOf = (row: Row) => ({ width: row.width ?? 0, height: row.height ?? 0 });

/** Loads and decodes a picture, so that it can be shown at once. */
export async function picture(url: string) {
    const image = new Image();
    image.alt = "";
    image.draggable = false;
    image.src = url;
    try {
        await image.decode();
    } catch {
        throw new Error("The picture cannot be shown: this version of the image is gone, or is no picture.");
    }
    return image;
}

export const pictureUrl = (row: Row) => {
    const { width, height } = sizeOf(row);
    return api.imageUrl(row, Math.max(width, height) > fitted ? fitted : undefined);
};

export const pictures = new Cache<HTMLImageElement>(8, versionOf, (row) => picture(pictureUrl(row)));

export const heats = new Cache<Heat>(
    8,
    (row) => row.blob,
    async (row) => {
        const [map, palette] = await Promise.all([api.map(row.blob), api.palette()]);
        const { width, height } = sizeOf(row);
        const scale = Math.min(1, fitted / Math.max(width, height));
        const drawn = overlay(map, palette, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
        return { map, palette, overlay: drawn, contour: contour(map, map.level, width, height) };
    },
);

export const documents = new Cache<ResultDocument>(
    30,
    (row) => row.blob,
    (row) => api.get<ResultDocument>("result", { blob: row.blob }),
);

export const versions = new Cache<Versions>(
    30,
    (row) => `${row.camera}|${row.cursor.split("|", 2).join("|")}`, // the cursor without the model: one image version
    (row) => api.get<Versions>("versions", { camera: row.camera, cursor: row.cursor }),
);

/** Loads all that showing this row needs. */
export function prefetch(row: Row) {
    const ignore = () => {}; // asked for again, and told, when the image is shown
    pictures.load(row).catch(ignore);
    if (row.map) heats.load(row).catch(ignore);
    documents.load(row).catch(ignore);
    versions.load(row).catch(ignore);
}
