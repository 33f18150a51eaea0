using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using Microsoft.Extensions.Hosting;

namespace AaClip.Pipeline.Models;

/// <summary>
/// Loads the live model at process start, and runs it once on a grey image, so that the first real image does not wait for this. Health
/// shows a failure, and it is retried with back-off, even if no images arrive. Does nothing if Model__Load is false.
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

    /// <returns>Whether the warm-up is finished.</returns>
    private async Task<bool> TryAsync(CancellationToken cancellation)
    {
        try
        {
            using ModelLease lease = await models.GetAsync(null, cancellation);
            LoadedModel model = lease.Model;
            int size = model.Manifest.Architecture.ImageSize;
            byte[] grey = new byte[3 * size * size];
            Array.Fill(grey, (byte)128);
            await model.ScoreAsync(new RgbImage(size, size, grey), model.BlankAnchors(), Domain.Industrial, urgent: false, cancellation);
            return true;
        }
#pragma warning disable CA1031 // the model host has logged any error and shows it in health
        catch (Exception e)
#pragma warning restore CA1031
        {
            // An InvalidDataException means that the model runs but returns NaN or infinity for grey; that is enough
            return cancellation.IsCancellationRequested || e is InvalidDataException && models.State.Loaded;
        }
    }
}
