using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AaClip.Functions;

/// <summary>
/// Ends the process when its model is dead, for example after a permanent CUDA error; the host then starts a new process. Waiting messages
/// are handed back first, with a new delivery count.
/// </summary>
internal sealed partial class DeadProcess(ModelHost models, Infrastructure infrastructure, TimeProvider time, ILogger<DeadProcess> logger)
    : BackgroundService
{
    /// <summary>Exit code of the process: EX_SOFTWARE.</summary>
    internal const int ExitCode = 70;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan HandingBack = TimeSpan.FromSeconds(5);

    /// <summary>Ends the process; tests replace it.</summary>
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
        [LoggerMessage(1, LogLevel.Critical, "The model is dead. This process ends, so that the host starts a new one: {Reason}")]
        public static partial void Ends(ILogger logger, string reason);
    }
}
