// Areas of an image: where people saw defects, or what is ignored; corners are shares of width and height.
import type { Point, Polygon, Region } from "./types.js";
import type { Zoom } from "./zoom.js";

const share = (value: number) => Math.min(1, Math.max(0, value));

function rectangle(left: number, top: number, right: number, bottom: number): Polygon {
    const corners: Point[] = [
        [left, top],
        [right, top],
        [right, bottom],
        [left, bottom],
    ];
    return corners.map(([x, y]) => [share(x), share(y)]);
}

/** A square in the middle of what is shown, to be moved where it belongs. */
export function newArea({ x, y, scale }: Zoom): Polygon {
    const half = 0.12 / scale;
    return rectangle(x - half, y - half, x + half, y + half);
}

/** The model's regions as areas. */
export const areasOf = (regions: Region[], { width, height }: { width: number; height: number }) =>
    regions.map(({ x, y, width: across, height: down }) =>
        rectangle(x / width, y / height, (x + across) / width, (y + down) / height),
    );
