// Words and numbers as people read them, in the reader's language and time zone.
import { html } from "lit";
import type { Decision, Row } from "./types.js";

const whole = new Intl.NumberFormat();
const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const todayTime = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const shortTime = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" });

export const count = (value: number) => whole.format(value);

/** "1 image", "2 images". */
export const many = (value: number, one: string, more = one + "s") => `${count(value)} ${value === 1 ? one : more}`;

export const score = (value: number | undefined, digits = 2) => (value === undefined ? "–" : value.toFixed(digits));

export const percent = (share: number) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

export const local = (iso: string) => dateTime.format(new Date(iso));

/** The time of today, or day and time. */
export function short(iso: string) {
    const date = new Date(iso);
    return (date.toDateString() === new Date().toDateString() ? todayTime : shortTime).format(date);
}

export const utc = (iso: string) => new Date(iso).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");

/** The time in the reader's zone, with UTC on hover. */
export const time = (iso: string | undefined) =>
    iso ? html`<time datetime=${iso} title=${utc(iso)}>${local(iso)}</time>` : html`<span>–</span>`;

/** A duration in the largest two units. */
export function duration(seconds: number) {
    const units: [number, string][] = [
        [86400, "d"],
        [3600, "h"],
        [60, "min"],
        [1, "s"],
    ];
    const first = units.findIndex(([size]) => seconds >= size);
    if (first < 0) return "0 s";
    const [size, unit] = units[first]!;
    const next = units[first + 1];
    const rest = next ? Math.floor((seconds % size) / next[0]) : 0;
    return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${next![1]}` : ""}`;
}

/** An ISO time as the value of a datetime-local field, in the reader's zone. */
export function toField(iso: string | undefined) {
    if (!iso) return "";
    const date = new Date(iso);
    if (Number.isNaN(date.getTime())) return "";
    return new Date(date.getTime() - 60000 * date.getTimezoneOffset()).toISOString().slice(0, 19);
}

export function fromField(value: string) {
    return value ? new Date(value).toISOString() : undefined;
}

export type Verdict = "anomalous" | "normal" | "failed";

export const verdictOf = (row: Row) => row.verdict.toLowerCase() as Verdict;

export const decisionOf = (row: Row): Decision => row.review?.verdict ?? "none";

// Each has an icon of its own shape: the colour is never the only sign.
export const verdicts: Record<Verdict, { icon: string; word: string }> = {
    anomalous: { icon: "▲", word: "Anomalous" },
    normal: { icon: "○", word: "Normal" },
    failed: { icon: "✕", word: "Failed" },
};

export const decisions: Record<Decision, { icon: string; word: string; key: string }> = {
    fine: { icon: "✓", word: "Fine", key: "1" },
    defect: { icon: "◆", word: "Defect", key: "2" },
    unsure: { icon: "?", word: "Unsure", key: "3" },
    none: { icon: "·", word: "Undecided", key: "" },
};

/** How a picture is marked that the camera's check calls generated. */
export const generated = { icon: "✦", word: "Generated" };

export const isGenerated = (row: Row) => row.generated === "generated";

/** The last part of a blob name. */
export const file = (name: string) => name.slice(name.lastIndexOf("/") + 1);
