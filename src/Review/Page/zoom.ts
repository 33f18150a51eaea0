// Which part of an image is shown. The same value shows the same part in two pictures side by side.

export interface Zoom {
    /** 1: the whole image fits the window. */
    scale: number;
    /** The point of the image in the middle of the window, 0 to 1. */
    x: number;
    y: number;
}

export const whole: Zoom = { scale: 1, x: 0.5, y: 0.5 };

export interface Window {
    /** Size of the window in CSS pixels. */
    width: number;
    height: number;
    /** CSS pixels for each image pixel at scale 1, times the image's size. */
    fitWidth: number;
    fitHeight: number;
}

const closest = 40;

/** Keeps the image in the window. */
export function clamp(zoom: Zoom, window: Window): Zoom {
    const scale = Math.min(closest, Math.max(1, zoom.scale));
    const bound = (value: number, size: number, room: number) => {
        const half = room / (size * scale) / 2; // half of the window as a share of the image
        return half >= 0.5 ? 0.5 : Math.min(1 - half, Math.max(half, value));
    };
    return { scale, x: bound(zoom.x, window.fitWidth, window.width), y: bound(zoom.y, window.fitHeight, window.height) };
}

/** Zooms so that the point of the image under (px, py), CSS pixels from the middle of the window, stays there. */
export function zoomAt(zoom: Zoom, window: Window, factor: number, px = 0, py = 0): Zoom {
    const scale = Math.min(closest, Math.max(1, zoom.scale * factor));
    const shift = 1 / zoom.scale - 1 / scale;
    return clamp({ scale, x: zoom.x + (px * shift) / window.fitWidth, y: zoom.y + (py * shift) / window.fitHeight }, window);
}

/** Moves the image by (dx, dy) CSS pixels. */
export function pan(zoom: Zoom, window: Window, dx: number, dy: number): Zoom {
    const { fitWidth, fitHeight } = window;
    return clamp({ ...zoom, x: zoom.x - dx / (fitWidth * zoom.scale), y: zoom.y - dy / (fitHeight * zoom.scale) }, window);
}
