using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using Microsoft.Extensions.Hosting;

namespace AaClip.Pipeline.Models;

/// <summary>
/// Loads the live model while the process starts, and runs it once on a grey image, so that the first real image need not wait. What fails
/// is in health and is tried again. Where Model__Load is false, it does nothing.
/// </summary>
public sealed class ModelWarmup(ModelHost models) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!models.Required)
            return;
        try
        {
            using ModelLease lease = await models.GetAsync(null, stoppingToken).ConfigureAwait(false);
            LoadedModel model = lease.Model;
            int size = model.Manifest.Architecture.ImageSize;
            byte[] grey = new byte[3 * size * size];
            Array.Fill(grey, (byte)128);
            float[] anchors = new float[2 * model.Manifest.Architecture.Embed];
            anchors[0] = anchors[^1] = 1; // any two directions
            await model.ScoreAsync(new RgbImage(size, size, grey), anchors, Domain.Industrial, urgent: false, stoppingToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is Azure.RequestFailedException or AggregateException or IOException or InvalidDataException or InvalidOperationException or ArgumentException or OperationCanceledException)
        {
            // The model host has logged it and shows it in health; images that come load again.
        }
    }
}
