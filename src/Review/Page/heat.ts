// The heat overlay of a map, with the colours of the server's heatmaps (src/Scoring/Maps/Heatmap.cs).
import type { HeatMap, Palette } from "./types.js";

/** How much the strongest colour covers the photo in the server's heatmaps. */
export const defaultOpacity = 0.7;

/** The step of the palette for a map value: linear up to the threshold, by the square root above it. */
export function stepOf(value: number, map: HeatMap, palette: Palette) {
    const { low, threshold, high } = map;
    const { middle, count } = palette;
    if (value < threshold) return Math.max(0, Math.trunc(middle + ((value - threshold) * middle) / (threshold - low)));
    return Math.trunc(Math.sqrt(Math.min((value - threshold) / (high - threshold), 1)) * (count - 1 - middle) + middle);
}

/** Grid column to the left of each output pixel, and how far the pixel is from it; the corners of grid and image coincide. */
function positions(length: number, side: number) {
    const cell = new Int32Array(length);
    const part = new Float32Array(length);
    for (let i = 0; i < length; i++) {
        const at = length > 1 ? (i * (side - 1)) / (length - 1) : 0;
        cell[i] = Math.min(Math.trunc(at), Math.max(side - 2, 0));
        part[i] = at - cell[i]!;
    }
    return { cell, part };
}

/** Enlarges a map, row by row: row y of the result is in the buffer that each(y, row) gets. */
export function enlarge(map: HeatMap, width: number, height: number, each: (y: number, row: Float32Array) => void) {
    const { side, values } = map;
    const across = positions(width, side);
    const down = positions(height, side);
    const between = new Float32Array(side + 1);
    const row = new Float32Array(width);
    for (let y = 0; y < height; y++) {
        const top = down.cell[y]! * side;
        const bottom = Math.min(top + side, (side - 1) * side);
        const share = down.part[y]!;
        for (let k = 0; k < side; k++) between[k] = values[top + k]! + (values[bottom + k]! - values[top + k]!) * share;
        between[side] = between[side - 1]!;
        for (let x = 0; x < width; x++) {
            const k = across.cell[x]!;
            row[x] = between[k]! + (between[k + 1]! - between[k]!) * across.part[x]!;
        }
        each(y, row);
    }
}

/**
 * The overlay at opacity 1, width x height pixels. What a color covers is linear in the opacity: shown at opacity o, it gives
 * photo * (1 - o * cover) + color * o * cover, so a move of the slider draws nothing anew.
 */
export function overlay(map: HeatMap, palette: Palette, width: number, height: number) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d")!;
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const colors = new Uint32Array(palette.count);
    const channels = new Uint8ClampedArray(colors.buffer);
    for (let i = 0; i < palette.count; i++) {
        channels.set(palette.colors.subarray(3 * i, 3 * i + 3), 4 * i);
        channels[4 * i + 3] = Math.round(255 * palette.cover[i]!);
    }
    enlarge(map, width, height, (y, row) => {
        for (let x = 0, at = y * width; x < width; x++, at++) pixels[at] = colors[stepOf(row[x]!, map, palette)]!;
    });
    context.putImageData(image, 0, 0);
    return canvas;
}

/** The colours from low to high as a picture of one row. */
export function legend(palette: Palette) {
    const canvas = document.createElement("canvas");
    canvas.width = palette.count;
    canvas.height = 1;
    const context = canvas.getContext("2d")!;
    const image = context.createImageData(palette.count, 1);
    for (let i = 0; i < palette.count; i++) {
        image.data.set(palette.colors.subarray(3 * i, 3 * i + 3), 4 * i);
        image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return canvas;
}
