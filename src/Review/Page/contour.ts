// The line where a map crosses a level, by marching squares.
import { enlarge } from "./heat.js";
import type { HeatMap } from "./types.js";

const most = 640; // samples a side

/** The line as an SVG path in pixels of an image of width x height; empty where the map stays on one side of the level. */
export function contour(map: HeatMap, level: number, width: number, height: number) {
    const finer = Math.max(1, Math.min(4, Math.floor(most / map.side))); // samples for each patch
    const side = (map.side - 1) * finer + 1;
    const grid: Float32Array[] = [];
    enlarge(map, side, side, (_, row) => grid.push(row.slice()));
    const [stepX, stepY] = [(width - 1) / (side - 1), (height - 1) / (side - 1)];
    const point = (x: number, y: number) => `${(x * stepX + 0.5).toFixed(1)} ${(y * stepY + 0.5).toFixed(1)}`;
    const between = (a: number, b: number) => (level - a) / (b - a);
    let path = "";
    for (let y = 0; y + 1 < side; y++)
        for (let x = 0; x + 1 < side; x++) {
            const [a, b, c, d] = [grid[y]![x]!, grid[y]![x + 1]!, grid[y + 1]![x + 1]!, grid[y + 1]![x]!];
            const crossed: string[] = []; // the sides of this cell that the line crosses: top, right, bottom, left
            if (a < level !== b < level) crossed.push(point(x + between(a, b), y));
            if (b < level !== c < level) crossed.push(point(x + 1, y + between(b, c)));
            if (d < level !== c < level) crossed.push(point(x + between(d, c), y + 1));
            if (a < level !== d < level) crossed.push(point(x, y + between(a, d)));
            if (crossed.length === 4 && (a + b + c + d) / 4 < level === a < level) crossed.push(crossed.shift()!);
            for (let i = 0; i + 1 < crossed.length; i += 2) path += `M${crossed[i]}L${crossed[i + 1]}`;
        }
    return path;
}
