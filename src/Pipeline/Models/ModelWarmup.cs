using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using Microsoft.Extensions.Hosting;

namespace AaClip.Pipeline.Models;

/// <summary>
/// Loads the live model while the process starts, and runs it once on a grey image, so that the first real image need not wait. What fails
/// is in health and is tried again with back-off, whether images come or not. Where Model__Load is false, it does nothing.
/// </summary>
public sealed class ModelWarmup(ModelHost models, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!models.Required)
            return;
        for (TimeSpan wait = TimeSpan.FromSeconds(1); !await TryAsync(stoppingToken); wait = wait * 2 < MaxWait ? wait * 2 : MaxWait)
            await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <returns>Whether there is nothing to do any more.</returns>
    private async Task<bool> TryAsync(CancellationToken cancellation)
    {
        try
        {
            using ModelLease lease = await models.GetAsync(null, cancellation);
            LoadedModel model = lease.Model;
            int size = model.Manifest.Architecture.ImageSize;
            byte[] grey = new byte[3 * size * size];
            Array.Fill(grey, (byte)128);
            float[] anchors = new float[2 * model.Manifest.Architecture.Embed];
            anchors[0] = anchors[^1] = 1; // any two directions
            await model.ScoreAsync(new RgbImage(size, size, grey), anchors, Domain.Industrial, urgent: false, cancellation);
            return true;
        }
#pragma warning disable CA1031 // whatever it is, the model host has logged it and shows it in health
        catch (Exception e)
#pragma warning restore CA1031
        {
            // It runs, and gives no numbers for grey
            return cancellation.IsCancellationRequested || e is InvalidDataException && models.State.Loaded;
        }
    }
}
