// The server's HTTP interface: typed calls; a problem (RFC 9457) becomes an Error with the server's own words.
import type { HeatMap, Palette, ResultPage, Row } from "./types.js";

/** What the server answered instead of a result. Status 0: no answer came. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message);
    }

    /** Whether the same request may succeed later. */
    get transient() {
        return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
    }
}

export type Query = Record<string, string | number | undefined>;

export function path(route: string, query: Query = {}) {
    const parts = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
    const text = parts.map(([name, value]) => `${name}=${encodeURIComponent(value!)}`).join("&");
    return `/api/${route}${text && "?" + text}`;
}

async function send(url: string, init?: RequestInit) {
    try {
        const response = await fetch(url, { ...init, redirect: "manual" });
        // Where people sign in, an ended session is answered with the way to the sign-in.
        if (response.type === "opaqueredirect") throw new ApiError(401, "You are signed out: load the page again.");
        return response;
    } catch (error) {
        if (error instanceof ApiError) throw error;
        if (error instanceof DOMException && error.name === "AbortError") throw error;
        throw new ApiError(0, "The server does not answer.");
    }
}

async function problem(response: Response) {
    let detail: string | undefined;
    try {
        const body = await response.json();
        detail = body.detail ?? body.title;
    } catch {
        // not JSON: the status has to do
    }
    return new ApiError(response.status, detail ?? `The server answered with status ${response.status}.`);
}

export async function get<T>(route: string, query?: Query, signal?: AbortSignal): Promise<T> {
    const response = await send(path(route, query), { signal });
    if (!response.ok) throw await problem(response);
    return (await response.json()) as T;
}

export async function write<T>(method: "POST" | "PUT", route: string, body: unknown): Promise<T> {
    const headers = { "Content-Type": "application/json" };
    const response = await send(path(route), { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw await problem(response);
    return (await response.json()) as T;
}

/** A page of results with its ETag; undefined when it is still the one with the given ETag. */
export async function results(query: Query, etag?: string, signal?: AbortSignal) {
    const headers: HeadersInit = etag ? { "If-None-Match": etag } : {};
    const response = await send(path("results", query), { headers, cache: "no-store", signal });
    if (response.status === 304) return undefined;
    if (!response.ok) throw await problem(response);
    return { page: (await response.json()) as ResultPage, etag: response.headers.get("ETag") ?? undefined };
}

export const imageUrl = (row: Pick<Row, "image" | "etag">, size?: 320 | 1600) => path("image", { name: row.image, etag: row.etag, size });

export const heatmapUrl = (row: Row) => path("heatmap", { blob: row.heatmap });

export async function map(blob: string): Promise<HeatMap> {
    const answer = await get<Omit<HeatMap, "values"> & { values: string }>("map", { blob });
    return { ...answer, values: floats(answer.values) };
}

let colours: Promise<Palette> | undefined;

export function palette(): Promise<Palette> {
    colours ??= get<{ count: number; middle: number; colors: string; cover: string }>("palette").then(
        (answer) => ({ ...answer, colors: bytes(answer.colors), cover: floats(answer.cover) }),
        (error) => {
            colours = undefined;
            throw error;
        },
    );
    return colours;
}

function bytes(base64: string) {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function floats(base64: string) {
    const data = new DataView(bytes(base64).buffer);
    return Float32Array.from({ length: data.byteLength / 4 }, (_, i) => data.getFloat32(4 * i, true));
}
