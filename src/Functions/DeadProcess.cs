using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AaClip.Functions;

/// <summary>
/// Ends the process when its model is dead, as after an error of CUDA that stays: the host starts a new one. First the messages that wait
/// here are handed back with all their attempts.
/// </summary>
internal sealed partial class DeadProcess(ModelHost models, Infrastructure infrastructure, TimeProvider time, ILogger<DeadProcess> logger)
    : BackgroundService
{
    /// <summary>What the process ends with: EX_SOFTWARE.</summary>
    internal const int ExitCode = 70;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan HandingBack = TimeSpan.FromSeconds(5);

    /// <summary>Replaced by tests.</summary>
    internal Action<int> Exit { get; init; } = Environment.Exit;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (models.State is not { Dead: true })
            await Task.Delay(Look, time, stoppingToken);

        Log.Ends(logger, models.State.Note ?? "");
        await infrastructure.EndAsync();
        for (
            TimeSpan waited = TimeSpan.Zero;
            infrastructure.State.Waiting > 0 && waited < HandingBack;
            waited += TimeSpan.FromMilliseconds(100)
        )
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, stoppingToken);
        Exit(ExitCode);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Critical, "The model is dead and this process ends, so that a new one may help: {Reason}")]
        public static partial void Ends(ILogger logger, string reason);
    }
}
