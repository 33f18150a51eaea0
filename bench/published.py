"""The image side of AA-CLIP in plain PyTorch with random weights, to compare with on the same card.

ViT-L/14 at 518 px, adapters in six blocks, four levels against two anchors. "published" holds the matrix of every attention head, as the
published code does; "fused" takes PyTorch's own fused attention. Prints one JSON array of images per second.

Example: python3 bench/published.py --batches 1,16
"""
import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS, LAYERS, EMBED, SIZE, PATCH = 1024, 16, 24, 768, 518, 14
ADAPTED, LEVELS = 6, (6, 12, 18, 24)


class Block(nn.Module):
    def __init__(self, fused):
        super().__init__()
        self.fused = fused
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        b, n, _ = x.shape
        q, k, v = self.qkv(self.ln_1(x)).view(b, n, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = (q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1)).softmax(-1) @ v
        x = x + self.out(y.transpose(1, 2).reshape(b, n, WIDTH))
        return x + self.mlp(self.ln_2(x))


class Tower(nn.Module):
    def __init__(self, fused):
        super().__init__()
        patches = (SIZE // PATCH) ** 2
        self.conv = nn.Conv2d(3, WIDTH, PATCH, PATCH, bias=False)
        self.token = nn.Parameter(torch.randn(1, 1, WIDTH) / 10)
        self.positions = nn.Parameter(torch.randn(1, patches + 1, WIDTH) / 10)
        self.ln_pre, self.ln_post = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.blocks = nn.ModuleList(Block(fused) for _ in range(LAYERS))
        self.adapters = nn.ModuleList(nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(ADAPTED))
        self.heads = nn.ModuleList(nn.Linear(WIDTH, EMBED, bias=False) for _ in range(len(LEVELS) + 1))

    def forward(self, image, anchors):
        x = self.conv(image).flatten(2).transpose(1, 2)
        x = self.ln_pre(torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.positions)
        score = 0
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i < ADAPTED:
                a = F.leaky_relu(self.adapters[i](x))
                a = a * x.norm(dim=-1, keepdim=True) / a.norm(dim=-1, keepdim=True)
                x = 0.1 * a + 0.9 * x
            if i + 1 in LEVELS:
                level = self.ln_post(x[:, 1:])
                score = score + F.normalize(self.heads[LEVELS.index(i + 1)](level), dim=-1) @ anchors
        return score, F.normalize(self.heads[-1](level), dim=-1).mean(1) @ anchors


def rate(tower, batch, dtype, seconds):
    image = torch.randn(batch, 3, SIZE, SIZE, device="cuda", dtype=dtype)
    anchors = F.normalize(torch.randn(EMBED, 2, device="cuda", dtype=dtype), dim=0)
    times = []
    begin = None
    while begin is None or len(times) < 5 or time.perf_counter() - begin < seconds:
        if len(times) == 3 and begin is None:
            begin, times = time.perf_counter(), []  # after three warm-up runs
        start = time.perf_counter()
        tower(image, anchors)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return batch / sorted(times)[len(times) // 2]


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--batches", default="1,16")
    options.add_argument("--seconds", type=float, default=1.5)
    options = options.parse_args()
    found = []
    with torch.inference_mode():
        for form in ("published", "fused"):
            for name, dtype in (("fp32", torch.float32), ("fp16", torch.float16)):
                tower = Tower(form == "fused").to("cuda", dtype).eval()
                for batch in map(int, options.batches.split(",")):
                    found.append({"form": form, "precision": name, "batch": batch,
                                  "imagesPerSecond": rate(tower, batch, dtype, options.seconds), "torch": torch.__version__})
    print(json.dumps(found))


main()
